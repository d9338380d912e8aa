"""Workflows, the pure part: what they are, and what their runs do next."""

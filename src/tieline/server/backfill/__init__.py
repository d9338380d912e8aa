"""Bringing over what was there before."""

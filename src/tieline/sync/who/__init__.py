"""Who somebody is, and what only a person can settle. Pure."""

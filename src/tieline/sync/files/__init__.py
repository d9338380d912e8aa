"""A sync as a YAML file: read, checked, compared, tried."""

"""A store as one file, and on its way to another server: table by table, counted and hashed."""

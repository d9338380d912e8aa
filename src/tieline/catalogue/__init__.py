"""Every operation of every connector as typed data."""

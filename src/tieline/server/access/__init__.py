"""Who may do what by HTTP, and who did what."""

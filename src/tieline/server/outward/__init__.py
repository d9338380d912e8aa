"""What HTTP of users' own making may reach beyond what is public."""

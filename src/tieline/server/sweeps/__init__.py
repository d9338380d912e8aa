"""What is read beside the webhooks: polls, sweeps and walks."""

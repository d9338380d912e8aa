"""What would be written, and how far both sides are apart."""

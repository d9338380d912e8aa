"""The sides as places that effects are written to."""

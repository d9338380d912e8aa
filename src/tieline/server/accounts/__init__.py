"""Connections: how they are made, kept good and looked over."""

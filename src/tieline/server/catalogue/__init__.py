"""The catalogue with the connectors in it: the list, trying an operation, choices that an account knows."""

from tieline.server.catalogue.wired import catalogue

__all__ = ["catalogue"]

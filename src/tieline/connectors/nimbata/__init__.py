"""Call tracking: Nimbata, and accounts that resemble it."""

from tieline.connectors.nimbata.client import Nimbata
from tieline.connectors.nimbata.connector import CONNECTOR

__all__ = ["CONNECTOR", "Nimbata"]

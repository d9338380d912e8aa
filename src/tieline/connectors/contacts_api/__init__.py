"""The CRM: HighLevel / LeadConnector, API v2."""

from tieline.connectors.contacts_api.connector import CONNECTOR

__all__ = ["CONNECTOR"]

"""What the CRM tells of: every event of its docs with what it carries, and what is looked for instead."""

from tieline.connectors.contacts_api.triggers.recognition import TRIGGERS, Recognised, recognise
from tieline.connectors.contacts_api.triggers.told import Told

__all__ = ["TRIGGERS", "Recognised", "Told", "recognise"]

"""The CRM side: contacts, tags, notes and locations, as the Contacts API behaves."""

from tieline.sandbox.contacts_api.side import ContactsSide

__all__ = ["ContactsSide"]

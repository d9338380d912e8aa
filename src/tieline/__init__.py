"""Tieline keeps a call-tracking account and a CRM in step, both ways, in real time."""

__version__ = "0.1.0"

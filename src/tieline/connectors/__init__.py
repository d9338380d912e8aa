"""The products that Tieline speaks to."""

from tieline.catalogue.spec import AnyOperation
from tieline.connectors import contacts_api, nimbata
from tieline.connectors.contacts_api.client import ContactsApi
from tieline.connectors.kit.connector import Connector
from tieline.connectors.nimbata.client import Nimbata

CONNECTORS: tuple[Connector, ...] = (contacts_api.CONNECTOR, nimbata.CONNECTOR)
_BY_ID: dict[str, AnyOperation] = {one.id: one for connector in CONNECTORS for one in connector.operations}


def operation(operation_id: str) -> AnyOperation:
    """The operation of that id. Raises KeyError."""
    return _BY_ID[operation_id]


__all__ = ["CONNECTORS", "ContactsApi", "Nimbata", "operation"]

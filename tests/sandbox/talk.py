"""What tests of conversations do at the CRM's door, in one line each."""

from __future__ import annotations

from typing import Any

from tests.sandbox.crm_door import CrmDoor

AT = "/conversations/messages"
PHONE, EMAIL = "+15125550123", "zoe@example.com"


def person(door: CrmDoor, **fields: Any) -> str:
    """Id of a contact that can be reached; what it told is forgotten."""
    return door.contact(**{"firstName": "Zoë", "phone": PHONE, "email": EMAIL, **fields})


def send(door: CrmDoor, contact: str, body: str = "Guten Tag", **more: Any) -> Any:
    """The answer to a text that is taken."""
    given = {"type": "SMS", "contactId": contact, "message": body, **more}
    return door.done("POST", AT, given)


def mail(door: CrmDoor, contact: str, html: str = "<p>Anbei</p>", **more: Any) -> Any:
    """The answer to an e-mail that is taken."""
    given = {"type": "Email", "contactId": contact, "subject": "Angebot", "html": html, **more}
    return door.done("POST", AT, given)


def log(door: CrmDoor, type_: str, **more: Any) -> Any:
    """The answer to something logged as having come in."""
    return door.done("POST", f"{AT}/inbound", {"type": type_, **more})


def provider(door: CrmDoor, type_: str) -> str:
    """Id of the app's provider for that."""
    held = {one["type"]: str(one["id"]) for one in door.state()["conversation_providers"]}
    return held[type_]


def got(door: CrmDoor, message_id: str) -> Any:
    """A message as it is got alone, out of its envelope."""
    return door.done("GET", f"{AT}/{message_id}")["message"]


def message(door: CrmDoor, message_id: str) -> Any:
    """A message as the location really holds it."""
    return next(one for one in door.state()["messages"] if one["id"] == message_id)


def messages(door: CrmDoor, conversation: str, **query: Any) -> Any:
    """A page of a conversation, out of its nest."""
    return door.done("GET", f"/conversations/{conversation}/messages", **query)["messages"]


def search(door: CrmDoor, **query: Any) -> Any:
    """A page of conversations."""
    return door.done("GET", "/conversations/search", locationId=door.location, **query)


def found(door: CrmDoor, **query: Any) -> list[str]:
    """Whose conversations a search finds, by the first name."""
    return [one["fullName"] for one in search(door, **query)["conversations"]]


def seconds(door: CrmDoor, later: float = 0.0) -> int:
    """The door's clock as a sender gives it, some seconds on."""
    return int(door.now.timestamp() + later)

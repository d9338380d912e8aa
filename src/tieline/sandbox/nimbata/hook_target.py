"""Where webhooks go, in which profile, and how they prove themselves. Source: nimbata.md, A2, B4, B5."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from tieline.sandbox.nimbata.envelope_body import envelope_body
from tieline.sandbox.nimbata.flat_body import flat_body
from tieline.sandbox.nimbata.records import Event, Project
from tieline.sandbox.webhooks import Outgoing


class HookTarget(msgspec.Struct, frozen=True, kw_only=True):
    """One address that is told of events."""

    id: str = ""
    url: str
    #: Event names or patterns ("contact.*").
    events: tuple[str, ...] = ("*",)
    profile: Literal["envelope", "flat"] = "envelope"
    #: hmac signs; url_key puts the secret into the address; none proves nothing.
    auth: Literal["hmac", "url_key", "none"] = "hmac"
    #: The account's own webhook secret where none is given.
    secret: str = ""
    #: Only events of this project; None = all.
    project: str | None = None
    #: Flat profile: label → the label to send instead, null leaves the field out.
    field_map: dict[str, str | None] = {}
    #: Envelope profile: updates carry the changed keys alone.
    sparse: bool = False

    def wants(self, event: Event) -> bool:
        """Whether this address is to be told."""
        if self.project is not None and self.project != event.project_id:
            return False
        return any(fnmatchcase(event.event, pattern) for pattern in self.events)

    def outgoing(self, event: Event, account: str, project: Project, now: Callable[[], float]) -> Outgoing:
        """The delivery of `event`; `now` gives Unix seconds whenever it leaves."""
        if self.profile == "flat":
            body: Mapping[str, Any] = flat_body(event, project, self.field_map)
        else:
            body = envelope_body(event, account, sparse=self.sparse)
        return Outgoing(
            event_id=event.id,
            kind=event.event,
            subject_id=event.resource.id,
            url=self._address(event.event),
            body=msgspec.json.encode(body),
            headers=partial(self._headers, event.id, now),
        )

    def _address(self, event: str) -> str:
        """A flat body does not say which event it is, so its address does."""
        parts = urlsplit(self.url)
        path = f"{parts.path.rstrip('/')}/{quote(event)}" if self.profile == "flat" else parts.path
        query = parse_qsl(parts.query, keep_blank_values=True)
        if self.auth == "url_key":
            query.append(("key", self.secret))
        return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))

    def _headers(self, event_id: str, now: Callable[[], float], body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self.auth == "hmac":
            stamp = str(int(now()))
            signed = stamp.encode() + b"." + body
            proof = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
            headers |= {
                "X-Nimbata-Signature": f"sha256={proof}",
                "X-Nimbata-Timestamp": stamp,
                "X-Nimbata-Event-Id": event_id,
            }
        return headers


def read_target(wanted: Any, projects: Mapping[str, Project]) -> tuple[HookTarget, list[str]]:
    """A target as asked for, without its id, and warnings about unknown keys. Raises ValueError."""
    if not isinstance(wanted, dict):
        raise ValueError("a webhook target must be a JSON object")
    try:
        target = msgspec.convert({key: value for key, value in wanted.items() if key != "id"}, HookTarget)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    if urlsplit(target.url).scheme not in ("http", "https") or not urlsplit(target.url).netloc:
        raise ValueError("url must be an http or https address")
    if target.project is not None and target.project not in projects:
        raise ValueError(f"there is no project {target.project}")
    if not target.events:
        raise ValueError("events must name at least one event")
    names = HookTarget.__struct_fields__
    return target, [f"{key}: unknown key, ignored" for key in wanted if key not in names]

"""Where webhooks go, in which profile, and how they prove themselves. Source: nimbata.md, A2, B4, B5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from tieline.sandbox.nimbata.dressing import dressed
from tieline.sandbox.nimbata.envelope_body import envelope_body
from tieline.sandbox.nimbata.flat_body import flat_body
from tieline.sandbox.nimbata.hook_proof import HeaderProof, ProofKind, Signing, basic, sign, stamp
from tieline.sandbox.nimbata.quirks import Quirks
from tieline.sandbox.nimbata.records import Event, Project
from tieline.sandbox.webhooks import Outgoing

#: Gives Unix seconds.
Now = Callable[[], float]


class HookTarget(msgspec.Struct, frozen=True, kw_only=True):
    """One address that is told of events."""

    id: str = ""
    url: str
    #: Event names or patterns ("contact.*").
    events: tuple[str, ...] = ("*",)
    profile: Literal["envelope", "flat"] = "envelope"
    #: hmac signs; url_key, header and basic carry the secret as it is; none proves nothing. Several go together.
    auth: ProofKind | tuple[ProofKind, ...] = "hmac"
    #: The account's own webhook secret where none is given; "user:password" for basic.
    secret: str = ""
    #: Secrets of single proofs, where they have one of their own.
    secrets: dict[ProofKind, str] = {}
    #: Options of hmac, of header, and the name of url_key in the address.
    signing: Signing = Signing()
    header: HeaderProof = HeaderProof()
    parameter: str = "key"
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

    @property
    def proofs(self) -> tuple[ProofKind, ...]:
        """All that go along."""
        return (self.auth,) if isinstance(self.auth, str) else self.auth

    def outgoing(self, event: Event, account: str, project: Project, now: Now, quirks: Quirks) -> Outgoing:
        """The delivery of `event`; `now` gives the account's own time whenever it leaves."""
        return Outgoing(
            event_id=event.id,
            kind=event.event,
            subject_id=event.subject_id,
            url=self._address(event.event),
            body=msgspec.json.encode(self._body(event, account, project, now, quirks)),
            headers=partial(self._headers, event.id, now, quirks),
        )

    def _body(
        self, event: Event, account: str, project: Project, now: Now, quirks: Quirks
    ) -> Mapping[str, Any]:
        body: dict[str, Any]
        if self.profile == "flat":
            body = {**flat_body(event, project, self.field_map)}
        else:
            whole = envelope_body(event, account, sparse=self.sparse or quirks.sparse_bodies)
            body = dressed(whole, quirks, update=bool(event.changes))
        if "hmac" in self.proofs and self.signing.timestamp_key:
            body = {**body, self.signing.timestamp_key: stamp(now())}
        if quirks.padding_bytes:
            body = {**body, "padding": "x" * quirks.padding_bytes}
        return body

    def _address(self, event: str) -> str:
        """A flat body does not say which event it is, so its address does."""
        parts = urlsplit(self.url)
        path = f"{parts.path.rstrip('/')}/{quote(event)}" if self.profile == "flat" else parts.path
        query = parse_qsl(parts.query, keep_blank_values=True)
        if "url_key" in self.proofs:
            query.append((self.parameter, self._secret("url_key")))
        return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))

    def _headers(self, event_id: str, now: Now, quirks: Quirks, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "text/plain" if quirks.wrong_content_type else "application/json"}
        for proof in self.proofs:
            match proof:
                case "hmac":
                    headers |= sign(self.signing, self._secret(proof), body, now())
                    headers["X-Nimbata-Event-Id"] = event_id
                case "header":
                    headers[self.header.name] = self.header.prefix + self._secret(proof)
                case "basic":
                    headers |= basic(self._secret(proof))
                case "url_key" | "none":
                    pass
        return headers

    def _secret(self, proof: ProofKind) -> str:
        return self.secrets.get(proof, self.secret)


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
    if not target.proofs or ("none" in target.proofs and len(target.proofs) > 1):
        raise ValueError("auth must name at least one proof, and none stands alone")
    if not target.events:
        raise ValueError("events must name at least one event")
    names = HookTarget.__struct_fields__
    return target, [f"{key}: unknown key, ignored" for key in wanted if key not in names]

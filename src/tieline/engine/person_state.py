"""What one sync knows of one person: both records as last seen, and the state of their merge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec

from tieline.domain.contact import ABOUT_THE_RECORD, Contact
from tieline.domain.ids import PersonId, SyncId
from tieline.domain.side import SIDES, Side, other
from tieline.effects.writes import HistoryRow, LinkRow, Writes
from tieline.store.id_block import IdBlock
from tieline.sync.echo import fingerprint
from tieline.sync.merge import MergeState
from tieline.sync.merge_person import PersonMerger

What = Literal["seen", "written", "gone"]
Subject = Literal["contact", "task", "note", "appointment"]
_contact = msgspec.json.Decoder(Contact)
_merge = msgspec.json.Decoder(MergeState)
_encode = msgspec.json.Encoder().encode
#: So many of our own writes may still be told of.
_LAST = 4


class _Entry(msgspec.Struct, frozen=True):
    """One line of the history, before it has an id."""

    side: Side
    what: What
    subject: Subject
    record_id: str
    event_id: int
    fields: bytes
    at: datetime


@dataclass
class PersonState:
    """The link in hand. Whatever changes is written by `flush`."""

    consumer: SyncId
    person: PersonId
    link: LinkRow | None
    digest: Callable[[str, str], bytes]
    #: None where the sync does not keep people's records equal.
    merger: PersonMerger | None
    #: The call-tracking account has no records of its own: what its activities bring to the CRM is no news for it.
    derived: bool = False
    #: The event that the turn is about: whatever happens is because of it.
    cause: int = 0
    records: dict[Side, Contact] = field(default_factory=dict)
    merge: MergeState = field(default_factory=MergeState)
    #: When the CRM's record was deleted; what somebody did before that brings nobody back.
    gone_at: datetime | None = None
    _touched: bool = False
    _keys: list[tuple[str, bytes]] = field(default_factory=list)
    _entries: list[_Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.link is None or self.link.state == "gone":
            if self.link is not None and self.link.merge is not None:
                self.gone_at = _merge.decode(self.link.merge).gone_at
            return
        self.records["contacts_api"] = _contact.decode(self.link.contact)
        if self.link.nimbata is not None:
            self.records["nimbata"] = _contact.decode(self.link.nimbata)
        if self.link.merge is not None:
            self.merge = _merge.decode(self.link.merge)
        else:
            self.merge = MergeState(linked=self.link.nimbata is not None or self.derived)

    @property
    def contact(self) -> Contact | None:
        """The CRM's record."""
        return self.records.get("contacts_api")

    @property
    def generation(self) -> int:
        """How often this person was linked before."""
        return self.link.generation if self.link is not None else 0

    @property
    def gone(self) -> bool:
        """It was linked, and is no more."""
        return self.link is not None and self.link.state == "gone"

    def record_id(self, side: Side) -> str | None:
        """The side's own id of the person."""
        record = self.records.get(side)
        return record.id if record is not None else None

    def was(self, side: Side, record_id: str) -> bool:
        """Whether that record was linked before, and is no more: a late change of it brings nobody back."""
        if self.link is None or self.link.state == "open":
            return False
        return record_id == (self.link.contact_id if side == "contacts_api" else self.link.nimbata_id)

    def see(
        self,
        side: Side,
        record: Contact,
        *,
        what: What = "seen",
        at: datetime | None = None,
        news: bool = True,
    ) -> None:
        """`side` shows this now. `news` = it may have to go to the other side."""
        before = self.records.get(side)
        if before is not None and before.id != record.id:
            before = None
        if before is None and self.merger is not None and news:
            # Two records that meet for the first time: whatever stands on either is new to the other.
            self.merge = MergeState()
            if (there := self.records.get(other(side))) is not None:
                self.merge = self.merger.observe(self.merge, other(side), None, there, there.updated_at)
        if self.merger is not None and news:
            self.merge = self.merger.observe(self.merge, side, before, record, at or record.updated_at)
        if before is None:
            kind = "contact" if side == "contacts_api" else "nimbata"
            self._keys.append((kind, self.digest(kind, record.id)))
            if self.derived and side == "contacts_api":
                self.merge = MergeState(linked=True)
        if record.as_of is None:
            record = msgspec.structs.replace(
                record, as_of=at or (before.as_of if before is not None else None)
            )
        if what == "written" and self.merger is not None:
            self._remember_ours(side, record)
        self.records[side] = record
        if self.merger is not None and len(self.records) == len(SIDES):
            self.merge = self.merger.met(self.merge, self.records)
        self._touched = True
        self._note(side, what, "contact", record.id, _differences(before, record))

    def _remember_ours(self, side: Side, record: Contact) -> None:
        """What our write led to: told late, it is an echo still."""
        last = (*self.merge.ours.get(side, ()), fingerprint(record))[-_LAST:]
        self.merge = msgspec.structs.replace(self.merge, ours={**self.merge.ours, side: last})

    def set_merge(self, state: MergeState) -> None:
        """Remember how the merge stands."""
        if state != self.merge:
            self.merge, self._touched = state, True

    def unlink(self, side: Side, *, gone_at: datetime | None = None) -> None:
        """The record of `side` is gone: the person is linked no more; `gone_at` is when, where the CRM's went."""
        if self.link is None and "contacts_api" not in self.records:
            return
        self._note(side, "gone", "contact", self.record_id(side) or "", {})
        kept = None if gone_at is None else _encode(MergeState(gone_at=gone_at))
        self.link = msgspec.structs.replace(
            self._row(), state="gone", generation=self.generation + 1, merge=kept
        )
        self.records.clear()
        self.merge, self.gone_at = MergeState(), gone_at
        self._touched = True

    def tell(
        self, side: Side, what: What, subject: Subject, record_id: str, fields: dict[str, object]
    ) -> None:
        """One line for the time line."""
        self._note(side, what, subject, record_id, fields)

    async def flush(self, writes: Writes, history_ids: IdBlock) -> None:
        """Give everything that changed to the commit."""
        if self._touched:
            if "contacts_api" in self.records:
                self.link = self._row()
            if self.link is not None:
                writes.links.append(self.link)
                writes.keys.extend((kind, digest, self.person) for kind, digest in self._keys)
            self._touched = False
            self._keys.clear()
        if self._entries:
            ids = await history_ids.take(len(self._entries))
            writes.history.extend(
                HistoryRow(
                    id=entry_id, consumer_id=self.consumer, person_id=self.person, at=entry.at, side=entry.side,
                    what=entry.what, subject=entry.subject, record_id=entry.record_id, event_id=entry.event_id,
                    fields=entry.fields,
                )
                for entry_id, entry in zip(ids, self._entries, strict=True)
            )  # fmt: skip
            self._entries.clear()

    def _note(
        self, side: Side, what: What, subject: Subject, record_id: str, fields: dict[str, object]
    ) -> None:
        if fields or what == "gone":
            now = datetime.now(UTC)
            self._entries.append(_Entry(side, what, subject, record_id, self.cause, _encode(fields), now))

    def _row(self) -> LinkRow:
        contact, nimbata = self.records["contacts_api"], self.records.get("nimbata")
        usual = MergeState(linked=nimbata is not None or self.derived)
        return LinkRow(
            consumer_id=self.consumer, person_id=self.person, contact_id=contact.id, generation=self.generation,
            contact=_encode(contact), nimbata_id=nimbata.id if nimbata is not None else None,
            nimbata=_encode(nimbata) if nimbata is not None else None,
            merge=None if self.merger is None or self.merge == usual else _encode(self.merge),
        )  # fmt: skip


def _differences(before: Contact | None, after: Contact) -> dict[str, object]:
    """The fields that changed, with their new values."""
    found: dict[str, object] = {}
    for name in _NAMES:
        value = getattr(after, name)
        if value != (getattr(before, name) if before is not None else None):
            found[name] = value
    tags = before.tags if before is not None else frozenset()
    if after.tags != tags:
        found["tags"] = sorted(after.tags)
    custom = before.custom if before is not None else {}
    for key in {**custom, **after.custom}:
        if after.custom.get(key) != custom.get(key):
            found[f"custom.{key}"] = after.custom.get(key)
    return found


_NAMES = tuple(
    name for name in Contact.__struct_fields__ if name not in ("id", "tags", "custom", *ABOUT_THE_RECORD)
)

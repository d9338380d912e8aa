"""Who is it? A person of one side, held against the records that the other side has under the same phone or e-mail.

Pure. The link decides, then the phone, then the e-mail. What is not clear is asked and never guessed: two addresses
that differ in dots alone are two mailboxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tieline.domain.contact import Contact
from tieline.domain.side import Side, other
from tieline.sync.who.conflicts import (
    Answers,
    Choose,
    Conflict,
    IdentityReason,
    Merge,
    New,
    Same,
    as_dict,
    handle_of,
    held_by,
    identity_key,
)
from tieline.sync.who.likeness import Verdict, compare

#: What people type where a form insists on an address; strangers share these.
_NO_MAILBOX = frozenset({
    "anonymous", "donotreply", "na", "no", "noemail", "no-email", "none", "noreply", "no-reply", "nomail", "unknown",
})  # fmt: skip


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Who is linked already."""

    #: The record that this person is linked to, as last seen.
    own: Contact | None = None
    #: Ids of records that are linked to other people.
    taken: frozenset[str] = frozenset()


class Unclear(msgspec.Struct, frozen=True, kw_only=True):
    """A person must say."""

    reason: IdentityReason
    #: Those that it is about, by id.
    records: tuple[Contact, ...]


Decision = Same | New | Unclear


class _Match(msgspec.Struct, frozen=True, kw_only=True):
    """A record that has the person's phone or e-mail."""

    record: Contact
    by_phone: bool
    by_email: bool
    name: Verdict
    #: Both have e-mails, and none in common.
    other_email: bool

    @property
    def doubt(self) -> IdentityReason | None:
        """Why it may be another person's; None = it is the same person's."""
        if self.name == "different":
            return "shared_phone" if self.by_phone else "shared_email"
        return "second_email" if self.by_phone and self.other_email else None


def decide(
    person: Contact,
    candidates: Sequence[Contact],
    links: Links | None = None,
    answers: Answers | None = None,
    *,
    side: Side = "nimbata",
    emails: Mapping[str, frozenset[str]] | None = None,
) -> Decision:
    """Which of the other side's records the person of `side` is, in whatever order the candidates are given.

    `emails` are further addresses of a record by its id, the person's own among them. A record that is linked to
    somebody else is never joined, unless an answer says so.
    """
    links = links or Links()
    found = _matches(person, candidates, emails or {})
    known = {one.record.id: one.record for one in found}
    # Found again, it is fresher than the link's snapshot.
    linked = known.setdefault(links.own.id, links.own) if links.own is not None else None
    handle = handle_of(person)
    given = {one: (answers or {}).get(identity_key(side, handle, (one,))) for one in known}
    said = {_survivor(one, given) for one, choice in given.items() if isinstance(choice, Merge | Choose)}
    if len(said) > 1 and linked is None:
        return _ask("two_records", [known[one] for one in said])
    own = known[said.pop()] if len(said) == 1 else linked
    # Of the rest it was said that they are somebody else's, or the same person's and not the one that is kept.
    answered = [one.record for one in found if given[one.record.id] is not None and one.record is not own]
    left = [one for one in found if one.record not in answered]
    decision = _linked(person, own, left, answered, links) if own is not None else _judge(left, links.taken)
    if isinstance(decision, Unclear):
        return decision
    record = decision.record if isinstance(decision, Same) else None
    others = [one for one in known.values() if record is None or one.id != record.id]
    leave = held_by(person, record, others)
    if record is None:
        return New(leave=leave)
    # Which e-mail stays is a question of the first meeting; once they are linked, the field's rule decides.
    if record is not linked and given[record.id] == Choose(value=other(side)):
        leave |= {"email"}
    duplicates = tuple(one for one in others if isinstance(given[one.id], Merge))
    return Same(record=record, leave=leave, duplicates=duplicates)


def conflict_of(person: Contact, unclear: Unclear, *, side: Side, links: Links | None = None) -> Conflict:
    """The question, ready to be kept."""
    own = links.own if links is not None else None
    return Conflict(
        kind="identity", reason=unclear.reason, side=side, linked=own.id if own is not None else None,
        records={side: (as_dict(person),), other(side): tuple(map(as_dict, unclear.records))},
    )  # fmt: skip


def _matches(
    person: Contact, candidates: Sequence[Contact], more: Mapping[str, frozenset[str]]
) -> list[_Match]:
    """Those that share a phone or an e-mail, one of each, by id: a search may find more than it was asked for."""
    mine = _emails(person, more)
    matches = []
    for record in {one.id: one for one in sorted(candidates, key=lambda one: one.id)}.values():
        theirs = _emails(record, more)
        by_phone, by_email = person.phone is not None and record.phone == person.phone, bool(mine & theirs)
        if by_phone or by_email:
            matches.append(
                _Match(
                    record=record, by_phone=by_phone, by_email=by_email, name=compare(person, record).person,
                    other_email=bool(mine and theirs) and not by_email,
                )
            )  # fmt: skip
    return matches


def _emails(record: Contact, more: Mapping[str, frozenset[str]]) -> frozenset[str]:
    told = more.get(record.id, frozenset()) if record.id else frozenset()
    return frozenset(one for one in (record.email, *told) if one and one.partition("@")[0] not in _NO_MAILBOX)


def _linked(
    person: Contact, own: Contact, left: Sequence[_Match], answered: Sequence[Contact], links: Links
) -> Same | Unclear:
    """The link decides, unless the person brings a phone or an e-mail that stands on another record, and nothing was
    said of any record with it yet."""
    asked = held_by(person, own, answered)
    strange = [one.record for one in left if held_by(person, own, (one.record,)) - asked]
    if not strange:
        return Same(record=own)
    taken = any(one.id in links.taken for one in strange)
    return _ask("two_people" if taken else "two_records", (own, *strange))


def _judge(found: Sequence[_Match], taken: frozenset[str]) -> Decision:
    """By phone, then by e-mail."""
    if not found:
        return New()
    fit = _only_fit([one for one in found if one.doubt is None and one.record.id not in taken], found)
    if fit is not None:
        return Same(record=fit.record)
    records = [one.record for one in found]
    doubts = {one.doubt for one in found}
    if doubts <= {"shared_phone", "shared_email"}:
        return _ask("shared_phone" if "shared_phone" in doubts else "shared_email", records)
    if any(one.record.id in taken for one in found):
        return _ask("two_people", records)
    if len(found) == 1 and found[0].doubt is not None:
        return _ask(found[0].doubt, records)
    return _ask("two_records", records)


def _only_fit(fits: Sequence[_Match], found: Sequence[_Match]) -> _Match | None:
    """The one record that it must be: the only one, the only one with phone and e-mail, or the only one of that
    name among several with the phone."""
    if len(found) == 1:
        return fits[0] if fits else None
    whole = [one for one in found if one.by_phone and one.by_email]
    if len(whole) == 1:
        return whole[0] if whole[0] in fits else None
    one_way = all(one.by_phone for one in found) or not any(one.by_phone for one in found)
    named = [one for one in found if one.name != "different"]
    if one_way and len(named) == 1 and named[0].name == "alike" and named[0] in fits:
        return named[0]
    return None


def _ask(reason: IdentityReason, records: Sequence[Contact]) -> Unclear:
    return Unclear(reason=reason, records=tuple(sorted(records, key=lambda one: one.id)))


def _survivor(record: str, given: Mapping[str, object]) -> str:
    """Follow merges to the record that is kept; one that is not there any more left its place to this one."""
    seen = {record}
    while (
        isinstance(choice := given.get(record), Merge)
        and choice.record in given
        and choice.record not in seen
    ):
        record = choice.record
        seen.add(record)
    return record

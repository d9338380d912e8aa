"""What calls, forms and texts ask of the CRM: a contact with its fields and tags, and a note for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from tieline.domain.command import AddTags, Command, CreateContact, Planned, UpdateContact, UpsertContact
from tieline.domain.contact import Contact, with_fields
from tieline.effects.perform import GivenUp
from tieline.effects.target import Done
from tieline.engine.deletion import lost
from tieline.engine.identity import Identity
from tieline.engine.turn import Turn
from tieline.errors import MappingError, NotFoundError
from tieline.sync.plan import Heard, Rules, plan_contact, plan_notes
from tieline.sync.who.conflicts import Same

#: A record found on the way is compared once more; a far side that alters what it is given ends the matter there.
ROUNDS = 2


class ActivityTurn:
    """Brings the CRM up to everything that was heard."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._target = turn.consumer.target
        self._identity = Identity(turn)

    async def run(self, heard: Sequence[Heard]) -> None:
        """The contact first, then a note for each occurrence; all intents are committed before the first call."""
        turn = self._turn
        notes = plan_notes(turn.consumer.id, heard)
        if turn.state.contact is None and not self._target.forbids_duplicates:
            await self._identify(heard)
        try:
            planned = self._plan(heard)
        except MappingError as error:
            turn.end((one.event_id for one in heard), "dead", str(error))
            return
        if turn.state.contact is None and not planned:
            reason = "the mapping lets no unknown person become a contact"
            turn.end((one.event_id for one in heard), "skipped", reason)
            return
        creates = [one for one in planned if isinstance(one.command, CreateContact | UpsertContact)]
        await turn.carrier.journal([*creates, *notes])
        if await self._bring(heard, planned):
            await self._write_notes(notes)

    async def _write_notes(self, notes: Sequence[Planned]) -> None:
        turn = self._turn
        for one in notes:
            if not turn.carrier.ready(one):
                continue  # it took place before
            try:
                await turn.carrier.send(one, turn.state.record_id("contacts_api"))
            except GivenUp as given_up:
                if not isinstance(given_up.error, NotFoundError):
                    turn.end([one.event_id], "dead", given_up.reason)
                    continue
                raise await lost(turn, "contacts_api") from given_up

    def _plan(self, heard: Sequence[Heard]) -> list[Planned]:
        rules = Rules(
            forbids_duplicates=self._target.forbids_duplicates, custom_fields=self._target.custom_fields
        )
        state = self._turn.state
        return plan_contact(
            self._turn.consumer.id, self._turn.person, state.generation, state.contact, heard, rules
        )

    async def _bring(self, heard: Sequence[Heard], planned: Sequence[Planned]) -> bool:
        """Create or update; a record that was there already is compared and brought up in a second round. False
        when there is no contact in the end; the reason then stands at each of `heard`."""
        turn = self._turn
        for _ in range(ROUNDS):
            compare_again = False
            for one in planned:
                if isinstance(one.command, CreateContact | UpsertContact) and not turn.carrier.ready(one):
                    # It took place before, yet there is no link: never create blindly.
                    await self._identify(heard)
                    compare_again = turn.state.contact is not None
                    if not compare_again:
                        reason = "created before, but found no more"
                        turn.end((one.event_id for one in heard), "dead", reason)
                    break
                try:
                    done = await turn.carrier.send(one, turn.state.record_id("contacts_api"))
                except GivenUp as given_up:
                    if isinstance(given_up.error, NotFoundError):
                        raise await lost(turn, "contacts_api") from given_up
                    turn.end((one.event_id for one in heard), "dead", given_up.reason)
                    continue
                if done.adopted and not await self._certain(heard, one.command):
                    return False
                took_effect(turn, one.command, done)
                compare_again = compare_again or done.adopted or isinstance(one.command, UpsertContact)
            if not compare_again:
                break
            planned = self._plan(heard)
        return turn.state.contact is not None

    async def _certain(self, heard: Sequence[Heard], command: Command) -> bool:
        """Whoever was there already has the phone. Does the e-mail say the same? False = a person is asked."""
        turn = self._turn
        fields = command.fields if isinstance(command, CreateContact | UpsertContact) else {}
        phone, email = fields.get("phone"), fields.get("email")
        if phone is None or email is None:
            return True
        found = await turn.read(
            "looking for the contact", partial(self._target.candidates, phone=phone, email=email)
        )
        if len({one.id for one in found}) < 2:
            return True
        # Of a call or form nothing is compared but what it brings: names of callers are the telephone company's.
        told = Contact(id="", phone=phone, email=email)
        if not (chosen := await self._identity.who("nimbata", told, found)):
            turn.end((one.event_id for one in heard), "done", self._identity.asked)
            return False
        if isinstance(chosen, Same):
            turn.state.see("contacts_api", chosen.record, news=not turn.consumer.derived)
            return True
        turn.end(
            (one.event_id for one in heard), "skipped", "said to be neither of the contacts that it names"
        )
        return False

    async def _identify(self, heard: Sequence[Heard]) -> None:
        """Where duplicates are allowed nobody but us prevents them: look before the first write."""
        phone = next((one.desired.phone for one in heard if one.desired.phone), None)
        email = next((one.desired.email for one in heard if one.desired.email), None)
        if phone is None and email is None:
            return
        contact = await self._turn.read(
            "looking for the contact", partial(self._target.find, phone=phone, email=email)
        )
        if contact is not None:
            self._turn.state.see("contacts_api", contact, news=not self._turn.consumer.derived)


def took_effect(turn: Turn, command: Command, done: Done) -> None:
    """Take the CRM's answer into what was seen: its word, else what was sent."""
    state = turn.state
    # What a derived account's activities bring to the CRM came from there: it is no news for it.
    news = not turn.consumer.derived
    if done.contact is not None:
        state.see("contacts_api", done.contact, what="written", news=news)
    elif state.contact is not None:
        match command:
            case UpdateContact(fields=fields):
                written = msgspec.structs.replace(with_fields(state.contact, fields), as_of=done.as_of)
                state.see("contacts_api", written, what="written", news=news)
            case AddTags(tags=tags):
                after = done.tags or state.contact.tags | tags
                tagged = msgspec.structs.replace(state.contact, tags=after, as_of=done.as_of)
                state.see("contacts_api", tagged, what="written", news=news)
            case _:
                pass

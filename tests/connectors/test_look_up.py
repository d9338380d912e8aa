"""A look-up says that nothing happened only where that is proven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.conformance.examples.contacts import create_note
from tests.conformance.ready import Ready, ready
from tieline.catalogue.look_up import marked
from tieline.catalogue.spec import AnyLookUp, AnyOperation
from tieline.connectors import operation
from tieline.connectors.contacts_api import CONNECTOR
from tieline.connectors.contacts_api.operations import businesses, contacts, messages, notes
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.kit.look_up import Absent, Found, Looked, Untold, look_up
from tieline.errors import CredentialError, NotFoundError

OURS = "run-1.step-1"


async def looked(far: Ready, made: AnyOperation, given: Any, **more: Any) -> Looked:
    """By a gateway of its own."""
    assert made.look_up is not None
    connection = more.pop("connection", far.api.connection)
    looking = operation(made.look_up.operation or made.id)
    async with Gateway.open((CONNECTOR,)) as gateway:
        return await look_up(gateway, connection, made, looking, given, reference=OURS, **more)


async def test_a_note_is_found_by_its_line_however_often_its_words_stand_there() -> None:
    """Another's note with the same words is another's."""
    async with ready() as far:
        given = await create_note(far)
        await far.api.call(notes.CREATE, given)
        assert await looked(far, notes.CREATE, given) == Absent()
        ours = await far.api.call(notes.CREATE, marked(notes.CREATE.look_up, given, OURS))
        found = await looked(far, notes.CREATE, given)
        assert isinstance(found, Found)
        assert found.row.id == ours.note.id
        assert far.sandbox.contacts.audit.operations["notes.list"] == 2


async def test_a_business_that_was_there_before_is_somebody_elses() -> None:
    """By the far side's own clock, be it ahead of ours or behind."""
    async with ready() as far:
        given = businesses.CreateBusiness(name="Bäckerei Groß")
        await far.api.call(businesses.CREATE, given)
        later = datetime.now(UTC) + timedelta(seconds=30)
        assert isinstance(
            await looked(far, businesses.CREATE, given, since=later - timedelta(minutes=1)), Found
        )
        assert await looked(far, businesses.CREATE, given, since=later) == Absent()


async def test_a_clock_that_is_behind_makes_no_record_of_ours_anothers() -> None:
    """Else it would be made a second time."""
    async with ready() as far:
        far.sandbox.contacts.clock.advance(-600)
        decided_at = datetime.now(UTC)
        given = businesses.CreateBusiness(name="Bäckerei Groß")
        await far.api.call(businesses.CREATE, given)
        assert isinstance(await looked(far, businesses.CREATE, given, since=decided_at), Found)


async def test_an_older_contact_that_hides_ours_decides_nothing() -> None:
    """Where duplicates are allowed, one look shows one of them."""
    async with ready(allow_duplicates=True) as far:
        given = contacts.CreateContact(first_name="Ada", phone="+15125550177")
        await far.contact(phone="+15125550177", first_name="Bo")
        decided_at = datetime.now(UTC)
        await far.api.call(contacts.CREATE, given)
        assert isinstance(await looked(far, contacts.CREATE, given, since=decided_at), Untold)


async def test_a_list_that_goes_on_for_too_long_proves_nothing() -> None:
    """What is ours may stand behind what was read; within it, it is found on whatever page."""
    async with ready() as far:
        given = businesses.CreateBusiness(name="The last of all")
        for number in range(4):
            await far.api.call(businesses.CREATE, businesses.CreateBusiness(name=f"Number {number}"))
        await far.api.call(businesses.CREATE, given)
        small = _pages_of_two(businesses.CREATE)
        assert isinstance(await looked(far, small, given), Found)
        cut = await looked(far, small, given, max_pages=2)
        assert isinstance(cut, Untold)
        assert "2 pages" in cut.why
        assert await looked(far, small, businesses.CreateBusiness(name="Nobody")) == Absent()


async def test_what_cannot_be_asked_is_no_absence() -> None:
    """An operation without a look-up, and an input that nothing can be asked by; neither costs a call."""
    async with ready() as far:
        text = messages.SendMessage(type="SMS", contact_id="c", message="Ja")
        assert isinstance(await looked(far, messages.SEND, text), Untold)
        logged = messages.AddInbound(type="SMS", contact_id="c", message="Ja")
        assert isinstance(await looked(far, messages.ADD_INBOUND, logged), Untold)
        assert far.sandbox.contacts.audit.operations.total() == 0


async def test_a_look_that_fails_is_no_absence_either() -> None:
    """The far side's refusals stay what they are."""
    async with ready() as far:
        gone = notes.CreateNote(contact_id="nobody", body="x")
        with pytest.raises(NotFoundError):
            await looked(far, notes.CREATE, gone)
        locked_out = msgspec.structs.replace(far.api.connection, token="no-such-token")
        with pytest.raises(CredentialError):
            await looked(far, notes.CREATE, gone, connection=locked_out)


async def test_a_far_side_that_tells_no_time_is_given_a_minute() -> None:
    """Its clock may be off by as much."""
    given = businesses.CreateBusiness(name="Bäckerei Groß")
    made_at = datetime.now(UTC)
    row = {"id": "b1", "name": given.name, "createdAt": made_at.isoformat()}
    async with ready() as far, timeless({"businesses": [row]}) as base_url:
        connection = msgspec.structs.replace(far.api.connection, base_url=base_url)
        for after_s, found in ((50, True), (70, False)):
            since = made_at + timedelta(seconds=after_s)
            told = await looked(far, businesses.CREATE, given, connection=connection, since=since)
            assert isinstance(told, Found) is found


@asynccontextmanager
async def timeless(answer: Any) -> AsyncIterator[str]:
    """A far side that answers this to everything, without a Date."""
    body = msgspec.json.encode(answer)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _pages_of_two(made: AnyOperation) -> AnyOperation:
    assert made.look_up is not None
    few: AnyLookUp = msgspec.structs.replace(
        made.look_up, ask=lambda given: businesses.ListBusinesses(location_id=given.location_id, limit=2)
    )
    return msgspec.structs.replace(made, look_up=few)

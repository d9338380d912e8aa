"""What is written to and read from a person's calls, at an account that knows people by their calls alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.answer import Answer
from tieline.connectors.kit.budget import Priority
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.operations.activities import (
    COMMENT_CALL,
    GET_CALL,
    LIST_CALLS,
    TAG_CALL,
    UPDATE_CALL,
    CommentCall,
    TagCall,
    UpdateCall,
)
from tieline.connectors.nimbata.shapes import Comment
from tieline.domain.contact import Contact
from tieline.domain.derived import DerivedPerson
from tieline.domain.items import ItemKind
from tieline.errors import NotFoundError, RejectedError, Unavailable
from tieline.mapping.name import split
from tieline.mapping.reference import carries
from tieline.mapping.text import tag as tag_of
from tieline.mapping.values import plain_number
from tieline.server.targets.latest_calls import DAYS, LatestCalls, SeenCall

Out = TypeVar("Out")

#: Tag of a call that says what hangs on the person: no tag of the person's own, so it is not among a contact's. Named
#: so that nobody's own tag is taken for it.
MIRROR_TAGS: dict[ItemKind, str] = {"task": "tieline task", "appointment": "tieline appointment"}
#: A comment is looked for on so many of a person's calls: one may have come in after it was written.
_LOOKED_THROUGH = 3


class CallWriter:
    """The calls of one account's people."""

    def __init__(
        self, gateway: Gateway, connection: Connection, config: NimbataConfig, *, country: str
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        self._config = config
        self._country = country
        self._latest: dict[str, LatestCalls] = {}

    def lacks(self, operation: AnyOperation) -> str | None:
        """Why this account cannot do that to a person's latest call; None where it can."""
        missing = next((one for one in (LIST_CALLS, operation) if not self._config.offers(one.id)), None)
        return None if missing is None else f"{missing.id} is not available on this Nimbata account"

    async def calls_of(self, person: DerivedPerson, priority: Priority = "live") -> list[SeenCall]:
        """The calls of the last days, the latest first; none of somebody who has no phone."""
        if person.phone is None or self.lacks(LIST_CALLS) is not None:
            return []
        return await self._project(person).of(person.phone, priority)

    async def contact(
        self, person: DerivedPerson, priority: Priority = "live", *, again: bool = True
    ) -> Contact:
        """The person as the calls of the last days show it: the latest name and value, all tags, since a new call
        begins without any. `again` reads the latest call as it is now."""
        calls = await self.calls_of(person, priority)
        if calls and person.phone and again and self.lacks(GET_CALL) is None:
            latest = self._project(person)
            try:
                latest.saw(person.phone, await latest.whole(calls[0].id, priority))
            except NotFoundError:
                latest.forget(person.phone, calls[0].id)
            calls = await self.calls_of(person, priority)
        first_name, last_name = next(
            (name for one in calls if any(name := split(one.caller_name))), (None, None)
        )
        value = next((one.value for one in calls if one.value is not None), None)
        tags = frozenset(tag_of(tag) for one in calls for tag in one.tags) - frozenset(MIRROR_TAGS.values())
        return Contact(
            id=person.id, first_name=first_name, last_name=last_name, email=person.email, phone=person.phone,
            value=None if value is None else plain_number(value), tags=tags - {""},
            updated_at=max((one.updated_at for one in calls if one.updated_at is not None), default=None),
        )  # fmt: skip

    async def change(
        self,
        person: DerivedPerson,
        priority: Priority,
        *,
        caller_name: str | UnsetType | None = UNSET,
        value: Decimal | UnsetType | None = UNSET,
    ) -> Answer[Any]:
        """Set name or value of the latest call."""
        return await self._shown(
            person,
            priority,
            lambda call: self._gateway.call(
                self._connection,
                UPDATE_CALL,
                UpdateCall(project=person.project, id=call.id, caller_name=caller_name, value=value),
                priority,
            ),
        )

    async def tag(self, person: DerivedPerson, tags: frozenset[str], priority: Priority) -> Answer[Any]:
        """Add tags to the latest call."""
        return await self._shown(
            person,
            priority,
            lambda call: self._gateway.call(
                self._connection,
                TAG_CALL,
                TagCall(project=person.project, id=call.id, tags=sorted(tags)),
                priority,
            ),
        )

    async def comment(self, person: DerivedPerson, body: str, priority: Priority) -> Answer[Any]:
        """Add a comment to the latest call."""
        return await self._on_latest(
            person,
            priority,
            lambda call: self._gateway.call(
                self._connection,
                COMMENT_CALL,
                CommentCall(project=person.project, id=call.id, body=body),
                priority,
            ),
        )

    async def commented(self, person: DerivedPerson, mark: str, priority: Priority) -> Comment | None:
        """The comment with that reference line."""
        latest = self._project(person)
        for call in (await self.calls_of(person, priority))[:_LOOKED_THROUGH]:
            try:
                record = await latest.whole(call.id, priority)
            except NotFoundError:
                continue
            found = next((one for one in record.comments if carries(one.body, mark)), None)
            if found is not None:
                return found
        return None

    async def _shown(
        self,
        person: DerivedPerson,
        priority: Priority,
        write: Callable[[SeenCall], Awaitable[Answer[Any]]],
    ) -> Answer[Any]:
        """Write what is answered with the call as it is now."""
        answer = await self._on_latest(person, priority, write)
        assert person.phone is not None, "who has none has no calls"
        self._project(person).saw(person.phone, answer.value.record)
        return answer

    async def _on_latest(
        self, person: DerivedPerson, priority: Priority, write: Callable[[SeenCall], Awaitable[Out]]
    ) -> Out:
        calls = await self.calls_of(person, priority)
        if not calls or person.phone is None:
            raise RejectedError(
                f"no call of this person within {DAYS} days, so there is nothing to write it on",
                connection=self._connection.name,
            )
        try:
            return await write(calls[0])
        except NotFoundError as error:
            # It is the call that is gone, not the person: whoever repeats this finds another.
            self._project(person).forget(person.phone, calls[0].id)
            raise Unavailable(
                f"the call was deleted meanwhile: {error}", connection=error.connection,
                operation=error.operation, status=error.status, trace_id=error.trace_id,
            ) from error  # fmt: skip

    def _project(self, person: DerivedPerson) -> LatestCalls:
        if person.project not in self._latest:
            self._latest[person.project] = LatestCalls(
                self._gateway, self._connection, self._config, project=person.project, country=self._country
            )
        return self._latest[person.project]

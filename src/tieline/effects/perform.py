"""One command's journey: send, repeat, look up, adopt. Every try is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeGuard, TypeVar

import msgspec

from tieline.domain.command import CreateContact, UpsertContact
from tieline.effects.decide import (
    AT_ONCE,
    SLOW,
    GiveUp,
    HoldLane,
    LookUpOutcome,
    RepeatNow,
    Retry,
    decide,
)
from tieline.effects.target import Carries, Done, Lags, ReadsContacts, Untold
from tieline.effects.writes import AttemptOutcome, AttemptRow, EffectRow, EffectState, Writes
from tieline.errors import (
    ConnectorError,
    CredentialError,
    NotFoundError,
    OutcomeUnknown,
    OutdatedError,
    RateLimited,
    RejectedError,
    TransientError,
)

Out = TypeVar("Out")
Decided = TypeVar("Decided")

UNTOLD = "it may have been sent; this cannot be looked up, so it is never sent again on its own"
#: Begins the reason of an effect that was refused while it may stand there all the same, until that is settled.
_REFUSED = "refused: "


class Later(Exception):
    """The turn stops here and goes on later; with `hold`, nobody else of the lane can go either."""

    def __init__(self, reason: str, *, after_s: float = 0.0, hold: HoldLane | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        #: These events are due at once when the lane's hold ends, or is lifted before.
        self.hold = hold


class GivenUp(Exception):
    """The command is a dead letter now; `error` says why."""

    def __init__(self, reason: str, error: ConnectorError | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


async def persevere(read: Callable[[], Awaitable[Out]], *, turn: int) -> Out:
    """What a read gives, repeated at once while that may help. Raises ConnectorError."""
    at_once = 0
    while True:
        try:
            return await read()
        except ConnectorError as error:
            decision = decide(error, at_once=at_once, turn=turn)
            if not isinstance(decision, RepeatNow):
                raise
            at_once += not isinstance(error, RateLimited)
            await asyncio.sleep(decision.after_s)


def later(error: ConnectorError, doing: str, *, turn: int) -> Later:
    """A read on the way failed in the `turn`th try of these events: the person waits, or the whole lane."""
    reason = f"{doing}: {error}"
    match decide(error, at_once=AT_ONCE, turn=turn):
        case HoldLane() as hold:
            return Later(reason, hold=hold)
        case RepeatNow():
            # The governor lets nothing go before its time.
            return Later(reason, after_s=1.0)
        case _:
            return Later(reason, after_s=SLOW.delay_s(turn))


class Performer(Generic[Decided]):
    """Performs the effects of one turn, writing what happened to them into `writes`."""

    def __init__(self, target: Carries[Decided], writes: Writes, *, turn: int = 1) -> None:
        """`turn` tells how often these events were tried, this time included: later retries lag by it."""
        self._target = target
        self._writes = writes
        self._turn = turn

    async def perform(self, effect: EffectRow, command: Decided, contact_id: str | None) -> Done:
        """Send a command that was never sent, or whose repetition harms nobody.

        Raises Later or GivenUp; in either case `writes` says how the effect stands.
        """
        at_once = 0
        while True:
            started = datetime.now(UTC)
            try:
                done = await self._target.send(command, contact_id, repeat=effect.tries > 0)
            except ConnectorError as error:
                if _names_the_record(error, command) and isinstance(self._target, ReadsContacts):
                    return await self._adopt(effect, self._target, str(error.existing_id), started)
                effect = self._failed(effect, error, started)
                if isinstance(error, OutdatedError):
                    # Not refused: decided on what is not so any more.
                    self._stand(effect, "dropped")
                    raise GivenUp(str(error), error) from error
                match decide(error, at_once=at_once, turn=self._turn):
                    case RepeatNow(after_s):
                        at_once += not isinstance(error, RateLimited)
                        await asyncio.sleep(after_s)
                    case Retry(after_s):
                        self._stand(effect, "dropped")
                        raise Later(str(error), after_s=after_s) from error
                    case HoldLane() as hold:
                        self._stand(effect, "dropped")
                        raise Later(str(error), hold=hold) from error
                    case LookUpOutcome() if self._repeatable(command, error):
                        # Sending again is the look-up: the far side names what exists already.
                        at_once += 1
                        if self._turn >= SLOW.max_attempts:
                            raise self._give_up(effect, error) from error
                        if at_once > 3:
                            self._stand(effect, "unknown")
                            raise Later(str(error), after_s=SLOW.delay_s(self._turn)) from error
                        await asyncio.sleep(0.2 * at_once)
                    case LookUpOutcome():
                        return await self._look_up(effect, command, contact_id, error)
                    case GiveUp() if self._may_name_ours(effect, command, error):
                        return await self._look_up(effect, command, contact_id, error)
                    case GiveUp():
                        raise self._give_up(effect, error) from error
            else:
                return self._done(effect, done, "confirmed")

    async def resume(self, effect: EffectRow, command: Decided, contact_id: str | None) -> Done:
        """Go on with an effect that was sent, or may have been, before a crash or an unclear answer."""
        if self._repeatable(command, None):
            return await self.perform(effect, command, contact_id)
        return await self._look_up(effect, command, contact_id, None)

    def _may_name_ours(self, effect: EffectRow, command: Decided, error: ConnectorError) -> bool:
        """An earlier try made the record that is in the way now, and was not found in time."""
        named = isinstance(error, RejectedError) and error.existing_id is not None
        return named and effect.tries > 1 and self._target.can_look_up(command)

    def _repeatable(self, command: Decided, error: ConnectorError | None) -> bool:
        return not isinstance(error, RejectedError) and self._target.repeatable(command)

    async def _look_up(
        self, effect: EffectRow, command: Decided, contact_id: str | None, cause: ConnectorError | None
    ) -> Done:
        """Adopt what the command left behind; resend only after two absences far enough apart."""
        if not self._target.can_look_up(command):
            raise self._give_up(effect, cause, self._untold(command, cause))
        started = datetime.now(UTC)
        try:
            done = await persevere(lambda: self._target.look_up(command, contact_id), turn=self._turn)
        except Untold as error:
            effect = self._attempted(effect, started, "unknown", reason=f"looked up: {error}")
            said = f"{error}; {cause}" if isinstance(cause, RejectedError) else str(error)
            raise self._give_up(effect, cause, f"{UNTOLD} ({said})") from error
        except NotFoundError as error:
            raise self._give_up(self._failed(effect, error, started), error) from error
        except ConnectorError as error:
            effect = self._failed(effect, error, started)
            self._stand(effect, "unknown")
            raise later(error, "looking up what became of it", turn=self._turn) from error
        if done is not None:
            return self._done(effect, msgspec.structs.replace(done, adopted=True), "adopted")
        effect = self._attempted(effect, started, "absent", reason="looked up: nothing there")
        if isinstance(cause, RejectedError):
            if not (isinstance(self._target, Lags) and self._target.lags(command)):
                raise self._give_up(effect, cause)
            effect = msgspec.structs.replace(effect, reason=f"{_REFUSED}{cause}")
        now = datetime.now(UTC)
        settle = timedelta(seconds=self._target.settle_s(command))
        if effect.absent_at is not None and now - effect.absent_at >= settle:
            if effect.reason is not None and effect.reason.startswith(_REFUSED):
                raise self._give_up(effect, cause, effect.reason.removeprefix(_REFUSED))
            if self._turn >= SLOW.max_attempts:
                raise self._give_up(effect, cause, "sent again and again, and never found afterwards")
            return await self.perform(msgspec.structs.replace(effect, absent_at=None), command, contact_id)
        absent_at = effect.absent_at or now
        self._stand(msgspec.structs.replace(effect, absent_at=absent_at), "unknown")
        wait_s = (absent_at + settle - now).total_seconds()
        raise Later("outcome unknown; looking again when it must have settled", after_s=max(wait_s, 0.05))

    def _untold(self, command: Decided, cause: ConnectorError | None) -> str:
        """Why it is given up without a look: whoever mends it needs the far side's own words as well."""
        if isinstance(cause, RejectedError) and self._target.repeatable(command):
            return str(cause)
        return UNTOLD if cause is None else f"{UNTOLD} ({cause})"

    async def _adopt(
        self, effect: EffectRow, target: ReadsContacts, existing_id: str, started: datetime
    ) -> Done:
        """The far side named the record that is there already: that is the one."""
        try:
            contact = await persevere(lambda: target.fetch(existing_id), turn=self._turn)
        except ConnectorError as error:
            effect = self._failed(effect, error, started)
            self._stand(effect, "dropped")
            raise later(error, "reading the existing contact", turn=self._turn) from error
        seconds = (datetime.now(UTC) - started).total_seconds()
        done = Done(
            result_id=existing_id, contact=contact, adopted=True, started_at=started, duration_s=seconds
        )
        return self._done(effect, done, "adopted")

    def _give_up(self, effect: EffectRow, error: ConnectorError | None, reason: str | None = None) -> GivenUp:
        text = reason or str(error)
        self._stand(msgspec.structs.replace(effect, reason=text), "dead")
        return GivenUp(text, error)

    def _done(self, effect: EffectRow, done: Done, outcome: AttemptOutcome) -> Done:
        effect = self._attempted(
            effect,
            done.started_at,
            outcome,
            status=done.status,
            trace_id=done.trace_id,
            seconds=done.duration_s,
        )
        altered = f"{', '.join(done.altered)} taken otherwise than sent" if done.altered else None
        self._stand(
            msgspec.structs.replace(effect, result_id=done.result_id, reason=altered, absent_at=None),
            "confirmed",
        )
        return done

    def _failed(self, effect: EffectRow, error: ConnectorError, started: datetime) -> EffectRow:
        return self._attempted(
            effect, started, _outcome(error), status=error.status, trace_id=error.trace_id, reason=str(error)
        )

    def _attempted(
        self,
        effect: EffectRow,
        started: datetime,
        outcome: AttemptOutcome,
        *,
        status: int | None = None,
        trace_id: str | None = None,
        reason: str | None = None,
        seconds: float | None = None,
    ) -> EffectRow:
        number = effect.tries + 1
        duration_s = seconds if seconds is not None else (datetime.now(UTC) - started).total_seconds()
        self._writes.attempts.append(
            AttemptRow(
                effect_id=effect.id, number=number, started_at=started, duration_s=duration_s, outcome=outcome,
                status=status, trace_id=trace_id, reason=reason,
            )
        )  # fmt: skip
        return msgspec.structs.replace(effect, tries=number)

    def _stand(self, effect: EffectRow, state: EffectState) -> None:
        self._writes.effects.append(msgspec.structs.replace(effect, state=state))


def _names_the_record(error: ConnectorError, command: Any) -> TypeGuard[RejectedError]:
    """A creation is refused because the record is there. An update that is refused so named somebody else's."""
    made = isinstance(command, CreateContact | UpsertContact)
    return made and isinstance(error, RejectedError) and error.existing_id is not None


def _outcome(error: ConnectorError) -> AttemptOutcome:
    match error:
        case RateLimited():
            return "rate_limited"
        case TransientError():
            return "unavailable"
        case OutcomeUnknown():
            return "unknown"
        case CredentialError():
            return "refused"
        case _:
            return "rejected"

"""Errors become decisions here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from tieline.connectors.kit.backoff import RetryPolicy
from tieline.errors import (
    ConnectorError,
    CredentialError,
    CredentialFault,
    OutcomeUnknown,
    RateLimited,
    RejectedError,
    TransientError,
)

#: A call that failed without effect is sent again at once this often before it goes back to the queue.
AT_ONCE = 2
#: A far side that wants us to wait longer than this holds the lane instead of a connection of ours.
PATIENCE_S = 20.0
#: How long a lane rests when the day's allowance is spent and the far side does not say until when.
DAILY_HOLD_S = 900.0

QUICK = RetryPolicy(first_s=0.2, factor=3.0, max_s=2.0, max_attempts=AT_ONCE + 1)
#: Later retries: a day of them before a person is asked.
SLOW = RetryPolicy(first_s=2.0, factor=2.0, max_s=3600.0, max_attempts=30)


#: Why a lane rests: the named states of its connection.
HeldState = Literal[
    "revoked", "uninstalled", "inactive_location", "wrong_host", "scope_missing", "no_access", "quota_spent",
    "asked_to_wait",
]  # fmt: skip
HELD_BY_FAULT: Mapping[CredentialFault, HeldState] = {
    "token": "revoked", "scope": "scope_missing", "place": "no_access", "inactive": "inactive_location",
    "host": "wrong_host",
}  # fmt: skip
#: Faults that may pass without anybody's doing: looked at again after so many seconds; others wait for somebody.
_LOOK_AGAIN_S: Mapping[CredentialFault, float] = {"host": 300.0, "inactive": 3600.0}


class RepeatNow(msgspec.Struct, frozen=True):
    """Nothing took effect: send the same command again after a moment."""

    after_s: float


class Retry(msgspec.Struct, frozen=True):
    """Plan anew later."""

    after_s: float


class LookUpOutcome(msgspec.Struct, frozen=True):
    """It may have worked: find out first."""


class HoldLane(msgspec.Struct, frozen=True):
    """Nothing of this lane can go now; None = until someone mends it."""

    after_s: float | None
    #: The state in which its connection is meanwhile.
    state: HeldState
    #: Connection and version that was refused: one that was mended since is not held for it.
    refused: tuple[int, int] | None = None


class GiveUp(msgspec.Struct, frozen=True):
    """Never: a dead letter."""


Decision = RepeatNow | Retry | LookUpOutcome | HoldLane | GiveUp


def decide(error: ConnectorError, *, at_once: int, turn: int) -> Decision:
    """What happens next, after `at_once` quick repeats in the `turn`th turn of these events."""
    match error:
        case RateLimited(daily=True, retry_after_s=wait_s):
            return HoldLane(wait_s or DAILY_HOLD_S, "quota_spent")
        case RateLimited(retry_after_s=wait_s) if wait_s is not None and wait_s > PATIENCE_S:
            return HoldLane(wait_s, "asked_to_wait")
        case RateLimited():
            return RepeatNow(0.0)  # the governor holds every call of this connection
        case TransientError() if at_once < AT_ONCE:
            return RepeatNow(QUICK.delay_s(at_once + 1))
        case TransientError() if turn < SLOW.max_attempts:
            return Retry(SLOW.delay_s(turn))
        case OutcomeUnknown():
            return LookUpOutcome()
        case CredentialError(fault=fault, refused=refused):
            return HoldLane(_LOOK_AGAIN_S.get(fault), HELD_BY_FAULT[fault], refused)
        case RejectedError(status=422):
            # Creates have been seen that answered 422 and took effect all the same.
            return LookUpOutcome()
        case _:
            return GiveUp()

"""What really happened at the far sides: every call, every delivery. The only witness that tests believe."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import msgspec

#: Calls kept with their bodies; counts go on for ever.
KEPT = 200_000


class CallRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One call to a far side."""

    n: int
    #: Unix time of the sandbox's clock, seconds.
    at: float
    operation: str
    method: str
    path: str
    token: str
    place: str
    status: int | None
    write: bool
    #: It changed something.
    effect: bool = False
    #: JSON of a write; of a read, its query.
    body: Any = None
    result_id: str | None = None
    fault: str | None = None
    #: What the far side wants counted by itself.
    remark: str | None = None


class DeliveryRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One webhook and what became of it."""

    event_id: str
    kind: str
    subject_id: str
    url: str
    emitted_at: float
    #: Status of each attempt; None = no answer.
    statuses: list[int | None] = []
    acknowledged_at: float | None = None
    #: From the first byte sent to the acknowledgement, of the attempt that worked.
    ack_ms: float | None = None
    faults: list[str] = []


class Audit:
    """One side's records."""

    def __init__(self, *, bodies: bool = True) -> None:
        self.bodies = bodies
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.calls: deque[CallRecord] = deque(maxlen=KEPT)
        self.deliveries: deque[DeliveryRecord] = deque(maxlen=KEPT)
        self.operations: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        #: 429s of the real limit, by token; those that a fault made are counted apart.
        self.limited: Counter[str] = Counter()
        self.limited_by_fault = 0
        self.effects: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.remarks: Counter[str] = Counter()
        self._n = 0

    def record(
        self,
        *,
        at: float,
        operation: str,
        method: str,
        path: str,
        token: str,
        place: str,
        status: int | None,
        write: bool,
        effect: bool,
        body: Any,
        result_id: str | None,
        fault: str | None,
        remark: str | None = None,
    ) -> None:
        """Write one call down."""
        self._n += 1
        self.operations[operation] += 1
        self.requests[token] += 1
        self.statuses[str(status)] += 1
        if effect:
            self.effects[operation] += 1
        if remark:
            self.remarks[remark] += 1
        if status == 429:
            if fault:
                self.limited_by_fault += 1
            else:
                self.limited[token] += 1
        if self.bodies:
            self.calls.append(
                CallRecord(
                    n=self._n, at=at, operation=operation, method=method, path=path, token=token, place=place,
                    status=status, write=write, effect=effect, body=body, result_id=result_id,
                    fault=fault, remark=remark,
                )
            )  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """Counts since the start or the last reset."""
        return {
            "requests": self._n,
            "operations": dict(self.operations),
            "effects": dict(self.effects),
            "statuses": dict(self.statuses),
            "remarks": dict(self.remarks),
            "requests_by_token": dict(self.requests),
            "limited_by_token": dict(self.limited),
            "limited_by_fault": self.limited_by_fault,
            "deliveries": len(self.deliveries),
            "acknowledged": sum(one.acknowledged_at is not None for one in self.deliveries),
        }

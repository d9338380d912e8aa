"""`/_sandbox/*`: what tests and demos do to the far side behind its back. On loopback alone, without a door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from aiohttp import web

from tieline.sandbox.faults import FaultError, read_rules

if TYPE_CHECKING:
    from tieline.sandbox.app import RunningSide

PREFIX = "/_sandbox"
Answer = Callable[[web.BaseRequest], Awaitable[Any]]


class _Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    place: str
    left: Annotated[int, msgspec.Meta(ge=0)] = 0


class Control:
    """The control calls of one side."""

    def __init__(self, running: RunningSide) -> None:
        self._running = running
        self._offers: list[tuple[str, str, Answer, str]] = [
            ("GET", "", self._list, "this list"),
            ("POST", "/reset", self._reset, "forget everything that was not there at the start"),
            ("GET", "/clock", self._clock, "the sandbox's time"),
            ("POST", "/clock", self._advance, '{"advance_s": n}: let time pass'),
            ("GET", "/faults", self._faults, "rules in force, and faults fired by kind"),
            ("POST", "/faults", self._add_faults, "a rule or a list of rules"),
            ("DELETE", "/faults", self._clear_faults, "lift all rules, or ?id="),
            ("GET", "/webhooks", self._targets, "webhook targets"),
            ("POST", "/webhooks", self._add_target, '{"url": …, "events": ["*"]} and what the side knows'),
            ("DELETE", "/webhooks", self._clear_targets, "remove all targets"),
            ("POST", "/emit", self._emit, '{"kind": …}: let something happen'),
            ("GET", "/emitted", self._emitted, "everything that emit made happen"),
            ("GET", "/audit", self._audit, "calls: ?writes=1&since=N&limit=N"),
            ("GET", "/audit/summary", self._summary, "counts, doubled creates, faults fired"),
            ("GET", "/deliveries", self._deliveries, "webhooks sent and how they were answered: ?since=N"),
            ("GET", "/quirks", self._quirks, "oddities of this side and how they are switched"),
            ("PUT", "/quirks", self._set_quirks, '{"name": value}: switch some otherwise'),
            ("POST", "/quota", self._spend_day, '{"place": id, "left": n}: spend a day\'s calls but for n'),
            ("GET", "/state", self._state, "everything that the far side really holds"),
        ]
        self._by_route = {(method, PREFIX + path): answer for method, path, answer, _ in self._offers}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One control call."""
        answer = self._by_route.get((request.method, request.path.rstrip("/")))
        if answer is None:
            return _json(
                404, {"error": f"no {request.method} {request.path}; GET {PREFIX} lists what there is"}
            )
        try:
            return _json(200, await answer(request))
        except (FaultError, ValueError, msgspec.MsgspecError) as error:
            return _json(400, {"error": str(error)})

    async def _list(self, request: web.BaseRequest) -> Any:
        return [
            {"method": method, "path": PREFIX + path, "use": use} for method, path, _, use in self._offers
        ]

    async def _reset(self, request: web.BaseRequest) -> Any:
        self._running.reset()
        return {"reset": True}

    async def _clock(self, request: web.BaseRequest) -> Any:
        clock = self._running.clock
        return {"now": clock.now().isoformat(), "offset_s": clock.offset_s}

    async def _advance(self, request: web.BaseRequest) -> Any:
        self._running.clock.advance(float((await _body(request)).get("advance_s", 0)))
        return await self._clock(request)

    async def _faults(self, request: web.BaseRequest) -> Any:
        return {"rules": self._running.faults.rules, "fired": dict(self._running.faults.fired)}

    async def _add_faults(self, request: web.BaseRequest) -> Any:
        return self._running.faults.add(read_rules(await _body(request)))

    async def _clear_faults(self, request: web.BaseRequest) -> Any:
        self._running.faults.clear(request.query.get("id"))
        return await self._faults(request)

    async def _targets(self, request: web.BaseRequest) -> Any:
        return self._running.side.targets

    async def _add_target(self, request: web.BaseRequest) -> Any:
        return self._running.side.set_targets(await _body(request))

    async def _clear_targets(self, request: web.BaseRequest) -> Any:
        self._running.side.targets.clear()
        return []

    async def _emit(self, request: web.BaseRequest) -> Any:
        made = self._running.side.emit(await _body(request))
        # Whoever asked sees the answer before the webhooks flood the loop.
        await asyncio.sleep(0)
        return made

    async def _emitted(self, request: web.BaseRequest) -> Any:
        return self._running.side.emitted

    async def _audit(self, request: web.BaseRequest) -> Any:
        since = int(request.query.get("since", 0))
        limit = int(request.query.get("limit", 10_000))
        writes = request.query.get("writes") in ("1", "true")
        calls = [one for one in self._running.audit.calls if one.n > since and (one.write or not writes)]
        return calls[:limit]

    async def _summary(self, request: web.BaseRequest) -> Any:
        return {
            **self._running.audit.summary(),
            "doubled": self._running.side.doubled(),
            "faults_fired": dict(self._running.faults.fired),
        }

    async def _deliveries(self, request: web.BaseRequest) -> Any:
        return list(self._running.audit.deliveries)[int(request.query.get("since", 0)) :]

    async def _quirks(self, request: web.BaseRequest) -> Any:
        return self._running.side.quirks

    async def _set_quirks(self, request: web.BaseRequest) -> Any:
        return self._running.side.set_quirks(await _body(request))

    async def _spend_day(self, request: web.BaseRequest) -> Any:
        wanted = msgspec.convert(await _body(request), _Quota)
        self._running.spend_day(wanted.place, wanted.left)
        return wanted

    async def _state(self, request: web.BaseRequest) -> Any:
        return self._running.side.state()


async def _body(request: web.BaseRequest) -> Any:
    raw = await request.read()
    return msgspec.json.decode(raw) if raw else {}


def _json(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")

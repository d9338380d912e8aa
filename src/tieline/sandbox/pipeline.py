"""The way of every call: route, door, quota, faults, handler, audit."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from tieline.sandbox.audit import Audit
from tieline.sandbox.clock import Clock
from tieline.sandbox.exchanges import Exchanges
from tieline.sandbox.faults import AFTER, Faults, Rule
from tieline.sandbox.limits import Limiter
from tieline.sandbox.router import Router
from tieline.sandbox.side import Admitted, Call, Reply, Route, Side

_STATUS = {"429": 429, "429_bare": 429, "500": 500, "502": 502, "503": 503}


class Pipeline:
    """Answers the calls of one side. A handler never waits, so what it does happens at once or not at all."""

    def __init__(
        self,
        side: Side,
        *,
        clock: Clock,
        faults: Faults,
        audit: Audit,
        limiter: Limiter | None,
        exchanges: Exchanges,
    ) -> None:
        self._side = side
        self._exchanges = exchanges
        self._clock = clock
        self._faults = faults
        self._audit = audit
        self._limiter = limiter
        self._router = Router(side.routes)

    def spend_day(self, place: str, left: int) -> None:
        """Of today's calls to a place `left` remain. Raises ValueError where there is no limit by the day."""
        if self._limiter is None:
            raise ValueError("this sandbox has no limits")
        self._limiter.spend_day(place, left)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, from the door to the record."""
        raw = await request.read()
        headers_in = request.headers
        found = self._router.find(request.method, request.rel_url.raw_path)
        if found is None:
            reason = f"Cannot {request.method} {request.path}"
            return self._send(self._side.refuse(404, reason, headers_in), {})
        route, params = found
        body, unreadable = _parse(raw, headers_in.get("Content-Type", ""))
        pairs = tuple(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
        call = Call(
            method=request.method, path=request.path, params=params, query=dict(pairs), pairs=pairs,
            headers=headers_in, body=body,
        )  # fmt: skip
        admitted = self._side.admit(route, call)
        if isinstance(admitted, Reply):
            self._exchanges.write(self._side.name, route, call, admitted)
            self._record(route, call, None, admitted, None)
            return self._send(admitted, {})
        headers: dict[str, str] = {}
        if self._limiter is not None:
            verdict = self._limiter.take(admitted.quota_key)
            headers = self._limiter.headers(verdict)
            if not verdict.allowed:
                refused = self._side.refuse(429, "Too Many Requests", headers_in)
                self._record(route, call, admitted, refused, None)
                return self._send(refused, headers)
        fault = None
        if self._faults.rules:
            fault = self._faults.pick(self._side.name, route.operation, place=admitted.place)
        if fault is not None and fault.kind == "latency":
            await asyncio.sleep(fault.params.latency_s)
        elif fault is not None and fault.kind not in AFTER:
            return self._fail(request, route, call, admitted, fault, headers)
        if unreadable:
            reply = self._side.refuse(400, unreadable, headers_in)
        else:
            reply = route.handler(msgspec.structs.replace(call, caller=admitted.caller))
            self._exchanges.write(self._side.name, route, call, reply)
        self._record(route, call, admitted, reply, fault)
        if fault is not None and fault.kind == "cut_after":
            return _cut(request)
        if fault is not None and fault.kind == "created_422" and reply.effect:
            return self._send(self._side.refuse(422, "Unprocessable", headers_in), headers)
        return self._send(reply, headers)

    def _fail(
        self,
        request: web.BaseRequest,
        route: Route,
        call: Call,
        admitted: Admitted,
        fault: Rule,
        headers: dict[str, str],
    ) -> web.StreamResponse:
        """Nothing takes effect."""
        status = _STATUS.get(fault.kind)
        reply = self._side.refuse(status or 500, "injected", call.headers)
        self._record(route, call, admitted, reply, fault)
        if status is None:
            return _cut(request)
        if fault.kind == "429":
            headers = {**headers, "Retry-After": f"{fault.params.retry_after_s:g}"}
        return self._send(reply, headers)

    def _record(
        self, route: Route, call: Call, admitted: Admitted | None, reply: Reply, fault: Rule | None
    ) -> None:
        self._audit.record(
            at=self._clock.now().timestamp(), operation=route.operation, method=call.method, path=call.path,
            token=admitted.label if admitted else "nobody", place=admitted.place if admitted else "",
            status=reply.status, write=route.writes, effect=reply.effect,
            body=call.query or None if call.method == "GET" else call.body,
            result_id=reply.result_id, fault=fault.kind if fault else None, remark=reply.remark,
        )  # fmt: skip

    def _dated(self) -> dict[str, str]:
        """The hour by the sandbox's own clock, where that is ahead of the machine's."""
        return {"Date": format_datetime(self._clock.now(), usegmt=True)} if self._clock.offset_s else {}

    def _send(self, reply: Reply, headers: dict[str, str]) -> web.Response:
        content = reply.content
        if content is None:
            content = b"" if reply.body is None else msgspec.json.encode(reply.body)
        return web.Response(
            status=reply.status, body=content, headers={**self._dated(), **headers, **reply.headers},
            content_type=reply.content_type,
        )  # fmt: skip


def _parse(raw: bytes, content_type: str) -> tuple[object, str | None]:
    if not raw:
        return None, None
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)), None
    try:
        return msgspec.json.decode(raw), None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return None, f"the body is not JSON: {error}"


def _cut(request: web.BaseRequest) -> web.StreamResponse:
    """Hang up without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)

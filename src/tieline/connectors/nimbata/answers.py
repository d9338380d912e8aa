"""How an account's answers become the outputs of operations: where its records stand and what it calls their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_origin

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.connection import Connection
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.lists import read_item, read_listing
from tieline.connectors.nimbata.rows import One, Rows
from tieline.connectors.nimbata.whole import read_whole


def decoder(connection: Connection, operation: AnyOperation) -> Callable[[bytes], Any] | None:
    """What reads an answer to `operation`; None where its type says all. What it gives raises UnreadableError."""
    origin = get_origin(operation.output)
    if origin not in (Rows, One):
        return None
    config = build(connection.own_settings())
    (shape,) = get_args(operation.output)

    def rows(raw: bytes) -> Rows[Any]:
        found, follow = read_listing(msgspec.Raw(raw), config, operation.id)
        return Rows(rows=tuple(read_whole(shape, row, config) for row in found), follow=follow)

    def one(raw: bytes) -> One[Any]:
        record, warnings = read_item(msgspec.Raw(raw), config)
        return One(record=read_whole(shape, record, config), warnings=warnings)

    return rows if origin is Rows else one

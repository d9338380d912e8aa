"""Loaded by schemathesis, in its own process: of what it draws, two thirds are something that the hub knows.

What it would find by chance once in a million tries is read from the file that `TIELINE_FUZZ` names: by operation,
lists of what may stand in the path, the query and the body.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import schemathesis

_KNOWN: dict[str, dict[str, list[Any]]] = json.loads(Path(os.environ["TIELINE_FUZZ"]).read_text("utf-8"))
#: It draws what answers showed before; its own token, revoked, would leave the rest asked in vain.
_ALL_KNOWN = frozenset({"tokens.revoke"})
_turns: dict[tuple[str, str], int] = {}


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Numbers and names that there are."""
    return _exchanged("path", context, path_parameters)


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:
    """Questions that have an answer."""
    return _exchanged("query", context, query)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Wishes that can be met."""
    return _exchanged("body", context, body)


def _exchanged(place: str, context: Any, drawn: Any) -> Any:
    operation = context.operation.definition.raw["operationId"]
    known = _KNOWN.get(operation, {}).get(place)
    turn = _turns[operation, place] = _turns.get((operation, place), 0) + 1
    if not known or (turn % 3 == 0 and operation not in _ALL_KNOWN):
        return drawn
    return known[turn * 2 // 3 % len(known)]

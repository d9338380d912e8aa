"""What somebody may have meant by a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """`did you mean phone?`, or all there are where nothing is near."""
    names = list(known)
    near = get_close_matches(name[:100], names, n=2)
    return f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names)}"

"""What was expected beside what came of it, in lines of plain words."""

from __future__ import annotations

from collections.abc import Iterator


def unlike(path: str, expected: str | None, found: str | None) -> Iterator[str]:
    """`- expected`, `+ found`."""
    yield f"{path}\n{lines('-', expected)}\n{lines('+', found)}"


def lines(sign: str, text: str | None) -> str:
    """Each line of a text behind its sign."""
    return "\n".join(f"  {sign} {line}" for line in ("(nothing)" if text is None else text).split("\n"))

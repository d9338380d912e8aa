"""The reference line of what we write: its last, `[tl:…]`, by which it is found again and which nobody is shown."""

from __future__ import annotations

import re

#: A line of its own at the end, also where an editor of the far side made paragraphs of lines.
_LAST = re.compile(
    r"(?P<before>\A|\n|<br\s*/?>|<p>)[ \t\r]*\[tl:(?P<reference>[^\]\s]{1,80})\][ \t]*(?:</p>)?\s*\Z"
)


def split_reference(body: str | None) -> tuple[str, str | None]:
    """The text without its reference line, trimmed, and the reference; None where it has none."""
    text = (body or "").strip()
    found = _LAST.search(text)
    if found is None:
        return text, None
    return text[: found.start()].rstrip(), found["reference"]


def with_reference(text: str | None, reference: str | None) -> str:
    """`text` with its reference line, which stands alone where there is no text."""
    written = (text or "").strip()
    if reference is None:
        return written
    return f"{written}\n[tl:{reference}]" if written else f"[tl:{reference}]"


def carries(body: str | None, reference: str) -> bool:
    """Whether that reference stands anywhere in it: somebody may have written below the line."""
    return f"[tl:{reference}]" in (body or "")

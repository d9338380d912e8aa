"""One thing that the doctor looked at."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["ok", "warning", "wrong"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    #: "database", "connection crm", …
    subject: str
    verdict: Verdict
    text: str
    #: What to do about it; empty where nothing.
    next_step: str = ""

"""Where people come from: the sources of calls and forms, weighted as an account of a local business shows them."""

from __future__ import annotations

from random import Random
from typing import Any

_SITE = "https://www.example.com"

#: Weight and attribution. "(direct)", "(none)" and "(not set)" are Nimbata's words for "no value".
_SOURCES: tuple[tuple[int, dict[str, str | None]], ...] = (
    (34, {"source_type": "Google Paid", "source": "google", "medium": "cpc", "campaign": "spring",
          "keyword": "ac repair", "gclid": "Cj0KCQ", "landing_page": f"{_SITE}/ac-repair"}),
    (12, {"source_type": "Google Paid", "source": "google", "medium": "cpc", "campaign": "emergency",
          "keyword": "plumber near me", "gclid": "EAIaIQ", "landing_page": f"{_SITE}/emergency"}),
    (18, {"source_type": "Google Organic", "source": "google", "medium": "organic", "campaign": "(not set)",
          "keyword": "(not provided)", "landing_page": f"{_SITE}/"}),
    (14, {"source_type": "Direct", "source": "(direct)", "medium": "(none)", "campaign": "(none)",
          "landing_page": f"{_SITE}/"}),
    (8, {"source_type": "GMB", "source": "(not set)", "medium": "Google Business Profile"}),
    (6, {"source_type": "Facebook Paid", "source": "facebook", "medium": "paid_social", "campaign": "réno-été 2026",
         "fbclid": "IwAR2x", "landing_page": f"{_SITE}/angebot?größe=xl"}),
    (5, {"source_type": "Microsoft Paid", "source": "bing", "medium": "cpc", "campaign": "brand",
         "keyword": "example services", "msclkid": "f00dcafe", "landing_page": f"{_SITE}/"}),
    (3, {"source_type": "Offline", "source": "Offline", "medium": "Van sign"}),
)  # fmt: skip

_WEIGHTS = tuple(weight for weight, _ in _SOURCES)
_CLICK_IDS = ("gclid", "fbclid", "msclkid")
#: Keys that an attribution may have; also what a caller of the control API may set.
ATTRIBUTION = ("source_type", "source", "medium", "campaign", "keyword", *_CLICK_IDS, "landing_page")


def draw_source(rng: Random) -> dict[str, Any]:
    """An attribution; its click id is one of a kind, as each click has its own."""
    source: dict[str, Any] = dict(rng.choices([source for _, source in _SOURCES], _WEIGHTS)[0])
    for name in _CLICK_IDS:
        if name in source:
            source[name] = f"{source[name]}{rng.getrandbits(48):012x}"
            parameter = "&" if "?" in source["landing_page"] else "?"
            source["landing_page"] += f"{parameter}{name}={source[name]}"
    return source

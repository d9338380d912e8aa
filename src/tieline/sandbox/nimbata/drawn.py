"""What chance gives to calls, forms and texts: outcomes, durations, tags, money, forms and words."""

from __future__ import annotations

from random import Random

import msgspec

from tieline.sandbox.nimbata.records import Outcome

_OUTCOMES: dict[Outcome, int] = {"ANSWERED": 72, "NOT_ANSWERED": 17, "VOICEMAIL": 8, "BLOCKED": 3}
HANGUP_CAUSES: dict[Outcome, str] = {
    "ANSWERED": "Normal Clearing",
    "NOT_ANSWERED": "No Answer",
    "VOICEMAIL": "Normal Clearing",
    "BLOCKED": "Spam Filter",
}
#: Shortest and longest ring, then talk, in seconds.
_SPANS: dict[Outcome, tuple[tuple[int, int], tuple[int, int]]] = {
    "ANSWERED": ((3, 25), (8, 1500)),
    "NOT_ANSWERED": ((5, 45), (0, 0)),
    "VOICEMAIL": ((20, 30), (4, 120)),
    "BLOCKED": ((0, 0), (0, 0)),
}
TAGS = (
    "Qualified Lead", "Existing Customer", "Call Back Requested", "Satisfied", "Appt. Booked", "Frustrated/Angry",
    "Köln-Süd", "VIP ⭐", "Austin",
)  # fmt: skip
MESSAGES = (
    "YES", "STOP", "Is tomorrow 9am ok?", "¿Hablan español?", "Können Sie mich zurückrufen?", "👍🏽 see you then",
    "Привет, сколько стоит ремонт?", "Address is 12 Main St,\nring twice", "Kia ora — running late, sorry!",
)  # fmt: skip
_REQUESTS = (
    "Need a quote", "Our AC stopped working last night. Please call.", "Wie teuer ist eine Wartung?",
    "Call me \"any time\" <after 5pm> & thanks", "見積もりをお願いします", "💧💧 leak!!", "",
)  # fmt: skip
SUMMARIES = (
    "Asked for a quote; wants a visit on Friday.", "Complained about a late technician.",
    "Booked an appointment for next week.", "Wrong number.",
)  # fmt: skip
TASKS = ("Call back", "Send the quote", "Angebot schicken", "Book the visit 🗓️", "Fa’afetai — follow up")
NOTES = (
    "Prefers mornings.", "Asked about the warranty;\nwants it in writing.", "Hund im Hof, bitte klingeln!",
    "Pagó en efectivo ✔", "お客様は平日のみ対応可能",
)  # fmt: skip
VISITS = ("Site visit", "Beratung", "Quote at home", "Réunion d’accueil")
COMPANIES = ("Acme Ltd", "Müller & Söhne GmbH", "Te Aroha Builders", "O’Brien Heating", "株式会社サンプル")


class FormPage(msgspec.Struct, frozen=True, kw_only=True):
    """A form of the business's site, with the names that its author gave to the fields."""

    id: str
    name: str
    page_url: str
    #: Field name → what stands in it: name, first, last, email, phone or message.
    fields: tuple[tuple[str, str], ...]

    def fill(
        self, rng: Random, *, name: str, given: str, family: str, email: str, phone: str
    ) -> dict[str, str]:
        """The fields as a visitor fills them in; what the visitor does not tell is ""."""
        values = {
            "name": name, "first": given, "last": family, "email": email, "phone": phone,
            "message": rng.choice(_REQUESTS),
        }  # fmt: skip
        return {label: values[kind] for label, kind in self.fields}


FORMS = (
    FormPage(
        id="contact-us",
        name="Contact us",
        page_url="https://www.example.com/contact",
        fields=(("Your name", "name"), ("E-mail", "email"), ("Phone", "phone"), ("Message", "message")),
    ),
    FormPage(
        id="quote",
        name="Free quote",
        page_url="https://www.example.com/quote?from=footer",
        fields=(
            ("First name", "first"), ("Last name", "last"), ("Email", "email"), ("Mobile", "phone"),
            ("How can we help?", "message"),
        ),
    ),
)  # fmt: skip


def outcome(rng: Random) -> Outcome:
    """How a call of a local business ends."""
    return rng.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0]


def durations(rng: Random, outcome: Outcome, duration_s: int | None) -> tuple[int, int]:
    """Seconds from ring to end, and of talk; with `duration_s` that is the first of them."""
    ring, talk = (rng.randint(*span) for span in _SPANS[outcome])
    if duration_s is None:
        return ring + talk, talk
    return duration_s, max(duration_s - ring, 1) if talk and duration_s else 0


def tags(rng: Random, outcome: Outcome) -> tuple[str, ...]:
    """None to two tags; blocked calls are spam."""
    if outcome == "BLOCKED":
        return ("SPAM",)
    return tuple(rng.sample(TAGS, rng.choice((0, 0, 1, 1, 2))))


def a_tag(rng: Random) -> str:
    """One tag."""
    return rng.choice(TAGS)


def value(rng: Random, outcome: Outcome) -> float | None:
    """Money that some answered calls bring."""
    return round(rng.uniform(50, 2500), 2) if outcome == "ANSWERED" and rng.random() < 0.15 else None

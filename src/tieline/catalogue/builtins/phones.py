"""`format.phone`: one spelling for a number, or that it is none."""

from __future__ import annotations

from typing import Annotated

import msgspec
import phonenumbers
from msgspec import Meta

from tieline.catalogue.builtins.function import Function, Given, text_of
from tieline.mapping.phone import to_e164


class FormatPhone(msgspec.Struct, frozen=True, kw_only=True):
    """A number as somebody wrote it."""

    phone: Annotated[
        Given, Meta(title="Phone", description="A number in any spelling.", examples=["(201) 555-0123"])
    ]
    country: Annotated[
        str,
        Meta(title="Country", description="In which it is read where it names none; two letters.", max_length=2,
             examples=["US"]),
    ] = ""  # fmt: skip


class FormattedPhone(msgspec.Struct, frozen=True, kw_only=True):
    """The number in every way that is asked for; empty where it is none."""

    valid: Annotated[bool, Meta(title="Is a number", examples=[True])]
    phone: Annotated[str, Meta(title="International, for programs", examples=["+12015550123"])] = ""
    international: Annotated[str, Meta(title="International", examples=["+1 201-555-0123"])] = ""
    national: Annotated[str, Meta(title="National", examples=["(201) 555-0123"])] = ""
    country: Annotated[str, Meta(title="Country", examples=["US"])] = ""


def format_phone(given: FormatPhone) -> FormattedPhone:
    """What is no number is no error: a branch can ask for `valid`."""
    e164 = to_e164(text_of(given.phone, "phone"), given.country or None)
    if e164 is None:
        return FormattedPhone(valid=False)
    number = phonenumbers.parse(e164)
    return FormattedPhone(
        valid=True, phone=e164, country=phonenumbers.region_code_for_number(number) or "",
        international=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
        national=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL),
    )  # fmt: skip


FORMAT_PHONE = Function[FormatPhone, FormattedPhone](
    id="format.phone", title="Format a phone number",
    description="Reads a number in any spelling and writes it for programs and for people; says whether it is one.",
    input=FormatPhone, output=FormattedPhone, run=format_phone,
)  # fmt: skip

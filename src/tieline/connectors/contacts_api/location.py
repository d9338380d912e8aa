"""What a sync must know of a location beforehand; read once when it is connected, and again when asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from tieline.connectors.contacts_api.shapes import CustomField, Location
from tieline.errors import ConfigurationError

#: Field keys carry their model: "contact.nimbata_source".
_PREFIX = "contact."


class LocationFacts(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Country, duplicates and custom fields of one location; stands in its connection's settings as "location"."""

    id: str
    name: str = ""
    #: ISO 3166, two letters: how phone numbers without a country code are read.
    country: str
    #: IANA name.
    timezone: str = "UTC"
    allow_duplicates: bool = False
    #: Key ("nimbata_source") → id.
    custom_fields: dict[str, str] = {}

    @cached_property
    def custom_keys(self) -> dict[str, str]:
        """Id → key."""
        return {field_id: key for key, field_id in self.custom_fields.items()}

    @classmethod
    def from_answers(
        cls, location: Location, fields: list[CustomField], *, country: str | None = None
    ) -> LocationFacts:
        """The facts in what the location says of itself; `country` stands in where it names none.

        Raises ConfigurationError without a country: phones could not be read.
        """
        named = location.country if isinstance(location.country, str) and location.country.strip() else None
        found = country or named
        if found is None:
            raise ConfigurationError(
                f"location {location.id} names no country, so phone numbers cannot be read; give --country"
            )
        settings = location.settings
        return cls(
            id=location.id,
            name=str(location.name or ""),
            country=found.strip().upper(),
            timezone=str(location.timezone or "UTC"),
            allow_duplicates=bool(settings and settings.allow_duplicate_contact),
            custom_fields={
                key.removeprefix(_PREFIX): field.id
                for field in fields
                if isinstance(key := field.field_key, str) and key.startswith(_PREFIX)
            },
        )

    @classmethod
    def from_settings(cls, account: str, settings: Mapping[str, Any]) -> LocationFacts:
        """The facts as stored. Raises ConfigurationError where there are none."""
        stored = settings.get("location")
        if not isinstance(stored, dict):
            raise ConfigurationError(
                f"location {account} has never been read; run: tieline connect contacts-api … again"
            )
        try:
            return msgspec.convert({"id": account, **stored}, cls)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"settings of location {account}: {error}") from error

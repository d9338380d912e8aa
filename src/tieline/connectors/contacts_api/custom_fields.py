"""Keys and ids of custom fields: contacts carry ids alone, people know keys. Source: contacts-api.md, trap 8."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

#: Field keys carry their model: "contact.nimbata_source".
PREFIX = "contact."


class CustomFieldKeys:
    """Read once, and again whenever a key or an id is not among those read."""

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, str]]]) -> None:
        """`fetch` gives id by full key ("contact.nimbata_source")."""
        self._fetch = fetch
        self._ids: dict[str, str] | None = None
        self._keys: dict[str, str] = {}

    async def id_of(self, key: str) -> str | None:
        """The id of a field by its key, with or without "contact."; None where the location has none."""
        full = key if key.startswith(PREFIX) else PREFIX + key
        if self._ids is None or full not in self._ids:
            await self.refresh()
        return (self._ids or {}).get(full)

    async def key_of(self, field_id: str) -> str | None:
        """The key of a field, without "contact."; None where the location has none of that id."""
        if field_id not in self._keys:
            await self.refresh()
        return self._keys.get(field_id)

    async def refresh(self) -> None:
        """Read them again."""
        self._ids = await self._fetch()
        self._keys = {field_id: key.removeprefix(PREFIX) for key, field_id in self._ids.items()}

"""A store whose server tells the plan of every statement that is run on it, as it was run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tieline.store.pool import Store

#: The server's own module for it, loaded by the sessions of this store alone.
_OPTIONS = (
    "-csession_preload_libraries=auto_explain", "-cauto_explain.log_min_duration=0",
    "-cauto_explain.log_level=notice", "-cauto_explain.log_nested_statements=on",
)  # fmt: skip
_CONNECTIONS = 3


@dataclass
class Plans:
    """What was told since it was asked last."""

    told: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """The plans, and begin anew."""
        told, self.told = self.told, []
        return told

    def _hear(self, notice: Any) -> None:
        if "plan:" in notice.message_primary:
            self.told.append(notice.message_primary)


@asynccontextmanager
async def explained(url: str) -> AsyncIterator[tuple[Store, Plans]]:
    """The database of `url`, opened a second time."""
    mark = "&" if "?" in url else "?"
    plans = Plans()
    async with Store.open(f"{url}{mark}options={quote(' '.join(_OPTIONS))}", max_size=_CONNECTIONS) as store:
        async with AsyncExitStack() as all_of_them:
            for _ in range(_CONNECTIONS):
                connection = await all_of_them.enter_async_context(store.connection())
                connection.add_notice_handler(plans._hear)
        plans.take()
        yield store, plans

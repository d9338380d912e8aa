"""Choices that only the account knows: which operation lists them, and where they stand in its answer. Data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec


class OptionSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the choices of a field come from."""

    app: str
    #: Id of the operation that lists them.
    operation: str
    #: Where the rows stand in its answer: attribute names; a list on the way is gone through.
    rows: tuple[str, ...]
    #: Attribute of a row that is written, and the one that is shown.
    value: str = "id"
    label: str = "name"
    #: Name of the field whose chosen value narrows the choices: a pipeline's stages.
    within: str = ""
    #: Input of the operation that another one tells first: attribute → (operation, path in its answer).
    first: Mapping[str, tuple[str, tuple[str, ...]]] = {}
    #: Input that is always given.
    given: Mapping[str, str | int | bool] = {}


OptionKey = Literal[
    "calendars", "users", "pipelines", "stages", "tags", "custom_fields", "custom_values", "workflows", "campaigns",
    "businesses", "projects", "nimbata_tags", "nimbata_campaigns",
]  # fmt: skip

OPTIONS: Mapping[str, OptionSource] = {
    "calendars": OptionSource(app="contacts_api", operation="calendars.list", rows=("calendars",)),
    # Users are listed by company, which the location names.
    "users": OptionSource(
        app="contacts_api", operation="users.search", rows=("users",),
        first={"company_id": ("locations.get", ("location", "company_id"))},
    ),
    "pipelines": OptionSource(app="contacts_api", operation="opportunities.list_pipelines", rows=("pipelines",)),
    "stages": OptionSource(
        app="contacts_api", operation="opportunities.list_pipelines", rows=("pipelines", "stages"), within="pipelineId"
    ),
    "tags": OptionSource(app="contacts_api", operation="tags.list", rows=("tags",), value="name"),
    "custom_fields": OptionSource(app="contacts_api", operation="custom_fields.list", rows=("custom_fields",)),
    "custom_values": OptionSource(app="contacts_api", operation="custom_values.list", rows=("custom_values",)),
    "workflows": OptionSource(app="contacts_api", operation="workflows.list", rows=("workflows",)),
    "campaigns": OptionSource(app="contacts_api", operation="campaigns.list", rows=("campaigns",)),
    "businesses": OptionSource(app="contacts_api", operation="businesses.list", rows=("businesses",)),
    "projects": OptionSource(app="nimbata", operation="nimbata.project.list", rows=("rows",)),
    "nimbata_tags": OptionSource(app="nimbata", operation="nimbata.tag.list", rows=("rows",), value="name"),
    "nimbata_campaigns": OptionSource(app="nimbata", operation="nimbata.campaign.list", rows=("rows",)),
}  # fmt: skip

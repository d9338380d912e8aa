"""The shape of a whole definition file: its head, its rules, its examples, and what single locations have otherwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from tieline.sync.files.example_shape import ExampleSection
from tieline.sync.files.shape import (
    AppointmentsSection,
    ContactSection,
    KindsSection,
    NotesItemSection,
    NotesSection,
    PersonSection,
    TasksSection,
    Texts,
)


class SyncSection(msgspec.Struct, frozen=True, kw_only=True):
    """Which account is carried over to which locations, for `tieline sync apply FILE`."""

    name: str
    source: Annotated[str, Meta(description="connection of the call-tracking account")] = field(name="from")
    project: Annotated[str, Meta(description="only this project; left out: all of the account")] = ""
    projects: list[str] = []
    to: Annotated[Texts, Meta(description="connections of CRM locations")]
    differs: Annotated[list[str], Meta(description="written by `apply`: where this location differs")] = []


class RulesSection(msgspec.Struct, frozen=True, kw_only=True):
    """Rules that one location has otherwise: what is named replaces, null goes back to what holds by default."""

    contact: ContactSection = ContactSection()
    note: NotesSection = NotesSection()
    kinds: KindsSection = KindsSection()
    person: PersonSection = PersonSection()
    tasks: TasksSection = TasksSection()
    notes: NotesItemSection = NotesItemSection()
    appointments: AppointmentsSection = AppointmentsSection()


class DefinitionFile(msgspec.Struct, frozen=True, kw_only=True):
    """A sync's definition."""

    version: Literal[1]
    sync: SyncSection | UnsetType = UNSET
    contact: ContactSection = ContactSection()
    note: NotesSection = NotesSection()
    kinds: KindsSection = KindsSection()
    person: PersonSection = PersonSection()
    tasks: TasksSection = TasksSection()
    notes: NotesItemSection = NotesItemSection()
    appointments: AppointmentsSection = AppointmentsSection()
    examples: list[ExampleSection] = []
    differences: Annotated[dict[str, Any], Meta(description="by location: rules that it has otherwise")] = {}

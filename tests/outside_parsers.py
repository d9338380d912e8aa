"""Every function that meets bytes from outside: what it is given, what it may raise, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st

from tests import outside
from tieline.connectors.contacts_api.triggers.told import FieldValue
from tieline.connectors.contacts_api.webhooks import CrmChange
from tieline.connectors.contacts_api.webhooks import Peek as CrmPeek
from tieline.connectors.kit.paging import Page
from tieline.connectors.kit.rate_headers import Told
from tieline.connectors.kit.signatures import HmacScheme, Refused, Verified, load_ed25519_keys
from tieline.connectors.nimbata import payloads, triggers
from tieline.connectors.nimbata.activity import Happening
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.envelope import Opened
from tieline.connectors.nimbata.settings_file import SettingsError, SettingsFile
from tieline.connectors.nimbata.shapes import CallRecord
from tieline.connectors.nimbata.webhooks import Peek
from tieline.domain.derived import DerivedPerson
from tieline.domain.items import Appointment, Note, Task
from tieline.errors import ConfigurationError, UnreadableError
from tieline.mapping.fields import Definition
from tieline.mapping.template import TemplateError
from tieline.sandbox.faults import FaultError
from tieline.server.people.item_input import ItemFields
from tieline.sync.files.definition import DefinitionError
from tieline.sync.files.sync_file import SyncFile
from tieline.vault.seal import BrokenSeal, Sealer, Vault
from tieline.workflows.definition import Definition as WorkflowDefinition
from tieline.workflows.read import DefinitionError as WorkflowMistake

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
Kinds = type[Any] | tuple[type[Any], ...]
NONE = type(None)
_CONFIG = build({})
_CHICAGO = ZoneInfo("America/Chicago")
PUBLIC_KEY = "1tVeM5K1cQ4q0nR5wX2pPzk1m8nN8pN1bQ0s0cWcXzU="
_KEYS = load_ed25519_keys([PUBLIC_KEY])
_ZONES = st.sampled_from((UTC, _CHICAGO))
_COUNTRIES = st.sampled_from(("US", "DE", None))
_RAW = outside.bodies.map(msgspec.Raw)


@dataclass(frozen=True)
class Parser:
    """One of them."""

    #: Its arguments.
    given: st.SearchStrategy[tuple[Any, ...]]
    gives: Kinds
    #: Whatever else it raises is a mistake.
    raises: Kinds = ()
    named: dict[str, Any] | None = None


def _one(strategy: st.SearchStrategy[Any], *more: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(strategy, *(one if isinstance(one, st.SearchStrategy) else st.just(one) for one in more))


def _fields() -> st.SearchStrategy[ItemFields]:
    texts = st.sampled_from((msgspec.UNSET, None)) | outside.words
    names = [name for name in ItemFields.__struct_fields__ if name != "completed"]
    drawn = st.dictionaries(st.sampled_from(names), texts, max_size=4)
    return drawn.map(lambda values: msgspec.structs.replace(ItemFields(), **values))


def _yaml() -> st.SearchStrategy[str]:
    lines = st.sampled_from((
        "version: 1", "contact:", "  create: true", "  fields:", "    - {to: phone, from: phone}", "person:",
        "tasks: {}", "  direction: both", "source:", "  - &a [*a]", "x: !!python/object:os.system {}", "? {a: b}",
        "- - - -", "a: |", "\t",
        "nimbata:", "time: {naive_zone: Mars}", "locations: {}", "- {to: first_name, from: '{caller_name|title}'}",
        "- {to: source, from: '{{ caller | upcase }}'}", "webhooks: {auth: [{type: hmac}]}",
    ))  # fmt: skip
    return st.lists(lines | outside.words, max_size=8).map("\n".join) | outside.words


_NIMBATA = "tieline.connectors.nimbata."
_CRM = "tieline.connectors.contacts_api."
_KIT = "tieline.connectors.kit."
_SIGNED = (Verified, Refused)
_HINT = (
    st.none()
    | st.sampled_from(("call.completed", "form.submitted", "call.updated", "task.changed"))
    | outside.words
)
_KIND = st.sampled_from(("call", "form", "text", "contact", "task.changed", "call.updated", "nonsense"))

PARSERS: dict[str, Parser] = {
    # What a connection's webhooks say, and whether it is genuine.
    f"{_NIMBATA}envelope:decode": Parser(_one(outside.bodies), dict, UnreadableError),
    f"{_NIMBATA}envelope:decode_leniently": Parser(_one(outside.bodies), object, UnreadableError),
    f"{_NIMBATA}envelope:split": Parser(_one(outside.bodies, st.none() | outside.words), list, UnreadableError),
    f"{_NIMBATA}envelope:open_body": Parser(
        _one(outside.records, _HINT, _CONFIG.webhooks, None), Opened, UnreadableError
    ),
    f"{_NIMBATA}activity:parse": Parser(_one(outside.bodies, _HINT, _CONFIG), Happening, UnreadableError),
    f"{_NIMBATA}activity:parse_row": Parser(_one(_KIND, outside.bodies, _CONFIG), Happening, UnreadableError),
    f"{_NIMBATA}payloads:read_event": Parser(
        _one(st.sampled_from(triggers.TRIGGERS), outside.bodies, _CONFIG, _HINT), payloads.Told, UnreadableError
    ),
    f"{_NIMBATA}webhooks:peek": Parser(_one(outside.bodies, _HINT, _CONFIG), Peek, UnreadableError),
    f"{_CRM}webhooks:verify": Parser(
        _one(st.just(_KEYS), outside.headers, outside.bodies), _SIGNED, named={"now": NOW}
    ),
    f"{_CRM}webhooks:parse": Parser(_one(outside.bodies, {"f1": "key"}), CrmChange, UnreadableError),
    f"{_CRM}webhooks:peek": Parser(_one(outside.bodies, outside.headers), CrmPeek, UnreadableError),
    f"{_CRM}webhooks:fields_of": Parser(_one(outside.bodies), dict, UnreadableError),
    f"{_CRM}triggers.told:read": Parser(_one(st.just(FieldValue), outside.records), FieldValue),
    f"{_KIT}signatures:verify_secret": Parser(_one(outside.header_values, ("a", "", "ä")), _SIGNED),
    f"{_KIT}signatures:verify_basic": Parser(_one(outside.header_values, ("u:p",)), _SIGNED),
    f"{_KIT}signatures:verify_hmac": Parser(
        _one(st.just(HmacScheme()), outside.headers, outside.bodies, ("s",), NOW)
        | _one(
            st.just(HmacScheme(signed="{body}", timestamp_header=None, timestamp_key="timestamp")),
            outside.headers, outside.bodies, ("s",), NOW,
        ),
        _SIGNED,
    ),
    f"{_KIT}signatures:verify_ed25519": Parser(_one(outside.base64s, outside.bodies, _KEYS), _SIGNED),
    f"{_KIT}signatures:load_ed25519_keys": Parser(
        _one(st.lists(outside.base64s, max_size=2)), tuple, ConfigurationError
    ),
    f"{_KIT}signatures:verify_age": Parser(_one(outside.words | st.floats(), NOW, 300.0), _SIGNED),
    f"{_KIT}signatures:read_moment": Parser(_one(outside.words | st.floats()), (datetime, NONE)),
    # What answers say.
    f"{_KIT}rate_headers:read_told": Parser(_one(outside.headers), (Told, NONE)),
    f"{_KIT}rate_headers:read_retry_after": Parser(
        _one(st.builds(dict, st.tuples(st.tuples(st.just("Retry-After"), outside.header_values)))), (float, NONE),
        named={"at_most_s": 60.0, "now": NOW},
    ),
    f"{_NIMBATA}lists:read_page": Parser(_one(_RAW, _CONFIG, 1), Page, UnreadableError),
    f"{_NIMBATA}lists:read_listing": Parser(_one(_RAW, _CONFIG), tuple, UnreadableError),
    f"{_NIMBATA}lists:read_item": Parser(_one(_RAW, _CONFIG), tuple, UnreadableError),
    f"{_NIMBATA}item_rows:read_item_page": Parser(_one(_RAW, "task", _CONFIG, 1), Page, UnreadableError),
    f"{_NIMBATA}whole:read_whole": Parser(
        _one(st.just(CallRecord), outside.bodies, _CONFIG), CallRecord, UnreadableError
    ),
    f"{_CRM}shapes_calendars:read_moment": Parser(
        _one(outside.scalars, st.none() | st.just(_CHICAGO)), (datetime, NONE)
    ),
    # Values in them.
    f"{_NIMBATA}values:read_text": Parser(_one(outside.values, ("-",)), (str, NONE)),
    f"{_NIMBATA}values:read_id": Parser(_one(outside.values), (str, NONE)),
    f"{_NIMBATA}values:read_bool": Parser(_one(outside.values), (bool, NONE)),
    f"{_NIMBATA}values:read_moment": Parser(
        _one(outside.values, ("%d.%m.%Y %H:%M", "%s", "%"), _ZONES), (datetime, NONE)
    ),
    f"{_NIMBATA}values:read_duration_s": Parser(_one(outside.values), (int, NONE)),
    f"{_NIMBATA}values:read_money": Parser(_one(outside.values), (Decimal, NONE)),
    f"{_NIMBATA}values:read_tags": Parser(_one(outside.values, ("-",)), tuple),
    "tieline.mapping.appointment_status:read_status": Parser(_one(outside.words, st.none() | outside.words), str),
    "tieline.mapping.moments:read_moment": Parser(_one(outside.words, st.none() | _ZONES), datetime, ValueError),
    "tieline.mapping.name:split": Parser(_one(outside.words), tuple),
    "tieline.mapping.email:normalise": Parser(_one(outside.words), (str, NONE)),
    "tieline.mapping.phone:to_e164": Parser(_one(outside.words, _COUNTRIES), (str, NONE)),
    "tieline.mapping.reference:split_reference": Parser(_one(st.none() | outside.words), tuple),
    # What people write: files, items, addresses.
    "tieline.mapping.template:parse": Parser(_one(outside.words), tuple, TemplateError),
    f"{_NIMBATA}settings_file:read_settings": Parser(
        _one(_yaml()), SettingsFile, (SettingsError, ConfigurationError)
    ),
    "tieline.sync.files.definition:parse_definition": Parser(_one(_yaml()), Definition, DefinitionError),
    "tieline.sync.files.sync_file:parse_sync_file": Parser(_one(_yaml()), SyncFile, DefinitionError),
    "tieline.server.people.item_input:read_item": Parser(
        _one(st.sampled_from(("task", "note", "appointment")), _fields()), (Task, Note, Appointment), ConfigurationError
    ),
    "tieline.server.people.item_input:read_moment": Parser(
        _one(st.just("due_at"), outside.words, st.none() | st.just(_CHICAGO)), datetime, ConfigurationError
    ),
    "tieline.server.people.timeline:read_mark": Parser(
        _one(st.none() | outside.words | st.tuples(outside.words, st.integers(), st.integers()).map(
            lambda drawn: f"2026-11-02T12:00:00+00:00_1_{drawn[1]}_{drawn[2]}"
        )), (msgspec.Struct, NONE), ConfigurationError
    ),
    "tieline.server.people.people:read_number": Parser(
        _one(outside.words | st.integers().map("person:{}".format)), int, ConfigurationError
    ),
    "tieline.server.trouble.edits:edited": Parser(_one(outside.bodies, ()), bytes, ConfigurationError),
    "tieline.server.access.limits:depth": Parser(_one(outside.bodies), int),
    "tieline.server.access.scopes:require_scopes": Parser(
        _one(st.lists(outside.words, max_size=3)), tuple, ConfigurationError
    ),
    "tieline.domain.derived:DerivedPerson.parse": Parser(
        _one(outside.words | outside.words.map("drv:{}".format)), (DerivedPerson, NONE)
    ),
    "tieline.engine.lane:read_lane": Parser(_one(outside.words), (int, NONE)),
    f"{_KIT}outward_guard:read_entry": Parser(_one(outside.words), msgspec.Struct, ConfigurationError),
    "tieline.mapping.liquid_text:parse": Parser(_one(outside.words), object, TemplateError),
    "tieline.workflows.durations:parse_duration": Parser(_one(outside.words), timedelta, ValueError),
    "tieline.workflows.read:read_definition": Parser(_one(_yaml()), WorkflowDefinition, WorkflowMistake),
    # What is sealed, or was written down.
    "tieline.vault.master:decode_key": Parser(_one(outside.base64s, "the key"), bytes, ConfigurationError),
    "tieline.vault.seal:Vault.unseal": Parser(
        _one(st.just(Vault(bytes(32))), st.binary(max_size=80) | st.binary(max_size=40).map(b"tlk1".__add__)), bytes,
        BrokenSeal, named={"context": "a"},
    ),
    "tieline.vault.seal:Sealer.open": Parser(
        _one(st.just(Sealer(bytes(32), 1)), "a", st.binary(max_size=80)), bytes, BrokenSeal
    ),
    # The sandbox, which strangers reach where somebody opens it to them.
    "tieline.sandbox.faults:read_rules": Parser(_one(outside.values), list, FaultError),
}  # fmt: skip

_OURS = "given what one of the others has read, and tried with it"
_STORED = "reads rows of our own store"
#: Functions with such a name that meet nothing from outside, and why.
NOT_OUTSIDE: dict[str, str] = {
    f"{_NIMBATA}answers:decoder": "gives what reads; that is tried with every operation (test_outside_answers)",
    f"{_KIT}outcome:read_value": "tried with every operation (test_outside_answers)",
    f"{_KIT}outcome:read_refusal": "tried with every operation (test_outside_answers)",
    f"{_NIMBATA}forms:read_form": _OURS,
    f"{_NIMBATA}readers:read_call": _OURS,
    f"{_NIMBATA}readers:read_text_message": _OURS,
    f"{_NIMBATA}readers:read_contact": _OURS,
    f"{_NIMBATA}readers:read_attribution": _OURS,
    f"{_NIMBATA}webhooks:verify": "runs checks of kit.signatures, each of which is tried",
    "tieline.server.people.own_events:parse_own_event": "bodies that we wrote, and sealed",
    "tieline.server.people.undo_events:read_undo": "bodies that we wrote, and sealed",
    "tieline.server.people.history:load_lines": _STORED,
    "tieline.server.people.history:load_pairs": _STORED,
    "tieline.sync.who.conflicts:load_answers": _STORED,
    "tieline.store.migrate:load_alembic": "imports a library",
    "tieline.store.dump.frames:read_frames": "a file; cut, flipped, and another altogether in tests/store/test_dump.py",
    "tieline.store.dump.restore:read_manifest": "a file; cut, flipped, and newer ones in tests/store/test_dump.py",
    "tieline.store.dump.tables:read_rows": _STORED,
    "tieline.workflows.templates.__init__:read_template": "files of this package, each of which is read in its tests",
    "tieline.store.grants:load_grant": _STORED,
    "tieline.store.grants:load_grants": _STORED,
    "tieline.store.grants:load_apps": _STORED,
    "tieline.store.backfill:load_run": _STORED,
    "tieline.store.own_items:load": _STORED,
    "tieline.server.access.passwords:verify_password": "takes any text; slow on purpose, it has tests of its own",
    "tieline.server.accounts.connections:read_location": "asks the far side; its answers are tried by operation",
    "tieline.vault.keys:load_master_key": "reads a file of ours by decode_key, which is tried",
    "tieline.cli.secret_input:read_secret": "gives any text as it is",
    "tieline.cli.secret_input:read_file": "gives any text as it is; what is no text is refused by its own tests",
    "tieline.cli.nimbata_account:read_account": "flags that the command line has read",
    "tieline.sandbox.faults:load_rules": "a file of whoever runs the sandbox, read by read_rules",
}


def callables() -> dict[str, Callable[..., Any]]:
    """Name → function, of all in the table. Raises ImportError and AttributeError where one is gone."""
    from importlib import import_module
    from operator import attrgetter

    return {
        name: attrgetter(name.partition(":")[2])(import_module(name.partition(":")[0])) for name in PARSERS
    }

"""The app and its plan, locations, users, and how e-mails got on."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.triggers.told import Told


class Trial(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long a paid app is free at first; the duration is in days."""

    on_trial: Loose = None
    trial_duration: Loose = None
    trial_start_date: Loose = None


class InstallTold(Told, frozen=True, kw_only=True, rename="camel"):
    """Who allowed the app: a location, or without `location_id` the whole company. The user may be missing."""

    company_id: Loose = None
    user_id: Loose = None
    plan_id: Loose = None
    trial: Trial = Trial()
    is_whitelabel_company: Loose = None
    whitelabel_details: dict[str, Any] | None = None
    company_name: Loose = None


class UninstallTold(Told, frozen=True, kw_only=True, rename="camel"):
    """Who does not allow it any more: a location, or the whole company."""

    company_id: Loose = None


class PlanTold(Told, frozen=True, kw_only=True, rename="camel"):
    """From which plan of a paid app to which."""

    company_id: Loose = None
    user_id: Loose = None
    current_plan_id: Loose = None
    new_plan_id: Loose = None


class LocationTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A location; its own id stands in `id`."""

    id: Loose = None
    company_id: Loose = None
    name: Loose = None
    email: Loose = None
    stripe_product_id: Loose = None


class UserTold(Told, frozen=True, kw_only=True, rename="camel"):
    """Somebody who works at a location, or for the company."""

    id: Loose = None
    company_id: Loose = None
    first_name: Loose = None
    last_name: Loose = None
    email: Loose = None
    phone: Loose = None
    extension: Loose = None
    role: Loose = None
    permissions: dict[str, Any] | None = None
    locations: list[Any] | None = None


class EmailReport(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What became of an e-mail on its way to one recipient."""

    #: "delivered", "failed", "opened", …
    event: Loose = None
    id: Loose = None
    #: Unix seconds.
    timestamp: Loose = None
    recipient: Loose = None
    recipient_domain: Loose = None
    recipient_provider: Loose = None
    log_level: Loose = None
    tags: list[Any] | None = None
    campaigns: list[Any] | None = None
    flags: dict[str, Any] | None = None
    message: dict[str, Any] | None = None
    delivery_status: dict[str, Any] | None = None
    envelope: dict[str, Any] | None = None


class EmailStatsTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A report of the CRM's own e-mail service."""

    company_id: Loose = None
    webhook_payload: EmailReport = EmailReport()


APP_INSTALLED = Trigger[InstallTold](
    id="app.installed", app="contacts_api", title="App installed", event="AppInstall",
    types=("INSTALL", "AppInstall"), output=InstallTold, source="webhook-events/AppInstall.json",
    description="A location or a company allowed the app. It may come before a token can be made.",
)  # fmt: skip

APP_UNINSTALLED = Trigger[UninstallTold](
    id="app.uninstalled", app="contacts_api", title="App uninstalled", event="AppUninstall",
    types=("UNINSTALL", "AppUninstall"), output=UninstallTold, source="webhook-events/AppUninstall.json",
    description="A location or a company does not allow the app any more.",
)  # fmt: skip

PLAN_CHANGED = Trigger[PlanTold](
    id="app.plan_changed", app="contacts_api", title="Plan of the app changed", event="PlanChange",
    types=("PLAN_CHANGE", "PlanChange"), output=PlanTold, source="webhook-events/PlanChange.json",
    description="A customer of a paid app chose another plan.",
)  # fmt: skip

LOCATION_CREATED = Trigger[LocationTold](
    id="locations.created", app="contacts_api", title="Location created", event="LocationCreate",
    types=("LocationCreate",), scopes=("locations.readonly",), output=LocationTold,
    source="webhook-events/LocationCreate.json", description="A company has a new location; told to its apps alone.",
)  # fmt: skip

LOCATION_UPDATED = Trigger[LocationTold](
    id="locations.updated", app="contacts_api", title="Location changed", event="LocationUpdate",
    types=("LocationUpdate",), scopes=("locations.readonly",), output=LocationTold,
    source="webhook-events/LocationUpdate.json", description="Name, address or settings of a location changed.",
)  # fmt: skip

USER_CREATED = Trigger[UserTold](
    id="users.created", app="contacts_api", title="User created", event="UserCreate", types=("UserCreate",),
    output=UserTold, source="webhook-events/UserCreate.json",
    description="Somebody new works at a location, or for the company.",
)  # fmt: skip

EMAIL_REPORTED = Trigger[EmailStatsTold](
    id="emails.reported", app="contacts_api", title="E-mail delivery reported", event="LCEmailStats",
    types=("LCEmailStats",), output=EmailStatsTold, source="webhook-events/LCEmailStats.json",
    description="The CRM's own e-mail service tells what became of an e-mail on its way to one recipient.",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (
    APP_INSTALLED, APP_UNINSTALLED, PLAN_CHANGED, LOCATION_CREATED, LOCATION_UPDATED, USER_CREATED, EMAIL_REPORTED,
)  # fmt: skip

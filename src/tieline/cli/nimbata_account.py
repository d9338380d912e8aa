"""A call-tracking account as flags and a settings file describe it: what a flag says goes before the file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tieline.cli.secret_input import read_file
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.connectors.nimbata.config import NimbataConfig
    from tieline.connectors.nimbata.settings_file import SettingsFile
    from tieline.server.accounts.connections import NewConnection

ProofName = Literal["url_key", "header", "basic", "hmac", "none"]
#: Products whose signing key only they can make.
_MAKES_ITS_KEY = {"callrail": "CallRail", "ctm": "CallTrackingMetrics"}
#: What is polled of each project → the operation that lists it.
_STREAMS = {"call": "nimbata.call.list", "form": "nimbata.form.list", "text": "nimbata.sms.list"}


class Flags(msgspec.Struct, frozen=True, kw_only=True):
    """What was said on the command line; None = nothing."""

    name: str
    account: str | None = None
    base_url: str | None = None
    projects: tuple[str, ...] = ()
    preset: str | None = None
    mode: str | None = None
    webhook_auth: ProofName | None = None
    webhook_secret: str | None = None
    settings: Path | None = None
    poll_every_s: float | None = None
    general: dict[str, Any] = {}


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account, all but its token."""

    flags: Flags
    account: str
    base_url: str
    settings: dict[str, Any]
    #: Where the file holds one.
    token: str
    #: Proof → secret, "" where one has to be made.
    webhook_secrets: dict[str, str]

    @property
    def config(self) -> NimbataConfig:
        """The settings, checked."""
        from tieline.connectors.nimbata.config import build

        return build(self.settings)

    @property
    def product(self) -> str | None:
        """Whose key signs deliveries, where that product alone can make it."""
        return _MAKES_ITS_KEY.get(self.config.preset)

    def connection(self, token: str) -> NewConnection:
        """What is to be saved."""
        from tieline.server.accounts.connections import NewConnection, NewPoll
        from tieline.server.sweeps.standard_polls import walk_poll
        from tieline.store.directory import Credential

        config = self.config
        told = self.flags.poll_every_s
        every_s = config.polling.every_s if told is None else told
        polls = [
            NewPoll(stream=stream, project=project, every_s=every_s)
            for stream, listing in _STREAMS.items()
            if config.offers(listing)
            for project in config.projects
        ]
        if config.offers("nimbata.contact.find"):
            polls.append(NewPoll(stream="contact", every_s=every_s))
        if config.mode == "native":
            polls.append(walk_poll(every_s))
        return NewConnection(
            name=self.flags.name, connector="nimbata", base_url=self.base_url, account=self.account,
            credential=Credential(token=token, webhook_secrets=self.webhook_secrets),
            settings={**self.settings, **self.flags.general}, polls=tuple(polls) if every_s else (),
            since=datetime.now(UTC),
        )  # fmt: skip


def read_account(flags: Flags) -> Account:
    """Flags and file together. Raises ConfigurationError; of a file it tells every mistake with line and column."""
    from tieline.connectors.nimbata.client import BASE_URL
    from tieline.connectors.nimbata.presets import with_preset
    from tieline.connectors.nimbata.settings_file import SettingsFile, read_settings

    file = SettingsFile()
    if flags.settings is not None:
        file = read_settings(read_file(flags.settings), name=str(flags.settings), environment=os.environ)
    account = flags.account or file.account
    if not account:
        raise ConfigurationError("the account is needed: --account, or `account` in the settings file")
    own = dict(file.settings)
    own["preset"] = flags.preset or own.get("preset", "nimbata")
    own["mode"] = flags.mode or own.get("mode", "derived")
    # Another product's deliveries name no project of ours: all of them are of one, which the account's id names.
    alone = [account] if own["preset"] != "nimbata" else []
    own["projects"] = list(flags.projects) or own.get("projects") or alone
    own = _with_proofs(own, flags.webhook_auth)
    proofs = with_preset(own).get("webhooks", {}).get("auth")
    kinds = ["url_key"] if proofs is None else [one["type"] for one in proofs]
    if proofs is None and flags.webhook_auth is not None:
        kinds = [flags.webhook_auth]
    found = Account(
        flags=flags, account=account, base_url=flags.base_url or file.base_url or BASE_URL, settings=own,
        token=file.token, webhook_secrets=_secrets(kinds, file, flags.webhook_secret),
    )  # fmt: skip
    assert found.config is not None
    return found


def _with_proofs(own: dict[str, Any], asked: ProofName | None) -> dict[str, Any]:
    """The settings with the proof that a flag asks for, unless they have one of that kind."""
    from tieline.connectors.nimbata.presets import with_preset

    if asked is None:
        return own
    there = with_preset(own).get("webhooks", {}).get("auth")
    if there is None and asked != "none":
        return own
    if there is not None and [one["type"] for one in there] == [asked]:
        return own
    return {**own, "webhooks": {**own.get("webhooks", {}), "auth": [{"type": asked}]}}


def _secrets(kinds: list[str], file: SettingsFile, given: str | None) -> dict[str, str]:
    """A secret for each proof. One that was given is the first's; what the file holds goes to its own."""
    secrets = {kind: file.webhook_secrets.get(kind, "") for kind in kinds if kind != "none"}
    if given and secrets:
        secrets[next(iter(secrets))] = given
    return secrets

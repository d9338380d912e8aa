"""Settings of an account as a person writes them into a file: every mistake told with its line and column.

Beside what a connection keeps of them, the file may hold the address, the account, the token and webhook secrets; these
go into the connection itself. "${NAME}" is filled in from the environment. Source: nimbata.md, B8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from yaml.nodes import MappingNode, Node

from tieline.connectors.nimbata import config
from tieline.connectors.nimbata.checks import problems as problems_of
from tieline.connectors.nimbata.config import NimbataConfig, build
from tieline.connectors.nimbata.presets import with_preset
from tieline.errors import ConfigurationError
from tieline.mapping.typed_yaml import TypedReader
from tieline.mapping.yaml_nodes import Problem, Reader


class SettingsError(ConfigurationError):
    """Settings that cannot be used; the message lists every problem as `file:line:column: message`."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"{name}:{one.line}:{one.column}: {one.message}" for one in self.problems))


class _UrlKey(config.UrlKey, frozen=True, kw_only=True, tag="url_key", forbid_unknown_fields=True):
    secret: str = ""


class _Header(config.HeaderSecret, frozen=True, kw_only=True, tag="header", forbid_unknown_fields=True):
    secret: str = ""


class _Basic(config.Basic, frozen=True, kw_only=True, tag="basic", forbid_unknown_fields=True):
    secret: str = ""


class _Signed(config.Signed, frozen=True, kw_only=True, tag="hmac", forbid_unknown_fields=True):
    secret: str = ""


class _Auth(config.Auth, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: str = ""


class _Webhooks(config.Webhooks, frozen=True, kw_only=True, forbid_unknown_fields=True):
    auth: tuple[_UrlKey | _Header | _Basic | _Signed | config.Unproved, ...] | None = None


class _Written(NimbataConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file may hold."""

    base_url: str = ""
    account: str = ""
    auth: _Auth = _Auth()
    webhooks: _Webhooks = _Webhooks()


class SettingsFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file's settings, taken apart. Its repr leaves out what is secret."""

    #: What a connection keeps.
    settings: dict[str, Any] = {}
    base_url: str = ""
    account: str = ""
    token: str = ""
    #: Proof of deliveries → its secret.
    webhook_secrets: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"SettingsFile(base_url={self.base_url!r}, account={self.account!r})"


def read_settings(
    text: str, *, name: str = "settings", environment: Mapping[str, str] | None = None
) -> SettingsFile:
    """The settings in a file, YAML or JSON, at its top or below "nimbata". Raises SettingsError.

    `environment` gives the values of "${NAME}"; None leaves such texts as they are.
    """
    reader = Reader()
    node = reader.compose(text)
    if node is None:
        raise SettingsError(name, reader.problems)
    node = _below(node)
    typed = TypedReader(reader, environment)
    found = _split(typed.read(node, _Written))
    for path, message in problems_of(_readable(found.settings, typed)):
        typed.say(path, message)
    if reader.problems:
        raise SettingsError(name, reader.problems)
    build(found.settings)
    return found


def _readable(settings: dict[str, Any], typed: TypedReader) -> NimbataConfig:
    """The configuration without proofs that contradict themselves; these are told."""
    webhooks = dict(settings.get("webhooks", {}))
    methods = []
    for number, method in enumerate(webhooks.get("auth") or ()):
        try:
            methods.append(msgspec.convert(method, config.AuthMethod))
        except msgspec.ValidationError as error:
            typed.say(f"webhooks.auth[{number}]", str(error))
    if len(methods) < len(webhooks.get("auth") or ()):
        webhooks["auth"] = msgspec.to_builtins(methods) or None
    return msgspec.convert(with_preset({**settings, "webhooks": webhooks}), NimbataConfig)


def _below(node: Node) -> Node:
    """The table under "nimbata", where the file holds nothing else."""
    if isinstance(node, MappingNode) and len(node.value) == 1 and node.value[0][0].value == "nimbata":
        inner: Node = node.value[0][1]
        return inner
    return node


def _split(written: dict[str, Any]) -> SettingsFile:
    settings = dict(written)
    base_url, account = settings.pop("base_url", ""), settings.pop("account", "")
    auth = dict(settings.get("auth", {}))
    token = auth.pop("token", "")
    if "auth" in settings:
        settings["auth"] = auth
    secrets: dict[str, str] = {}
    webhooks = dict(settings.get("webhooks", {}))
    if webhooks.get("auth") is not None:
        methods = [dict(one) for one in webhooks["auth"]]
        for one in methods:
            if secret := one.pop("secret", ""):
                secrets[one["type"]] = secret
        settings["webhooks"] = {**webhooks, "auth": methods}
    return SettingsFile(
        settings=settings, base_url=base_url, account=account, token=token, webhook_secrets=secrets
    )

"""The master key in HashiCorp Vault: one secret of a KV v2 engine, read and written through `hvac`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import hvac
import requests
from hvac import exceptions

from tieline.errors import ConfigurationError
from tieline.vault.master import decode_key, encode_key, new_key

Result = TypeVar("Result")
#: A start must not hang on a vault that does not answer, seconds.
TIMEOUT_S = 10


class HashicorpKeys:
    """The secret's `key` is in use; `next` was prepared by a rotation; `old` was in use before.

    Writes go by check-and-set, so that two hubs that begin at once cannot make two keys.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        mount: str = "secret",
        path: str = "tieline",
        namespace: str | None = None,
    ) -> None:
        self.where = f"HashiCorp Vault at {address}, {mount}/{path}"
        self._mount, self._path = mount, path
        self._client = hvac.Client(url=address, token=token, namespace=namespace, timeout=TIMEOUT_S)

    @classmethod
    def from_environment(cls, address: str) -> HashicorpKeys:
        """TIELINE_VAULT_TOKEN or TIELINE_VAULT_TOKEN_FILE, TIELINE_VAULT_MOUNT, TIELINE_VAULT_PATH and
        TIELINE_VAULT_NAMESPACE. Raises ConfigurationError."""
        token = os.environ.get("TIELINE_VAULT_TOKEN")
        if not token and (file := os.environ.get("TIELINE_VAULT_TOKEN_FILE")):
            try:
                token = Path(file).read_text("utf-8").strip()
            except OSError as error:
                raise ConfigurationError(
                    f"the token of HashiCorp Vault cannot be read from {file}: {error.strerror}"
                ) from error
        if not token:
            raise ConfigurationError(
                "TIELINE_VAULT_ADDR is set, but no token: set TIELINE_VAULT_TOKEN, or TIELINE_VAULT_TOKEN_FILE to the"
                " file that your agent keeps it in"
            )
        return cls(
            address, token, mount=os.environ.get("TIELINE_VAULT_MOUNT", "secret"),
            path=os.environ.get("TIELINE_VAULT_PATH", "tieline"), namespace=os.environ.get("TIELINE_VAULT_NAMESPACE"),
        )  # fmt: skip

    def read(self) -> list[bytes]:
        """Raises ConfigurationError with the next step."""
        held, _ = self._held()
        return [decode_key(held[name], f"{name} in {self.where}") for name in ("key", "next") if name in held]

    def make(self) -> bytes:
        """Whoever comes second takes what the first one made."""
        held, version = self._held()
        if "key" not in held:
            self._write({**held, "key": encode_key(new_key())}, version)
        return self.read()[0]

    def prepare(self) -> bytes:
        """Kept beside the one in use."""
        held, version = self._held()
        if "next" not in held:
            self._write({**held, "next": encode_key(new_key())}, version)
        return self.read()[1]

    def promote(self, key: bytes) -> None:
        """The one before stays as `old`: older backups need it."""
        held, version = self._held()
        if held.get("next") != encode_key(key):
            return
        self._write({"key": held["next"], "old": held["key"]}, version)

    def _held(self) -> tuple[dict[str, str], int]:
        """What the secret holds, and its version; 0 = there is none."""
        kv = self._client.secrets.kv.v2
        try:
            answer = self._asked(
                lambda: kv.read_secret_version(
                    path=self._path, mount_point=self._mount, raise_on_deleted_version=True
                )
            )
        except exceptions.InvalidPath as error:
            # Deleted versions count: what was deleted there must be looked at by a person, not replaced.
            if (error.json or {}).get("data"):
                raise ConfigurationError(
                    f"the master key in {self.where} was deleted; bring it back: vault kv undelete"
                ) from error
            return {}, 0
        return dict(answer["data"]["data"] or {}), int(answer["data"]["metadata"]["version"])

    def _write(self, held: dict[str, str], version: int) -> None:
        kv = self._client.secrets.kv.v2
        try:
            self._asked(
                lambda: kv.create_or_update_secret(
                    path=self._path, secret=held, cas=version, mount_point=self._mount
                )
            )
        except exceptions.InvalidRequest as error:
            if "check-and-set" not in str(error):
                raise ConfigurationError(f"{self.where} does not take the key: {error}") from error
            # Somebody was faster; what they wrote counts, and is read by whoever called.

    def _asked(self, call: Callable[[], Any]) -> Any:
        """Raises ConfigurationError with the next step, or InvalidPath and InvalidRequest for whoever called."""
        try:
            return call()
        except (exceptions.InvalidPath, exceptions.InvalidRequest):
            raise
        except exceptions.Forbidden:
            raise ConfigurationError(
                f"{self.where} refuses the token: it has expired or was revoked, or its policy does not allow to read"
                f" and write {self._mount}/data/{self._path}. Look with `vault token lookup`, and set"
                " TIELINE_VAULT_TOKEN to one that is good"
            ) from None
        except (exceptions.VaultDown, exceptions.VaultNotInitialized):
            raise ConfigurationError(
                f"{self.where} is sealed or not set up; unseal it with `vault operator unseal`, then start again"
            ) from None
        except exceptions.VaultError as error:
            raise ConfigurationError(f"{self.where} answers with an error: {type(error).__name__}") from None
        except requests.exceptions.RequestException as error:
            raise ConfigurationError(
                f"{self.where} cannot be reached ({type(error).__name__}); check TIELINE_VAULT_ADDR and that it runs"
            ) from None

"""A Nimbata account in memory, as far as Nimbata is known and as our assumptions have it. Source: nimbata.md."""

from tieline.sandbox.nimbata.emission import Emission, Emitted
from tieline.sandbox.nimbata.hook_target import HookTarget
from tieline.sandbox.nimbata.side import COUNTRIES, NimbataSide

__all__ = ["COUNTRIES", "Emission", "Emitted", "HookTarget", "NimbataSide"]

"""What a workflow can do without any account: pure functions, the steps that decide its way, and what begins it."""

from tieline.catalogue.builtins.function import AnyFunction, Function
from tieline.catalogue.builtins.logic import STEPS
from tieline.catalogue.builtins.moments import FORMAT_DATE
from tieline.catalogue.builtins.numbers import FORMAT_NUMBER
from tieline.catalogue.builtins.phones import FORMAT_PHONE
from tieline.catalogue.builtins.starts import STARTS
from tieline.catalogue.builtins.tables import LOOK_UP
from tieline.catalogue.builtins.texts import FORMAT_TEXT

FUNCTIONS: tuple[AnyFunction, ...] = (FORMAT_TEXT, FORMAT_NUMBER, FORMAT_DATE, FORMAT_PHONE, LOOK_UP)

__all__ = ["FUNCTIONS", "STARTS", "STEPS", "AnyFunction", "Function"]

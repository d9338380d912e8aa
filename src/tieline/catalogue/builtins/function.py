"""What a function of our own is: typed like an operation, and carried out on the spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from tieline.errors import MappingError

In = TypeVar("In", bound=msgspec.Struct)
Out = TypeVar("Out", bound=msgspec.Struct)

#: Characters of a text going in, and coming out.
LONGEST = 20_000
#: A text of a form; numbers and moments come as texts too, since a value may be any of them.
Given = str | int | float | None
Name = Annotated[str, msgspec.Meta(max_length=200)]


class Function(msgspec.Struct, Generic[In, Out], frozen=True, kw_only=True):
    """One pure function: no account, no quota, the same answer each time."""

    id: str
    title: str
    description: str
    input: type[In]
    output: type[Out]
    run: Callable[[In], Out]

    def call(self, given: Any) -> Any:
        """What comes of an input as JSON has it. Raises MappingError with the field."""
        try:
            asked = msgspec.convert(given, self.input, strict=False)
        except msgspec.ValidationError as error:
            raise MappingError(str(error), path=self.id) from None
        return msgspec.to_builtins(self.run(asked))


AnyFunction = Function[Any, Any]


def text_of(value: Any, path: str) -> str:
    """A value as text, "" for none. Raises MappingError for one that is too long."""
    text = "" if value is None else str(value)
    if len(text) > LONGEST:
        raise MappingError(f"a text of more than {LONGEST} characters", path=path)
    return text

"""What people read of conflicts: the question, what can be answered, and what an answer means. Pure."""

from __future__ import annotations

from typing import assert_never

from tieline.domain.side import SIDES, other
from tieline.sync.who.conflicts import DUPLICATE_TAG, Choice, Choose, Conflict, Keep, Merge, Reason, yes_or_no

#: The reason in words.
WORDS: dict[Reason, str] = {
    "two_records": "several records could be this person: the phone leads to one, the e-mail to another",
    "second_email": "the record with this phone has another e-mail, which the new one would overwrite",
    "shared_phone": "the record with this phone has another name: is the phone shared, or whose is it now?",
    "shared_email": "the record with this e-mail has another name: is the mailbox shared?",
    "two_people": "one record would join two people who are kept apart so far",
    "both_changed": "both sides changed the same field",
}


def ended_with(conflict: Conflict) -> str:
    """What is said of an event that ended with this question; by its beginning it is found when that is answered."""
    return f"{conflict.kind} conflict: {WORDS[conflict.reason]}"


def complaint(conflict: Conflict, choice: Choice) -> str | None:
    """Why this choice does not answer the question, and what would; None = it does."""
    if conflict.kind == "field":
        values = _values(conflict)
        fits = isinstance(choice, Choose) and (not yes_or_no(conflict) or choice.value in values)
        return None if fits else f"a field needs --choose with one of: {', '.join(values)}"
    among = ", ".join(conflict.candidates)
    match choice:
        case Keep():
            return None
        case Merge(record=record):
            return (
                None
                if record in conflict.candidates
                else f"--merge needs the record to keep, one of: {among}"
            )
        case Choose(value=value):
            if value in conflict.candidates or (conflict.reason == "second_email" and value in SIDES):
                return None
            sides = ", or nimbata or contacts_api for the e-mail that stays"
            return f"--choose needs one of: {among}{sides if conflict.reason == 'second_email' else ''}"
        case _:
            assert_never(choice)


def options(conflict: Conflict) -> tuple[str, ...]:
    """What can be answered, each as the command line takes it, and what follows."""
    if conflict.kind == "field":
        sides = [f"--choose {side}: {conflict.values[side]!r}, as it stands on that side" for side in SIDES]
        return (*sides, f"--choose VALUE: write it to both sides; {', '.join(_values(conflict)[2:])}")
    records = conflict.candidates
    found: list[Choice] = [Merge(record=record) for record in records]
    if len(records) > 1:
        found += [Choose(value=record) for record in records]
    if conflict.reason == "second_email":
        found += [Choose(value=side) for side in SIDES]
    return tuple(f"{_flag(choice)}: {meaning(conflict, choice)}" for choice in (*found, Keep()))


def meaning(conflict: Conflict, choice: Choice) -> str:
    """What an answer means from now on; of one without a complaint."""
    if conflict.kind == "field":
        assert isinstance(choice, Choose), "a complaint was passed over"
        name = conflict.fields["nimbata"]
        for side in SIDES:
            if choice.value == side:
                return f"{name} is {conflict.values[side]!r}, as it stands on the {side} side"
        return f"{name} is {choice.value!r} on both sides"
    match choice:
        case Keep() if conflict.linked is not None:
            return f"the person stays {conflict.linked}; the others are different people and are never joined"
        case Keep():
            return "the person is none of these, and is never joined with them"
        case Merge(record=record):
            rest = ", ".join(one for one in conflict.candidates if one != record)
            marked = f"; left for you to merge in its own app, and tagged {DUPLICATE_TAG!r}: {rest}"
            return f"the person is {record}{marked if rest else ''}"
        case Choose(value=value) if value in conflict.candidates:
            rest = ", ".join(one for one in conflict.candidates if one != value)
            return f"the person is {value}{f'; somebody else: {rest}' if rest else ''}"
        case Choose(value=value):
            stays = (
                "stays"
                if value == other(conflict.side)
                else "is replaced by the new one, as the rules have it"
            )
            return f"the person is {conflict.candidates[0]}, whose e-mail {stays}"
        case _:
            assert_never(choice)


def _flag(choice: Choice) -> str:
    match choice:
        case Merge(record=record):
            return f"--merge {record}"
        case Keep():
            return "--keep"
        case Choose(value=value):
            return f"--choose {value}"
        case _:
            assert_never(choice)


def _values(conflict: Conflict) -> tuple[str, ...]:
    return (*SIDES, *(("true", "false") if yes_or_no(conflict) else ("any other text",)))

"""A valid input for every operation of the Contacts API, by its id."""

from tests.conformance.examples import contacts
from tests.conformance.ready import Example

EXAMPLES: dict[str, Example] = {
    **contacts.EXAMPLES,
}

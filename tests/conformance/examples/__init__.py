"""A valid input for every operation of the Contacts API, by its id."""

from tests.conformance.examples import calendars, contacts, conversations, opportunities, surroundings
from tests.conformance.ready import Example

EXAMPLES: dict[str, Example] = {
    **contacts.EXAMPLES,
    **opportunities.EXAMPLES,
    **surroundings.EXAMPLES,
    **conversations.EXAMPLES,
    **calendars.EXAMPLES,
}

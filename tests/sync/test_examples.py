"""A file's own tests: what holds passes, what does not is shown as a difference; mistakes in them have places."""

from __future__ import annotations

import pytest

from tieline.sync.files.definition import DefinitionError, default_text
from tieline.sync.files.run_examples import run_examples
from tieline.sync.files.sync_file import parse_sync_file

RULES = """
person:
  fields:
    - {nimbata: phone, contacts_api: phone}
    - {nimbata: first_name, contacts_api: first_name, rule: longest}
    - {nimbata: city, contacts_api: city, rule: ask}
    - {nimbata: lead_status, contacts_api: custom.lead, to_contacts_api: {map: {hot: Hot lead}},
       to_nimbata: {map: {Hot lead: hot}}}
  tags: {ignore: [nimbata]}
  where: [{field: tags, has_not: spam}]
"""


def _failures(example: str, rules: str = RULES) -> list[str]:
    """What an example comes out as; `rules` come in the place of the default's own."""
    one_way = default_text().partition("# Between the records")[0]
    read = parse_sync_file(f"{one_way}{rules}\nexamples:\n{example}", name="my.yaml")
    (tried,) = run_examples(read.definition, read.examples)
    return list(tried.failures)


@pytest.mark.parametrize(
    "example",
    [
        """
  - name: a missed call makes a contact
    call: {caller: "(201) 555-0123", caller_name: Jane Doe, outcome: NOT_ANSWERED, tags: [Hot], duration_s: 32,
           started_at: 2026-09-01T22:14:07Z, value: 350.5, attribution: {source: google, medium: cpc}}
    country: US
    expect:
      fields: {phone: "+12015550123", first_name: Jane, last_name: Doe, custom.nimbata_source: google, email: null}
      tags: [nimbata, hot]
      note: {contains: ["Inbound call, missed", "google / cpc"], lacks: Campaign}
""",
        """
  - name: a contact that is there keeps its name
    call: {caller: "+12015550123", caller_name: DOE JANE, outcome: answered}
    contacts_api: {phone: "(201) 555-0123", first_name: Jane, tags: [nimbata]}
    expect: {fields: {phone: null, first_name: null, last_name: JANE}, tags: []}
""",
        """
  - name: spam is left alone
    call: {caller: "+12015550123", outcome: BLOCKED}
    expect: {skip: outcome 'blocked'}
""",
        """
  - name: a form
    form: {form_name: Contact us, email: A@B.example, fields: {"E-mail": A@B.example, "Guests": 3, "Day": [Mon, Tue]}}
    expect:
      fields: {email: a@b.example}
      note: |
        Form submitted: Contact us

        E-mail: A@B.example
        Guests: 3
        Day: Mon
        Day: Tue
""",
        """
  - name: a text
    text: {phone: "+12015550123", body: "YES"}
    expect: {note: {contains: "YES"}, skip: false}
""",
        """
  - name: a contact of the account
    contact: {phone: "+12015550123", company: Acme}
    expect: {note: false, fields: {company: Acme}}
""",
        """
  - name: a new person is made at the CRM
    nimbata: {phone: (201) 555-0123, first_name: Jane, lead_status: hot, tags: [VIP, nimbata]}
    expect:
      contacts_api: {fields: {phone: "+12015550123", first_name: Jane, custom.lead: Hot lead}, add_tags: [vip]}
      nimbata: nothing
""",
        """
  - name: and the other way round
    contacts_api: {phone: "+12015550123", custom.lead: Hot lead}
    expect: {nimbata: {fields: {lead_status: hot, city: null}}}
""",
        """
  - name: whom the filter keeps out
    nimbata: {phone: "+12015550123", tags: [spam]}
    expect: {contacts_api: nothing}
""",
        """
  - name: one side changes, the other follows
    nimbata: {phone: "+12015550123", first_name: Jane, city: Austin, tags: [a, b]}
    contacts_api: {phone: "+12015550123", first_name: Jane, city: Austin, tags: [a, b]}
    then:
      - contacts_api: {city: null, tags: [a, c]}
    expect:
      nimbata: {cleared: [city], add_tags: [c], remove_tags: [b]}
      contacts_api: nothing
      ask: []
""",
        """
  - name: both change, the rules decide
    nimbata: {phone: "+12015550123", first_name: Jane, city: Austin}
    contacts_api: {phone: "+12015550123", first_name: Jane, city: Austin}
    then:
      - nimbata: {first_name: Jane Ann, city: Dallas}
      - contacts_api: {first_name: Janet, city: Waco}
    expect: {contacts_api: {fields: {first_name: Jane Ann, city: null}}, nimbata: nothing, ask: [city]}
""",
        """
  - name: two records that meet are joined
    nimbata: {phone: "+12015550123", first_name: Jane}
    contacts_api: {phone: "+12015550123", city: Austin}
    expect: {contacts_api: {fields: {first_name: Jane}}, nimbata: {fields: {city: Austin}}}
""",
    ],
)
def test_an_example_that_holds_passes(example: str) -> None:
    """Activities, and records of both sides."""
    assert _failures(example) == []


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (
            'call: {caller: "+12015550123", outcome: answered}, expect: {fields: {phone: "+12015550999"}}',
            ["fields.phone\n  - +12015550999\n  + +12015550123"],
        ),
        (
            'call: {caller: "+12015550123"}, expect: {fields: {phone: null, city: Austin}, tags: [x]}',
            [
                "fields.phone\n  - (nothing)\n  + +12015550123", "fields.city\n  - Austin\n  + (nothing)",
                "tags\n  - x\n  + nimbata",
            ],
        ),
        (
            "call: {outcome: answered}, expect: {tags: []}",
            ["it is left alone: neither a phone nor an e-mail that we could use"],
        ),
        ('call: {caller: "+12015550123"}, expect: {skip: true}', ["it is not left alone"]),
        (
            'text: {phone: "+12015550123", body: Hi}, expect: {note: {contains: Bye}}',
            ["note\n  - … Bye …\n  + Inbound text message\n  + \n  + Hi"],
        ),
        ('text: {phone: "+12015550123", body: Hi}, expect: {note: false}',
         ["note\n  - (nothing)\n  + Inbound text message\n  + \n  + Hi"]),
        (
            'nimbata: {phone: "+12015550123", tags: [a]}, expect: {contacts_api: nothing}',
            ["contacts_api: expected nothing, but there is written: phone: '+12015550123', +a"],
        ),
        (
            'nimbata: {phone: "+12015550123"}, expect: {contacts_api: {add_tags: [x], cleared: [city]}, ask: [city]}',
            [
                "contacts_api.city: expected to be cleared, but it is not",
                "contacts_api.add_tags\n  - x\n  + (nothing)", "ask: nobody is asked about city",
            ],
        ),
    ],
)  # fmt: skip
def test_a_difference_is_shown_line_by_line(example: str, expected: list[str]) -> None:
    """- what was expected, + what came of it."""
    assert _failures(f"  - {{name: x, {example}}}") == expected


@pytest.mark.parametrize(
    ("example", "at", "words"),
    [
        ("{call: {}, expect: {tags: []}}", "{call", "'name' is missing"),
        ("{name: x, call: {}}", "{name", "'expect' is missing"),
        ("{name: x, expect: {tags: []}}", "{name", "one thing happens"),
        ("{name: x, call: {}, form: {}, expect: {tags: []}}", "{name", "one thing happens"),
        ("{name: x, call: {}, expect: {}}", "{}}", "expects nothing"),
        ("{name: x, call: {calller: 1}, expect: {tags: []}}", "calller", "did you mean caller"),
        ("{name: x, call: {outcome: MISST}, expect: {tags: []}}", "MISST", "did you mean missed"),
        ("{name: x, call: {started_at: soon}, expect: {tags: []}}", "soon", "is no time"),
        ("{name: x, call: {value: much}, expect: {tags: []}}", "much", "is no amount"),
        ("{name: x, call: {duration_s: '3'}, expect: {tags: []}}", "'3'", "a whole number"),
        ("{name: x, call: {attribution: {sauce: x}}, expect: {tags: []}}", "sauce", "did you mean source"),
        ("{name: x, call: {}, expect: {fields: {fone: x}}}", "fone", "did you mean phone"),
        ("{name: x, call: {}, expect: {nimbata: nothing}}", "nothing", "there is no nimbata here"),
        ("{name: x, nimbata: {}, expect: {tags: []}}", "[]", "there is no tags here; there are: nimbata"),
        ("{name: x, nimbata: {source: x}, expect: {nimbata: nothing}}", "source", "nimbata has no 'source'"),
        ("{name: x, nimbata: {}, then: [], expect: {nimbata: nothing}}", "[]", "give both records"),
        ("{name: x, nimbata: {}, expect: {contacts_api: some}}", "some", "is none of: nothing"),
        ("{name: x, call: {}, nimbata: {}, expect: {tags: []}}", "{}, expect", "beside an activity"),
    ],
)
def test_a_mistake_in_an_example_has_its_place(example: str, at: str, words: str) -> None:
    """As one in a rule."""
    text = f"version: 1\nperson: {{create: []}}\nexamples:\n  - {example}"
    with pytest.raises(DefinitionError) as caught:
        parse_sync_file(text)
    lines = text.split("\n")
    found = [(lines[one.line - 1][one.column - 1 :], one.message) for one in caught.value.problems]
    assert any(pointed.startswith(at) and words in message for pointed, message in found), found


def test_the_defaults_own_examples_hold() -> None:
    """Whoever begins with it begins with tests that pass."""
    read = parse_sync_file(default_text())
    tried = run_examples(read.definition, read.examples)
    assert [one.failures for one in tried] == [(), (), ()]


def test_records_want_rules_for_records() -> None:
    """A file without `person` says so."""
    with pytest.raises(DefinitionError, match="no section `person`"):
        parse_sync_file("version: 1\nexamples: [{name: x, nimbata: {}, expect: {nimbata: nothing}}]")

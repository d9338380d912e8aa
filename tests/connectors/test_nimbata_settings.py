"""An account's settings as a file: everything that may differ, and every mistake with line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.settings_file import SettingsError, SettingsFile, read_settings
from tieline.errors import ConfigurationError

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "nimbata.md"
ENVIRONMENT = {"NIMBATA_ACCOUNT": "acc_1", "NIMBATA_TOKEN": "npat_1", "NIMBATA_HOOK_KEY": "hook-1"}
WHOLE = """
base_url: https://proxy.example.com
account: acc_1
preset: nimbata
projects: ["10000000001"]
mode: native
auth: {header: X-Key, format: "Token {token}", token: "${NIMBATA_TOKEN}", query: {k: "{token}"}}
paths:
  call.list:
    method: POST
    path: /v2/{account}/{project}/calls
    body: {from: "{from}", to: "{to}", page: "{page}", list: ["{per_page}", 1, true]}
  nimbata.contact.find: {path: "/v2/{account}/people", query: {since: "{since}"}}
  sms.list: null
response: {items: [rows], item: ["."], error: [why]}
pagination: {style: cursor, size: 50, max_size: 50, cursor: [next]}
time: {formats: [iso, epoch, "%d.%m.%Y"], naive_zone: Europe/Berlin}
empty_values: ["", "-"]
fields: {call: {id: [nr], rating: [sterne]}, task: {title: [aufgabe]}}
outcomes: {answered: [ja], missed: [nein]}
form_fields: {email: [post]}
polling: {every_s: 60, overlap_s: 0, lookback_days: 1}
rate: {per_minute: 30, concurrency: 1, max_retry_after_s: 5}
webhooks:
  profile: [flat]
  auth:
    - {type: url_key, parameter: k, secret: one}
    - {type: hmac, header: X-Sig, signed: "{body}", timestamp_header: null, secret: two}
  event_key: [ereignis]
  events: {anruf: call.completed}
  sparse: false
capabilities: {contact.create: false, nimbata.task.create: true}
"""


def test_everything_that_may_differ_can_be_said() -> None:
    """Secrets, address and account are taken out of what a connection keeps."""
    found = read_settings(WHOLE, environment=ENVIRONMENT)
    assert (found.base_url, found.account, found.token) == ("https://proxy.example.com", "acc_1", "npat_1")
    assert found.webhook_secrets == {"url_key": "one", "hmac": "two"}
    for secret in ("npat_1", "'one'", "'two'"):
        assert secret not in repr(found.settings) + repr(found)
    config = build(found.settings)
    assert config.offers("nimbata.task.create")
    assert not config.offers("nimbata.contact.create")
    assert not config.offers("nimbata.sms.list")
    assert config.routes["nimbata.contact.find"] is not None
    assert not config.comes_whole("nimbata.call.list")
    assert config.comes_whole("nimbata.contact.find")
    assert config.vocabulary.time_formats == ("%d.%m.%Y",)
    assert config.vocabulary.outcome("Nein") == "missed"


def test_json_and_a_table_under_the_products_name_are_read_too() -> None:
    """As the contract writes it, or bare."""
    bare = read_settings('{"mode": "native", "polling": {"every_s": 5}}')
    assert read_settings("nimbata:\n  mode: native\n  polling: {every_s: 5}\n").settings == bare.settings
    assert read_settings("{}") == SettingsFile()


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference texts are not beside this checkout")
def test_the_example_of_the_contract_is_right() -> None:
    """As it stands there, with its variables set."""
    text = REFERENCE.read_text("utf-8")
    start = text.index("```yaml\nnimbata:") + len("```yaml\n")
    found = read_settings(text[start : text.index("```", start)], environment=ENVIRONMENT)
    assert (found.account, found.token, found.webhook_secrets) == ("acc_1", "npat_1", {"url_key": "hook-1"})
    assert found.settings["projects"] == ["10000000001"]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("projekts: []", ["1:1: unknown key 'projekts'"]),
        ("nimbata:\n  mode: both", ["2:9: 'both' is none of: derived, native"]),
        ("projects: [10000000001]", ["1:12: a text is wanted here, this is a number; put it in quotes"]),
        ("mode: native\nmode: derived", ["2:1: 'mode' stands here twice"]),
        ("preset: twilio", ["1:9: 'twilio' is none of: callrail, ctm, nimbata"]),
        ('projects: ["1", " "]', ["1:17: an id is empty"]),
        ("auth: {format: Bearer}", ["1:16: must hold {token}"]),
        ('auth: {token: "${NOPE}"}', ["1:15: the variable NOPE is not set"]),
        ("paths:\n  call.dance: null", ["2:3: 'call.dance' is no operation"]),
        ("paths:\n  call.list: {path: /v1/calls}", ["2:21: must hold {account}"]),
        ("paths:\n  call.list: {path: 'v1/{account}'}", ["2:21: must begin with /"]),
        ("paths:\n  call.get:\n    path: /{account}/{calls}", ["3:11: {calls} is no place of nimbata.call.get"]),
        ("paths:\n  call.get:\n    path: /{account}\n    query: {x: '{y}'}",
         ["4:13: {y} is no place of nimbata.call.get"]),
        ("paths:\n  call.list:\n    path: /{account}\n    body: {a: {b: ['{c}']}}",
         ["4:12: {c} is no place of nimbata.call.list"]),
        ("paths: {call.get: null, nimbata.call.get: null}", ["1:25: nimbata.call.get and call.get are the same"]),
        ("paths: {call.get: {method: PATCH, path: '/{account}'}}", ["1:28: 'PATCH' is none of"]),
        ("paths: {call.get: {}}", ["1:19: the key 'path' is missing"]),
        ("pagination: {size: 501}", ["1:20: pagination.size must be between 1 and pagination.max_size"]),
        ("pagination: {size: 0}", ["1:20: 0 must be at least 1"]),
        ("time: {naive_zone: Mars, formats: [soon]}",
         ["1:20: 'Mars' is no time zone", "1:36: 'soon' is no time format"]),
        ("fields: {fax: {}}", ["1:10: unknown key 'fax'"]),
        ("fields: {call: {colour: [x], id: []}}", ["1:17: unknown colour", "1:30: names no label"]),
        ("outcomes: {answered: [OK], missed: [ok]}", ["1:28: 'ok' stands for answered and missed"]),
        ("outcomes: {answered: [NO_ANSWER]}", ["1:12: 'NO_ANSWER' stands for answered and missed"]),
        ("form_fields: {fax: []}", ["1:15: unknown key 'fax'"]),
        ("polling: {every_s: 0, lookback_days: x}", ["1:20: 0 must be above 0", "1:38: a whole number is wanted"]),
        ("rate: {per_minute: 0.5}", ["1:20: a whole number is wanted"]),
        ("webhooks: {auth: []}", ["1:18: is empty"]),
        ("webhooks: {auth: [{type: none}, {type: basic}]}", ['1:18: "none" cannot stand beside another proof']),
        ("webhooks: {auth: [{type: basic}, {type: hmac, signed: '{body}'}]}", ["1:34: a timestamp in a header proves"]),
        ("webhooks: {auth: [{type: rot13}]}", ["1:26: 'rot13' is none of: url_key, header, basic, hmac, none"]),
        ("webhooks: {events: {anruf: call}}", ["1:21: 'call' is no event"]),
        ("webhooks: {profile: []}", ["1:21: names no form of body"]),
        ("capabilities: {call.fly: true, call.tag: maybe}",
         ["1:16: 'call.fly' is no operation", "1:42: true or false is wanted"]),
        ("- mode", ["1:1: a table is wanted"]),
        ("", ["1:1: the file is empty"]),
        ("mode: [", ["1:8: not readable as YAML"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_line_and_column(text: str, problems: list[str]) -> None:
    """Where it stands, and what would be right."""
    with pytest.raises(SettingsError) as caught:
        read_settings(text, name="calls.yaml", environment={})
    lines = str(caught.value).splitlines()
    assert len(lines) == len(problems), lines
    for line, start in zip(lines, problems, strict=True):
        assert line.startswith(f"calls.yaml:{start}")


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    """Whatever their kind: of a single value, and of values together."""
    text = (
        "mode: both\nprojects: [5]\ntime: {naive_zone: Mars}\npaths: {call.get: {method: GO, path: /x}}\n"
        "fields: {call: {colour: [x]}}\nwebhooks: {auth: [{type: hmac, signed: '{body}'}]}\ncapabilities: {x: true}\n"
    )
    with pytest.raises(SettingsError) as caught:
        read_settings(text, name="f")
    places = [line.split(" ")[0] for line in str(caught.value).splitlines()]
    assert places == [
        "f:1:7:",
        "f:2:12:",
        "f:3:20:",
        "f:4:28:",
        "f:4:38:",
        "f:5:17:",
        "f:6:19:",
        "f:7:16:",
    ]
    assert isinstance(caught.value, ConfigurationError)


def test_settings_that_are_stored_are_checked_the_same_way() -> None:
    """Without a file there is no line; the path stands there in its place."""
    with pytest.raises(ConfigurationError, match=r"paths\.call\.list\.path: must hold \{account\}"):
        build({"paths": {"call.list": {"path": "/v1/calls"}}})
    with pytest.raises(ConfigurationError, match=r"capabilities\.call\.fly"):
        build({"capabilities": {"call.fly": True}})

"""Door, refusals and look-ups of a Nimbata account."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest

from tests.sandbox.nimbata_door import Door


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nope",
        "Basic {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer ключ",
    ],
)
def test_without_the_token_the_door_is_shut(header: str | None) -> None:
    """401 in the account's own shape, and nothing was done."""
    door = Door()
    account = door.side.account
    headers = {} if header is None else {"Authorization": header.format(token=account.token)}
    body = {"project_id": door.projects[0], "phone": "+12015550123"}
    status, answer = door.raw("POST", f"/v1/a/{account.id}/contacts", body, headers, {})
    assert (status, answer["error"]["code"]) == (401, "unauthenticated")
    assert answer["error"]["fields"] == {}
    assert account.token not in str(answer)
    assert len(account.contacts) == 0


def test_the_scheme_is_read_in_any_case() -> None:
    """As HTTP has it."""
    door = Door()
    account = door.side.account
    headers = {"Authorization": f"bearer {account.token}"}
    assert door.raw("GET", f"/v1/a/{account.id}/projects", None, headers, {})[0] == 200


def test_a_token_opens_its_own_account_only() -> None:
    """Another account's address is 403."""
    door = Door()
    headers = {"Authorization": f"Bearer {door.side.account.token}"}
    status, answer = door.raw("GET", "/v1/a/acc_other/projects", None, headers, {})
    assert (status, answer["error"]["code"]) == (403, "forbidden")


def test_projects_and_numbers_can_be_looked_up() -> None:
    """A project for each location, with valid numbers of its country, none of them twice."""
    countries = ["US", "GB", "DE", "NZ", "US", "GB"]
    door = Door(countries=countries)
    projects = door.ask("GET", "projects")[1]["data"]
    assert [one["id"] for one in projects] == [str(10_000_000_001 + place) for place in range(6)]
    assert {one["currency"] for one in projects} == {"USD"}
    assert len({one["name"] for one in projects}) == 6
    assert [one["timezone"] for one in projects[:4]] == [
        "America/Chicago", "Europe/London", "Europe/Berlin", "Pacific/Auckland",
    ]  # fmt: skip
    numbers = door.ask("GET", "tracking-numbers", per_page="500")[1]["data"]
    country_of = dict(zip(door.projects, countries, strict=True))
    for one in numbers:
        for number in (one["number"], one["destination"]):
            parsed = phonenumbers.parse(number)
            assert phonenumbers.is_valid_number(parsed)
            assert phonenumbers.region_code_for_number(parsed) == country_of[one["project_id"]]
    assert len({one["number"] for one in numbers}) == len(numbers) == 24
    page = door.ask("GET", "projects", page="2", per_page="4")[1]
    assert [one["id"] for one in page["data"]] == ["10000000005", "10000000006"]
    assert page["meta"] == {"page": 2, "per_page": 4, "total": 6, "last_page": 2}


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 599])
def test_refusals_of_the_sandbox_have_the_accounts_shape(status: int) -> None:
    """Limits and faults answer as the account itself would (AS-07)."""
    reply = Door().side.refuse(status, "why", {})
    assert reply.status == status
    assert set(reply.body) == {"error", "request_id"}
    assert reply.body["error"]["message"] == "why"
    assert reply.body["error"]["code"]


def test_a_body_that_is_no_object_is_a_bad_request() -> None:
    """Lists, texts and nothing at all where a record is needed."""
    door = Door()
    bodies: tuple[Any, ...] = (None, [], "x", 5)
    for body in bodies:
        assert door.ask("POST", "contacts", body)[0] == 400


def test_a_reset_forgets_everything_but_the_account() -> None:
    """Same token, same projects, no records, no targets; the routes that were handed out go on working."""
    door = Door()
    before = door.side.describe()
    door.side.set_targets({"url": "http://hub.example/hooks"})
    first = door.side.emit({"kind": "call", "count": 3})
    contact = door.create(phone="+12015550123")
    door.side.reset()
    assert door.side.describe() == before
    assert door.side.targets == []
    assert door.side.emitted == []
    assert door.calls(door.projects[0])["meta"]["total"] == 0
    assert door.ask("GET", f"contacts/{contact['id']}")[0] == 404
    assert door.side.emit({"kind": "call", "count": 3}) == first
    assert door.create(phone="+12015550123")["id"] == contact["id"]


def test_the_state_shows_what_the_account_holds() -> None:
    """All kinds, deleted contacts too."""
    door = Door()
    for kind in ("call", "form", "sms", "contact.create", "contact.create", "contact.delete"):
        door.side.emit({"kind": kind})
    state = door.side.state()
    assert {name: len(state[name]) for name in ("calls", "forms", "texts", "contacts", "projects")} == {
        "calls": 1, "forms": 1, "texts": 1, "contacts": 2, "projects": 2,
    }  # fmt: skip
    assert [one.deleted_at is None for one in state["contacts"]].count(False) == 1

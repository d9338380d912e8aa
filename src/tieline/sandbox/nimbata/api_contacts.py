"""Contacts over the API, as an account in `native` mode may have them. Source: nimbata.md, B3 (assumption)."""

from __future__ import annotations

from collections.abc import Callable

from tieline.sandbox.nimbata import changes, records
from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.contact_book import KeyKind
from tieline.sandbox.nimbata.handling import (
    A,
    Tell,
    body_of,
    one,
    page,
    refusing,
    skipped,
    tags_of,
    unknown_keys,
)
from tieline.sandbox.nimbata.problems import invalid
from tieline.sandbox.nimbata.request_values import read_moment, read_page, read_tags, to_e164
from tieline.sandbox.side import Call, Reply, Route

_LIST_KEYS = (
    "updated_since", "phone", "email", "external_id", "page", "per_page", "include_deleted", "sort",
)  # fmt: skip


class Contacts:
    """The handlers, on one account."""

    def __init__(self, account: Account, tell: Tell) -> None:
        self._account = account
        self._tell = tell

    def routes(self) -> list[Route]:
        """What is offered."""
        contact = f"{A}/contacts/{{id}}"
        offered: list[tuple[str, str, str, Callable[[Call], Reply]]] = [
            ("find", "GET", f"{A}/contacts", self._list),
            ("create", "POST", f"{A}/contacts", self._create),
            ("get", "GET", contact, self._get),
            ("update", "PUT", contact, self._update),
            ("delete", "DELETE", contact, self._delete),
            ("tags.add", "POST", f"{contact}/tags", self._add_tags),
            ("tags.remove", "DELETE", f"{contact}/tags", self._remove_tags),
        ]
        return [
            Route(
                operation=f"nimbata.contact.{name}",
                method=method,
                path=path,
                handler=refusing(self._account, handler),
            )
            for name, method, path, handler in offered
        ]

    def _list(self, call: Call) -> Reply:
        """Oldest change first; what is asked for must hold all together."""
        query = call.query
        fields: dict[str, list[str]] = {}
        number, per_page = read_page(query, fields)
        since = None
        if query.get("updated_since"):
            try:
                since = read_moment(query["updated_since"])
            except ValueError as error:
                fields["updated_since"] = [str(error)]
        if query.get("sort", "updated_at") != "updated_at":
            fields["sort"] = ["must be updated_at"]
        if query.get("include_deleted", "false") not in ("true", "false", "1", "0"):
            fields["include_deleted"] = ["must be true or false"]
        if fields:
            raise invalid(fields)
        include_deleted = query.get("include_deleted") in ("true", "1")
        skip = skipped(self._account, number, per_page)
        if wanted := self._wanted(query):
            found = [
                contact
                for contact in self._account.contacts.matching(wanted)
                if (include_deleted or contact.deleted_at is None)
                and (since is None or contact.updated_at >= since)
            ]
            rows, total = found[skip : skip + per_page], len(found)
        else:
            rows, total = self._account.contacts.page(
                since, include_deleted=include_deleted, skip=skip, count=per_page
            )
        shown = [self._account.shown(contact) for contact in rows]
        return page(self._account, shown, total, number, per_page, unknown_keys(query, _LIST_KEYS))

    def _wanted(self, query: dict[str, str]) -> dict[KeyKind, str]:
        """Keys to look for; a phone or an e-mail that is none finds nobody, as it is."""
        wanted: dict[KeyKind, str] = {}
        if phone := query.get("phone"):
            # A "+" that was not escaped arrives as a blank.
            phone = "+" + phone.strip() if phone[0] == " " else phone
            wanted["phone"] = to_e164(phone, next(iter(self._account.countries.values()))) or phone
        if email := query.get("email"):
            wanted["email"] = email.strip().lower()
        if external_id := query.get("external_id"):
            wanted["external_id"] = external_id
        return wanted

    def _create(self, call: Call) -> Reply:
        body = dict(body_of(call))
        key = call.headers.get("Idempotency-Key")
        made = self._account.contacts.get(self._account.created_before("contact", key) or "")
        if made is not None:
            return one(self._account.shown(made), status=201, effect=False, result_id=made.id)
        projects = self._account.projects
        project = body.pop("project_id", None)
        if project is None and len(projects) == 1:
            project = next(iter(projects))
        if not isinstance(project, str) or project not in projects:
            raise invalid({"project_id": ["must name a project of the account"]})
        contact, warnings, event = changes.create_contact(self._account, project, body)
        self._account.remember_created("contact", key, contact.id)
        self._tell(event)
        return one(self._account.shown(contact), warnings, status=201, effect=True, result_id=contact.id)

    def _get(self, call: Call) -> Reply:
        kept = self._account.contacts.get(call.params["id"]) if self._account.quirks.deleted_shown else None
        return one(self._account.shown(kept or self._contact(call)), effect=False)

    def _update(self, call: Call) -> Reply:
        before = self._contact(call)
        body = dict(body_of(call))
        if body.pop("project_id", before.project_id) != before.project_id:
            raise invalid({"project_id": ["cannot be changed"]})
        after, warnings, event = changes.change_contact(self._account, before, body)
        return self._answer(after, event, warnings)

    def _delete(self, call: Call) -> Reply:
        contact = self._contact(call)
        self._tell(changes.delete_contact(self._account, contact))
        return Reply(status=204, effect=True, result_id=contact.id)

    def _add_tags(self, call: Call) -> Reply:
        return self._tags(call, add=True)

    def _remove_tags(self, call: Call) -> Reply:
        return self._tags(call, add=False)

    def _tags(self, call: Call, *, add: bool) -> Reply:
        before = self._contact(call)
        tags, warnings = tags_of(call, read_tags)
        after, event = changes.tag_contact(self._account, before, tags, add=add)
        return self._answer(after, event, warnings)

    def _answer(self, after: records.Contact, event: records.Event | None, warnings: list[str]) -> Reply:
        if event is not None:
            self._tell(event)
        return one(self._account.shown(after), warnings, effect=event is not None, result_id=after.id)

    def _contact(self, call: Call) -> records.Contact:
        return changes.live_contact(self._account, call.params["id"])

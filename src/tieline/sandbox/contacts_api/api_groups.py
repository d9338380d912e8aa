"""Where contacts belong: tags, followers, campaigns, workflows, a business; also in bulk. Source: section 5."""

from __future__ import annotations

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.offer import CONTACTS_WRITE, Offer, body, in_both, offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.side import Call, Reply

_TAGS = body(("tags",), tags=checks.texts)
_FOLLOWERS = body(("followers",), followers=checks.texts)
_EMPTY = body()
_START = body(eventStartTime=checks.text)
_BULK_TAGS = body(
    ("contacts", "tags", "locationId"), contacts=checks.texts, tags=checks.texts, locationId=checks.filled,
    removeAllTags=checks.boolean,
)  # fmt: skip
_BULK_BUSINESS = body(
    ("locationId", "ids", "businessId"), locationId=checks.filled, ids=checks.texts,
    businessId=lambda value: None if value is None else checks.text(value),
)  # fmt: skip


class Groups:
    """The handlers."""

    def __init__(self, office: Office, contacts: ContactBook) -> None:
        self._office = office
        self._contacts = contacts

    def offers(self) -> list[Offer]:
        """Everything that puts a contact into something, or takes it out."""
        one = "/contacts/{contactId}"
        campaign, workflow = f"{one}/campaigns/{{campaignId}}", f"{one}/workflow/{{workflowId}}"
        every = offer(
            "contacts.remove_from_all_campaigns", "DELETE", f"{one}/campaigns/removeAll", self._leave_all,
            CONTACTS_WRITE,
        )  # fmt: skip
        return [
            offer("contacts.add_tags", "POST", f"{one}/tags", self._add_tags, CONTACTS_WRITE, body=_TAGS),
            offer("contacts.remove_tags", "DELETE", f"{one}/tags", self._remove_tags, CONTACTS_WRITE, body=_TAGS),
            offer(
                "contacts.bulk_update_tags", "POST", "/contacts/bulk/tags/update/{type}", self._bulk_tags,
                CONTACTS_WRITE, body=_BULK_TAGS,
            ),
            offer(
                "contacts.bulk_set_business", "POST", "/contacts/bulk/business", self._bulk_business,
                CONTACTS_WRITE, body=_BULK_BUSINESS,
            ),
            offer("contacts.add_followers", "POST", f"{one}/followers", self._follow, CONTACTS_WRITE, body=_FOLLOWERS),
            offer(
                "contacts.remove_followers", "DELETE", f"{one}/followers", self._unfollow, CONTACTS_WRITE,
                body=_FOLLOWERS,
            ),
            offer("contacts.add_to_campaign", "POST", campaign, self._join_campaign, CONTACTS_WRITE, body=_EMPTY),
            offer("contacts.remove_from_campaign", "DELETE", campaign, self._leave_campaign, CONTACTS_WRITE),
            *in_both(every, f"{one}/campaigns/remove-all"),
            offer("contacts.add_to_workflow", "POST", workflow, self._join_workflow, CONTACTS_WRITE, body=_START),
            offer(
                "contacts.remove_from_workflow", "DELETE", workflow, self._leave_workflow, CONTACTS_WRITE,
                body=_START,
            ),
        ]  # fmt: skip

    def _add_tags(self, call: Call) -> Reply:
        location, contact = self._at(call)
        added = self._contacts.add_tags(location, contact, call.body["tags"])
        answer = {"tags": list(contact.tags), "tagsAdded": added}
        return Reply(status=201, body=answer, effect=bool(added), result_id=contact.id)

    def _remove_tags(self, call: Call) -> Reply:
        location, contact = self._at(call)
        removed = self._contacts.remove_tags(location, contact, call.body["tags"])
        answer = {"tags": list(contact.tags), "tagsRemoved": removed}
        return Reply(status=200, body=answer, effect=bool(removed), result_id=contact.id)

    def _bulk_tags(self, call: Call) -> Reply:
        location, kind, given = located(call), call.params["type"], call.body
        if kind not in ("add", "remove"):
            raise Problem(422, ["type must be one of the following values: add, remove"])
        responses: list[str] = []
        changed = errors = 0
        for contact_id in given["contacts"]:
            contact = location.contacts.get(contact_id)
            if contact is None:
                errors += 1
                responses.append(f"Contact with id {contact_id} not found")
                continue
            if kind == "add":
                done = self._contacts.add_tags(location, contact, given["tags"])
            else:
                gone = list(contact.tags) if given.get("removeAllTags") else given["tags"]
                done = self._contacts.remove_tags(location, contact, gone)
            changed += bool(done)
            responses.append(f"{kind} {', '.join(done) or 'nothing'}: {contact_id}")
        answer = {"succeded": errors == 0, "errorCount": errors, "responses": responses}
        return Reply(status=201, body=answer, effect=changed > 0)

    def _bulk_business(self, call: Call) -> Reply:
        location, business = located(call), call.body["businessId"]
        if business is not None:
            self._contacts.require(location, "business", business)
        contacts = [self._contacts.contact(location, one)[1] for one in call.body["ids"]]
        for contact in contacts:
            self._contacts.update(location, contact, {"businessId": business})
        return Reply(
            status=200, body={"success": True, "ids": [one.id for one in contacts]}, effect=bool(contacts)
        )

    def _follow(self, call: Call) -> Reply:
        location, contact = self._at(call)
        wanted = [self._office.user(location, one).id for one in call.body["followers"]]
        added = [one for one in wanted if one not in contact.followers]
        contact.followers.extend(added)
        answer = {"followers": list(contact.followers), "followersAdded": added}
        return Reply(status=201, body=answer, effect=bool(added), result_id=contact.id)

    def _unfollow(self, call: Call) -> Reply:
        _, contact = self._at(call)
        removed = [one for one in call.body["followers"] if one in contact.followers]
        contact.followers = [one for one in contact.followers if one not in removed]
        answer = {"followers": list(contact.followers), "followersRemoved": removed}
        return Reply(status=200, body=answer, effect=bool(removed), result_id=contact.id)

    def _join_campaign(self, call: Call) -> Reply:
        location, contact = self._at(call)
        campaign = self._of(location, call.params["campaignId"], "campaign")
        new = campaign not in contact.campaigns
        if new:
            contact.campaigns.append(campaign)
        return _succeeded(contact, status=201, effect=new)

    def _leave_campaign(self, call: Call) -> Reply:
        location, contact = self._at(call)
        campaign = self._of(location, call.params["campaignId"], "campaign")
        there = campaign in contact.campaigns
        if there:
            contact.campaigns.remove(campaign)
        return _succeeded(contact, effect=there)

    def _leave_all(self, call: Call) -> Reply:
        _, contact = self._at(call)
        there = bool(contact.campaigns)
        contact.campaigns.clear()
        return _succeeded(contact, effect=there)

    def _join_workflow(self, call: Call) -> Reply:
        location, contact = self._at(call)
        workflow = self._of(location, call.params["workflowId"], "workflow")
        new = workflow not in contact.workflows
        contact.workflows[workflow] = (call.body or {}).get("eventStartTime")
        return _succeeded(contact, effect=new)

    def _leave_workflow(self, call: Call) -> Reply:
        location, contact = self._at(call)
        workflow = self._of(location, call.params["workflowId"], "workflow")
        there = workflow in contact.workflows
        contact.workflows.pop(workflow, None)
        return _succeeded(contact, effect=there)

    def _at(self, call: Call) -> tuple[Location, Contact]:
        return self._contacts.contact(call.caller, call.params["contactId"])

    def _of(self, location: Location, record_id: str, kind: str) -> str:
        self._contacts.require(location, kind, record_id)
        return record_id


def _succeeded(contact: Contact, *, effect: bool, status: int = 200) -> Reply:
    return Reply(status=status, body={"succeded": True}, effect=effect, result_id=contact.id)

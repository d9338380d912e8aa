"""Messages over the API: sent, scheduled, logged, and what became of them. Source: contacts-api.md, section 7."""

from __future__ import annotations

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.api_conversations import MESSAGES_READ, require_page
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.conversations import ConversationBook
from tieline.sandbox.contacts_api.logged import LogBook
from tieline.sandbox.contacts_api.message_types import CALL_STATUSES, EXPORTED, LOGGED, SENT
from tieline.sandbox.contacts_api.messages import MessageBook
from tieline.sandbox.contacts_api.offer import V3, Offer, Shape, body, nested, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, shown, stamp
from tieline.sandbox.contacts_api.records_conversations import Direction, Email, Message
from tieline.sandbox.contacts_api.search_conversations import export
from tieline.sandbox.contacts_api.tokens import Tokens
from tieline.sandbox.side import Call, Reply

MESSAGES_WRITE = ("conversations/message.write",)
_QUEUED = "Message queued successfully."
#: What a message carries at most, when it is attached to afterwards.
_ATTACHMENTS = 5
_STATUSES = ("delivered", "failed", "pending", "read")
_EMAIL_STATUSES = (
    "pending", "scheduled", "sent", "delivered", "read", "undelivered", "connected", "failed", "opened", "clicked",
)  # fmt: skip
_EVENTS = (
    "delivered", "opened", "clicked", "replied", "failed", "accepted", "rejected", "unsubscribed", "complained",
    "stored", "permanent_fail", "temporary_fail",
)  # fmt: skip
_FORWARD = Shape(
    {
        "isForwarded": checks.boolean, "forwardWholeThread": checks.boolean, "messageId": checks.text,
        "emailMessageId": checks.text, "sourceContactId": checks.text, "sourceConversationId": checks.text,
        "toEmail": checks.text, "recipientContactId": checks.text, "recipientConversationId": checks.text,
    },
    ("isForwarded",),
)  # fmt: skip
_SEND = body(
    ("type", "contactId"), type=checks.one_of(*SENT), subType=checks.anything, contactId=checks.filled,
    appointmentId=checks.text, attachments=checks.texts, emailFrom=checks.text, emailCc=checks.texts,
    emailBcc=checks.texts, html=checks.text, message=checks.text, subject=checks.text, replyMessageId=checks.text,
    templateId=checks.text, threadId=checks.text, scheduledTimestamp=checks.amount,
    conversationProviderId=checks.text, emailTo=checks.text, customSubtypeId=checks.text,
    emailReplyMode=checks.one_of("reply", "reply_all"), fromNumber=checks.text, toNumber=checks.text,
    forward=nested(_FORWARD), status=checks.one_of(*_STATUSES), usesNativeSchedulingAi=checks.boolean,
    optimizationPeriod=checks.one_of("24h", "48h", "72h"),
)  # fmt: skip
_CALL = Shape({"to": checks.text, "from": checks.text, "status": checks.one_of(*CALL_STATUSES)})
_INBOUND = body(
    ("type",), type=checks.one_of(*LOGGED), attachments=checks.texts, message=checks.text, conversationId=checks.text,
    contactId=checks.text, conversationProviderId=checks.text, html=checks.text, subject=checks.text,
    emailFrom=checks.text, emailTo=checks.text, emailCc=checks.texts, emailBcc=checks.texts,
    emailMessageId=checks.text, altId=checks.text, direction=checks.one_of("inbound", "outbound"),
    date=checks.moment, call=nested(_CALL),
)  # fmt: skip
_OUTBOUND = body(
    ("type", "conversationProviderId"), type=checks.one_of("Call"), attachments=checks.texts,
    conversationId=checks.text, contactId=checks.text, conversationProviderId=checks.filled, altId=checks.text,
    date=checks.moment, call=nested(_CALL),
)  # fmt: skip
_ERROR = Shape(
    {"code": checks.text, "type": checks.text, "message": checks.text}, ("code", "type", "message")
)
_STATUS = body(
    ("status",), status=checks.one_of(*_STATUSES), error=nested(_ERROR), emailMessageId=checks.text,
    recipients=checks.texts,
)  # fmt: skip
_RECIPIENT = Shape(
    {"emailId": checks.filled, "status": checks.one_of(*_EMAIL_STATUSES), "failReason": checks.text},
    ("emailId", "status"),
)


def _recipients(value: object) -> str | None:
    """A list of them."""
    if not isinstance(value, list):
        return "must be an array"
    found = [problem for one in value for problem in _RECIPIENT.problems(one)]
    return f"is not valid: {'; '.join(found)}" if found else None


_EMAIL_STATUS = body(
    ("status",), status=checks.one_of(*_EMAIL_STATUSES), recipients=_recipients,
    events=nested(Shape(dict.fromkeys(_EVENTS, checks.number))),
)  # fmt: skip
_ATTACH = body(("attachments",), attachments=checks.texts)
_EXPORT = query(
    ("locationId",), locationId=checks.filled, limit=checks.digits, cursor=checks.text,
    sortBy=checks.one_of("createdAt", "updatedAt"), sortOrder=checks.one_of("asc", "desc"),
    conversationId=checks.text, contactId=checks.text, channel=checks.one_of(*EXPORTED), startDate=checks.moment,
    endDate=checks.moment,
)  # fmt: skip


class Messages:
    """The handlers."""

    def __init__(
        self,
        office: Office,
        contacts: ContactBook,
        book: ConversationBook,
        messages: MessageBook,
        log: LogBook,
        tokens: Tokens,
    ) -> None:
        self._office = office
        self._contacts = contacts
        self._book = book
        self._messages = messages
        self._log = log
        self._tokens = tokens

    def offers(self) -> list[Offer]:
        """All under /conversations/messages but files."""
        all_, one = "/conversations/messages", "/conversations/messages/{messageId}"
        email = f"{all_}/email"
        return [
            offer("messages.send", "POST", all_, self._send, MESSAGES_WRITE, body=_SEND),
            offer("messages.add_inbound", "POST", f"{all_}/inbound", self._inbound, MESSAGES_WRITE, body=_INBOUND),
            offer(
                "messages.add_outbound_call", "POST", f"{all_}/outbound", self._outbound, MESSAGES_WRITE,
                body=_OUTBOUND,
            ),
            offer("messages.export", "GET", f"{all_}/export", self._export, MESSAGES_READ, query=_EXPORT),
            offer("messages.get", "GET", one, self._get, MESSAGES_READ),
            offer("messages.update_status", "PUT", f"{one}/status", self._set_status, MESSAGES_WRITE, body=_STATUS),
            offer("messages.set_attachments", "PUT", f"{one}/attachments", self._attach, MESSAGES_WRITE, body=_ATTACH),
            offer("messages.cancel_scheduled", "DELETE", f"{one}/schedule", self._cancel, MESSAGES_WRITE),
            offer(
                "messages.get_email", "GET", f"{email}/{{id}}", self._get_email, MESSAGES_READ, unversioned=True
            ),
            offer(
                "messages.update_email_status", "PUT", f"{email}/{{id}}/status", self._set_email_status,
                MESSAGES_WRITE, body=_EMAIL_STATUS, versions=V3,
            ),
            offer(
                "messages.cancel_scheduled_email", "DELETE", f"{email}/{{emailMessageId}}/schedule",
                self._cancel_email, MESSAGES_WRITE, unversioned=True,
            ),
        ]  # fmt: skip

    def _send(self, call: Call) -> Reply:
        location, contact = self._contacts.contact(call.caller, call.body["contactId"])
        message, email = self._messages.send(location, contact, call.body, source="api")
        told = shown(
            conversationId=message.conversation_id, messageId=message.id, emailMessageId=email and email.id,
            msg=_QUEUED, status="pending",
        )  # fmt: skip
        return Reply(status=200, body=told, effect=True, result_id=message.id)

    def _inbound(self, call: Call) -> Reply:
        return self._logged(call, call.body.get("direction") or "inbound")

    def _outbound(self, call: Call) -> Reply:
        return self._logged(call, "outbound")

    def _logged(self, call: Call, direction: Direction) -> Reply:
        found = self._log.log(call.caller, call.body, direction)
        if found is None:
            return Reply(status=201)
        message, email = found
        told = shown(
            success=True, conversationId=message.conversation_id, messageId=message.id, message=_QUEUED,
            contactId=message.contact_id, dateAdded=stamp(message.date_added), emailMessageId=email and email.id,
        )  # fmt: skip
        return Reply(status=200, body=told, effect=True, result_id=message.id)

    def _export(self, call: Call) -> Reply:
        location = located(call)
        require_page(call, most=500, least=10)
        page, cursor, total = export(self._book.shelf(location), call.query)
        rows = [one.out(self._office.quirks, listed=True) for one in page]
        return Reply(status=200, body=shown(messages=rows, nextCursor=cursor, total=total))

    def _get(self, call: Call) -> Reply:
        _, message = self._message(call)
        out = message.out(self._office.quirks, listed=False)
        return Reply(
            status=200, body={"message": out} if self._office.quirks.single_message_is_wrapped else out
        )

    def _set_status(self, call: Call) -> Reply:
        _, message = self._message(call)
        self._log.set_status(message, call.body, self._app(call))
        told = shown(
            conversationId=message.conversation_id, messageId=message.id,
            emailMessageId=message.email.id if message.emails else None, status=call.body["status"],
        )  # fmt: skip
        return Reply(status=200, body=told, effect=True, result_id=message.id)

    def _attach(self, call: Call) -> Reply:
        _, message = self._book.message(call.caller, call.params["messageId"], status=404)
        urls = call.body["attachments"]
        if len(urls) > _ATTACHMENTS:
            raise Problem(422, [f"attachments must contain no more than {_ATTACHMENTS} elements"])
        if not all(one.startswith(("http://", "https://")) for one in urls):
            raise Problem(422, ["each value in attachments must be a URL address"])
        self._log.attach(message, urls)
        return Reply(status=200, body={}, effect=True, result_id=message.id)

    def _cancel(self, call: Call) -> Reply:
        location, message = self._message(call)
        self._messages.cancel(location, message)
        return _cancelled(message)

    def _get_email(self, call: Call) -> Reply:
        _, thread, email = self._book.email(call.caller, call.params["id"])
        return Reply(status=200, body=thread.email_out(email))

    def _set_email_status(self, call: Call) -> Reply:
        _, thread, email = self._book.email(call.caller, call.params["id"])
        self._log.set_email_status(thread, email, call.body, self._app(call))
        told = {"success": True, "message": "Updated email message successfully"}
        return Reply(status=200, body=told, effect=True, result_id=email.id)

    def _cancel_email(self, call: Call) -> Reply:
        location, thread, email = self._book.email(call.caller, call.params["emailMessageId"])
        self._messages.cancel_email(location, thread, email)
        return _cancelled(email)

    def _message(self, call: Call) -> tuple[Location, Message]:
        return self._book.message(call.caller, call.params["messageId"])

    def _app(self, call: Call) -> str | None:
        """The app that calls; None of a private token."""
        token = self._tokens.find(call.headers["Authorization"].split()[-1])
        return token.client_id if token else None


def _cancelled(which: Message | Email) -> Reply:
    told = {"status": 200, "message": "The scheduled message was cancelled successfully"}
    return Reply(status=200, body=told, effect=True, result_id=which.id)

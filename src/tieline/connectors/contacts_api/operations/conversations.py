"""Conversations: one for each contact."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.look_up import says
from tieline.catalogue.spec import AnyOperation, LookUp, Operation
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.shapes_conversations import ConversationRecord
from tieline.connectors.contacts_api.versions import CONVERSATIONS, SETTLE_S
from tieline.connectors.kit.route import Milliseconds

Text = str | UnsetType
_READ, _WRITE = ("conversations.readonly",), ("conversations.write",)


class SearchConversations(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which conversations, in which order; every filter must hold."""

    location_id: Text = UNSET
    contact_id: Text = UNSET
    id: Text = UNSET
    #: Ids of users with commas between them; "unassigned" = nobody's.
    assigned_to: Text = UNSET
    followers: Text = UNSET
    query: Text = UNSET
    status: Literal["all", "read", "unread", "starred", "recents"] | UnsetType = UNSET
    #: "TYPE_SMS"
    last_message_type: Text = UNSET
    last_message_action: Literal["automated", "manual"] | UnsetType = UNSET
    last_message_direction: Literal["inbound", "outbound"] | UnsetType = UNSET
    #: Begun since, and until.
    start_date: Milliseconds | UnsetType = UNSET
    end_date: Milliseconds | UnsetType = UNSET
    sort_by: Literal["last_message_date", "last_manual_message_date"] | UnsetType = UNSET
    sort: Literal["asc", "desc"] | UnsetType = UNSET
    #: 20 where it is left out.
    limit: int | UnsetType = UNSET
    #: The sort value of the last row of the page before.
    start_after_date: int | UnsetType = UNSET


class ConversationId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which conversation."""

    conversation_id: str


class CreateConversation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A contact that has none yet."""

    contact_id: str
    location_id: Text = UNSET


class UpdateConversation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes of a conversation; UNSET stays as it is."""

    conversation_id: str
    location_id: Text = UNSET
    #: 0 = read.
    unread_count: int | UnsetType = UNSET
    starred: bool | UnsetType = UNSET


class ConversationsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page, and how many there are on all of them."""

    conversations: list[ConversationRecord] = []
    total: Loose = None
    trace_id: str | None = None


class ConversationAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A conversation that was made or changed."""

    conversation: ConversationRecord
    success: Loose = None
    trace_id: str | None = None


def _sort_value(row: ConversationRecord) -> Any:
    return row.sort[0] if row.sort else row.last_message_date


_ONE = "/conversations/{conversationId}"

SEARCH = Operation[SearchConversations, ConversationsAnswer](
    id="conversations.search", app="contacts_api", title="Search conversations",
    description="Conversations by contact, state and last message, latest first. A page goes on behind the last row's "
    "time alone: of rows with the very same millisecond, those beyond the edge of a page are skipped.",
    method="GET", path="/conversations/search", input=SearchConversations, output=ConversationsAnswer,
    query=frozenset(SearchConversations.__struct_encode_fields__), version=CONVERSATIONS, scopes=_READ,
    idempotent=True, paging=paging.start_after_date(lambda answer: answer.conversations, _sort_value),
    source="conversations.json#search-conversation",
)  # fmt: skip

GET = Operation[ConversationId, ConversationRecord](
    id="conversations.get", app="contacts_api", title="Get a conversation",
    description="One conversation by its id, without the last message.",
    method="GET", path=_ONE, input=ConversationId, output=ConversationRecord, version=CONVERSATIONS, scopes=_READ,
    idempotent=True, source="conversations.json#get-conversation",
)  # fmt: skip

#: A contact has one, whoever made it.
_CREATED = LookUp[CreateConversation, SearchConversations, ConversationsAnswer, ConversationRecord](
    kind="index", operation="conversations.search", settle_s=SETTLE_S,
    ask=lambda given: SearchConversations(location_id=given.location_id, contact_id=given.contact_id),
    rows=lambda answer: answer.conversations,
    same=lambda row, given, _: says(row.contact_id, given.contact_id) and row.deleted is not True,
)  # fmt: skip

CREATE = Operation[CreateConversation, ConversationAnswer](
    id="conversations.create", app="contacts_api", title="Create a conversation for a contact",
    description="A contact has one at most; a message that is sent makes it by itself.",
    method="POST", path="/conversations/", input=CreateConversation, output=ConversationAnswer,
    version=CONVERSATIONS, scopes=_WRITE,
    look_up=_CREATED,
    source="conversations.json#create-conversation",
)  # fmt: skip

UPDATE = Operation[UpdateConversation, ConversationAnswer](
    id="conversations.update", app="contacts_api", title="Update a conversation (unread count, star)",
    description="Writes only what is given.",
    method="PUT", path=_ONE, input=UpdateConversation, output=ConversationAnswer, version=CONVERSATIONS,
    scopes=_WRITE, idempotent=True, source="conversations.json#update-conversation",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (SEARCH, GET, CREATE, UPDATE)

"""How the account is and what may be odd about it, as switches. Source: nimbata.md, AS-01 and B6 (assumptions)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Mode = Literal["native", "derived"]
#: A body of this size is above the limit of any receiver that has one.
MAX_PADDING = 4 * 1024 * 1024


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The defaults are those of an account in which nothing is odd."""

    #: native = it stores contacts and what hangs on them; derived = it has calls, forms and texts and nothing else.
    mode: Mode = "native"
    #: `GET A/changes` answers, and what happens from now on is in it.
    changes_feed: bool = False
    #: What a contact has reached with its creation is told by events too, not by `contact.created` alone.
    creation_tells_milestones: bool = False
    #: A tag of the contact itself makes a milestone, as one of its calls or forms does.
    contact_tags_reach_milestones: bool = False

    # -- Bodies of answers and of enveloped webhooks
    #: Key → key that stands in its place, at any depth but within fields that people name.
    renamed_fields: dict[str, str] = {}
    #: Keys without a value are left out, and updates carry the changed keys alone.
    sparse_bodies: bool = False
    #: true and false come as texts.
    string_booleans: bool = False
    #: JSON calls itself text/plain.
    wrong_content_type: bool = False
    #: Bytes that fill up each webhook's body.
    padding_bytes: Annotated[int, msgspec.Meta(ge=0, le=MAX_PADDING)] = 0

    # -- Calls
    #: Rows of a page that the next page shows again, as when calls arrive in between; below the page's size.
    page_drift: Annotated[int, msgspec.Meta(ge=0, le=499)] = 0
    #: A contact that was deleted is still got by its id, with the time of it.
    deleted_shown: bool = False
    #: The token has run out: every call is 401.
    expired_token: bool = False

    # -- Webhooks
    #: Seconds by which the account's clock is ahead of ours in what it signs; negative = behind.
    clock_skew_s: float = 0.0

    @property
    def dressed(self) -> bool:
        """Whether bodies look other than they are."""
        return bool(self.renamed_fields) or self.sparse_bodies or self.string_booleans

    def change(self, wanted: dict[str, Any]) -> Quirks:
        """These with some switched otherwise. Raises ValueError, which names the switch."""
        try:
            return msgspec.convert({**msgspec.to_builtins(self), **wanted}, Quirks)
        except msgspec.ValidationError as error:
            raise ValueError(f"quirks: {error}") from error

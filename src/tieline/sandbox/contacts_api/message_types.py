"""What kinds of message there are, and what each is called where. Source: contacts-api.md, section 7; the lists of the
vendor's conversations.json.

One kind has four names: what a sender asks for ("IG"), what a record says ("TYPE_INSTAGRAM", and a number beside it),
what an event says ("IG"), and the channel that a contact may have blocked.
"""

from __future__ import annotations

import msgspec

#: In the order of their numbers. TYPE_EMAIL 3, TYPE_CALL 1 and TYPE_CUSTOM_CALL 34 are documented, the rest follows
#: from the order; TYPE_RCS stands in no list that has numbers.
_NUMBERED = (
    "CALL", "SMS", "EMAIL", "SMS_REVIEW_REQUEST", "WEBCHAT", "SMS_NO_SHOW_REQUEST", "CAMPAIGN_SMS", "CAMPAIGN_CALL",
    "CAMPAIGN_EMAIL", "CAMPAIGN_VOICEMAIL", "FACEBOOK", "CAMPAIGN_FACEBOOK", "CAMPAIGN_MANUAL_CALL",
    "CAMPAIGN_MANUAL_SMS", "GMB", "CAMPAIGN_GMB", "REVIEW", "INSTAGRAM", "WHATSAPP", "CUSTOM_SMS", "CUSTOM_EMAIL",
    "CUSTOM_PROVIDER_SMS", "CUSTOM_PROVIDER_EMAIL", "IVR_CALL", "ACTIVITY_CONTACT", "ACTIVITY_INVOICE",
    "ACTIVITY_PAYMENT", "ACTIVITY_OPPORTUNITY", "LIVE_CHAT", "LIVE_CHAT_INFO_MESSAGE", "ACTIVITY_APPOINTMENT",
    "FACEBOOK_COMMENT", "INSTAGRAM_COMMENT", "CUSTOM_CALL", "INTERNAL_COMMENT", "ACTIVITY_EMPLOYEE_ACTION_LOG",
    "TIKTOK", "TIKTOK_COMMENT", "ACTIVITY_WHATSAPP", "FORM_SUBMISSION", "SMS_REACTION", "RCS",
)  # fmt: skip
#: "TYPE_SMS" → 2.
NUMBERS = {f"TYPE_{name}": number for number, name in enumerate(_NUMBERED, start=1)}
#: What the list of a conversation's messages can be asked for: other plurals than the records have.
FILTERS = frozenset({
    "TYPE_CALL", "TYPE_SMS", "TYPE_RCS", "TYPE_EMAIL", "TYPE_FACEBOOK", "TYPE_GMB", "TYPE_INSTAGRAM", "TYPE_WHATSAPP",
    "TYPE_ACTIVITY_APPOINTMENT", "TYPE_ACTIVITY_CONTACT", "TYPE_ACTIVITY_INVOICE", "TYPE_ACTIVITY_PAYMENT",
    "TYPE_ACTIVITY_OPPORTUNITY", "TYPE_LIVE_CHAT", "TYPE_INTERNAL_COMMENTS", "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG",
    "TYPE_TIKTOK", "TYPE_ACTIVITY_WHATSAPP", "TYPE_FORM_SUBMISSION",
})  # fmt: skip
#: What the list answers to a filter beside the type itself: messages of providers count with their channel.
ALSO = {
    "TYPE_CALL": {"TYPE_CUSTOM_CALL", "TYPE_IVR_CALL", "TYPE_CAMPAIGN_CALL", "TYPE_CAMPAIGN_VOICEMAIL"},
    "TYPE_SMS": {"TYPE_CUSTOM_SMS"},
    "TYPE_EMAIL": {"TYPE_CUSTOM_EMAIL"},
    "TYPE_INTERNAL_COMMENTS": {"TYPE_INTERNAL_COMMENT"},
}
CALLS = frozenset(
    {"TYPE_CALL", "TYPE_CUSTOM_CALL", "TYPE_IVR_CALL", "TYPE_CAMPAIGN_CALL", "TYPE_CAMPAIGN_VOICEMAIL"}
)
EMAILS = frozenset({"TYPE_EMAIL", "TYPE_CUSTOM_EMAIL"})
CALL_STATUSES = (
    "pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail",
)  # fmt: skip


class Kind(msgspec.Struct, frozen=True):
    """What one word of a sender means."""

    #: "" = it depends on the provider.
    type: str
    #: The channel of `dndSettings` that blocks it; None = none does.
    channel: str | None = None
    #: What the contact must have to be reached: "phone" or "email".
    needs: str | None = None


#: `type` of a message that is sent.
SENT = {
    "SMS": Kind("TYPE_SMS", "SMS", "phone"),
    "RCS": Kind("TYPE_RCS", "SMS", "phone"),
    "Email": Kind("TYPE_EMAIL", "Email", "email"),
    "WhatsApp": Kind("TYPE_WHATSAPP", "WhatsApp", "phone"),
    "IG": Kind("TYPE_INSTAGRAM", "FB"),
    "FB": Kind("TYPE_FACEBOOK", "FB"),
    "Custom": Kind(""),
    "Live_Chat": Kind("TYPE_LIVE_CHAT"),
    "TIKTOK": Kind("TYPE_TIKTOK"),
}
#: `type` of a message that is logged as having come in.
LOGGED = {
    "SMS": "TYPE_SMS", "RCS": "TYPE_RCS", "Email": "TYPE_EMAIL", "WhatsApp": "TYPE_WHATSAPP", "GMB": "TYPE_GMB",
    "IG": "TYPE_INSTAGRAM", "FB": "TYPE_FACEBOOK", "Custom": "", "WebChat": "TYPE_WEBCHAT",
    "Live_Chat": "TYPE_LIVE_CHAT", "Call": "TYPE_CUSTOM_CALL", "IVR_Call": "TYPE_IVR_CALL",
    "Campaign_Call": "TYPE_CAMPAIGN_CALL", "Campaign_VoiceMail": "TYPE_CAMPAIGN_VOICEMAIL", "TIKTOK": "TYPE_TIKTOK",
    "ALL_IN_ONE_CHAT": "TYPE_WEBCHAT", "FORM_SUBMISSION": "TYPE_FORM_SUBMISSION",
}  # fmt: skip
#: What a provider's messages are, by what the provider is for. Source: the vendor's page on conversation providers.
PROVIDED = {"SMS": "TYPE_CUSTOM_SMS", "Email": "TYPE_CUSTOM_EMAIL", "Call": "TYPE_CUSTOM_CALL"}
#: Logged as having come in, these belong to a provider in any case.
NEED_PROVIDER = frozenset({"Custom", "Call"})
#: What an export may be narrowed to.
EXPORTED = {
    "Call": CALLS, "SMS": {"TYPE_SMS", "TYPE_CUSTOM_SMS"}, "Email": EMAILS, "WhatsApp": {"TYPE_WHATSAPP"},
    "Instagram": {"TYPE_INSTAGRAM"}, "Facebook": {"TYPE_FACEBOOK"},
}  # fmt: skip
_SPOKEN = {
    "TYPE_EMAIL": "Email", "TYPE_CUSTOM_EMAIL": "Email", "TYPE_WHATSAPP": "WhatsApp", "TYPE_INSTAGRAM": "IG",
    "TYPE_FACEBOOK": "FB", "TYPE_LIVE_CHAT": "Live Chat", "TYPE_CUSTOM_SMS": "Custom",
    "TYPE_CAMPAIGN_VOICEMAIL": "VoiceMail", **dict.fromkeys(CALLS - {"TYPE_CAMPAIGN_VOICEMAIL"}, "CALL"),
}  # fmt: skip


def spoken(type_: str) -> str:
    """How an event calls that type: "SMS", "CALL", "Email"."""
    return _SPOKEN.get(type_, type_.removeprefix("TYPE_"))


def matches(type_: str, wanted: frozenset[str]) -> bool:
    """Whether a message of that type is among those that a list was asked for."""
    return type_ in wanted or any(type_ in ALSO.get(one, ()) for one in wanted)

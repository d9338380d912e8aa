"""Recordings and transcriptions of calls over the API. Source: contacts-api.md, section 7."""

from __future__ import annotations

from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.api_conversations import MESSAGES_READ
from tieline.sandbox.contacts_api.conversations import ConversationBook
from tieline.sandbox.contacts_api.offer import Offer, offer
from tieline.sandbox.contacts_api.recordings import recording, transcript_text, transcription
from tieline.sandbox.contacts_api.records_conversations import Message
from tieline.sandbox.side import Call, Reply


class Recordings:
    """The handlers."""

    def __init__(self, book: ConversationBook) -> None:
        self._book = book

    def offers(self) -> list[Offer]:
        """Sound, sentences, and a text to read."""
        heard = "/conversations/messages/{messageId}/locations/{locationId}/recording"
        read = "/conversations/locations/{locationId}/messages/{messageId}/transcription"
        return [
            offer("messages.get_recording", "GET", heard, self._recording, MESSAGES_READ),
            offer("messages.get_transcription", "GET", read, self._transcription, MESSAGES_READ),
            offer(
                "messages.download_transcription", "GET", f"{read}/download", self._download, MESSAGES_READ
            ),
        ]

    def _recording(self, call: Call) -> Reply:
        return Reply(status=200, content=recording(self._message(call)), content_type="audio/x-wav")

    def _transcription(self, call: Call) -> Reply:
        return Reply(status=200, body=transcription(self._message(call)))

    def _download(self, call: Call) -> Reply:
        message = self._message(call)
        return Reply(
            status=200, content=transcript_text(message).encode(), content_type="text/plain",
            headers={"Content-Disposition": f'attachment; filename="{message.id}.txt"'},
        )  # fmt: skip

    def _message(self, call: Call) -> Message:
        return self._book.message(located(call), call.params["messageId"])[1]

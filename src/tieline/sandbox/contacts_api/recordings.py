"""What was said on a call: a recording that plays, and a transcription of it."""

from __future__ import annotations

import io
import wave
from random import Random
from typing import Any

from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records_conversations import Message, Spoken

_RATE = 8_000
#: However long the call was.
_LONGEST_S = 2


def recording(message: Message) -> bytes:
    """A WAV file, the same each time. Raises Problem 400 where nothing was recorded."""
    call = _recorded(message)
    seconds = max(1, min(call.duration_s or 1, _LONGEST_S))
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(_RATE)
        file.writeframes(Random(message.id).randbytes(seconds * _RATE))
    return held.getvalue()


def transcription(message: Message) -> list[dict[str, Any]]:
    """Its sentences in order, with their times in milliseconds. Raises Problem 400."""
    call = _recorded(message)
    if not call.transcript:
        raise Problem(400, f"Transcription of message with id {message.id} not found")
    each_ms = (call.duration_s or 0) * 1000 // len(call.transcript)
    return [
        {
            "mediaChannel": number % 2 + 1, "sentenceIndex": number, "startTime": number * each_ms,
            "endTime": (number + 1) * each_ms, "transcript": sentence, "confidence": 0.9,
        }
        for number, sentence in enumerate(call.transcript)
    ]  # fmt: skip


def transcript_text(message: Message) -> str:
    """The same to read."""
    return "".join(
        f"[{_clock(one['startTime'])}] Speaker {one['mediaChannel']}: {one['transcript']}\n"
        for one in transcription(message)
    )


def _recorded(message: Message) -> Spoken:
    if message.call is None or not message.call.recorded:
        raise Problem(400, f"Recording of message with id {message.id} not found")
    return message.call


def _clock(milliseconds: int) -> str:
    return f"{milliseconds // 60_000:02d}:{milliseconds // 1000 % 60:02d}"

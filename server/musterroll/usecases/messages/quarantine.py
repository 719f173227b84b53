"""Quarantine for messages that cannot be accepted, with the reason. They are never processed again."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.instants import to_ms
from musterroll.storage.messages import quarantine as storage
from musterroll.storage.messages.durable import Stream
from musterroll.storage.tables.messages import QuarantinedMessage

MAX_PAYLOAD = 4096
_BIRTH_AGAIN = 3_600_000  # ms after a rejected birth before the unit is asked for another, which is probably no better


class RejectedMessage(NamedTuple):
    """A message that cannot be accepted: where it arrived, the reason, and the sequence number it used."""

    topic: str
    unit: str  # as named in the topic; may be empty
    code: str
    detail: str  # one sentence
    payload: bytes
    sequence_used: tuple[Stream, int] | None = None  # covered by the next receipt, so that the agent does not send it again


def store_rejected(session: Session, rejected: Sequence[RejectedMessage], now: datetime) -> None:
    """Store rejected messages for review: the first 4 KiB of each payload. The newest 10,000 messages are retained."""
    if rejected:
        at = to_ms(now)
        storage.add(session, [_row(message, at) for message in rejected[-storage.MAX_ROWS :]])


def without_rejected_birth(session: Session, uids: Sequence[str], now: datetime) -> list[str]:
    """Those of `uids` whose birth was not rejected within the last hour."""
    rejected = storage.units_of_births(session, to_ms(now) - _BIRTH_AGAIN) if uids else ()
    return [uid for uid in uids if uid not in rejected]


def quarantined_messages(session: Session, before_id: int | None, limit: int) -> list[QuarantinedMessage]:
    """QuarantinedMessage messages with an id below `before_id`, newest first."""
    return storage.page(session, before_id, limit)


def _row(message: RejectedMessage, at: int) -> dict[str, object]:
    return {
        "at": at,
        "unit": _storable(message.unit, 64),
        "topic": _storable(message.topic, 300),
        "code": message.code[:40],
        "detail": _storable(message.detail, 500),
        "size": len(message.payload),
        "payload": message.payload[:MAX_PAYLOAD],
    }


def _storable(text: str, length: int) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "�")[:length]

"""Setting aside what cannot be accepted, with its reason. Never retried."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.instants import to_ms
from musterroll.storage.messages import quarantine as storage
from musterroll.storage.messages.durable import Stream
from musterroll.storage.tables.messages import Quarantined

MAX_PAYLOAD = 4096


class RejectedMessage(NamedTuple):
    """A message that cannot be accepted: where it came in, why not, and which durable number it uses up."""

    topic: str
    unit: str  # as the topic named it; empty where it names none
    code: str
    detail: str  # one sentence
    payload: bytes
    settles: tuple[Stream, int] | None = None  # the agent need not send this number again


def store_rejected(session: Session, misfits: Sequence[RejectedMessage], now: datetime) -> None:
    """Keep misfits for a person to look at: the first 4 KiB of each, the newest 10,000 of all."""
    if misfits:
        at = to_ms(now)
        storage.add(session, [_row(misfit, at) for misfit in misfits[-storage.MAX_ROWS :]])


def quarantined_messages(session: Session, before_id: int | None, limit: int) -> list[Quarantined]:
    """What is set aside, newest first, older than `before_id`."""
    return storage.page(session, before_id, limit)


def _row(misfit: RejectedMessage, at: int) -> dict[str, object]:
    return {
        "at": at,
        "unit": _storable(misfit.unit, 64),
        "topic": _storable(misfit.topic, 300),
        "code": misfit.code[:40],
        "detail": _storable(misfit.detail, 500),
        "size": len(misfit.payload),
        "payload": misfit.payload[:MAX_PAYLOAD],
    }


def _storable(text: str, length: int) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "�")[:length]

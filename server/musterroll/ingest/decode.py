"""Decoding: topics and payloads are parsed and units recognised; everything else becomes a rejected message with a reason."""

import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from musterroll_wire import topics
from musterroll_wire.messages import Birth, Death, Heartbeat, Message, Record, decode
from musterroll_wire.strict_json import InvalidPayload

from musterroll.ingest import canary
from musterroll.mqtt.reader import RawPublish
from musterroll.storage.messages.durable import Stream
from musterroll.usecases.messages.quarantine import RejectedMessage
from musterroll.usecases.messages.receive import Arrival, UplinkMessage

_NUMBERS = [re.compile(rb'"%s"\s*:\s*(\d{1,15})(?![\d.eE])' % name) for name in (b"epoch", b"seq")]
_DURABLE = ("birth", "record")
_MAX_UNITS = 1_000_000
_MAX_UNKNOWN = 10_000
_RETRY_SECONDS = 2.0


class DecodedMessage(NamedTuple):
    """One message, before its unit is looked up: either `message` or `error`."""

    topic: str
    unit: str
    kind: str
    message: UplinkMessage | None
    error: tuple[str, str] | None  # code, sentence
    payload: bytes


class DecodedBatch(NamedTuple):
    messages: list[DecodedMessage]
    canary: int | None  # when the newest canary of ours was sent, ms
    kinds: Counter[str]


def decode_batch(publishes: Sequence[RawPublish], own: str) -> DecodedBatch:
    """Decode messages in order of arrival. `own` is the registry's own name on the broker. Raises nothing."""
    messages: list[DecodedMessage] = []
    newest: int | None = None
    for topic, payload, _ in publishes:
        message = _decode_message(topic, payload)
        if message.kind == topics.CANARY and message.unit == own:
            newest = canary.decode(payload) or newest
        else:
            messages.append(message)
    return DecodedBatch(messages, newest, Counter([message.kind for message in messages if message.message is not None]))


def _decode_message(raw_topic: bytes, payload: bytes) -> DecodedMessage:
    topic = raw_topic.decode("utf-8", "replace")
    place = topics.parse(topic)
    if place is None or place.kind not in topics.UP:
        if place is not None and place.kind == topics.CANARY:
            return DecodedMessage(topic, place.unit, place.kind, None, ("foreign_topic", "a test message of another registry"), payload)
        return DecodedMessage(topic, "", "", None, ("foreign_topic", f"unknown topic {topic[:120]!r}"), payload)
    unit, kind = place
    try:
        return DecodedMessage(topic, unit, kind, _uplink(decode(kind, payload)), None, payload)
    except InvalidPayload as error:
        return DecodedMessage(topic, unit, kind, None, (error.code, error.detail), payload)
    except Exception as error:  # a bug in our decoding must not stop all other messages
        return DecodedMessage(topic, unit, kind, None, ("undecodable", f"decoding failed: {type(error).__name__}: {error}"[:300]), payload)


def _uplink(message: Message) -> UplinkMessage:
    assert isinstance(message, Birth | Heartbeat | Record | Death)
    return message


class UnitIdCache:
    """Row ids of units by uid, as far as they were needed. Unknown units are looked up again after two seconds: they may have enrolled."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._unknown: dict[str, float] = {}  # when they were looked up

    def missing(self, messages: Sequence[DecodedMessage]) -> list[str]:
        """The uids among `messages` that must be looked up."""
        ids, unknown = self._ids, self._unknown
        missing = {message.unit for message in messages if message.unit and message.unit not in ids}
        if not missing:
            return []
        now = time.monotonic()
        return sorted(uid for uid in missing if now - unknown.get(uid, -_RETRY_SECONDS) >= _RETRY_SECONDS)

    def add(self, uids: Sequence[str], ids: dict[str, int]) -> None:
        """The result of looking up `uids`; those without an id are unknown."""
        if len(self._ids) > _MAX_UNITS:
            self._ids.clear()
        if len(self._unknown) > _MAX_UNKNOWN:
            self._unknown.clear()
        self._ids.update(ids)
        now = time.monotonic()
        self._unknown.update({uid: now for uid in uids if uid not in ids})

    def split(self, messages: Sequence[DecodedMessage]) -> tuple[list[Arrival], list[RejectedMessage]]:
        """Arrivals of registered units, in order; all others as rejected messages."""
        arrivals: list[Arrival] = []
        rejected: list[RejectedMessage] = []
        ids = self._ids
        for topic, unit, kind, message, error, payload in messages:
            unit_id = ids.get(unit)
            if message is not None and unit_id is not None:
                arrivals.append(Arrival(unit_id, unit, message, payload))
                continue
            unknown_unit = ("unknown_unit", f"unknown unit {unit!r}; it must enrol first")
            code, detail = unknown_unit if unit and unit_id is None else error or unknown_unit
            rejected.append(RejectedMessage(topic, unit, code, detail, payload, sequence_used(unit_id, kind, payload)))
        return arrivals, rejected


def sequence_used(unit_id: int | None, kind: str, payload: bytes) -> tuple[Stream, int] | None:
    """The sequence number of a rejected durable message, if it can be read: a receipt must cover it, or it is sent again forever."""
    if unit_id is None or kind not in _DURABLE:
        return None
    epoch, seq = (pattern.search(payload) for pattern in _NUMBERS)
    if not epoch or not seq or int(seq[1]) < 1:
        return None
    return Stream(unit_id, int(epoch[1])), int(seq[1])

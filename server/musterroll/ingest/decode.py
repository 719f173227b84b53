"""From what came in to what is meant: topics and payloads decoded, units recognised, everything else a misfit with its reason."""

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
_CACHED = 1_000_000
_STRANGER_SECONDS = 2.0


class Word(NamedTuple):
    """One message as far as it can be read without knowing its unit: `message`, or why not."""

    topic: str
    unit: str
    kind: str
    message: UplinkMessage | None
    refused: tuple[str, str] | None  # code, sentence
    payload: bytes


class Heard(NamedTuple):
    words: list[Word]
    canary: int | None  # when the newest canary of ours was sent, ms
    kinds: Counter[str]


def read(publishes: Sequence[RawPublish], own: str) -> Heard:
    """Decode messages in order of arrival. `own` is the registry's own name on the broker. Raises nothing."""
    words: list[Word] = []
    newest: int | None = None
    for topic, payload, _ in publishes:
        word = _word(topic, payload)
        if word.kind == topics.CANARY and word.unit == own:
            newest = canary.decode(payload) or newest
        else:
            words.append(word)
    return Heard(words, newest, Counter([word.kind for word in words if word.message is not None]))


def _word(raw_topic: bytes, payload: bytes) -> Word:
    topic = raw_topic.decode("utf-8", "replace")
    place = topics.parse(topic)
    if place is None or place.kind not in topics.UP:
        if place is not None and place.kind == topics.CANARY:
            return Word(topic, place.unit, place.kind, None, ("foreign_topic", "a canary that is not ours"), payload)
        return Word(topic, "", "", None, ("foreign_topic", f"no message of ours has the topic {topic[:120]!r}"), payload)
    unit, kind = place
    try:
        return Word(topic, unit, kind, _up(decode(kind, payload)), None, payload)
    except InvalidPayload as refused:
        return Word(topic, unit, kind, None, (refused.code, refused.detail), payload)
    except Exception as error:  # a hole in our own decoding must not stop everyone else's messages
        return Word(topic, unit, kind, None, ("undecodable", f"decoding failed: {type(error).__name__}: {error}"[:300]), payload)


def _up(message: Message) -> UplinkMessage:
    assert isinstance(message, Birth | Heartbeat | Record | Death)
    return message


class Acquaintances:
    """Row ids of units by uid, as far as they were needed. Strangers are forgotten after two seconds: they may enrol."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._strangers: dict[str, float] = {}

    def unmet(self, words: Sequence[Word]) -> list[str]:
        """The uids among `words` that have to be looked up."""
        known, strangers = self._known, self._strangers
        unmet = {word.unit for word in words if word.unit and word.unit not in known}
        if not unmet:
            return []
        now = time.monotonic()
        return sorted(uid for uid in unmet if now - strangers.get(uid, -_STRANGER_SECONDS) >= _STRANGER_SECONDS)

    def learn(self, asked: Sequence[str], found: dict[str, int]) -> None:
        if len(self._known) > _CACHED:
            self._known.clear()
        if len(self._strangers) > 10_000:
            self._strangers.clear()
        self._known.update(found)
        now = time.monotonic()
        self._strangers.update({uid: now for uid in asked if uid not in found})

    def sort(self, words: Sequence[Word]) -> tuple[list[Arrival], list[RejectedMessage]]:
        """Arrivals of units on the roll, in order; everything else as misfits."""
        arrivals: list[Arrival] = []
        misfits: list[RejectedMessage] = []
        known = self._known
        for topic, unit, kind, message, refused, payload in words:
            unit_id = known.get(unit)
            if message is not None and unit_id is not None:
                arrivals.append(Arrival(unit_id, unit, message, payload))
                continue
            stranger = ("unknown_unit", f"no unit {unit!r} is on the roll; it has to enrol first")
            code, detail = stranger if unit and unit_id is None else refused or stranger
            misfits.append(RejectedMessage(topic, unit, code, detail, payload, settled(unit_id, kind, payload)))
        return arrivals, misfits


def settled(unit_id: int | None, kind: str, payload: bytes) -> tuple[Stream, int] | None:
    """The durable number a refused message uses up, where it can be made out: it is never sent again."""
    if unit_id is None or kind not in _DURABLE:
        return None
    found = [pattern.search(payload) for pattern in _NUMBERS]
    if not found[0] or not found[1] or (seq := int(found[1][1])) < 1:
        return None
    return Stream(unit_id, int(found[0][1])), seq

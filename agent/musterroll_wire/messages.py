"""The six messages, their encoding and decoding.

Encoding omits what has its default value; decoding ignores unknown fields and is strict about known ones (`InvalidPayload` says what is
wrong). A heartbeat is a JSON array, without names, because it is sent all day: `[epoch, beat, at, uptime, operating, [vitals], {usage}]`,
the vitals in the order of `vitals.VITALS`. Readings that are missing are null; those of a newer sender's further vitals are ignored.

`at` is a label: a number that is not a whole one from 0 to 2^53-1 is brought there, and a birth is marked as one of a clock that is not
synchronised.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from musterroll_wire.strict_json import InvalidPayload, dumps, loads, storable
from musterroll_wire.vitals import MAX_READING, VITAL_NAMES

LIMITS = {"birth": 8192, "heartbeat": 1024, "record": 8192, "death": 256, "receipt": 512, "command": 8192}
MAX_INTEGER = 2**53 - 1
MAX_TEXT = 256
MAX_NAME = 80
MAX_INTERVAL = 366 * 86_400  # seconds


class Birth(NamedTuple):
    """Who the unit says it is; one at every start. Durable, numbered by (epoch, seq)."""

    epoch: int
    seq: int
    oldest: int  # the lowest seq of this epoch the agent still keeps: nothing below it will follow
    at: int  # unix seconds by the unit's clock
    serial: str
    maker: str
    model: str
    interval: int  # seconds between heartbeats
    firmware: str = ""
    agent: str = ""
    uptime: int = 0
    boots: int = 0
    clock: bool | None = None  # whether the unit's clock is synchronised; None where it cannot tell
    card: dict[str, Any] | None = None  # the unit's own warranty card
    evidence: dict[str, str] = {}  # other evidence of identity: machine id, board serial, MAC
    run: str = ""  # drawn at random at every start: two runs that take turns are two devices


class Heartbeat(NamedTuple):
    """The unit is alive. Not durable: the newest (epoch, beat) wins and counters are lifetime totals."""

    epoch: int
    beat: int
    at: int
    uptime: int  # seconds since the unit started
    operating: int  # lifetime operating seconds
    vitals: dict[str, int] = {}  # by name, see `vitals.VITALS`; without those the unit cannot tell
    usage: dict[str, float] = {}  # lifetime usage counters by name


class Record(NamedTuple):
    """Something to store: `about` is `hour`, `change`, `event` or `warranty`; readers store unknown kinds too."""

    epoch: int
    seq: int
    oldest: int
    at: int
    about: str
    data: dict[str, Any]


class Death(NamedTuple):
    """The last will: this epoch's connection ended. A hint only."""

    epoch: int


class Receipt(NamedTuple):
    """Everything of `epoch` up to `seq` is committed in the registry whose own epoch is `registry`."""

    epoch: int
    seq: int
    registry: int
    at: int = 0  # unix seconds by the registry's clock


class Command(NamedTuple):
    """A command from the registry: `rebirth`, `interval` ({"seconds": n}), `coverage` (words to show the installer) or `epoch`.

    `epoch` ({"epoch": e, "above": n}): what is numbered in epoch e cannot be kept there; number it again in an epoch above n.
    """

    name: str
    data: dict[str, Any] = {}


Message = Birth | Heartbeat | Record | Death | Receipt | Command


def text_problem(text: str) -> str:
    """Why a text cannot be sent as one of the fields of a message; empty where it can.

    >>> text_problem("2.4.1"), text_problem("x" * 300)
    ('', '300 characters; the limit is 256')
    """
    if len(text) > MAX_TEXT:
        return f"{len(text)} characters; the limit is {MAX_TEXT}"
    return "" if storable(text) else "text with a NUL or a lone surrogate"


def encode(message: Message) -> bytes:
    """The payload of a message. Raises ValueError where a number is not finite."""
    if isinstance(message, Heartbeat):
        *counters, vitals, usage = message
        return dumps(_trim([*counters, _trim([*map(vitals.get, VITAL_NAMES)]), usage]))
    if isinstance(message, Receipt) and message.at:  # sent by the thousand
        return b'{"epoch":%d,"seq":%d,"registry":%d,"at":%d}' % message
    defaults = message._field_defaults
    return dumps({k: v for k, v in message._asdict().items() if k not in defaults or v != defaults[k]})


def _trim(values: list[Any]) -> list[Any]:
    """Without the empty values at the end."""
    while values and values[-1] in (None, [], {}):
        values.pop()
    return values


def decode(kind: str, payload: bytes) -> Message:
    """The message in a payload of the given kind. Raises InvalidPayload for anything the contract does not allow."""
    value = loads(payload, LIMITS[kind])
    if kind == "heartbeat":
        return _heartbeat(value)
    if not isinstance(value, dict):
        raise InvalidPayload("wrong_type", f"a {kind} must be a JSON object")
    return _READERS[kind](value)


def _heartbeat(value: Any) -> Heartbeat:
    if not isinstance(value, list):
        raise InvalidPayload("wrong_type", "a heartbeat must be a JSON array")
    if len(value) < len(_COUNTERS):
        raise InvalidPayload("missing_field", f"a heartbeat needs at least {', '.join(_COUNTERS)}")
    epoch, beat, at, uptime, operating, *rest = value
    for name, number in zip(_COUNTERS, value, strict=False):
        if type(number) is not int or not 0 <= number <= MAX_INTEGER:
            if name != "at":
                raise _not_integer(name)
            at = _label(number)
    vitals = _vitals(rest[0]) if rest else {}
    usage = _usage(rest[1]) if len(rest) > 1 else {}
    return Heartbeat(epoch, beat, at, uptime, operating, vitals, usage)


_COUNTERS = ("epoch", "beat", "at", "uptime", "operating")


def _vitals(value: Any) -> dict[str, int]:
    if not isinstance(value, list):
        raise InvalidPayload("wrong_type", 'field "vitals" must be an array')
    vitals = {}
    for name, reading in zip(VITAL_NAMES, value, strict=False):  # fewer from an older sender, more from a newer one
        if reading is None:
            continue
        if type(reading) is not int or not -MAX_READING <= reading <= MAX_READING:
            raise InvalidPayload("out_of_range", f'field "{name}" must be null or a whole number from -{MAX_READING} to {MAX_READING}')
        vitals[name] = reading
    return vitals


def _usage(usage: Any) -> dict[str, float]:
    if not isinstance(usage, dict) or not all(type(v) in (int, float) for v in usage.values()) or len(usage) > 16:
        raise InvalidPayload("wrong_type", 'field "usage" must be an object of at most 16 numbers')
    if not all(len(name) <= MAX_NAME and abs(number) <= MAX_INTEGER for name, number in usage.items()):
        raise InvalidPayload("out_of_range", f'field "usage": names of at most {MAX_NAME} characters, numbers within 2^53-1 of zero')
    return usage


def _label(at: Any) -> int:
    """The time of a sender whose clock may stand before 1970 or anywhere else."""
    if type(at) not in (int, float):
        raise InvalidPayload("wrong_type", 'field "at" must be a number')
    return int(max(0, min(MAX_INTEGER, at)))


def _not_integer(name: str) -> InvalidPayload:
    return InvalidPayload("wrong_type", f'field "{name}" must be a whole number from 0 to 2^53-1')


class _Fields:
    """Typed reads of one JSON object."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def integer(self, name: str, default: int | None = None, least: int = 0, most: int = MAX_INTEGER) -> int:
        value = self.value.get(name, default)
        if value is None:
            raise InvalidPayload("missing_field", f'field "{name}" is missing')
        if type(value) is not int or not least <= value <= MAX_INTEGER:
            raise _not_integer(name)
        if value > most:
            raise InvalidPayload("out_of_range", f'field "{name}" must be at most {most}')
        return value

    def at(self) -> int:
        if "at" not in self.value:
            raise InvalidPayload("missing_field", 'field "at" is missing')
        return _label(self.value["at"])

    def text(self, name: str, default: str | None = None) -> str:
        value = self.value.get(name, default)
        if value is None:
            raise InvalidPayload("missing_field", f'field "{name}" is missing')
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise InvalidPayload("wrong_type", f'field "{name}" must be text of at most {MAX_TEXT} characters')
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        value = self.value.get(name, {})
        if not isinstance(value, dict):
            raise InvalidPayload("wrong_type", f'field "{name}" must be an object')
        return value

    def texts(self, name: str) -> dict[str, str]:
        value = self.mapping(name)
        if not all(isinstance(v, str) and len(v) <= MAX_TEXT for v in value.values()):
            raise InvalidPayload("wrong_type", f'field "{name}" must be an object whose values are text of at most {MAX_TEXT} characters')
        return value


def _birth(value: dict[str, Any]) -> Birth:
    fields = _Fields(value)
    clock = value.get("clock")
    if clock is not None and not isinstance(clock, bool):
        raise InvalidPayload("wrong_type", 'field "clock" must be true, false or null')
    at = fields.at()
    return Birth(
        epoch=fields.integer("epoch"),
        seq=fields.integer("seq", least=1),
        oldest=fields.integer("oldest", least=1),
        at=at,
        serial=fields.text("serial"),
        maker=fields.text("maker"),
        model=fields.text("model"),
        interval=fields.integer("interval", least=1, most=MAX_INTERVAL),
        firmware=fields.text("firmware", ""),
        agent=fields.text("agent", ""),
        uptime=fields.integer("uptime", 0),
        boots=fields.integer("boots", 0),
        clock=clock if at == value["at"] else False,
        card=None if value.get("card") is None else fields.mapping("card"),
        evidence=fields.texts("evidence"),
        run=fields.text("run", ""),
    )


def _record(value: dict[str, Any]) -> Record:
    fields = _Fields(value)
    return Record(
        epoch=fields.integer("epoch"),
        seq=fields.integer("seq", least=1),
        oldest=fields.integer("oldest", least=1),
        at=fields.at(),
        about=fields.text("about"),
        data=fields.mapping("data"),
    )


def _death(value: dict[str, Any]) -> Death:
    return Death(_Fields(value).integer("epoch"))


def _receipt(value: dict[str, Any]) -> Receipt:
    fields = _Fields(value)
    return Receipt(fields.integer("epoch"), fields.integer("seq"), fields.integer("registry"), fields.integer("at", 0))


def _command(value: dict[str, Any]) -> Command:
    fields = _Fields(value)
    return Command(fields.text("name"), fields.mapping("data"))


_READERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "birth": _birth,
    "record": _record,
    "death": _death,
    "receipt": _receipt,
    "command": _command,
}

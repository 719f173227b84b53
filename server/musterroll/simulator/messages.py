"""The messages of one simulated unit since its last start, derived from the unit and the clock."""

from collections.abc import Callable
from random import SystemRandom
from typing import Any, NamedTuple

from musterroll_wire.messages import Birth, Heartbeat, Record

from musterroll.simulator.fleet import SimulatedUnit

AGENT = "simulator 1"


class Clock(NamedTuple):
    """Unix seconds, and what the unit's own clock makes of them: a faulty one sends anything."""

    now: Callable[[], int]
    label: Callable[[int], Any] = int


class MessageBuilder:
    """Builds messages; the outbox numbers the durable ones."""

    def __init__(self, unit: SimulatedUnit, clock: Clock) -> None:
        self._unit, self._clock = unit, clock
        self._started = clock.now()
        self._run = SystemRandom().randbytes(8).hex()

    def birth(self, interval: int) -> Birth:
        at, unit = self._clock.now(), self._unit
        return Birth(
            epoch=0,
            seq=1,
            oldest=1,
            at=self._clock.label(at),
            serial=unit.serial,
            maker=unit.kind.maker,
            model=unit.kind.model,
            interval=interval,
            firmware=unit.firmware,
            agent=AGENT,
            uptime=at - self._started,
            boots=unit.boots(at),
            clock=True,
            card=unit.card,
            evidence=unit.evidence,
            run=self._run,
        )

    def heartbeat(self, epoch: int, beat: int) -> Heartbeat:
        at, unit = self._clock.now(), self._unit
        return Heartbeat(epoch, beat, self._clock.label(at), at - self._started, unit.operating(at), unit.vitals(at), unit.usage(at))

    def hour(self, seconds: int, interval: int) -> Record:
        """The summary of the last `seconds`, like the agent's hourly record."""
        at, unit = self._clock.now(), self._unit
        data = {
            "from": at - seconds,
            "seconds": seconds,
            "connected": seconds,
            "beats": seconds // interval,
            "operating": unit.operating(at),
            "boots": unit.boots(at),
            "vitals": {name: [value - 1, float(value), value + 1] for name, value in unit.vitals(at).items()},
        }
        return Record(0, 1, 1, self._clock.label(at), "hour", data)

"""A simulated unit on the wire: birth, heartbeats, records, reconnects, failures and recovery."""

import asyncio
import copy
from contextlib import suppress
from random import Random
from typing import NamedTuple

from musterroll_wire.messages import MAX_INTEGER, MAX_INTERVAL, Birth, Command, Death, Receipt, Record, decode, encode
from musterroll_wire.strict_json import InvalidPayload
from musterroll_wire.topics import build, parse

from musterroll.mqtt import writer
from musterroll.simulator.connection import Connection, Denied, open_connection
from musterroll.simulator.counts import Counts
from musterroll.simulator.fleet import SimulatedUnit
from musterroll.simulator.messages import Clock, MessageBuilder
from musterroll.simulator.outbox import Outbox

KEEPALIVE = 60
MAX_BACKOFF = 60.0
CHECK_INTERVAL = 10.0  # seconds between checks for overdue receipts and unresponsive brokers
ACKNOWLEDGED_WITHIN = 10.0  # seconds, or the connection is given up; longer after each that was, up to eight times
JITTER = 0.05  # share of the interval, plus or minus


class Identity(NamedTuple):
    """The credential from enrolment."""

    uid: str
    secret: str
    mqtt_url: str


class Failure(NamedTuple):
    """A failure, `after` seconds after the start: a power loss (the socket breaks and the will is published) or a hang (only pings)."""

    after: float
    disconnects: bool
    recovers_after: float | None  # seconds until it restarts; None: never


class Timing(NamedTuple):
    """Seconds between heartbeats, between records, and before the first connection."""

    interval: int
    record_every: float
    start_after: float


class LiveUnit:
    """Runs until cancelled."""

    def __init__(
        self,
        unit: SimulatedUnit,
        identity: Identity,
        epoch: int,
        timing: Timing,
        failure: Failure | None,
        counts: Counts,
        clock: Clock,
    ) -> None:
        self._unit, self._identity, self._failure, self._counts, self._clock = unit, identity, failure, counts, clock
        self._interval, self._record_every, self._start_after = timing
        self._random = Random(unit.serial)  # noqa: S311
        self._now = asyncio.get_running_loop().time
        self._connection: Connection | None = None
        self._dead: list[Connection] = []  # links that swallow; their sockets stay open
        self._given_up = 0
        self._boot(epoch)

    def _boot(self, epoch: int) -> None:
        self._beat = 0
        self._outbox = Outbox(epoch)
        self._builder = MessageBuilder(self._unit, self._clock)
        self._queue(self._builder.birth(self._interval))

    @property
    def awaits_receipt(self) -> bool:
        """Whether receipts are outstanding."""
        return self._connection is not None and len(self._outbox) > 0

    @property
    def epoch(self) -> int:
        return self._outbox.epoch

    @property
    def delivered(self) -> bool:
        """Whether everything has a receipt."""
        return self._connection is not None and not len(self._outbox)

    def finish(self) -> None:
        """Disconnect cleanly, after `live` was cancelled."""
        if self._connection:
            self._connection.leave()
        for connection in self._dead:
            connection.close()

    # -- what a play does to it

    def beat(self) -> None:
        """Send a heartbeat now, not when it is due."""
        if self._connection:
            self._send_heartbeat(self._connection)

    def lose_power(self) -> None:
        """After `live` was cancelled."""
        self._drop()
        for connection in self._dead:
            connection.close()

    def lose_link(self) -> None:
        """It notices, and connects again."""
        if self._connection:
            self._connection.drop()

    def swallow(self) -> None:
        """The link dies without a word."""
        if self._connection:
            self._connection.swallow()
            self._dead.append(self._connection)

    def twin(self) -> "LiveUnit":
        """A copy of all that it has in memory, as of a virtual machine that is copied while it runs."""
        other = copy.copy(self)
        other._outbox, other._random = copy.deepcopy(self._outbox), Random()  # noqa: S311
        other._connection, other._dead = None, []
        return other

    # -- lifetime

    async def live(self) -> None:
        if self._failure is None:
            return await self._report()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._start_after + self._failure.after):
                await self._report()
        self._counts.totals["silent"] += 1
        await self._be_silent(self._failure)
        self._counts.totals["silent"] -= 1
        self._counts.totals["revived"] += 1
        self._start_after = 0.0
        self._boot(self._outbox.epoch + 1)
        return await self._report()

    async def _be_silent(self, failure: Failure) -> None:
        """A hung unit keeps its connection, which does not count as operating, until its watchdog restarts it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(failure.recovers_after):
                while self._connection and not failure.disconnects:
                    if await self._connection.lost_within(KEEPALIVE / 2):
                        break
                    self._connection.ping()
                self._drop()
                await asyncio.Event().wait()
        self._drop()

    def _drop(self) -> None:
        if self._connection:
            self._connection.drop()
            self._counts.totals["connected"] -= 1
        self._connection = None

    async def _report(self) -> None:
        """Connect and report until the connection is lost; back off and repeat."""
        await asyncio.sleep(self._start_after)
        self._next_beat = self._now() + self._random.uniform(0, self._interval)
        self._next_record = self._now() + self._random.uniform(0, self._record_every)
        failures = 0
        while True:
            try:
                self._connection = await self._connect()
                failures = 0
                await self._serve(self._connection)
                self._counts.totals["connected"] -= 1
                self._counts.totals["reconnects"] += 1
            except (OSError, TimeoutError):
                failures += 1
            except Denied:
                failures += 1
                self._counts.totals["denied"] += 1
            self._connection = None
            await self._back_off(failures)

    async def _connect(self) -> Connection:
        uid = self._identity.uid
        will = (build(uid, "death"), encode(Death(self._outbox.epoch)))
        packet = writer.connect(uid, self._identity.secret, KEEPALIVE, will)
        connection = await open_connection(self._identity.mqtt_url, packet, self._on_message, self._on_acknowledged)
        self._counts.totals["connected"] += 1
        return connection

    async def _back_off(self, failures: int) -> None:
        await asyncio.sleep(self._random.uniform(0.2, min(MAX_BACKOFF, 2.0 ** (failures + 1))))

    def _skip_missed_beats(self) -> None:
        while self._next_beat < self._now():
            self._counts.totals["beats_skipped"] += 1
            self._schedule_beat()

    # -- connection

    async def _serve(self, connection: Connection) -> None:
        connection.subscribe([build(self._identity.uid, "receipt"), build(self._identity.uid, "command")])
        self._send_waiting(connection)
        self._skip_missed_beats()
        while not connection.lost.is_set():
            self._send_due(connection)
            due = min(self._next_beat, self._next_record, connection.last_out + KEEPALIVE * 0.75, self._answer_due(connection))
            await connection.lost_within(min(due - self._now(), CHECK_INTERVAL))

    def _send_due(self, connection: Connection) -> None:
        now = self._now()
        if now >= self._next_beat:
            self._counts.behind(now - self._next_beat)
            self._send_heartbeat(connection)
            self._schedule_beat()
        if now >= self._next_record:
            self._next_record = now + self._record_every
            self._send(self._queue(self._builder.hour(round(self._record_every), self._interval)), connection)
        if self._outbox.overdue(now):
            self._send_waiting(connection)
        if now >= connection.last_out + KEEPALIVE * 0.75:
            connection.ping()
        if now >= self._answer_due(connection):
            self._given_up += 1
            connection.drop()

    def _answer_due(self, connection: Connection) -> float:
        """When the broker should have said something: a link may be dead without an error."""
        patience = ACKNOWLEDGED_WITHIN * (1 << min(self._given_up, 3))
        return min(connection.last_in + KEEPALIVE * 1.5, connection.unanswered_since() + patience)

    def _schedule_beat(self) -> None:
        self._next_beat += self._interval * self._random.uniform(1 - JITTER, 1 + JITTER)

    def _on_message(self, topic: str, payload: bytes) -> None:
        place = parse(topic)
        try:
            message = decode(place.kind, payload) if place else None
        except InvalidPayload:
            return
        if isinstance(message, Receipt):
            self._counts.totals["receipted"] += self._outbox.receipt(message)
        elif isinstance(message, Command):
            self._execute(message)

    def _execute(self, command: Command) -> None:
        numbers = {name: value for name, value in command.data.items() if type(value) is int}
        if command.name == "rebirth":
            self._report_birth()
        elif command.name == "interval" and 0 < numbers.get("seconds", 0) <= MAX_INTERVAL:
            self._set_interval(numbers["seconds"])
        elif command.name == "epoch" and 0 <= numbers.get("epoch", -1) <= numbers.get("above", -1) < MAX_INTEGER:
            self._leave_epoch(numbers["epoch"], numbers["above"])

    def _report_birth(self) -> None:
        birth = self._queue(self._builder.birth(self._interval))
        if self._connection:
            self._send(birth, self._connection)

    def _set_interval(self, seconds: int) -> None:
        if seconds != self._interval:
            self._interval = seconds
            self._next_beat = min(self._next_beat, self._now() + seconds)
            self._report_birth()

    def _leave_epoch(self, epoch: int, above: int) -> None:
        """The registry has other messages with our numbers: go on above them, on a new connection, since the will names the epoch."""
        if epoch != self._outbox.epoch:
            return
        self._outbox.begin(above + 1)
        if not any(isinstance(message, Birth) for message in self._outbox.waiting()):
            self._queue(self._builder.birth(self._interval))
        if self._connection:
            self._connection.leave()

    def _on_acknowledged(self) -> None:
        self._counts.totals["acknowledged"] += 1

    # -- messages

    def _send_waiting(self, connection: Connection) -> None:
        for message in self._outbox.waiting():
            self._send(message, connection)

    def _send(self, message: Birth | Record, connection: Connection) -> None:
        kind = "birth" if isinstance(message, Birth) else "record"
        connection.publish(build(self._identity.uid, kind), encode(message))
        self._counts.totals["repeated"] += self._outbox.sent(message, self._now())

    def _send_heartbeat(self, connection: Connection) -> None:
        self._beat += 1
        connection.publish(build(self._identity.uid, "heartbeat"), encode(self._builder.heartbeat(self._outbox.epoch, self._beat)))
        self._counts.totals["beats"] += 1

    def _queue(self, message: Birth | Record) -> Birth | Record:
        self._counts.totals["records"] += 1
        return self._outbox.add(message)

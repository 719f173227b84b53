"""The loop: connects, sends what is due, hears receipts and commands, waits. One thread, awake only when there is something to do."""

import logging
import os
import signal
import socket
from typing import Any

from musterroll_wire.messages import Command, Death, Receipt, decode, encode
from musterroll_wire.strict_json import Refused as BadPayload

from musterroll_agent import Trouble
from musterroll_agent.clock import Clock
from musterroll_agent.connection import Address, Connection, Refused
from musterroll_agent.delivery import Delivery
from musterroll_agent.home import Home, Identity
from musterroll_agent.notify import Notifier
from musterroll_agent.outbox import Outbox
from musterroll_agent.reporter import Now, Reporter

FIRST_DELAY, MOST_DELAY, REFUSED_DELAY = 1.0, 120.0, 60.0
STEADY_SECONDS = 60.0  # a connection that lasted this long forgives the failures before it
GOODBYE_SECONDS = 2.0

log = logging.getLogger("musterroll_agent")


class Stop(BaseException):
    """Raised by a signal where the agent waits in a call that nothing else can end, as a look-up of a name."""


class Agent:
    """One unit at work. `told` is what is shown by `status`; it is saved when it changes."""

    def __init__(self, home: Home, identity: Identity, where: Address, ca: str, outbox: Outbox, reporter: Reporter, clock: Clock) -> None:
        self._home, self._identity, self._where, self._ca = home, identity, where, ca
        self._outbox, self._reporter, self._clock = outbox, reporter, clock
        self._delivery = Delivery(outbox)
        self._notifier = Notifier()
        self._told: dict[str, Any] = home.told()
        self._told_at = 0.0
        self._link: Connection | None = None
        self._failures = 0
        self._retry_at = self._beat_at = self._watchdog_at = 0.0
        self._connected_at = 0.0
        self._stopping = self._dialling = False
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)

    # -- the two ways to run

    def run(self) -> None:
        """Until a signal."""
        self._listen_to_signals()
        self._notifier.say(READY="1", STATUS="starting")
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._end(goodbye=True)

    def once(self, timeout: float) -> int:
        """Birth, heartbeat and everything in the outbox; how many messages the registry has not receipted within `timeout` seconds."""
        self._listen_to_signals()
        deadline = self._clock.elapsed() + timeout
        try:
            while not self._stopping and self._clock.elapsed() < deadline and not self._all_said():
                self._turn(deadline)
        finally:
            self._end(goodbye=False)
        return self._left

    def _all_said(self) -> bool:
        link = self._link
        return link is not None and link.acked > 0 and link.acked >= link.published and not self._outbox.count_waiting()

    # -- one turn

    def _now(self) -> Now:
        return Now(self._clock.wall(), self._clock.elapsed())

    def _turn(self, deadline: float = float("inf")) -> None:
        now = self._now()
        if self._link is None and now.elapsed >= self._retry_at:
            self._dial(now)
            now = self._now()
        if now.elapsed >= self._beat_at:
            self._beat(now)
        self._reporter.keep(now)
        link = self._link
        if link is not None:
            for message in self._delivery.due(now.elapsed):
                link.publish(message.kind, message.payload)
        self._pet_watchdog(now)
        self._wait(max(0.0, min(self._next_at(), deadline) - self._clock.elapsed()))

    def _next_at(self) -> float:
        times = [self._beat_at, self._reporter.next_at()]
        if self._notifier.beat:
            times.append(self._watchdog_at)
        if self._link is None:
            times.append(self._retry_at)
        else:
            times.append(self._delivery.deadline() or float("inf"))
        return min(times)

    def _wait(self, seconds: float) -> None:
        if self._link is None:
            import select

            select.select([self._wake], [], [], seconds)
            return
        try:
            self._link.step(seconds, self._wake)
        except OSError as error:
            self._link.lost = str(error)
        self._hear(self._link)
        if self._link.lost:
            self._hang_up(self._link.lost)

    # -- connecting

    def _dial(self, now: Now) -> None:
        link = Connection(self._where, self._identity.unit, self._identity.secret, self._ca)
        keepalive = max(30, min(300, self._reporter.interval * 3 // 2))
        try:
            self._dialling = True
            link.open(encode(Death(self._outbox.epoch)), keepalive)
        except Stop:
            self._stopping = True
            return
        except Refused as trouble:
            most = min(REFUSED_DELAY, 2 * FIRST_DELAY * 2**self._failures)  # a broker may learn of a new credential a moment later
            self._failed(now, self._explain(trouble), most / 2, most)
            return
        except Trouble as trouble:
            self._failed(now, str(trouble), 0.0, min(MOST_DELAY, FIRST_DELAY * 2**self._failures))
            return
        finally:
            self._dialling = False
        self._connected(link)

    def _connected(self, link: Connection) -> None:
        now = self._now()
        self._link, self._connected_at = link, now.elapsed
        log.info("connected to %s:%d as unit %s", self._where.host, self._where.port, link.unit)
        self._notifier.say(STATUS="connected")
        self._delivery.begin()
        self._reporter.connected(now)
        for message in self._delivery.due(now.elapsed):
            link.publish(message.kind, message.payload)
        self._beat_at = now.elapsed
        self._tell(connected=now.wall, trouble="")
        if self._identity.status == "pending":
            self._accepted()

    def _accepted(self) -> None:
        """Let in, so a person has accepted: a refusal from now on means something else."""
        self._identity = self._identity._replace(status="active")
        try:
            self._home.save_identity(self._identity)
        except Trouble as trouble:
            log.warning("%s", trouble)

    def _explain(self, trouble: Refused) -> str:
        if self._identity.status == "pending":
            return "waiting for a person to accept this enrolment"
        return f"{trouble}: was it revoked? If so enrol again with `musterroll-agent enroll --force`"

    def _failed(self, now: Now, why: str, least: float, most: float) -> None:
        self._failures = min(self._failures + 1, 16)
        delay = max(FIRST_DELAY, least + _chance() * (most - least))
        self._retry_at = now.elapsed + delay
        log.warning("%s; trying again in %.0f s", why, delay)
        self._notifier.say(STATUS=why)
        self._tell(trouble=why)

    def _hang_up(self, why: str) -> None:
        now = self._now()
        self._link = None
        self._reporter.lost(now)
        if now.elapsed - self._connected_at >= STEADY_SECONDS:
            self._failures = 0
        elif self._failures > 1:
            why += "; it was short: does another machine use this unit's identity?"
        self._failed(now, f"connection lost ({why})", 0.0, min(MOST_DELAY, FIRST_DELAY * 2**self._failures))

    # -- speaking and hearing

    def _beat(self, now: Now) -> None:
        first = self._link is not None and self._beat_at == self._connected_at
        if self._link is not None:
            self._reporter.sample(now)
            self._link.publish("heartbeat", encode(self._reporter.heartbeat(now)))
        else:
            self._reporter.sample(now)
        # After a power cut a whole site connects in one second; from its second beat each keeps a time of its own.
        self._beat_at = now.elapsed + self._reporter.interval * (0.5 + _chance() / 2 if first else 1.0)
        self._delivery.added()

    def _hear(self, link: Connection) -> None:
        for kind, payload in link.take():
            try:
                message = decode(kind, payload)
                if isinstance(message, Receipt):
                    self._receipt(message)
                elif isinstance(message, Command):
                    self._obey(message)
            except BadPayload as refused:
                log.warning("a %s from the registry cannot be read: %s", kind, refused)
            except Exception:
                log.exception("a %s from the registry could not be handled", kind)

    def _receipt(self, receipt: Receipt) -> None:
        now = self._now()
        if self._delivery.receipt(receipt, now.wall, now.elapsed):
            self._told["receipt"] = {"epoch": receipt.epoch, "seq": receipt.seq, "registry": receipt.registry, "at": now.wall}
            if now.elapsed - self._told_at > 60:
                self._tell()

    def _obey(self, command: Command) -> None:
        now = self._now()
        seconds = command.data.get("seconds")
        if command.name == "rebirth":
            self._reporter.birth(now)
        elif command.name == "interval" and type(seconds) is int and 5 <= seconds <= 86400:
            self._tell(interval=seconds)
            self._reporter.set_interval(now, seconds)
            self._beat_at = min(self._beat_at, now.elapsed + seconds)
        elif command.name == "coverage":
            self._tell(coverage={**command.data, "told": now.wall})
        else:
            log.warning("the command %r with %s is not one this agent knows", command.name[:40], str(command.data)[:200])
        self._delivery.added()

    def _tell(self, **news: Any) -> None:
        """Save what `status` shows; where the disk is full it is shown late, no more."""
        self._told.update(news)
        self._told_at = self._clock.elapsed()
        try:
            self._home.save_told(self._told)
        except OSError as error:
            log.debug("%s is not saved: %s", self._home.told_path, error)

    # -- the end

    def _end(self, goodbye: bool) -> None:
        self._notifier.say(STOPPING="1")
        self._reporter.stop(self._now())
        link = self._link
        if link is not None:
            self._delivery.added()
            for message in self._delivery.due(self._clock.elapsed()):
                link.publish(message.kind, message.payload)
            if goodbye:
                link.publish("death", encode(Death(self._outbox.epoch)))
            self._flush(link)
            link.close()
        self._tell()
        self._left = self._outbox.count_waiting()
        self._outbox.close()

    def _flush(self, link: Connection) -> None:
        deadline = self._clock.elapsed() + GOODBYE_SECONDS
        while link.acked < link.published and not link.lost and self._clock.elapsed() < deadline:
            try:
                link.step(deadline - self._clock.elapsed(), None)
            except OSError:
                return
            self._hear(link)

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: Any) -> None:
        self._stopping = True
        if self._dialling:
            raise Stop

    def _pet_watchdog(self, now: Now) -> None:
        if self._notifier.beat and now.elapsed >= self._watchdog_at:
            self._watchdog_at = now.elapsed + self._notifier.beat
            self._notifier.say(WATCHDOG="1")


def _chance() -> float:
    """Evenly from 0 to 1; the `random` module would cost half a megabyte for this."""
    return int.from_bytes(os.urandom(4), "big") / 2**32

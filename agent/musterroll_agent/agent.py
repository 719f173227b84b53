"""The main loop: connects, sends what is due, handles receipts and commands, waits. One thread, awake only when there is work."""

import logging
import os
import signal
import socket
from typing import Any

from musterroll_wire.messages import MAX_INTEGER, Command, Death, Receipt, decode, encode
from musterroll_wire.strict_json import InvalidPayload

from musterroll_agent import AgentError
from musterroll_agent.addresses import Address
from musterroll_agent.clock import Clock
from musterroll_agent.config import is_interval
from musterroll_agent.connection import Connection, CredentialRefused
from musterroll_agent.delivery import Delivery
from musterroll_agent.outbox import Outbox
from musterroll_agent.reporter import Now, Reporter
from musterroll_agent.state_directory import Identity, StateDirectory
from musterroll_agent.systemd import Notifier

FIRST_DELAY, MAX_DELAY, REFUSED_DELAY = 1.0, 120.0, 60.0  # seconds before the next attempt to connect
STEADY_SECONDS = 60.0  # a connection that lasted this long resets the count of failures
LEAST_ACK_SECONDS, MOST_ACK_SECONDS = 5.0, 10.0  # without a PUBACK until the connection is given up: one interval within these
SHUTDOWN_SECONDS = 2.0
LINGER_SECONDS = 1.0  # for a command to arrive after the receipts, where the agent reports once
STATE_SECONDS = 60.0  # a receipt alone is written to the saved state no more often than this

log = logging.getLogger("musterroll_agent")


class Stop(BaseException):
    """Raised by a signal while the agent waits in a call that cannot be interrupted otherwise, such as a name look-up."""


class Agent:
    """One running agent. `_state` is what the `status` command shows; it is saved when it changes."""

    def __init__(
        self, directory: StateDirectory, identity: Identity, broker: Address, ca: str, outbox: Outbox, reporter: Reporter, clock: Clock
    ) -> None:
        self._directory, self._identity, self._broker, self._ca = directory, identity, broker, ca
        self._outbox, self._reporter, self._clock = outbox, reporter, clock
        self._delivery = Delivery(outbox)
        self._notifier = Notifier()
        self._state: dict[str, Any] = directory.read_state()
        self._state_saved_at = 0.0
        self._connection: Connection | None = None
        self._failures = self._unanswered = 0
        self._retry_at = self._heartbeat_at = self._watchdog_at = 0.0
        self._connected_at = 0.0
        self._linger_until = float("inf")
        self._stopping = self._connecting = False
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)

    # -- the two ways to run

    def run(self) -> None:
        """Run until a signal."""
        self._install_signal_handlers()
        self._notifier.send(READY="1", STATUS="starting")
        try:
            while not self._stopping:
                self._step()
        finally:
            self._shut_down(send_death=True)

    def once(self, timeout: float) -> int:
        """Send a birth, a heartbeat and the whole outbox. Returns how many messages have no receipt after `timeout` seconds."""
        self._install_signal_handlers()
        if hasattr(signal, "setitimer"):  # a connection attempt may take longer than that
            signal.signal(signal.SIGALRM, self._on_signal)
            signal.setitimer(signal.ITIMER_REAL, timeout)
        deadline = self._clock.elapsed() + timeout
        try:
            while not self._stopping and self._clock.elapsed() < deadline and not self._finished():
                self._step(min(deadline, self._linger_until))
        finally:
            self._shut_down(send_death=False)
        return self._undelivered

    def _finished(self) -> bool:
        """Everything is delivered, and the registry had a moment to answer with a command."""
        if not self._all_delivered():
            self._linger_until = float("inf")
        elif self._linger_until == float("inf"):
            self._linger_until = self._clock.elapsed() + LINGER_SECONDS
        return self._clock.elapsed() >= self._linger_until

    def _all_delivered(self) -> bool:
        connection = self._connection
        return (
            connection is not None
            and connection.acked > 0
            and connection.acked >= connection.published
            and not self._outbox.count_waiting()
        )

    # -- one step of the loop

    def _now(self) -> Now:
        return Now(self._clock.wall(), self._clock.elapsed())

    def _step(self, deadline: float = float("inf")) -> None:
        now = self._now()
        if self._connection is None and now.elapsed >= self._retry_at:
            self._connect(now)
            now = self._now()
        if now.elapsed >= self._heartbeat_at:
            self._send_heartbeat(now)
        self._reporter.do_periodic_work(now)
        if self._connection is not None:
            self._send_due(self._connection, now.elapsed)
        self._feed_watchdog(now)
        self._wait(max(0.0, min(self._next_at(), deadline) - self._clock.elapsed()))

    def _send_due(self, connection: Connection, elapsed: float) -> None:
        for message in self._delivery.due(elapsed):
            connection.publish(message.kind, message.payload)

    def _next_at(self) -> float:
        times = [self._heartbeat_at, self._reporter.next_at()]
        if self._notifier.watchdog_interval:
            times.append(self._watchdog_at)
        if self._connection is None:
            times.append(self._retry_at)
        else:
            times.append(self._delivery.deadline() or float("inf"))
            times.append(self._ack_deadline(self._connection))
        return min(times)

    def _ack_deadline(self, connection: Connection) -> float:
        """When a PUBACK is overdue; later after connections on which that was so, since the link may only be slow."""
        since = connection.unacked_since()
        patience = max(LEAST_ACK_SECONDS, min(MOST_ACK_SECONDS, self._reporter.interval)) * 2 ** min(self._unanswered, 3)
        return float("inf") if since is None else since + patience

    def _wait(self, seconds: float) -> None:
        if self._connection is None:
            import select

            select.select([self._wake], [], [], seconds)
            return
        try:
            self._connection.step(seconds, self._wake)
        except OSError as error:
            self._connection.lost = str(error)
        self._handle_incoming(self._connection)
        if not self._connection.lost and self._clock.elapsed() >= self._ack_deadline(self._connection):
            self._unanswered += 1
            self._connection.abandon("nothing is acknowledged any more")
        if self._connection.lost:
            self._on_connection_lost(self._connection.lost)

    # -- connecting

    def _connect(self, now: Now) -> None:
        connection = Connection(self._broker, self._identity.unit, self._identity.secret, self._ca, self._clock)
        keepalive = max(30, min(300, self._reporter.interval * 3 // 2))
        try:
            self._connecting = True
            connection.open(encode(Death(self._outbox.epoch)), keepalive)
        except Stop:
            self._stopping = True
            return
        except CredentialRefused as error:
            longest = min(REFUSED_DELAY, 2 * FIRST_DELAY * 2**self._failures)  # a broker may learn of a new credential a moment later
            self._schedule_retry(now, self._explain(error), longest / 2, longest)
            return
        except AgentError as error:
            self._schedule_retry(now, str(error), 0.0, min(MAX_DELAY, FIRST_DELAY * 2**self._failures))
            return
        finally:
            self._connecting = False
        self._on_connected(connection)

    def _on_connected(self, connection: Connection) -> None:
        now = self._now()
        self._connection, self._connected_at = connection, now.elapsed
        log.info("connected to %s as unit %s", self._broker, connection.unit)
        self._notifier.send(STATUS="connected")
        self._delivery.restart()
        self._reporter.connected(now)
        self._send_due(connection, now.elapsed)
        self._heartbeat_at = now.elapsed
        self._save_state(connected=now.wall, trouble="")
        if self._identity.status == "pending":
            self._on_accepted()

    def _on_accepted(self) -> None:
        """The broker let a pending unit in, so a person accepted it: from now on a refusal means something else."""
        self._identity = self._identity._replace(status="active")
        try:
            self._directory.save_identity(self._identity)
        except AgentError as error:
            log.warning("%s", error)

    def _explain(self, error: CredentialRefused) -> str:
        if self._identity.status == "pending":
            return "this enrolment is waiting for approval in the registry"
        # The first refusal after a connection may only mean that a broker learns of a new credential a moment later.
        why = _standing(self._identity) if self._failures else ""
        return f"{error}: {why or 'it may be revoked'}; to enrol again, get a claim token and run `musterroll-agent enroll --force`"

    def _schedule_retry(self, now: Now, reason: str, least: float, most: float) -> None:
        """Connect again after a random time between `least` and `most` seconds."""
        self._failures = min(self._failures + 1, 16)
        delay = max(FIRST_DELAY, least + _random() * (most - least))
        self._retry_at = now.elapsed + delay
        log.warning("%s; retrying in %.0f s", reason, delay)
        self._notifier.send(STATUS=reason)
        self._save_state(trouble=reason)

    def _on_connection_lost(self, reason: str) -> None:
        now = self._now()
        self._connection = None
        self._reporter.disconnected(now)
        if now.elapsed - self._connected_at >= STEADY_SECONDS:
            self._failures = self._unanswered = 0
        elif self._failures > 1:
            reason += "; it was short: check whether another machine uses this unit's identity"
        self._schedule_retry(now, f"connection lost ({reason})", 0.0, min(MAX_DELAY, FIRST_DELAY * 2**self._failures))

    # -- sending and receiving

    def _send_heartbeat(self, now: Now) -> None:
        first = self._connection is not None and self._heartbeat_at == self._connected_at
        self._reporter.sample(now)
        if self._connection is not None:
            self._connection.publish("heartbeat", encode(self._reporter.heartbeat(now)))
        # After a power cut a whole site connects within one second; a random second heartbeat spreads the units out for good.
        self._heartbeat_at = now.elapsed + self._reporter.interval * (0.5 + _random() / 2 if first else 1.0)
        self._delivery.outbox_changed()

    def _handle_incoming(self, connection: Connection) -> None:
        if connection.refused:
            log.warning("%s", connection.refused)
            self._reporter.event(self._now(), {"event": "subscription_refused", "why": connection.refused[:500]})
            self._save_state(trouble=connection.refused)
            connection.refused = ""
        for kind, payload in connection.take_inbox():
            try:
                message = decode(kind, payload)
                if isinstance(message, Receipt):
                    self._apply_receipt(message)
                elif isinstance(message, Command):
                    self._execute(message)
            except InvalidPayload as error:
                log.warning("a %s from the registry cannot be read: %s", kind, error)
            except Exception:
                log.exception("a %s from the registry could not be handled", kind)

    def _apply_receipt(self, receipt: Receipt) -> None:
        now = self._now()
        if self._delivery.apply_receipt(receipt, now.wall, now.elapsed):
            self._state["receipt"] = {"epoch": receipt.epoch, "seq": receipt.seq, "registry": receipt.registry, "at": now.wall}
            if now.elapsed - self._state_saved_at > STATE_SECONDS:
                self._save_state()

    def _execute(self, command: Command) -> None:
        now = self._now()
        if command.name == "rebirth":
            self._reporter.birth(now)
        elif command.name == "interval" and is_interval(command.data.get("seconds")):
            self._set_interval(now, int(command.data["seconds"]))
        elif command.name == "coverage":
            self._save_state(coverage={**command.data, "told": now.wall})
        elif command.name == "epoch" and _valid_epochs(command.data):
            self._leave_epoch(now, command.data["epoch"], command.data["above"])
        else:
            log.warning("unknown command %r with %s", command.name[:40], str(command.data)[:200])
        self._delivery.outbox_changed()

    def _set_interval(self, now: Now, seconds: int) -> None:
        if self._state.get("interval") != seconds:
            self._save_state(interval=seconds)
        if self._reporter.interval != seconds:
            self._reporter.set_interval(now, seconds)
            self._heartbeat_at = min(self._heartbeat_at, now.elapsed + seconds)

    def _leave_epoch(self, now: Now, epoch: int, above: int) -> None:
        """Our state went back, or another machine uses our identity: the registry already has other messages with our numbers."""
        before = self._outbox.epoch
        if self._reporter.leave_epoch(now, epoch, above):
            self._delivery.restart()
        if self._outbox.epoch != before and self._connection is not None:  # the will names the epoch, and is fixed when connecting
            log.warning("the registry already has messages of epochs up to %d: going on in epoch %d", above, self._outbox.epoch)
            self._connection.close()
            self._connection.lost = "to go on in a new epoch"

    def _save_state(self, **changes: Any) -> None:
        """Save what `status` shows. On a full disk `status` lags behind; nothing else suffers."""
        self._state.update(changes)
        self._state_saved_at = self._clock.elapsed()
        try:
            self._directory.save_state(self._state)
        except OSError as error:
            log.debug("%s cannot be saved: %s", self._directory.state_path, error)

    # -- shutting down

    def _shut_down(self, send_death: bool) -> None:
        self._notifier.send(STOPPING="1")
        self._reporter.stop(self._now())
        connection = self._connection
        if connection is not None:
            self._delivery.outbox_changed()
            self._send_due(connection, self._clock.elapsed())
            if send_death:
                connection.publish("death", encode(Death(self._outbox.epoch)))
            self._flush(connection)
            connection.close()
        self._save_state()
        self._undelivered = self._outbox.count_waiting()
        self._outbox.close()

    def _flush(self, connection: Connection) -> None:
        deadline = self._clock.elapsed() + SHUTDOWN_SECONDS
        while connection.acked < connection.published and not connection.lost and self._clock.elapsed() < deadline:
            try:
                connection.step(deadline - self._clock.elapsed(), None)
            except OSError:
                return
            self._handle_incoming(connection)

    def _install_signal_handlers(self) -> None:
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: Any) -> None:
        self._stopping = True
        if self._connecting:
            raise Stop

    def _feed_watchdog(self, now: Now) -> None:
        if self._notifier.watchdog_interval and now.elapsed >= self._watchdog_at:
            self._watchdog_at = now.elapsed + self._notifier.watchdog_interval
            self._notifier.send(WATCHDOG="1")


def _valid_epochs(data: dict[str, Any]) -> bool:
    epoch, above = data.get("epoch"), data.get("above")
    return type(epoch) is int and type(above) is int and 0 <= epoch <= above < MAX_INTEGER


def _random() -> float:
    """Uniform in [0, 1]. Importing the `random` module would cost half a megabyte."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


def _standing(identity: Identity) -> str:
    from musterroll_agent.enrolment import standing  # HTTP is not needed otherwise, and takes memory

    return standing(identity)

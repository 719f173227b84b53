"""The worker thread: a batch is decoded, committed, acknowledged to the broker, and receipted, always in this order."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from musterroll_wire import topics
from musterroll_wire.messages import Command, encode

from musterroll.ingest import decode
from musterroll.ingest.canary import CanaryStatus
from musterroll.ingest.decode import DecodedBatch, UnitIdCache
from musterroll.ingest.inbox import InboundRead, Inbox
from musterroll.ingest.paho_client import OutgoingMessages
from musterroll.ingest.progress import Progress
from musterroll.metrics import Metrics
from musterroll.storage.engine.database import Database, outage
from musterroll.usecases.coverage import coverage_commands
from musterroll.usecases.liveness import heartbeats, reporting_interval
from musterroll.usecases.messages import receive
from musterroll.usecases.messages.quarantine import RejectedMessage
from musterroll.usecases.messages.receive import Batch, Outcome

log = logging.getLogger(__name__)

_MAX_PAUSE = 5.0
_COVERAGE_CHUNK = 20  # units sent their coverage between two batches, while the inbox is empty


class Worker:
    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        send: Callable[[OutgoingMessages], None],
        canary_status: CanaryStatus,
        metrics: Metrics,
        clock: Callable[[], datetime],
        own: str,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._send = send
        self._canary_status = canary_status
        self._metrics = metrics
        self._clock = clock
        self._own = own
        self._units = UnitIdCache()
        self._coverage_due: dict[str, None] = {}  # uids of units with a new birth, in order
        self._interval_orders = True  # whether units are to be told another interval; asked with each canary
        self._handled = 0  # messages since the start
        self._progress = Progress()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the current batch, unless the database is unavailable, and end."""
        self._stopping.set()
        self._inbox.close()
        if self._thread.ident:
            self._thread.join(8)

    def alive(self) -> bool:
        return self._thread.is_alive()

    def progressing(self) -> bool:
        return self.alive() and self._progress.recent()

    def _run(self) -> None:
        while reads := self._inbox.take():
            self._progress.step()
            try:
                self._process(reads)
            except Exception:  # nothing was acknowledged: the broker and the agents still have the messages
                log.exception("a batch of messages could not be processed; the broker will deliver it again")
                self._metrics.failures_total.inc()
                for read in reads:
                    read.origin.drop()
                self._stopping.wait(1)
            self._progress.wait()

    def _process(self, reads: Sequence[InboundRead]) -> None:
        batch = decode.decode_batch([publish for read in reads for publish in read.publishes], self._own)
        outcomes = self._commit_with_retry(batch)
        if outcomes is None:
            return
        for read in reads:
            read.origin.answer([mid for _, _, mid in read.publishes if mid], ())
        self._send([message for outcome in outcomes for message in _outgoing(outcome)])
        if batch.canary is not None:
            self._canary_status.mark_received()
        self._count(batch, outcomes)
        self._coverage_due.update(dict.fromkeys(uid for outcome in outcomes for uid in outcome.restarted))
        self._send_coverage()

    def _send_coverage(self) -> None:
        """Send newly started units their coverage. Canaries lead here every second, so that every unit has its turn."""
        if not self._coverage_due or not self._inbox.idle():
            return
        uids = list(self._coverage_due)[:_COVERAGE_CHUNK]
        for uid in uids:
            del self._coverage_due[uid]
        try:
            with self._database.snapshot() as session:
                commands = coverage_commands.coverage_commands(session, uids, self._clock())
        except Exception as error:  # optional: the messages are committed, and the coverage is sent at the next start
            log.warning("%d units could not be sent their coverage: %s", len(uids), str(error).splitlines()[0])
            return
        self._send(_commands(commands))

    def _commit_with_retry(self, batch: DecodedBatch) -> list[Outcome] | None:
        """Commit, retrying while the database is unavailable; None if stopped before that."""
        failures = 0
        while True:
            self._progress.step()
            try:
                began = time.monotonic()
                outcomes = self._commit(batch)
                self._metrics.batch_seconds.observe(time.monotonic() - began)
                if failures:
                    log.info("the database accepts messages again")
                return outcomes
            except Exception as error:
                if not outage(error):
                    raise
                failures += 1
                if failures == 1:
                    log.error("the database does not accept messages: %s; keeping them and retrying", str(error).splitlines()[0])
            if self._stopping.wait(random.uniform(0.5, 1.0) * min(_MAX_PAUSE, 0.1 * 2 ** min(failures, 8))):  # noqa: S311
                return None

    def _commit(self, decoded: DecodedBatch) -> list[Outcome]:
        missing = self._units.missing(decoded.messages)
        if missing:
            with self._database.transaction() as session:
                ids = receive.ensure_status_rows(session, missing)
            self._units.add(missing, ids)
        return self._receive(Batch(*self._units.split(decoded.messages)), decoded.canary)

    def _receive(self, batch: Batch, canary: int | None) -> list[Outcome]:
        """One transaction; if the database rejects a message, as many as needed to quarantine that one."""
        now = self._clock()
        try:
            with self._database.transaction() as session:
                outcome = receive.receive(session, batch, now)
                reported = {arrival.unit_id for arrival in batch.arrivals} if self._interval_orders else ()
                outcome.commands.extend(reporting_interval.commands(session, reported, outcome.restarted))
                if canary is not None:
                    heartbeats.record_canary(session, self._own, canary, now, self._handled)
                    self._interval_orders = reporting_interval.any_order(session)
            return [outcome]
        except Exception as error:
            if outage(error):
                raise
            first, second = _halves(batch, error)
            return self._receive(first, None) + self._receive(second, canary)

    def _count(self, batch: DecodedBatch, outcomes: Sequence[Outcome]) -> None:
        metrics = self._metrics
        self._handled += sum(batch.kinds.values())
        metrics.batches_total.inc(len(outcomes))
        for kind, count in batch.kinds.items():
            metrics.messages_total.labels(kind).inc(count)
        for outcome in outcomes:
            metrics.receipts_total.inc(len(outcome.receipts))
            metrics.redelivered_total.inc(outcome.replayed)
            for code, count in outcome.rejected.items():
                metrics.quarantined_total.labels(code).inc(count)


def _halves(batch: Batch, error: Exception) -> tuple[Batch, Batch]:
    """A batch that cannot be committed, in two halves; a single arrival becomes a rejected message."""
    arrivals, rejected = batch
    if len(arrivals) > 1:
        middle = len(arrivals) // 2
        return Batch(arrivals[:middle], rejected), Batch(arrivals[middle:])
    if arrivals and rejected:
        return Batch(arrivals), Batch((), rejected)
    if arrivals:
        (arrival,) = arrivals
        kind = type(arrival.message).__name__.lower()
        log.error("a %s of unit %s cannot be stored and is quarantined: %s", kind, arrival.uid, error)
        sequence = decode.sequence_used(arrival.unit_id, kind, arrival.payload)
        sentence = f"the database rejected it: {type(error).__name__}"
        message = RejectedMessage(topics.build(arrival.uid, kind), arrival.uid, "unstorable", sentence, arrival.payload, sequence)
        return Batch((), (message,)), Batch(())
    if len(rejected) > 1:
        middle = len(rejected) // 2
        return Batch((), rejected[:middle]), Batch((), rejected[middle:])
    raise error  # not even its reason can be stored: our fault, not the message's


def _outgoing(outcome: Outcome) -> OutgoingMessages:
    """What is sent to units after a commit, at QoS 0: a lost receipt costs one retransmission, a lost command is repeated.

    Commands come first: a device that only wakes to report leaves once it has its receipt.
    """
    receipts = [(topics.build(uid, "receipt"), encode(receipt)) for uid, receipt in outcome.receipts]
    return [*_commands(outcome.commands), *receipts]


def _commands(commands: Sequence[tuple[str, Command]]) -> OutgoingMessages:
    return [(topics.build(uid, "command"), encode(command)) for uid, command in commands]

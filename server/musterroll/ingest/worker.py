"""The worker thread: a batch is decoded, committed, then acknowledged to the broker, then receipted. In that order, always."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from musterroll_wire import topics
from musterroll_wire.messages import Command, encode

from musterroll.ingest import decode
from musterroll.ingest.canary import Progress
from musterroll.ingest.decode import Acquaintances, Heard
from musterroll.ingest.inbox import Inbox, Parcel
from musterroll.ingest.paho_client import Messages
from musterroll.metrics import Metrics
from musterroll.storage.engine.database import Database, outage
from musterroll.usecases.coverage import tell_unit
from musterroll.usecases.liveness import heartbeats
from musterroll.usecases.messages import receive
from musterroll.usecases.messages.quarantine import RejectedMessage
from musterroll.usecases.messages.receive import Batch, Outcome

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0
_TOLD = 20  # units told of themselves between two batches, while nothing else waits


class Worker:
    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        send: Callable[[Messages], None],
        progress: Progress,
        metrics: Metrics,
        clock: Callable[[], datetime],
        own: str,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._send = send
        self._progress = progress
        self._metrics = metrics
        self._clock = clock
        self._own = own
        self._acquaintances = Acquaintances()
        self._untold: dict[str, None] = {}  # units with a new birth, in order
        self._handled = 0  # messages since the start
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand, unless the database is away, and end."""
        self._stopping.set()
        self._inbox.close()
        if self._thread.ident:
            self._thread.join(8)

    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while parcels := self._inbox.take():
            try:
                self._settle(parcels)
            except Exception:  # nothing is acknowledged: the broker and the agents still have it
                log.exception("a batch of messages could not be handled; it is left to be delivered again")
                self._metrics.failures_total.inc()
                for parcel in parcels:
                    parcel.origin.drop()
                self._stopping.wait(1)

    def _settle(self, parcels: Sequence[Parcel]) -> None:
        heard = decode.read([publish for parcel in parcels for publish in parcel.publishes], self._own)
        outcomes = self._persist(heard)
        if outcomes is None:
            return
        for parcel in parcels:
            parcel.origin.answer([mid for _, _, mid in parcel.publishes if mid], ())
        self._send([letter for outcome in outcomes for letter in _letters(outcome)])
        if heard.canary is not None:
            self._progress.came_through()
        self._count(heard, outcomes)
        self._untold.update(dict.fromkeys(uid for outcome in outcomes for uid in outcome.born))
        self._tell()

    def _tell(self) -> None:
        """Tell newly started units of their cover. Canaries bring us here every second, so everyone has a turn."""
        if not self._untold or not self._inbox.idle():
            return
        turn = list(self._untold)[:_TOLD]
        for uid in turn:
            del self._untold[uid]
        try:
            with self._database.reading() as session:
                commands = tell_unit.tell(session, turn, self._clock())
        except Exception as error:  # a courtesy: what was received stays received, and they are told at their next start
            log.warning("%d units could not be told of their cover: %s", len(turn), str(error).splitlines()[0])
            return
        self._send(_commands(commands))

    def _persist(self, heard: Heard) -> list[Outcome] | None:
        """Commit, however long the database is away; None when we are stopped before that."""
        failures = 0
        while True:
            try:
                began = time.monotonic()
                outcomes = self._commit(heard)
                self._metrics.batch_seconds.observe(time.monotonic() - began)
                if failures:
                    log.info("the database takes messages again")
                return outcomes
            except Exception as error:
                if not outage(error):
                    raise
                failures += 1
                if failures == 1:
                    log.error("the database does not take messages: %s; keeping them and trying again", str(error).splitlines()[0])
            if self._stopping.wait(random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE, 0.1 * 2 ** min(failures, 8))):  # noqa: S311
                return None

    def _commit(self, heard: Heard) -> list[Outcome]:
        unmet = self._acquaintances.unmet(heard.words)
        if unmet:
            with self._database.writing() as session:
                found = receive.ensure_status_rows(session, unmet)
            self._acquaintances.learn(unmet, found)
        arrivals, misfits = self._acquaintances.sort(heard.words)
        return self._receive(Batch(arrivals, misfits), heard.canary)

    def _receive(self, batch: Batch, canary: int | None) -> list[Outcome]:
        """One transaction; where the batch holds a message that the database refuses, as many as it takes to set that one aside."""
        now = self._clock()
        try:
            with self._database.writing() as session:
                outcome = receive.receive(session, batch, now)
                if canary is not None:
                    heartbeats.record_canary(session, self._own, canary, now, self._handled)
            return [outcome]
        except Exception as error:
            if outage(error):
                raise
            first, second = _halves(batch, error)
            return self._receive(first, None) + self._receive(second, canary)

    def _count(self, heard: Heard, outcomes: Sequence[Outcome]) -> None:
        metrics = self._metrics
        self._handled += sum(heard.kinds.values())
        metrics.batches_total.inc(len(outcomes))
        for kind, count in heard.kinds.items():
            metrics.messages_total.labels(kind).inc(count)
        for outcome in outcomes:
            metrics.receipts_total.inc(len(outcome.receipts))
            metrics.redelivered_total.inc(outcome.replayed)
            for code, count in outcome.misfits.items():
                metrics.quarantined_total.labels(code).inc(count)


def _halves(batch: Batch, error: Exception) -> tuple[Batch, Batch]:
    """A batch that cannot be committed, in two; a single arrival becomes a misfit."""
    arrivals, misfits = batch
    if len(arrivals) > 1:
        middle = len(arrivals) // 2
        return Batch(arrivals[:middle], misfits), Batch(arrivals[middle:])
    if arrivals and misfits:
        return Batch(arrivals), Batch((), misfits)
    if arrivals:
        (arrival,) = arrivals
        kind = type(arrival.message).__name__.lower()
        log.error("a %s of unit %s cannot be stored and is set aside: %s", kind, arrival.uid, error)
        settles = decode.settled(arrival.unit_id, kind, arrival.payload)
        sentence = f"the database refused it: {type(error).__name__}"
        misfit = RejectedMessage(topics.build(arrival.uid, kind), arrival.uid, "unstorable", sentence, arrival.payload, settles)
        return Batch((), (misfit,)), Batch(())
    if len(misfits) > 1:
        middle = len(misfits) // 2
        return Batch((), misfits[:middle]), Batch((), misfits[middle:])
    raise error  # not even its reason can be stored: this is ours, not the message's


def _letters(outcome: Outcome) -> Messages:
    """What is sent down after a commit. At QoS 0: a lost receipt costs one sending again, a lost command is given again."""
    receipts = [(topics.build(uid, "receipt"), encode(receipt)) for uid, receipt in outcome.receipts]
    return [*receipts, *_commands(outcome.commands)]


def _commands(commands: Sequence[tuple[str, Command]]) -> Messages:
    return [(topics.build(uid, "command"), encode(command)) for uid, command in commands]

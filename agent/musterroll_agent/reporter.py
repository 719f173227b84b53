"""What the unit reports and when: births, heartbeats, hourly records, changes, events. Knows no sockets and reads no clock."""

import logging
import os
from pathlib import Path
from typing import Any, NamedTuple

from musterroll_wire.messages import Birth, Heartbeat, Record

from musterroll_agent import AgentError, __version__
from musterroll_agent.counters import CounterFile
from musterroll_agent.hour_summary import LENGTH, HourSummary
from musterroll_agent.outbox import Outbox, Unsendable
from musterroll_agent.probes import Probes, read_usage
from musterroll_agent.warranty_card import read_card

SAVE_SECONDS = 60.0  # the counters are saved at most this often
LATEST_SECONDS = 600.0  # and, where heartbeats are rare, at least this often
STEP_SECONDS = 5  # a clock that jumps by more was set

log = logging.getLogger("musterroll_agent")


class Now(NamedTuple):
    """One reading of both clocks: unix seconds, and seconds since the machine started."""

    wall: int
    elapsed: float


class UnitFacts(NamedTuple):
    """What normally never changes. A change is reported as a record and a new birth."""

    serial: str
    maker: str
    model: str
    firmware: str
    evidence: dict[str, str]


class Reporter:
    """Counts and summarises what the unit reports; writes what must not be lost to the outbox."""

    def __init__(
        self, outbox: Outbox, counters: CounterFile, probes: Probes, facts: UnitFacts, interval: int, card: str, usage: str
    ) -> None:
        self.interval = interval
        self._outbox, self._counters, self._probes = outbox, counters, probes
        self._facts, self._card_path, self._usage_path = facts, card, usage
        self._card: dict[str, Any] | None = None
        self._vitals: dict[str, int] = {}
        self._run = os.urandom(8).hex()
        self._beat = 0
        self._saved_at = self._wall_offset = 0.0
        self._disk_problem = ""

    def start(self, now: Now, clock_synchronised: bool | None, before: Any) -> dict[str, Any]:
        """Report a birth and what changed since the previous start (`before`). Returns what to pass as `before` next time."""
        self._clock_synchronised = clock_synchronised
        self._hour = HourSummary(now.wall, now.elapsed)
        self._saved_at = now.elapsed
        self._wall_offset = now.wall - now.elapsed
        before = before if isinstance(before, dict) else {}
        self._card, problem = self._read_card(before.get("card"))
        self.birth(now)
        if problem:
            self.event(now, {"event": "card_refused", "why": problem[:500]})
        self._record_changes(now, before)
        self._report_storage(now)
        return self.remembered()

    def remembered(self) -> dict[str, Any]:
        return {"facts": self._facts._asdict(), "card": self._card}

    def _record_changes(self, now: Now, before: dict[str, Any]) -> None:
        previous, current = before.get("facts"), self._facts._asdict()
        if isinstance(previous, dict):
            changed = {name: [previous.get(name), value] for name, value in current.items() if previous.get(name) != value}
            if changed:
                self._record(now, "change", changed)
        if "card" in before and before["card"] != self._card:
            self._record(now, "warranty", {"card": self._card})

    def birth(self, now: Now) -> None:
        """Add a birth, which says who this unit is, to the outbox."""
        counters = self._counters.advance(int(now.elapsed))
        birth = Birth(
            epoch=0,  # the outbox numbers it
            seq=0,
            oldest=0,
            at=_label(now.wall),
            interval=self.interval,
            agent=__version__,
            uptime=int(now.elapsed),
            boots=counters.boots,
            clock=self._clock_synchronised if now.wall > 0 else False,
            card=self._card,
            run=self._run,
            **self._facts._asdict(),
        )
        try:
            self._outbox.add_birth(birth)
        except Unsendable as error:
            log.error("reported without warranty card and evidence: %s", error)
            self._outbox.add_birth(birth._replace(card=None, evidence={}))

    def heartbeat(self, now: Now) -> Heartbeat:
        """The next heartbeat, to be sent now or not at all."""
        self._beat += 1
        self._hour.beats += 1
        operating = self._counters.advance(int(now.elapsed)).operating
        usage = read_usage(Path(self._usage_path)) if self._usage_path else {}
        return Heartbeat(self._outbox.epoch, self._beat, _label(now.wall), int(now.elapsed), operating, self._vitals, usage)

    def sample(self, now: Now) -> None:
        """Read the vitals, connected or not; detect that the clock was set."""
        self._vitals = self._probes.read()
        self._hour.add(self._vitals)
        step = (now.wall - now.elapsed) - self._wall_offset
        if abs(step) > STEP_SECONDS:
            self.event(now, {"event": "clock_stepped", "seconds": round(step)})
        self._wall_offset += step
        if self._hour.is_connected:
            self._report_storage(now)

    def do_periodic_work(self, now: Now) -> None:
        """Save the counters at most once a minute; when the hour is over, record it, read the card again and clean up the outbox."""
        if now.elapsed - self._saved_at >= SAVE_SECONDS:
            self._save(now)
        if self._hour.seconds(now.elapsed) >= LENGTH:
            self._close_hour(now)
            self._reread_card(now)
            self._outbox.clean_up(now.wall)

    def stop(self, now: Now) -> None:
        """End of the run: the current hour is recorded if it lasted a minute or more."""
        if self._hour.seconds(now.elapsed) >= SAVE_SECONDS:
            self._close_hour(now)
        self._save(now)

    def connected(self, now: Now) -> None:
        self._hour.connected(now.elapsed)
        self._report_storage(now)

    def _report_storage(self, now: Now) -> None:
        """What happened to stored messages, and whether the disk takes new ones: once for each change."""
        for notice in self._outbox.take_notices():
            log.warning("%s", _words(notice))
            self.event(now, notice)
        problem = self._counters.problem or self._outbox.problem
        if problem and not self._disk_problem:
            log.warning("the state directory cannot be written (%s): the agent goes on from memory", problem)
            self.event(now, {"event": "disk_unusable", "why": problem[:200]})
        elif self._disk_problem and not problem:
            log.info("the state directory can be written again")
            self.event(now, {"event": "disk_usable"})
        self._disk_problem = problem

    def disconnected(self, now: Now) -> None:
        self._hour.disconnected(now.elapsed)

    def set_interval(self, now: Now, seconds: int) -> None:
        """A new interval needs a birth: the registry takes it from there and judges silence by it."""
        self.interval = seconds
        self.birth(now)

    def leave_epoch(self, now: Now, epoch: int, above: int) -> bool:
        """Number again what waits in `epoch`, which others have used: above `above`, if it is the present one. Whether anything changed."""
        present = epoch == self._outbox.epoch
        if present:
            self._outbox.begin(above + 1)
            self._counters.begin(above + 1)
        kinds = self._outbox.renumber(epoch)
        if present and "birth" not in kinds:
            self.birth(now)
        return present or bool(kinds)

    def event(self, now: Now, data: dict[str, Any]) -> None:
        self._record(now, "event", data)

    def next_at(self) -> float:
        """When `do_periodic_work` must be called at the latest, in elapsed seconds. Heartbeats call it anyway; waking up costs power."""
        return self._saved_at + LATEST_SECONDS

    def _close_hour(self, now: Now) -> None:
        connected = self._hour.is_connected
        counters = self._counters.advance(int(now.elapsed))
        self._record(now, "hour", self._hour.close(now.elapsed, counters.operating, counters.boots))
        self._hour = HourSummary(now.wall, now.elapsed)
        if connected:
            self._hour.connected(now.elapsed)

    def _record(self, now: Now, about: str, data: dict[str, Any]) -> None:
        try:
            self._outbox.add_record(Record(0, 0, 0, _label(now.wall), about, data))
        except Unsendable as error:
            log.error("not recorded: %s about %s", error, about)

    def _save(self, now: Now) -> None:
        self._saved_at = now.elapsed
        self._counters.save(self._counters.advance(int(now.elapsed)))

    def _reread_card(self, now: Now) -> None:
        card, _ = self._read_card(self._card)
        if card != self._card:
            self._card = card
            self._record(now, "warranty", {"card": card})
            self.birth(now)

    def _read_card(self, before: dict[str, Any] | None) -> tuple[dict[str, Any] | None, str]:
        """The card; or, where it is invalid, the previous one and what is wrong."""
        if not self._card_path:
            return None, ""
        try:
            return read_card(Path(self._card_path)), ""
        except AgentError as error:
            log.warning("%s", error)
            return before, str(error)


def _label(wall: int) -> int:
    """A clock that stands before 1970 is one that was never set."""
    return max(0, wall)


def _words(notice: dict[str, Any]) -> str:
    if notice["event"] == "outbox_damaged":
        return f"the outbox was damaged ({notice['why']}); it is kept as outbox.damaged, and what can be read of it is sent"
    reason = "cannot be read and were set aside" if notice["event"] == "outbox_unreadable" else "did not fit and were dropped"
    return f"{notice['messages']} messages of the outbox {reason}"

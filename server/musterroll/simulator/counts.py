"""Counters of a simulation: one set per worker and summed for display."""

from collections import Counter
from typing import Any, NamedTuple


class Summary(NamedTuple):
    """Totals; delays in milliseconds."""

    units: int = 0
    enrolled: int = 0  # in this run
    pending: int = 0  # enrolments waiting for approval
    connected: int = 0  # now
    silent: int = 0  # simulated as silent, now
    revived: int = 0
    denied: int = 0  # times the broker rejected a credential
    beats: int = 0
    beats_skipped: int = 0  # due while there was no connection
    records: int = 0  # births and records, without repeats
    receipted: int = 0
    repeated: int = 0
    acknowledged: int = 0  # by the broker
    reconnects: int = 0
    late_p50: int = 0  # how far behind its schedule a heartbeat was sent
    late_p99: int = 0
    late_max: int = 0
    seconds: float = 0.0


class Counts:
    """The running totals of one worker, or of all."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.late: Counter[int] = Counter()  # heartbeats by whole milliseconds behind schedule

    def behind(self, seconds: float) -> None:
        self.late[max(0, int(seconds * 1000))] += 1

    def since(self, previous: "Counts") -> dict[str, Any]:
        """The changes since `previous`, for `add` in the parent; current counts can have decreased."""
        totals = {name: count - previous.totals[name] for name, count in self.totals.items() if count != previous.totals[name]}
        late = [(delay, count - previous.late[delay]) for delay, count in self.late.items() if count != previous.late[delay]]
        return {"totals": totals, "late": late}

    def add(self, changes: dict[str, Any]) -> None:
        self.totals.update(changes["totals"])
        self.late.update(dict(changes["late"]))

    def percentile(self, share: float) -> int:
        """The delay that `share` of the heartbeats did not exceed; 0 if there were none."""
        limit, seen = share * self.late.total(), 0
        for late in sorted(self.late):
            seen += self.late[late]
            if seen >= limit:
                return late
        return 0

    def summary(self, seconds: float) -> Summary:
        totals = {name: self.totals[name] for name in Summary._fields if name in self.totals}
        delays = {"late_p50": self.percentile(0.5), "late_p99": self.percentile(0.99), "late_max": max(self.late, default=0)}
        return Summary(**totals, **delays, seconds=round(seconds, 1))

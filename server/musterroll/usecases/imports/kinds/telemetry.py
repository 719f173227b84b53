"""Lists of another platform's telemetry: when it first and last heard units. The registry's own hearing is not touched.

The platform was listening up to the newest word in its list: a unit silent for longer than its window by then was stale.
"""

import json
from collections.abc import Sequence
from typing import Any

from musterroll.domain.liveness import Liveness, windows
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.readers import telemetry
from musterroll.readers.document import Document
from musterroll.readers.fields import Row
from musterroll.storage import reconcile_queue
from musterroll.storage.audit import telemetry_rows
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange as Transition
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.importer import Facts, Judged, Known, Plan, Taker
from musterroll.usecases.imports.serials import Serials
from musterroll.usecases.warranty import periods as warranty_periods

_COUNTER = "usage:"


class Telemetry(Taker):
    kind = telemetry.KIND
    model = Unit
    shared = False
    facts = ("unit_id", *telemetry_rows.COLUMNS, "firmware", "usage")

    @classmethod
    def tables(cls) -> set[str]:
        return {"unit_status"}

    def survey(self, document: Document) -> None:
        """Up to when the platform was listening."""
        newest = max((heard for _, (heard,) in document.survey("heard_at")), default=0)
        self._listening_until = min(newest, to_ms(self.source.now))

    def key(self, row: Row) -> Any:
        return self._serials.unit(row.said).id

    def learn(self, rows: Sequence[Row]) -> None:
        self._serials = Serials(self.session, [row.said for row in rows])
        ids = {unit.id for units in self._serials.found.values() for unit in units}
        self._reporting = telemetry_rows.reporting(self.session, ids)
        self._own = telemetry_rows.heard_themselves(self.session, ids)
        self._heard = telemetry_rows.images(self.session, ids)

    def known(self, row: Row) -> Known | None:
        unit = self._serials.unit(row.said)
        image = self._heard.get(unit.id)
        return Known(unit.id, image) if image else None

    def judge(self, row: Row, known: Known | None) -> Judged:
        said = row.said
        heard_at, first = said["heard_at"], said.get("first_heard_at", said["heard_at"])
        notes = []
        if first > heard_at:
            first = heard_at
            notes.append("Last Seen is before First Seen and is used for both")
        if heard_at > to_ms(self.source.now):
            notes.append("Last Seen is in the future")
        before = known.facts if known else self._silent(row)
        after = {**before, "first_heard_at": min(first, before["first_heard_at"] or first)}
        if before["heard_at"] is not None and before["heard_at"] > heard_at:
            notes.append(f"has reported since, at {from_ms(before['heard_at']):%Y-%m-%d %H:%M:%S} UTC")
        else:
            after |= self._word(said, before)
        return Judged(after, "; ".join(notes))

    def _silent(self, row: Row) -> Facts:
        unit = self._serials.unit(row.said)
        return {**dict.fromkeys(self.facts), "unit_id": unit.id, "firmware": "", "usage": "{}"}

    def _word(self, said: dict[str, Any], before: Facts) -> Facts:
        """What a word that is the newest of a unit makes of it."""
        unit_id, heard_at = before["unit_id"], said["heard_at"]
        interval = said.get("interval") or before["interval"] or self.source.interval
        late, stale = windows(self._reporting[unit_id], interval)
        if unit_id in self._own:
            interval, late, stale = before["interval"], before["late_after"], before["stale_after"]
        usage = json.loads(before["usage"])
        usage |= {name.removeprefix(_COUNTER): [value, heard_at] for name, value in said.items() if name.startswith(_COUNTER)}
        hours = said.get("operating_hours")
        silent = self._listening_until - heard_at >= stale * 1000
        newer = before["heard_at"] is None or heard_at > before["heard_at"]
        return {
            "heard_at": heard_at,
            "interval": interval,
            "late_after": late,
            "stale_after": stale,
            "stale_since": (heard_at + stale * 1000 if silent else None) if newer or silent else before["stale_since"],
            "death_at": None if newer else before["death_at"],
            "operating": before["operating"] if hours is None else int(hours * 3600),
            "firmware": said.get("firmware", before["firmware"]),
            "usage": telemetry_rows.counters_text(usage),
        }

    def store(self, plans: Sequence[Plan], change: Change) -> list[int]:
        telemetry_rows.write(self.session, [(plan.before, plan.after) for plan in plans])
        ids = [plan.after["unit_id"] for plan in plans]
        rows = [audit_record.Row(telemetry_rows.TABLE, plan.after["unit_id"], plan.before, plan.after) for plan in plans]
        audit_record.record(self.session, change, rows)
        moved = [move for plan in plans for move in self._moves(plan)]
        transitions.add(self.session, moved, recorded_at=to_ms(self.source.now), change_id=change.id)
        begun = [plan.after["unit_id"] for plan in plans if (plan.before or {}).get("first_heard_at") != plan.after["first_heard_at"]]
        warranty_periods.apply_policies(self.session, begun, self.source.now, change)
        reconcile_queue.mark(self.session, ids)
        return ids

    def _moves(self, plan: Plan) -> list[Transition]:
        before, after = plan.before or {}, plan.after
        was, since = before.get("stale_since"), after["stale_since"]
        old = Liveness.STALE if was is not None else Liveness.OPERATING
        moves = []
        if before.get("heard_at") is None:
            moves.append((after["first_heard_at"], Liveness.NEVER_HEARD, Liveness.OPERATING))
            old = Liveness.OPERATING
        elif was is not None and was != since:
            moves.append((after["heard_at"], Liveness.STALE, Liveness.OPERATING))
            old = Liveness.OPERATING
        if since is not None and since != was:
            moves.append((since, old, Liveness.STALE))
        cause = f"import of {self.source.file}, line {plan.row.line}"
        return [Transition(after["unit_id"], at, "liveness", a, b, cause, self.source.actor) for at, a, b in moves]

"""Imports lists of last reports from another platform. What the registry itself received is not changed.

The platform was receiving up to the newest report in its list: a unit silent for longer than its window by then was stale.
"""

import json
from collections.abc import Sequence
from typing import Any

from musterroll.domain.liveness import Liveness, windows
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.readers import telemetry
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentRow
from musterroll.storage import reconcile_queue
from musterroll.storage.liveness import telemetry as telemetry_rows
from musterroll.storage.liveness import window_settings
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange as Transition
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports import past_stays
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts
from musterroll.usecases.imports.serials import UnitsBySerial
from musterroll.usecases.warranty import periods as warranty_periods

_COUNTER = "usage:"


class TelemetryImporter(Importer):
    kind = telemetry.KIND
    exported = False  # what was heard is not entered by hand
    model = Unit
    edited_by_people = False
    facts = ("unit_id", *telemetry_rows.COLUMNS, "firmware", "usage")

    @classmethod
    def tables(cls) -> set[str]:
        return {"unit_status"}

    def scan(self, document: Document) -> None:
        """Find until when the platform was receiving."""
        newest = max((heard_at for _, (heard_at,) in document.scan("heard_at") if heard_at is not None), default=0)
        self._received_until = min(newest, to_ms(self.source.now))

    def key(self, row: DocumentRow) -> Any:
        return self._units.unit(row.values).id

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        self._units = UnitsBySerial(self.session, rows)
        ids = self._units.ids()
        self._reporting = telemetry_rows.reporting(self.session, ids)
        self._rules = window_settings.rules(self.session)
        self._reporting_here = telemetry_rows.self_reporting(self.session, ids)
        self._statuses = telemetry_rows.images(self.session, ids)

    def known(self, row: DocumentRow) -> KnownRecord | None:
        unit = self._units.unit(row.values)
        image = self._statuses.get(unit.id)
        if image is None and "heard_at" not in row.values:
            image = self._never_heard(row)
        return KnownRecord(unit.id, image) if image else None

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        values = row.values
        if known and "heard_at" not in values:
            return AcceptedRow(known.facts, "no Last Seen: nothing to record")
        heard_at, first = values["heard_at"], values.get("first_heard_at", values["heard_at"])
        notes = []
        if first > heard_at:
            first = heard_at
            notes.append("Last Seen is before First Seen and is used for both")
        if heard_at > to_ms(self.source.now):
            notes.append("Last Seen is in the future")
        before = known.facts if known else self._never_heard(row)
        after = {**before, "first_heard_at": min(first, before["first_heard_at"] or first)}
        if before["heard_at"] is not None and before["heard_at"] > heard_at:
            notes.append(f"has reported since, at {from_ms(before['heard_at']):%Y-%m-%d %H:%M:%S} UTC")
        else:
            after |= self._newest(values, before)
        return AcceptedRow(after, "; ".join(notes))

    def _never_heard(self, row: DocumentRow) -> RecordFacts:
        unit = self._units.unit(row.values)
        return {**dict.fromkeys(self.facts), "unit_id": unit.id, "firmware": "", "usage": "{}"}

    def _newest(self, values: dict[str, Any], before: RecordFacts) -> RecordFacts:
        """The status of a unit after a report that is its newest."""
        unit_id, heard_at = before["unit_id"], values["heard_at"]
        interval = values.get("interval") or before["interval"] or self.source.interval
        late, stale = windows(self._reporting[unit_id], interval, self._rules)
        if unit_id in self._reporting_here:
            interval, late, stale = before["interval"], before["late_after"], before["stale_after"]
        usage = json.loads(before["usage"])
        usage |= {name.removeprefix(_COUNTER): [value, heard_at] for name, value in values.items() if name.startswith(_COUNTER)}
        hours = values.get("operating_hours")
        silent = self._received_until - heard_at >= stale * 1000
        newer = before["heard_at"] is None or heard_at > before["heard_at"]
        return {
            "heard_at": heard_at,
            "interval": interval,
            "late_after": late,
            "stale_after": stale,
            "stale_since": (heard_at + stale * 1000 if silent else None) if newer or silent else before["stale_since"],
            "death_at": None if newer else before["death_at"],
            "operating": before["operating"] if hours is None else int(hours * 3600),
            **self._listed(unit_id, before),
            "firmware": values.get("firmware", before["firmware"]),
            "usage": telemetry_rows.counters_text(usage),
        }

    def _listed(self, unit_id: int, before: RecordFacts) -> RecordFacts:
        """The date of the list that vouches for the unit; one that reports here needs none."""
        if unit_id in self._reporting_here:
            return {"listed_at": before["listed_at"], "unknown_since": before["unknown_since"]}
        newer = self._received_until > (before["listed_at"] or 0)
        return {"listed_at": self._received_until, "unknown_since": None} if newer else {}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        telemetry_rows.write(self.session, [(planned.before, planned.after) for planned in writes])
        ids = [planned.after["unit_id"] for planned in writes]
        rows = [
            audit_record.Row(telemetry_rows.TelemetryRows.name, planned.after["unit_id"], planned.before, planned.after)
            for planned in writes
        ]
        audit_record.record(self.session, change, rows)
        changes = [state_change for planned in writes for state_change in self._state_changes(planned)]
        transitions.add(self.session, changes, recorded_at=to_ms(self.source.now), change_id=change.id)
        first_reports = [
            planned.after["unit_id"]
            for planned in writes
            if (planned.before or {}).get("first_heard_at") != planned.after["first_heard_at"]
        ]
        warranty_periods.apply_policies(self.session, first_reports, self.source.now, change)
        past_stays.record_undated(self.session, ids, self.source, change)
        reconcile_queue.mark(self.session, ids)
        return ids

    def _state_changes(self, planned: PlannedWrite) -> list[Transition]:
        before, after = planned.before or {}, planned.after
        was, since = before.get("stale_since"), after["stale_since"]
        old = Liveness.STALE if was is not None else Liveness.OPERATING
        aged = before.get("unknown_since") is not None and after["unknown_since"] is None
        changes = []
        if before.get("heard_at") is None:
            changes.append((after["first_heard_at"], Liveness.NEVER_HEARD, Liveness.OPERATING))
            old = Liveness.OPERATING
        elif was is not None and was != since:
            changes.append((after["heard_at"], Liveness.STALE, Liveness.OPERATING))
            old = Liveness.OPERATING
        elif aged:
            changes.append((after["heard_at"], Liveness.UNKNOWN, Liveness.OPERATING))
        if since is not None and since != was:
            changes.append((since, old, Liveness.STALE))
        cause = f"import of {self.source.file}, line {planned.row.line}"
        return [Transition(after["unit_id"], at, "liveness", a, b, cause, self.source.actor) for at, a, b in changes]

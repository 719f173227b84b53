"""The time in the field of units that had left it before the registry first read of them, as state changes.

A list that calls a new unit returned says how things stand, not since when. Such a unit was deployed from its install date until the day
that records give, or else until its last report. With neither, how long it stayed is not known and nothing is recorded.
"""

from collections.abc import Collection
from datetime import date

from sqlmodel import Session

from musterroll.domain.units.lifecycle import Lifecycle, Stage
from musterroll.domain.values.instants import to_ms
from musterroll.storage.imports import past_stays
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.imports.importer import PlannedWrite, RecordFacts, Source

_EPOCH_DAY, _DAY = date(1970, 1, 1).toordinal(), 86_400_000


def start_of(day: date) -> int:
    """The first instant of a day (UTC, ms)."""
    return (day.toordinal() - _EPOCH_DAY) * _DAY


def dated(planned: PlannedWrite, left: NewStateChange) -> NewStateChange | None:
    """The deployment before the move `left` of a unit that is new here, where both of its days are on record."""
    after: RecordFacts = planned.after
    known = planned.known.facts["lifecycle"] if planned.known else Lifecycle.UNRECORDED
    if after["lifecycle"].stage is not Stage.AFTER or known is not Lifecycle.UNRECORDED:
        return None
    if after["installed_on"] is None or after["left_on"] is None or not start_of(after["installed_on"]) < left.at:
        return None
    return left._replace(at=start_of(after["installed_on"]), old=None, new=Lifecycle.DEPLOYED.value)


def record_undated(session: Session, unit_ids: Collection[int], source: Source, change: AuditChange) -> None:
    """Record the stay of each of these units that was heard before a list first called it returned or retired, until its last report."""
    changes = []
    cause = f"import of {source.file}: deployed until its last report; the day it left is not on record"
    for unit in past_stays.left_undated(session, unit_ids):
        begin, end = start_of(unit.installed_on), min(unit.listed_at, unit.stale_since or unit.heard_at + unit.stale_after * 1000)
        if begin < end and end != unit.known_end:
            stay = NewStateChange(unit.id, begin, "lifecycle", None, Lifecycle.DEPLOYED.value, cause, source.actor)
            changes += [stay, stay._replace(at=end, old=Lifecycle.DEPLOYED.value, new=unit.lifecycle.value)]
    transitions.add(session, changes, recorded_at=to_ms(source.now), change_id=change.id)

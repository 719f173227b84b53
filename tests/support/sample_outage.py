"""An open outage and one that is over, and a unit that is quiet, in the sample fleet."""

from datetime import datetime
from typing import NamedTuple

from musterroll.domain.liveness.outages import GroupKind
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.liveness import Outage, Silence, UnitRhythm, UnitStatus
from musterroll.storage.tables.units import Unit
from sqlmodel import col, delete, select


class Silent(NamedTuple):
    """The quiet unit, which is part of the open outage."""

    outage: int
    unit: int
    uid: str


def add(database: Database, now: datetime) -> Silent:
    at = to_ms(now)
    with database.transaction() as session:
        heard = col(UnitStatus.heard_at).is_not(None) & col(UnitStatus.stale_since).is_(None) & col(UnitStatus.held_at).is_(None)
        query = select(Unit).join(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)).where(heard, col(Unit.site_id).is_not(None))
        first = session.exec(query.order_by(col(Unit.id).desc())).first()
        assert first is not None
        members = session.exec(query.where(Unit.site_id == first.site_id).order_by(col(Unit.id).desc()).limit(4)).all()
        site, over = (
            _outage(GroupKind.SITE, str(first.site_id), "Lyon Nord", at - 420_000, 4),
            _outage(GroupKind.FIRMWARE, "1.4", "1.4", at, 12),
        )
        site.account_id, site.site_id = first.account_id, first.site_id
        over.since, over.returned = at - 9 * 3_600_000, 12
        over.closed_at = at - 7 * 3_600_000
        session.add_all([over, site])
        session.flush()
        session.add_all([Silence(unit_id=unit.id, heard_at=at - 420_000, noticed_at=at - 300_000, outage_id=site.id) for unit in members])
        session.add(UnitRhythm(unit_id=first.id or 0, day=1, days=b"", usual=240))
        status = session.get_one(UnitStatus, first.id)
        status.quiet_since, status.pace = at - 60_000, 61_000
        return Silent(site.id or 0, first.id or 0, first.uid)


def remove(database: Database, silent: Silent) -> None:
    with database.transaction() as session:
        for table in (Silence, Outage, UnitRhythm):
            session.exec(delete(table))
        session.get_one(UnitStatus, silent.unit).quiet_since = None


def _outage(kind: GroupKind, key: str, name: str, since: int, silent: int) -> Outage:
    return Outage(kind=kind, key=key, name=name, since=since, noticed_at=since + 120_000, silent=silent, units=silent + 1)

"""Outages and the silences they are made of, as SQL. Instants are ms, by the registry's clock."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, case, delete, exists, func, insert, literal, or_, select, true, tuple_, update
from sqlmodel import Session, col

from musterroll.domain.liveness import ListeningWindow
from musterroll.domain.liveness.outages import RECENT, REMEMBERED, Group, GroupKind
from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness import states
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.liveness import Outage, Silence, UnitStatus
from musterroll.storage.tables.units import Unit

_S: Any = Silence.__table__  # type: ignore[attr-defined]


class SilentUnit(NamedTuple):
    """A unit that has just been called quiet or stale, with what it has in common with others."""

    unit_id: int
    heard_at: int
    late_after: int  # seconds
    site_id: int | None
    account_id: int | None
    firmware: str


def note(session: Session, unit_ids: Collection[int], now: int) -> None:
    """Note the silence of units that have just been called quiet or stale."""
    _add(session, [among(session, col(Unit.id), unit_ids)], now)


def alone(session: Session, unit_ids: Collection[int]) -> list[SilentUnit]:
    """Those of these units that are in the field and silent without being part of an outage, earliest first."""
    query = (
        select(col(Unit.id), col(Silence.heard_at), col(UnitStatus.late_after), col(Unit.site_id), col(Unit.account_id), col(Unit.firmware))
        .join_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
        .join(Silence, and_(col(Silence.unit_id) == col(Unit.id), col(Silence.heard_at) == col(UnitStatus.heard_at)))
        .where(among(session, col(Unit.id), unit_ids), _in_field(), col(Silence.outage_id).is_(None))
    )
    return [SilentUnit(*row) for row in session.execute(query.order_by(col(Silence.heard_at), col(Unit.id)))]


def _add(session: Session, where: Sequence[ColumnElement[bool]], now: int) -> None:
    """Note the silence of these units, unless it is noted."""
    noted = exists().where(_S.c.unit_id == col(Unit.id), _S.c.heard_at == col(UnitStatus.heard_at))
    silent = select(col(Unit.id), col(UnitStatus.heard_at), _number(now))
    units = silent.join_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    session.execute(insert(_S).from_select(["unit_id", "heard_at", "noticed_at"], units.where(*where, ~noted)))


def _number(value: int) -> ColumnElement[int]:
    return literal(value, BigInteger)


def _in_field() -> ColumnElement[bool]:
    return col(Unit.lifecycle).in_(of_stage(Stage.FIELD)) & col(Unit.merged_into_id).is_(None)


def belongs(group: Group) -> ColumnElement[bool]:
    """The units of a group."""
    match group.kind:
        case GroupKind.SITE:
            return col(Unit.site_id) == int(group.key)
        case GroupKind.ACCOUNT:
            return col(Unit.account_id) == int(group.key)
        case GroupKind.FIRMWARE:
            return col(Unit.firmware) == group.key
        case GroupKind.REGISTRY:
            return true()


def silences(session: Session, group: Group, now: int) -> tuple[int, int]:
    """How many silences of units of a group were noticed recently, and how many before that were part of no outage."""
    recent = case((col(Silence.noticed_at) > _number(now - RECENT * 1000), 1))
    earlier = case((col(Silence.outage_id).is_(None) & (col(Silence.noticed_at) <= _number(now - RECENT * 1000)), 1))
    query = select(func.count(recent), func.count(earlier)).join_from(Silence, Unit, col(Unit.id) == col(Silence.unit_id))
    row = session.execute(query.where(belongs(group), col(Silence.noticed_at) > _number(now - REMEMBERED * 1000))).one()
    return row[0], row[1]


def _silent(heard: ListeningWindow, now: int, since: int) -> ColumnElement[bool]:
    """Units whose last word came after `since` and that are overdue; where silence is usual for a unit, only if it is quiet or stale."""
    s = UnitStatus
    called = col(s.stale_since).is_not(None) | col(s.quiet_since).is_not(None)
    overdue = called | (states.silent(heard, now)[1] & (col(s.usual_after) == 0))
    return and_(col(s.heard_at) >= _number(since), col(s.held_at).is_(None), overdue)


class Extent(NamedTuple):
    """Units of a group: silent since about the same time, the latest last word of theirs, and those heard since."""

    silent: int
    since: int
    heard: int


def extent(session: Session, group: Group, heard: ListeningWindow, now: int, since: int) -> Extent:
    """Count the units of a group whose last word came after `since`."""
    members = select(func.count(), func.max(col(UnitStatus.heard_at))).join_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    members = members.where(belongs(group), _in_field(), ~states.reported_by_import_only())
    silent = _silent(heard, now, since)
    count, latest = session.execute(members.where(silent)).one()
    if not count:
        return Extent(0, since, 0)
    return Extent(count, latest, session.execute(members.where(col(UnitStatus.heard_at) > _number(latest), ~silent)).one()[0])


def open_outage(session: Session, outage: Outage, group: Group, heard: ListeningWindow, now: int, since: int) -> None:
    """Store an outage with the units that `extent` counted."""
    session.add(outage)
    session.flush()
    where = [belongs(group), _in_field(), ~states.reported_by_import_only(), _silent(heard, now, since)]
    _add(session, where, now)
    members = select(col(Unit.id)).join_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)).where(*where)
    mine = (_S.c.unit_id.in_(members), _S.c.heard_at >= since, _S.c.returned_at.is_(None))
    parts = select(_S.c.outage_id).where(*mine, _S.c.outage_id.is_not(None)).distinct()
    absorbed = list(session.scalars(parts))
    session.execute(update(_S).where(or_(and_(*mine), _S.c.outage_id.in_(absorbed))).values(outage_id=outage.id))
    session.execute(delete(Outage).where(col(Outage.id).in_(absorbed)).execution_options(synchronize_session=False))


def join(session: Session, outage_id: int, unit_ids: Collection[int], since: int) -> None:
    """The silences of these units since an instant are part of an outage."""
    mine = (among(session, col(Silence.unit_id), unit_ids), col(Silence.heard_at) >= since, col(Silence.outage_id).is_(None))
    session.execute(update(Silence).where(*mine).values(outage_id=outage_id))


def grow(session: Session, outage_id: int, silent: int) -> None:
    """More units fell silent with an outage."""
    grown = {"silent": Outage.silent + silent, "units": Outage.units + silent}
    session.execute(update(Outage).where(col(Outage.id) == outage_id).values(grown))


def open_outages(session: Session) -> list[Outage]:
    return list(session.scalars(select(Outage).where(col(Outage.closed_at).is_(None)).order_by(col(Outage.id))))


class Returns(NamedTuple):
    """Units of an outage: heard again, when the last of them was, and still missing in the field."""

    returned: int
    latest: int | None
    missing: int


def note_returns(session: Session, outage_id: int) -> Returns:
    """Note which units of an outage were heard again, and count them."""
    again = (col(UnitStatus.unit_id) == _S.c.unit_id) & (col(UnitStatus.heard_at) > _S.c.heard_at)
    heard = select(col(UnitStatus.heard_at)).where(again).correlate(_S).scalar_subquery()
    mine = (_S.c.outage_id == outage_id, _S.c.returned_at.is_(None))
    session.execute(update(_S).where(*mine, exists().where(again).correlate(_S)).values(returned_at=heard))
    counted = select(func.count(), func.max(_S.c.returned_at)).where(_S.c.outage_id == outage_id, _S.c.returned_at.is_not(None))
    count, latest = session.execute(counted).one()
    still = select(func.count()).join_from(_S, Unit, col(Unit.id) == _S.c.unit_id).where(*mine, _in_field())
    return Returns(count, latest, session.execute(still).scalar_one())


def returning(session: Session) -> bool:
    """Whether a unit of an open outage was heard that is not noted yet."""
    query = (
        select(literal(1))
        .join_from(Outage, Silence, col(Silence.outage_id) == col(Outage.id))
        .join(UnitStatus, col(UnitStatus.unit_id) == col(Silence.unit_id))
        .where(col(Outage.closed_at).is_(None), col(Silence.returned_at).is_(None), col(UnitStatus.heard_at) > col(Silence.heard_at))
    )
    return session.execute(query.limit(1)).first() is not None


def missing(session: Session, outage_id: int) -> list[int]:
    """The units of an outage that were not heard again and are stale."""
    query = select(col(Silence.unit_id)).join_from(Silence, UnitStatus, col(UnitStatus.unit_id) == col(Silence.unit_id))
    query = query.where(col(Silence.outage_id) == outage_id, col(Silence.returned_at).is_(None), col(UnitStatus.stale_since).is_not(None))
    return list(session.scalars(query))


def in_open_outage(unit_id: Any, *, of_account: bool) -> ColumnElement[bool]:
    """Whether a unit is silent as part of an open outage, or its return is not noted yet; of one account, or of units of any."""
    of_one = col(Outage.account_id).is_not(None) if of_account else col(Outage.account_id).is_(None)
    open_ = (col(Outage.id) == col(Silence.outage_id)) & col(Outage.closed_at).is_(None) & of_one
    return exists().where(col(Silence.unit_id) == unit_id, col(Silence.returned_at).is_(None), open_)


class Name(NamedTuple):
    """The name of a group, and whose it is."""

    name: str
    account_id: int | None = None
    site_id: int | None = None


def name_of(session: Session, group: Group) -> Name:
    if group.kind is GroupKind.SITE:
        row = session.execute(select(col(Site.name), col(Site.account_id), col(Site.id)).where(col(Site.id) == int(group.key))).one()
        return Name(*row)
    if group.kind is GroupKind.ACCOUNT:
        return Name(*session.execute(select(col(Account.name), col(Account.id)).where(col(Account.id) == int(group.key))).one())
    return Name(group.key)


def forget(session: Session, before: int) -> None:
    """Delete silences of no outage that were noticed before an instant."""
    session.execute(delete(Silence).where(col(Silence.outage_id).is_(None), col(Silence.noticed_at) < before))


class OutageView(NamedTuple):
    """An outage for lists."""

    outage: Outage
    account: str | None
    account_ref: str | None
    site: str | None
    site_ref: str | None


_VIEWS: Any = (
    select(Outage, col(Account.name), col(Account.ref), col(Site.name), col(Site.ref))
    .outerjoin_from(Outage, Account, col(Account.id) == col(Outage.account_id))
    .outerjoin(Site, col(Site.id) == col(Outage.site_id))
)


def listed(session: Session, before: int | None, limit: int, only_open: bool = False) -> list[OutageView]:
    """Outages, newest first; those before row `before`."""
    query = _VIEWS.where(*([col(Outage.id) < before] if before is not None else []))
    query = query.where(*([col(Outage.closed_at).is_(None)] if only_open else []))
    return [OutageView(*row) for row in session.execute(query.order_by(col(Outage.id).desc()).limit(limit))]


def outage(session: Session, outage_id: int) -> OutageView | None:
    row = session.execute(_VIEWS.where(col(Outage.id) == outage_id)).one_or_none()
    return None if row is None else OutageView(*row)


class OutageUnit(NamedTuple):
    uid: str
    serial: str
    heard_at: int  # before it fell silent
    returned_at: int | None
    serial_key: str
    id: int

    def place(self) -> tuple[int, str, int]:
        """Where it stands in the list: units still silent first, then by serial."""
        return (0 if self.returned_at is None else 1), self.serial_key, self.id


def units(session: Session, outage_id: int, after: tuple[int, str, int] | None, limit: int) -> list[OutageUnit]:
    """The units of an outage in order (`OutageUnit.place`), those behind a place."""
    back = case((col(Silence.returned_at).is_(None), 0), else_=1)
    order = (back, col(Unit.serial_key), col(Silence.id))
    query = select(col(Unit.uid), col(Unit.serial), col(Silence.heard_at), col(Silence.returned_at), col(Unit.serial_key), col(Silence.id))
    query = query.join_from(Silence, Unit, col(Unit.id) == col(Silence.unit_id)).where(col(Silence.outage_id) == outage_id)
    query = query if after is None else query.where(tuple_(*order) > tuple_(*after))
    return [OutageUnit(*row) for row in session.execute(query.order_by(*order).limit(limit))]


def of_account(session: Session, account_id: int) -> list[OutageView]:
    """The open outages of an account and its sites."""
    return [
        OutageView(*row) for row in session.execute(_VIEWS.where(col(Outage.account_id) == account_id, col(Outage.closed_at).is_(None)))
    ]


def of_unit(session: Session, unit_id: int) -> OutageView | None:
    """The open outage that a unit is part of."""
    mine = select(col(Silence.outage_id)).where(col(Silence.unit_id) == unit_id, col(Silence.returned_at).is_(None))
    row = session.execute(_VIEWS.where(col(Outage.id).in_(mine), col(Outage.closed_at).is_(None)).limit(1)).first()
    return None if row is None else OutageView(*row)

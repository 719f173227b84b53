"""Products and their warranty policies, and pending updates of their units."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, exists, func, or_, select, text, true, update
from sqlmodel import Session, col

from musterroll.domain.liveness import DEFAULT_RULES, ReportingClass, WindowRule, expected_interval, windows
from musterroll.storage.engine import search
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness import window_settings
from musterroll.storage.liveness.interval_orders import wanted
from musterroll.storage.operations import checkpoints
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import JobCheckpoint
from musterroll.storage.tables.reconciliation import CellCount
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPolicy

_STATUS: Any = UnitStatus.__table__  # type: ignore[attr-defined]


class ListedProduct(NamedTuple):
    product: Product
    policy: str  # its name; empty: none
    units: int  # as of the last reconciliation


def page(session: Session, words: str, policy_id: int | None, after: int, limit: int) -> list[ListedProduct]:
    """Products by descending number of units; `limit` of them after the first `after`."""
    units = select(col(CellCount.of_id), func.sum(col(CellCount.units)).label("units")).where(col(CellCount.axis) == "product")
    counted = units.group_by(col(CellCount.of_id)).subquery()
    query = (
        select(Product, func.coalesce(col(WarrantyPolicy.name), ""), func.coalesce(counted.c.units, 0))
        .outerjoin(WarrantyPolicy, col(WarrantyPolicy.id) == col(Product.policy_id))
        .outerjoin(counted, counted.c.of_id == col(Product.id))
        .order_by(func.coalesce(counted.c.units, 0).desc(), col(Product.maker), col(Product.model), col(Product.id))
    )
    if words:
        query = query.where(search.holds(words, Product.maker, Product.model, Product.family))
    if policy_id is not None:
        query = query.where(col(Product.policy_id) == policy_id)
    return [ListedProduct(row[0], row[1], int(row[2])) for row in session.execute(query.offset(after).limit(limit))]


def units_of(session: Session, product_id: int) -> int:
    result = session.execute(
        select(func.sum(col(CellCount.units))).where(col(CellCount.axis) == "product", col(CellCount.of_id) == product_id)
    )
    return int(result.scalar() or 0)


def policies(session: Session) -> list[tuple[WarrantyPolicy, int]]:
    """All policies by name, with the number of products that use them."""
    sold = select(func.count()).where(col(Product.policy_id) == col(WarrantyPolicy.id)).correlate(WarrantyPolicy).scalar_subquery()
    return [(row[0], row[1]) for row in session.execute(select(WarrantyPolicy, sold).order_by(col(WarrantyPolicy.name)))]


def named(session: Session, name: str) -> WarrantyPolicy | None:
    return session.scalars(select(WarrantyPolicy).where(col(WarrantyPolicy.name) == name)).one_or_none()


_WORK = "settle:"
_APPLIED = "windows"  # a mark whose note is the rules that all units were last given


def queue_update(session: Session, what: str, key: int) -> None:
    """Queue an update of all units of a product, of the products of a `warranty_policy`, or of all units (`windows`, 0)."""
    checkpoints.put(session, f"{_WORK}{what}:{key}", 0, 0)


class PendingUpdate(NamedTuple):
    """A pending update: of which units, and the last unit done."""

    mark: str
    what: str
    key: int
    after: int


def pending_updates(session: Session) -> list[PendingUpdate]:
    rows = session.execute(
        select(col(JobCheckpoint.name), col(JobCheckpoint.position))
        .where(col(JobCheckpoint.name).startswith(_WORK))
        .order_by(col(JobCheckpoint.name))
    )
    return [PendingUpdate(name, name.split(":")[1], int(name.split(":")[2]), position) for name, position in rows]


def next_units(session: Session, work: PendingUpdate, limit: int) -> list[int]:
    owners: dict[str, ColumnElement[bool]] = {"product": col(Unit.product_id) == work.key, "windows": true()}
    owner = owners.get(work.what, col(Product.policy_id) == work.key)
    query = select(col(Unit.id)).join(Product, col(Product.id) == col(Unit.product_id)).where(owner, col(Unit.id) > work.after)
    return list(session.scalars(query.order_by(col(Unit.id)).limit(limit)))


def mark_updated(session: Session, work: PendingUpdate, upto: int | None) -> None:
    """Record that the units up to a row id are updated; None: all of them."""
    if upto is None:
        session.execute(text("DELETE FROM job_checkpoint WHERE name = :name"), {"name": work.mark})
    else:
        checkpoints.put(session, work.mark, upto, 0)


def windows_differ(session: Session) -> bool:
    """Whether units have been given other rules of silence than those set now."""
    return (checkpoints.mark(session, _APPLIED).note or _written(DEFAULT_RULES)) != _written(window_settings.rules(session))


def mark_windows(session: Session, now: int) -> None:
    """Record that units are being given the rules of silence set now."""
    checkpoints.put(session, _APPLIED, 0, now, _written(window_settings.rules(session)))


def _written(rules: Mapping[ReportingClass, WindowRule]) -> str:
    return " ".join(f"{rule.reports}:{rule.grace}" for rule in rules.values())


def set_silence_windows(session: Session, unit_ids: Collection[int]) -> None:
    """Set the silence windows of these units from the reporting class of their product, their interval and the one set."""
    query = (
        select(col(Product.reporting), col(UnitStatus.interval), wanted())
        .join_from(UnitStatus, Unit, col(Unit.id) == col(UnitStatus.unit_id))
        .join(Product, col(Product.id) == col(Unit.product_id))
        .where(among(session, col(Unit.id), unit_ids))
        .distinct()
    )
    paces: Sequence[tuple[ReportingClass, int, int | None]] = [(row[0], row[1], row[2]) for row in session.execute(query)]
    rules = window_settings.rules(session)
    for reporting, interval, set_to in paces:
        late, stale = windows(reporting, expected_interval(reporting, interval, set_to), rules)
        of_class = exists().where(
            *(col(Unit.id) == _STATUS.c.unit_id, col(Product.id) == col(Unit.product_id)),
            *(col(Product.reporting) == reporting, func.coalesce(wanted(), 0) == (set_to or 0)),
        )
        mine = (among(session, _STATUS.c.unit_id, unit_ids), _STATUS.c.interval == interval, of_class)
        usual = case((_STATUS.c.usual_after > stale, _STATUS.c.usual_after), else_=stale)
        other = or_(_STATUS.c.late_after != late, _STATUS.c.stale_after != usual)
        session.execute(update(_STATUS).where(*mine, other).values(late_after=late, stale_after=usual))

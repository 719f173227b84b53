"""Units for display and look-up: one row per unit, joined with product, account, site and status."""

from collections.abc import Collection
from typing import Any, NamedTuple

from musterroll_wire.vitals import VITAL_NAMES
from sqlalchemy import ColumnElement, Row, case, exists, func, or_, select
from sqlmodel import Session, col

from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness.interval_orders import wanted
from musterroll.storage.liveness.states import reported_by_import_only
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.imports import ImportRow, ImportRun
from musterroll.storage.tables.liveness import UnitRhythm, UnitStatus
from musterroll.storage.tables.units import Unit


def _has(status: CredentialStatus) -> ColumnElement[bool]:
    return exists().where(col(Credential.unit_id) == col(Unit.id), col(Credential.status) == status)


def _list_file() -> Any:
    """The file of the newest list of last reports that said something new of a unit."""
    undone = exists().where(col(AuditChange.undoes_id) == col(ImportRun.change_id))
    lists = select(col(ImportRun.file)).join_from(ImportRow, ImportRun, col(ImportRun.id) == col(ImportRow.run_id))
    mine = lists.where(col(ImportRow.record_id) == col(Unit.id), col(ImportRun.kind) == "telemetry", ~undone)
    return mine.order_by(col(ImportRun.id).desc()).limit(1).correlate(Unit).scalar_subquery()


_FACTS: Any = (
    select(
        col(Unit.id),
        col(Unit.uid),
        col(Unit.serial),
        col(Unit.serial_key),
        col(Product.maker),
        col(Product.model),
        col(Product.kind),
        col(Unit.lifecycle),
        col(Unit.shipped_on),
        col(Unit.installed_on),
        *(col(getattr(Unit, name)) for name in ("purchased_on", "left_on", "warranty_months", "warranty_ends_on")),
        *(col(getattr(Unit, name)) for name in ("asset_tag", "hostname", "host", "cores", "details")),
        col(Unit.firmware),
        col(Unit.agent),
        col(Unit.born_at),
        col(Unit.card),
        col(Unit.evidence),
        col(Account.name).label("account"),
        col(Account.ref).label("account_ref"),
        col(Site.name).label("site"),
        col(Site.ref).label("site_ref"),
        col(UnitStatus.heard_at),
        col(UnitStatus.first_heard_at),
        func.coalesce(col(UnitStatus.epoch), 0).label("epoch"),
        func.coalesce(col(UnitStatus.interval), 0).label("interval"),
        wanted().label("interval_set"),
        func.coalesce(col(UnitStatus.late_after), 0).label("late_after"),
        func.coalesce(col(UnitStatus.stale_after), 0).label("stale_after"),
        col(UnitStatus.death_at),
        col(UnitStatus.stale_since),
        col(UnitStatus.held_at),
        col(UnitStatus.quiet_since),
        (func.coalesce(col(UnitStatus.pace), 0) // 1000).label("pace"),
        func.coalesce(col(UnitRhythm.usual), 0).label("usual"),
        func.coalesce(reported_by_import_only(), False).label("reported_by_import_only"),
        col(UnitStatus.listed_at),
        col(UnitStatus.unknown_since),
        case((col(UnitStatus.listed_at).is_not(None), _list_file())).label("list_file"),
        col(UnitStatus.clock_offset),
        col(UnitStatus.uptime),
        col(UnitStatus.operating),
        *[col(getattr(UnitStatus, name)) for name in VITAL_NAMES],
        _has(CredentialStatus.ACTIVE).label("enrolled"),
        _has(CredentialStatus.PENDING).label("pending"),
    )
    .join_from(Unit, Product, col(Product.id) == col(Unit.product_id))
    .outerjoin(Account, col(Account.id) == col(Unit.account_id))
    .outerjoin(Site, col(Site.id) == col(Unit.site_id))
    .outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    .outerjoin(UnitRhythm, col(UnitRhythm.unit_id) == col(Unit.id))
)


def by_uids(session: Session, uids: Collection[str]) -> list[Row[Any]]:
    return _rows(session, _FACTS.where(col(Unit.uid).in_(uids)))


def by_code(session: Session, uids: Collection[str], twins: Collection[str], keys: Collection[str], limit: int) -> list[Row[Any]]:
    """Units with one of these ids, then with one of these serials (not unique), then with easily confused ones."""
    named = col(Unit.uid).in_(uids)
    order = (~named, col(Unit.serial_key).not_in(keys), col(Unit.serial_key), col(Unit.maker_key), col(Unit.family_key))
    return _rows(session, _FACTS.where(or_(named, col(Unit.twin_key).in_(twins))).order_by(*order).limit(limit))


def by_marks(session: Session, code: str, limit: int) -> list[Row[Any]]:
    """Units whose asset tag or hostname is this code."""
    if "\0" in code:
        return []  # PostgreSQL rejects NUL even in comparisons
    marked = or_(col(Unit.asset_tag) == code, col(Unit.hostname) == code.lower())
    query = _FACTS.where(marked, col(Unit.merged_into_id).is_(None)).order_by(col(Unit.serial_key), col(Unit.id))
    return _rows(session, query.limit(limit))


def by_mac(session: Session, mac: str, limit: int) -> list[Row[Any]]:
    """Units that report this MAC address (as compared)."""
    query = _FACTS.where(col(Unit.mac) == mac, col(Unit.merged_into_id).is_(None)).order_by(col(Unit.serial_key), col(Unit.id))
    return _rows(session, query.limit(limit))


def by_twins(session: Session, twins: Collection[str], limit: int) -> list[Row[Any]]:
    """Units with one of these twin keys, however many keys."""
    return _rows(session, _FACTS.where(among(session, col(Unit.twin_key), twins)).order_by(col(Unit.serial_key), col(Unit.id)).limit(limit))


def by_ids(session: Session, ids: list[int]) -> list[Row[Any]]:
    """Units by row id, in serial order."""
    return _rows(session, _FACTS.where(col(Unit.id).in_(ids)).order_by(col(Unit.serial_key), col(Unit.id)))


def unit_id(session: Session, uid: str) -> int | None:
    """The row id of a unit id."""
    if "\0" in uid:
        return None  # PostgreSQL rejects NUL even in comparisons
    return session.execute(select(col(Unit.id)).where(col(Unit.uid) == uid)).scalar_one_or_none()


def _rows(session: Session, query: Any) -> list[Row[Any]]:
    return list(session.execute(query))


class UnitName(NamedTuple):
    uid: str
    serial: str
    model: str


def by_id(session: Session, ids: Collection[int]) -> dict[int, UnitName]:
    query = select(col(Unit.id), col(Unit.uid), col(Unit.serial), col(Product.model))
    query = query.join_from(Unit, Product, col(Product.id) == col(Unit.product_id)).where(bulk.among(session, col(Unit.id), ids))
    return {row[0]: UnitName(row[1], row[2], row[3]) for row in session.execute(query)} if ids else {}

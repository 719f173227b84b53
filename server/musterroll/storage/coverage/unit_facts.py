"""Facts of a unit for coverage and findings."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, or_, select
from sqlmodel import Session, col

from musterroll.storage.engine import account_scope
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.tables.accounts import Product, Site
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import ProcessHeartbeat
from musterroll.storage.tables.reconciliation import ReconcileQueue, UnitReconciliation
from musterroll.storage.tables.units import Unit

# Tables instead of classes, and prepared statements: verdicts are frequent, and building a small query takes as long as running it.
_U: Any = Unit.__table__  # type: ignore[attr-defined]
_P: Any = Product.__table__  # type: ignore[attr-defined]
_V: Any = UnitStatus.__table__  # type: ignore[attr-defined]
# A verdict is the same for all users, whatever accounts they may see.
_S, _LAST_RUN, _QUEUE, _ALL_UNITS = (
    account_scope.whole(Site),
    account_scope.whole(UnitReconciliation),
    account_scope.whole(ReconcileQueue),
    account_scope.whole(Unit),
)
_HEARTBEAT: Any = ProcessHeartbeat.__table__  # type: ignore[attr-defined]
_CHANGED = exists().where(or_(_QUEUE.c.unit_id.is_(None), _QUEUE.c.unit_id == _U.c.id)).correlate(_U)

_FACTS = (
    select(
        *(_U.c[name] for name in ("id", "uid", "serial", "serial_key", "product_id", "site_id", "lifecycle")),
        *(_U.c[name] for name in ("registered_on", "installed_on", "shipped_on", "warranty_months", "card", "merged_into_id")),
        *(_U.c[name] for name in ("purchased_on", "warranty_starts_on", "warranty_ends_on")),
        _U.c.account_id.label("own_account_id"),
        _S.c.account_id.label("site_account_id"),
        *(_S.c.zone, _P.c.kind, _P.c.policy_id, _P.c.list_price, _P.c.currency, _V.c.first_heard_at, _V.c.heard_at),
        _LAST_RUN.c.line_id.label("kept_line"),
        _HEARTBEAT.c.detail.label("kept_on"),
    )
    .join_from(_U, _P, _P.c.id == _U.c.product_id)
    .outerjoin(_S, _S.c.id == _U.c.site_id)
    .outerjoin(_V, _V.c.unit_id == _U.c.id)
    .outerjoin(_LAST_RUN, _LAST_RUN.c.unit_id == _U.c.id)
    .outerjoin(_HEARTBEAT, and_(_HEARTBEAT.c.name == cell_counters.RUN, ~_CHANGED))
)
_BY_ID = _FACTS.where(_U.c.id == bindparam("id"))
_BY_UID = _FACTS.where(_U.c.uid == bindparam("uid"))
_BY_SERIAL_KEY = _FACTS.where(_U.c.serial_key == bindparam("key"), _U.c.merged_into_id.is_(None)).order_by(
    _U.c.maker_key, _U.c.family_key, _U.c.id
)
_HOLDERS = select(_ALL_UNITS.c.id, _ALL_UNITS.c.product_id).where(
    _ALL_UNITS.c.serial_key == bindparam("key"), _ALL_UNITS.c.merged_into_id.is_(None)
)


def by_id(session: Session, unit_id: int) -> Row[Any] | None:
    return session.execute(_BY_ID, {"id": unit_id}).one_or_none()


def by_uid(session: Session, uid: str) -> Row[Any] | None:
    return session.execute(_BY_UID, {"uid": uid}).one_or_none()


def by_serial_key(session: Session, key: str) -> list[Row[Any]]:
    """The registered units with this serial, by maker: a serial alone is not unique."""
    return list(session.execute(_BY_SERIAL_KEY, {"key": key}))


def holders(session: Session, key: str) -> dict[int, int]:
    """All registered units with this serial, each with its product."""
    return {row[0]: row[1] for row in session.execute(_HOLDERS, {"key": key})}


def last_seat(unit: Row[Any], on: date) -> int | None:
    """The line the last run allocated to a unit, 0: none. None if it ran for another day, or the unit or records changed since."""
    seat: int | None = unit.kept_line if unit.kept_on == on.isoformat() else None
    return seat


def serials(session: Session, unit_ids: Collection[int]) -> dict[int, str]:
    """Serials by unit."""
    return {row[0]: row[1] for row in session.execute(select(col(Unit.id), col(Unit.serial)).where(col(Unit.id).in_(unit_ids)))}


def account(unit: Row[Any]) -> int | None:
    """The account of a unit, or else of its site."""
    account_id: int | None = unit.own_account_id or unit.site_account_id
    return account_id


def has_clone(session: Session, unit_id: int) -> bool:
    """Whether another device is waiting to enrol with the serial of an enrolled one."""
    statuses = set(session.scalars(select(col(Credential.status)).where(col(Credential.unit_id) == unit_id)))
    return {CredentialStatus.ACTIVE, CredentialStatus.PENDING} <= statuses

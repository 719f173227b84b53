"""Units that devices themselves speak for, and the records such units need: these stay when a change that added them is undone."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlmodel import Session

from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.accounts import Site
from musterroll.storage.tables.enrolment import ClaimToken, Credential
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.messages import DurableMessage
from musterroll.storage.tables.units import Unit

_UNIT: Any = Unit.__table__.c  # type: ignore[attr-defined]
_TOKEN: Any = ClaimToken.__table__.c  # type: ignore[attr-defined]
_SITE: Any = Site.__table__.c  # type: ignore[attr-defined]


def reported(session: Session, unit_ids: Collection[int]) -> set[int]:
    """Those of these units that have reported or hold a credential."""
    return set(session.execute(select(_UNIT.id).where(among(session, _UNIT.id, unit_ids), _speaks())).scalars())


def needed(session: Session, table: str, ids: Collection[int]) -> set[int]:
    """Those of these products, accounts or sites that such units need, or claim tokens, or sites that are needed themselves."""
    column = f"{table}_id"
    rows = set(session.execute(select(_UNIT[column]).where(among(session, _UNIT[column], ids), _speaks()).distinct()).scalars())
    if table != "product":
        rows |= set(session.execute(select(_TOKEN[column]).where(among(session, _TOKEN[column], ids))).scalars())
    if table == "account":
        owned = session.execute(select(_SITE.id, _SITE.account_id).where(among(session, _SITE.account_id, ids)))
        owners: dict[int, int] = {row[0]: row[1] for row in owned}
        rows |= {owners[site] for site in needed(session, "site", owners)}
    return rows


def _speaks() -> ColumnElement[bool]:
    return or_(*(exists().where(model.unit_id == _UNIT.id) for model in (UnitStatus, Credential, DurableMessage)))

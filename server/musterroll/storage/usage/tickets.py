"""Accounts with their deployed units and the tickets that were opened for them."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.units import Incident, Unit

_DEPLOYED: Any = (col(Unit.lifecycle) == Lifecycle.DEPLOYED, col(Unit.merged_into_id).is_(None))


class AccountFacts(NamedTuple):
    ref: str
    name: str
    segment: str
    units: int  # deployed
    tickets: int  # opened in a time


def account_facts(session: Session, ids: Collection[int], first: date, last: date) -> dict[int, AccountFacts]:
    """Accounts by row id, with their units and tickets."""
    named = select(col(Account.id), col(Account.ref), col(Account.name), col(Account.segment))
    names = session.execute(named.where(among(session, col(Account.id), ids)))
    deployed = select(col(Unit.account_id), func.count()).where(*_DEPLOYED, among(session, col(Unit.account_id), ids))
    units = _by_account(session, deployed.group_by(col(Unit.account_id)))
    owner = func.coalesce(col(Incident.account_id), col(Unit.account_id))
    opened = select(owner, func.count()).outerjoin_from(Incident, Unit, col(Unit.id) == col(Incident.unit_id))
    opened = opened.where(col(Incident.opened_on).between(first, last), among(session, owner, ids)).group_by(owner)
    tickets = _by_account(session, opened)
    return {row[0]: AccountFacts(row[1], row[2], row[3] or "", units.get(row[0], 0), tickets.get(row[0], 0)) for row in names}


def tickets_per_unit(session: Session, first: date, last: date) -> float:
    """Tickets opened in a time, for each deployed unit of all accounts."""
    deployed = select(func.count()).select_from(Unit).where(*_DEPLOYED, col(Unit.account_id).is_not(None))
    units: int = session.execute(deployed).scalar_one()
    opened = select(func.count()).select_from(Incident).where(col(Incident.opened_on).between(first, last))
    tickets: int = session.execute(opened).scalar_one()
    return tickets / max(units, 1)


def _by_account(session: Session, query: Any) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(query)}

"""What ends: terms of contracts, and warranty by site and day."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import ContractState, Renewal, renewal, term_on
from musterroll.domain.contracts.terms import ContractTerms as Terms
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.money import Money
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.contracts.renewals import worth_by_contract
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod


class ContractEnd(NamedTuple):
    """A contract in force whose term has an end."""

    contract: Terms
    starts_on: date  # of the term
    renewal: Renewal
    worth: tuple[Money, ...]  # a year, of its lines in force at the end; by currency
    account: str
    account_ref: str


def contracts(session: Session, on: date) -> list[ContractEnd]:
    """The contracts in force on a day, by number, with the end of the term they are in."""
    query = (
        select(Contract, func.coalesce(col(Account.name), ""), func.coalesce(col(Account.ref), ""))
        .outerjoin(Account, col(Account.id) == col(Contract.account_id))
        .where(col(Contract.state) != ContractState.DRAFT, col(Contract.starts_on) <= on)
        .where(or_(col(Contract.ends_on) > on, col(Contract.auto_renew)))
        .order_by(col(Contract.ref))
    )
    ends = []
    for row, account, ref in session.execute(query):
        terms = contract_terms(row)
        term = term_on(terms, on)
        if term is not None and term.ends_on is not None:
            ends.append(ContractEnd(terms, term.starts_on, renewal(terms, term), (), account, ref))
    worth = worth_by_contract(session, [end.contract for end in ends], on)
    return [end._replace(worth=worth[end.contract.id].value) if end.contract.id in worth else end for end in ends]


class WarrantyEnd(NamedTuple):
    """A number of units at a site whose last day of warranty is the day before `ends_on`."""

    account_id: int | None
    site_id: int | None
    ends_on: date
    units: int
    serial: str  # of one of them
    uid: str
    account: str
    site: str
    account_ref: str
    site_ref: str


def warranties(session: Session, days: Collection[date] | tuple[date, date]) -> list[WarrantyEnd]:
    """Deployed units whose last warranty ends on one of these days, or from one day to another (a pair), by account and site."""
    p, later = WarrantyPeriod, aliased(WarrantyPeriod)
    followed = exists().where(
        col(later.unit_id) == col(p.unit_id),
        col(later.voided_on).is_(None),
        or_(col(later.ends_on).is_(None), col(later.ends_on) > col(p.ends_on)),
    )
    within = col(p.ends_on).between(*days) if isinstance(days, tuple) else col(p.ends_on).in_(list(days))
    place = (col(Unit.account_id), col(Unit.site_id))
    ended = (
        select(*place, col(p.ends_on), func.count(func.distinct(col(Unit.id))).label("units"))
        .add_columns(func.min(col(Unit.serial)).label("serial"), func.min(col(Unit.uid)).label("uid"))
        .join_from(p, Unit, col(Unit.id) == col(p.unit_id))
        .where(within, col(p.voided_on).is_(None), ~followed)
        .where(col(Unit.lifecycle) == Lifecycle.DEPLOYED, col(Unit.merged_into_id).is_(None))
        .group_by(*place, col(p.ends_on))
        .subquery()
    )
    names = [func.coalesce(column, "") for column in (col(Account.name), col(Site.name), col(Account.ref), col(Site.ref))]
    query = (
        select(ended, *names)
        .outerjoin(Account, col(Account.id) == ended.c.account_id)
        .outerjoin(Site, col(Site.id) == ended.c.site_id)
        .order_by(ended.c.ends_on, ended.c.units.desc(), ended.c.serial)
    )
    return [WarrantyEnd._make(row) for row in session.execute(query)]

"""Contracts and their lines, for what became of terms that ended."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import BigInteger, or_, select, type_coerce
from sqlmodel import Session, col

from musterroll.domain.contracts.line_cover import CoveredLine
from musterroll.domain.contracts.terms import ContractTerms, line_span
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.columns import Price
from musterroll.storage.tables.contracts import Contract, ContractLine

_UNIT = 10**Price.places
_FEW = 2000  # contracts whose lines are looked up by index


def contracts(session: Session, accounts: Collection[int] | None = None, *, renewing: bool = False) -> dict[int, ContractTerms]:
    """All contracts, or those of some accounts and (`renewing`) those that say they renew one of them, by row id."""
    c = Contract
    span, renewal = (c.starts_on, c.ends_on), (c.auto_renew, c.renewal_months, c.notice_days, c.notice_on, c.ended_on)
    terms = select(*map(col, (c.id, c.ref, c.account_id, c.state, *span, *renewal, c.currency, c.renews)))
    if accounts is not None:
        theirs = among(session, col(c.account_id), accounts)
        terms = terms.where(or_(theirs, col(c.renews).in_(select(col(c.ref)).where(theirs))) if renewing else theirs)
    return {row.id: contract_terms(row) for row in session.execute(terms.order_by(col(c.id)))}


def ended_reasons(session: Session) -> dict[int, str]:
    """Why contracts were cancelled, where records say."""
    query = select(col(Contract.id), col(Contract.ended_reason)).where(col(Contract.ended_reason) != "")
    return {row[0]: row[1] for row in session.execute(query)}


def lines(session: Session, of: dict[int, ContractTerms]) -> dict[int, list[CoveredLine]]:
    """The lines of these contracts, by contract."""
    n = ContractLine.__table__.c  # type: ignore[attr-defined]
    columns = (n.contract_id, n.starts_on, n.ends_on, n.serial_key, n.product_id, n.quantity)
    price = type_coerce(n.price, BigInteger)  # of hundreds of thousands: as stored, without a decimal for each
    by_contract: dict[int, list[CoveredLine]] = defaultdict(list)
    query = select(*columns, price, n.currency)
    if len(of) <= _FEW:
        query = query.where(among(session, n.contract_id, of))
    for contract_id, starts_on, ends_on, serial_key, product_id, quantity, stored, currency in session.execute(query):
        if contract_id in of:
            span, value = line_span(of[contract_id], starts_on, ends_on), None if stored is None else stored / _UNIT
            by_contract[contract_id].append(CoveredLine(span, serial_key, product_id, quantity, value, currency))
    return by_contract

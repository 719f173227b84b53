"""Contracts and their lines, for what became of terms that ended."""

from collections import defaultdict

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.domain.contracts.line_cover import CoveredLine
from musterroll.domain.contracts.terms import ContractTerms, line_span
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.tables.contracts import Contract, ContractLine


def contracts(session: Session) -> dict[int, ContractTerms]:
    c = Contract
    span, renewal = (c.starts_on, c.ends_on), (c.auto_renew, c.renewal_months, c.notice_days, c.notice_on, c.ended_on)
    terms = select(*map(col, (c.id, c.ref, c.account_id, c.state, *span, *renewal, c.currency, c.renews)))
    return {row.id: contract_terms(row) for row in session.execute(terms.order_by(col(c.id)))}


def lines(session: Session, of: dict[int, ContractTerms]) -> dict[int, list[CoveredLine]]:
    """The lines of these contracts, by contract."""
    n = ContractLine
    columns = (col(n.contract_id), col(n.starts_on), col(n.ends_on), col(n.serial_key), col(n.product_id), col(n.quantity))
    by_contract: dict[int, list[CoveredLine]] = defaultdict(list)
    for row in session.execute(select(*columns, col(n.price), col(n.currency))):
        if row.contract_id in of:
            span = line_span(of[row.contract_id], row.starts_on, row.ends_on)
            price = None if row.price is None else float(row.price)
            by_contract[row.contract_id].append(CoveredLine(span, row.serial_key, row.product_id, row.quantity, price, row.currency))
    return by_contract

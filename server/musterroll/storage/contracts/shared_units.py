"""Silent units that are on lines of two contracts: the renewal of both depends on them.

Reconciliation gives a unit one main line; another contract shares the unit where a line in force names its serial.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import ContractTerms, LineScope, days_in_force, line_span
from musterroll.domain.values.money import Money
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.engine import bulk
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.units import Unit

_MAIN, _OTHER, _TWIN = aliased(ContractLine), aliased(ContractLine), aliased(Unit)


class SharedUnit(NamedTuple):
    """A silent unit on a contract that is on another one too. `value`: of its seat here, a year; `main`: it has its main line here."""

    unit: int
    value: Money | None
    main: bool


def shared_units(session: Session, contracts: Collection[ContractTerms], on: date) -> dict[int, list[SharedUnit]]:
    """By contract, in order of the units."""
    shared: dict[int, list[SharedUnit]] = defaultdict(list)
    wanted = {contract.id for contract in contracts}
    pairs = _pairs(session, wanted) if wanted else []
    terms = _terms(session, {line.contract_id for _, main, other in pairs for line in (main, other)})
    for unit, main, other in pairs:
        if all(_in_force(line, terms[line.contract_id], on) for line in (main, other)):
            for line in (main, other):
                seat = SharedUnit(unit, _value(line, terms[line.contract_id]), line is main)
                if line.contract_id in wanted and seat not in shared[line.contract_id]:
                    shared[line.contract_id].append(seat)
    return dict(shared)


def _pairs(session: Session, contract_ids: Collection[int]) -> list[tuple[int, ContractLine, ContractLine]]:
    """Silent units with their main line and another for their serial, of a different contract; one of the two contracts is wanted."""
    o, u = UnitReconciliation, Unit
    same_serial = col(_TWIN.serial_key) == col(_OTHER.serial_key), col(_TWIN.merged_into_id).is_(None)
    twins = select(func.count()).where(*same_serial).scalar_subquery()
    names_it = and_(
        col(_OTHER.serial_key) == col(u.serial_key),
        func.coalesce(col(_OTHER.scope), "") == LineScope.SERIAL,
        or_(col(_OTHER.product_id) == col(u.product_id), twins == 1),
    )
    query = select(col(o.unit_id), _MAIN, _OTHER).select_from(o).join(_MAIN, col(_MAIN.id) == col(o.line_id))
    query = query.join(u, col(u.id) == col(o.unit_id)).join(_OTHER, names_it)
    query = query.where(col(o.line_id) > 0, col(o.cell).op("&")(1) == 0, col(_OTHER.contract_id) != col(_MAIN.contract_id))
    # One after the other: of either, the lines of the contracts lead to the units by index.
    wanted = (bulk.among(session, col(line.contract_id), contract_ids) for line in (_MAIN, _OTHER))
    pairs = {(unit, other.id): (unit, main, other) for of in wanted for unit, main, other in session.execute(query.where(of))}
    return [pairs[key] for key in sorted(pairs)]


def _terms(session: Session, ids: Collection[int]) -> dict[int, ContractTerms]:
    rows = session.scalars(select(Contract).where(bulk.among(session, col(Contract.id), ids))) if ids else ()
    return {row.id or 0: contract_terms(row) for row in rows}


def _in_force(line: ContractLine, contract: ContractTerms, on: date) -> bool:
    return days_in_force(line_span(contract, line.starts_on, line.ends_on), contract, on) is not None


def _value(line: ContractLine, contract: ContractTerms) -> Money | None:
    return None if line.price is None else Money(Decimal(line.price), line.currency or contract.currency)

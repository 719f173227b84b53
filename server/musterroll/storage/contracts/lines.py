"""Contract lines with their contract and billing, as the rules use them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, RowMapping, Select, and_, bindparam, func, or_, select
from sqlmodel import Session

from musterroll.domain.contracts.terms import Billing, LineScope, LineTerms, Payment, line_span
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.values.money import Money
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.contracts import Contract, ContractLine, Invoice

Place = tuple[LineScope, int]  # a site or an account, by scope

# A unit may be covered by a contract of an account the user may not see.
_L, _C, _I = account_scope.whole(ContractLine), account_scope.whole(Contract), account_scope.whole(Invoice)
_LINE = tuple(column.label(f"line_{column.name}") for column in _L.columns)
_BILL = (_I.c.payment, _I.c.invoiced_on, _I.c.subscription)
_COVERS = select(*_C.columns, *_LINE, *_BILL).join_from(_L, _C, _C.c.id == _L.c.contract_id).outerjoin(_I, _I.c.contract_id == _C.c.id)
# An expression, so that SQLite does not use the index on scope, which would read all serial lines.
_NAMES_ONE = func.coalesce(_L.c.scope, "") == LineScope.SERIAL
_NAMING_ONE = and_(_L.c.serial_key == bindparam("serial_key"), _NAMES_ONE)
_OF_ONE = _COVERS.where(or_(_NAMING_ONE, _L.c.id == bindparam("seat")))


def of_unit(session: Session, serial_key: str, seat: int) -> list[Cover]:
    """The lines for a serial, in force or not, and the line `seat` (0: none)."""
    return _covers(session, _OF_ONE, {"serial_key": serial_key, "seat": seat})


def naming_serials(session: Session, serial_keys: Collection[str]) -> list[Cover]:
    """The lines for one of these serials, in force or not."""
    return _covers(session, _COVERS.where(among(session, _L.c.serial_key, serial_keys), _NAMES_ONE))


def at_places(session: Session, product_id: int, places: Collection[Place]) -> list[Cover]:
    """The lines for a quantity of a product at one of these places, in force or not."""
    if not places:
        return []
    by_scope = [
        and_(_L.c.scope == scope, among(session, _L.c.place_id, [place for of_scope, place in places if of_scope is scope]))
        for scope in LineScope
        if any(of_scope is scope for of_scope, _ in places)
    ]
    return _covers(session, _COVERS.where(_L.c.product_id == product_id, or_(*by_scope)))


def line(session: Session, line_id: int) -> Cover | None:
    return next(iter(_covers(session, _COVERS.where(_L.c.id == line_id))), None)


def by_ids(session: Session, line_ids: Collection[int]) -> dict[int, Cover]:
    return {cover.line.id: cover for cover in _covers(session, _COVERS.where(among(session, _L.c.id, line_ids)))} if line_ids else {}


def _covers(session: Session, query: Select[Any], values: dict[str, Any] | None = None) -> list[Cover]:
    return [cover_of(row) for row in session.execute(query, values)]


def cover_of(row: Row[Any]) -> Cover:
    """The line of a row with the columns of the contract, those of the line as `line_*` and, where known, of the invoice."""
    contract = contract_terms(row)
    starts_on, ends_on = row.line_starts_on, row.line_ends_on
    line = LineTerms(
        row.line_id,
        f"{contract.ref}/{row.line_number}",
        contract.id,
        row.line_scope,
        row.line_place_id,
        row.line_serial_key,
        row.line_product_id,
        row.line_quantity,
        line_span(contract, starts_on, ends_on),
        None if row.line_price is None else Money(row.line_price, row.line_currency or contract.currency),
        row.line_service,
    )
    return Cover(line, contract, _billing(row._mapping))


def _billing(row: RowMapping) -> Billing:
    return Billing(row.get("payment") or Payment.UNKNOWN, row.get("invoiced_on"), row.get("subscription") or "")

"""A contract in detail: renewal, units and findings per line, and source documents."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.contracts.renewals import TermEnd, term_end
from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.values.errors import NotFound
from musterroll.storage.contracts import lists as contract_lists
from musterroll.storage.contracts import renewals
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.contracts.renewals import ContractRisk, ContractWorth
from musterroll.storage.findings import lists as finding_lists
from musterroll.storage.findings.lists import LineFinding
from musterroll.storage.imports.runs import DocumentOrigin
from musterroll.usecases.imports import history as import_history


class LineUse(NamedTuple):
    """A line (row of `storage.contracts.lists.lines`): its units, how many operate, its findings; for a serial, the units that have it."""

    line: Row[Any]
    seated: int
    operating: int
    units: list[Row[Any]]
    odd: list[LineFinding]


class ContractCard(NamedTuple):
    """`row`: as in `storage.contracts.lists`. `ending`: None if it is not in force or has no end."""

    row: Row[Any]
    ending: TermEnd | None
    worth: ContractWorth | None
    risk: ContractRisk | None
    uses: list[LineUse]
    next: int | None  # the line after which the next page starts
    documents: list[DocumentOrigin]


def contract_card(session: Session, ref: str, after: int, limit: int, now: datetime) -> ContractCard:
    """A contract with a page of its lines, as allocated by the last reconciliation. Raises NotFound."""
    row = None if "\0" in ref else contract_lists.by_ref(session, ref)
    if row is None:
        raise NotFound(f"there is no contract {ref[:80]!r}")
    terms, today = contract_terms(row), now.date()
    lines = contract_lists.lines(session, row.id, after, limit + 1)
    return ContractCard(
        row,
        term_end(terms, today),
        renewals.worth_by_contract(session, [terms], today).get(row.id),
        renewals.risk_by_contract(session, [terms], today).get(row.id),
        _uses(session, lines[:limit]),
        lines[limit - 1].id if len(lines) > limit else None,
        import_history.provenance(session, row.id, "contract", "invoice"),
    )


def _uses(session: Session, lines: list[Row[Any]]) -> list[LineUse]:
    seated = renewals.units_by_line(session, [line.id for line in lines])
    named = renewals.units_by_serial(session, {line.serial_key for line in lines if line.scope is LineScope.SERIAL})
    odd = finding_lists.by_line(session, [line.id for line in lines])
    return [LineUse(line, *seated.get(line.id, (0, 0)), named.get(line.serial_key, []), odd.get(line.id, [])) for line in lines]

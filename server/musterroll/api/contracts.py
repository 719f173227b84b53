"""Contracts with their lines and billing state."""

from datetime import date
from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.accounts import subtree_of
from musterroll.api.http.context import answer, clock, read_only
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NamedRef, Price, RefPath, Schema, Text, last_day_of, named_ref
from musterroll.domain.contracts import terms as rules
from musterroll.domain.contracts.terms import ContractState, LineScope, Payment
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.storage.contracts import lists as contract_lists
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.contracts.lists import ContractFilter

api = guarded("contracts", "contracts")
_SHOWN = 100  # lines returned with a contract


class BillingOut(Schema):
    payment: Payment
    invoiced_on: date | None
    subscription: str


class ContractOut(Schema):
    ref: str
    account: NamedRef | None
    state: ContractState = Field(description="As stated in the contract record.")
    in_force: bool = Field(description="Whether it is active today (UTC), by its dates and state.")
    starts_on: date
    last_day: date | None = Field(description="Last day of the first term.")
    term_last_day: date | None = Field(description="Last day of the current term.")
    auto_renew: bool
    renewal_months: int
    notice_days: int
    notice_by: date | None = Field(description="Last day to give notice before it renews.")
    notice_on: date | None = Field(description="Day notice was given.")
    renews: str = Field(description="Number of the contract it renews, where records say.")
    currency: str
    billing: BillingOut | None = Field(description="For information: billing state does not affect coverage.")
    lines: int


class ContractPage(Schema):
    items: list[ContractOut]
    next: str | None


class LineOut(Schema):
    contract: str
    number: str
    scope: LineScope
    place: NamedRef | None = Field(description="The site or account it applies to, depending on the scope.")
    serial: str = Field(description="As written in the contract record.")
    covers: str = Field(description="Normalised serial that it covers; differs from `serial` after a merge, a replacement or a correction.")
    maker: str | None
    model: str | None
    quantity: int
    starts_on: date | None = Field(description="null: same as the contract.")
    last_day: date | None = Field(description="null: same as the contract.")
    price: Price | None = Field(description="Per unit per year.")
    currency: str
    service: str


class LinePage(Schema):
    items: list[LineOut]
    next: str | None


class ContractDetailOut(ContractOut):
    first_lines: list[LineOut] = Field(description=f"The first {_SHOWN}; /contracts/{{ref}}/lines lists all.")


class ContractQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    state: ContractState | None = None
    text: Text = Field(default="", max_length=200, description="Text in the number or the account name.")


@listing(api, "/contracts", ContractPage, "Contracts by number", 404)
def list_contracts(query: ContractQuery) -> Response:
    today = clock().date()

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        wanted = ContractFilter(subtree_of(session, query.account), query.state, query.text.strip())
        contracts = contract_lists.page(session, wanted, cursors.text(cursor), limit + 1)
        rows, following = cursors.cut(contracts, limit, lambda row: (row.ref,))
        return [_out(row, today) for row in rows], following

    return listed(ContractPage, query, "contracts", fetch)


@api.get("/contracts/<ref>", summary="One contract with its lines and billing state", responses={200: ContractDetailOut, **documented(404)})
def get_contract(path: RefPath) -> Response:
    with read_only() as session:
        row = _contract(session, path.ref)
        lines = [_line(line, row.ref) for line in contract_lists.lines(session, row.id, 0, _SHOWN)]
        return answer(ContractDetailOut(**dict(_out(row, clock().date())), first_lines=lines))


@listing(api, "/contracts/<ref>/lines", LinePage, "Lines of a contract", 404)
def list_lines(path: RefPath, query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        row = _contract(session, path.ref)
        behind = contract_lists.lines(session, row.id, cursors.number(cursor) or 0, limit + 1)
        lines, following = cursors.cut(behind, limit, lambda line: (line.id,))
        return [_line(line, row.ref) for line in lines], following

    return listed(LinePage, query, "contract-lines", fetch)


def _contract(session: Session, ref: str) -> Row[Any]:
    row = contract_lists.by_ref(session, ref)
    if row is None:
        raise NotFound(f"there is no contract {ref!r}")
    return row


def _out(row: Row[Any], today: date) -> ContractOut:
    contract = contract_terms(row)
    term = rules.term_on(contract, today)
    billing = BillingOut(payment=row.payment, invoiced_on=row.invoiced_on, subscription=row.subscription) if row.payment else None
    columns = {
        name: row._mapping[name]
        for name in ("ref", "state", "starts_on", "auto_renew", "renewal_months", "notice_days", "notice_on", "renews")
    }
    return ContractOut(
        **columns,
        account=named_ref(row.account_ref, row.account_name),
        in_force=term is not None,
        last_day=last_day_of(row.ends_on),
        term_last_day=last_day_of(term.ends_on) if term else None,
        notice_by=rules.renewal(contract, term).notice_by if term else None,
        currency=row.currency,
        billing=billing,
        lines=row.lines,
    )


def _line(row: Row[Any], contract: str) -> LineOut:
    names = ("number", "scope", "serial", "maker", "model", "quantity", "starts_on", "price", "currency", "service")
    columns = {name: row._mapping[name] for name in names}
    return LineOut(
        contract=contract,
        **columns,
        covers=row.serial_key,
        place=named_ref(row.place_ref, row.place_name),
        last_day=last_day_of(row.ends_on),
    )

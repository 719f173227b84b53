"""Contracts of the company with its customers, and what follows from them: lines, limits, bills and invoices; planned deliveries, rates."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from musterroll.domain.values.dates import add_months
from musterroll.simulator.company.base import OwnedUnit
from musterroll.simulator.company.customers import ACCOUNTS, CUSTOMERS, Row, account_ref
from musterroll.simulator.fleet import KINDS

_YEARS = 3  # contracts of each customer, one after the other
LAPSED, LATE_PAYER = 5, 3  # customers
_SERVICES = (("24x7 on site in 4 hours", 95), ("Next business day", 55), ("Parts only", 30))  # price: percent of the list price


class Term(NamedTuple):
    """One year of a customer's contract."""

    customer: int
    ref: str
    starts_on: date
    last_day: date
    before: str  # the contract that this one renews
    current: bool


def terms(today: date) -> list[Term]:
    return [term for customer in range(CUSTOMERS) for term in _terms(customer, today)]


def _terms(customer: int, today: date) -> Iterator[Term]:
    ends = today + timedelta(days=12 + 23 * customer)
    if customer == LAPSED:
        ends = today - timedelta(days=35)
    before = ""
    for back in range(_YEARS - 1, -1, -1):
        ref = f"C-{customer + 1:02}{_YEARS - back}"
        starts_on = add_months(ends, -12 * (back + 1))
        yield Term(customer, ref, starts_on, add_months(ends, -12 * back) - timedelta(days=1), before, back == 0)
        before = ref


def contracts(today: date) -> Iterator[Row]:
    for term in terms(today):
        over = term.last_day < today
        yield {
            **{"Contract Number": term.ref, "Account ID": account_ref(term.customer), "Status": "Expired" if over else "Active"},
            **{"Start Date": str(term.starts_on), "End Date": str(term.last_day), "Auto Renew": "no" if term.customer % 3 else "yes"},
            **{"Notice Days": "30", "Currency": ACCOUNTS[term.customer][4], "Renewal Of": term.before},
        }


def lines(units: list[OwnedUnit], today: date) -> Iterator[Row]:
    """About two in three units are paid for, one by one; one customer pays for a number of meters anywhere."""
    for term in terms(today):
        number = 0
        for place, owned in enumerate(units):
            if owned.customer != term.customer or place % 3 == 2 or owned.installed_on > term.last_day:
                continue
            number += 1
            service, share = _SERVICES[(term.customer + place) % 3]
            price = (60 + 12 * (owned.unit.kind.months or 10) // 3) * share // 50
            yield _line(term, number, service, price, serial=owned.unit.serial, maker=owned.unit.kind.maker, model=owned.unit.kind.model)
        if term.customer == 1 and term.current:
            kind = KINDS[0]
            yield {**_line(term, 900, "Parts only", 75, maker=kind.maker, model=kind.model), "Quantity": "12", "Scope": "Account"}


def _line(term: Term, number: int, service: str, price: int, serial: str = "", maker: str = "", model: str = "") -> Row:
    return {
        **{"Contract Number": term.ref, "Line": str(number), "Serial Number": serial, "Manufacturer": maker, "Model": model},
        **{"Account ID": account_ref(term.customer), "Scope": "", "Quantity": "" if serial else "1"},
        **{"Service Level": service, "Price Per Year": str(price)},
    }


def limits(today: date) -> Iterator[Row]:
    for term in terms(today):
        if term.current and term.customer in (0, 3):
            yield {"Contract Number": term.ref, "Line": "1", "Limit": "Calls", "Amount": "6", "Period": "Year", "Carried Over": "no"}


def billing(today: date) -> Iterator[Row]:
    for term in terms(today):
        if term.current and term.customer != LAPSED:
            state = "Overdue" if term.customer == LATE_PAYER else "Paid"
            yield {"Contract Number": term.ref, "Payment State": state, "Last Invoice Date": str(term.starts_on)}


def invoices(today: date) -> Iterator[Row]:
    for term in terms(today):
        due = term.starts_on + timedelta(days=30)
        open_ = term.current and term.customer in (LATE_PAYER, 10)
        yield {
            **{"Invoice Number": f"INV-{term.ref[2:]}", "Account ID": account_ref(term.customer), "Contract Number": term.ref},
            **{"Invoice Date": str(term.starts_on), "Due Date": str(due), "Amount": str(1500 + 140 * term.customer)},
            **{"Balance Due": str(900 + 100 * term.customer) if open_ else "0", "Currency": ACCOUNTS[term.customer][4]},
            **{"Payment State": "" if open_ else "Paid", "Paid Date": "" if open_ else str(due - timedelta(days=4))},
        }


def deliveries(today: date) -> Iterator[Row]:
    for month in range(1, 5):
        for place, kind in enumerate(KINDS[:3]):
            on = str(add_months(today.replace(day=1), month))
            quantity = 4 + 2 * place
            yield {
                **{"Delivery Date": on, "Manufacturer": kind.maker, "Model": kind.model, "Order Number": f"PO-{month}{place}"},
                **{"Quantity": str(quantity), "At Least": str(quantity - 2), "At Most": str(quantity + 3)},
            }


def rates(today: date) -> Iterator[Row]:
    for back in (400, 200, 1):
        yield {"Date": str(today - timedelta(days=back)), "Currency": "GBP", "Rate": f"{0.86 - back / 20000:.4f}", "Base Currency": "EUR"}


def benchmarks(today: date) -> Iterator[Row]:
    for measure, value in (("Attach rate", "64.5"), ("Coverage rate", "71")):
        yield {"Measure": measure, "Industry": "", "Year": str(today.year - 1), "Value": value, "Source": "Example, not a survey"}

"""What the contracts are worth: the book by account, segment and product, what of it is at stake, renewals and retention by quarter."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.contracts import book as rules
from musterroll.domain.contracts import invoices as invoice_rules
from musterroll.domain.contracts.book import BookEntry, Worth
from musterroll.domain.contracts.invoices import AgeSum
from musterroll.domain.contracts.renewals import ACTIVITY_DAYS, is_declining, quarter
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import to_ms
from musterroll.domain.values.money import Money
from musterroll.storage.contracts import book as stored
from musterroll.storage.contracts import exchange_rates, invoices
from musterroll.storage.contracts.book import BookNames
from musterroll.storage.engine.columns import Columns
from musterroll.storage.findings import sums as finding_sums
from musterroll.storage.reconciliation import cell_history
from musterroll.storage.reconciliation import run as run_statements
from musterroll.usecases.installed_base import renewals, retention, usage_revenue
from musterroll.usecases.installed_base.renewal_forecast import RenewalForecast, forecast
from musterroll.usecases.installed_base.renewals import RenewalSum
from musterroll.usecases.installed_base.retention import QuarterRetention
from musterroll.usecases.installed_base.usage_revenue import UsageRevenue
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure, FiguresTogether
from musterroll.usecases.reconciliation.run import run_at

MOST_ACCOUNTS = 100  # with the most money at stake, on the page


class WorthBreakdown(StrEnum):
    ACCOUNT = "account"
    SEGMENT = "segment"
    PRODUCT = "product"


class WorthOf(NamedTuple):
    """The book of one account, segment or product. `key`: an account's number; else the name."""

    key: str
    name: str
    worth: Worth


class KindWorth(NamedTuple):
    """Findings of a kind, and their annual value without what other kinds count."""

    kind: FindingKind
    findings: int
    worth: tuple[Money, ...]


class WorthOverview(NamedTuple):
    """`accounts`: those with the most at stake first, of `account_count`. `since`: the day that declining accounts are compared with."""

    on: date
    total: Worth
    segments: list[WorthOf]
    products: list[WorthOf]
    accounts: list[WorthOf]
    account_count: int
    findings: list[KindWorth]
    renewals: list[RenewalSum]  # by quarter, from this one
    retention: list[QuarterRetention]  # by quarter, the newest first
    ageing: list[AgeSum]  # of outstanding invoices
    forecast: RenewalForecast
    since: date | None
    usage: UsageRevenue | None = None  # None: not counted yet

    @property
    def next_quarter(self) -> RenewalSum:
        """Renewals of the quarter after this one."""
        name = quarter(add_months(self.on.replace(day=1), 3))
        return next((sums for sums in self.renewals if sums.name == name), RenewalSum(name, 0, 0, (), ()))


def worth(session: Session, now: datetime) -> CountedFigure[WorthOverview]:
    return cached_figures.counted_figure(session, WORTH, now)


def breakdown(session: Session, by: WorthBreakdown, now: datetime) -> CountedFigure[list[WorthOf]]:
    """All accounts, segments or products, in the order of their keys."""
    if by is WorthBreakdown.ACCOUNT:
        return cached_figures.counted_figure(session, ACCOUNTS, now)
    counted = worth(session, now)
    rows = counted.value.segments if by is WorthBreakdown.SEGMENT else counted.value.products
    return CountedFigure(sorted(rows, key=lambda row: row.key), counted.at)


class _Book(NamedTuple):
    on: date
    entries: list[BookEntry]
    names: BookNames
    since: date | None


def _book(session: Session, now: datetime) -> _Book:
    at = run_at(now, now)
    columns = run_statements.of_seen(session, at, to_ms(now))
    run_statements.keep_in_reach(session, columns, "run_line")
    declining, since = _declining(session, columns, at.on)
    return _Book(at.on, stored.entries(columns, at.on, declining), stored.names(columns), since)


def _declining(session: Session, columns: Columns, on: date) -> tuple[list[int], date | None]:
    """Accounts with lines in force whose installed base shrank, as in the list of renewals."""
    since = cell_history.nearest(session, on - timedelta(ACTIVITY_DAYS), on)
    known = renewals.activity(session, since, stored.accounts(columns))
    return [account for account, activity in known.items() if is_declining(activity)], since


def _by_account(book: _Book) -> list[WorthOf]:
    accounts = book.names.accounts
    refs = {ref: name for ref, name, _ in accounts.values()}
    by_ref = rules.by(book.entries, lambda entry: accounts[entry.account][0] if entry.account in accounts else "")
    return [WorthOf(ref, refs.get(ref, ""), of) for ref, of in by_ref.items()]


def _by(book: _Book, name: Callable[[BookEntry], str]) -> list[WorthOf]:
    return [WorthOf(key, key, of) for key, of in rules.by(book.entries, name).items()]


def _overview(session: Session, now: datetime, book: _Book, accounts: list[WorthOf]) -> WorthOverview:
    exchange, names = exchange_rates.exchange(session, book.on), book.names

    def first(rows: list[WorthOf], amounts: Callable[[Worth], Any]) -> list[WorthOf]:
        return sorted(rows, key=lambda row: (-rules.rank(amounts(row.worth), exchange), row.key))

    segments = _by(book, lambda entry: names.accounts[entry.account][2] if entry.account in names.accounts else "")
    products = _by(book, lambda entry: " ".join(names.products.get(entry.product or 0, ())))
    sums, due = finding_sums.stored(session), renewals.due_contracts(session, now).value.due
    past = retention.past_renewals(session, now).value
    kinds = [KindWorth(kind, sums.counts[kind], sums.worth.get(kind, ())) for kind in FindingKind if sums.counts[kind]]
    return WorthOverview(
        book.on,
        rules.total(book.entries),
        first(segments, lambda of: of.value),
        first(products, lambda of: of.value),
        first([row for row in accounts if row.worth.stake], lambda of: of.stake)[:MOST_ACCOUNTS],
        len(accounts),
        sorted(kinds, key=lambda of: -rules.rank(of.worth, exchange)),
        renewals.quarters(due),
        past.quarters[::-1],
        invoice_rules.ageing(invoices.ageing(session, book.on)),
        forecast(past.terms, due, book.on),
        book.since,
        usage_revenue.forecast(session, book.entries, book.on),
    )


def _each(session: Session, now: datetime) -> Iterator[Any]:
    book = _book(session, now)
    accounts = _by_account(book)
    yield _overview(session, now, book, accounts)
    yield accounts


WORTH = Figure[WorthOverview]("worth", TypeAdapter(WorthOverview), lambda session, now: next(_each(session, now)))
ACCOUNTS = Figure[list[WorthOf]]("worth_by_account", TypeAdapter(list[WorthOf]), lambda session, now: _by_account(_book(session, now)))
BOTH = FiguresTogether([WORTH, ACCOUNTS], _each)

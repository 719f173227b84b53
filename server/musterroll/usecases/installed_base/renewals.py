"""Renewals: contracts due within a year, their value and value at risk, and how much of the fleet is covered."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.contracts import renewals as rules
from musterroll.domain.contracts.limits import LimitLevel
from musterroll.domain.contracts.renewals import ACTIVITY_DAYS, BaseActivity, TermEnd
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.money import Money, totals
from musterroll.storage.accounts import hierarchy
from musterroll.storage.contracts import limits as stored_limits
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.contracts import renewals
from musterroll.storage.contracts.lines_in_force import contract_terms
from musterroll.storage.contracts.shared_units import SharedUnit
from musterroll.storage.fleet import sums as fleet_sums
from musterroll.storage.reconciliation import cell_counters, cell_history
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.coverage.limits import line_limits
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure

if TYPE_CHECKING:
    from musterroll.domain.capacity.rates import Proportion

MONTHS = 12  # ahead
_MOST_DAYS = 3660


class DueContract(NamedTuple):
    """A contract whose term ends. `worth`, `risk`: the annual value of its lines, and of seats with silent units; by currency."""

    ref: str
    account: str
    account_ref: str
    ending: TermEnd
    seats: int
    unpriced: int
    silent: int
    worth: tuple[Money, ...]
    risk: tuple[Money, ...]
    payment: str
    activity: BaseActivity | None  # of the account, if known; then and now
    shared: tuple[SharedUnit, ...] = ()  # silent units that another contract has too
    limits: tuple[str, ...] = ()  # those of which 80 % or more is used, in words

    @property
    def falling(self) -> bool:
        return self.activity is not None and rules.is_declining(self.activity)


class DueContracts(NamedTuple):
    """Contracts that end within `MONTHS`, in order of their end; `since`: the stored day that activity is compared with."""

    due: list[DueContract]
    since: date | None


class RenewalFlag(StrEnum):
    RISK = "risk"  # some units are silent
    FALLING = "falling"  # the account's installed base is declining
    RENEWING = "renewing"  # automatically
    OPEN = "open"  # ends unless renewed


class RenewalFilter(NamedTuple):
    """Which due contracts; all given fields must match."""

    month: str = ""  # 2026-11
    quarter: str = ""  # 2026 Q4
    within: int | None = None  # days
    only: RenewalFlag | None = None


_CONDITIONS: dict[RenewalFlag, Callable[[DueContract], bool]] = {
    RenewalFlag.RISK: lambda due: due.silent > 0,
    RenewalFlag.FALLING: lambda due: due.falling,
    RenewalFlag.RENEWING: lambda due: due.ending.renews,
    RenewalFlag.OPEN: lambda due: not due.ending.renews,
}


class RenewalSum(NamedTuple):
    """Totals of a month, quarter or window; money by currency. A silent unit of two contracts counts once."""

    name: str
    contracts: int
    renewing: int  # automatically
    worth: tuple[Money, ...]
    risk: tuple[Money, ...]
    seats: int = 0
    unpriced: int = 0

    @property
    def priced(self) -> int:
        return self.seats - self.unpriced


class Ratio(NamedTuple):
    part: int
    whole: int


class CoverageRates(NamedTuple):
    attach: Ratio  # on contract, of deployed and operating
    coverage: Ratio  # on contract or in warranty, of deployed


def due_contracts(session: Session, now: datetime, of_account: str | None = None) -> CountedFigure[DueContracts]:
    """Due contracts, of all accounts or of one and its subsidiaries. Raises NotFound."""
    if of_account is None:
        return cached_figures.counted_figure(session, DUE_CONTRACTS, now)
    account_id = account(session, of_account).id or 0
    if not cached_figures.by_job(session) or sum(fleet_sums.cells_under(session, account_id).values()) < cached_figures.LARGE:
        return CountedFigure(_due_contracts(session, now, account_id), now)
    counted, within = cached_figures.counted_figure(session, DUE_CONTRACTS, now), hierarchy.refs_below(session, account_id)
    of_these = [row for row in counted.value.due if row.account_ref in within]
    return CountedFigure(counted.value._replace(due=of_these), counted.at)


def rates(session: Session, now: datetime) -> CountedFigure[CoverageRates]:
    return cached_figures.counted_figure(session, RATES, now)


def interval(share: Ratio) -> "Proportion":
    """The ratio with its 95 % score interval."""
    from musterroll.domain.capacity.rates import wilson  # imports scipy, which is slow to load

    return wilson(share.part, share.whole)


def calendar(due: Iterable[DueContract], now: datetime) -> list[tuple[date, RenewalSum]]:
    """The months ahead from this one, including empty ones."""
    firsts = [add_months(now.date().replace(day=1), ahead) for ahead in range(MONTHS)]
    groups = _grouped(due, lambda row: f"{row.ending.last_day:%Y-%m}")
    return [(first, _sum(f"{first:%Y-%m}", groups.get(f"{first:%Y-%m}", []))) for first in firsts]


def quarters(due: Iterable[DueContract]) -> list[RenewalSum]:
    return [_sum(name, group) for name, group in sorted(_grouped(due, lambda row: rules.quarter(row.ending.last_day)).items())]


def windows(due: Iterable[DueContract], now: datetime) -> list[RenewalSum]:
    """What ends within 30, 60, 90 and 180 days, cumulative."""
    every = list(due)
    return [_sum(str(days), [row for row in every if row.ending.last_day <= now.date() + timedelta(days)]) for days in rules.WINDOWS]


def filtered(due: Iterable[DueContract], filters: RenewalFilter, now: datetime) -> list[DueContract]:
    rows = [row for row in due if not filters.month or f"{row.ending.last_day:%Y-%m}" == filters.month]
    rows = [row for row in rows if not filters.quarter or rules.quarter(row.ending.last_day) == filters.quarter]
    if filters.within is not None:
        until = now.date() + timedelta(min(filters.within, _MOST_DAYS))
        rows = [row for row in rows if row.ending.last_day <= until]
    return rows if filters.only is None else [row for row in rows if _CONDITIONS[filters.only](row)]


def total(due: Iterable[DueContract]) -> RenewalSum:
    return _sum("", list(due))


def _grouped(due: Iterable[DueContract], key: Callable[[DueContract], str]) -> dict[str, list[DueContract]]:
    groups: dict[str, list[DueContract]] = defaultdict(list)
    for row in due:
        groups[key(row)].append(row)
    return groups


def _sum(name: str, group: list[DueContract]) -> RenewalSum:
    worth, at_risk = (totals(money for amounts in of for money in amounts) for of in ([r.worth for r in group], [r.risk for r in group]))
    risk = totals((*at_risk, *_counted_again(group)))
    seats, unpriced = sum(row.seats for row in group), sum(row.unpriced for row in group)
    return RenewalSum(name, len(group), sum(row.ending.renews for row in group), _not_zero(worth), _not_zero(risk), seats, unpriced)


def _counted_again(group: Iterable[DueContract]) -> Iterator[Money]:
    """What to take off the value at risk, as a unit's seat is in it for another of these contracts already."""
    seen: set[int] = set()
    for unit in sorted((unit for row in group for unit in row.shared), key=lambda unit: not unit.main):
        if unit.unit in seen and unit.value is not None:
            yield Money(-unit.value.amount, unit.value.currency)
        seen.add(unit.unit)


def _not_zero(sums: tuple[Money, ...]) -> tuple[Money, ...]:
    return tuple(money for money in sums if money.amount)


def _due_contracts(session: Session, now: datetime, account_id: int | None = None) -> DueContracts:
    today = now.date()
    until = add_months(today.replace(day=1), MONTHS)
    rows = {row.id: row for row in renewals.may_end(session, today, until, account_id)}
    terms = {row.id: contract_terms(row) for row in rows.values()}
    endings = {key: ending for key, contract in terms.items() if (ending := rules.term_end(contract, today)) and ending.last_day < until}
    due_terms = [terms[key] for key in endings]
    worths, risks = renewals.worth_by_contract(session, due_terms, today), renewals.risk_by_contract(session, due_terms, today)
    since = cell_history.nearest(session, today - timedelta(ACTIVITY_DAYS), today)
    known = activity(session, since, {row.account_id for row in rows.values() if row.id in endings and row.account_id})
    limits = used_limits(session, endings, today)
    due = []
    for contract_id, ending in endings.items():
        row = rows[contract_id]
        worth, risk = worths.get(contract_id, renewals.ContractWorth()), risks.get(contract_id, renewals.ContractRisk())
        money = worth.value, risk.value
        owner = row.account_name or "", row.account_ref or ""
        seats = worth.seats, worth.unpriced, risk.silent
        due.append(
            DueContract(
                row.ref,
                *owner,
                ending,
                *seats,
                *money,
                row.payment or "",
                known.get(row.account_id),
                risk.shared,
                limits.get(contract_id, ()),
            )
        )
    return DueContracts(sorted(due, key=lambda row: (row.ending.last_day, row.ref)), since)


def used_limits(session: Session, contract_ids: Collection[int], on: date) -> dict[int, tuple[str, ...]]:
    """By contract, its limits of which 80 % or more is used."""
    covers = contract_lines.by_ids(session, stored_limits.lines_with_limits(session, contract_ids))
    by_contract: dict[int, tuple[str, ...]] = {}
    for of in line_limits(session, covers.values(), on):
        if of.use.level is not LimitLevel.WITHIN:
            by_contract[of.cover.contract.id] = (*by_contract.get(of.cover.contract.id, ()), of.says)
    return by_contract


def activity(session: Session, since: date | None, account_ids: Collection[int]) -> dict[int, BaseActivity]:
    """The installed base of accounts on a stored day and now."""
    if since is None or not account_ids:
        return {}
    then = fleet_sums.operating_then(session, since, sorted(account_ids))
    now = fleet_sums.operating_now(session, sorted(account_ids))
    return {account_id: BaseActivity(then[account_id], now.get(account_id, 0)) for account_id in then}


def _rates(session: Session, now: datetime) -> CoverageRates:
    cells = cell_counters.counts(session)
    deployed = sum(count for code, count in cells.items() if code[1] == "1")
    covered = cells["111"] + cells["110"] + renewals.in_warranty_only(session, now.date())
    return CoverageRates(Ratio(cells["111"], cells["111"] + cells["011"]), Ratio(covered, deployed))


DUE_CONTRACTS = Figure[DueContracts]("due_contracts", TypeAdapter(DueContracts), _due_contracts)
RATES = Figure[CoverageRates]("rates", TypeAdapter(CoverageRates), _rates)

"""The renewals of coming quarters with ranges, and how the same method would have done in past quarters."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from musterroll.domain.contracts.renewals import quarter
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.money import Money
from musterroll.usecases.installed_base.renewals import DueContract
from musterroll.usecases.installed_base.retention import EndedTerm

if TYPE_CHECKING:
    from musterroll.domain.capacity.backtest import BacktestRow
    from musterroll.domain.capacity.levels import Banded
    from musterroll.domain.capacity.renewal_forecast import QuarterTerms

QUARTERS = 4  # ahead, this one included


class Range(NamedTuple):
    expected: float
    low80: float
    high80: float
    low95: float
    high95: float


class ValueForecast(NamedTuple):
    """Annual value of the contracts due in one currency, and of what is expected to be renewed; None: too few past terms to tell."""

    due: Money
    renewed: Range | None


class QuarterForecast(NamedTuple):
    """Contracts whose term ends in a quarter, of this one only those still to end."""

    name: str
    due: int
    renewed: Range | None  # None: too few past terms to tell
    values: list[ValueForecast]


class PastForecast(NamedTuple):
    """What would have been forecast for a past quarter from those before it, and what was renewed."""

    forecast: Range
    actual: float

    @property
    def held(self) -> bool:
        return self.forecast.low80 <= self.actual <= self.forecast.high80


class BackTest(NamedTuple):
    """`of`: empty for the number of contracts, else a currency. `grade`: what can be said of the 80 % range."""

    of: str
    held: int
    quarters: int
    grade: str
    rows: list[PastForecast]


class RenewalForecast(NamedTuple):
    """`terms`: that ended in complete quarters of the last years, which the forecast rests on."""

    terms: int
    renewed: int
    coming: list[QuarterForecast]
    tests: list[BackTest]


def forecast(ended: Sequence[EndedTerm], due: Iterable[DueContract], on: date) -> RenewalForecast:
    from musterroll.domain.capacity import renewal_forecast as rules  # imports scipy, which is slow to load

    this = quarter(on)
    groups: dict[str, list[EndedTerm]] = defaultdict(list)
    for term in ended:
        groups[quarter(term.last_day)].append(term)
    past = [groups[name] for name in sorted(groups) if name != this]
    past = past[1:] if past and len(groups) > 1 else past  # the oldest is cut off by how far back terms are looked at
    counts = [rules.QuarterCount(len(of), sum(term.outcome.renews for term in of)) for of in past]
    currencies = sorted({money.currency for of in past for term in of for money in term.worth})
    values = {currency: [_kept(of, currency) for of in past] for currency in currencies}
    by_quarter: dict[str, list[DueContract]] = defaultdict(list)
    for contract in due:
        by_quarter[quarter(contract.ending.last_day)].append(contract)
    ahead = [quarter(add_months(on.replace(day=1), 3 * n)) for n in range(QUARTERS)]
    coming = [
        QuarterForecast(
            name, len(by_quarter[name]), range_of(rules.count_forecast(counts, len(by_quarter[name]))), _values(by_quarter[name], values)
        )
        for name in ahead
    ]
    tests = [back_test("", rules.past_counts(counts)), *(back_test(currency, rules.past_values(of)) for currency, of in values.items())]
    return RenewalForecast(sum(of.due for of in counts), sum(of.renewed for of in counts), coming, [test for test in tests if test])


def _kept(terms: Iterable[EndedTerm], currency: str) -> "QuarterTerms":
    """Annual value due and kept of the terms that are worth something in a currency."""
    pairs = [(_amount(term.worth, currency), _amount(term.retained, currency)) for term in terms]
    return [(worth, min(worth, kept)) for worth, kept in pairs if worth > 0]


def _amount(amounts: Iterable[Money], currency: str) -> float:
    return float(sum((money.amount for money in amounts if money.currency == currency), Decimal(0)))


def _values(due: Sequence[DueContract], past: "dict[str, list[QuarterTerms]]") -> list[ValueForecast]:
    from musterroll.domain.capacity.renewal_forecast import value_forecast

    currencies = sorted({money.currency for contract in due for money in contract.worth})
    rows = []
    for currency in currencies:
        amounts = [_amount(contract.worth, currency) for contract in due]
        whole = Money(sum((money.amount for of in due for money in of.worth if money.currency == currency), Decimal(0)), currency)
        rows.append(ValueForecast(whole, range_of(value_forecast(past.get(currency, []), [amount for amount in amounts if amount > 0]))))
    return rows


def range_of(predicted: "Banded | None") -> Range | None:
    if predicted is None:
        return None
    mean: float = predicted.mean  # type: ignore[attr-defined]
    return Range(mean, float(predicted.low80), float(predicted.high80), float(predicted.low95), float(predicted.high95))


def back_test(of: str, rows: "Sequence[BacktestRow]") -> BackTest | None:
    from musterroll.domain.capacity.backtest import verdict

    judged = verdict(rows)
    if judged is None:
        return None
    past = [PastForecast(Range(row.mean, row.low80, row.high80, row.low95, row.high95), row.actual) for row in rows]
    return BackTest(of, judged.held80.successes, judged.rows, judged.grade.value, past)

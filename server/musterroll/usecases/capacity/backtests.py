"""Back-tests: for every past month, the plan from the facts at that time, against what happened."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from musterroll.domain.capacity import backtest
from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.backtest import BacktestRow
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.facts import PlanFacts, ProductFacts, unit_months
from musterroll.domain.capacity.forecast import AT_QUARTER, QUARTER, VisitSplit, split
from musterroll.domain.capacity.plan import handled
from musterroll.domain.capacity.renewals import renewals
from musterroll.usecases.capacity.facts_incidents import IncidentColumns, Lived, summarise

FIRST = 6  # months of the log before the first forecast
_MOST = 24  # months looked back
_TERMS = 10  # terms ended before the first forecast of renewals
_Said = Callable[[PlanFacts, VisitSplit], Predictive | PredictedAmount]


def run(facts: PlanFacts, lived: Lived, happened: IncidentColumns) -> dict[str, list[BacktestRow]]:
    """Forecasts for each past month (and quarter) of incidents, visits and hours, against what happened.

    The fleet at the time is rolled forward as in a plan; only incidents opened by then are known.
    """
    start, months = facts.log_starts, len(facts.months)
    first = max(FIRST, months - start - _MOST)
    then = {origin: _as_of(facts, lived, happened, origin) for origin in range(start + first, months)}
    past_forecasts = {origin: (past_facts, split(past_facts)) for origin, past_facts in then.items()}
    visited = happened.parts > 0
    hours = np.where(np.isnan(happened.hours), 0.0, happened.hours)
    actual = {
        "incidents": np.bincount(happened.month, minlength=months),
        "visits": np.bincount(happened.month[visited], minlength=months),
        "hours": np.bincount(happened.month, weights=hours, minlength=months),
    }

    fleet = unit_months(facts)[start:]

    def trial(of: str, horizon: int, ask: _Said) -> list[BacktestRow]:
        history = actual[of][start:months].tolist()
        return backtest.rolling_origin(history, lambda number: ask(*past_forecasts[start + number]), first, horizon, exposure=fleet)

    return {
        "incidents of a month": trial("incidents", 1, lambda _, forecasts: forecasts.both(0)),
        "incidents of a quarter": trial("incidents", QUARTER, lambda _, forecasts: forecasts.both(AT_QUARTER)),
        "visits of a month": trial("visits", 1, lambda _, forecasts: forecasts.visits.counts[0]),
        "visits of a quarter": trial("visits", QUARTER, lambda _, forecasts: forecasts.visits.counts[AT_QUARTER]),
        "hours of a month": trial("hours", 1, lambda past_facts, forecasts: handled(past_facts, forecasts, 0)),
        "hours of a quarter": trial("hours", QUARTER, lambda past_facts, forecasts: handled(past_facts, forecasts, AT_QUARTER)),
    }


def of_renewals(ended: Sequence[tuple[int, bool]], months: int) -> dict[str, list[BacktestRow]]:
    """Forecasts of the renewals of each past quarter, given how many were due. `ended`: months ago and whether renewed; `months` are
    looked back and numbered as in the incident log, the last being the month before this one."""
    due, renewed = np.zeros(months, dtype=int), np.zeros(months, dtype=int)
    for ago, renewal in ended:
        if 1 <= ago <= months:
            due[months - ago] += 1
            renewed[months - ago] += renewal

    def said(number: int) -> Predictive:
        coming = int(due[number : number + QUARTER].sum())
        return renewals(int(renewed[:number].sum()), int(due[:number].sum()), coming)

    first = next((number for number in range(months) if due[:number].sum() >= _TERMS), months)
    return {
        "renewals of a quarter": backtest.rolling_origin(renewed.tolist(), said, first, QUARTER, exposure=due.tolist(), known_ahead=True)
    }


def _as_of(facts: PlanFacts, lived: Lived, happened: IncidentColumns, origin: int) -> PlanFacts:
    """The facts at the start of month `origin`."""
    known = summarise(happened, facts.log_starts, origin)._asdict()
    products = [_product_as_of(product, lived, origin) for product in facts.products]
    return replace(facts, on=facts.months[origin], months=facts.months[:origin], products=products, **known)


def _product_as_of(product: ProductFacts, lived: Lived, origin: int) -> ProductFacts:
    mine = lived.get(product.id)
    by_age = [] if mine is None else mine[origin - 1].tolist()
    return replace(
        product, exposure=product.exposure[:origin], events=product.events[:origin], visits=product.visits[:origin], by_age=by_age
    )

"""How estimates of simulated fleets compare with what came: ranges held, pinball loss, error and width, beside three simple estimates."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.baselines import baselines
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.forecast import AT_QUARTER, AT_YEAR, HORIZON, QUARTER, VisitSplit, split
from musterroll.domain.capacity.plan import handled

from tests.truth.scenarios import Case

QUANTITIES = ("incidents", "visits", "hours", "parts")
SPANS = {"month": (1, 0), "quarter": (QUARTER, AT_QUARTER), "year": (HORIZON, AT_YEAR)}
_PINBALL = (0.1, 0.5, 0.9)


class Score(NamedTuple):
    """One estimate against what came. `simple`: errors of last year's, and of the rates of 3 and 12 months times the fleet."""

    quantity: str
    span: str
    held: bool
    pinball: float
    error: float
    bias: float
    width: float
    came: float
    simple: tuple[float, ...]


class Figures(NamedTuple):
    """Of many fleets. Errors, pinball loss and width are in percent of what came; `beside`: our error over that of the best simple one."""

    scenario: str
    quantity: str
    span: str
    fleets: int
    held: float
    pinball: float
    error: float
    bias: float
    width: float
    last_year: float
    three_months: float
    twelve_months: float
    beside: float


def scores(case: Case, quantities: Sequence[str] = QUANTITIES) -> Iterator[Score]:
    """The estimates of a plan at the end of the history, by quantity and span."""
    forecasts = split(case.facts)
    for span, (months, at) in SPANS.items():
        for quantity in quantities:
            yield _score(case, quantity, span, months, _estimate(case, forecasts, quantity, at))


def _estimate(case: Case, forecasts: VisitSplit, quantity: str, at: int) -> Predictive | PredictedAmount:
    visits = forecasts.visits.counts[at]
    match quantity:
        case "incidents":
            return forecasts.both(at)
        case "visits":
            return visits
        case "hours":
            return handled(case.facts, forecasts, at)
    each = case.facts.parts / case.facts.visits
    return PredictedAmount(visits.mean * each, visits.variance * each**2)


def _score(case: Case, quantity: str, span: str, months: int, estimate: Predictive | PredictedAmount) -> Score:
    came, past = float(getattr(case.coming, quantity)[:months].sum()), getattr(case.past, quantity).tolist()
    fleet = case.past.unit_months.tolist()
    ahead = float(case.coming.unit_months[:months].sum()) if case.known else fleet[-1] * months
    simple = tuple(abs(value - came) for value in baselines(past, fleet, ahead, months) if value is not None)
    band, loss = estimate.band(0.8), float(np.mean([_pinball(came, estimate.quantile(p), p) for p in _PINBALL]))
    wrong = estimate.mean - came
    return Score(quantity, span, band.holds(came), loss, abs(wrong), wrong, band.high - band.low, came, simple)


def _pinball(came: float, predicted: float, p: float) -> float:
    return max(p * (came - predicted), (p - 1) * (came - predicted))


def figures(scenario: str, results: Sequence[Score]) -> list[Figures]:
    """By quantity and span."""
    return [
        _figures(scenario, quantity, span, [score for score in results if (score.quantity, score.span) == (quantity, span)])
        for quantity in QUANTITIES
        for span in SPANS
        if any(score.quantity == quantity for score in results)
    ]


def _figures(scenario: str, quantity: str, span: str, results: Sequence[Score]) -> Figures:
    came = sum(score.came for score in results) / 100

    def share(values: Sequence[float]) -> float:
        return sum(values) / came

    simple = [share(column) for column in zip(*(score.simple for score in results), strict=True)]
    error = share([score.error for score in results])
    ours = (share([score.pinball for score in results]), error, share([score.bias for score in results]), share([s.width for s in results]))
    held = sum(score.held for score in results) / len(results)
    return Figures(scenario, quantity, span, len(results), held, *ours, *simple, error / min(simple))

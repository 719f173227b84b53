"""Plans and back-tests as JSON."""

from collections.abc import Sequence
from typing import Any

from musterroll.domain.capacity.facts import PlanFacts
from musterroll.domain.capacity.forecast import Driver
from musterroll.domain.capacity.plan import Plan, PlanPeriod
from musterroll.usecases.capacity.plans import Backtest


def shape(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    facts = plan.facts
    return {
        "on": facts.on,
        "assumptions": {name: getattr(plan.assumptions, name) for name in plan.assumptions.__dataclass_fields__},
        "log": facts.log_words,
        "condition": plan.condition,
        "operating": sum(product.operating for product in facts.products),
        "never_heard": facts.unheard,
        "silent": facts.silent,
        "spans": [_span(period) for period in plan.spans],
        "months": [{**month._asdict(), "incidents": month.incidents._asdict()} for month in plan.months],
        "drivers": [driver_shape(driver) for driver in plan.forecast.visits.drivers],
        "spares": [_shelf(stock) for stock in plan.shelves if stock.spares.stock],
    }


def _span(span: PlanPeriod) -> dict[str, Any]:
    plain = {name: getattr(span, name) for name in span.__dataclass_fields__ if name != "tested"}
    plain["grade"] = span.tested.grade if span.tested else None
    return {name: value._asdict() if hasattr(value, "_asdict") else value for name, value in plain.items()}


def _shelf(shelf: Any) -> dict[str, Any]:
    return {"product": shelf.product, "region": shelf.region, "units": shelf.units, **shelf.spares._asdict()}


def driver_shape(driver: Driver) -> dict[str, Any]:
    return {
        "product": driver.product.name,
        "borrows_from": driver.product.kin,
        "operating": driver.product.operating,
        "seen": driver.events,
        "unit_months": driver.exposure,
        "factor": driver.factor,
        "low": driver.low,
        "high": driver.high,
        "weight_of_own_data": driver.weight_of_own_data,
        "next_quarter": driver.incidents(3),
    }


def trial_shapes(facts: PlanFacts, trials: Sequence[Backtest]) -> list[dict[str, Any]]:
    return [
        {
            "of": trial.of,
            "verdict": None if trial.verdict is None else _verdict(trial),
            "periods": [{**row._asdict(), "period": facts.months[facts.log_starts + row.period]} for row in trial.rows],
        }
        for trial in trials
    ]


def _verdict(trial: Backtest) -> dict[str, Any]:
    assert trial.verdict is not None
    return {name: value._asdict() if hasattr(value, "_asdict") else value for name, value in trial.verdict._asdict().items()}

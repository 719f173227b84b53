"""Plans and back-tests as JSON."""

from collections.abc import Sequence
from typing import Any

from musterroll.domain.capacity.facts import Facts
from musterroll.domain.capacity.forecast import Driver
from musterroll.domain.capacity.plan import Plan, Span
from musterroll.usecases.capacity.plans import Trial


def shape(made: Plan) -> dict[str, Any]:
    """A plan as JSON shows it."""
    facts = made.facts
    return {
        "on": facts.on,
        "assumptions": {name: getattr(made.assumptions, name) for name in made.assumptions.__dataclass_fields__},
        "log": facts.log_words,
        "operating": sum(one.operating for one in facts.products),
        "never_heard": facts.unheard,
        "silent": facts.silent,
        "spans": [_span(one) for one in made.spans],
        "months": [{**one._asdict(), "incidents": one.incidents._asdict()} for one in made.months],
        "drivers": [driver_shape(one) for one in made.forecast.visits.drivers],
        "spares": [_shelf(one) for one in made.shelves if one.spares.stock],
    }


def _span(span: Span) -> dict[str, Any]:
    plain = {name: getattr(span, name) for name in span.__dataclass_fields__}
    return {name: value._asdict() if hasattr(value, "_asdict") else value for name, value in plain.items()}


def _shelf(one: Any) -> dict[str, Any]:
    return {"product": one.product, "region": one.region, "units": one.units, **one.spares._asdict()}


def driver_shape(one: Driver) -> dict[str, Any]:
    return {
        "product": one.product.name,
        "borrows_from": one.product.kin,
        "operating": one.product.operating,
        "seen": one.events,
        "unit_months": one.exposure,
        "factor": one.factor,
        "low": one.low,
        "high": one.high,
        "weight_of_own_data": one.weight_of_own_data,
        "next_quarter": one.incidents(3),
    }


def trial_shapes(facts: Facts, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    return [
        {
            "of": one.of,
            "verdict": None if one.verdict is None else _verdict(one),
            "periods": [{**row._asdict(), "period": facts.months[facts.log_starts + row.period]} for row in one.rows],
        }
        for one in trials
    ]


def _verdict(one: Trial) -> dict[str, Any]:
    assert one.verdict is not None
    return {name: value._asdict() if hasattr(value, "_asdict") else value for name, value in one.verdict._asdict().items()}

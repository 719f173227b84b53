"""Plans as data for machines and as lines for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from musterroll.domain.capacity.facts import Facts
from musterroll.domain.capacity.forecast import Driver
from musterroll.domain.capacity.plan import Estimate, Plan, Span
from musterroll.usecases.capacity.plans import Trial

_DRIVERS = 5


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


def lines(made: Plan) -> Iterator[str]:
    """A plan as the command line tells it."""
    facts, spans = made.facts, made.spans
    operating = sum(one.operating for one in facts.products)
    yield f"Plan of {facts.on}: {operating:,} units operating, based on {facts.incidents:,} incidents."
    yield facts.log_words
    yield ""
    yield f"{'':<24}" + "".join(f"{f'{one.name} (from {one.first:%b %Y})':>32}" for one in spans[:2])
    for name, pick in _ROWS:
        yield f"{name:<24}" + "".join(f"{pick(one):>32}" for one in spans[:2])
    yield ""
    yield "Ranges are 80 % ranges. Products with the most visits expected next quarter:"
    for driver in made.forecast.visits.drivers[:_DRIVERS]:
        own = f"{driver.weight_of_own_data:.0%} own history, the rest from {driver.product.kin}"
        yield f"  {driver.product.name:<28} {driver.incidents(3):>7.1f}  {driver.product.operating:,} units, {own}"
    stock: Counter[str] = Counter()
    for shelf in made.shelves:
        stock[shelf.product] += shelf.spares.stock
    said = made.assumptions
    yield f"Spares for {said.lead_days:g} days at {said.spares_target:g} %: {stock.total():,} in total, most for:"
    for name, count in stock.most_common(_DRIVERS):
        yield f"  {name:<28} {count:>7,}"
    yield "Back-test: musterroll plan backtest. Assumptions: musterroll plan assumptions."


def _band(said: Estimate, digits: int = 0) -> str:
    return f"{said.mean:,.{digits}f}  ({said.low80:,.{digits}f} to {said.high80:,.{digits}f})"


_ROWS: tuple[tuple[str, Any], ...] = (
    ("incidents", lambda one: _band(one.incidents)),
    ("  same period last year", lambda one: f"{one.naive:,.0f}"),
    ("visits", lambda one: _band(one.visits)),
    ("hours", lambda one: _band(one.hours)),
    ("  in the field", lambda one: _band(one.field_hours)),
    ("  at the desk", lambda one: _band(one.desk_hours)),
    ("field technicians", lambda one: f"{one.field.heads:,}  ({one.field.low80:,} to {one.field.high80:,})"),
    ("support agents", lambda one: f"{one.desk.positions:,}  (up to {one.desk_high.positions:,})"),
    ("parts", lambda one: _band(one.parts)),
    ("cost", lambda one: _band(one.cost)),
    ("covered share", lambda one: f"{one.covered_share:.0%}"),
)


def compared(plans: Sequence[tuple[str, Plan]]) -> Iterator[str]:
    """The next quarter of several plans side by side."""
    yield f"{'next quarter':<24}" + "".join(f"{name[:28]:>30}" for name, _ in plans)
    for name, pick in _ROWS:
        yield f"{name:<24}" + "".join(f"{pick(made.spans[1]):>30}" for _, made in plans)


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


def trial_lines(facts: Facts, trials: Sequence[Trial]) -> Iterator[str]:
    """The back-tests as the command line tells them."""
    yield facts.log_words
    for one in trials:
        yield ""
        if one.verdict is None:
            yield f"{one.of.capitalize()}: the past is too short to test it."
            continue
        yield f"{one.of.capitalize()}: {one.verdict.words}"
        yield f"  {'from':<9} {'said':>9} {'80 % band':>17} {'95 % band':>17} {'naive':>9} {'happened':>9}"
        for row in one.rows:
            inner, outer = f"{row.low80:,.0f} to {row.high80:,.0f}", f"{row.low95:,.0f} to {row.high95:,.0f}"
            missed = "" if row.within80 else "  outside 80 %" if row.within95 else "  outside 95 %"
            month = facts.months[facts.log_starts + row.period]
            yield f"  {month:%b %Y}  {row.mean:>9,.1f} {inner:>17} {outer:>17} {row.naive:>9,.0f} {row.actual:>9,.0f}{missed}"

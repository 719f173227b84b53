"""One or more plans as a workbook, with sheets for estimates, drivers, spares, back-tests, assumptions and so on."""

import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import xlsxwriter

from musterroll.domain.capacity.assumptions import DEFAULTS, SPECS
from musterroll.domain.capacity.plan import Estimate, Plan
from musterroll.domain.contracts.renewal_outcomes import Outcome
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.capacity import revenue

Rows = Iterable[Sequence[Any]]
_BANDS = ("expected", "80 % from", "80 % to", "95 % from", "95 % to")
_COUNTED = ("incidents", "visits", "field_hours", "desk_hours", "hours", "parts", "cost")


def workbook(plans: Sequence[tuple[str, Plan]]) -> bytes:
    """Plans by name, from the same facts."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for name, heads, rows in _sheets(plans):
            _fill(book.add_worksheet(name), heads, rows, bold)
    return file.getvalue()


def _sheets(plans: Sequence[tuple[str, Plan]]) -> list[tuple[str, Sequence[str], Rows]]:
    facts = plans[0][1].facts
    return [
        ("Plan", ("scenario", "span", "from", "until (excluded)", "figure", *_BANDS), _estimates(plans)),
        ("Months", ("scenario", "month", "unit-months", "last year", "hours", "covered share", *_BANDS), _months(plans)),
        (
            "Visits by product",
            ("scenario", "product", "product family", "units", "past incidents", "unit-months", "weight of own history", "factor"),
            _why(plans),
        ),
        ("Spares", ("scenario", "product", "region", "units", "stock", "probability in stock", "expected demand"), _spares(plans)),
        (
            "Renewals",
            (
                *("segment", "currency", "due", "renewed", "rate", "due in 12 months", "expected renewals", *_BANDS[1:]),
                *("priced terms ended", "annual value ended", "gross retained", "net retained", *Outcome),
            ),
            _renewals(plans[0][1]),
        ),
        ("Back-test", ("figure", "from", *_BANDS, "last year", "3-month rate", "12-month rate", "actual"), _trials(plans[0][1])),
        ("Assumptions", ("assumption", "unit", "meaning", "default", *(name for name, _ in plans)), _assumptions(plans)),
        ("Basis", ("what", "value"), _basis(facts)),
    ]


def _fill(sheet: Any, heads: Sequence[str], rows: Rows, bold: Any) -> None:
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, bold)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, int | float):
                sheet.write_number(number, column, value)
            else:
                sheet.write_string(number, column, value.isoformat() if isinstance(value, date) else str(value))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heads) - 1, 16)


def _estimates(plans: Sequence[tuple[str, Plan]]) -> Rows:
    for name, plan in plans:
        for span in plan.spans:
            where = (name, span.name, span.first, span.until)
            for of in _COUNTED:
                estimate: Estimate = getattr(span, of)
                yield (*where, of.replace("_", " "), *estimate)
            yield (*where, "field technicians", span.field.heads, *span.field[2:])
            yield (*where, "support agents", span.desk.positions, "", span.desk_high.positions)
            yield (*where, "covered share", span.covered_share)
            yield (*where, "incidents same period last year", span.naive)
            yield (*where, f"incidents by the best simple estimate ({span.simple.name})", span.simple.mean)
            yield (*where, "ranges in the back-test", span.tested.grade if span.tested else "not tested")


def _months(plans: Sequence[tuple[str, Plan]]) -> Rows:
    for name, plan in plans:
        for month in plan.months:
            yield (name, month.month, month.unit_months, month.naive, month.hours, month.covered_share, *month.incidents)


def _why(plans: Sequence[tuple[str, Plan]]) -> Rows:
    for name, plan in plans:
        for driver in plan.forecast.visits.drivers:
            own = (driver.events, driver.exposure, driver.weight_of_own_data, driver.factor)
            yield (name, driver.product.name, driver.product.kin, driver.product.operating, *own)


def _spares(plans: Sequence[tuple[str, Plan]]) -> Rows:
    for name, plan in plans:
        for shelf in plan.shelves:
            yield (name, shelf.product, shelf.region, shelf.units, shelf.spares.stock, shelf.spares.ready, shelf.spares.demand_mean)


def _renewals(plan: Plan) -> Rows:
    for segment in revenue.outlook(plan).segments:
        due = segment.facts.due, segment.facts.renewed, segment.rate.share if segment.facts.due else "", len(segment.facts.coming)
        past = segment.facts
        money = past.priced, past.ended_worth, past.gross, past.net
        yield (past.segment, past.currency, *due, *segment.renewed, *money, *(past.outcomes.get(outcome, 0) for outcome in Outcome))


def _trials(plan: Plan) -> Rows:
    for trial in capacity_plans.backtests(plan.facts):
        for row in trial.rows:
            month = plan.facts.months[plan.facts.log_starts + row.period]
            yield (trial.of, month, row.mean, row.low80, row.high80, row.low95, row.high95, *row.baselines, row.actual)


def _assumptions(plans: Sequence[tuple[str, Plan]]) -> Rows:
    for name, spec in SPECS.items():
        values = (getattr(plan.assumptions, name) for _, plan in plans)
        yield (spec.name, spec.unit, spec.means, getattr(DEFAULTS, name), *values)


def _basis(facts: Any) -> Rows:
    yield ("data as of", facts.on)
    yield ("incident history", facts.log_words)
    yield ("units operating", sum(product.operating for product in facts.products))
    yield ("deployed, never reported: not counted", facts.unheard)
    yield ("deployed, silent now: counted while reporting", facts.silent)
    yield ("incidents on registered units", facts.incidents)
    yield ("incidents on unknown serials", facts.strangers)
    for category, count in facts.categories.items():
        yield (f"incidents: {category}", count)

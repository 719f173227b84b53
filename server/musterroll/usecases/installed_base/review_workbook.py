"""A review pack as a workbook: figures, trend, what changed, the units behind it, benchmarks."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import xlsxwriter

from musterroll.domain.installed_base import target_wording as wording
from musterroll.domain.installed_base.targets import points
from musterroll.usecases.installed_base.review import Review
from musterroll.usecases.installed_base.target_states import TargetState

_OF = ("figure", "for", "period")


def workbook(review: Review) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for name, heads, rows in _sheets(review):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, heads, bold)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(heads) - 1, 18)
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(number, column, value, day)
                    else:
                        sheet.write(number, column, value)
    return file.getvalue()


def _sheets(review: Review) -> Iterator[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]:
    yield "About", ("what", "value"), _about(review)
    value = ("value", "numerator", "denominator", "target", "tolerance", "level", "last period", "same period last year")
    yield "Figures", (*_OF, *value, "benchmark", "benchmark source"), [_figure(state) for state in review.states]
    trend = ("day", "value", "numerator", "denominator", "target", "level")
    yield "Trend", (*_OF, *trend), [row for state in review.states for row in _trend(state)]
    moves = ("by", "key", "name", "units", "change (licences or points)")
    yield "What changed", (*_OF, "since", *moves), [row for state in review.states for row in _moves(state)]
    yield "Units", (*_OF, "serial", "model", "account", "what changed"), [row for state in review.states for row in _units(state)]
    benchmarks = [(wording.MEASURES[row.measure], row.industry, row.year, float(row.value), row.source) for row in review.benchmarks]
    yield "Benchmarks", ("figure", "industry", "year", "value", "source"), benchmarks


def _about(review: Review) -> list[tuple[str, Any]]:
    counts = review.counts
    return [
        ("review", review.label),
        ("figures as of (UTC)", review.as_of),
        ("made (UTC)", f"{review.made_at:%Y-%m-%d %H:%M}"),
        ("units deployed", counts.deployed),
        ("of them operating", counts.operating),
        ("licences in use", counts.licences),
        *(("window changed", f"{change.on}: {change.says}") for change in review.windows),
        ("values", "licences, or percent of a share; by the records of the day it was made"),
    ]


def _of(state: TargetState) -> tuple[str, str, str]:
    return wording.MEASURES[state.course.of.measure], state.name.name, state.course.of.period.value


def _figure(state: TargetState) -> tuple[Any, ...]:
    now, aim = state.now, state.aim
    past = [points(point.value.number) if point else None for point in (state.previous, state.last_year)]
    benchmark = state.benchmarks[0] if state.benchmarks else None
    return (
        *_of(state),
        *((points(now.value.number), now.value.part, now.value.whole) if now else (None,) * 3),
        *((float(aim.value), float(aim.tolerance)) if aim else (None, None)),
        now.level.value if now and now.level else None,
        *past,
        *((float(benchmark.value), f"{benchmark.source}, {benchmark.year}") if benchmark else (None, None)),
    )


def _trend(state: TargetState) -> Iterator[tuple[Any, ...]]:
    for point in state.trend:
        aim = float(point.aim.value) if point.aim else None
        value = points(point.value.number)
        yield (*_of(state), point.on, value, point.value.part, point.value.whole, aim, point.level.value if point.level else None)


def _moves(state: TargetState) -> Iterator[tuple[Any, ...]]:
    bridge, measure = state.bridge, state.course.of.measure
    for by, moves in (("reason", bridge.reasons), ("account", bridge.accounts), ("product", bridge.products)) if bridge else ():
        for move in moves:
            name = wording.reason(measure, move.key) if by == "reason" else move.name
            assert bridge
            yield (*_of(state), bridge.since, by, move.key, name, move.units, points(bridge.effect(move)))


def _units(state: TargetState) -> Iterator[tuple[Any, ...]]:
    for unit in state.bridge.units if state.bridge else ():
        yield (*_of(state), unit.serial, unit.model, unit.account, wording.reason(state.course.of.measure, unit.reason))

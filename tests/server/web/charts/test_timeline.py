"""The timeline: adjoining stretches, clipped to the span, ending with the present state."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from musterroll.domain.liveness import Liveness
from musterroll.domain.values.instants import to_ms
from musterroll.usecases.units.history import StateChange, UnitMessage
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.charts.timeline import SPANS, span_for, spark, timeline
from musterroll.web.charts.vitals import operating_days

DAY = 86_400_000


def _card(liveness: Liveness, now: datetime, since: int = 0, first: int | None = 30 * DAY) -> UnitCard:
    values: dict[str, Any] = dict.fromkeys(UnitCard._fields)
    first_heard = None if first is None else to_ms(now) - first
    return UnitCard(**values)._replace(liveness=liveness, liveness_since=to_ms(now) - since, first_heard_at=first_heard)


def _change(now: datetime, before: int, old: str, new: str) -> StateChange:
    return StateChange(1, to_ms(now) - before, "liveness", old, new, "", "")


@pytest.mark.parametrize("span", SPANS)
def test_stretches_meet_and_end_now(span: str, now: datetime) -> None:
    changes = [
        _change(now, DAY, "stale", "operating"),
        _change(now, 2 * DAY, "operating", "stale"),
        _change(now, 9 * DAY, "never_heard", "operating"),
    ]
    stretches = timeline(_card(Liveness.LATE, now, since=60_000), changes, SPANS[span], now).stretches
    assert all(a.end == b.start for a, b in pairwise(stretches))
    assert (stretches[-1].end, stretches[-1].state) == (to_ms(now), Liveness.LATE)
    assert stretches[0].x >= 0
    assert stretches[-1].x + stretches[-1].width <= 1001.5


def test_the_share_counts_only_the_time_since_it_was_first_heard(now: datetime) -> None:
    changes = [_change(now, DAY, "operating", "stale"), _change(now, 2 * DAY, "never_heard", "operating")]
    chart = timeline(_card(Liveness.STALE, now), changes, SPANS["7d"], now)
    assert chart.share == pytest.approx(0.5)
    assert chart.silences == 1


def test_a_unit_never_heard_has_no_share(now: datetime) -> None:
    assert timeline(_card(Liveness.NEVER_HEARD, now, first=None), [], SPANS["7d"], now).share is None


def test_a_day_that_just_began_still_has_its_column(now: datetime) -> None:
    midnight = now.replace(hour=0)
    assert timeline(_card(Liveness.OPERATING, midnight), [], SPANS["7d"], midnight + timedelta(seconds=1)).labels[-1] == ("Sun", "1")


def test_a_new_unit_is_seen_close_up(now: datetime) -> None:
    assert [span_for(_card(Liveness.OPERATING, now, first=age), None, now) for age in (60_000, DAY // 2, 3 * DAY)] == ["1h", "24h", "7d"]
    assert span_for(_card(Liveness.OPERATING, now), "28d", now) == "28d"
    assert span_for(_card(Liveness.OPERATING, now), "<script>", now) == "7d"


def test_a_flat_line_is_a_line() -> None:
    flat = spark([5, 5, 5])
    assert flat is not None
    assert flat.points == "0,28.0 50,28.0 100,28.0"
    assert spark([5]) is None


def test_hours_operated_are_told_by_day_and_split_at_midnight() -> None:
    midnight, now = 1_793_577_600, datetime(2026, 11, 2, 9, tzinfo=UTC)
    bodies = [
        {"data": {"seconds": 3600, "from": midnight - 1800}},
        {"data": {"seconds": 3600}},
        {"data": {"seconds": -5}},
        {"data": {"seconds": "x", "from": 10**30}},
        {"data": []},
    ]
    heard = [UnitMessage(1, n, "hour", midnight + 3600, 0, json.dumps(body)) for n, body in enumerate(bodies)]
    assert [day.hours for day in operating_days(heard, now)] == [0, 0, 0, 0, 0, 0.5, 1.5]
    assert operating_days(heard[2:], now) == []

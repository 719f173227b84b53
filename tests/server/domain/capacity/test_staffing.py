"""Heads. The figures of the desk are those of pyworkforce 0.5.1."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.capacity import staffing
from musterroll.domain.capacity.amounts import PredictedAmount


@pytest.mark.parametrize(
    ("asked", "raw", "positions", "reached", "occupancy", "waiting"),
    [
        ((100, 30, 3, 20, 0.8, 0.85, 0.3), 14, 20, 0.8883500191794669, 0.7142857142857143, 0.1741319335950498),
        ((1000, 30, 4, 30, 0.9, 0.9, 0.25), 149, 199, 0.9824927911673006, 0.894854586129754, 0.12408242502713583),
        ((5, 60, 6, 30, 0.8, 0.6, 0.0), 2, 2, 0.9117503097415405, 0.25, 0.1),
        ((20000, 30, 5, 20, 0.8, 0.95, 0.3), 3509, 5013, 0.9999999883367021, 0.9499382540134891, 0.001421976108643249),
    ],
)
def test_desk_positions_equal_pyworkforce(
    asked: tuple[float, ...], raw: int, positions: int, reached: float, occupancy: float, waiting: float
) -> None:
    desk = staffing.erlang_c(*asked)
    assert (desk.raw_positions, desk.positions) == (raw, positions)
    assert (desk.service_level, desk.occupancy, desk.waiting_probability) == pytest.approx((reached, occupancy, waiting), abs=1e-12)


@given(st.floats(0.1, 3000), st.floats(0.5, 30), st.floats(0.5, 0.99), st.floats(0.5, 1.0))
@settings(max_examples=50)
def test_no_position_is_too_many_and_none_too_few(calls: float, minutes: float, level: float, occupancy: float) -> None:
    desk = staffing.erlang_c(calls, 30, minutes, 20, level, occupancy)
    assert desk.service_level >= level
    assert desk.occupancy <= occupancy
    load, fewer = calls * minutes / 30, desk.raw_positions - 1
    if fewer > load and load / fewer <= occupancy:
        assert staffing.erlang_c(calls, 30, minutes, 20, desk.service_level - 1e-9, occupancy).raw_positions == desk.raw_positions


def test_no_calls_need_nobody_and_a_very_large_desk_is_no_trouble() -> None:
    assert staffing.erlang_c(0, 30, 3, 20, 0.8).positions == 0
    assert staffing.erlang_c(300_000, 30, 5, 20, 0.8, 0.95).raw_positions == 52_632


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_a_service_level_nobody_can_reach_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        staffing.erlang_c(100, 30, 3, 20, level)


def test_field_heads_are_hours_by_what_a_head_gives() -> None:
    heads = staffing.field_heads(PredictedAmount(1300.0, 200.0**2), 130.0)
    assert (heads.fte, heads.heads) == (10.0, 10)
    assert heads.low95 < heads.low80 < 10 < heads.high80 < heads.high95
    assert staffing.field_heads(PredictedAmount(1300.0, 100.0**2), 130.0, absence=0.2).heads == 13
    with pytest.raises(ValueError, match="productive"):
        staffing.field_heads(PredictedAmount(1.0, 1.0), 100.0, absence=1.0)

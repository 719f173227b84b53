"""The fleet rolled forward."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.capacity import ageing

AGES = st.lists(st.integers(0, 50), min_size=1, max_size=90)


@given(AGES, st.integers(1, 24))
@settings(max_examples=50)
def test_units_that_stay_live_every_month(by_age: list[int], months: int) -> None:
    for month in ageing.roll_forward(by_age, months):
        assert month.unit_months == pytest.approx(sum(by_age))
        assert (month.units, month.retired) == pytest.approx((sum(by_age), 0.0))


def test_a_cohort_passes_from_band_to_band() -> None:
    rolled = ageing.roll_forward([0, 0, 10], 3, bands=(0, 3, 12))
    assert [month.exposure for month in rolled] == [(5.0, 5.0, 0.0), (0.0, 10.0, 0.0), (0.0, 10.0, 0.0)]


def test_planned_units_start_in_the_middle_of_their_month_and_grow_older() -> None:
    rolled = ageing.roll_forward([0], 5, deployments=[10, 0, 4], bands=(0, 3))
    assert [month.unit_months for month in rolled] == [5.0, 10.0, 12.0, 14.0, 14.0]
    assert [month.exposure[1] for month in rolled] == [0.0, 0.0, 0.0, 5.0, 10.0]


def test_units_that_retire_live_on_average_half_their_last_month() -> None:
    first, second = ageing.roll_forward([100], 2, retirement=[0.1], bands=(0,))
    assert (first.unit_months, first.units, first.retired) == pytest.approx((95.0, 90.0, 10.0))
    assert (second.unit_months, second.units, second.retired) == pytest.approx((85.5, 81.0, 9.0))


def test_exposure_is_that_of_units_one_by_one() -> None:
    born = -np.random.default_rng(3).uniform(0, 80, 20_000)
    by_age = np.bincount(np.floor(-born).astype(int))
    rolled = ageing.roll_forward([float(n) for n in by_age], 6)
    edges = np.array([*ageing.AGE_BANDS, np.inf])
    for number, month in enumerate(rolled):
        from_age, to_age = (number - born)[:, None], (number + 1 - born)[:, None]
        lived = np.clip(np.minimum(to_age, edges[1:]) - np.maximum(from_age, edges[:-1]), 0, None).sum(axis=0)
        assert month.exposure == pytest.approx(lived.tolist(), rel=0.02)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8))
@settings(max_examples=50)
def test_bands_taken_together_are_all_bands_in_order_and_hold_enough_where_there_is_enough(events: list[int]) -> None:
    found = ageing.merged_bands(events)
    assert [band for bands in found for band in bands] == list(range(len(events)))
    assert len(found) == 1 or all(sum(events[band] for band in bands) >= 2 for bands in found)

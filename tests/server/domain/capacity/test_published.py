"""Published worked examples: the values printed there are reached."""

import csv
from pathlib import Path

import pytest
from musterroll.domain.capacity import life_fit, survival
from musterroll.domain.capacity.survival import UnitLife

# NIST/SEMATECH e-Handbook of Statistical Methods, 8.4.1.2: 20 units on test for 500 hours, 10 failures.
NIST = [UnitLife(0, hours, True) for hours in (54, 187, 216, 240, 244, 335, 361, 373, 375, 386)] + [UnitLife(0, 500, False)] * 10
# Lieblein & Zelen 1956, J. Res. NBS 57: millions of revolutions of 23 deep-groove ball bearings.
_BEARINGS = (17.88, 28.92, 33.00, 41.52, 42.12, 45.60, 48.40, 51.84, 51.96, 54.12, 55.56, 67.80, 68.64, 68.64, 68.88, 84.12, 93.12, 98.64)
BEARINGS = [UnitLife(0, turns, True) for turns in (*_BEARINGS, 105.12, 105.84, 127.92, 128.04, 173.40)]
# O'Connor 1985; Meeker & Escobar 1998, Statistical Methods for Reliability Data: kilometres of 38 shock absorbers, 11 failures.
_BROKE = (6700, 9120, 12200, 13150, 14300, 17520, 20100, 20900, 22700, 26510, 27490)
_RAN = (6950, 7820, 8790, 9660, 9820, 11310, 11690, 11850, 11880, 12140, 12870, 13330, 13470, 14040, 17540, 17890, 18450, 18960, 18980)
_RAN_ON = (19410, 20100, 20150, 20320, 23490, 27410, 27890, 28100)
SHOCK_ABSORBERS = [UnitLife(0, km, True) for km in _BROKE] + [UnitLife(0, km, False) for km in (*_RAN, *_RAN_ON)]


@pytest.mark.parametrize(
    ("lives", "shape", "scale"),
    [(NIST, 1.7208, 606.5280), (BEARINGS, 2.1021, 81.878), (SHOCK_ABSORBERS, 3.1605, 27718.7)],
    ids=["NIST 8.4.1.2", "ball bearings", "shock absorbers"],
)
def test_the_weibull_of_published_examples(lives: list[UnitLife], shape: float, scale: float) -> None:
    fitted = survival.weibull(lives)
    assert fitted is not None
    assert (fitted.shape, fitted.scale) == (pytest.approx(shape, rel=1e-3), pytest.approx(scale, rel=1e-3))


def _warranty_set() -> list[UnitLife]:
    """`reliability.Datasets.defective_sample` of the PyPI package `reliability`: 13,645 units by age in days, of which 1,350 failed."""
    with (Path(__file__).parent / "warranty_set.csv").open() as file:
        rows = [(float(row["age"]), int(row["failed"]), int(row["running"])) for row in csv.DictReader(file)]
    return [UnitLife(0, age, failed, units) for age, *counts in rows for failed, units in zip((True, False), counts, strict=True) if units]


def test_the_warranty_set_as_other_programs_read_it() -> None:
    """Values of lifelines 0.30.3 (`WeibullFitter`, `KaplanMeierFitter`)."""
    lives = _warranty_set()
    assert [sum(life.units for life in lives if life.failed is failed) for failed in (True, False)] == [1350, 12295]
    fitted, steps = survival.weibull(lives), survival.kaplan_meier(lives)
    assert fitted is not None
    assert (fitted.shape, fitted.scale) == (pytest.approx(0.677348, rel=1e-5), pytest.approx(10001.5, rel=1e-4))
    for age, survives in ((30, 0.98882652), (90, 0.95379113), (180, 0.91737364), (365, 0.88389605), (600, 0.87755999)):
        step = survival.survival_at(steps, age)
        assert step is not None
        assert step.survival == pytest.approx(survives, abs=1e-8)
    assert life_fit.fit(lives).parts == ()  # some units never fail: a Weibull would have 6 in 100 fail in the second year
    assert "Of 5,315 units seen at one year, 1.04 % failed in the following year" in life_fit.text(lives, steps)

"""Published worked examples: the values printed there are reached."""

import pytest
from musterroll.domain.capacity import survival
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

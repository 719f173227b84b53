"""Automatic methods of the field, where `statsforecast` is installed (it is not needed otherwise): the series alone, without the fleet."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from tests.truth.scenarios import SCENARIOS, simulate
from tests.truth.scoring import SPANS

NAMES = ("AutoETS", "AutoARIMA")
_SEASON = 12


def installed() -> bool:
    return find_spec("statsforecast") is not None


def forecasts(history: Sequence[float], months: int) -> dict[str, float]:
    """The sum of the coming months by each method (Hyndman & Khandakar 2008, Journal of Statistical Software 27)."""
    models = import_module("statsforecast.models")
    past = np.asarray(history, dtype=float)
    return {name: float(getattr(models, name)(season_length=_SEASON).forecast(y=past, h=months)["mean"].sum()) for name in NAMES}


def errors(scenario: str, seeds: Sequence[int]) -> Iterator[tuple[str, list[float]]]:
    """Of each span, the mean error of each method in percent of what came."""
    cases = [simulate(SCENARIOS[scenario], seed) for seed in seeds]
    for span, (months, _) in SPANS.items():
        came = [float(case.coming.incidents[:months].sum()) for case in cases]
        made = [forecasts(case.past.incidents.tolist(), months) for case in cases]
        yield span, [100 * sum(abs(one[name] - actual) for one, actual in zip(made, came, strict=True)) / sum(came) for name in NAMES]

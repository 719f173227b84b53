"""A short form of `python -m tests.truth`."""

import pytest

from tests.truth import automatic
from tests.truth.__main__ import main
from tests.truth.scenarios import SCENARIOS, simulate
from tests.truth.scoring import QUANTITIES, figures, scores

FLEETS = 12


def test_a_simulated_fleet_is_the_same_for_the_same_seed() -> None:
    assert simulate(SCENARIOS["season"], 3).facts == simulate(SCENARIOS["season"], 3).facts
    assert simulate(SCENARIOS["season"], 3).facts != simulate(SCENARIOS["season"], 4).facts


def test_ranges_hold_the_future_of_fleets_that_go_on_as_they_were() -> None:
    rows = figures("constant", [score for seed in range(FLEETS) for score in scores(simulate(SCENARIOS["constant"], seed), QUANTITIES[:2])])
    assert [row.held >= 0.5 for row in rows] == [True] * len(rows)
    assert all(row.beside < 1.1 for row in rows)


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bad batch", "--seeds", "2"]) in (0, 1)
    assert capsys.readouterr().out.count("| bad batch | incidents |") == 3


@pytest.mark.skipif(automatic.installed(), reason="statsforecast is installed")
def test_automatic_methods_need_their_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--automatic", "--seeds", "1"])
    assert "pip install statsforecast" in capsys.readouterr().err

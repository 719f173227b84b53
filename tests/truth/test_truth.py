"""A short form of `python -m tests.truth`."""

from pathlib import Path

import numpy as np
import pytest
from musterroll.domain.capacity.facts import unit_months

from tests.truth import automatic, documents
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


def test_the_facts_of_documents_are_what_was_played(tmp_path: Path) -> None:
    fleet = documents.play("drift up", 1, units=90)
    case = documents.case(fleet, tmp_path)
    for told, played in (("events", fleet.incidents), ("visits", fleet.visits)):
        by_month = np.sum([np.sum(getattr(product, told), axis=1) for product in case.facts.products], axis=0)
        assert by_month.tolist() == played[: len(by_month)].tolist()
    assert unit_months(case.facts) == pytest.approx(fleet.unit_months[: len(case.facts.months)], abs=0.1)
    assert [score.came for score in scores(case, QUANTITIES[:1])] == [fleet.incidents[24:][:n].sum() for n in (1, 3, 12)]


@pytest.mark.skipif(automatic.installed(), reason="statsforecast is installed")
def test_automatic_methods_need_their_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--automatic", "--seeds", "1"])
    assert "pip install statsforecast" in capsys.readouterr().err

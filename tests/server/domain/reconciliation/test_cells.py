import pytest
from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import CELLS, flags
from musterroll.domain.units.lifecycle import Lifecycle


@pytest.mark.parametrize(
    ("liveness", "operating"),
    [(Liveness.OPERATING, True), (Liveness.LATE, True), (Liveness.STALE, False), (Liveness.NEVER_HEARD, False), (Liveness.HELD, False)],
)
def test_a_late_unit_still_operates_and_a_held_one_does_not(liveness: Liveness, operating: bool) -> None:
    assert flags(True, Lifecycle.DEPLOYED, liveness).operating is operating


def test_only_deployed_is_deployed() -> None:
    assert [stage for stage in Lifecycle if flags(True, stage, Liveness.STALE).deployed] == [Lifecycle.DEPLOYED]


def test_every_cell_but_the_healthy_and_the_outer_one_is_somebodys_work() -> None:
    assert [code for code, cell in CELLS.items() if not cell.owner] == ["111", "000"]

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import CELLS, Flags, cells, flags
from musterroll.domain.units.lifecycle import Lifecycle

many = st.lists(st.builds(Flags, st.booleans(), st.booleans(), st.booleans()))


@given(many)
def test_the_eight_cells_always_sum_to_the_units(units: list[Flags]) -> None:
    counted = cells(units)
    assert list(counted) == list(CELLS)
    assert sum(counted.values()) == len(units)


@given(many)
def test_cells_add_up_to_each_flag_again(units: list[Flags]) -> None:
    counted = cells(units)
    for place, name in enumerate(Flags._fields):
        assert sum(n for code, n in counted.items() if code[place] == "1") == sum(getattr(unit, name) for unit in units)


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

"""The changes of a month as SQL are those of a replay of the state changes, one by one."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.installed_base.bridge import MERGED, SPLIT, BridgeStep
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine.columns import Columns
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base import bridge as month_bridge

from tests.support.bridge_replay import AxisChange, UnitState, base_changes

LAST = 100
UNIT = {"id": "BIGINT", "l0": "VARCHAR", "v0": "VARCHAR", "merged": "BIGINT", "v1": "VARCHAR"}
MOVE = {"unit_id": "BIGINT", "at_ms": "BIGINT", "id": "BIGINT", "axis": "VARCHAR", "new": "VARCHAR"}
VALUES: dict[str, list[str]] = {"lifecycle": [*Lifecycle], "liveness": [*Liveness], "identity": [MERGED, SPLIT]}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_the_changes_as_sql_are_those_of_a_replay(database: Database, seed: int) -> None:
    random = Random(seed)
    start = {unit: UnitState(random.choice([*Lifecycle]), random.choice([*Liveness]), random.random() < 0.2) for unit in range(1, 7)}
    moves = []
    for number in range(1, 30):
        axis = random.choice(sorted(VALUES))
        moves.append(AxisChange(random.randrange(LAST), number, random.randrange(1, 7), axis, random.choice(VALUES[axis])))
    closing = {unit: random.choice([*Liveness]) for unit in start}
    unrecorded = [AxisChange(LAST, 30, unit, "liveness", liveness) for unit, liveness in closing.items()]
    expected = list(base_changes(start, [*moves, *unrecorded]))
    with database.snapshot() as session:
        columns = Columns(session)
        units = [(unit, state.lifecycle, state.liveness, int(state.merged), closing[unit]) for unit, state in start.items()]
        columns.fill("filled", UNIT, units)
        columns.make("base_unit", "SELECT id, l0, v0, merged = 1 AS m0, v1 FROM filled")
        columns.fill("moved", MOVE, [(move.unit, move.at, move.id, move.axis, move.new) for move in moves])
        columns.make("base_move", 'SELECT unit_id, at_ms AS "at", id, axis, new FROM moved')
        month_bridge.replay(columns, LAST)
        first = month_bridge.first_changes(columns, 5)
        steps = month_bridge.steps(columns)
    assert steps == {step: sum(change.sign for change in expected if change.step is step) for step in BridgeStep}
    shown = [[change for change in expected if change.step is step][:5] for step in BridgeStep]
    assert sorted(first) == sorted((change.step, change.move.unit, change.move.at, change.sign) for step in shown for change in step)

"""The first month that counts can be chosen, and undone."""

from datetime import datetime

import pytest
from musterroll.domain.values.errors import DomainError
from musterroll.storage.capacity import log_start
from musterroll.storage.engine.database import Database
from musterroll.usecases.capacity import log_start as capacity_log_start
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.undo import undo as undo_changes

from tests.support import fleet_history


def test_a_person_overrules_where_the_record_seems_to_begin(database: Database, now: datetime) -> None:
    fleet_history.fill(database, now, units=30)
    with database.snapshot() as session:
        prepared = capacity_plans.prepare(session, now)
    with database.transaction() as session:
        usual = capacity_plans.keep(session, prepared).facts
        month = f"{usual.months[-5]:%Y-%m}"
        change = capacity_log_start.choose(session, month, "ada", now)
        assert capacity_plans.due(session, now)
    with database.snapshot() as session:
        chosen = capacity_plans.gathered(session, now, now).facts
    assert chosen.log_starts == len(usual.months) - 5
    assert "as chosen" in chosen.log_words
    assert chosen.incidents < usual.incidents
    with database.transaction() as session:
        undo_changes.undo(session, change.id or 0, "ada", now)
        session.expire_all()
        assert log_start.chosen(session) == ""
        with pytest.raises(DomainError, match="not a past month"):
            capacity_log_start.choose(session, "2026-13", "ada", now)

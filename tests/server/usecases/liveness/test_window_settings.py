"""Windows that admins set: given to all units, undone, and shown where they were changed; on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from musterroll.domain.definitions import DEFINITIONS, under
from musterroll.domain.installed_base.positions import LONGEST_WINDOW
from musterroll.domain.liveness import Liveness, ReportingClass, windows
from musterroll.domain.liveness.window_settings import ACTIVE_DAYS, ADOPTION_DAYS, LIST_DAYS, SETTINGS
from musterroll.domain.usage import adoption
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage import reconcile_queue
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.liveness import window_settings as stored
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.liveness import stale_sweep, window_settings
from musterroll.usecases.undo import undo
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.warranty import products
from sqlmodel import Session, col, select

from tests.support import unit_rows

NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)


def settle(session: Session) -> None:
    while products.has_pending(session):
        products.apply_pending(session, NOW)


def window(session: Session) -> tuple[int, int]:
    session.expire_all()
    status = session.exec(select(UnitStatus)).one()
    return status.late_after, status.stale_after


def test_a_window_is_given_to_all_units_and_undone(database: Database) -> None:
    with database.transaction() as session:
        unit_rows.listening(session, 0, to_ms(NOW))
        unit_rows.unit(session, "QX70001K", lifecycle="deployed", status={"heard_at": to_ms(NOW - timedelta(seconds=90)), "interval": 60})
        assert not products.has_pending(session)
        assert window_settings.set_window(session, "always_on.reports", 3, "ann", NOW) is None
        change = window_settings.set_window(session, "always_on.reports", 1, "ann", NOW)
        assert change is not None
        number = change.id or 0
        settle(session)
        assert window(session) == tuple(windows(ReportingClass.ALWAYS_ON, 60, stored.rules(session))) == (63, 66)
        assert reconcile_queue.all_marked(session)
        assert len(stale_sweep.sweep(session, NOW).newly_stale) == 1
    with database.transaction() as session:
        undo.undo(session, number, "bob", NOW + timedelta(days=1))
        settle(session)
        assert window(session) == (66, 186)
        says = [(logged.on.day, logged.actor, logged.says[-17:]) for logged in window_settings.changes(session)]
        assert says == [(17, "ann", "from 3 to 1 reports"[-17:]), (18, "bob", "from 1 to 3 reports"[-17:])]
        assert len(window_settings.changes(session, NOW.date() + timedelta(days=1))) == 1


def test_the_age_of_lists_is_set_and_what_was_too_old_stays_so(database: Database) -> None:
    def states() -> dict[str, Liveness]:
        session.flush()
        live = liveness_states.liveness(liveness_states.hearing(session), to_ms(NOW))
        rows = session.execute(select(Unit.serial, live).outerjoin_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)))
        cards = {serial: unit_card(session, uid, NOW).liveness for serial, uid in session.execute(select(Unit.serial, Unit.uid))}
        assert cards == {serial: Liveness(state) for serial, state in rows}, "rule and SQL agree"
        return cards

    with database.transaction() as session:
        unit_rows.listening(session, 0, to_ms(NOW))
        for serial, days in (("D02", 2), ("D05", 5), ("D09", 9)):
            at = to_ms(NOW - timedelta(days))
            unit_rows.unit(session, serial, lifecycle="deployed", status={"heard_at": at, "listed_at": at, "birth_epoch": -1, "beat": -1})
        assert states() == {"D02": Liveness.OPERATING, "D05": Liveness.OPERATING, "D09": Liveness.UNKNOWN}
        change = window_settings.set_window(session, LIST_DAYS, 3, "ann", NOW)
        assert change is not None
        number = change.id or 0
        assert states()["D05"] is Liveness.UNKNOWN
        assert stale_sweep.any_due(session, NOW)
        stale_sweep.sweep(session, NOW)
        assert not stale_sweep.any_due(session, NOW)
        causes = session.exec(select(UnitStateChange.cause)).all()
        assert sorted(cause.partition(",")[0][-18:] for cause in causes) == ["is older than 3 days"[-18:]] * 2
    with database.transaction() as session:
        undo.undo(session, number, "bob", NOW)
        assert states() == {"D02": Liveness.OPERATING, "D05": Liveness.UNKNOWN, "D09": Liveness.UNKNOWN}
        assert "Imported lists: count for this many days: from 7 to 3 days" in [logged.says for logged in window_settings.changes(session)]


def test_the_window_of_adoption_is_one_that_is_counted(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        assert SETTINGS[ADOPTION_DAYS].choices == adoption.WINDOWS
        with pytest.raises(Conflict, match="one of 7, 30, 90 days"):
            window_settings.set_window(session, ADOPTION_DAYS, 31, "ann", NOW)
        window_settings.set_window(session, ADOPTION_DAYS, 90, "ann", NOW)
        assert window_settings.adoption_days(session) == 90
        assert under(DEFINITIONS["adoption"], stored.values(session)).window.startswith("The last 90 days")


def test_what_no_window_can_be_is_refused(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        for name, value in (("always_on.reports", 0), ("sleepy.grace", 10**9), (ACTIVE_DAYS, 0)):
            with pytest.raises(Conflict, match="must be from"):
                window_settings.set_window(session, name, value, "ann", NOW)
        with pytest.raises(NotFound, match="choose one of always_on"):
            window_settings.set_window(session, "never", 1, "ann", NOW)
    assert SETTINGS[ACTIVE_DAYS].most == LONGEST_WINDOW

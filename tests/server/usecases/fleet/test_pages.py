from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.usecases.fleet.pages import FleetFilter, LatestBase, fleet, installed_base
from sqlalchemy import text

from tests.support.unit_rows import listening, place, unit


def serials(database: Database, now: datetime, **filters: object) -> list[str]:
    with database.snapshot() as session:
        return [card.serial for card in fleet(session, FleetFilter(**filters), None, 100, now).cards]  # type: ignore[arg-type]


def test_pages_in_serial_order_visit_every_unit_once(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        made = sorted(unit(session, f"SN{n * 7919 % 23:02}", maker=maker).serial for n in range(23) for maker in ("Acme", "Zenith"))
    seen: list[str] = []
    cursor = None
    while True:
        with database.snapshot() as session:
            page = fleet(session, FleetFilter(), cursor, 5, now)
        seen += [card.serial for card in page.cards]
        cursor = page.next
        if cursor is None:
            break
    assert seen == made


def test_a_page_that_holds_the_last_unit_has_no_next(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit(session, "SN1")
    with database.snapshot() as session:
        assert fleet(session, FleetFilter(), None, 1, now).next is None


@pytest.mark.parametrize("cursor", ["", "x", "%%", "MQ", "é", "LjE", "MS4nJw", "a" * 5000])
def test_a_foreign_cursor_is_refused(database: Database, now: datetime, cursor: str) -> None:
    with database.snapshot() as session, pytest.raises(DomainError, match="cursor"):
        fleet(session, FleetFilter(), cursor, 5, now)


def test_each_filter_keeps_what_it_names(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        account, site = place(session, "A1", "S1")
        unit(session, "AA1", account_id=account, site_id=site, lifecycle=Lifecycle.DEPLOYED)
        unit(session, "AA2", maker="Zenith", model="Fan", status={"heard_at": to_ms(now)})
    assert serials(database, now, lifecycle=Lifecycle.DEPLOYED) == ["AA1"]
    assert serials(database, now, liveness=Liveness.OPERATING) == ["AA2"]
    assert serials(database, now, account="A1") == serials(database, now, site="S1") == ["AA1"]
    assert serials(database, now, account="nobody") == []
    assert serials(database, now, maker="ZENITH", model="fan") == ["AA2"]
    assert serials(database, now, lifecycle=Lifecycle.DEPLOYED, liveness=Liveness.OPERATING) == []


def test_text_is_the_start_of_a_serial_or_part_of_a_name(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        account, site = place(session, "Umber 50%", "Essen_1")
        unit(session, "AA1", account_id=account)
        unit(session, "AA2", site_id=site)
        unit(session, "BB3", model="Essen fan")
    assert serials(database, now, text="a-a") == ["AA1", "AA2"]
    assert serials(database, now, text="UMBER") == ["AA1"]
    assert serials(database, now, text="essen") == ["AA2", "BB3"]
    assert serials(database, now, text="50%") == ["AA1"]
    assert serials(database, now, text="n_1") == ["AA2"]
    assert serials(database, now, text="%") == ["AA1"]
    assert (
        serials(database, now, text="A1")
        == serials(database, now, text="'\\")
        == serials(database, now, text="\0")
        == serials(database, now, site="\0")
        == []
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(Lifecycle),
            st.none() | st.integers(0, 300),  # seconds of silence
            st.booleans(),  # held
        ),
        max_size=12,
    )
)
def test_counts_add_up_and_agree_with_the_list(
    database: Database, now: datetime, fleet_of: list[tuple[Lifecycle, int | None, bool]]
) -> None:
    ms = to_ms(now)
    with database.transaction() as session:
        for table in ("unit_status", "unit"):
            session.execute(text(f"DELETE FROM {table}"))
        listening(session, 0, ms)
        for n, (lifecycle, silence, held) in enumerate(fleet_of):
            status = None if silence is None else {"heard_at": ms - silence * 1000, "held_at": ms - 1 if held else None}
            unit(session, f"SN{n}", lifecycle=lifecycle, status=status)
    with database.snapshot() as session:
        base = installed_base(session, now)
    assert base.registered == sum(base.lifecycle.values()) == sum(base.liveness.values()) == len(fleet_of)
    assert all(len(serials(database, now, lifecycle=stage)) == count for stage, count in base.lifecycle.items())
    assert all(len(serials(database, now, liveness=state)) == count for state, count in base.liveness.items())
    deployed_operating = [
        serials(database, now, lifecycle=Lifecycle.DEPLOYED, liveness=state) for state in (Liveness.OPERATING, Liveness.LATE)
    ]
    assert base.operating == sum(map(len, deployed_operating))
    assert base.deployed == base.lifecycle[Lifecycle.DEPLOYED]


def test_a_small_fleet_is_counted_every_time_and_a_large_one_once_a_second(
    sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    latest, second, serials = LatestBase(), timedelta(seconds=1), count(1)

    def counted(at: datetime) -> int:
        with sqlite_database.transaction() as session:
            unit(session, f"SN{next(serials)}")
            return latest(session, at)[0].registered

    assert [counted(now), counted(now)] == [1, 2]
    monkeypatch.setattr(LatestBase, "_LARGE", 2)
    assert [counted(now), counted(now + second / 2), counted(now + second)] == [2, 2, 5]

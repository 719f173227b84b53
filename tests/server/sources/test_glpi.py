"""Tickets and assets from a local GLPI."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.storage.engine.database import Database

from tests.support.apis.glpi import Glpi
from tests.support.apis.zendesk import Zendesk
from tests.support.sources import SourceBench


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(sqlite_database, tmp_path, now)


@pytest.fixture
def glpi() -> Iterator[Glpi]:
    with Glpi().running() as server:
        yield server


@pytest.fixture
def zendesk() -> Iterator[Zendesk]:
    with Zendesk().running() as server:
        yield server


def put_glpi(bench: SourceBench, glpi: Glpi, kind: str, **more: str) -> None:
    tokens = {"user_token": bench.secret(glpi.user_token), "app_token": bench.secret(glpi.app_token, "app")}
    bench.put("glpi", kind, {"url": glpi.url, **tokens, **more}, most_changed=50)


def put_zendesk(bench: SourceBench, zendesk: Zendesk, **more: str) -> None:
    settings = {"url": zendesk.url, "user": zendesk.user, "token": bench.secret(zendesk.token), "serial_field": "360", **more}
    bench.put("zendesk", "incidents", settings, most_changed=50)


def computers_of(glpi: Glpi, number: int) -> None:
    for n in range(1, number + 1):
        facts = {"manufacturers_id": "Dell", "computermodels_id": "Latitude", "states_id": "In use", "otherserial": f"T{n}"}
        glpi.put("Computer", n, name=f"PC{n}", serial=f"SN{n}", entities_id="Root entity > Acme", locations_id=0, **facts)


def test_glpi_assets_come_range_by_range_with_their_warranties(bench: SourceBench, glpi: Glpi) -> None:
    computers_of(glpi, 7)
    glpi.put(
        "Printer", 1, name="PR1", serial="PSN1", manufacturers_id="HP", printermodels_id="M400", states_id="In use", entities_id="Acme"
    )
    glpi.put("Infocom", 1, itemtype="Computer", items_id=2, buy_date="2025-03-01", warranty_date="2025-03-01", warranty_duration=24)
    put_glpi(bench, glpi, "units")
    bench.take()
    assert bench.serials() == ["PSN1", *[f"SN{n}" for n in range(1, 8)]]
    assert bench.unit("SN2", "p.maker, p.model, lifecycle, warranty_months, purchased_on") == (
        "Dell",
        "Latitude",
        "deployed",
        24,
        "2025-03-01",
    )
    assert glpi.asked[-1].query["range"]


def test_glpi_opens_a_new_session_where_one_ends_in_the_middle(bench: SourceBench, glpi: Glpi) -> None:
    computers_of(glpi, 7)
    ends = iter([False, True])
    glpi.between = lambda: glpi.end_session() if next(ends, False) else None
    put_glpi(bench, glpi, "units", itemtypes="Computer")
    bench.take()
    assert (len(bench.serials()), glpi.sessions) == (7, 2)


def test_an_item_in_the_bin_of_glpi_stays_and_is_told(bench: SourceBench, glpi: Glpi) -> None:
    computers_of(glpi, 7)
    put_glpi(bench, glpi, "units", itemtypes="Computer")
    bench.take()
    glpi.put("Computer", 3, is_deleted=1)
    glpi.put("Computer", 4, name="renamed")
    bench.later(days=1)
    run = bench.run()
    assert run is not None
    assert (run.state, run.counts["gone"], run.counts["changed"]) == (RunState.IMPORTED, 1, 1)
    assert any("marked as deleted" in note for note in run.notes)
    assert len(bench.serials()) == 7


def test_a_glpi_list_that_shrinks_while_it_is_read_leaves_nothing_out(bench: SourceBench, glpi: Glpi) -> None:
    computers_of(glpi, 7)
    gone = iter([None, 1])

    def purge() -> None:
        if number := next(gone, None):
            del glpi.items["Computer"][number]

    glpi.between = purge
    put_glpi(bench, glpi, "units", itemtypes="Computer")
    bench.take()
    assert bench.serials() == [f"SN{n}" for n in range(2, 8)]


def test_glpi_tickets_name_the_asset_that_they_are_about(bench: SourceBench, glpi: Glpi) -> None:
    computers_of(glpi, 4)
    for n in range(1, 6):
        glpi.put("Ticket", n, date="2026-10-01 08:00:00", solvedate="2026-10-02 08:00:00", itilcategories_id="Hardware", actiontime=5400)
    glpi.put("Item_Ticket", 1, itemtype="Computer", items_id=3, tickets_id=2)
    put_glpi(bench, glpi, "units", itemtypes="Computer")
    bench.take()
    bench.put(
        "glpi",
        "incidents",
        {"url": glpi.url, "user_token": "file:key", "app_token": "file:app", "itemtypes": "Computer"},
        "tickets",
    )
    bench.take(2)
    assert bench.tickets() == ["1", "2", "3", "4", "5"]
    assert bench.rows(
        "SELECT u.serial, i.closed_on, i.category, i.hours / 10000.0 FROM incident i JOIN unit u ON u.id = i.unit_id WHERE i.ref = '2'"
    ) == [("SN3", "2026-10-02", "Hardware", 1.5)]


def test_tickets_of_two_systems_with_the_same_numbers_are_kept_apart(bench: SourceBench, glpi: Glpi, zendesk: Zendesk) -> None:
    for number in range(1, 4):
        zendesk.put(number)
        glpi.put("Ticket", number, date="2026-10-01 08:00:00")
    put_zendesk(bench, zendesk, prefix="ZD-")
    bench.take()
    tokens = {"user_token": bench.secret(glpi.user_token, "user"), "app_token": bench.secret(glpi.app_token, "app")}
    bench.put("glpi", "incidents", {"url": glpi.url, **tokens, "itemtypes": "Computer", "prefix": "GLPI-"}, "tickets")
    bench.take(2)
    assert bench.tickets() == ["GLPI-1", "GLPI-2", "GLPI-3", "ZD-1", "ZD-2", "ZD-3"]


def test_glpi_says_which_token_is_wrong(bench: SourceBench, glpi: Glpi) -> None:
    put_glpi(bench, glpi, "units")
    bench.secret("wrong")
    assert "does not accept the user token" in bench.fails()
    bench.secret("wrong", "app")
    assert "does not accept the app token" in bench.fails()

"""Tickets and assets from local servers of Zendesk, ServiceNow, GLPI and Snipe-IT, run as the schedule runs them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.storage.engine.database import Database

from tests.support.apis.glpi import Glpi
from tests.support.apis.servicenow import ServiceNow
from tests.support.apis.snipe_it import SnipeIt
from tests.support.apis.zendesk import Zendesk
from tests.support.sources import SourceBench


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(sqlite_database, tmp_path, now)


@pytest.fixture
def zendesk() -> Iterator[Zendesk]:
    with Zendesk().running() as server:
        yield server


@pytest.fixture
def servicenow() -> Iterator[ServiceNow]:
    with ServiceNow().running() as server:
        yield server


@pytest.fixture
def glpi() -> Iterator[Glpi]:
    with Glpi().running() as server:
        yield server


@pytest.fixture
def snipe() -> Iterator[SnipeIt]:
    with SnipeIt().running() as server:
        yield server


def put_zendesk(bench: SourceBench, zendesk: Zendesk, **more: str) -> None:
    settings = {"url": zendesk.url, "user": zendesk.user, "token": bench.secret(zendesk.token), "serial_field": "360", **more}
    bench.put("zendesk", "incidents", settings, most_changed=50)


def put_servicenow(bench: SourceBench, servicenow: ServiceNow, kind: str, **more: str) -> None:
    credentials = {"user": "reader", "password": bench.secret("pw")}
    bench.put("servicenow", kind, {"url": servicenow.url, **(more if "client_id" in more else {**credentials, **more})}, most_changed=50)


def put_glpi(bench: SourceBench, glpi: Glpi, kind: str, **more: str) -> None:
    tokens = {"user_token": bench.secret(glpi.user_token), "app_token": bench.secret(glpi.app_token, "app")}
    bench.put("glpi", kind, {"url": glpi.url, **tokens, **more}, most_changed=50)


def put_snipe(bench: SourceBench, snipe: SnipeIt) -> None:
    bench.put("snipe-it", "units", {"url": snipe.url, "token": bench.secret(snipe.token)}, most_changed=50)


def tickets(bench: SourceBench) -> list[str]:
    return [ref for (ref,) in bench.rows("SELECT ref FROM incident ORDER BY ref")]


def serials(bench: SourceBench) -> list[str]:
    return [serial for (serial,) in bench.rows("SELECT serial FROM unit ORDER BY serial")]


def unit(bench: SourceBench, serial: str, columns: str) -> tuple[object, ...]:
    (row,) = bench.rows(f"SELECT {columns} FROM unit u JOIN product p ON p.id = u.product_id WHERE serial = '{serial}'")
    return row


def run_all(bench: SourceBench) -> None:
    while bench.due():
        bench.run()


# Zendesk


def test_zendesk_tickets_come_page_by_page_and_then_from_the_cursor(bench: SourceBench, zendesk: Zendesk) -> None:
    for number in range(1, 8):
        zendesk.put(number, custom_fields=[{"id": 360, "value": f"SN{number}"}], solved="2026-10-03T09:00:00Z" if number == 2 else None)
    zendesk.busy = 2
    put_zendesk(bench, zendesk, start="2024-01-31")
    bench.take()
    assert tickets(bench) == [str(number) for number in range(1, 8)]
    assert bench.rows("SELECT opened_on, closed_on, category, serial FROM incident WHERE ref = '2'") == [
        ("2026-10-01", "2026-10-03", "incident", "SN2")
    ]
    assert zendesk.asked[0].query["start_time"] == "1706659200"
    zendesk.asked.clear()
    bench.later(days=1)
    zendesk.put(9, custom_fields=[])
    zendesk.put(3, solved="2026-10-09T09:00:00Z")
    run = bench.run()
    assert run is not None
    assert (run.state, run.counts["new"], run.counts["changed"]) == (RunState.IMPORTED, 1, 1)
    assert [asked.query.get("cursor") for asked in zendesk.asked] == ["7"]
    bench.later(days=1)
    assert bench.run() is None


def test_a_long_zendesk_export_comes_in_parts(bench: SourceBench, zendesk: Zendesk) -> None:
    zendesk.page = 1
    for number in range(1, 46):
        zendesk.put(number)
    put_zendesk(bench, zendesk)
    first = bench.take()
    assert (first.counts["new"], first.more, first.cursor) == (20, True, {"after": "20"})
    run_all(bench)
    assert len(tickets(bench)) == 45


def test_a_zendesk_ticket_that_changes_while_it_is_read_is_not_there_twice(bench: SourceBench, zendesk: Zendesk) -> None:
    for number in range(1, 6):
        zendesk.put(number)
    answer, changed = zendesk._page, iter([1])

    def page(after: int) -> dict[str, object]:
        shown = answer(after)
        for number in changed:
            zendesk.put(number, type="problem")
        return shown

    zendesk._page = page  # type: ignore[method-assign]
    put_zendesk(bench, zendesk)
    run = bench.take()
    assert (run.counts["new"], run.counts["refused"]) == (5, 0)
    assert bench.rows("SELECT category FROM incident WHERE ref = '1'") == [("problem",)]


def test_a_deleted_zendesk_ticket_stays_and_is_told(bench: SourceBench, zendesk: Zendesk) -> None:
    for number in range(1, 4):
        zendesk.put(number)
    put_zendesk(bench, zendesk)
    bench.take()
    zendesk.put(2, status="deleted")
    zendesk.put(4)
    bench.later(days=1)
    run = bench.run()
    assert run is not None
    assert (run.state, run.counts["new"]) == (RunState.IMPORTED, 1)
    assert any("marked as deleted" in note for note in run.notes)
    assert tickets(bench) == ["1", "2", "3", "4"]


def test_zendesk_says_why_it_refuses_without_the_token(bench: SourceBench, zendesk: Zendesk) -> None:
    zendesk.token = "another"
    settings = {"url": zendesk.url, "user": zendesk.user, "token": bench.secret("s3cret")}
    bench.put("zendesk", "incidents", settings)
    assert "not accepted or have expired" in bench.fails()
    assert "s3cret" not in bench.source().problem


# ServiceNow


def incidents_of(servicenow: ServiceNow, number: int) -> None:
    for n in range(1, number + 1):
        times = {"opened_at": ("2026-10-01 23:30:00", "01/10/2026 16:30:00"), "closed_at": ("", "")}
        device = {"cmdb_ci__serial_number": f"SN{n}", "cmdb_ci__name": f"PC{n}", "category": ("hw", "Hardware")}
        servicenow.put("incident", f"id{n}", number=f"INC{n:03}", **times, **device)


def test_servicenow_incidents_follow_the_link_header_and_then_what_was_updated(bench: SourceBench, servicenow: ServiceNow) -> None:
    incidents_of(servicenow, 8)
    servicenow.hidden.add("id4")  # a page then has fewer rows than were asked for
    put_servicenow(bench, servicenow, "incidents", query="active=true")
    for row in servicenow.tables["incident"].values():
        row["active"] = "true"
    bench.take()
    assert tickets(bench) == [f"INC00{n}" for n in (1, 2, 3, 5, 6, 7, 8)]
    assert bench.rows("SELECT opened_on, category, serial FROM incident WHERE ref = 'INC001'") == [("2026-10-01", "Hardware", "SN1")]
    servicenow.asked.clear()
    servicenow.put("incident", "id3", "2030-01-01 00:00:00", closed_at="2026-10-20 10:00:00")
    bench.later(days=1)
    run = bench.run()
    assert run is not None
    assert (run.counts["changed"], run.whole) == (1, False)
    assert "active=true^sys_updated_on>=" in servicenow.asked[0].query["sysparm_query"]
    assert bench.rows("SELECT closed_on FROM incident WHERE ref = 'INC003'") == [("2026-10-20",)]


def test_servicenow_gives_a_new_token_where_one_ends_in_the_middle(bench: SourceBench, servicenow: ServiceNow) -> None:
    incidents_of(servicenow, 7)
    ends = iter([False, True])
    servicenow.between = lambda: servicenow.expire() if next(ends, False) else None
    secrets = {"client_secret": bench.secret("hush", "client"), "refresh_token": bench.secret("again", "refresh")}
    put_servicenow(bench, servicenow, "incidents", client_id="app", **secrets)
    bench.take()
    assert (len(tickets(bench)), servicenow.tokens) == (7, 2)


def test_a_servicenow_list_that_shrinks_while_it_is_read_leaves_nothing_out(bench: SourceBench, servicenow: ServiceNow) -> None:
    incidents_of(servicenow, 7)
    gone = iter(["id1"])
    servicenow.between = lambda: [servicenow.tables["incident"].pop(ident) for ident in gone] and None  # type: ignore[func-returns-value]
    put_servicenow(bench, servicenow, "incidents")
    bench.take()
    assert tickets(bench) == [f"INC00{n}" for n in range(2, 8)]


def test_a_deleted_servicenow_incident_stays_and_is_told(bench: SourceBench, servicenow: ServiceNow) -> None:
    incidents_of(servicenow, 3)
    servicenow.tables["sys_audit_delete"] = {}
    put_servicenow(bench, servicenow, "incidents", deletions="yes")
    bench.take()
    del servicenow.tables["incident"]["id2"]
    deleted = {"tablename": "incident", "documentkey": "id2", "display_value": "INC002", "sys_created_on": "2030-01-01 00:00:00"}
    servicenow.put("sys_audit_delete", "d1", **deleted)
    servicenow.put("incident", "id9", "2030-01-01 00:00:00", number="INC009", opened_at="2026-10-05 10:00:00")
    bench.later(days=1)
    run = bench.run()
    assert run is not None
    assert any("marked as deleted" in note for note in run.notes)
    assert tickets(bench) == ["INC001", "INC002", "INC003", "INC009"]


@pytest.mark.parametrize("table", ["alm_hardware", "cmdb_ci_computer"])
def test_servicenow_assets_and_configuration_items_are_units(bench: SourceBench, servicenow: ServiceNow, table: str) -> None:
    for n in range(1, 6):
        own = {"model__manufacturer__name": "Dell", "model__name": "Latitude", "ci__name": f"PC{n}"}
        own = own if table == "alm_hardware" else {"manufacturer__name": "Dell", "model_id__name": "Latitude", "name": f"PC{n}"}
        facts = {"serial_number": f"SN{n}", "asset_tag": f"T{n}", "install_status": ("1", "In use"), "company__name": "Acme"}
        servicenow.put(table, f"id{n}", **own, **facts, warranty_expiration=("2027-05-31", "31/05/2027"))
    put_servicenow(bench, servicenow, "units", **({} if table == "alm_hardware" else {"table": table}))
    bench.take()
    assert serials(bench) == [f"SN{n}" for n in range(1, 6)]
    assert unit(bench, "SN3", "p.maker, p.model, lifecycle, warranty_ends_on, hostname") == (
        "Dell",
        "Latitude",
        "deployed",
        "2027-06-01",
        "pc3",
    )


def test_servicenow_says_that_credentials_are_wrong(bench: SourceBench, servicenow: ServiceNow) -> None:
    bench.put("servicenow", "incidents", {"url": servicenow.url, "user": "reader", "password": bench.secret("no")})
    assert "not accepted or have expired" in bench.fails()
    bench.put("servicenow", "incidents", {"url": servicenow.url})
    assert "needs a user and password" in bench.fails()


# GLPI


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
    assert serials(bench) == ["PSN1", *[f"SN{n}" for n in range(1, 8)]]
    assert unit(bench, "SN2", "p.maker, p.model, lifecycle, warranty_months, purchased_on") == (
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
    assert (len(serials(bench)), glpi.sessions) == (7, 2)


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
    assert len(serials(bench)) == 7


def test_a_glpi_list_that_shrinks_while_it_is_read_leaves_nothing_out(bench: SourceBench, glpi: Glpi) -> None:
    computers_of(glpi, 7)
    gone = iter([None, 1])

    def purge() -> None:
        if number := next(gone, None):
            del glpi.items["Computer"][number]

    glpi.between = purge
    put_glpi(bench, glpi, "units", itemtypes="Computer")
    bench.take()
    assert serials(bench) == [f"SN{n}" for n in range(2, 8)]


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
    assert tickets(bench) == ["1", "2", "3", "4", "5"]
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
    assert tickets(bench) == ["GLPI-1", "GLPI-2", "GLPI-3", "ZD-1", "ZD-2", "ZD-3"]


def test_glpi_says_which_token_is_wrong(bench: SourceBench, glpi: Glpi) -> None:
    put_glpi(bench, glpi, "units")
    bench.secret("wrong")
    assert "does not accept the user token" in bench.fails()
    bench.secret("wrong", "app")
    assert "does not accept the app token" in bench.fails()


# Snipe-IT


def test_snipe_it_assets_come_in_pages_smaller_than_asked_for(bench: SourceBench, snipe: SnipeIt) -> None:
    for n in range(1, 8):
        snipe.put(n, maker="O'Neill & Sons", company={"name": "Acme"})
    snipe.busy = 1
    put_snipe(bench, snipe)
    bench.take()
    assert serials(bench) == [f"SN{n}" for n in range(1, 8)]
    assert unit(bench, "SN5", "p.maker, lifecycle, warranty_months, purchased_on, asset_tag") == (
        "O'Neill & Sons",
        "deployed",
        36,
        "2025-03-01",
        "T5",
    )


def test_a_deleted_snipe_it_asset_stays_and_is_told(bench: SourceBench, snipe: SnipeIt) -> None:
    for n in range(1, 8):
        snipe.put(n)
    put_snipe(bench, snipe)
    bench.take()
    snipe.delete(3)
    snipe.put(8)
    bench.later(days=1)
    run = bench.run()
    assert run is not None
    assert (run.state, run.counts["new"], run.counts["gone"]) == (RunState.IMPORTED, 1, 1)
    assert any("marked as deleted" in note for note in run.notes)
    assert len(serials(bench)) == 8


def test_an_asset_deleted_while_snipe_it_is_read_hides_no_other(bench: SourceBench, snipe: SnipeIt) -> None:
    for n in range(1, 8):
        snipe.put(n)
    gone = iter([1])
    snipe.between = lambda: [snipe.delete(n) for n in gone] and None  # type: ignore[func-returns-value]
    put_snipe(bench, snipe)
    bench.take()
    assert serials(bench) == [f"SN{n}" for n in range(2, 8)]


def test_an_error_of_snipe_it_with_status_200_is_no_empty_list(bench: SourceBench, snipe: SnipeIt) -> None:
    for n in range(1, 4):
        snipe.put(n)
    put_snipe(bench, snipe)
    bench.take()
    snipe.error = "Your API token is not allowed"
    assert "has no total" in bench.fails()
    assert len(serials(bench)) == 3

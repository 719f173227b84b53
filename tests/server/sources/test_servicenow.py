"""Incidents, assets and configuration items from a local ServiceNow."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.storage.engine.database import Database

from tests.support.apis.servicenow import ServiceNow
from tests.support.sources import SourceBench


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(sqlite_database, tmp_path, now)


@pytest.fixture
def servicenow() -> Iterator[ServiceNow]:
    with ServiceNow().running() as server:
        yield server


def put_servicenow(bench: SourceBench, servicenow: ServiceNow, kind: str, **more: str) -> None:
    credentials = {"user": "reader", "password": bench.secret("pw")}
    bench.put("servicenow", kind, {"url": servicenow.url, **(more if "client_id" in more else {**credentials, **more})}, most_changed=50)


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
    assert bench.tickets() == [f"INC00{n}" for n in (1, 2, 3, 5, 6, 7, 8)]
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
    assert (len(bench.tickets()), servicenow.tokens) == (7, 2)


def test_a_servicenow_list_that_shrinks_while_it_is_read_leaves_nothing_out(bench: SourceBench, servicenow: ServiceNow) -> None:
    incidents_of(servicenow, 7)

    def delete_first() -> None:
        servicenow.tables["incident"].pop("id1", None)

    servicenow.between = delete_first
    put_servicenow(bench, servicenow, "incidents")
    bench.take()
    assert bench.tickets() == [f"INC00{n}" for n in range(2, 8)]


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
    assert bench.tickets() == ["INC001", "INC002", "INC003", "INC009"]


@pytest.mark.parametrize("table", ["alm_hardware", "cmdb_ci_computer"])
def test_servicenow_assets_and_configuration_items_are_units(bench: SourceBench, servicenow: ServiceNow, table: str) -> None:
    for n in range(1, 6):
        own = {"model__manufacturer__name": "Dell", "model__name": "Latitude", "ci__name": f"PC{n}"}
        own = own if table == "alm_hardware" else {"manufacturer__name": "Dell", "model_id__name": "Latitude", "name": f"PC{n}"}
        facts = {"serial_number": f"SN{n}", "asset_tag": f"T{n}", "install_status": ("1", "In use"), "company__name": "Acme"}
        servicenow.put(table, f"id{n}", **own, **facts, warranty_expiration=("2027-05-31", "31/05/2027"))
    put_servicenow(bench, servicenow, "units", **({} if table == "alm_hardware" else {"table": table}))
    bench.take()
    assert bench.serials() == [f"SN{n}" for n in range(1, 6)]
    assert bench.unit("SN3", "p.maker, p.model, lifecycle, warranty_ends_on, hostname") == (
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

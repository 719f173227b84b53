"""Tickets from a local Zendesk, run as the schedule runs them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.storage.engine.database import Database

from tests.support.apis.zendesk import Zendesk
from tests.support.sources import SourceBench


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(sqlite_database, tmp_path, now)


@pytest.fixture
def zendesk() -> Iterator[Zendesk]:
    with Zendesk().running() as server:
        yield server


def put_zendesk(bench: SourceBench, zendesk: Zendesk, **more: str) -> None:
    settings = {"url": zendesk.url, "user": zendesk.user, "token": bench.secret(zendesk.token), "serial_field": "360", **more}
    bench.put("zendesk", "incidents", settings, most_changed=50)


def run_all(bench: SourceBench) -> None:
    while bench.due():
        bench.run()


def test_zendesk_tickets_come_page_by_page_and_then_from_the_cursor(bench: SourceBench, zendesk: Zendesk) -> None:
    for number in range(1, 8):
        zendesk.put(number, custom_fields=[{"id": 360, "value": f"SN{number}"}], solved="2026-10-03T09:00:00Z" if number == 2 else None)
    zendesk.busy = 2
    put_zendesk(bench, zendesk, start="2024-01-31")
    bench.take()
    assert bench.tickets() == [str(number) for number in range(1, 8)]
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
    assert len(bench.tickets()) == 45


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
    assert bench.tickets() == ["1", "2", "3", "4"]


def test_zendesk_says_why_it_refuses_without_the_token(bench: SourceBench, zendesk: Zendesk) -> None:
    zendesk.token = "another"
    settings = {"url": zendesk.url, "user": zendesk.user, "token": bench.secret("s3cret")}
    bench.put("zendesk", "incidents", settings)
    assert "not accepted or have expired" in bench.fails()
    assert "s3cret" not in bench.source().problem

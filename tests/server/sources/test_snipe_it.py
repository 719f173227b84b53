"""Assets from a local Snipe-IT."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.storage.engine.database import Database

from tests.support.apis.snipe_it import SnipeIt
from tests.support.sources import SourceBench


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(sqlite_database, tmp_path, now)


@pytest.fixture
def snipe() -> Iterator[SnipeIt]:
    with SnipeIt().running() as server:
        yield server


def put_snipe(bench: SourceBench, snipe: SnipeIt) -> None:
    bench.put("snipe-it", "units", {"url": snipe.url, "token": bench.secret(snipe.token)}, most_changed=50)


def test_snipe_it_assets_come_in_pages_smaller_than_asked_for(bench: SourceBench, snipe: SnipeIt) -> None:
    for n in range(1, 8):
        snipe.put(n, maker="O'Neill & Sons", company={"name": "Acme"})
    snipe.busy = 1
    put_snipe(bench, snipe)
    bench.take()
    assert bench.serials() == [f"SN{n}" for n in range(1, 8)]
    assert bench.unit("SN5", "p.maker, lifecycle, warranty_months, purchased_on, asset_tag") == (
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
    assert len(bench.serials()) == 8


def test_an_asset_deleted_while_snipe_it_is_read_hides_no_other(bench: SourceBench, snipe: SnipeIt) -> None:
    for n in range(1, 8):
        snipe.put(n)
    gone = iter([1])

    def delete_once() -> None:
        for number in gone:
            snipe.delete(number)

    snipe.between = delete_once
    put_snipe(bench, snipe)
    bench.take()
    assert bench.serials() == [f"SN{n}" for n in range(2, 8)]


def test_an_error_of_snipe_it_with_status_200_is_no_empty_list(bench: SourceBench, snipe: SnipeIt) -> None:
    for n in range(1, 4):
        snipe.put(n)
    put_snipe(bench, snipe)
    bench.take()
    snipe.error = "Your API token is not allowed"
    assert "has no total" in bench.fails()
    assert len(bench.serials()) == 3

"""A folder of S3, read with the package that its extra names."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.storage.engine.database import Database

from tests.support.s3_server import BUCKET, KEY, SECRET, S3Server, refusal, s3_server
from tests.support.sources import SourceBench

pytest.importorskip("s3fs", reason="not installed in this environment: run `make test`")


@pytest.fixture
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(sqlite_database, tmp_path, now)


def source(bench: SourceBench, server: S3Server, key: str = KEY, path: str = f"s3://{BUCKET}/erp", **settings: str) -> int:
    login = {"path": path, "endpoint": server.url, "user": key, "password": bench.secret(SECRET)}
    return bench.put("folder", "accounts", {**login, **settings})


def write(server: S3Server, name: str, *refs: str, age: int) -> None:
    server.put(name, "".join(["Account ID,Account Name\n", *(f"{ref},Name of {ref}\n" for ref in refs)]).encode(), age)


def accounts(bench: SourceBench) -> list[str]:
    return [ref for (ref,) in bench.rows("SELECT ref FROM account ORDER BY ref")]


def test_each_object_of_a_folder_is_a_document_the_oldest_first(bench: SourceBench, server: S3Server) -> None:
    for name, age in {
        "erp/c.csv": 60,
        "erp/a.csv": 30,
        "erp/b.csv": 90,
        "erp/.hidden.csv": 95,
        "erp/old/d.csv": 99,
        "crm/e.csv": 99,
    }.items():
        write(server, name, name[-5].upper(), age=age)
    folder = source(bench, server)
    assert [bench.take(folder).file for _ in range(3)] == ["b.csv", "c.csv", "a.csv"]
    assert server.lists >= 3 * 2, "the list comes in pages"
    assert accounts(bench) == ["A", "B", "C"]
    assert bench.run(folder) is None
    write(server, "erp/c.csv", "C", "F", age=5)
    assert bench.take(folder).file == "c.csv", "an object that has changed is read again"
    assert accounts(bench) == ["A", "B", "C", "F"]


def test_a_server_that_is_asked_too_much_is_asked_again(bench: SourceBench, server: S3Server) -> None:
    write(server, "erp/a.csv", "A", age=60)
    server.faults = [refusal(503, "SlowDown", "Please reduce your request rate.")]
    assert bench.take(source(bench, server)).file == "a.csv"
    assert (accounts(bench), server.faults) == (["A"], [])


def test_an_object_that_went_between_list_and_reading_holds_up_no_other(bench: SourceBench, server: S3Server) -> None:
    write(server, "erp/a.csv", "A", age=60)
    write(server, "erp/b.csv", "B", age=30)
    server.gone = {"erp/a.csv"}
    folder = source(bench, server)
    assert bench.take(folder).file == "b.csv"
    assert bench.fails(folder) == "a.csv cannot be read: No such file or directory"
    assert accounts(bench) == ["B"]


def test_a_wrong_key_and_a_missing_bucket_are_said(bench: SourceBench, server: S3Server) -> None:
    write(server, "erp/a.csv", "A", age=60)
    assert bench.fails(source(bench, server, key="AKIDOTHER")) == "the folder cannot be read: Permission denied"
    missing = source(bench, server, path="s3://other/erp")
    assert bench.fails(missing) == "the folder cannot be read: No such file or directory"

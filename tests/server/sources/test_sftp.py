"""A folder of an SFTP server, whose host key is checked."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.storage.engine.database import Database

from tests.support.sftp_server import PASSWORD, USER, SftpServer, sftp_server
from tests.support.sources import SourceBench


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    (tmp_path / "remote").mkdir()
    with sftp_server(tmp_path / "remote") as running:
        yield running


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(sqlite_database, tmp_path, now)


def write(bench: SourceBench, name: str, ref: str, age: int) -> Path:
    path = bench.lists.parent / "remote" / name
    path.write_text(f"Account ID,Account Name\n{ref},Name of {ref}\n")
    os.utime(path, (path.stat().st_mtime - age, path.stat().st_mtime - age))
    return path


def put(bench: SourceBench, server: SftpServer, password: str = PASSWORD, **settings: str) -> int:
    login = {"path": server.url, "user": USER, "password": bench.secret(password)}
    return bench.put("folder", "accounts", {**login, **settings})


def accounts(bench: SourceBench) -> list[str]:
    return [ref for (ref,) in bench.rows("SELECT ref FROM account ORDER BY ref")]


def test_each_file_of_an_sftp_folder_is_a_document(bench: SourceBench, server: SftpServer) -> None:
    write(bench, "a.csv", "A1", 60)
    locked = write(bench, "b.csv", "A2", 50)
    locked.chmod(0)
    write(bench, "c.csv", "A3", 40)
    source = put(bench, server, host_key=server.fingerprint)
    assert [bench.take(source).file, bench.take(source).file] == ["a.csv", "c.csv"], "one that may not be read holds up no other"
    assert accounts(bench) == ["A1", "A3"]
    assert bench.fails(source) == "b.csv cannot be read: Permission denied"
    locked.chmod(0o600)
    assert bench.take(source).file == "b.csv"
    assert accounts(bench) == ["A1", "A2", "A3"]
    assert bench.run(source) is None


def test_a_server_is_trusted_by_its_host_key_only(bench: SourceBench, server: SftpServer) -> None:
    write(bench, "a.csv", "A1", 60)
    unknown = bench.fails(put(bench, server))
    assert unknown.startswith("the host key of [127.0.0.1]:")
    assert f"is not known: if {server.fingerprint} is right, say so in the setting host_key" in unknown
    other = bench.put("folder", "accounts", {"path": server.url, "host_key": "SHA256:other"}, name="other")
    assert "has another host key than it should" in bench.fails(other)
    assert accounts(bench) == []


def test_a_wrong_password_is_said(bench: SourceBench, server: SftpServer) -> None:
    source = put(bench, server, password="wrong", host_key=server.fingerprint)
    assert bench.fails(source) == "the folder cannot be read: the user or the password is not accepted"

"""What goes from a database into columns and back is the same afterwards, on both databases, whatever it is."""

import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from musterroll.storage.engine.columns import WORD, Columns, Limits, Relation
from musterroll.storage.engine.database import Database
from sqlalchemy import text

COLUMNS = {"id": "BIGINT", "words": "VARCHAR", "day": "DATE", "flag": "BOOLEAN", "count": "BIGINT"}
ROWS: list[tuple[Any, ...]] = [
    (1, "", date(2026, 11, 1), True, 9_223_372_036_854_775_807),
    (2, None, None, None, None),
    (3, 'a "quoted", word', date(1970, 1, 1), False, -1),
    (4, "two\nlines\n", date(9999, 12, 31), True, 0),
    (5, "two\r\nlines\\n\t", date(2024, 2, 29), False, 7),
    (20_001, "Größe Ω 漢 🙂 ,", date(2026, 11, 1), None, 1),
    (20_002, "NULL", None, True, 2),
    (-3, "'; DROP TABLE unit; --", None, True, 2),
]
_TABLE = "CREATE TEMPORARY TABLE odd (id bigint, words text, day date, flag boolean, count bigint)"


def test_rows_come_back_as_they_were(database: Database) -> None:
    with database.transaction() as session:
        columns = Columns(session)
        session.execute(text(_TABLE))
        rows = [dict(zip(COLUMNS, (row[0], row[1], row[2] and str(row[2]), *row[3:]), strict=True)) for row in ROWS]
        day = "CAST(:day AS date)" if database.dialect == "postgresql" else ":day"
        session.execute(text(f"INSERT INTO odd VALUES (:id, :words, {day}, :flag, :count)"), rows)
        columns.read("odd_rows", "SELECT * FROM odd", COLUMNS)
        assert sorted(columns.rows("FROM odd_rows")) == sorted(ROWS)
        session.execute(text("DELETE FROM odd"))
        assert columns.send("odd", tuple(COLUMNS), "FROM odd_rows") == len(ROWS)
        columns.read("again", "SELECT * FROM odd", COLUMNS)
        assert columns.rows("FROM again EXCEPT FROM odd_rows") == columns.rows("FROM odd_rows EXCEPT FROM again") == []
        assert len(columns.rows("FROM again")) == len(ROWS)


def test_nothing_is_read_as_an_empty_table(database: Database) -> None:
    with database.snapshot() as session:
        columns = Columns(session)
        columns.read("nobody", "SELECT id, serial, installed_on, product_id > 0, site_id FROM unit", COLUMNS_OF_UNIT)
        assert columns.rows("FROM nobody") == []
        assert columns.ask("SELECT id FROM {units} u", units=[]) == []


COLUMNS_OF_UNIT = {"id": "BIGINT", "serial": "VARCHAR", "installed_on": "DATE"}


@pytest.mark.parametrize("words", [["b", "a", "B", "é", "Z", "-"]])
def test_texts_are_ordered_byte_by_byte(database: Database, words: list[str]) -> None:
    with database.snapshot() as session:
        columns = Columns(session)
        given = Relation({"id": int, "word": str}, list(enumerate(words)))
        found = columns.ask("SELECT id, word FROM {given} g", given=given)
        columns.fill("words", {"id": "BIGINT", "word": "VARCHAR"}, [tuple(row) for row in found])
        assert [row[0] for row in columns.rows("SELECT word FROM words ORDER BY word")] == sorted(words, key=str.encode)


def test_a_word_without_letters_reads_as_null(database: Database) -> None:
    with database.snapshot() as session:
        columns = Columns(session)
        given = Relation({"id": int, "word": str}, [(1, ""), (2, "EUR")])
        columns.read("words", "SELECT id, word FROM {given} g", {"id": "BIGINT", "word": WORD}, given=given)
        assert sorted(columns.rows("FROM words")) == [(1, None), (2, "EUR")]
        columns.read("same", "SELECT 1 AS id, '' AS word UNION ALL SELECT 2, 'EUR'", {"id": "BIGINT", "word": WORD})
        assert sorted(columns.rows("FROM same")) == [(1, None), (2, "EUR")]


def test_what_does_not_fit_into_memory_goes_to_the_directory_and_leaves_nothing_there(sqlite_database: Database, tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    database, used = Database(sqlite_database.url, limits=Limits("40MB", 2, spill)), set[str]()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            used.update(path.name for path in spill.iterdir())

    watching = threading.Thread(target=watch)
    watching.start()
    with database.snapshot() as session:
        columns = Columns(session)
        columns.make("many", "SELECT range AS id, md5(CAST(range AS VARCHAR)) AS word FROM range(1500000)")
        assert columns.rows("SELECT count(DISTINCT word) FROM many") == [(1_500_000,)]
        columns.run("DROP TABLE many")
        del columns
    done.set()
    watching.join()
    database.close()
    assert used
    assert not [path for path in spill.iterdir() if not path.name.endswith("_owner")]  # which says that it is in use


def test_two_computations_do_not_see_each_other(database: Database) -> None:
    with database.snapshot() as session, database.snapshot() as other:
        one, two = Columns(session), Columns(other)
        one.fill("same", {"id": "BIGINT"}, [(1,)])
        two.fill("same", {"id": "BIGINT"}, [(2,)])
        assert (one.rows("FROM same"), two.rows("FROM same")) == ([(1,)], [(2,)])

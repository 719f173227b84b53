from typing import Any

import pytest
from musterroll.domain.operations.health import Facts, parts, unwell

NOW = 1_000_000_000
WELL = Facts(
    NOW, {"registry": NOW - 1000}, NOW - 1000, NOW - 3000, NOW - 60_000, True, "SQLite 3.53", 1, "0002", 0.2, 60, 100, 0, 0, None, 0, ()
)


def test_all_is_well_where_everything_moves() -> None:
    assert unwell(parts(WELL)) == []


@pytest.mark.parametrize(
    ("wrong", "names", "says"),
    [
        ({"ingests": {}}, ["Broker", "Ingest"], "start musterroll ingest"),
        ({"ingests": {"registry": NOW - 60_000}, "heard_until": NOW - 60_000}, ["Broker", "Ingest"], "restart musterroll serve"),
        ({"heard_until": NOW - 20_000}, ["Ingest"], "the database may be slow"),
        ({"schedule": NOW - 31_000}, ["Schedule"], "start musterroll schedule"),
        ({"answered_in": 900.0}, ["Database"], "a backup or a large import"),
        ({"disk_free": 3}, ["Disk"], "make room now"),
        ({"waiting": 3, "failing": 2, "oldest": NOW - 7_200_000}, ["Outbox"], "what each receiver answers"),
        ({"waiting": 3, "failing": 2, "oldest": NOW - 7_200_000, "unset": ["MUSTERROLL_SMTP_URL"]}, ["Outbox"], "set MUSTERROLL_SMTP_URL"),
    ],
)
def test_what_is_not_well_says_what_to_do(wrong: dict[str, Any], names: list[str], says: str) -> None:
    found = unwell(parts(WELL._replace(**wrong)))
    assert [part.name for part in found] == names
    assert says in found[0].advice

from typing import Any

import pytest
from musterroll.domain.operations.health import Facts, parts, problems

NOW, GB = 1_000_000_000, 1_000_000_000
OK = Facts(
    NOW,
    {"registry": NOW - 1000},
    NOW - 1000,
    NOW - 3000,
    NOW - 60_000,
    True,
    "SQLite 3.53",
    1,
    "0002",
    0.2,
    60 * GB,
    100 * GB,
    0,
    0,
    None,
    0,
    (),
)


def test_all_components_are_ok_where_everything_moves() -> None:
    assert problems(parts(OK)) == []
    assert "Workers" not in [part.name for part in parts(OK)], "most registries have none"
    assert problems(parts(OK._replace(workers={"a-1": NOW - 5_000}))) == []


@pytest.mark.parametrize(
    ("wrong", "names", "says"),
    [
        ({"ingests": {}}, ["Broker: Down", "Ingest: Down"], "start musterroll ingest"),
        (
            {"ingests": {"registry": NOW - 60_000}, "heard_until": NOW - 60_000},
            ["Broker: Down", "Ingest: Down"],
            "restart musterroll serve",
        ),
        ({"heard_until": NOW - 20_000}, ["Ingest: Degraded"], "the database may be slow"),
        ({"schedule": NOW - 31_000}, ["Scheduled jobs: Down"], "start musterroll schedule"),
        ({"workers": {"a-1": NOW - 31_000, "b-2": NOW}}, ["Workers: Degraded"], "start it again"),
        ({"answered_in": 900.0}, ["Database: Degraded"], "a backup or a large import"),
        ({"disk_free": 3 * GB}, ["Disk: Degraded"], "free some space now"),
        ({"disk_free": 40_000_000, "disk_all": 100_000_000}, ["Disk: Down"], "free some space now"),
        ({"waiting": 1, "oldest": NOW, "unset": ["MUSTERROLL_SMTP_URL"]}, ["Outbox: Degraded"], "set MUSTERROLL_SMTP_URL"),
        ({"clock_back_from": NOW + 86_400_000, "clock_back_at": NOW - 60_000}, ["Clock: Degraded"], "check the time synchronisation"),
        ({"schedule": NOW + 86_400_000}, ["Clock: Degraded"], "check the time synchronisation"),
        ({"waiting": 3, "failing": 2, "oldest": NOW - 7_200_000}, ["Outbox: Degraded"], "what each receiver answered"),
        (
            {"waiting": 3, "failing": 2, "oldest": NOW - 7_200_000, "unset": ["MUSTERROLL_SMTP_URL"]},
            ["Outbox: Degraded"],
            "set MUSTERROLL_SMTP_URL",
        ),
    ],
)
def test_a_problem_says_what_to_do(wrong: dict[str, Any], names: list[str], says: str) -> None:
    found = problems(parts(OK._replace(**wrong)))
    assert [f"{part.name}: {part.status}" for part in found] == names
    assert says in found[0].advice


def test_an_interrupted_import_is_a_problem_with_what_to_do() -> None:
    sentence = "the import of units from a.csv was interrupted at line 7; import the same file again to complete it, or undo import 3"
    (part,) = problems(parts(OK._replace(interrupted_imports=[sentence, "another; and so on"])))
    assert (part.name, part.figure, part.says) == ("Imports", "2", sentence.partition("; ")[0] + " (and 1 more)")
    assert part.advice == "import the same file again to complete it, or undo import 3"

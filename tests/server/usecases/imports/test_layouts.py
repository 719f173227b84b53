"""Lists as many systems export them go in by a look and one import, and every value that is stored is the one that was meant."""

from datetime import datetime
from pathlib import Path

import pytest
from musterroll.readers.columns import Choices, choices
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports.export import page

from tests.support.documents import FLEET, take

_LEFT = {  # what lists that say nothing of it leave, by kind of document
    "contracts": {"auto_renew": "no", "renewal_months": "12", "notice_days": "0"},
    "units": {"kind": "device"},
    "products": {"kind": "device", "licence_rule": "unit"},
}


def _layouts() -> list[tuple[str, str, list[str], str, list[dict[str, str]]]]:
    """Name, kind, what is given for the whole file, the file, and per row the values by field: all that is not empty."""
    layouts = []
    for block in Path(__file__).with_name("layouts.txt").read_text("utf-8").strip().split("\n\n"):
        about, *lines = block.splitlines()
        name, kind, *given = about.removeprefix("# ").split(" | ")
        expected = [dict(pair.split(": ", 1) for pair in line[2:].split("; ")) for line in lines if line.startswith("= ")]
        text = "\n".join(line for line in lines if not line.startswith("= "))
        layouts.append((name, kind, given, text, expected))
    return layouts


LAYOUTS = _layouts()


@pytest.mark.parametrize(("name", "kind", "given", "text", "expected"), LAYOUTS, ids=[layout[0] for layout in LAYOUTS])
def test_a_list_goes_in_with_every_value_as_meant(
    database: Database, now: datetime, name: str, kind: str, given: list[str], text: str, expected: list[dict[str, str]]
) -> None:
    if kind == "incidents":
        take(database, now, "accounts", "Account ID,Account Name\nUmber,Umber\n")
    if kind == "billing":
        take(database, now, "accounts", FLEET["accounts"])
        take(database, now, "contracts", FLEET["contracts"])
    accepted = "accept guesses" in given
    chosen = choices([], Choices(), given=[value for value in given if "=" in value], accept_guesses=accepted)
    verdicts, _ = take(database, now, kind, text, chosen)
    assert [(verdict.outcome, verdict.why) for verdict in verdicts] == [("new", None)] * len(expected)
    with database.snapshot() as session:
        rows = [cells for _, cells in page(session, kind, 0, 100, now)]
    without = _LEFT.get(kind, {})
    stored = [{field: cell for field, cell in cells.items() if cell and without.get(field) != cell} for cells in rows]
    assert stored == expected
    assert {verdict.outcome for verdict in take(database, now, kind, text, chosen)[0]} == {"same"}

"""Licences and units of other kinds on pages, in REST and on the command line: every number leads to as many units or lines."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from musterroll.cli import cli
from musterroll.domain.access import Role
from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import users as access_users

from tests.server.web.conftest import Visitor
from tests.support import sample_kinds

CELL = re.compile(r'<td class="c-n num">(?:<a( class="pill[^"]*")? href="([^"]+)">)?([\d,]+)(</a><span class="under">units that)?')


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("kinds") / "roll.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    sample_kinds.fill(database, datetime.now(UTC))
    yield database
    database.close()


@pytest.fixture(scope="module")
def planner(kinds: Database, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    return visitor(kinds, tmp_path_factory.mktemp("data"))


def visitor(database: Database, folder: Path, name: str = "admin") -> Visitor:
    page = Visitor(create_app(Settings(data_dir=folder), database, Metrics(), {}).test_client())
    assert page.sign_in(name=name).status_code == 303
    return page


def items(page: Visitor, address: str) -> list[dict[str, object]]:
    answer = page.get(address)
    assert answer.status_code == 200, (address, answer.text)
    return list(json.loads(answer.text)["items"])


def test_every_number_of_the_page_leads_to_as_many_units(planner: Visitor) -> None:
    links = 0
    for address in ("/licences?by=each&window=9", "/licences?by=account&kind=seat", "/licences?by=segment"):
        for pill, link, number, takers in CELL.findall(planner.get(address).text):
            if link.startswith("/fleet"):
                units = len(items(planner, f"/api/v1/units?limit=500&{urlsplit(unescape(link)).query}"))
                assert units > int(number) if takers else units == int(number.replace(",", "")), link
                assert planner.get(unescape(link)).status_code == 200
                links += 1
            elif link and not pill:  # what is under leads to all lines sold
                lines = planner.get(unescape(link)).text
                assert f'<b class="num">{number}</b> licences' in lines or "Next page" in lines, link
    assert links > 20


def test_the_table_says_how_nodes_count_and_what_is_over(planner: Visitor) -> None:
    rows = {str(row["model"]): row for row in items(planner, "/api/v1/licences?by=product&window=30")}
    nodes, seats = rows["Edge Node"], rows["Suite Pro"]
    assert (nodes["kind"], nodes["licence_rule"], nodes["provisioned"], nodes["licences"], nodes["over"]) == ("node", "host", 9, 3, 1)
    assert (seats["gross"], seats["provisioned"], seats["over"], seats["under"]) == (10, 8, 0, 2)
    assert "Nodes, counted by host" in planner.get("/licences").text
    export = planner.get("/api/v1/licences?by=each&format=csv")
    assert len(list(csv.DictReader(io.StringIO(export.text)))) == len(items(planner, "/api/v1/licences?by=each&limit=500"))
    assert planner.get("/api/v1/licences?by=each&on=2026-11-01").status_code == 400


def test_a_window_is_kept_for_its_user(planner: Visitor) -> None:
    assert "Active in 30 days" in planner.get("/licences").text
    assert (
        planner.post("/licences/window", "/licences", window="45", by="account").headers["Location"] == "/licences?by=account&window=45#by"
    )
    assert "Active in 45 days" in planner.get("/licences").text
    assert "Active in 7 days" in planner.get("/licences?window=7").text


def test_a_seat_has_the_words_of_a_seat(planner: Visitor) -> None:
    seats = items(planner, "/api/v1/units?kind=seat&limit=100")
    assert len(seats) == sample_kinds.SEATS
    page = planner.get(f"/units/{seats[0]['id']}").text
    for word in ("user0@umber.example", "Provisioned", "Assign to a site", "Seat"):
        assert word in page, word
    for word in ("Warranty</h2>", "Print label", "Void warranty", "Shipped", "Deploy to a site"):
        assert word not in page, word
    labels = planner.get("/labels?kind=seat").text
    assert "have no label" in labels
    assert 'aria-label="QR code"' not in labels
    assert "seats" in planner.get("/fleet?kind=seat").text


def test_a_user_limited_to_an_account_sees_its_licences_only(kinds: Database, planner: Visitor) -> None:
    with kinds.transaction() as session:
        reach = access_users.account_ids(session, Role.PLANNER, ["A00002"])
        kim = access_users.create(session, "kim", Role.PLANNER, reach, actor="admin", now=datetime.now(UTC))
        kim.password_hash, kim.must_change = access_users.named(session, "admin").password_hash, False
    limited = Visitor(planner.client.application.test_client())
    assert limited.sign_in(name="kim").status_code == 303
    mine = items(limited, "/api/v1/licences?by=account&kind=node")
    assert mine == items(planner, "/api/v1/licences?by=account&kind=node")
    assert items(limited, "/api/v1/licences?by=account&kind=seat") == []
    assert "Suite Pro" not in limited.get("/licences").text
    assert "C-SEATS" not in limited.get("/licences/lines").text
    assert "C-NODES" in limited.get("/licences/lines?kind=node").text


def test_the_command_line_counts_the_same(kinds: Database, planner: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", str(kinds.engine.url))
    answer = CliRunner().invoke(cli, ["licences", "--by", "product", "--kind", "node", "--json"])
    (row,) = json.loads(answer.output)["rows"]
    (same,) = items(planner, "/api/v1/licences?by=product&kind=node")
    assert (row["units"], row["licences"], row["over"]) == (same["provisioned"], same["licences"], same["over"])
    shown = CliRunner().invoke(cli, ["licences", "--by", "each"])
    assert "COUNTED BY" in shown.output

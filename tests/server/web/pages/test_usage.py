"""Use on pages, in REST and on the command line, on the planner's fleet: the same numbers for all, and own ones for limited users."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from musterroll.cli import cli
from musterroll.domain.access import Role
from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import users as access_users
from sqlmodel import text

from tests.server.web.conftest import Visitor
from tests.support import planner_fleet, sample_usage


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("use") / "roll.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    planner_fleet.fill(database, datetime.now(UTC))
    sample_usage.fill(database, datetime.now(UTC))
    yield database
    database.close()


@pytest.fixture(scope="module")
def planner(used: Database, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    visitor = Visitor(create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), used, Metrics(), {}).test_client())
    visitor.sign_in()
    return visitor


def items(visitor: Visitor, address: str) -> list[dict[str, object]]:
    answer = visitor.get(address)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["items"])


def uid_of(database: Database) -> str:
    with database.snapshot() as session:
        return str(session.execute(text("SELECT uid FROM unit JOIN unit_use ON unit_use.unit_id = unit.id LIMIT 1")).scalar_one())


def test_page_rest_csv_and_command_show_the_same(planner: Visitor, used: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", str(used.url))
    for command, address in {
        "adoption": "adoption",
        "adoption --counter pages --by segment": "adoption?counter=pages&by=segment",
        "milestones": "milestones",
        "declining": "declining",
        "show pages --by week --account A00001": "?counter=pages&by=week&account=A00001",
        f"show --unit {uid_of(used)}": f"?unit={uid_of(used)}",
        "counters": "counters",
    }.items():
        result = CliRunner().invoke(cli, ["usage", *command.split(), "--json"])
        printed = json.loads(result.output)
        rows = items(planner, f"/api/v1/usage{'' if address.startswith('?') else '/'}{address}")
        assert rows, address
        told = [{("counter" if k == "name" and command == "counters" else k): v for k, v in row.items()} for row in _rows(printed)]
        assert told == rows, address
        joined = f"/api/v1/usage{'' if address.startswith('?') else '/'}{address}{'&' if '?' in address else '?'}format=csv"
        assert len(list(csv.DictReader(io.StringIO(planner.get(joined).text)))) == len(rows)
    page = planner.get("/usage?counter=pages&breakdown=segment").text
    (pages,) = [row for row in items(planner, "/api/v1/usage/adoption") if row["counter"] == "pages"]
    assert f'{pages["used_30"]:,}</td><td class="c-n num">{pages["operating"]:,}</td>' in page
    (falling,) = {row["account"] for row in items(planner, "/api/v1/usage/declining")}
    assert f'href="/accounts/{falling}?counter=' in page


def _rows(printed: object) -> list[dict[str, object]]:
    return list(printed["items"]) if isinstance(printed, dict) else list(printed)  # type: ignore[call-overload]


def test_units_accounts_and_products_show_their_chart_and_the_table_behind_it(planner: Visitor, used: Database) -> None:
    for address in (f"/units/{uid_of(used)}?counter=pages&period=week", "/accounts/A00001?counter=pages&period=month", "/usage?product=1"):
        page = planner.get(address).text
        assert 'role="slider"' in page
        assert "aria-valuetext" in page
        assert "Show table" in page
    assert "averaged over a gap" in planner.get(f"/units/{uid_of(used)}?counter=pages").text
    assert planner.get("/usage?product=999&counter=x&period=y&breakdown=z&segment=none").status_code == 200


def test_a_user_limited_to_an_account_sees_its_use_only(planner: Visitor, used: Database) -> None:
    with used.transaction() as session:
        reach = access_users.account_ids(session, Role.PLANNER, ["A00003"])
        kim = access_users.create(session, "kim", Role.PLANNER, reach, actor="admin", now=datetime.now(UTC))
        kim.password_hash, kim.must_change = access_users.named(session, "admin").password_hash, False
    limited = Visitor(planner.client.application.test_client())
    assert limited.sign_in(name="kim").status_code == 303
    assert items(limited, "/api/v1/usage?counter=pages") == items(planner, "/api/v1/usage?counter=pages&account=A00003")
    assert items(limited, "/api/v1/usage/declining") == []
    mine, all_of = ({str(row["counter"]): row for row in items(visitor, "/api/v1/usage/adoption")} for visitor in (limited, planner))
    assert 0 < int(str(mine["pages"]["operating"])) < int(str(all_of["pages"]["operating"]))
    assert "Marram" not in limited.get("/usage").text
    assert limited.get("/api/v1/usage?account=A00001").status_code == 404
    assert limited.get("/api/v1/usage?unit=x&site=y").status_code == 422


def test_the_page_shows_the_use_at_one_site(planner: Visitor) -> None:
    (site, *_) = items(planner, "/api/v1/sites")
    page = planner.get(f"/usage?site={site['ref']}&counter=pages&period=week").text
    assert f"Pages at site {site['ref']} by week" in page
    assert planner.get("/usage?site=NOWHERE").status_code == 404

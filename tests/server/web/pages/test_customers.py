"""The pages, REST and commands of customers: each number is the number of the customers behind it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
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
from musterroll.usecases.reconciliation.run import reconcile

from tests.server.web.conftest import Visitor
from tests.support import customer_fleet, sample_fleet

_NUMBERS = re.compile(r'<a[^>]*href="(/customers/list\?[^"]*)"[^>]*>([0-9,]+)</a>')


@pytest.fixture(scope="module")
def roll(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("customers") / "roll.db"
    path.write_bytes(sqlite_template.read_bytes())
    database, now = Database(f"sqlite:///{path}"), datetime.now(UTC)
    sample_fleet.fill(database, now)
    with database.transaction() as session:
        customer_fleet.fill(session, now, 5)
        reach = access_users.account_ids(session, Role.PLANNER, ["A000"])
        kim = access_users.create(session, "kim", Role.PLANNER, reach, actor="admin", now=now)
        kim.password_hash, kim.must_change = access_users.named(session, "admin").password_hash, False
    with database.transaction() as session:
        reconcile(session, now, now, store=True)
    yield database
    database.close()


@pytest.fixture(scope="module")
def planner(roll: Database, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    visitor = Visitor(create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), roll, Metrics(), {}).test_client())
    visitor.sign_in()
    return visitor


def counted(page: str) -> int:
    number = re.search(r'<p class="lead">([0-9,]+) customer', page)
    assert number
    return int(number[1].replace(",", ""))


@pytest.mark.parametrize("address", ["/customers", "/customers?by=country", "/customers?by=month&rolled=yes", "/customers?rolled=yes"])
def test_each_number_leads_to_as_many_customers(planner: Visitor, address: str) -> None:
    numbers = _NUMBERS.findall(planner.get(address).text)
    assert len(numbers) > 8
    for link, number in numbers:
        assert counted(planner.get(unescape(link)).text) == int(number.replace(",", "")), link


def test_the_export_has_the_customers_of_the_list(planner: Visitor) -> None:
    page = planner.get("/customers/list?who=lapsed&rolled=yes").text
    link = re.search(r'href="(/api/v1/customers\?[^"]*format=csv)"', page)
    assert link
    rows = list(csv.DictReader(io.StringIO(planner.get(unescape(link[1])).text)))
    assert len(rows) == counted(page)
    assert {row["standing"] for row in rows} == {"lapsed"}
    assert all(row["cause"] for row in rows)
    body = planner.get("/api/v1/customers?who=lapsed&rolled=true&limit=2").json
    assert (len(body["items"]), body["total"]["lapsed"]) == (2, len(rows))
    assert body["total"]["ever"] == body["total"]["now"] + body["total"]["lapsed"]
    following = planner.get(f"/api/v1/customers?who=lapsed&rolled=true&limit=2&cursor={body['next']}").json
    assert [item["ref"] for item in body["items"] + following["items"]] == [row["ref"] for row in rows[:4]]


def test_whoever_sees_some_accounts_has_their_customers_only(planner: Visitor) -> None:
    limited = Visitor(planner.client.application.test_client())
    limited.sign_in(name="kim")
    whole = {row["ref"]: row for row in planner.get("/api/v1/customers?limit=200").json["items"]}
    own = limited.get("/api/v1/customers?limit=200").json
    assert 0 < len(own["items"]) < len(whole)
    assert all({**row, "parent": ""} == {**whole[row["ref"]], "parent": ""} for row in own["items"])
    assert own["total"]["ever"] == len(own["items"])
    hidden = next(ref for ref in whole if ref not in {row["ref"] for row in own["items"]})
    assert limited.get(f"/accounts/{hidden}").status_code == limited.get(f"/api/v1/accounts/{hidden}/health").status_code == 404


def test_the_health_of_an_account_is_its_parts_with_their_sources(planner: Visitor) -> None:
    rows = planner.get("/api/v1/customers?limit=200&rolled=true").json["items"]
    row = next(row for row in rows if row["deployed"] and row["accounts"] > 1)
    health = planner.get(f"/api/v1/accounts/{row['ref']}/health").json
    parts = {part["key"]: part for part in health["parts"]}
    assert list(parts) == ["operating", "use", "tickets", "payment", "coverage", "renewal"]
    assert health["subsidiaries"] == row["accounts"] - 1
    assert parts["operating"]["of"] == f"{row['operating']:,} of {row['deployed']:,} deployed units"
    assert parts["coverage"]["of"].startswith(f"{row['covered']:,} of {row['deployed']:,} ")
    assert all(part["source"] for part in parts.values())
    page = planner.get(f"/accounts/{row['ref']}").text
    assert all(part["of"] in unescape(page) for part in parts.values())
    alone = planner.get(f"/accounts/{row['ref']}?health=alone").text
    assert "This account alone, without its subsidiaries." in alone


def test_the_command_says_the_same(planner: Visitor, roll: Database) -> None:
    total = planner.get("/api/v1/customers").json["total"]
    env = {"MUSTERROLL_DATABASE_URL": str(roll.url)}
    shown = json.loads(CliRunner().invoke(cli, ["customers", "show", "--json"], env=env).stdout)
    assert {**shown["total"], "key": ""} == total
    assert "customers now of" in CliRunner().invoke(cli, ["customers", "show", "--by", "month", "--rolled"], env=env).stdout
    rows = json.loads(CliRunner().invoke(cli, ["customers", "list", "--who", "churned", "--json"], env=env).stdout)
    assert len(rows) == total["churned"]
    health = CliRunner().invoke(cli, ["customers", "health", "A000"], env=env).stdout
    assert "Days to renewal" in health
    assert CliRunner().invoke(cli, ["customers", "list", "--who", "lapsed", "--limit", "1"], env=env).stdout.count("lapsed") == 1

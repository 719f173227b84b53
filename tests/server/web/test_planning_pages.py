"""The planner's pages on a fleet before its quarterly review: every number matches its rows."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from musterroll.domain.access import Role
from musterroll.metrics import Metrics
from musterroll.runtime import figure_jobs
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import users as access_users
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet import pages as fleet_pages
from musterroll.usecases.installed_base.trend import trend
from musterroll.usecases.operations import figure_cache as cached_figures

from tests.server.web.conftest import Visitor
from tests.support import planner_fleet, sample_usage
from tests.support.planner_fleet import FADING
from tests.support.sample_records import take

_NUMBERS = re.compile(r'<a[^>]*href="(/fleet\?[^"]*)"[^>]*>([0-9,]+)</a>')
PAGES = [
    *(f"/installed-base?by={by}" for by in ("account", "segment", "product", "country", "firmware", "age")),
    *("/installed-base?account=A00001", "/installed-base?account=A00001&by=country", "/installed-base/map"),
    *("/accounts", "/accounts/A00003", "/renewals", "/licences", "/licences?by=account"),
    *(f"/segments/{key}" for key in ("dormant", "over-quantity", "old-firmware", "old-model", "near-expiry", "attach")),
]


OTHERS = re.compile(r"Marram|Halcyon|Quillon|A0000[1267]|C-201|I-OTHER")
OF_TWO = {
    "limits": "Contract Number,Line,Limit,Amount\nC-201,900,Calls,4\nC-203,3,Calls,4\n",
    "invoices": (
        "Invoice Number,Account ID,Invoice Date,Amount,Currency\nI-OTHER,A00002,2026-01-05,90,EUR\nI-OWN,A00003,2026-01-05,80,EUR\n"
    ),
}
OWN_ONLY = [
    *("/worth", "/customers/list", "/usage", "/licences?by=account", "/limits", "/invoices"),
    *(f"/api/v1/{name}" for name in ("worth", "customers", "usage/declining", "licences?by=account", "limits", "invoices", "renewals")),
]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("quarter") / "roll.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    planner_fleet.fill(database, datetime.now(UTC))
    yield database
    database.close()


@pytest.fixture(scope="module")
def planner(planned: Database, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), planned, Metrics(), {})
    visitor = Visitor(app.test_client())
    visitor.sign_in()
    return visitor


def test_each_number_is_the_number_of_its_rows(planner: Visitor, planned: Database) -> None:
    for address in PAGES:
        assert _checked(planner, planned, address) > 0, address


def test_whoever_sees_two_accounts_finds_their_numbers_and_rows_only(planner: Visitor, planned: Database) -> None:
    with planned.transaction() as session:
        reach = access_users.account_ids(session, Role.PLANNER, ["A00003", FADING])
        kim = access_users.create(session, "kim", Role.PLANNER, reach, actor="admin", now=datetime.now(UTC))
        kim.password_hash = access_users.named(session, "admin").password_hash
        kim.must_change = False
    limited = Visitor(planner.client.application.test_client())
    assert limited.sign_in(name="kim").status_code == 303
    for address in PAGES:
        if "A00001" in address:
            assert limited.get(address).status_code == 404
        else:
            _checked(limited, planned, address, reach)
    assert "Marram" not in limited.get("/renewals").text
    sample_usage.fill(planned, datetime.now(UTC))
    with planned.transaction() as session:
        for kind, content in OF_TWO.items():
            take(session, kind, f"{kind}.csv", content, datetime.now(UTC))
    for address in OWN_ONLY:
        own, whole = limited.get(address), planner.get(address)
        assert own.status_code == whole.status_code == 200, address
        assert not OTHERS.search(own.text), address
        assert OTHERS.search(whole.text), address


def test_figures_kept_for_a_large_fleet_are_what_is_counted_when_asked(
    planner: Visitor, planned: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = ["/installed-base?by=country", "/installed-base?by=firmware", "/renewals", "/licences?by=product", "/segments", "/worth"]
    pages += ["/customers", "/customers/list"]
    counted = [_stable(planner.get(address).text) for address in pages]
    monkeypatch.setattr(cached_figures, "LARGE", 0)
    _keep_all(planned)
    assert [_stable(planner.get(address).text) for address in pages] == counted


def test_the_worth_of_some_accounts_is_the_sum_of_their_rows(planner: Visitor, planned: Database) -> None:
    with planned.transaction() as session:
        reach = access_users.account_ids(session, Role.PLANNER, ["A00001", "A00006"])  # A00002 is below A00001
        lee = access_users.create(session, "lee", Role.PLANNER, reach, actor="admin", now=datetime.now(UTC))
        lee.password_hash, lee.must_change = access_users.named(session, "admin").password_hash, False
    limited = Visitor(planner.client.application.test_client())
    assert limited.sign_in(name="lee").headers["Location"] == "/worth"  # where planners start
    assert limited.sign_in(name="lee", next="/fleet").headers["Location"] == "/fleet"
    whole, own = (visitor.get("/api/v1/worth").json for visitor in (planner, limited))
    assert own["items"] == [row for row in whole["items"] if row["key"] in ("A00001", "A00002", "A00006")]
    for name in ("seats", "priced", "silent_seats", "unused_seats"):
        assert own["total"][name] == sum(row[name] for row in own["items"]) < whole["total"][name]
    for name in ("value", "silent", "unused", "overdue", "ending", "stake"):
        rows = [Decimal(amount["amount"]) for row in own["items"] for amount in row[name]]
        assert sum(rows) == sum(Decimal(amount["amount"]) for amount in own["total"][name])
    page = limited.get("/worth").text
    assert "Halcyon Metals" in page
    assert "Larkspur" not in page + limited.get("/api/v1/worth?format=csv").text


def test_the_worth_says_of_how_many_units_and_leads_to_what_is_at_stake(planner: Visitor) -> None:
    page, total = planner.get("/worth").text, planner.get("/api/v1/worth").json["total"]
    assert f"{total['priced']} of {total['seats']} units priced" in page
    silent = re.search(r'href="(/findings\?kind=paid_but_silent)">Silent</a>.*?\((\d+)\)', page, re.DOTALL)
    assert silent
    assert f"{int(silent[2]):,} finding" in planner.get(silent[1]).text
    assert planner.get("/api/v1/worth?by=product&format=csv").text.startswith("seats,priced,")


def test_customers_have_the_value_of_their_contract_lines_and_are_sorted_by_it(planner: Visitor) -> None:
    book = {row["key"]: (row["value"], row["stake"]) for row in planner.get("/api/v1/worth").json["items"]}
    rows = planner.get("/api/v1/customers").json["items"]
    assert {row["ref"]: (row["worth"], row["stake"]) for row in rows} == book
    page = planner.get("/customers/list?sort=value").text
    assert re.findall(r'class="plain" href="/accounts/(A\d+)"', page)[0] == max(
        book, key=lambda ref: sum(float(of["amount"]) for of in book[ref][0])
    )


def test_an_account_to_call_is_assigned_with_a_due_date_and_a_comment(planner: Visitor) -> None:
    day = datetime.now(UTC).date() + timedelta(days=3)
    form = {"assignee": "admin", "due_on": str(day), "comment": "asks for a <new> offer"}
    assert planner.post("/accounts/A00003/follow-up", seen="/worth", **form).headers["Location"] == "/worth#accounts"
    assert f"admin, due {day.day} " in (page := planner.get("/worth").text)
    assert "asks for a &lt;new&gt; offer" in page
    refused = planner.post("/accounts/A00003/follow-up", seen="/worth", assignee="nobody")
    assert refused.status_code == 409
    assert "There is no active user" in refused.text
    assert planner.post("/accounts/A00003/follow-up", seen="/worth", assignee="admin", due_on="soon").status_code == 409
    (row,) = planner.get("/api/v1/follow-ups?done=false").json["items"]
    assert (row["account"]["ref"], row["due_on"]) == ("A00003", str(day))
    assert planner.post("/accounts/A00003/follow-up", seen="/worth", done="yes", **form).status_code == 303
    assert planner.get("/api/v1/follow-ups?done=false").json["items"] == []


def test_a_limit_set_on_the_page_of_a_contract_is_listed_with_what_is_left(planner: Visitor) -> None:
    form = {"line": "1", "amount": "4", "kind": "calls", "period": "year"}
    assert planner.post("/contracts/C-201/limits", seen="/contracts/C-201", **form).headers["Location"] == "/contracts/C-201"
    assert "4 of 4 calls left on contract line C-201/1" in planner.get("/contracts/C-201").text
    assert "4 of 4 calls left on contract line C-201/1" in planner.get("/limits?level=within").text
    assert "C-201/1" not in planner.get("/limits?level=reached").text
    for wrong in ({"amount": "four"}, {"kind": "miles"}, {"amount": "-1"}):
        assert planner.post("/contracts/C-201/limits", seen="/contracts/C-201", **{**form, **wrong}).status_code == 409
    assert planner.get("/api/v1/limits?contract=C-201").json["items"][0]["left"] == "4"


def test_a_step_of_the_month_leads_to_its_units(planner: Visitor) -> None:
    lately = datetime.now(UTC) - timedelta(15)  # a month of which more than its first days are over
    page = planner.get(f"/installed-base?month={lately:%Y-%m}").text
    link, units = re.search(r'href="(/installed-base/[0-9-]+/gone_stale)">(-\d+)</a>', page).groups()  # type: ignore[union-attr]
    assert planner.get(link).text.count('<a class="serial"') == -int(units)


def test_days_nobody_kept_are_not_made_up(planner: Visitor, planned: Database) -> None:
    assert f"{planner_fleet.DAYS} days of history" in planner.get("/installed-base").text
    with planned.snapshot() as session:
        assert len(trend(session, datetime.now(UTC))) == planner_fleet.DAYS


def test_a_filter_is_saved_counted_exported_and_deleted(planner: Visitor, planned: Database) -> None:
    answer = planner.post("/segments", seen="/fleet?country=DE", name="German base", filter="country=DE&lifecycle=deployed")
    key = answer.headers["Location"].rpartition("/")[2]
    assert "German base" in planner.get("/segments").text
    rows = planner.get(f"/api/v1/segments/{key}/accounts?format=csv").text.splitlines()
    assert sum(int(row.split(",")[8]) for row in rows[1:]) == _rows(planned, "/fleet?country=DE&lifecycle=deployed")
    assert planner.post(f"/segments/{key}/delete", seen=f"/segments/{key}").status_code == 303
    assert planner.get(f"/segments/{key}").status_code == 404


def test_everybodys_segments_stay_and_a_filter_of_nothing_is_refused(planner: Visitor) -> None:
    assert planner.post("/segments/attach/delete", seen="/fleet?country=DE").status_code == 409
    assert planner.post("/segments", seen="/fleet?country=DE", name="All", filter="colour=red").status_code == 409


def test_renewals_over_rest_add_up_to_what_the_page_says(planner: Visitor) -> None:
    listed = planner.get("/api/v1/renewals?within=90&limit=2").json
    assert listed
    page = planner.get("/renewals?within=90").text
    assert f"{listed['contracts']} contracts" in page
    items = planner.get("/api/v1/renewals?within=90").json["items"]  # type: ignore[index]
    assert [renewal["contract"] for renewal in items][:2] == [renewal["contract"] for renewal in listed["items"]]
    falling = planner.get("/api/v1/renewals?only=falling").json["items"]  # type: ignore[index]
    assert {renewal["account"]["ref"] for renewal in falling} == {planner_fleet.FADING}


def test_a_contract_shows_its_full_line_and_the_documents_it_came_from(planner: Visitor) -> None:
    page = planner.get("/contracts/C-201").text
    assert "Over quantity" in page
    assert "contracts.csv, line 2" in page
    assert planner.get("/contracts/C-999").status_code == 404


def _checked(visitor: Visitor, database: Database, address: str, within: list[int] | None = None) -> int:
    """How many numbers of a page were found to be the numbers of their rows."""
    answer = visitor.get(address)
    assert answer.status_code == 200, address
    numbers = _NUMBERS.findall(answer.text)
    for link, number in numbers:
        assert _rows(database, html.unescape(link), within) == int(number.replace(",", "")), f"{link} on {address}"
    return len(numbers)


def _rows(database: Database, link: str, within: list[int] | None = None) -> int:
    filters = filter_words.read(dict(parse_qsl(urlsplit(link).query)))
    with database.snapshot(within) as session:
        return len(fleet_pages.fleet(session, filters, None, 10_000, datetime.now(UTC)).cards)


def _keep_all(database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as session:
        for together in figure_jobs.due(session, now):
            for figure, value in zip(together.figures, list(together.count_each(session, now)), strict=True):
                cached_figures.keep(session, figure, value, now)


def _stable(text: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'name="csrf_token" value="[^"]+"|<span class="faint">Data as of [^<]*</span>', "", text)

"""Every route, for every role, limited to some accounts or not: made from the map of addresses, so that no new page is forgotten."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from musterroll.domain.access import Need, Role, marked, may, need_of
from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.access import users as access_users
from musterroll.web.http import menu
from musterroll.web.http.sign_in import require_person
from sqlmodel import select
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, IntegerConverter
from werkzeug.test import TestResponse

from tests.support import roll

# Nobody needs to be known for these: they show nothing of the fleet, or ask for a secret of their own.
PUBLIC = {"assets", "worker", "theme.choose", "signing_in.form", "signing_in.sign_in", "signing_in.sign_out"}
PUBLIC |= {"signing_in_elsewhere.begin", "signing_in_elsewhere.end", "calendar_feed.read", "enrolment.enroll"}
PUBLIC |= {"moved_addresses.moved"}  # only says where a page is now
PUBLIC |= {"operations.healthz", "operations.readyz", "operations.metrics"}
PUBLIC |= {"documents.docs", "documents.static", "documents.openapi", "documents.asyncapi"}

OWN, OTHERS = "A00001", ("A00002", "A00003")
FOREIGN = ("Skerry Pumps", "Larkspur", "Cork 2", "Lyon Nord", *OTHERS, "S00002", "S00003", "C-102", "C-103", "C-104", "C-105")
FOREIGN += (roll.STALE, roll.LATE, "T-4711")
ASKING = ("GET", "HEAD", "OPTIONS")
LET_IN = (299, 415)  # a door that reads bodies looks at the empty one first


class Route(NamedTuple):
    method: str
    rule: Rule
    need: Need

    @property
    def of_api(self) -> bool:
        return self.rule.rule.startswith("/api/")

    def address(self) -> str:
        """An address that leads here; what it names need not be."""
        found = self.rule.rule
        for name, converter in self.rule._converters.items():
            value = "1" if isinstance(converter, IntegerConverter) else "x"
            if isinstance(converter, AnyConverter):
                value = re.findall(r"any\(\s*(\w+)", found)[0]
            found = re.sub(rf"<(?:[^:<>]+(?:\([^)]*\))?:)?{name}>", value, found)
        return found


class House(NamedTuple):
    app: Flask
    database: Database

    def routes(self) -> Iterator[Route]:
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint not in PUBLIC:
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    yield Route(method, rule, need_of(self.app.view_functions[rule.endpoint], method in ASKING))

    def client(self, role: Role, within: list[str] | None = None) -> FlaskClient:
        """Somebody of a role who has signed in."""
        now, name = datetime.now(UTC), f"{role} of {within or 'all'}"
        with self.database.transaction() as session:
            user = access_users.create(session, name, role, access_users.account_ids(session, role, within), actor="test", now=now)
            token = access_sessions.open_session(session, user, now, access_sessions.Seat())
        client = self.app.test_client()
        client.set_cookie("musterroll", token)
        return client

    def bearer(self, scope: str, within: list[str] | None = None) -> dict[str, str]:
        with self.database.transaction() as session:
            facts: dict[str, Any] = {"label": scope, "scopes": [scope], "expires_at": None, "actor": "test", "now": datetime.now(UTC)}
            return {"Authorization": f"Bearer {api_tokens.create(session, **facts, within=within)[1]}"}


def built(database: Database, folder: Path) -> House:
    roll.fill(database, datetime.now(UTC))
    return House(create_app(Settings(data_dir=folder), database, Metrics()), database)


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> House:
    return built(sqlite_database, tmp_path)


@pytest.fixture
def either_house(database: Database, tmp_path: Path) -> House:
    """On SQLite, and again on PostgreSQL."""
    return built(database, tmp_path)


def opened_by_nothing(house: House) -> None:
    """Behind each guard stands only a word, so that every address can be asked without anything being done."""
    for endpoint, view in house.app.view_functions.items():
        if endpoint not in PUBLIC:
            house.app.view_functions[endpoint] = _let_in(view)


def _let_in(view: Callable[..., Any]) -> Callable[..., Any]:
    def word(*args: Any, **kwargs: Any) -> Any:
        return "let in", 299

    word.__dict__.update(view.__dict__)
    return word


def form_token(client: FlaskClient) -> dict[str, str]:
    with client:
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in", follow_redirects=True).text)
    assert found
    return {"X-CSRFToken": found[1]}


def test_whatever_changes_something_says_who_may(house: House) -> None:
    assert [
        route for route in house.routes() if route.method not in ASKING and not marked(house.app.view_functions[route.rule.endpoint])
    ] == []


def test_a_stranger_is_let_in_nowhere(house: House) -> None:
    opened_by_nothing(house)
    client = house.app.test_client()
    token = form_token(client)
    for route in house.routes():
        answer = client.open(route.address(), method=route.method, headers=token)
        assert answer.status_code == (401 if route.of_api else 302), route


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("within", [None, [OWN]], ids=["everywhere", "limited"])
def test_a_person_is_let_in_where_the_role_allows_and_else_there_is_nothing(house: House, role: Role, within: list[str] | None) -> None:
    if within and role is Role.ADMIN:
        pytest.skip("an admin is never limited")
    client = house.client(role, within)
    token = {"X-CSRFToken": re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)[0]}
    opened_by_nothing(house)
    for route in house.routes():
        answer = client.open(route.address(), method=route.method, headers=token)
        assert answer.status_code in (LET_IN if may(role, within is not None, route.need) else (404,)), route


@pytest.mark.parametrize("scope", api_tokens.SCOPES)
@pytest.mark.parametrize("within", [None, [OWN]], ids=["everywhere", "limited"])
def test_a_program_is_let_in_where_its_scope_and_accounts_allow(house: House, scope: str, within: list[str] | None) -> None:
    if within and scope == "admin":
        pytest.skip("an admin is never limited")
    headers = house.bearer(scope, within)
    opened_by_nothing(house)
    for route in house.routes():
        if route.of_api:
            wanted = "admin" if route.need.role is Role.ADMIN else "read" if route.method in ASKING else "write"
            expected = (403,) if wanted != scope else (404,) if within and route.need.everywhere else LET_IN
            assert house.app.test_client().open(route.address(), method=route.method, headers=headers).status_code in expected, route


def test_without_our_form_token_a_person_changes_nothing(house: House) -> None:
    client = house.client(Role.ADMIN)
    opened_by_nothing(house)
    for route in house.routes():
        if route.method not in ASKING:
            assert client.open(route.address(), method=route.method).status_code in (400, 401), route


def named(house: House, account: str) -> dict[str, list[str]]:
    """What addresses can name of an account, by the name of the variable (and the collection it stands in)."""
    client, headers = house.app.test_client(), house.bearer("read")

    def keys(address: str, key: str) -> list[str]:
        return [str(item[key]) for item in client.get(f"/api/v1/{address}", headers=headers).json["items"]]

    return {
        "uid": keys(f"units?account={account}&limit=3", "id"),
        "accounts/ref": [account],
        "sites/ref": keys(f"sites?account={account}", "ref"),
        "contracts/ref": keys(f"contracts?account={account}", "ref"),
        "findings/number": keys(f"findings?account={account}&limit=3", "id"),
    }


# Variables of addresses that name nothing of an account's.
OF_NOBODY = {"key", "month", "step", "products/number", "plans/name"}


def things(house: House, account: str) -> Iterator[str]:
    """Addresses to read that name something of an account."""
    known = named(house, account)
    for route in house.routes():
        collection = route.rule.rule.split("/<")[0].rsplit("/", 1)[-1]
        names = [name for name in route.rule._converters if not OF_NOBODY & {name, f"{collection}/{name}"}]
        if route.method != "GET" or route.need.everywhere or not names:
            continue
        assert len(names) == 1, f"{route.rule.rule} names several things: say what here"
        values = known.get(names[0]) or known.get(f"{collection}/{names[0]}")
        assert values, f"{route.rule.rule} names what this test does not know: say what here"
        yield from (re.sub(r"<[^<>]*>", value, route.rule.rule) for value in values)


def test_things_of_another_account_are_not_there(house: House) -> None:
    limited, unlimited = house.client(Role.TECHNICIAN, [OWN]), house.client(Role.TECHNICIAN)
    for account, there in ((OWN, True), (OTHERS[0], False)):
        addresses = list(things(house, account))
        assert len(addresses) > 10
        for address in addresses:
            assert unlimited.get(address, follow_redirects=True).status_code == 200, address
            assert limited.get(address, follow_redirects=True).status_code == (200 if there else 404), address


def lists(house: House, client: FlaskClient) -> Iterator[str]:
    """Addresses of what is about many accounts, asked in several ways."""
    segments = [one["key"] for one in client.get("/api/v1/segments").json["items"]]
    for route in house.routes():
        if route.method == "GET" and route.need.role is not Role.ADMIN and not route.need.everywhere:
            for query in ("", "?limit=500", "?format=csv", f"?code={roll.STALE}", "?text=S", f"?account={OTHERS[0]}", "?format=xlsx"):
                if not route.rule._converters:
                    yield route.rule.rule + query
            if "key" in route.rule._converters:
                yield from (route.rule.rule.replace("<key>", segment) for segment in segments)


def text_of(answer: TestResponse) -> str:
    """All an answer says, a workbook's sheets too."""
    if not answer.data.startswith(b"PK"):
        return answer.text
    with ZipFile(BytesIO(answer.data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def test_no_page_list_or_file_tells_anything_of_another_account(either_house: House) -> None:
    limited, unlimited = either_house.client(Role.PLANNER, [OWN]), either_house.client(Role.PLANNER)
    told = 0
    for address in lists(either_house, unlimited):
        mine, everything = limited.get(address), unlimited.get(address)
        echoed = address.partition("?")[2]
        assert [word for word in FOREIGN if word in text_of(mine) and word not in echoed] == [], address
        assert mine.status_code < 500, address
        told += any(word in text_of(everything) for word in FOREIGN if word not in echoed)
    assert told > 20  # or the test looks for words that stand nowhere


def test_counts_of_a_limited_person_are_of_what_is_listed(house: House) -> None:
    limited = house.client(Role.VIEWER, [OWN])
    units = limited.get("/api/v1/units?limit=500").json["items"]
    counts = limited.get("/api/v1/installed-base").json
    assert counts["registered"] == len(units) > 0
    assert limited.get("/api/v1/reconciliation/counts").json["units"] == len(units)
    assert limited.get("/api/v1/reconciliation").json["units"] == len(units)


def test_a_limited_person_acts_on_his_own_units_and_moves_none_elsewhere(house: House) -> None:
    headers, limited = house.bearer("read"), house.bearer("write", [OWN])
    client = house.app.test_client()

    def unit_of(account: str) -> str:
        found: str = client.get(f"/api/v1/units?account={account}&lifecycle=deployed", headers=headers).json["items"][0]["id"]
        return found

    mine, theirs = unit_of(OWN), unit_of(OTHERS[0])
    for body in ({"to": "retired"}, {"to": "deployed", "account": OWN}):
        assert client.post(f"/api/v1/units/{theirs}/moves", json=body, headers=limited).status_code == 404
    for place in ({"account": OTHERS[0]}, {"site": "S00002"}):
        assert client.post(f"/api/v1/units/{mine}/moves", json={"to": "deployed", **place}, headers=limited).status_code in (404, 409, 422)
    assert client.post(f"/api/v1/units/{mine}/replacement", json={"by": theirs}, headers=limited).status_code == 404
    assert client.post(f"/api/v1/units/{mine}/moves", json={"to": "returned"}, headers=limited).status_code == 200
    assert client.get(f"/api/v1/units/{mine}", headers=headers).json["lifecycle"] == "returned"
    assert client.get(f"/api/v1/units/{theirs}", headers=headers).json["lifecycle"] == "deployed"


def test_the_menu_offers_what_a_person_may_open_and_nothing_else(house: House) -> None:
    views = {rule.rule: house.app.view_functions[rule.endpoint] for rule in house.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    for entry in menu.ENTRIES:
        assert need_of(views[entry.address], asks=True) == Need(entry.needs, entry.everywhere or entry.needs is Role.ADMIN), entry


def test_the_fleet_has_the_accounts_these_tests_speak_of(house: House) -> None:
    with house.database.snapshot() as session:
        assert {OWN, *OTHERS} <= set(session.exec(select(Account.ref)))
    assert require_person in house.app.before_request_funcs["in"]

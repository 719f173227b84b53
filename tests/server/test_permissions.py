"""Every route, for every role, with and without limited accounts; generated from the URL map, so that no new page is forgotten."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zipfile import ZipFile

import duckdb
import pytest
from flask import Flask
from flask.testing import FlaskClient
from musterroll.domain.access import Need, Role, marked, may, need_of
from musterroll.domain.contacts.customer_page import CustomerPage, Part
from musterroll.domain.liveness.outages import GroupKind
from musterroll.domain.segments.outcomes import HandOverWay
from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.liveness import Outage
from musterroll.storage.tables.segments import HandOver, HandOverAccount, SegmentMember
from musterroll.storage.tables.targets import Target
from musterroll.storage.tables.units import Incident, Unit
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.access import users as access_users
from musterroll.usecases.contacts import customer_page
from musterroll.web.http import menu
from musterroll.web.http.sign_in import require_sign_in
from sqlmodel import select
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, IntegerConverter
from werkzeug.test import TestResponse

from tests.support import sample_fleet

# Public: these show nothing of the fleet, or require a secret of their own.
PUBLIC = {"assets", "worker", "theme.choose", "sign_in.form", "sign_in.sign_in", "sign_in.sign_out"}
PUBLIC |= {"oidc.start", "oidc.callback", "calendar_feed.read", "device-enrolment.enroll", "device-enrolment.credential"}
PUBLIC |= {"unsubscribe.ask", "unsubscribe.unsubscribe", "visitor.show", "visitor.report"}  # their links are signed
PUBLIC |= {"moved_addresses.moved"}  # only redirects
PUBLIC |= {"health.livez", "health.healthz", "health.readyz", "health.metrics"}
PUBLIC |= {"docs.docs", "docs.static", "docs.openapi", "docs.asyncapi"}

OWN, OTHERS = "A00001", ("A00002", "A00003")
FOREIGN = ("Skerry Pumps", "Larkspur", "Cork 2", "Lyon Nord", *OTHERS, "S00002", "S00003", "C-102", "C-103", "C-104", "C-105")
FOREIGN += (sample_fleet.STALE, sample_fleet.LATE, "T-4711")
ASKING = ("GET", "HEAD", "OPTIONS")
PERMITTED = (299, 415)  # 415: a view that reads a file rejects the empty body first


class Route(NamedTuple):
    method: str
    rule: Rule
    need: Need

    @property
    def of_api(self) -> bool:
        return self.rule.rule.startswith("/api/")

    def address(self) -> str:
        """An address of this route; the records in it need not exist."""
        path = self.rule.rule
        for name, converter in self.rule._converters.items():
            value = "1" if isinstance(converter, IntegerConverter) else "x"
            if isinstance(converter, AnyConverter):
                value = re.findall(r"any\(\s*(\w+)", path)[0]
            path = re.sub(rf"<(?:[^:<>]+(?:\([^)]*\))?:)?{name}>", value, path)
        return path


class Server(NamedTuple):
    app: Flask
    database: Database

    def routes(self) -> Iterator[Route]:
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint not in PUBLIC:
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    yield Route(method, rule, need_of(self.app.view_functions[rule.endpoint], method in ASKING))

    def client(self, role: Role, within: list[str] | None = None) -> FlaskClient:
        """A client signed in with this role."""
        now, name = datetime.now(UTC), f"{role} of {within or 'all'}"
        with self.database.transaction() as session:
            user = access_users.create(session, name, role, access_users.account_ids(session, role, within), actor="test", now=now)
            token = access_sessions.open_session(session, user, now, access_sessions.ClientInfo())
        client = self.app.test_client()
        client.set_cookie("musterroll", token)
        return client

    def bearer(self, scope: str, within: list[str] | None = None) -> dict[str, str]:
        with self.database.transaction() as session:
            facts: dict[str, Any] = {"label": scope, "scopes": [scope], "expires_at": None, "actor": "test", "now": datetime.now(UTC)}
            return {"Authorization": f"Bearer {api_tokens.create(session, **facts, within=within)[1]}"}


def built(database: Database, folder: Path) -> Server:
    sample_fleet.fill(database, datetime.now(UTC))
    with database.transaction() as session:
        customer_page.set_page(session, CustomerPage(frozenset(Part), "Call us."), "test", datetime.now(UTC))
        for account in session.exec(select(Account)):
            target = {
                "measure": "coverage_rate",
                "scope": "account",
                "key": str(account.id),
                "period": "month",
                "from_on": date(2026, 1, 1),
            }
            session.add(Target(**target, account_id=account.id, value=Decimal(90), set_at=0, set_by="test"))
            unit = session.exec(select(Unit).where(Unit.account_id == account.id)).first()
            session.add(Incident(ref=f"T-{account.ref}", unit_id=unit and unit.id, account_id=account.id, opened_on=date(2026, 1, 1)))
            session.add(Outage(kind=GroupKind.ACCOUNT, key="", name="", account_id=account.id, since=0, noticed_at=0, silent=3, units=3))
            handed = HandOver(segment="lapsed", name="Lapsed", handed_at=0, handed_by="admin", way=HandOverWay.EXPORT, receiver=account.ref)
            session.add(handed)
            session.flush()
            of = {"account_id": account.id, "units": 1, "priced": 0, "why": f"of {account.name}"}
            session.add(HandOverAccount(hand_over_id=handed.id, **of))
            session.add(
                SegmentMember(segment="lapsed", account_id=account.id, units=1, priced=0, why=account.name, entered_on=date(2026, 1, 1))
            )
    return Server(create_app(Settings(data_dir=folder, public_url="http://roll.example"), database, Metrics()), database)


@pytest.fixture
def server(sqlite_database: Database, tmp_path: Path) -> Server:
    return built(sqlite_database, tmp_path)


@pytest.fixture
def either_server(database: Database, tmp_path: Path) -> Server:
    """On SQLite, and again on PostgreSQL."""
    return built(database, tmp_path)


def opened_by_nothing(server: Server) -> None:
    """Replaces every view by a constant answer, so that every address can be requested without effect."""
    for endpoint, view in server.app.view_functions.items():
        if endpoint not in PUBLIC:
            server.app.view_functions[endpoint] = _skip(view)


def _skip(view: Callable[..., Any]) -> Callable[..., Any]:
    def word(*args: Any, **kwargs: Any) -> Any:
        return "let in", 299

    word.__dict__.update(view.__dict__)
    return word


def form_token(client: FlaskClient) -> dict[str, str]:
    with client:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in", follow_redirects=True).text)
    assert token
    return {"X-CSRFToken": token[1]}


def test_whatever_changes_something_says_who_may(server: Server) -> None:
    assert [
        route for route in server.routes() if route.method not in ASKING and not marked(server.app.view_functions[route.rule.endpoint])
    ] == []


def test_a_stranger_is_let_in_nowhere(server: Server) -> None:
    opened_by_nothing(server)
    client = server.app.test_client()
    token = form_token(client)
    for route in server.routes():
        answer = client.open(route.address(), method=route.method, headers=token)
        assert answer.status_code == (401 if route.of_api else 302), route


@pytest.mark.parametrize(
    ("role", "within"), [*((role, None) for role in Role), *((role, [OWN]) for role in Role if role is not Role.ADMIN)]
)
def test_a_person_is_let_in_where_the_role_allows_and_else_there_is_nothing(server: Server, role: Role, within: list[str] | None) -> None:
    client = server.client(role, within)
    token = {"X-CSRFToken": re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)[0]}
    opened_by_nothing(server)
    for route in server.routes():
        answer = client.open(route.address(), method=route.method, headers=token)
        assert answer.status_code in (PERMITTED if may(role, within is not None, route.need) else (404,)), route


@pytest.mark.parametrize(
    ("scope", "within"),
    [*((scope, None) for scope in api_tokens.SCOPES), *((scope, [OWN]) for scope in api_tokens.SCOPES if scope != "admin")],
)
def test_a_program_is_let_in_where_its_scope_and_accounts_allow(server: Server, scope: str, within: list[str] | None) -> None:
    headers = server.bearer(scope, within)
    opened_by_nothing(server)
    for route in server.routes():
        if route.of_api:
            wanted = "admin" if route.need.role is Role.ADMIN else "read" if route.method in ASKING else "write"
            expected = (403,) if scope not in (wanted, "admin") else (404,) if within and route.need.everywhere else PERMITTED
            assert server.app.test_client().open(route.address(), method=route.method, headers=headers).status_code in expected, route


def test_without_our_form_token_a_person_changes_nothing(server: Server) -> None:
    client = server.client(Role.ADMIN)
    opened_by_nothing(server)
    for route in server.routes():
        if route.method not in ASKING:
            assert client.open(route.address(), method=route.method).status_code in (400, 401), route


def named(server: Server, account: str) -> dict[str, list[str]]:
    """What addresses can name of an account, by the name of the variable (and the collection it stands in)."""
    client, headers = server.app.test_client(), server.bearer("read")

    def items(address: str) -> list[Any]:
        return list(client.get(f"/api/v1/{address}", headers=headers).json["items"])

    def keys(address: str, key: str) -> list[str]:
        return [str(item[key]) for item in items(address)]

    return {
        "uid": keys(f"units?account={account}&limit=3", "id"),
        "accounts/ref": [account],
        "sites/ref": keys(f"sites?account={account}", "ref"),
        "incidents/ref": keys(f"incidents?account={account}", "ref"),
        "contracts/ref": keys(f"contracts?account={account}", "ref"),
        "hand-overs/number": [str(item["number"]) for item in items("segments/lapsed/hand-overs") if item["receiver"] == account],
        "outages/number": [str(item["id"]) for item in items("outages") if item["account"]["ref"] == account],
        "targets/number": [str(item["id"]) for item in items("targets") if item["key"] == account],
        "findings/number": keys(f"findings?account={account}&limit=3", "id"),
    }


# Variables that name no record of an account.
OF_NOBODY = {"key", "month", "step", "products/number", "plans/name", "reliability/product_id"}


def things(server: Server, account: str) -> Iterator[str]:
    """Addresses of GET requests for a record of an account."""
    known = named(server, account)
    for route in server.routes():
        collection = route.rule.rule.split("/<")[0].rsplit("/", 1)[-1]
        names = [name for name in route.rule._converters if not OF_NOBODY & {name, f"{collection}/{name}"}]
        if route.method != "GET" or route.need.everywhere or not names:
            continue
        assert len(names) == 1, f"{route.rule.rule} names several things: say what here"
        values = known.get(names[0]) or known.get(f"{collection}/{names[0]}")
        assert values, f"{route.rule.rule} names what this test does not know: say what here"
        yield from (re.sub(r"<[^<>]*>", value, route.rule.rule) for value in values)


def test_things_of_another_account_are_not_there(server: Server) -> None:
    limited, unlimited = server.client(Role.PLANNER, [OWN]), server.client(Role.PLANNER)
    for account, there in ((OWN, True), (OTHERS[0], False)):
        addresses = list(things(server, account))
        assert len(addresses) > 10
        for address in addresses:
            assert unlimited.get(address, follow_redirects=True).status_code == 200, address
            assert limited.get(address, follow_redirects=True).status_code == (200 if there else 404), address


def lists(server: Server, client: FlaskClient) -> Iterator[str]:
    """Addresses of lists over many accounts, with several queries."""
    segments = [segment["key"] for segment in client.get("/api/v1/segments").json["items"]]
    for route in server.routes():
        if route.method == "GET" and route.need.role is not Role.ADMIN and not route.need.everywhere:
            for query in (
                "",
                "?limit=500",
                "?format=csv",
                f"?code={sample_fleet.STALE}",
                "?text=S",
                f"?account={OTHERS[0]}",
                "?format=xlsx",
            ):
                if not route.rule._converters:
                    yield route.rule.rule + query
            if "key" in route.rule._converters:
                yield from (route.rule.rule.replace("<key>", segment) for segment in segments)


def text_of(answer: TestResponse) -> str:
    """All text of an answer, including the sheets of a workbook and the Parquet tables of an archive."""
    if not answer.data.startswith(b"PK"):
        return answer.text
    with ZipFile(BytesIO(answer.data)) as book, TemporaryDirectory() as folder:
        tables = [book.extract(name, folder) for name in book.namelist() if name.endswith(".parquet")]
        cells = "".join(str(duckdb.sql(f"FROM '{table}'").fetchall()) for table in tables)
        return cells + "".join(book.read(name).decode() for name in book.namelist() if not name.endswith(".parquet"))


def test_no_page_list_or_file_tells_anything_of_another_account(either_server: Server) -> None:
    limited, unlimited = either_server.client(Role.PLANNER, [OWN]), either_server.client(Role.PLANNER)
    differing = 0
    for address in lists(either_server, unlimited):
        mine, everything = limited.get(address), unlimited.get(address)
        echoed = address.partition("?")[2]
        assert [word for word in FOREIGN if word in text_of(mine) and word not in echoed] == [], address
        assert mine.status_code < 500, address
        differing += any(word in text_of(everything) for word in FOREIGN if word not in echoed)
    assert differing > 20  # or the test searches for words that appear nowhere


def test_counts_of_a_limited_person_are_of_what_is_listed(server: Server) -> None:
    limited = server.client(Role.VIEWER, [OWN])
    units = limited.get("/api/v1/units?limit=500").json["items"]
    counts = limited.get("/api/v1/installed-base").json
    assert counts["registered"] == len(units) > 0
    assert limited.get("/api/v1/reconciliation/counts").json["units"] == len(units)
    assert limited.get("/api/v1/reconciliation").json["units"] == len(units)


def test_a_limited_person_acts_on_their_own_units_and_moves_none_elsewhere(server: Server) -> None:
    headers, limited = server.bearer("read"), server.bearer("write", [OWN])
    client = server.app.test_client()

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


def test_the_menu_offers_what_a_person_may_open_and_nothing_else(server: Server) -> None:
    views = {
        rule.rule: server.app.view_functions[rule.endpoint] for rule in server.app.url_map.iter_rules() if "GET" in (rule.methods or ())
    }
    for entry in menu.ENTRIES:
        assert need_of(views[entry.address], asks=True) == Need(entry.needs, entry.everywhere or entry.needs is Role.ADMIN), entry


def test_the_fleet_has_the_accounts_these_tests_speak_of(server: Server) -> None:
    with server.database.snapshot() as session:
        assert {OWN, *OTHERS} <= set(session.exec(select(Account.ref)))
    assert require_sign_in in server.app.before_request_funcs["pages"]

from datetime import datetime

import pytest
from musterroll.domain.values.instants import to_ms
from musterroll.storage.tables.messages import DurableMessage, QuarantinedMessage
from musterroll.usecases.messages.receive import Batch, receive
from musterroll_wire.messages import Heartbeat, decode, encode
from musterroll_wire.vitals import VITAL_NAMES, VITALS

from tests.server.api.conftest import RestClient, clock
from tests.support.reporting import enrol
from tests.support.unit_rows import listening, place, unit


@pytest.fixture
def read(rest: RestClient) -> dict[str, str]:
    return rest.bearer("read", "write", "admin")


def test_look_up_answers_exact_units_and_separate_twins(rest: RestClient, read: dict[str, str]) -> None:
    with rest.database.transaction() as session:
        unit(session, "SN-10")
        unit(session, "SNI0")
    result = rest.client.get("/api/v1/lookup?code=sn 10", headers=read).json
    assert (result["key"], [card["serial"] for card in result["units"]], [card["serial"] for card in result["twins"]]) == (
        "SN10",
        ["SN-10"],
        ["SNI0"],
    )
    nothing = rest.client.get("/api/v1/lookup?code=%00", headers=read)
    assert nothing.status_code == 422


def test_a_unit_tells_its_place_and_its_state_in_rfc_3339(rest: RestClient, read: dict[str, str]) -> None:
    at = clock()
    with rest.database.transaction() as session:
        listening(session, 0, to_ms(at))
        account, site = place(session, "A1", "S1")
        row = unit(session, "SN1", account_id=account, site_id=site, status={"heard_at": to_ms(at), "cpu": 7})
    body = rest.client.get(f"/api/v1/units/{row.uid}", headers=read).json
    assert (body["liveness"], body["account"], body["vitals"]["cpu"]) == ("operating", {"ref": "A1", "name": "A1"}, 7)
    assert abs((datetime.fromisoformat(body["heard_at"]) - at).total_seconds()) < 0.01


def test_every_vital_of_a_heartbeat_is_in_the_answer_by_name(rest: RestClient, read: dict[str, str]) -> None:
    readings = {name: number for number, name in enumerate(VITAL_NAMES, 20)}
    (reporter,) = enrol(rest.database)
    for sent, answered in ((readings, readings), ({}, dict.fromkeys(VITAL_NAMES))):
        at = clock()
        message = decode("heartbeat", encode(reporter.heartbeat(beat=at.microsecond, epoch=to_ms(at), vitals=sent)))
        assert isinstance(message, Heartbeat)
        with rest.database.transaction() as session:
            receive(session, Batch([reporter.arrival(message)]), at)
        vitals = rest.client.get(f"/api/v1/units/{reporter.uid}", headers=read).json["vitals"]
        assert {name: value for name, value in vitals.items() if name in VITAL_NAMES} == answered


def test_the_published_schema_describes_every_vital(small_rest: RestClient) -> None:
    fields = small_rest.client.get("/openapi.json").json["components"]["schemas"]["Vitals"]["properties"]
    assert [name for name in fields if name in VITAL_NAMES] == list(VITAL_NAMES)
    assert all(fields[vital.name]["description"].lower() == f"{vital.description}.".lower() for vital in VITALS)


def test_paging_visits_every_unit_once(rest: RestClient, read: dict[str, str]) -> None:
    with rest.database.transaction() as session:
        serials = sorted(unit(session, f"SN{n:03}").serial for n in range(12))
    seen: list[str] = []
    query = "limit=5"
    while query:
        page = rest.client.get(f"/api/v1/units?{query}", headers=read).json
        seen += [item["serial"] for item in page["items"]]
        query = f"limit=5&cursor={page['next']}" if page["next"] else ""
    assert seen == serials


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "cursor=x", "lifecycle=lost", "liveness=alive", "staate=stock", "text=%00", "account=%00"]
)
def test_a_filter_that_means_nothing_is_refused_and_named(rest: RestClient, read: dict[str, str], query: str) -> None:
    answer = rest.client.get(f"/api/v1/units?{query}", headers=read)
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json["detail"]


def test_history_and_messages_page_newest_first(rest: RestClient, read: dict[str, str]) -> None:
    with rest.database.transaction() as session:
        uid = unit(session, "SN1", status={"heard_at": 1}).uid
        row = unit(session, "SN2")
        for seq in range(3):
            session.add(DurableMessage(unit_id=row.id, epoch=1, seq=seq, about="event", at=1, received_at=1000, body="{}"))
    for method in ("post", "delete"):
        assert getattr(rest.client, method)(f"/api/v1/units/{uid}/hold", headers=read).status_code == 200
    first = rest.client.get(f"/api/v1/units/{uid}/history?limit=1", headers=read).json
    following = rest.client.get(f"/api/v1/units/{uid}/history?limit=1&cursor={first['next']}", headers=read).json
    assert [first["items"][0]["old"], following["items"][0]["new"], following["next"]] == ["held", "held", None]
    assert first["items"][0]["actor"] == "token test"
    page = rest.client.get(f"/api/v1/units/{row.uid}/messages?limit=2", headers=read).json
    assert [message["seq"] for message in page["items"]] == [2, 1]
    last = rest.client.get(f"/api/v1/units/{row.uid}/messages?limit=2&cursor={page['next']}", headers=read).json
    assert [message["seq"] for message in last["items"]] == [0]


@pytest.mark.parametrize("path", ["units/gone", "units/gone/history", "units/gone/messages"])
def test_a_unit_that_is_not_on_the_roll_is_404(rest: RestClient, read: dict[str, str], path: str) -> None:
    assert rest.client.get(f"/api/v1/{path}", headers=read).status_code == 404
    assert rest.client.post("/api/v1/units/gone/hold", headers=read).status_code == 404


def test_the_installed_base_adds_up(rest: RestClient, read: dict[str, str]) -> None:
    with rest.database.transaction() as session:
        listening(session, 0, to_ms(clock()))
        unit(session, "SN1", lifecycle="deployed", status={"heard_at": to_ms(clock())})
        unit(session, "SN2", lifecycle="deployed")
        unit(session, "SN3", lifecycle="stock")
    base = rest.client.get("/api/v1/installed-base", headers=read).json
    assert (base["registered"], base["deployed"], base["operating"]) == (3, 2, 1)
    assert sum(base["lifecycle"].values()) == sum(base["liveness"].values()) == 3


def test_quarantine_pages_and_keeps_the_bytes(rest: RestClient, read: dict[str, str]) -> None:
    with rest.database.transaction() as session:
        for n in range(3):
            session.add(QuarantinedMessage(at=1000, topic="t", code="not_json", detail=f"no {n}", size=2, payload=b"\x00\xff"))
            session.flush()
    page = rest.client.get("/api/v1/quarantine?limit=2", headers=read).json
    assert [message["detail"] for message in page["items"]] == ["no 2", "no 1"]
    assert page["items"][0]["payload"] == "AP8="
    assert len(rest.client.get(f"/api/v1/quarantine?limit=2&cursor={page['next']}", headers=read).json["items"]) == 1


def test_a_reporting_interval_is_set_shown_beside_the_reported_one_and_undone(rest: RestClient, read: dict[str, str]) -> None:
    with rest.database.transaction() as session:
        uid = unit(session, "SN1", status={"interval": 60}).uid
    address = f"/api/v1/units/{uid}"
    change = rest.client.put(f"{address}/interval", json={"seconds": 3600}, headers=read)
    assert change.status_code == 200
    shown = rest.client.get(address, headers=read).json
    assert (shown["interval"], shown["interval_set"]) == (60, 3600)
    assert rest.client.put(f"{address}/interval", json={"seconds": 4}, headers=read).status_code == 422
    assert rest.client.post(f"/api/v1/changes/{change.json['id']}/undo", json={}, headers=read).status_code == 200
    assert rest.client.get(address, headers=read).json["interval_set"] is None

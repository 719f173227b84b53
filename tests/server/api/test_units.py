from datetime import datetime

import pytest
from musterroll.domain.values.instants import to_ms
from musterroll.storage.tables.messages import DurableMessage, QuarantinedMessage
from musterroll.usecases.messages.receive import Batch, receive
from musterroll_wire.messages import Heartbeat, decode, encode
from musterroll_wire.vitals import VITAL_NAMES, VITALS

from tests.server.api.conftest import Door, clock
from tests.support.reporting import enrol
from tests.support.rolls import listening, place, unit


@pytest.fixture
def read(door: Door) -> dict[str, str]:
    return door.bearer("read", "write", "admin")


def test_look_up_answers_exact_units_and_separate_twins(door: Door, read: dict[str, str]) -> None:
    with door.database.transaction() as session:
        unit(session, "SN-10")
        unit(session, "SNI0")
    found = door.client.get("/api/v1/lookup?code=sn 10", headers=read).json
    assert (found["key"], [one["serial"] for one in found["units"]], [one["serial"] for one in found["twins"]]) == (
        "SN10",
        ["SN-10"],
        ["SNI0"],
    )
    nothing = door.client.get("/api/v1/lookup?code=%00", headers=read)
    assert nothing.status_code == 422


def test_a_unit_tells_its_place_and_its_state_in_rfc_3339(door: Door, read: dict[str, str]) -> None:
    at = clock()
    with door.database.transaction() as session:
        listening(session, 0, to_ms(at))
        account, site = place(session, "A1", "S1")
        made = unit(session, "SN1", account_id=account, site_id=site, status={"heard_at": to_ms(at), "cpu": 7})
    told = door.client.get(f"/api/v1/units/{made.uid}", headers=read).json
    assert (told["liveness"], told["account"], told["vitals"]["cpu"]) == ("operating", {"ref": "A1", "name": "A1"}, 7)
    assert abs((datetime.fromisoformat(told["heard_at"]) - at).total_seconds()) < 0.01


def test_every_vital_of_a_heartbeat_is_in_the_answer_by_name(door: Door, read: dict[str, str]) -> None:
    readings = {name: number for number, name in enumerate(VITAL_NAMES, 20)}
    (reporter,) = enrol(door.database)
    for sent, answered in ((readings, readings), ({}, dict.fromkeys(VITAL_NAMES))):
        at = clock()
        message = decode("heartbeat", encode(reporter.heartbeat(beat=at.microsecond, epoch=to_ms(at), vitals=sent)))
        assert isinstance(message, Heartbeat)
        with door.database.transaction() as session:
            receive(session, Batch([reporter.arrival(message)]), at)
        vitals = door.client.get(f"/api/v1/units/{reporter.uid}", headers=read).json["vitals"]
        assert {name: value for name, value in vitals.items() if name in VITAL_NAMES} == answered


def test_the_published_schema_describes_every_vital(small_door: Door) -> None:
    fields = small_door.client.get("/openapi.json").json["components"]["schemas"]["Vitals"]["properties"]
    assert [name for name in fields if name in VITAL_NAMES] == list(VITAL_NAMES)
    assert all(fields[vital.name]["description"].lower() == f"{vital.description}.".lower() for vital in VITALS)


def test_paging_visits_every_unit_once(door: Door, read: dict[str, str]) -> None:
    with door.database.transaction() as session:
        made = sorted(unit(session, f"SN{n:03}").serial for n in range(12))
    seen: list[str] = []
    query = "limit=5"
    while query:
        page = door.client.get(f"/api/v1/units?{query}", headers=read).json
        seen += [one["serial"] for one in page["items"]]
        query = f"limit=5&cursor={page['next']}" if page["next"] else ""
    assert seen == made


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "cursor=x", "lifecycle=lost", "liveness=alive", "staate=stock", "text=%00", "account=%00"]
)
def test_a_filter_that_means_nothing_is_refused_and_named(door: Door, read: dict[str, str], query: str) -> None:
    answer = door.client.get(f"/api/v1/units?{query}", headers=read)
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json["detail"]


def test_history_and_messages_page_newest_first(door: Door, read: dict[str, str]) -> None:
    with door.database.transaction() as session:
        uid = unit(session, "SN1", status={"heard_at": 1}).uid
        row = unit(session, "SN2")
        for seq in range(3):
            session.add(DurableMessage(unit_id=row.id, epoch=1, seq=seq, about="event", at=1, received_at=1000, body="{}"))
    for method in ("post", "delete"):
        assert getattr(door.client, method)(f"/api/v1/units/{uid}/hold", headers=read).status_code == 200
    first = door.client.get(f"/api/v1/units/{uid}/history?limit=1", headers=read).json
    rest = door.client.get(f"/api/v1/units/{uid}/history?limit=1&cursor={first['next']}", headers=read).json
    assert [first["items"][0]["old"], rest["items"][0]["new"], rest["next"]] == ["held", "held", None]
    assert first["items"][0]["actor"] == "token test"
    page = door.client.get(f"/api/v1/units/{row.uid}/messages?limit=2", headers=read).json
    assert [one["seq"] for one in page["items"]] == [2, 1]
    last = door.client.get(f"/api/v1/units/{row.uid}/messages?limit=2&cursor={page['next']}", headers=read).json
    assert [one["seq"] for one in last["items"]] == [0]


@pytest.mark.parametrize("path", ["units/gone", "units/gone/history", "units/gone/messages"])
def test_a_unit_that_is_not_on_the_roll_is_404(door: Door, read: dict[str, str], path: str) -> None:
    assert door.client.get(f"/api/v1/{path}", headers=read).status_code == 404
    assert door.client.post("/api/v1/units/gone/hold", headers=read).status_code == 404


def test_the_installed_base_adds_up(door: Door, read: dict[str, str]) -> None:
    with door.database.transaction() as session:
        listening(session, 0, to_ms(clock()))
        unit(session, "SN1", lifecycle="deployed", status={"heard_at": to_ms(clock())})
        unit(session, "SN2", lifecycle="deployed")
        unit(session, "SN3", lifecycle="stock")
    base = door.client.get("/api/v1/installed-base", headers=read).json
    assert (base["registered"], base["deployed"], base["operating"]) == (3, 2, 1)
    assert sum(base["lifecycle"].values()) == sum(base["liveness"].values()) == 3


def test_quarantine_pages_and_keeps_the_bytes(door: Door, read: dict[str, str]) -> None:
    with door.database.transaction() as session:
        for n in range(3):
            session.add(QuarantinedMessage(at=1000, topic="t", code="not_json", detail=f"no {n}", size=2, payload=b"\x00\xff"))
            session.flush()
    page = door.client.get("/api/v1/quarantine?limit=2", headers=read).json
    assert [one["detail"] for one in page["items"]] == ["no 2", "no 1"]
    assert page["items"][0]["payload"] == "AP8="
    assert len(door.client.get(f"/api/v1/quarantine?limit=2&cursor={page['next']}", headers=read).json["items"]) == 1

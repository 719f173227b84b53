"""Notification rules, events and messages over REST."""

from datetime import UTC, datetime
from typing import Any

from musterroll.channels import CHANNELS
from musterroll.runtime.outbox_sender import OutboxSender
from musterroll.settings import Settings
from musterroll.storage.tables.notifications import EventRow

from tests.server.api.conftest import RestClient
from tests.support.receivers import Hook

BODY: dict[str, Any] = {"name": "Ours", "way": "webhook", "kinds": ["stale"], "quiet_from": 0, "quiet_until": 1}


def test_a_rule_is_created_tested_paused_and_removed_over_rest(rest: RestClient) -> None:
    headers, client = rest.bearer("admin", "read", "write"), rest.client
    with Hook().open() as hook:
        created = client.post("/api/v1/notification-rules", json={**BODY, "address": hook.url}, headers=headers)
        assert created.status_code == 201
        assert created.json["secret"].startswith("whsec_")
        number = created.json["id"]
        assert "secret" not in client.get("/api/v1/notification-rules", headers=headers).json["items"][0]
        assert client.post(f"/api/v1/notification-rules/{number}/test", headers=headers).status_code == 202
        OutboxSender(rest.database, Settings(webhook_hosts=["localhost"])).send(datetime.now(UTC))
        assert hook.reach(1)
    (message,) = client.get("/api/v1/notifications?state=sent", headers=headers).json["items"]
    assert (message["rule"], message["state"], message["attempts"], message["test"]) == (number, "sent", 1, True)
    assert client.post(f"/api/v1/notifications/{message['id']}/retry", headers=headers).status_code == 409
    assert client.post(f"/api/v1/notification-rules/{number}/pause", json={"paused": True}, headers=headers).status_code == 204
    assert client.get("/api/v1/notification-rules", headers=headers).json["items"][0]["paused_at"]
    assert client.delete(f"/api/v1/notification-rules/{number}", headers=headers).status_code == 204
    assert client.get("/api/v1/notification-rules", headers=headers).json["items"] == []


def test_every_channel_is_a_choice_of_the_schema(small_rest: RestClient) -> None:
    schemas = small_rest.client.get("/openapi.json").json["components"]["schemas"]
    assert schemas["NotificationRuleBody"]["properties"]["way"]["enum"] == list(CHANNELS)


def test_events_are_listed_newest_first_page_by_page(small_rest: RestClient) -> None:
    with small_rest.database.transaction() as session:
        session.add_all([EventRow(kind="stale", at=n, units=n, serial=f"SN{n}") for n in range(1, 4)])
    headers = small_rest.bearer("admin", "read")
    first = small_rest.client.get("/api/v1/signals?limit=2", headers=headers).json
    assert [event["serial"] for event in first["items"]] == ["SN3", "SN2"]
    following = small_rest.client.get(f"/api/v1/signals?limit=2&cursor={first['next']}", headers=headers).json
    assert ([event["serial"] for event in following["items"]], following["next"]) == (["SN1"], None)
    assert "SN2" in small_rest.client.get("/api/v1/signals?format=csv", headers=headers).text


def test_an_invalid_rule_is_a_problem(small_rest: RestClient) -> None:
    headers = small_rest.bearer("admin", "write")
    for wrong in ({"address": "http://x y"}, {"address": "https://x", "zone": "Mars"}, {"address": "https://x", "account": "nobody"}):
        answer = small_rest.client.post("/api/v1/notification-rules", json={**BODY, **wrong}, headers=headers)
        assert answer.status_code in (400, 404, 409, 422), answer.text
        assert answer.mimetype == "application/problem+json"

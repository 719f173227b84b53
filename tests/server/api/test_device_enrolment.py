import pytest
from musterroll.limits import Attempts

from tests.server.api.conftest import Door


def body(token: str, serial: str = "SN-1") -> dict[str, object]:
    return {"token": token, "maker": "Acme", "model": "Pump 3", "serial": serial, "evidence": {"mac": "02:00"}, "agent": "a/1"}


def test_a_device_gets_its_identity_and_the_secret_once(door: Door) -> None:
    answer = door.client.post("/api/v1/enroll", json=body(door.claim_token()))
    assert answer.status_code == 201
    assert answer.json.keys() == {"unit", "secret", "status", "mqtt_url", "interval", "epoch"}
    assert (answer.json["status"], answer.json["mqtt_url"], answer.json["interval"]) == ("active", "mqtt://broker.example:1883", 60)
    assert answer.headers["Location"] == f"/api/v1/units/{answer.json['unit']}"
    seen = door.client.get(answer.headers["Location"], headers=door.bearer("read")).json
    assert (seen["serial"], seen["enrolled"]) == ("SN-1", True)


def test_a_second_credential_of_a_known_serial_waits_and_can_be_accepted_once(door: Door) -> None:
    token, write = door.claim_token(uses=2), door.bearer("read", "write", "admin")
    first, second = (door.client.post("/api/v1/enroll", json=body(token)) for _ in range(2))
    assert (second.status_code, second.json["status"], second.json["unit"]) == (202, "pending", first.json["unit"])
    (waiting,) = door.client.get("/api/v1/enrolments", headers=write).json["items"]
    accept = f"/api/v1/enrolments/{waiting['id']}/accept"
    assert [door.client.post(accept, headers=write).status_code for _ in range(2)] == [204, 409]
    assert door.client.get("/api/v1/enrolments", headers=write).json["items"] == []


def test_a_refused_enrolment_stays_out(door: Door) -> None:
    token, write = door.claim_token(uses=2), door.bearer("read", "write", "admin")
    for _ in range(2):
        door.client.post("/api/v1/enroll", json=body(token))
    (waiting,) = door.client.get("/api/v1/enrolments", headers=write).json["items"]
    assert door.client.post(f"/api/v1/enrolments/{waiting['id']}/refuse", headers=write).status_code == 204
    assert door.client.post("/api/v1/enrolments/999/refuse", headers=write).status_code == 404


@pytest.mark.parametrize(("serial", "status"), [("Default string", 422), ("", 422), ("x" * 201, 422), ("SN-1", 201)])
def test_a_serial_is_judged_before_the_token_is_used(door: Door, serial: str, status: int) -> None:
    token = door.claim_token()
    assert door.client.post("/api/v1/enroll", json=body(token, serial)).status_code == status
    assert door.client.post("/api/v1/enroll", json=body(token, "SN-2")).status_code == (403 if status == 201 else 201)


def test_guessing_tokens_is_slowed_and_honest_enrolment_is_not(small_door: Door) -> None:
    many = small_door.claim_token(uses=60)
    honest = [small_door.client.post("/api/v1/enroll", json=body(many, f"SN{n}")).status_code for n in range(60)]
    assert set(honest) == {201}
    guesses = [small_door.client.post("/api/v1/enroll", json=body(f"guess {n}")) for n in range(25)]
    assert [answer.status_code for answer in guesses] == [403] * 20 + [429] * 5
    assert int(guesses[-1].headers["Retry-After"]) >= 1


def test_another_address_is_not_slowed() -> None:
    attempts = Attempts(burst=1, seconds=60)
    attempts.count("2001:db8::1")
    assert attempts.wait("2001:db8::2") > 0
    assert attempts.wait("2001:db8:1::2") == 0


def test_without_a_configured_broker_the_device_is_sent_to_the_host_it_reached(small_door: Door) -> None:
    small_door.app.config["MQTT_URL"] = None
    answer = small_door.client.post("/api/v1/enroll", json=body(small_door.claim_token()), base_url="http://roll.local:8080")
    assert answer.json["mqtt_url"] == "mqtt://roll.local:1883"


def test_claim_tokens_are_made_listed_and_ended(door: Door) -> None:
    write = door.bearer("read", "write", "admin")
    made = door.client.post("/api/v1/claim-tokens", json={"label": "line 3", "uses": 2, "site": "S1", "account": "A1"}, headers=write)
    assert made.status_code == 201
    token = made.json["token"]
    listed = door.client.get("/api/v1/claim-tokens", headers=write)
    assert token not in listed.text
    assert door.client.post("/api/v1/enroll", json=body(token)).status_code == 201
    assert door.client.delete(f"/api/v1/claim-tokens/{made.json['id']}", headers=write).status_code == 204
    refused = door.client.post("/api/v1/enroll", json=body(token, "SN-2"))
    assert (refused.status_code, refused.json["type"]) == (403, "urn:musterroll:token_revoked")
    assert door.client.delete("/api/v1/claim-tokens/999", headers=write).status_code == 404

import pytest
from musterroll.limits import RateLimit

from tests.server.api.conftest import RestClient


def body(token: str, serial: str = "SN-1", evidence: object = {"mac": "02:00"}) -> dict[str, object]:
    return {"token": token, "maker": "Acme", "model": "Pump 3", "serial": serial, "evidence": evidence, "agent": "a/1"}


def test_a_device_gets_its_identity_and_the_secret_once(rest: RestClient) -> None:
    answer = rest.client.post("/api/v1/enroll", json=body(rest.claim_token()))
    assert answer.status_code == 201
    assert answer.json.keys() == {"unit", "secret", "status", "mqtt_url", "interval", "epoch"}
    assert (answer.json["status"], answer.json["mqtt_url"], answer.json["interval"]) == ("active", "mqtt://broker.example:1883", 60)
    assert answer.headers["Location"] == f"/api/v1/units/{answer.json['unit']}"
    seen = rest.client.get(answer.headers["Location"], headers=rest.bearer("read")).json
    assert (seen["serial"], seen["enrolled"]) == ("SN-1", True)


def test_a_second_credential_of_a_known_serial_waits_and_can_be_accepted_once(rest: RestClient) -> None:
    token, write = rest.claim_token(uses=2), rest.bearer("read", "write", "admin")
    first, second = (rest.client.post("/api/v1/enroll", json=body(token, evidence={"mac": mac})) for mac in ("02:00", "02:01"))
    assert (second.status_code, second.json["status"], second.json["unit"]) == (202, "pending", first.json["unit"])
    (waiting,) = rest.client.get("/api/v1/enrolments", headers=write).json["items"]
    accept = f"/api/v1/enrolments/{waiting['id']}/accept"
    assert [rest.client.post(accept, headers=write).status_code for _ in range(2)] == [204, 409]
    assert rest.client.get("/api/v1/enrolments", headers=write).json["items"] == []


def test_a_refused_enrolment_stays_out(rest: RestClient) -> None:
    token, write = rest.claim_token(uses=2), rest.bearer("read", "write", "admin")
    for mac in ("02:00", "02:01"):
        rest.client.post("/api/v1/enroll", json=body(token, evidence={"mac": mac}))
    (waiting,) = rest.client.get("/api/v1/enrolments", headers=write).json["items"]
    assert rest.client.post(f"/api/v1/enrolments/{waiting['id']}/refuse", headers=write).status_code == 204
    assert rest.client.post("/api/v1/enrolments/999/refuse", headers=write).status_code == 404


def test_a_lost_answer_is_asked_for_again_at_no_use_of_the_token(rest: RestClient) -> None:
    token = rest.claim_token()
    answers = [rest.client.post("/api/v1/enroll", json=body(token)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json["unit"] for answer in answers}) == 1
    assert len({answer.json["secret"] for answer in answers}) == 3


@pytest.mark.parametrize("evidence", [{"mac": "02:00\t"}, {"mac": "\x1b\x07"}, {"slots": 4, "deep": {"er": [1]}}, ["mac"], None, "mac"])
def test_rubbish_in_evidence_does_not_keep_a_device_out(rest: RestClient, evidence: object) -> None:
    assert rest.client.post("/api/v1/enroll", json=body(rest.claim_token(), evidence=evidence)).status_code == 201


@pytest.mark.parametrize("serial", ["Default str", "GONE", "Nicht verfügbar"])
def test_a_placeholder_serial_is_named_with_what_to_do(rest: RestClient, serial: str) -> None:
    refused = rest.client.post("/api/v1/enroll", json=body(rest.claim_token(), serial))
    assert refused.status_code == 422
    assert refused.json["detail"] == f"the serial {serial!r} is a placeholder shared by many units; use the one on the label"


@pytest.mark.parametrize(("serial", "status"), [("Default string", 422), ("", 422), ("x" * 201, 422), ("SN-1", 201)])
def test_a_serial_is_judged_before_the_token_is_used(rest: RestClient, serial: str, status: int) -> None:
    token = rest.claim_token()
    assert rest.client.post("/api/v1/enroll", json=body(token, serial)).status_code == status
    assert rest.client.post("/api/v1/enroll", json=body(token, "SN-2")).status_code == (403 if status == 201 else 201)


def test_guessing_tokens_is_slowed_and_honest_enrolment_is_not(small_rest: RestClient) -> None:
    many = small_rest.claim_token(uses=60)
    honest = [small_rest.client.post("/api/v1/enroll", json=body(many, f"SN{n}")).status_code for n in range(60)]
    assert set(honest) == {201}
    guesses = [small_rest.client.post("/api/v1/enroll", json=body(f"guess {n}")) for n in range(25)]
    assert [answer.status_code for answer in guesses] == [403] * 20 + [429] * 5
    assert int(guesses[-1].headers["Retry-After"]) >= 1


def test_another_address_is_not_slowed() -> None:
    attempts = RateLimit(burst=1, seconds=60)
    attempts.count("2001:db8::1")
    assert attempts.wait("2001:db8::2") > 0
    assert attempts.wait("2001:db8:1::2") == 0


def test_without_a_configured_broker_the_device_is_sent_to_the_host_it_reached(small_rest: RestClient) -> None:
    small_rest.app.config["MQTT_URL"] = None
    answer = small_rest.client.post("/api/v1/enroll", json=body(small_rest.claim_token()), base_url="http://roll.local:8080")
    assert answer.json["mqtt_url"] == "mqtt://roll.local:1883"


def test_claim_tokens_are_made_listed_and_ended(rest: RestClient) -> None:
    write = rest.bearer("read", "write", "admin")
    wanted = {"label": "line 3", "uses": 2, "site": "S1", "account": "A1"}
    refused = rest.client.post("/api/v1/claim-tokens", json=wanted, headers=write)
    assert (refused.status_code, refused.json["type"]) == (404, "urn:musterroll:no_account")
    assert rest.client.post("/api/v1/records/accounts", json={"ref": "A1"}, headers=write).status_code == 201
    assert rest.client.post("/api/v1/records/sites", json={"ref": "S1", "account": "A1"}, headers=write).status_code == 201
    created = rest.client.post("/api/v1/claim-tokens", json=wanted, headers=write)
    assert created.status_code == 201
    token = created.json["token"]
    listed = rest.client.get("/api/v1/claim-tokens", headers=write)
    assert token not in listed.text
    assert rest.client.post("/api/v1/enroll", json=body(token)).status_code == 201
    assert rest.client.delete(f"/api/v1/claim-tokens/{created.json['id']}", headers=write).status_code == 204
    refused = rest.client.post("/api/v1/enroll", json=body(token, "SN-2"))
    assert (refused.status_code, refused.json["type"]) == (403, "urn:musterroll:token_revoked")
    assert rest.client.delete("/api/v1/claim-tokens/999", headers=write).status_code == 404


def test_a_revoked_device_is_told_why_and_gets_a_new_credential_from_a_person_only(rest: RestClient) -> None:
    token, admin = rest.claim_token(uses=2), rest.bearer("read", "write", "admin")
    first = rest.client.post("/api/v1/enroll", json=body(token)).json
    asking = {"unit": first["unit"], "secret": first["secret"]}
    assert rest.client.post("/api/v1/enroll/credential", json=asking).json["status"] == "active"
    revocation = f"/api/v1/units/{first['unit']}/credential/revocation"
    assert rest.client.post(revocation, json={"reason": "stolen"}, headers=rest.bearer("read", "write")).status_code == 403
    assert rest.client.post(revocation, json={"reason": ""}, headers=admin).status_code == 422
    assert rest.client.post(revocation, json={"reason": "stolen"}, headers=admin).json["kind"] == "credential"
    standing = rest.client.post("/api/v1/enroll/credential", json=asking).json
    assert (standing["status"], standing["reason"]) == ("revoked", "stolen")
    assert standing["decided_at"]
    offered = rest.client.post(f"/api/v1/units/{first['unit']}/credential", headers=admin)
    assert (offered.status_code, offered.json["serials"], offered.json["max_uses"]) == (201, ["SN1"], 1)
    again = rest.client.post("/api/v1/enroll", json=body(offered.json["token"]))
    assert (again.status_code, again.json["unit"], again.json["status"]) == (201, first["unit"], "active")
    assert rest.client.post(f"/api/v1/units/{first['unit']}/credential", headers=admin).status_code == 409


def test_guessing_the_secret_of_a_unit_is_limited(rest: RestClient) -> None:
    unit = rest.client.post("/api/v1/enroll", json=body(rest.claim_token())).json["unit"]
    answers = [rest.client.post("/api/v1/enroll/credential", json={"unit": unit, "secret": f"guess {n}"}).status_code for n in range(40)]
    assert answers[0] == 403
    assert answers[-1] == 429

import pytest
from musterroll.usecases.access.sessions import Actor

from tests.server.api.conftest import RestClient

GUARDED = ["/units", "/units/x", "/units/x/history", "/units/x/messages", "/lookup?code=x", "/installed-base"]
GUARDED += [
    "/claim-tokens",
    "/enrolments",
    "/quarantine",
    "/accounts",
    "/contracts",
    "/findings",
    "/reconciliation",
    "/changes",
    "/imports",
]


@pytest.mark.parametrize("path", GUARDED)
def test_nobody_reads_without_a_token_or_a_session(small_rest: RestClient, path: str) -> None:
    answer = small_rest.client.get(f"/api/v1{path}")
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer mra_guess", "bearer \x7f"])
def test_what_is_no_token_of_ours_is_401(small_rest: RestClient, header: str) -> None:
    assert small_rest.client.get("/api/v1/units", headers={"Authorization": header}).status_code == 401


def test_reading_needs_read_changing_needs_write_and_letting_units_in_needs_admin(small_rest: RestClient) -> None:
    reader, writer, admin = (small_rest.bearer(scope) for scope in ("read", "write", "admin"))
    assert small_rest.client.get("/api/v1/units", headers=reader).status_code == 200
    assert small_rest.client.get("/api/v1/units", headers=writer).status_code == 403
    assert small_rest.client.post("/api/v1/reconciliation", json={}, headers=reader).status_code == 403
    assert small_rest.client.post("/api/v1/reconciliation", json={}, headers=writer).status_code == 200
    assert small_rest.client.post("/api/v1/claim-tokens", json={"label": "x"}, headers=writer).status_code == 403
    assert small_rest.client.post("/api/v1/claim-tokens", json={"label": "x"}, headers=admin).status_code == 201


def test_a_signed_in_person_may_do_all_and_is_named(small_rest: RestClient) -> None:
    small_rest.user.actor = Actor(1, "kim", "admin")
    assert small_rest.client.get("/api/v1/units").status_code == 200
    assert small_rest.client.post("/api/v1/claim-tokens", json={"label": "x"}).json["created_by"] == "kim"


def test_a_bad_token_is_not_helped_by_a_session(small_rest: RestClient) -> None:
    small_rest.user.actor = Actor(1, "kim", "admin")
    assert small_rest.client.get("/api/v1/units", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_what_was_answered_may_not_be_kept(small_rest: RestClient) -> None:
    for headers in ({}, small_rest.bearer("read")):
        assert small_rest.client.get("/api/v1/units", headers=headers).headers["Cache-Control"] == "no-store"


def test_guessing_tokens_is_slowed(small_rest: RestClient) -> None:
    for number in range(100):
        assert small_rest.client.get("/api/v1/units", headers={"Authorization": f"Bearer mra_{number}"}).status_code == 401
    answer = small_rest.client.get("/api/v1/units", headers={"Authorization": "Bearer mra_again"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")

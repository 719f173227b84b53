import pytest
from musterroll.domain.values.errors import DomainError

from tests.server.api.conftest import RestClient

NESTED = "[" * 100_000


def enrol(rest: RestClient, body: bytes | str, content_type: str = "application/json") -> tuple[int, dict[str, object]]:
    answer = rest.client.post("/api/v1/enroll", data=body, content_type=content_type)
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.json


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "not_json"),
        ("[]", 400, "wrong_type"),
        ('"{}"', 400, "wrong_type"),
        (NESTED[:60_000], 400, "too_deep"),
        (NESTED, 413, "request_entity_too_large"),
        ('{"token": NaN}', 400, "not_finite"),
        ('{"token": "a", "token": "b"}', 400, "duplicate_key"),
        ('{"token": "\\ud800"}', 400, "bad_text"),
        ('{"token": "\\u0000"}', 400, "bad_text"),
        (b"\xff", 400, "not_utf8"),
        ("", 422, "invalid"),
        ("{}", 422, "invalid"),
        ('{"token": 1, "maker": [], "model": "", "serial": ""}', 422, "invalid"),
    ],
)
def test_a_body_that_cannot_be_read_gets_a_problem(small_rest: RestClient, body: bytes | str, status: int, code: str) -> None:
    got, problem = enrol(small_rest, body)
    assert (got, problem["status"], problem["type"]) == (status, status, f"urn:musterroll:{code}")
    assert problem["title"]
    assert problem["detail"]


def test_a_body_that_is_not_said_to_be_json_is_refused(small_rest: RestClient) -> None:
    assert enrol(small_rest, "token=x", "application/x-www-form-urlencoded")[0] == 415


def test_validation_names_each_field_and_repeats_no_secret(small_rest: RestClient) -> None:
    status, problem = enrol(small_rest, '{"token": "s3cret", "maker": "Acme", "model": 3}')
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == ["model", "serial"]  # type: ignore[attr-defined]
    assert "s3cret" not in str(problem)


def test_an_unknown_route_is_404_and_a_wrong_method_405_with_the_right_ones(small_rest: RestClient) -> None:
    unknown, wrong = small_rest.client.get("/api/v1/nothing"), small_rest.client.get("/api/v1/enroll")
    assert (unknown.status_code, unknown.content_type) == (404, "application/problem+json")
    assert (wrong.status_code, wrong.content_type) == (405, "application/problem+json")
    assert "POST" in wrong.headers["Allow"]


def test_our_own_fault_is_500_without_a_word_of_its_cause(small_rest: RestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("postgresql://user:password@host")

    monkeypatch.setattr("musterroll.usecases.fleet.pages.installed_base", broken)
    answer = small_rest.client.get("/api/v1/installed-base", headers=small_rest.bearer("read"))
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "password" not in answer.text
    assert "Traceback" not in answer.text


def test_every_refusal_is_counted_by_its_code(small_rest: RestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DomainError("no", "made_up")

    monkeypatch.setattr("musterroll.usecases.fleet.pages.installed_base", refuse)
    small_rest.client.get("/api/v1/installed-base", headers=small_rest.bearer("read"))
    assert 'musterroll_refusals_total{code="made_up"} 1.0' in small_rest.client.get("/metrics").text

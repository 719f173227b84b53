"""The API keeps what its OpenAPI document says."""

import re
from itertools import islice
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from musterroll.api.http.schemas import Schema
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.server.api.conftest import RestClient
from tests.server.api.records import import_all
from tests.support.unit_rows import unit

_PARTS = 4  # of the operations, so that several processes share them


def test_the_document_is_valid_openapi_3_1(small_rest: RestClient) -> None:
    document = small_rest.client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_no_two_paths_are_the_same_but_for_the_names_in_them(small_rest: RestClient) -> None:
    paths = [re.sub(r"{[^}]+}", "{}", path) for path in small_rest.client.get("/openapi.json").json["paths"]]
    assert sorted(paths) == sorted(set(paths))


def test_one_name_means_one_shape(small_rest: RestClient) -> None:
    shapes, waiting = set[type[Schema]](), [Schema]
    while waiting:
        waiting += waiting.pop().__subclasses__()
        shapes.update(waiting)
    seen: dict[str, Any] = {}
    for shape in shapes:
        schema = shape.model_json_schema(mode="serialization")
        for name, definition in {**schema.get("$defs", {}), shape.__name__: {**schema, "$defs": None}}.items():
            assert seen.setdefault(name, {**definition, "$defs": None}) == {**definition, "$defs": None}, name


def test_every_operation_says_its_security_and_its_problems(small_rest: RestClient) -> None:
    paths = small_rest.client.get("/openapi.json").json["paths"]
    operations = {(path, method): operation for path, item in paths.items() for method, operation in item.items()}
    public = {key for key, operation in operations.items() if not operation.get("security")}
    assert public == {("/api/v1/enroll", "post"), ("/api/v1/enroll/credential", "post")}
    for operation in operations.values():
        assert "application/problem+json" in operation["responses"]["422"]["content"]


def test_the_page_of_the_api_shows_every_operation_and_runs_nothing_inline(small_rest: RestClient) -> None:
    page = small_rest.client.get("/docs").text
    for path in small_rest.client.get("/openapi.json").json["paths"]:
        assert f"<code>{path}</code>" in page
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", page)
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    with small_rest.client.get(sheet) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("part", range(_PARTS))
def test_whatever_is_sent_the_answer_is_one_the_document_allows(rest: RestClient, part: int) -> None:
    headers = import_all(rest)
    with rest.database.transaction() as session:
        unit(session, "SN1", uid="uuuuuuuuu1", maker="Other", status={"heard_at": 1})
    schema = schemathesis.openapi.from_wsgi("/openapi.json", rest.app)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

    for operation in islice(schema.get_all_operations(), part, None, _PARTS):

        @given(case=operation.ok().as_strategy())
        @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def holds(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=checks)

        holds()

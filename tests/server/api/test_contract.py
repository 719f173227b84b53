"""The API keeps what its OpenAPI document says."""

import re
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from musterroll.api.http.schemas import Shape
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.server.api.conftest import Door
from tests.server.api.paper import bring
from tests.support.rolls import unit


def test_the_document_is_valid_openapi_3_1(small_door: Door) -> None:
    document = small_door.client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_one_name_means_one_shape(small_door: Door) -> None:
    shapes, waiting = set[type[Shape]](), [Shape]
    while waiting:
        waiting += waiting.pop().__subclasses__()
        shapes.update(waiting)
    seen: dict[str, Any] = {}
    for shape in shapes:
        schema = shape.model_json_schema(mode="serialization")
        for name, said in {**schema.get("$defs", {}), shape.__name__: {**schema, "$defs": None}}.items():
            assert seen.setdefault(name, {**said, "$defs": None}) == {**said, "$defs": None}, name


def test_every_operation_says_its_security_and_its_problems(small_door: Door) -> None:
    paths = small_door.client.get("/openapi.json").json["paths"]
    operations = {(path, method): said for path, item in paths.items() for method, said in item.items()}
    public = {key for key, said in operations.items() if not said.get("security")}
    assert public == {("/api/v1/enroll", "post")}
    for said in operations.values():
        assert "application/problem+json" in said["responses"]["422"]["content"]


def test_the_page_of_the_api_shows_every_operation_and_runs_nothing_inline(small_door: Door) -> None:
    page = small_door.client.get("/docs").text
    for path in small_door.client.get("/openapi.json").json["paths"]:
        assert f"<code>{path}</code>" in page
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", page)
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    with small_door.client.get(sheet) as answer:
        assert answer.status_code == 200


def test_whatever_is_sent_the_answer_is_one_the_document_allows(door: Door) -> None:
    headers = bring(door)
    with door.database.transaction() as session:
        unit(session, "SN1", uid="uuuuuuuuu1", maker="Other", status={"heard_at": 1})
    schema = schemathesis.openapi.from_wsgi("/openapi.json", door.app)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

    for found in schema.get_all_operations():

        @given(case=found.ok().as_strategy())
        @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def holds(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=checks)

        holds()

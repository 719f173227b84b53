"""The API contracts, generated from the code: OpenAPI, AsyncAPI, and a documentation page."""

import json
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request

from musterroll import __version__

views = Blueprint("docs", __name__, template_folder="templates", static_folder="static", static_url_path="/docs/static")


@views.get("/openapi.json")
def openapi() -> Response:
    return _document(current_app.api_doc)  # type: ignore[attr-defined]


@views.get("/asyncapi.json")
def asyncapi() -> Response:
    from musterroll_wire.schema import asyncapi as document

    return _document(document(__version__))


@views.get("/docs")
def docs() -> Response:
    page = Response(render_template("docs.html", api=current_app.api_doc))  # type: ignore[attr-defined]
    page.headers["Cache-Control"] = "no-cache"
    return page


@views.app_template_filter()
def schema_words(schema: dict[str, Any]) -> str:
    """A JSON schema in a few words: `UnitOut`, `text or null`, `list of text`.

    >>> schema_words({"type": "array", "items": {"type": "integer", "enum": [7, 30]}}), schema_words({"const": 7})
    ('list of one of 7, 30', '7')
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(schema_words(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {schema_words(schema.get('items', {}))}"
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "anything")
    return f"{_WORDS.get(kind, kind)} {schema.get('format', '')}".strip()


_WORDS = {"string": "text", "integer": "whole number", "object": "object", "boolean": "true or false"}


def _document(document: dict[str, Any]) -> Response:
    answer = Response(json.dumps(document, ensure_ascii=False), content_type="application/json; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"  # may be cached, must be revalidated
    answer.add_etag()
    answer.make_conditional(request)
    return answer

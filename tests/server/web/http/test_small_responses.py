"""Responses are compressed, and sent again only if they differ, to each person their own."""

import gzip
from collections.abc import Callable

from flask import Flask

from tests.server.web.conftest import Visitor

GZIP = {"Accept-Encoding": "gzip"}


def test_pages_rest_and_exports_are_compressed_for_who_accepts_it(visitor: Visitor) -> None:
    for address in ("/definitions", "/api/v1/units", "/api/v1/units?format=csv", "/openapi.json"):
        plain, packed = visitor.get(address), visitor.get(address, headers=GZIP)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert len(packed.data) < len(plain.data)
        if address != "/definitions":  # which has another form token each time
            assert gzip.decompress(packed.data) == plain.data
    for address in ("/api/v1/units?format=xlsx", "/livez"):  # compressed already, and too short
        assert "Content-Encoding" not in visitor.get(address, headers=GZIP).headers


def test_an_unchanged_page_and_an_unchanged_list_are_not_sent_again(visitor: Visitor) -> None:
    visitor.get("/definitions")  # its form token comes with a cookie
    for address in ("/definitions", "/api/v1/products"):
        first = visitor.get(address)
        assert first.headers["Cache-Control"] == "no-store"  # kept by who asks for it, never by a shared computer
        again = visitor.get(address, headers={"If-None-Match": first.headers["ETag"], **GZIP})
        assert (again.status_code, again.data) == (304, b"")
    other = visitor.get("/api/v1/units", headers={"If-None-Match": first.headers["ETag"]})
    assert (other.status_code, "items" in other.text) == (200, True)


def test_a_tag_is_of_one_session(visitor: Visitor, make_app: Callable[..., Flask]) -> None:
    tag = visitor.get("/api/v1/products").headers["ETag"]
    with make_app().test_client() as client:
        other = Visitor(client)
        other.sign_in()
        assert other.get("/api/v1/products", headers={"If-None-Match": tag}).status_code == 200
        other.post("/sign-out", seen="/definitions")
        assert other.get("/api/v1/products", headers={"If-None-Match": "*"}).status_code == 401

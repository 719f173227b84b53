"""Sources over REST: add, change without their secrets, run and pause, remove and undo."""

from typing import Any

from tests.server.api.conftest import RestClient


def test_a_source_is_added_changed_and_removed(small_rest: RestClient) -> None:
    headers = small_rest.bearer("read", "write", "admin")

    def call(method: str, path: str, status: int = 200, **body: Any) -> Any:
        answer = small_rest.client.open(f"/api/v1/{path}", method=method, headers=headers, json=None if method == "GET" else body)
        assert answer.status_code == status, answer.text
        return answer.json

    settings = {"url": "https://lists.example.com/a.csv", "token": "env:MUSTERROLL_SOURCE_X", "user": "ann"}
    source = call("PUT", "sources/erp", type="https", kind="accounts", settings=settings, map=["Konto=ref"], word=["Aktiv=active"])
    assert source["reading"] == {"columns": ["Konto=ref"], "words": ["Aktiv=active"]}
    changed = call("PATCH", "sources/erp", name="crm", settings={"user": None}, every=3600, zone="Europe/Berlin", map=None)
    assert changed["settings"] == {"url": settings["url"], "token": settings["token"]}
    assert (changed["name"], changed["every"], changed["most_changed"]) == ("crm", 3600, 10)
    assert changed["reading"] == {"words": ["Aktiv=active"], "zone": "Europe/Berlin"}
    call("PATCH", "sources/erp", 404, every=3600)
    call("PATCH", "sources/crm", 422, settings={"token": "s3cret"})
    call("PATCH", "sources/crm", 422, every=3)
    assert call("POST", "sources/crm/actions", action="pause")["status"] == "paused"
    call("DELETE", "sources/crm", 204)
    assert call("GET", "sources")["items"] == []

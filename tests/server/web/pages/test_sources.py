"""The pages of sources: add one, see its first document wait, approve it."""

import re

from musterroll.sources import SOURCES

from tests.server.web.conftest import Visitor


def test_a_source_is_added_run_and_approved(visitor: Visitor) -> None:
    assert "No sources yet" in visitor.get("/sources").text
    assert "/sources/new?type=folder" in visitor.get("/sources/new").text
    assert "File names" in visitor.get("/sources/new?type=folder").text
    form = {"type": "folder", "name": "lists", "kind": "accounts", "with_path": "/etc", "every": "60", "most_changed": "10"}
    refused = visitor.post("/sources/new", seen="/sources/new?type=folder", **form)
    assert refused.status_code == 422
    assert "MUSTERROLL_SOURCE_FOLDERS" in refused.text
    form |= {"type": "https", "with_url": "https://lists.example.com/accounts.csv", "with_token": "env:MUSTERROLL_SOURCE_X"}
    del form["with_path"]
    added = visitor.post("/sources/new", seen="/sources/new?type=https", **form)
    assert added.status_code == 303
    page = visitor.get(added.location).text
    assert "Due" in page
    assert "MUSTERROLL_SOURCE_X" not in page
    for action in ("pause", "resume", "run"):
        assert visitor.post(f"{added.location}/{action}", seen="/sources/new?type=https").status_code == 303
    assert visitor.post(f"{added.location}/approve", seen="/sources/new?type=https").status_code == 409
    assert visitor.post(f"{added.location}/remove", seen="/sources/new?type=https").status_code == 303
    assert "No sources yet" in visitor.get("/sources").text


def test_a_source_is_edited_without_showing_or_losing_its_secret(visitor: Visitor) -> None:
    new = "/sources/new?type=https"
    form = {"name": "lists", "kind": "accounts", "every": "60", "most_changed": "0", "with_url": "https://lists.example.com/a.csv"}
    secret = {"with_token": "env:MUSTERROLL_SOURCE_X"}
    reading = {"columns": "Konto=ref\nTitel=name", "zone": "Europe/Berlin"}
    added = visitor.post("/sources/new", seen=new, type="https", **form, **secret, **reading)
    edit = f"{added.location}/edit"
    page = visitor.get(edit).text
    assert "MUSTERROLL_SOURCE_X" not in page
    assert "Konto=ref\nTitel=name" in page
    assert 'value="0"' in page
    assert "Europe/Berlin" in visitor.get(added.location).text
    assert visitor.post(edit, seen=new, **{**form, "every": "x"}).status_code == 422
    saved = visitor.post(edit, seen=new, **{**form, "name": "list", "with_token": ""}, columns="Konto=ref")
    assert saved.status_code == 303
    page = visitor.get(saved.location).text
    assert "<dt>Bearer token</dt><dd>set</dd>" in page
    assert "Europe/Berlin" not in page
    visitor.post(edit, seen=new, **form, clear_token="on")
    assert "Bearer token" not in visitor.get(saved.location).text


def test_only_required_settings_must_be_entered(visitor: Visitor) -> None:
    for type_ in SOURCES.values():
        page = visitor.get(f"/sources/new?type={type_.name}").text
        for setting in type_.settings:
            (field,) = re.findall(f'<[a-z]+ name="with_{setting.name}"[^>]*>', page)
            assert (" required" in field) is setting.required, f"{type_.name} {setting.name}"


def test_a_source_that_is_removed_can_come_back(visitor: Visitor) -> None:
    new = "/sources/new?type=https"
    form = {"name": "lists", "kind": "accounts", "every": "60", "most_changed": "5", "with_url": "https://lists.example.com/a.csv"}
    added = visitor.post("/sources/new", seen=new, type="https", **form)
    removed = visitor.post(f"{added.location}/remove", seen=new)
    assert "Source removed" in visitor.get(removed.location).text
    assert visitor.get(added.location).status_code == 404
    change = removed.location.partition("removed=")[2]
    visitor.post(f"/changes/{change}/undo", seen=new)
    assert visitor.get(added.location).status_code == 200

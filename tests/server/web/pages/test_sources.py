"""The pages of sources: add one, see its first document wait, approve it."""

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
    assert "Runs within seconds".lower() in page.lower()
    assert "MUSTERROLL_SOURCE_X" not in page
    for action in ("pause", "resume", "run"):
        assert visitor.post(f"{added.location}/{action}", seen="/sources/new?type=https").status_code == 303
    assert visitor.post(f"{added.location}/approve", seen="/sources/new?type=https").status_code == 409
    assert visitor.post(f"{added.location}/remove", seen="/sources/new?type=https").status_code == 303
    assert "No sources yet" in visitor.get("/sources").text

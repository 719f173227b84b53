"""Links to addresses that pages used to have."""

import pytest

from tests.server.web.conftest import Visitor


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/people", "/users"),
        ("/people/1", "/users/1"),
        ("/proposals", "/possible-duplicates"),
        ("/proposals?state=accepted&done=1", "/possible-duplicates?state=accepted&done=1"),
    ],
)
def test_an_old_address_leads_to_the_page_permanent(visitor: Visitor, old: str, new: str) -> None:
    answer = visitor.get(old)
    assert (answer.status_code, answer.headers["Location"]) == (301, new)
    assert visitor.get(new).status_code == 200


def test_only_whole_names_are_moved_and_only_for_reading(visitor: Visitor) -> None:
    assert visitor.get("/peoples").status_code == 404
    assert visitor.post("/people/1/disable", seen="/users/1").status_code == 405


def test_an_old_address_never_leads_off_the_site(visitor: Visitor) -> None:
    for path in ("/people//evil.example", "/people/%2F%2Fevil.example", "/people/..%2F..%2Fevil.example"):
        location = visitor.get(path, follow_redirects=False).headers["Location"]
        assert location.startswith(("/users/", "http://localhost/people/")), path

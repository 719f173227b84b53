"""Paging through REST APIs against a local server: rate limits, expired tokens, cut answers, half pages, other hosts, secrets."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from musterroll.sources import SOURCES, Request, SourceProblem, SourceSettings

from tests.support.api_server import Answer, Asked, api_server

POLICY = SourceSettings(source_hosts=["127.0.0.1"])
ITEMS = [{"id": f"i{n}", "updated": f"2026-01-{n + 1:02d}"} for n in range(7)]


def fetched(settings: dict[str, str], cursor: dict[str, Any] | None = None, policy: SourceSettings = POLICY) -> tuple[list[Any], Any]:
    file = io.BytesIO()
    SOURCES["rest"].check(settings, policy)
    delivery = SOURCES["rest"].fetch(Request(settings, cursor or {}, policy), file)
    return [json.loads(line) for line in file.getvalue().splitlines()], delivery


def link(asked: Asked, url: str) -> Answer:
    page = int(asked.query.get("p", 0))
    more = {"Link": f'<{url}/list?p={page + 1}>; rel="next"'} if page < 2 else {}
    return Answer(ITEMS[page * 3 : page * 3 + 3], headers=more)


def next_url(asked: Asked, url: str) -> Answer:
    page = int(asked.query.get("p", 0))
    return Answer({"rows": ITEMS[page * 3 : page * 3 + 3], "next": f"/list?p={page + 1}" if page < 2 else None})


def cursor(asked: Asked, _url: str) -> Answer:
    start = int(asked.query.get("after", 0))
    return Answer({"rows": ITEMS[start : start + 3], "paging": {"next": {"after": str(start + 3)}} if start < 6 else {}})


def offset(asked: Asked, _url: str) -> Answer:
    start = int(asked.query["offset"])
    return Answer({"rows": ITEMS[start : start + int(asked.query["limit"])], "total": 7})


def page(asked: Asked, _url: str) -> Answer:
    start = (int(asked.query["page"]) - 1) * 3
    return Answer({"rows": ITEMS[start : start + 3]})


def last_id(asked: Asked, _url: str) -> Answer:
    start = int(asked.query.get("starting_after", "i-1")[1:]) + 1
    return Answer({"rows": ITEMS[start : start + 3], "has_more": start + 3 < 7})


@pytest.mark.parametrize(
    ("answer", "settings"),
    [
        (link, {"paging": "link", "rows": "$"}),
        (next_url, {"paging": "next-url", "next": "next"}),
        (cursor, {"paging": "cursor", "next": "paging.next.after", "next_param": "after"}),
        (offset, {"paging": "offset", "limit": "3", "next": "total"}),
        (offset, {"paging": "offset", "limit": "3"}),
        (page, {"paging": "page", "limit": "3"}),
        (last_id, {"paging": "last-id", "next": "has_more"}),
    ],
)
def test_every_row_of_every_page_comes_once(answer: Callable[[Asked, str], Answer], settings: dict[str, str]) -> None:
    with api_server(lambda asked: answer(asked, server.url)) as server:
        rows, delivery = fetched({"url": f"{server.url}/list", "rows": "rows", **settings})
    assert rows == ITEMS
    assert (delivery.rows, delivery.whole) == (7, True)


def test_pages_that_are_smaller_than_asked_for_leave_nothing_out() -> None:
    def answer(asked: Asked) -> Answer:
        start = int(asked.query["offset"])
        return Answer({"rows": ITEMS[start : start + min(2, int(asked.query["limit"]))], "total": 7})

    with api_server(answer) as server:
        rows, _ = fetched({"url": f"{server.url}/list", "rows": "rows", "paging": "offset", "limit": "500", "next": "total"})
    assert rows == ITEMS


def test_a_list_that_shrinks_while_it_is_read_is_read_again_from_its_start() -> None:
    items = [*ITEMS]

    def answer(asked: Asked) -> Answer:
        start = int(asked.query["offset"])
        page = Answer({"rows": items[start : start + 3], "total": len(items)})
        if start == 0 and len(items) == 7:
            del items[1]
        return page

    with api_server(answer) as server:
        rows, _ = fetched({"url": f"{server.url}/list", "rows": "rows", "paging": "offset", "limit": "3", "next": "total"})
    assert rows == items == [ITEMS[0], *ITEMS[2:]]


def test_a_list_that_never_stands_still_is_a_problem() -> None:
    totals = iter(range(7, 100))
    with api_server(lambda _: Answer({"rows": ITEMS[:3], "total": next(totals)})) as server:
        settings = {"url": f"{server.url}/list", "rows": "rows", "paging": "offset", "limit": "3", "next": "total"}
        with pytest.raises(SourceProblem, match="read 3 times, and the next run reads it again"):
            fetched(settings)


def test_a_server_that_asks_for_a_long_wait_is_left_alone() -> None:
    with api_server(lambda _: Answer({}, 429, {"Retry-After": "3601"})) as server:
        with pytest.raises(SourceProblem, match="asks to be called again in 61 minutes"):
            fetched({"url": f"{server.url}/list"})
        assert len(server.asked) == 1


def test_a_server_that_asks_to_wait_and_one_that_breaks_off_are_asked_again() -> None:
    answers = [
        Answer({"error": "slow down"}, 429, {"Retry-After": "1"}),
        Answer({"rows": ITEMS}, cut=40),
        Answer(b'{"rows": [{"id": "i0"}, {"id"'),
        Answer({}, 503, {"Retry-After": "1"}),
        Answer({"rows": ITEMS}),
    ]
    with api_server(lambda _: answers.pop(0)) as server:
        rows, _ = fetched({"url": f"{server.url}/list", "rows": "rows"})
    assert rows == ITEMS
    assert answers == []


@pytest.mark.parametrize(
    ("status", "why"), [(401, "not accepted or have expired"), (403, "may not read"), (404, "nothing at this address")]
)
def test_a_refusal_is_said_without_the_secret(status: int, why: str) -> None:
    with api_server(lambda _: Answer({"token": "s3cret"}, status)) as server, pytest.raises(SourceProblem, match=why) as error:
        fetched({"url": f"{server.url}/list?key=abc", "token": "s3cret"})
    assert "s3cret" not in str(error.value)
    assert server.asked[0].headers["Authorization"] == "Bearer s3cret"


def test_another_host_of_the_next_page_is_not_asked_with_the_token() -> None:
    with api_server(lambda _: Answer({"rows": ITEMS})) as other:
        answer = Answer({"rows": ITEMS, "next": f"{other.url}/steal"})
        with api_server(lambda _: answer) as server, pytest.raises(SourceProblem, match="refers to another host"):
            fetched({"url": f"{server.url}/list", "rows": "rows", "paging": "next-url", "next": "next", "token": "x"})
    assert other.asked == []


def test_private_networks_are_refused_also_behind_a_name_and_a_redirect() -> None:
    with pytest.raises(SourceProblem, match="MUSTERROLL_SOURCE_HOSTS"):
        fetched({"url": "https://localhost:9/list"}, policy=SourceSettings())
    away = Answer({}, 302, {"Location": "http://169.254.169.254/latest"})
    with api_server(lambda _: away) as server, pytest.raises(SourceProblem):
        fetched({"url": f"{server.url}/list"})


def test_a_list_goes_on_from_the_highest_value_of_its_cursor_field() -> None:
    def answer(asked: Asked) -> Answer:
        return Answer([row for row in ITEMS if row["updated"] >= asked.query.get("since", "")])

    settings = {"rows": "$", "cursor_field": "updated", "cursor_param": "since"}
    with api_server(answer) as server:
        settings["url"] = f"{server.url}/list"
        rows, first = fetched(settings)
        assert (len(rows), first.cursor, first.whole) == (7, {"highest": "2026-01-07"}, False)
        rows, second = fetched(settings, first.cursor)
        assert (len(rows), second.cursor) == (1, {"highest": "2026-01-07"})


def test_a_document_at_an_address_is_fetched_only_when_it_changed(tmp_path: Path, now: datetime) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("If-None-Match") == '"1"':
            return Answer(b"", 304)
        return Answer(b"Account ID,Account Name\nA1,Acme\n", headers={"ETag": '"1"', "Content-Type": "text/csv"})

    with api_server(answer) as server:
        request = Request({"url": f"{server.url}/lists/accounts.csv"}, {}, POLICY)
        file = io.BytesIO()
        delivery = SOURCES["https"].fetch(request, file)
        assert delivery is not None
        assert (delivery.file, file.getvalue()[:10]) == ("accounts.csv", b"Account ID")
        assert SOURCES["https"].fetch(request._replace(cursor=delivery.cursor), io.BytesIO()) is None

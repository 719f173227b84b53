"""ServiceNow's Table API, as its reference says: encoded queries, Link headers, display values, and OAuth or basic authentication."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.support.api_server import Answer, Asked, api_server


class ServiceNow:
    """`limit`: rows a page at most. `hidden`: rows of the table that the user may not read. `between`: what happens after each page."""

    basic = f"Basic {base64.b64encode(b'reader:pw').decode()}"

    def __init__(self, limit: int = 3) -> None:
        self.limit, self.hidden, self.url, self.asked = limit, set[str](), "", list[Asked]()
        self.tables: dict[str, dict[str, dict[str, Any]]] = {}
        self.tokens = 0
        self._valid = ""
        self.between: Callable[[], None] = lambda: None

    def put(self, table: str, ident: str, updated: str = "2026-10-01 08:00:00", **facts: Any) -> None:
        """`facts`: values by field, with __ for a dot; a pair is raw value and display value."""
        known = self.tables.setdefault(table, {}).get(ident, {})
        named = {name.replace("__", "."): value for name, value in facts.items()}
        self.tables[table][ident] = {**known, "sys_id": ident, "sys_updated_on": updated, **named}

    def expire(self) -> None:
        self._valid = ""

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/oauth_token.do":
            return self._token(asked)
        if asked.headers.get("Authorization") not in (self.basic, f"Bearer {self._valid}"):
            return Answer({"error": {"message": "User Not Authenticated"}, "status": "failure"}, 401)
        table = asked.path.removeprefix("/api/now/table/")
        if table not in self.tables:
            return Answer({"error": {"message": f"Invalid table {table}"}, "status": "failure"}, 400)
        return self._page(table, asked)

    def _token(self, asked: Asked) -> Answer:
        form = {name: values[0] for name, values in parse_qs(asked.body).items()}
        if (form.get("client_id"), form.get("client_secret"), form.get("refresh_token")) != ("app", "hush", "again"):
            return Answer({"error": "access_denied"}, 401)
        self.tokens += 1
        self._valid = f"token{self.tokens}"
        return Answer({"access_token": self._valid, "token_type": "Bearer", "expires_in": 1799})

    def _page(self, table: str, asked: Asked) -> Answer:
        rows = self._rows(table, asked.query.get("sysparm_query", ""))
        offset, limit = int(asked.query.get("sysparm_offset", 0)), min(self.limit, int(asked.query["sysparm_limit"]))
        names = asked.query["sysparm_fields"].split(",")
        page = [row for row in rows[offset : offset + limit] if row["sys_id"] not in self.hidden]
        headers = {"X-Total-Count": str(len(rows))}
        if offset + limit < len(rows):
            query = urlencode({**asked.query, "sysparm_offset": offset + limit})
            headers["Link"] = f'<{self.url}{asked.path}?{query}>;rel="next",<{self.url}{asked.path}>;rel="first"'
        self.between()
        return Answer({"result": [{name: _both(row[name]) for name in names if name in row} for row in page]}, headers=headers)

    def _rows(self, table: str, query: str) -> list[dict[str, Any]]:
        rows = list(self.tables[table].values())
        for condition in filter(None, query.split("^")):
            if not condition.startswith("ORDERBY"):
                name, sign, value = condition.partition(">=") if ">=" in condition else condition.partition("=")
                rows = [row for row in rows if (row.get(name, "") >= value if sign == ">=" else row.get(name) == value)]
        return rows

    @contextmanager
    def running(self) -> Iterator["ServiceNow"]:
        with api_server(self.answer) as server:
            self.url, self.asked = server.url, server.asked
            yield self


def _both(value: Any) -> dict[str, str]:
    raw, shown = value if isinstance(value, tuple) else (value, value)
    return {"value": raw, "display_value": shown}

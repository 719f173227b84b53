"""GLPI's REST API, as its documentation says: sessions, ranges with Content-Range, the bin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.api_server import Answer, Asked, api_server


class Glpi:
    """`between`: what happens after each page of a list."""

    user_token, app_token = "user-token", "app-token"

    def __init__(self, page: int = 3) -> None:
        self.page, self.url, self.asked = page, "", list[Asked]()
        self.items: dict[str, dict[int, dict[str, Any]]] = {}
        self.sessions = 0
        self._open = ""
        self.between: Callable[[], None] = lambda: None

    def put(self, itemtype: str, number: int, /, **facts: Any) -> None:
        known = self.items.setdefault(itemtype, {}).get(number, {"id": number, "is_deleted": 0})
        self.items[itemtype][number] = {**known, **facts}

    def end_session(self) -> None:
        self._open = ""

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("App-Token") != self.app_token:
            return Answer(["ERROR_WRONG_APP_TOKEN_PARAMETER", "le jeton"], 400)
        itemtype = asked.path.removeprefix("/apirest.php/")
        if itemtype == "initSession":
            return self._session(asked)
        if asked.headers.get("Session-Token") != self._open:
            return Answer(["ERROR_SESSION_TOKEN_INVALID", "le session_token semble incorrect"], 401)
        return self._page(list(self.items.get(itemtype, {}).values()), asked)

    def _session(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"user_token {self.user_token}":
            return Answer(["ERROR_GLPI_LOGIN_USER_TOKEN", "le user_token"], 401)
        self.sessions += 1
        self._open = f"session{self.sessions}"
        return Answer({"session_token": self._open})

    def _page(self, items: list[dict[str, Any]], asked: Asked) -> Answer:
        in_bin = asked.query.get("is_deleted") == "true"
        rows = sorted((row for row in items if bool(row["is_deleted"]) is in_bin), key=lambda row: int(row["id"]))
        first, last = map(int, asked.query["range"].split("-"))
        if first and first >= len(rows):
            return Answer(["ERROR_RANGE_EXCEED_TOTAL", f"plage {len(rows)}"], 400)
        page = rows[first : min(last + 1, first + self.page)]
        whole = len(page) == len(rows)
        headers = {"Content-Range": f"{first}-{first + len(page) - 1}/{len(rows)}", "Accept-Range": f"{asked.path} 1000"}
        self.between()
        return Answer(page, 200 if whole else 206, headers)

    @contextmanager
    def running(self) -> Iterator["Glpi"]:
        with api_server(self.answer) as server:
            self.url, self.asked = f"{server.url}/apirest.php", server.asked
            yield self

"""Snipe-IT's list of hardware, as its API reference says: limit and offset, rows and total, HTML in names, errors with status 200."""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.api_server import Answer, Asked, api_server


class SnipeIt:
    """`most`: rows a page at most, whatever is asked for. `busy`: answers that say to come again. `between`: what happens after a page."""

    token = "snipe-token"

    def __init__(self, most: int = 3) -> None:
        self.most, self.busy, self.url, self.asked, self.error = most, 0, "", list[Asked](), ""
        self._assets: dict[int, dict[str, Any]] = {}
        self.between: Callable[[], None] = lambda: None

    def put(self, number: int, maker: str = "Dell", model: str = "Latitude 7440", status: str = "deployed", **facts: Any) -> None:
        asset = {"id": number, "asset_tag": f"T{number}", "serial": f"SN{number}", "deleted": False, "company": None, "location": None}
        asset |= {"model": _named(model), "manufacturer": _named(maker), "status_label": {"name": "Ready", "status_meta": status}}
        asset |= {"purchase_date": {"date": "2025-03-01", "formatted": "01/03/2025"}, "warranty_months": "36 months"}
        self._assets[number] = {**asset, **facts}

    def delete(self, number: int) -> None:
        self._assets[number]["deleted"] = True

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"error": "Unauthenticated."}, 401)
        if self.busy:
            self.busy -= 1
            return Answer({"status": "error", "messages": "Too many requests"}, 429, {"Retry-After": "1"})
        if self.error:
            return Answer({"status": "error", "messages": self.error, "payload": None})
        deleted = asked.query.get("status") == "Deleted"
        rows = [asset for number, asset in sorted(self._assets.items()) if asset["deleted"] is deleted]
        first, limit = int(asked.query.get("offset", 0)), min(self.most, int(asked.query["limit"]))
        page = Answer({"total": len(rows), "rows": [{**row} for row in rows[first : first + limit]]})
        self.between()
        return page

    @contextmanager
    def running(self) -> Iterator["SnipeIt"]:
        with api_server(self.answer) as server:
            self.url, self.asked = server.url, server.asked
            yield self


def _named(name: str) -> dict[str, Any]:
    return {"id": 1, "name": html.escape(name)}

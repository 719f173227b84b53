"""HubSpot: lists of companies and deals by cursor, the search, archived records."""

import json
from typing import Any

from tests.support.api_server import Answer, Asked
from tests.support.apis.api import Api, Record

_CHANGED = "hs_lastmodifieddate"


class HubSpot(Api):
    def __init__(self) -> None:
        super().__init__()
        self.token = "pat-s3cret"
        self.objects: dict[str, dict[int, Record]] = {"companies": {}, "deals": {}}

    def put(self, object_: str, ident: int, **properties: Any) -> None:
        """Create a record, or change one."""
        known = self.objects[object_].get(ident, {"properties": {}, "archived": False})
        properties = {**known["properties"], **properties, "hs_object_id": str(ident), _CHANGED: self._stamp()}
        self.objects[object_][ident] = {**known, "properties": properties, "updatedAt": self._stamp()}

    def archive(self, object_: str, ident: int) -> None:
        self.objects[object_][ident] |= {"archived": True, "archivedAt": self._stamp()}

    def _stamp(self) -> str:
        return f"{self.now:%Y-%m-%dT%H:%M:%S.000Z}"

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"status": "error", "message": "Authentication credentials not found", "category": "INVALID_AUTHENTICATION"}, 401)
        object_, _, search = asked.path.removeprefix("/crm/v3/objects/").partition("/")
        answer = self._search(object_, json.loads(asked.body)) if search else self._list(object_, asked.query)
        self.meanwhile()
        return answer

    def _list(self, object_: str, query: dict[str, str]) -> Answer:
        after, archived = int(query.get("after", 0)), query["archived"] == "true"
        records = [(ident, record) for ident, record in sorted(self.objects[object_].items()) if record["archived"] is archived]
        rest = [each for each in records if each[0] > after]
        page = rest[: min(self.page, int(query["limit"]))]
        more = {"paging": {"next": {"after": str(page[-1][0]), "link": "..."}}} if len(rest) > len(page) else {}
        return Answer({"results": [_shaped(*each, query["properties"].split(",")) for each in page], **more})

    def _search(self, object_: str, body: Record) -> Answer:
        (group,) = body["filterGroups"]
        by_name = {each["propertyName"]: int(each["value"]) for each in group["filters"]}
        assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        since = f"{by_name[_CHANGED] // 1000}"
        records = [
            (ident, record)
            for ident, record in sorted(self.objects[object_].items())
            if not record["archived"] and ident > by_name["hs_object_id"] and _seconds(record["properties"][_CHANGED]) >= int(since)
        ]
        page = records[: min(self.page, body["limit"])]
        more = {"paging": {"next": {"after": str(len(page))}}} if len(records) > len(page) else {}
        return Answer({"total": len(records), "results": [_shaped(*each, body["properties"]) for each in page], **more})


def _seconds(stamp: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(stamp).timestamp())


def _shaped(ident: int, record: Record, properties: list[str]) -> Record:
    """A record with the properties that were asked for."""
    return {**record, "id": str(ident), "properties": {name: record["properties"].get(name) for name in properties}}

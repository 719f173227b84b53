"""Salesforce: OAuth 2 tokens, SOQL with pages by locator, the recycle bin by queryAll."""

import re
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from tests.support.api_server import Answer, Asked
from tests.support.apis.api import Api, Record

_SOQL = re.compile(r"SELECT (?P<columns>.+) FROM (?P<object>\w+)(?: WHERE (?P<where>.+))? ORDER BY Id")
_DATA = "/services/data/v62.0/"


class Salesforce(Api):
    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, Record]] = {}
        self.sessions: set[str] = set()
        self.client, self.refresh_token = ("client", "s3cret"), "r3fresh"
        self._numbers = count(1)
        self._results: dict[str, list[Record]] = {}

    def put(self, object_: str, ident: str, **fields: Any) -> None:
        """Create a record, or change one."""
        records = self.objects.setdefault(object_, {})
        stamp = f"{self.now:%Y-%m-%dT%H:%M:%S.000+0000}"
        records[ident] = {**records.get(ident, {"IsDeleted": False}), **fields, "Id": ident, "SystemModstamp": stamp}

    def delete(self, object_: str, ident: str) -> None:
        self.put(object_, ident, IsDeleted=True)

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/services/oauth2/token":
            return self._token({name: values[0] for name, values in parse_qs(asked.body).items()})
        if asked.headers.get("Authorization", "").removeprefix("Bearer ") not in self.sessions:
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        listing, _, locator = asked.path.removeprefix(_DATA).partition("/")
        return self._page(locator) if locator else self._query(asked.query["q"], bin_too=listing == "queryAll")

    def _token(self, form: dict[str, str]) -> Answer:
        granted = form["grant_type"] == "client_credentials" or form.get("refresh_token") == self.refresh_token
        if (form["client_id"], form["client_secret"]) != self.client:
            return Answer({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        if not granted:
            return Answer({"error": "invalid_grant", "error_description": "expired access/refresh token"}, 400)
        self.sessions.add(session := f"00D!session{next(self._numbers)}")
        return Answer({"access_token": session, "instance_url": self.url, "token_type": "Bearer"})

    def _query(self, soql: str, *, bin_too: bool) -> Answer:
        match = _SOQL.fullmatch(soql)
        if match is None:
            return _error(400, "MALFORMED_QUERY", "unexpected token")
        columns = match["columns"].split(", ")
        records = [record for record in self.objects.get(match["object"], {}).values() if bin_too or not record["IsDeleted"]]
        for condition in (match["where"] or "").split(" AND ") if match["where"] else ():
            records = [record for record in records if _holds(record, condition)]
        if unknown := [column for column in columns if records and not any(column in record for record in records)]:
            return _error(400, "INVALID_FIELD", f"No such column '{unknown[0]}' on entity '{match['object']}'")
        locator = f"0r8{next(self._numbers):015}"
        self._results[locator] = [_shaped(record, columns, match["object"]) for record in sorted(records, key=lambda each: each["Id"])]
        return self._page(f"{locator}-0")

    def _page(self, locator: str) -> Answer:
        name, _, start = locator.partition("-")
        if name not in self._results:
            return _error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        rows, first = self._results[name], int(start)
        page = rows[first : first + self.page]
        done = first + self.page >= len(rows)
        more = {} if done else {"nextRecordsUrl": f"{_DATA}query/{name}-{first + self.page}"}
        answer = Answer({"totalSize": len(rows), "done": done, "records": page, **more})
        self.meanwhile()
        return answer

    def forget_locators(self) -> None:
        self._results.clear()


def _holds(record: Record, condition: str) -> bool:
    if condition == "IsDeleted = true":
        return bool(record["IsDeleted"])
    column, _, instant = condition.partition(" >= ")
    return str(record[column])[:19] >= instant[:19]


def _shaped(record: Record, columns: list[str], object_: str) -> Record:
    """A record as Salesforce writes it: `Product2.Name` is an object in the object."""
    shaped: Record = {"attributes": {"type": object_, "url": f"{_DATA}sobjects/{object_}/{record['Id']}"}}
    for column in columns:
        parent, _, field = column.rpartition(".")
        if parent:
            shaped[parent] = {"attributes": {"type": parent}, field: record[column]} if record.get(column) is not None else None
        else:
            shaped[column] = record.get(column)
    return shaped


def _error(status: int, code: str, message: str) -> Answer:
    return Answer([{"message": message, "errorCode": code}], status)

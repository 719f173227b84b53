"""A local server of one bucket, which answers as the REST API of S3 does: lists in pages, objects whole or in ranges, errors as XML."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple
from xml.sax.saxutils import escape

from tests.support.api_server import Answer, ApiServer, Asked

KEY, SECRET, BUCKET = "AKIDLISTS", "s3cret", "lists"
_PAGE = 2  # keys and folders of a page
_XML = {"Content-Type": "application/xml"}


class _Object(NamedTuple):
    content: bytes
    changed: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


class S3Server:
    """`faults`: answers given before any other, in order. `gone`: keys that are listed and no longer there when they are read."""

    def __init__(self) -> None:
        self.objects: dict[str, _Object] = {}
        self.faults: list[Answer] = []
        self.gone: set[str] = set()
        self._server = ApiServer(self._answered)
        self.url, self.stop = self._server.url, self._server.stop

    @property
    def lists(self) -> int:
        """How many pages of lists were asked for."""
        return sum("list-type" in asked.query for asked in self._server.asked)

    def put(self, key: str, content: bytes, age: int) -> None:
        self.objects[key] = _Object(content, datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=age))

    def _answered(self, asked: Asked) -> Answer:
        if self.faults:
            return self.faults.pop(0)
        if f"Credential={KEY}/" not in asked.headers.get("Authorization", ""):
            return refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        bucket, _, key = asked.path.lstrip("/").partition("/")
        if bucket != BUCKET:
            return refusal(404, "NoSuchBucket", "The specified bucket does not exist")
        if asked.query.get("list-type") == "2":
            return self._list(asked.query)
        item = None if key in self.gone else self.objects.get(key)
        return _read(item, asked.headers.get("Range", "")) if item else refusal(404, "NoSuchKey", "The specified key does not exist.")

    def _list(self, query: dict[str, str]) -> Answer:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        entries = sorted({self._entry(key, prefix, delimiter) for key in self.objects if key.startswith(prefix)})
        first = int(query.get("continuation-token") or 0)
        page, last = entries[first : first + _PAGE], first + _PAGE >= len(entries)
        following = "" if last else f"<NextContinuationToken>{first + _PAGE}</NextContinuationToken>"
        entries_xml = "".join(map(self._listed, page))
        return Answer(
            f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount><MaxKeys>{_PAGE}</MaxKeys>"
            f"<IsTruncated>{'false' if last else 'true'}</IsTruncated>{entries_xml}{following}</ListBucketResult>".encode(),
            headers=_XML,
        )

    def _entry(self, key: str, prefix: str, delimiter: str) -> str:
        """The key, or the folder below the prefix that it is in."""
        rest = key[len(prefix) :]
        return prefix + rest.split(delimiter)[0] + delimiter if delimiter and delimiter in rest else key

    def _listed(self, entry: str) -> str:
        if (item := self.objects.get(entry)) is None:
            return f"<CommonPrefixes><Prefix>{escape(entry)}</Prefix></CommonPrefixes>"
        return (
            f"<Contents><Key>{escape(entry)}</Key><LastModified>{item.changed:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>{escape(item.etag)}</ETag><Size>{len(item.content)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )


def refusal(status: int, code: str, message: str) -> Answer:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(f'<?xml version="1.0" encoding="UTF-8"?>{error}'.encode(), status, _XML)


def _read(item: _Object, wanted: str) -> Answer:
    headers = {"ETag": item.etag, "Last-Modified": format_datetime(item.changed, usegmt=True), "Accept-Ranges": "bytes"}
    headers["Content-Type"] = "text/csv"
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    if not first:
        return Answer(item.content, headers=headers)
    end = min(int(last or len(item.content)), len(item.content) - 1)
    headers["Content-Range"] = f"bytes {first}-{end}/{len(item.content)}"
    return Answer(item.content[int(first) : end + 1], 206, headers)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    try:
        yield server
    finally:
        server.stop()

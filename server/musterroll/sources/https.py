"""A document at an HTTPS address, such as a published list or the link of a report."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import urlsplit

from musterroll.sources.policy import SourceSettings, check_url
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType

_LARGEST = 1 << 30  # bytes


def check(settings: Mapping[str, str], policy: SourceSettings) -> None:
    check_url(settings["url"], policy)


def fetch(request: Request, file: BinaryIO) -> Delivery | None:
    """The document, unless the server says that it has not changed."""
    from requests.exceptions import RequestException

    from musterroll.sources.network import in_words, refused, session

    host = check_url(request.settings["url"], request.policy)
    known = {
        name: str(request.cursor[key])
        for key, name in (("etag", "If-None-Match"), ("changed", "If-Modified-Since"))
        if request.cursor.get(key)
    }
    auth = {"Authorization": f"Bearer {request.get('token')}"} if request.get("token") else {}
    basic = (request.get("user"), request.get("password")) if request.get("user") else None
    try:
        with session(request.policy) as opened:
            answer = opened.get(request.settings["url"], headers={**known, **auth}, auth=basic)
    except RequestException as error:
        raise in_words(host, error) from None
    if answer.status_code == 304:
        return None
    if answer.status_code != 200:
        raise refused(host, answer)
    if len(answer.content) > _LARGEST:
        raise SourceProblem(f"the document of {host} is larger than a gigabyte")
    file.write(answer.content)
    cursor = {"etag": answer.headers.get("ETag", ""), "changed": answer.headers.get("Last-Modified", "")}
    return Delivery(PurePosixPath(urlsplit(request.settings["url"]).path).name or host, cursor)


HTTPS = SourceType(
    "https",
    "Web address",
    "a document at an HTTPS address, fetched again on schedule",
    (
        Setting("url", "Address", "https://example.com/units.csv", required=True),
        Setting("token", "Bearer token", secret=True),
        Setting("user", "User"),
        Setting("password", "Password", secret=True),
    ),
    fetch,
    check,
)

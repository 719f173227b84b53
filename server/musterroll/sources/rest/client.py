"""One REST API: its lists page by page, through dlt's client. What is retried and where it may go is in `network`."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from dlt.common import jsonpath
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.rest_client.client import RESTClient
from requests import Response
from requests.auth import AuthBase
from requests.exceptions import RequestException

from musterroll.sources.network import check_status, in_words, session
from musterroll.sources.policy import SourceSettings
from musterroll.sources.rest.lists import ListMoved, RestList, Row
from musterroll.sources.rest.paging import paginator
from musterroll.sources.source import SourceProblem

Explain = Callable[[int, Any], str]


class Api:
    """One REST API, asked by one run. Raises SourceProblem; what was given until then is not the whole list.

    `explain(status, content)`: why this API refuses, in a sentence after its name; empty: as the status says. It may raise ListMoved.
    """

    def __init__(self, url: str, policy: SourceSettings, headers: Mapping[str, str] | None = None, explain: Explain | None = None) -> None:
        self.url, self.host = url, urlsplit(url).netloc
        self.began: datetime | None = None  # when the first answer came, by the clock of the API
        self.auth: AuthBase | None = None
        self._headers, self._explain = dict(headers or {}), explain
        self._session = session(policy, only_host=self.host)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def rows(self, asked: RestList) -> Iterator[Row]:
        """Every row of a list, page by page."""
        url, number, total = self._address(asked.path), 0, None
        client = RESTClient(url, headers=self._headers, auth=self.auth, session=self._session, config=RuntimeConfiguration())
        body: dict[str, Any] = {"method": "POST", "json": dict(asked.body)} if asked.body is not None else {}
        hooks: dict[str, Any] = {"response": [self._check]}
        paging = paginator(asked.paging)
        try:
            pages = client.paginate(url, params=dict(asked.params), paginator=paging, data_selector=asked.rows or "$", hooks=hooks, **body)
            for page in pages:
                total = self._total(asked, page.response, total)
                for row in page:
                    if not isinstance(row, dict):
                        raise SourceProblem(f"the answer of {self.host} has no list of objects at {asked.rows or 'its top'}")
                    number += 1
                    yield row
        except (RequestException, ValueError, KeyError, TypeError) as error:
            raise error if isinstance(error, SourceProblem) else in_words(self.host, error) from None
        if asked.total and total is None:
            raise SourceProblem(f"the answer of {self.host} has no {asked.total}; check its address")
        if asked.total and number != total:
            raise ListMoved(f"{self.host} gave {number:,} rows of a list of {total:,}")

    def send(self, path: str, method: str = "GET", *, signed: bool = True, **options: Any) -> Any:
        """The JSON answer to one request. `options`: as of requests; `signed`: with the credentials of the API."""
        hooks, headers = {"response": [self._check]}, {**self._headers, **options.pop("headers", {})}
        try:
            answer = self._session.request(
                method, self._address(path), headers=headers, auth=self.auth if signed else None, hooks=hooks, **options
            )
            return answer.json()
        except (RequestException, ValueError) as error:
            raise error if isinstance(error, SourceProblem) else in_words(self.host, error) from None

    def _address(self, path: str) -> str:
        return urljoin(self.url.rstrip("/") + "/", path) if path else self.url

    def _check(self, response: Response, *args: Any, **kwargs: Any) -> None:
        if self.began is None and (date := response.headers.get("Date")):
            self.began = _instant(date)
        if response.status_code >= 400 and self._explain is not None:
            try:
                content = response.json()
            except ValueError:
                content = None
            if why := self._explain(response.status_code, content):
                raise SourceProblem(f"{self.host} {why}")
        check_status(response, *args, **kwargs)

    def _total(self, asked: RestList, response: Response, before: int | None) -> int | None:
        values = jsonpath.find_values(asked.total, response.json()) if asked.total else []
        if asked.total_header and (written := response.headers.get(asked.total_header)):
            values = [written.rpartition("/")[2]]  # Content-Range: 0-49/200
        total = int(values[0]) if values and str(values[0]).isdecimal() else before
        if before is not None and total != before:
            raise ListMoved(f"a list of {self.host} had {before:,} rows, and {total:,} while it was read")
        return total


def _instant(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None

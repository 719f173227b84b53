"""Paging through one list of a REST API by dlt's client. What is retried and where it may go is in `network`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import PreparedRequest, Response, Session
from requests.auth import AuthBase
from requests.exceptions import RequestException

from musterroll.sources.network import in_words, refused, session
from musterroll.sources.policy import SourceSettings
from musterroll.sources.source import SourceProblem

Row = Mapping[str, Any]
SignIn = Callable[[Session], dict[str, str]]  # gives the headers of whoever is signed in; raises SourceProblem


class RestList(NamedTuple):
    """One list of an API. `rows`: the JSON path of the rows in an answer. `sign_in` is asked again where a token has expired."""

    url: str
    paginator: BasePaginator
    rows: str
    params: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    sign_in: SignIn | None = None


def rows(asked: RestList, policy: SourceSettings) -> Iterator[Row]:
    """Every row, page by page. Raises SourceProblem; what was given until then is not the whole list."""
    host = urlsplit(asked.url).netloc
    opened = session(policy, only_host=host)
    try:
        hooks: dict[str, Any] = {"response": [_checked]}
        auth = _SignedIn(opened, asked.sign_in) if asked.sign_in else None
        if auth is not None:
            hooks["response"].insert(0, auth.again)
        client = RESTClient(asked.url, headers=dict(asked.headers), auth=auth, session=opened, config=RuntimeConfiguration())
        pages = client.paginate(
            asked.url, params=dict(asked.params), paginator=asked.paginator, data_selector=asked.rows or "$", hooks=hooks
        )
        for page in pages:
            for row in page:
                if not isinstance(row, dict):
                    raise SourceProblem(f"the answer of {host} has no list of objects at {asked.rows or 'its top'}")
                yield row
    except (RequestException, ValueError, KeyError, TypeError) as error:
        raise error if isinstance(error, SourceProblem) else in_words(host, error) from None
    finally:
        opened.close()


def ask(opened: Session, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
    """One request for an object, such as a token. Raises SourceProblem."""
    host = urlsplit(url).netloc
    try:
        answer = opened.request(method, url, **kwargs)
        if answer.status_code != 200:
            raise refused(host, answer)
        body: dict[str, Any] = answer.json()
    except (RequestException, ValueError) as error:
        raise error if isinstance(error, SourceProblem) else in_words(host, error) from None
    return body


def _checked(response: Response, *_args: Any, **_kwargs: Any) -> None:
    if response.status_code not in (200, 206):
        raise refused(urlsplit(response.url).netloc, response)


class _SignedIn(AuthBase):
    """Signs requests, and signs in again, once a request, where the answer is 401."""

    def __init__(self, opened: Session, sign_in: SignIn) -> None:
        self._session, self._sign_in = opened, sign_in
        self._headers: dict[str, str] = {}

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._headers = self._headers or self._sign_in(self._session)
        request.headers.update(self._headers)
        return request

    def again(self, response: Response, *_args: Any, **kwargs: Any) -> Response:
        if response.status_code != 401 or getattr(response.request, "signed_again", False):
            return response
        self._headers = self._sign_in(self._session)
        request = response.request.copy()
        request.headers.update(self._headers)
        request.signed_again = True  # type: ignore[attr-defined]
        return self._session.send(request, **kwargs)

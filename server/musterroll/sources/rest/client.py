"""Paging through one list of a REST API by dlt's client. What is retried and where it may go is in `network`."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests.exceptions import RequestException

from musterroll.sources.network import check_status, in_words, session
from musterroll.sources.policy import SourceSettings
from musterroll.sources.source import SourceProblem

Row = Mapping[str, Any]


class RestList(NamedTuple):
    """One list of an API. `rows`: the JSON path of the rows in an answer."""

    url: str
    paginator: BasePaginator
    rows: str
    params: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


def rows(asked: RestList, policy: SourceSettings) -> Iterator[Row]:
    """Every row, page by page. Raises SourceProblem; what was given until then is not the whole list."""
    host = urlsplit(asked.url).netloc
    opened = session(policy, only_host=host)
    try:
        hooks: dict[str, Any] = {"response": [check_status]}
        client = RESTClient(asked.url, headers=dict(asked.headers), session=opened, config=RuntimeConfiguration())
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

"""Tokens that an API gives out for a time: fetched before the first request, and once more where one is refused."""

from collections.abc import Callable, Mapping
from typing import Any

from requests import PreparedRequest, Response
from requests.auth import AuthBase

from musterroll.sources.rest.client import Api
from musterroll.sources.rest.lists import at
from musterroll.sources.source import SourceProblem


class Renewed(AuthBase):
    """`obtain()`: the headers that a new token is sent in. A new one that is refused, too, is the answer."""

    def __init__(self, obtain: Callable[[], Mapping[str, str]]) -> None:
        self._obtain, self._headers, self._refused = obtain, dict[str, str](), False

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._headers = self._headers or dict(self._obtain())
        request.headers.update(self._headers)
        request.register_hook("response", self._again)
        return request

    def _again(self, response: Response, **options: Any) -> Response:
        if response.status_code != 401 or self._refused:
            self._refused = response.status_code == 401
            return response
        self._refused = True
        response.content  # noqa: B018  read to its end, so that the connection can be used again
        self._headers = dict(self._obtain())
        response.request.headers.update(self._headers)  # of this very request, so that a retry of it has the new token, too
        again: Response = response.connection.send(response.request, **options)
        self._refused = again.status_code == 401
        return again


def oauth(api: Api, path: str, client_id: str, client_secret: str, refresh_token: str = "") -> Renewed:
    """OAuth 2 by client credentials or, with a refresh token, by that. `path`: of the token endpoint."""
    form = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
    if refresh_token:
        form |= {"grant_type": "refresh_token", "refresh_token": refresh_token}

    def obtain() -> dict[str, str]:
        answer = api.send(path, "POST", signed=False, data=form)
        if not isinstance(token := at(answer, "access_token"), str):
            raise SourceProblem(f"{api.host} gave no token")
        return {"Authorization": f"Bearer {token}"}

    return Renewed(obtain)

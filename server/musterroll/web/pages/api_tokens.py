"""API tokens for programs: create (shown once), list, revoke."""

from datetime import timedelta
from typing import NamedTuple

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError
from musterroll.storage.tables.access import ApiToken
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import users as access_users
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction
from musterroll.web.pages.users import account_numbers

pages = Blueprint("api_tokens", __name__)

_SCOPES = {
    "read": "View units, coverage, contracts and counts",
    "write": "Change everything a planner can change",
    "admin": "All of these; manage claim tokens, enrolments and the quarantine",
}
_LIFETIMES = {"1": "1 day", "30": "30 days", "90": "90 days", "365": "1 year", "1825": "5 years"}


class TokenForm(NamedTuple):
    label: str = ""
    scopes: tuple[str, ...] = ("read",)
    days: str = "365"
    accounts: str = ""


class TokenLine(NamedTuple):
    token: ApiToken
    within: list[str] | None  # account numbers


@pages.get("/api-tokens")
@needs(Role.ADMIN)
def overview() -> str:
    return _overview_page()


@pages.post("/api-tokens")
@needs(Role.ADMIN)
def create() -> Response:
    now, given = clock(), request.form
    form = TokenForm(given.get("label", "").strip(), tuple(given.getlist("scope")), given.get("days", ""), given.get("accounts", ""))
    try:
        if form.days not in _LIFETIMES:
            raise DomainError("choose how long the token is valid")
        with transaction() as session:
            _, plain = api_tokens.create(
                session,
                label=form.label,
                scopes=list(form.scopes),
                expires_at=now + timedelta(days=int(form.days)),
                within=account_numbers(form.accounts),
                actor=actor().name,
                now=now,
            )
    except DomainError as refusal:
        return make_response(_overview_page(form, refused=str(refusal)), 422)
    return make_response(_overview_page(shown=plain))


@pages.post("/api-tokens/<int:token_id>/revoke")
@needs(Role.ADMIN)
def revoke(token_id: int) -> AnyResponse:
    with transaction() as session:
        api_tokens.revoke(session, token_id, clock(), actor().name)
    return redirect("/api-tokens#tokens", 303)


def _overview_page(form: TokenForm = TokenForm(), refused: str | None = None, shown: str | None = None) -> str:  # noqa: B008
    with read_only() as session:
        lines = [TokenLine(token, access_users.account_refs(session, token.within)) for token in api_tokens.tokens(session)]
    return page("api_tokens.html", clock(), lines=lines, scopes=_SCOPES, lives=_LIFETIMES, form=form, refused=refused, shown=shown)

"""Users: create, set the role and the accounts, disable, reset the password."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import ROLES, Role
from musterroll.domain.values.errors import DomainError
from musterroll.storage.tables.access import User
from musterroll.usecases.access import users as access_users
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("users", __name__)

_BLANK = {"name": "", "role": Role.VIEWER.value, "accounts": ""}


class NewPassword(NamedTuple):
    """A new password, shown only once."""

    name: str
    password: str


@pages.get("/users")
@needs(Role.ADMIN)
def overview() -> str:
    return _overview_page()


@pages.post("/users")
@needs(Role.ADMIN)
def add() -> Response:
    form = {name: request.form.get(name, "").strip() for name in _BLANK}
    try:
        with transaction() as session:
            role, within = _role(form["role"]), account_numbers(form["accounts"])
            user, password = access_users.add(session, name=form["name"], role=role, within=within, actor=actor().name, now=clock())
            shown = NewPassword(user.name, password)
    except DomainError as refusal:
        return make_response(_overview_page(form=form, refused=str(refusal)), 422)
    return make_response(_overview_page(shown=shown))


@pages.get("/users/<int:user_id>")
@needs(Role.ADMIN)
def detail(user_id: int) -> str:
    return _detail_page(user_id)


@pages.post("/users/<int:user_id>/role")
@needs(Role.ADMIN)
def set_role(user_id: int) -> AnyResponse:
    role, numbers = request.form.get("role", ""), account_numbers(request.form.get("accounts", ""))
    return _apply(user_id, lambda session, user, **by: access_users.allow(session, user, _role(role), numbers, **by))


@pages.post("/users/<int:user_id>/disable")
@needs(Role.ADMIN)
def disable(user_id: int) -> AnyResponse:
    return _apply(user_id, access_users.disable)


@pages.post("/users/<int:user_id>/enable")
@needs(Role.ADMIN)
def enable(user_id: int) -> AnyResponse:
    return _apply(user_id, access_users.enable)


@pages.post("/users/<int:user_id>/sessions/end")
@needs(Role.ADMIN)
def end_sessions(user_id: int) -> AnyResponse:
    return _apply(user_id, access_users.end_sessions)


@pages.post("/users/<int:user_id>/password")
@needs(Role.ADMIN)
def reset_password(user_id: int) -> Response:
    with transaction() as session:
        user = access_users.get(session, user_id)
        shown = NewPassword(user.name, access_users.reset_password(session, user, actor=actor().name, now=clock()))
    return make_response(_overview_page(shown=shown))


def account_numbers(text: str) -> list[str] | None:
    """Account numbers in a form; None if empty: no limit."""
    return [number for part in re.split(r"[\r\n,;]+", text) if (number := part.strip())] or None


def _apply(user_id: int, action: Callable[..., Any]) -> AnyResponse:
    """Run an action on a user and return to their page; if refused, with the reason."""
    try:
        with transaction() as session:
            action(session, access_users.get(session, user_id), actor=actor().name, now=clock())
    except DomainError as refusal:
        if refusal.code == "not_found":
            raise
        return make_response(_detail_page(user_id, str(refusal)), 422)
    return redirect(f"/users/{user_id}", 303)


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise DomainError(f"there is no role {word[:40]!r}; choose one of {', '.join(Role)}") from None


def _overview_page(form: dict[str, str] = _BLANK, refused: str | None = None, shown: NewPassword | None = None) -> str:
    with read_only() as session:
        everybody = access_users.everybody(session)
    return page("users.html", clock(), users=everybody, roles=ROLES, form=form, refused=refused, shown=shown)


def _detail_page(user_id: int, refused: str | None = None) -> str:
    with read_only() as session:
        user = _listed(session, access_users.get(session, user_id))
    return page("user.html", clock(), user=user, roles=ROLES, refused=refused)


def _listed(session: Session, user: User) -> access_users.Person:
    return next(person for person in access_users.everybody(session) if person.id == user.id)

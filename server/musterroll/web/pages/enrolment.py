"""Enrolment: claim tokens for installers, and enrolments awaiting approval."""

import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import segno
from flask import Blueprint, Response, make_response, redirect, request
from markupsafe import Markup
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.storage.accounts import hierarchy, sites
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.usecases.enrolment import enrol, revocation
from musterroll.usecases.enrolment.enrol import PendingEnrolment
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, transaction

pages = Blueprint("enrolment", __name__)

_LIFETIMES = {"1": "1 day", "7": "7 days", "30": "30 days", "365": "1 year"}
_BLANK = {"label": "", "days": "7", "uses": "1", "serials": "", "account": "", "site": ""}
_MARK_NAMES = {"mac": "MAC address", "machine_id": "machine ID"}  # identifiers that need another name on the page
_MAX_SHOWN = 50  # pending enrolments
_MAX_PLACES = 100
_ADDRESS = re.compile(r"[A-Za-z0-9:/.\[\]%_-]+")


class NewToken(NamedTuple):
    """A new token, whose plain text is shown only once."""

    token: ClaimToken
    command: str  # to run on the device
    picture: Markup  # the command as a QR code


class Pending(NamedTuple):
    """A pending enrolment and its unit. `marks` are identifiers: (name, on record, in the request)."""

    claim: PendingEnrolment
    card: UnitCard
    marks: list[tuple[str, str, str]]


@pages.get("/enrolment")
@needs(Role.ADMIN)
def overview() -> str:
    return _overview_page()


@pages.post("/enrolment/tokens")
@needs(Role.ADMIN)
def create() -> Response:
    now, form = clock(), {name: request.form.get(name, "").strip() for name in _BLANK}
    try:
        with transaction() as session:
            created = enrol.create_token(session, **_token_fields(form), actor=actor().name, now=now)
    except DomainError as refusal:
        return make_response(_overview_page(form=form, refused=str(refusal)), 422)
    return make_response(_overview_page(shown=_new_token(*created)))


@pages.post("/units/<uid>/credential")
@needs(Role.ADMIN)
def readmit(uid: str) -> Response:
    """The command with which the device of a unit gets a new credential, after its last was revoked."""
    try:
        with transaction() as session:
            created = revocation.readmit(session, uid, actor=actor().name, now=clock())
    except Conflict as refusal:
        return make_response(_overview_page(refused=str(refusal)), 409)
    return make_response(_overview_page(shown=_new_token(*created)))


@pages.get("/enrolment/places")
@needs(Role.ADMIN)
def places() -> str:
    """The accounts and sites that match what is typed into the form of a new token."""
    form = {name: request.args.get(name, "").replace("\0", "").strip()[:80] for name in ("account", "site")}
    with read_only() as session:
        return page("place_options.html", clock(), places=_places(session, form))


@pages.post("/enrolment/tokens/<int:token_id>/revoke")
@needs(Role.ADMIN)
def revoke(token_id: int) -> AnyResponse:
    with transaction() as session:
        enrol.revoke_token(session, token_id, actor().name, clock())
    return redirect("/enrolment#tokens", 303)


@pages.post("/enrolment/<int:credential_id>/<any(accept, refuse):decision>")
@needs(Role.ADMIN)
def decide(credential_id: int, decision: str) -> AnyResponse:
    with transaction() as session:
        enrol.decide(session, credential_id, decision == "accept", actor().name, clock())
    return redirect("/enrolment", 303)


def _overview_page(form: dict[str, str] = _BLANK, refused: str | None = None, shown: NewToken | None = None) -> str:
    now = clock()
    with read_only() as session:
        tokens = enrol.tokens(session)
        pending = enrol.pending(session)
        waiting = [_pending(session, claim, now) for claim in pending[:_MAX_SHOWN]]
        choices = _places(session, form)
    return page(
        "enrolment.html",
        now,
        tokens=tokens,
        waiting=waiting,
        all_waiting=len(pending),
        form=form,
        lives=_LIFETIMES,
        mark_words=_MARK_NAMES,
        refused=refused,
        shown=shown,
        places=choices,
    )


def _places(session: Session, form: dict[str, str]) -> dict[str, list[Any]]:
    """Registered accounts and sites to choose from; sites of the chosen account first."""
    owner = hierarchy.by_ref(session, form["account"])
    return {
        "accounts": hierarchy.page(session, hierarchy.AccountFilter(text=form["account"] if owner is None else ""), None, _MAX_PLACES),
        "sites": sites.choices(session, form["site"], owner.id if owner else None, _MAX_PLACES),
    }


def _pending(session: Session, claim: PendingEnrolment, now: datetime) -> Pending:
    card = unit_card(session, claim.uid, now)
    known = claim.known | card.evidence  # the last birth message is newer than the enrolment
    names = sorted((known.keys() | claim.evidence.keys()) - {"attempt"})  # a random number, which tells a person nothing
    marks = [(name, str(known.get(name, "")), str(claim.evidence.get(name, ""))) for name in names]
    return Pending(claim, card, marks)


def _token_fields(form: dict[str, str]) -> dict[str, Any]:
    """The form as arguments of `create_token`. Raises DomainError for invalid numbers."""
    return {
        "label": form["label"],
        "life": timedelta(days=_number(form["days"], "validity in days")),
        "uses": _number(form["uses"], "number of uses"),
        "serials": [serial for serial in re.split(r"[\r\n,;]+", form["serials"]) if serial.strip()],
        "account": form["account"] or None,
        "site": form["site"] or None,
    }


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DomainError(f"the {what} must be a whole number, not {text[:40]!r}")
    return int(text)


def _new_token(token: ClaimToken, plain: str) -> NewToken:
    command = f"musterroll-agent enroll --registry {_registry()} --token={plain}"
    picture = segno.make(command, error="m", micro=False).svg_inline(scale=4, border=4, light="#fff", omitsize=True)
    return NewToken(token, command, Markup(picture))  # noqa: S704


def _registry() -> str:
    """The registry's address for devices: the public URL, else the address of this request (its host was checked)."""
    address = context().settings.public_url or request.host_url
    return address.rstrip("/") if _ADDRESS.fullmatch(address) else "URL"

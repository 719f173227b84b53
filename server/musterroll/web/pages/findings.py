"""Findings: the list, one finding with its evidence, and decisions."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.findings.kinds import OWNERS, FindingKind
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.money import Money
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import FindingFilter
from musterroll.usecases.units import history as unit_history
from musterroll.usecases.units.look_up import unit_card
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction
from musterroll.web.http.security import local_path

pages = Blueprint("findings", __name__)

PAGE = 50
ANY = "any"


@pages.get("/findings")
def overview() -> str:
    now, wanted, after = clock(), _wanted(), request.args.get("after") or None
    with read_only() as session:
        found = finding_decisions.findings(session, wanted, after, PAGE, now)
    choices = {"kinds": list(FindingKind), "owners": OWNERS, "states": list(FindingState)}
    links = {"address": address, "export": export, "everything": FindingFilter()}
    return page(
        "findings.html",
        now,
        found=found,
        wanted=wanted,
        after=after,
        done=request.args.get("done", type=int),
        money=money,
        **choices,
        **links,
    )


@pages.get("/findings/<int:number>")
def finding(number: int) -> str:
    now = clock()
    with read_only() as session:
        opened = finding_decisions.finding(session, number, now)
        uid = opened.row.uid
        card = unit_card(session, uid, now) if uid else None
        heard = unit_history.transitions(session, uid, None, 6) if uid else []
    done = request.args.get("done", type=int)
    return page(
        "finding.html", now, opened=opened, row=opened.row, card=card, heard=heard, done=done, money=money, states=list(FindingState)
    )


@pages.post("/findings/decide")
@needs(Role.PLANNER)
def decide() -> Response:
    """Decides the selected findings at once: all or none."""
    now, numbers = clock(), [int(one) for one in request.form.getlist("finding") if one.isascii() and one.isdigit()]
    if not numbers:
        raise Conflict("select at least one finding")
    to = _state(request.form.get("to"))
    until = _day(request.form.get("until", "")) if to is FindingState.IGNORED else None
    reason = request.form.get("reason", "").strip()
    with transaction() as session:
        change = finding_decisions.decide(session, numbers, to, reason=reason, until=until, actor=actor().name, now=now).id
    back = local_path(request.form.get("next"))
    return redirect(f"{back}{'&' if '?' in back else '?'}done={change}", 303)


def address(wanted: FindingFilter, after: str | None = None, **changes: Any) -> str:
    """The list's address with these filters, some of them changed.

    >>> address(FindingFilter(kind=FindingKind.DORMANT)), address(FindingFilter(state=None, owner="support"))
    ('/findings?kind=dormant', '/findings?state=any&owner=support')
    """
    one = wanted._replace(**changes)
    asked = {
        "state": "" if one.state is FindingState.OPEN else one.state or ANY,
        "kind": one.kind or "",
        "owner": one.owner,
        "account": one.account,
    }
    query = {name: str(value) for name, value in {**asked, "unit": one.uid, "after": after}.items() if value}
    return f"/findings?{urlencode(query)}" if query else "/findings"


def export(wanted: FindingFilter) -> str:
    """The same findings as a file for a spreadsheet."""
    asked = {"format": "csv", "state": wanted.state, "kind": wanted.kind, "owner": wanted.owner, "account": wanted.account}
    return f"/api/v1/findings?{urlencode({name: str(value) for name, value in {**asked, 'unit': wanted.uid}.items() if value})}"


def money(row: Any) -> Money | None:
    return None if row.value is None else Money(row.value, row.currency)


def _wanted() -> FindingFilter:
    """What the address asks for; a word that is no state and no kind filters nothing."""
    said = {name: request.args.get(name, "").strip()[:200] for name in ("state", "kind", "owner", "account", "unit")}
    state = FindingState(said["state"]) if said["state"] in set(FindingState) else None if said["state"] == ANY else FindingState.OPEN
    kind = FindingKind(said["kind"]) if said["kind"] in set(FindingKind) else None
    return FindingFilter(state, kind, said["owner"], said["account"], None, said["unit"])


def _state(said: str | None) -> FindingState:
    if said not in set(FindingState):
        raise Conflict("choose confirm, resolve, snooze or reopen")
    return FindingState(said)


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Conflict("enter the date to snooze until, such as 2026-12-31") from None

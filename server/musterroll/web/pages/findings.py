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
from musterroll.storage.findings import lists as finding_lists
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
    now, filters, after = clock(), _filters(), request.args.get("after") or None
    with read_only() as session:
        listed = finding_decisions.findings(session, filters, after, PAGE, now)
    choices = {"kinds": list(FindingKind), "owners": OWNERS, "states": list(FindingState)}
    links = {"address": address, "export": export, "everything": FindingFilter()}
    return page(
        "findings.html",
        now,
        findings=listed,
        filters=filters,
        after=after,
        done=request.args.get("done", type=int),
        amounts=finding_lists.amounts,
        **choices,
        **links,
    )


@pages.get("/findings/<int:number>")
def finding(number: int) -> str:
    now = clock()
    with read_only() as session:
        details = finding_decisions.finding(session, number, now)
        uid = details.row.uid
        card = unit_card(session, uid, now) if uid else None
        transitions = unit_history.transitions(session, uid, None, 6) if uid else []
    done = request.args.get("done", type=int)
    return page(
        "finding.html",
        now,
        details=details,
        row=details.row,
        card=card,
        transitions=transitions,
        done=done,
        amounts=finding_lists.amounts,
        states=list(FindingState),
    )


@pages.post("/findings/decide")
@needs(Role.PLANNER)
def decide() -> Response:
    """Decide the selected findings: all or none."""
    now, numbers = clock(), [int(number) for number in request.form.getlist("finding") if number.isascii() and number.isdigit()]
    if not numbers:
        raise Conflict("select at least one finding")
    to = _state(request.form.get("to"))
    until = _day(request.form.get("until", "")) if to is FindingState.IGNORED else None
    reason = request.form.get("reason", "").strip()
    with transaction() as session:
        change = finding_decisions.decide(session, numbers, to, reason=reason, until=until, actor=actor().name, now=now).id
    back = local_path(request.form.get("next"))
    return redirect(f"{back}{'&' if '?' in back else '?'}done={change}", 303)


def address(filters: FindingFilter, after: str | None = None, **changes: Any) -> str:
    """The address of the list with these filters, some of them changed.

    >>> address(FindingFilter(kind=FindingKind.DORMANT)), address(FindingFilter(state=None, owner="support"))
    ('/findings?kind=dormant', '/findings?state=any&owner=support')
    """
    changed = filters._replace(**changes)
    params = {
        "state": "" if changed.state is FindingState.OPEN else changed.state or ANY,
        "kind": changed.kind or "",
        "owner": changed.owner,
        "account": changed.account,
    }
    query = {name: str(value) for name, value in {**params, "unit": changed.uid, "after": after}.items() if value}
    return f"/findings?{urlencode(query)}" if query else "/findings"


def export(filters: FindingFilter) -> str:
    """The address of the same findings as CSV."""
    params = {"format": "csv", "state": filters.state, "kind": filters.kind, "owner": filters.owner, "account": filters.account}
    return f"/api/v1/findings?{urlencode({name: str(value) for name, value in {**params, 'unit': filters.uid}.items() if value})}"


def _filters() -> FindingFilter:
    """The filters in the query; unknown states and kinds are ignored."""
    params = {name: request.args.get(name, "").strip()[:200] for name in ("state", "kind", "owner", "account", "unit")}
    state = FindingState(params["state"]) if params["state"] in set(FindingState) else None if params["state"] == ANY else FindingState.OPEN
    kind = FindingKind(params["kind"]) if params["kind"] in set(FindingKind) else None
    return FindingFilter(state, kind, params["owner"], params["account"], None, params["unit"])


def _state(name: str | None) -> FindingState:
    if name not in set(FindingState):
        raise Conflict("choose confirm, resolve, snooze or reopen")
    return FindingState(name)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Conflict("enter the date to snooze until, such as 2026-12-31") from None

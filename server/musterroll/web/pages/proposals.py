"""Possible duplicates: two records that may describe the same thing, side by side, for a person to decide."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("proposals", __name__)

PAGE = 20
STATES = (matching_proposals.OPEN, matching_proposals.ACCEPTED, matching_proposals.REJECTED)
KINDS = {matching_proposals.ACCOUNT_TWIN: "Same customer?", matching_proposals.UNIT_TWIN: "Same unit?"}
KIND_WORDS = {**KINDS, matching_proposals.LINE_SERIAL: "Contract line for this unit?"}
SIDES = {
    matching_proposals.ACCOUNT_TWIN: ("First account", "Second account"),
    matching_proposals.UNIT_TWIN: ("First unit", "Second unit"),
    matching_proposals.LINE_SERIAL: ("Contract line", "Unit"),
}


@pages.get("/possible-duplicates")
@needs(Role.PLANNER)
def overview() -> str:
    state = request.args.get("state", matching_proposals.OPEN)
    state = state if state in STATES else matching_proposals.OPEN
    with read_only() as session:
        proposals, following = matching_proposals.page(session, state, None, request.args.get("after") or None, PAGE)
    words = {"kinds": KIND_WORDS, "sides": SIDES, "states": STATES}
    return page(
        "possible_duplicates.html",
        clock(),
        proposals=proposals,
        state=state,
        following=following,
        after=request.args.get("after") or None,
        done=request.args.get("done", type=int),
        **words,
    )


@pages.post("/possible-duplicates/look")
@needs(Role.PLANNER, everywhere=True)
def search() -> Response:
    with transaction() as session:
        matching_proposals.find_matches(session, clock())
    return redirect("/possible-duplicates", 303)


@pages.post("/possible-duplicates/<int:number>/<any(accept, reject):decision>")
@needs(Role.PLANNER)
def decide(number: int, decision: str) -> Response:
    now, who, reason = clock(), actor().name, request.form.get("reason", "").strip()[:500]
    with transaction() as session:
        if decision == "accept":
            keep_right = request.form.get("keep") == "right"
            change = matching_proposals.accept(session, number, actor=who, now=now, reason=reason, keep_right=keep_right)
        else:
            change = matching_proposals.reject(session, number, actor=who, now=now, reason=reason)
    return redirect(f"/possible-duplicates?done={change.id}", 303)

"""Proposals: two records that may be one, side by side, for a person to decide."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.permission import Role
from musterroll.registry import proposing
from musterroll.web.door import actor, clock, needs, page, reading, writing

pages = Blueprint("proposals", __name__)

PAGE = 20
STATES = (proposing.OPEN, proposing.ACCEPTED, proposing.REJECTED)
KINDS = {proposing.ACCOUNT_TWIN: "Two accounts, one customer?", proposing.UNIT_TWIN: "Two records, one unit?"}
KIND_WORDS = {**KINDS, proposing.LINE_SERIAL: "Does this line mean this unit?"}
SIDES = {
    proposing.ACCOUNT_TWIN: ("first account", "second account"),
    proposing.UNIT_TWIN: ("first unit", "second unit"),
    proposing.LINE_SERIAL: ("contract line", "unit"),
}


@pages.get("/possible-duplicates")
@needs(Role.PLANNER)
def overview() -> str:
    state = request.args.get("state", proposing.OPEN)
    state = state if state in STATES else proposing.OPEN
    with reading() as session:
        found = proposing.listed(session, state, None, _after(), PAGE + 1)
    last = found[PAGE - 1].proposal if len(found) > PAGE else None
    following = f"{last.weight!r}:{last.id}" if last else None
    words = {"kinds": KIND_WORDS, "sides": SIDES, "states": STATES}
    return page(
        "possible_duplicates.html",
        clock(),
        found=found[:PAGE],
        state=state,
        following=following,
        after=request.args.get("after"),
        done=request.args.get("done", type=int),
        **words,
    )


@pages.post("/possible-duplicates/look")
@needs(Role.PLANNER, everywhere=True)
def look() -> Response:
    with writing() as session:
        proposing.find(session, clock())
    return redirect("/possible-duplicates", 303)


@pages.post("/possible-duplicates/<int:number>/<any(accept, reject):decision>")
@needs(Role.PLANNER)
def decide(number: int, decision: str) -> Response:
    now, who, reason = clock(), actor().name, request.form.get("reason", "").strip()[:500]
    with writing() as session:
        if decision == "accept":
            keep_right = request.form.get("keep") == "right"
            change = proposing.accept(session, number, actor=who, now=now, reason=reason, keep_right=keep_right)
        else:
            change = proposing.reject(session, number, actor=who, now=now, reason=reason)
    return redirect(f"/possible-duplicates?done={change.id}", 303)


def _after() -> tuple[float, int] | None:
    weight, _, number = request.args.get("after", "").partition(":")
    try:
        return float(weight), int(number)
    except ValueError:
        return None

"""Who did what: changes of people, documents and programs, newest first, and taking one back."""

from datetime import datetime

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.blueprints import guarded
from musterroll.api.door import actor, answer, clock, writing
from musterroll.api.exporting import ListQuery, Page, listed, listing
from musterroll.api.models import NumberPath, Request, Shape, Text, numbers
from musterroll.api.problems import documented
from musterroll.domain.instants import from_ms
from musterroll.domain.permission import Role, needs
from musterroll.registry import undoing
from musterroll.storage import audit
from musterroll.storage.audit_tables import Change

api = guarded("changes", "changes")


class DoneOut(Shape):
    """What was done: a change, which `POST /changes/{id}/undo` takes back."""

    id: int
    at: datetime
    actor: str
    kind: str = Field(description="import, merge, decision, lifecycle, warranty, undo, ...")
    subject: str
    reason: str
    undoes: int | None = Field(description="The change it took back.")
    undone_by: int | None = Field(description="The change that took it back.")


class DonePage(Shape):
    items: list[DoneOut]
    next: str | None


class ReasonBody(Request):
    reason: Text = Field(default="", max_length=500, description="Why.")


class DoneQuery(ListQuery):
    kind: Text = Field(default="", max_length=32)
    actor: Text = Field(default="", max_length=120)
    text: Text = Field(default="", max_length=200, description="In subject or reason.")


@listing(api, "/changes", DonePage, "Changes that people, documents and programs made, newest first")
@needs(Role.PLANNER, everywhere=True)
def list_changes(query: DoneQuery) -> Response:
    wanted = audit.Wanted(query.kind, query.actor, query.text.strip())

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        before = numbers(cursor, 1)
        found = audit.changes(session, before[0] if before else None, limit + 1, wanted)
        shown = [done_out(change, undone) for change, undone in found[:limit]]
        return shown, str(shown[-1].id) if len(found) > limit else None

    return listed(DonePage, query, "changes", fetch)


@api.post("/changes/<int:number>/undo", summary="Take a change back", responses={200: DoneOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def undo(path: NumberPath, body: ReasonBody) -> Response:
    """Every row goes back to what it was before, or nothing does. Answers with the undoing, a change itself."""
    with writing() as session:
        return answer(done_out(undoing.undo(session, path.number, actor(), clock(), body.reason)))


def done_out(change: Change, undone_by: int | None = None) -> DoneOut:
    kept = {name: getattr(change, name) for name in ("id", "actor", "kind", "subject", "reason")}
    return DoneOut(**kept, at=from_ms(change.at), undoes=change.undoes_id, undone_by=undone_by)

"""The audit log: changes by users, imports and programs, and undo."""

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll import long_work
from musterroll.api.http.context import actor, answer, clock, context, read_only
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NumberPath, RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.tables.audit import AuditChange

api = guarded("audit", "changes")


class ChangeOut(Schema):
    """A change; `POST /changes/{id}/undo` undoes it."""

    id: int
    at: datetime
    actor: str
    kind: str = Field(description="import, merge, decision, lifecycle, warranty, undo, ...")
    subject: str
    reason: str
    undoes: int | None = Field(description="The change that this one undid.")
    undone_by: int | None = Field(description="The change that undid this one.")


class ChangePage(Schema):
    items: list[ChangeOut]
    next: str | None


class ChangedRecordOut(Schema):
    """One record that a change wrote. For an updated record, only the columns that changed."""

    id: int = Field(description="Number of the audit entry.")
    table: str
    key: str
    before: dict[str, Any] | None = Field(description="null: the record was added.")
    after: dict[str, Any] | None = Field(description="null: the record was removed.")


class ChangedRecordPage(Schema):
    items: list[ChangedRecordOut]
    next: str | None


class VerifiedOut(Schema):
    """`ok`: no entry was altered, and the given head is in the log."""

    ok: bool
    entries: int = Field(description="Number of intact entries, counted from the first.")
    first_bad: int | None = Field(description="The first entry that was altered or follows a missing one.")
    head: str = Field(description="Hash of the last intact entry; noted elsewhere, it later proves that no entries were cut off the end.")
    head_found: bool


class HeadQuery(RequestSchema):
    head: Text | None = Field(default=None, max_length=64, description="A head hash noted earlier.")


class ReasonBody(RequestSchema):
    reason: Text = Field(default="", max_length=500, description="Reason.")


class ChangeQuery(ListQuery):
    kind: Text = Field(default="", max_length=32)
    actor: Text = Field(default="", max_length=120)
    text: Text = Field(default="", max_length=200, description="Text in subject or reason.")
    table: Text = Field(default="", max_length=40, description="Changes to this table, such as `unit` or `contract_line`.")
    key: Text = Field(default="", max_length=120, description="With table: changes to the record with this key.")


@listing(api, "/changes", ChangePage, "Changes by users, imports and programs, newest first")
@needs(Role.PLANNER, everywhere=True)
def list_changes(query: ChangeQuery) -> Response:
    wanted = audit_changes.ChangeFilter(query.kind, query.actor, query.text.strip(), query.table, query.key)

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        changes = audit_changes.changes(session, cursors.number(cursor), limit + 1, wanted)
        rows, following = cursors.cut(changes, limit, lambda row: (row[0].id,))
        return [change_out(change, undone) for change, undone in rows], following

    return listed(ChangePage, query, "changes", fetch)


@api.get("/changes/<int:number>", summary="One change", responses={200: ChangeOut, **documented(404)})
@needs(Role.PLANNER, everywhere=True)
def get_change(path: NumberPath) -> Response:
    with read_only() as session:
        return answer(change_out(_change(session, path.number), audit_changes.undone_by(session, path.number)))


@listing(api, "/changes/<int:number>/rows", ChangedRecordPage, "Records that a change wrote, before and after, newest first", 404)
@needs(Role.PLANNER, everywhere=True)
def list_rows(path: NumberPath, query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        _change(session, path.number)
        entries = audit_changes.entries_back(session, path.number, cursors.number(cursor), limit + 1)
        rows, following = cursors.cut(entries, limit, lambda entry: (entry.id,))
        return [ChangedRecordOut(**entry._asdict()) for entry in rows], following

    return listed(ChangedRecordPage, query, f"change-{path.number}", fetch)


@api.get("/audit/verify", summary="Verify the audit log", responses={200: VerifiedOut})
@needs(Role.ADMIN)
def verify(query: HeadQuery) -> Response:
    """Verifies the whole log."""
    with read_only() as session:
        result = audit_chain.verify(session, query.head)
    return answer(VerifiedOut(ok=result.first_bad is None and result.head_found, **result._asdict()))


@api.post("/changes/<int:number>/undo", summary="Undo a change", responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def undo(path: NumberPath, body: ReasonBody) -> Response:
    """Restores all records the change wrote, or none. Returns the new change."""
    change = long_work.undo(context().database, path.number, actor(), clock, body.reason)
    with read_only() as session:
        return answer(change_out(session.get_one(AuditChange, change)))


def _change(session: Session, number: int) -> AuditChange:
    change = session.get(AuditChange, number)
    if change is None:
        raise NotFound(f"there is no change {number}")
    return change


def change_out(change: AuditChange, undone_by: int | None = None) -> ChangeOut:
    columns = {name: getattr(change, name) for name in ("id", "actor", "kind", "subject", "reason")}
    return ChangeOut(**columns, at=from_ms(change.at), undoes=change.undoes_id, undone_by=undone_by)

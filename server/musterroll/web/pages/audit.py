"""The audit log: who changed which record, before and after; undo; and the check that no entry was altered."""

from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, abort, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from musterroll.domain.access import Role, needs
from musterroll.domain.audit import record_word
from musterroll.domain.values import cursors
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit.changes import ChangeFilter
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.units import Unit
from musterroll.usecases.audit import verify as audit_verify
from musterroll.web.http.context import clock, page, read_only, transaction

pages = Blueprint("audit", __name__)

PAGE, ENTRIES = 50, 40
_KINDS = {
    **{"decision": "finding decision", "notification": "notification rule", "person": "user", "policy": "warranty policy"},
    **{"proposal": "possible duplicate", "token": "API token"},
}


def kind_word(kind: str) -> str:
    """What people call a kind of change."""
    return _KINDS.get(kind, kind.replace("_", " "))


@pages.get("/audit")
@needs(Role.ADMIN)
def overview() -> str:
    wanted, before = _wanted(), request.args.get("before") or None
    with read_only() as session:
        behind = audit_changes.changes(session, cursors.number(before), PAGE + 1, wanted)
        kinds, actors = audit_changes.kinds_and_actors(session)
        proof = audit_verify.proof(session)
    changes, older = cursors.cut(behind, PAGE, lambda row: (row[0].id,))
    words = {"wanted": wanted, "kinds": kinds, "actors": actors, "before": before, "older": older, "query": _query(wanted)}
    return page("audit.html", clock(), kind_word=kind_word, record_word=record_word, changes=changes, proof=proof, **words)


@pages.get("/audit/<int:number>")
@needs(Role.ADMIN)
def change(number: int) -> str:
    before = request.args.get("before") or None
    with read_only() as session:
        found = session.get(Change, number)
        if found is None:
            abort(404)
        undone_by = audit_changes.undone_by(session, number)
        behind = audit_changes.entries_back(session, number, cursors.number(before), ENTRIES + 1)
        entries, older = cursors.cut(behind, ENTRIES, lambda entry: (entry.id,))
        rows = [_row(session, *entry) for entry in entries]
    return page(
        "change.html",
        clock(),
        kind_word=kind_word,
        record_word=record_word,
        change=found,
        undone_by=undone_by,
        rows=rows,
        older=older,
        before=before,
    )


@pages.post("/audit/verify")
@needs(Role.ADMIN)
def verify() -> Response:
    now = clock()
    with transaction() as session:
        audit_verify.begin_anew(session, now)
        audit_verify.prove(session, now)
    return redirect("/audit", 303)


def _wanted() -> ChangeFilter:
    return ChangeFilter(*(request.args.get(name, "").strip()[:200].replace("\0", "") for name in ChangeFilter._fields))


def _query(wanted: ChangeFilter) -> str:
    return urlencode({name: value for name, value in wanted._asdict().items() if value})


def _row(
    session: Session, entry_id: int, table: str, key: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> dict[str, Any]:
    """An entry as the page shows it: each column before and after, and where the record can be seen."""
    names = list(dict.fromkeys([*(before or {}), *(after or {})]))
    values = [(name, (before or {}).get(name), (after or {}).get(name)) for name in names]
    told = [one for one in values if one[1] != one[2] and not (before is None and one[2] in (None, "", "[]"))]
    what = "added" if before is None else "deleted" if after is None else "changed"
    name, path = _record(session, table, key, after or before or {})
    return {"id": entry_id, "table": table, "key": key, "what": what, "values": told, "name": name, "path": path}


def _record(session: Session, table: str, key: str, image: dict[str, Any]) -> tuple[str, str | None]:
    """What people call a record, and the address of its page."""
    if table == "unit" and (unit := session.get(Unit, int(key))) is not None:
        return unit.serial, f"/units/{unit.uid}"
    if table == "contract" and (contract := session.get(Contract, int(key))) is not None:
        return contract.ref, f"/contracts/{quote(contract.ref, safe='')}"
    said = next((str(image[name]) for name in ("ref", "name", "serial", "model") if image.get(name)), key)
    return said, f"/products/{key}" if table == "product" else None

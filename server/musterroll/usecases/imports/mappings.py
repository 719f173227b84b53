"""Columns of customers' files saved to be used again, and files that were imported before."""

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.imports.runs import RunRow
from musterroll.storage.tables.imports import SavedMapping

_LONGEST = 120


def columns(session: Session, kind: str, name: str) -> dict[str, str]:
    """Our field by their heading. Raises NotFound, and Conflict where it was saved for another kind of document."""
    found = find(session, name)
    if found.kind != kind:
        raise Conflict(f"the mapping {name!r} is for {found.kind}, not for {kind}")
    return dict(found.columns)


def find(session: Session, name: str) -> SavedMapping:
    found = import_runs.mapping(session, name)
    if found is None:
        known = ", ".join(mapping.name for mapping in import_runs.mappings(session)[:12]) or "none saved yet"
        raise NotFound(f"there is no mapping {name!r}; available: {known}")
    return found


def save(session: Session, kind: str, name: str, columns: dict[str, str]) -> SavedMapping:
    """Save columns under a name, in place of what was saved under it. Raises Conflict where that was for another kind."""
    name = text("name of the mapping", name, _LONGEST)
    if not name or not columns:
        raise Conflict("a mapping needs a name and at least one column (--map)")
    found = import_runs.mapping(session, name) or SavedMapping(kind=kind, name=name)
    if found.kind != kind:
        raise Conflict(f"the mapping {name!r} is for {found.kind}, not for {kind}; choose another name")
    found.columns = dict(columns)
    session.add(found)
    return found


def saved(session: Session) -> list[SavedMapping]:
    """Every mapping, by name."""
    return import_runs.mappings(session)


def delete(session: Session, name: str) -> None:
    """Raises NotFound."""
    session.delete(find(session, name))


def imported_before(session: Session, kind: str, sha256: str) -> RunRow | None:
    """The newest import of a file with the same content that is not undone."""
    return import_runs.same_content(session, kind, sha256)

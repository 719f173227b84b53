"""Column mappings of customers' files, saved to be used again."""

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.tables.imports import SavedMapping

_LONGEST = 120


def columns(session: Session, kind: str, name: str) -> dict[str, str]:
    """Field by heading. Raises NotFound, and Conflict where the mapping is for another kind of document."""
    mapping = find(session, name)
    if mapping.kind != kind:
        raise Conflict(f"the mapping {name!r} is for {mapping.kind}, not for {kind}")
    return dict(mapping.columns)


def find(session: Session, name: str) -> SavedMapping:
    """Raises NotFound, naming those there are."""
    mapping = import_runs.mapping(session, name)
    if mapping is None:
        known = ", ".join(saved.name for saved in import_runs.mappings(session)[:12]) or "none saved yet"
        raise NotFound(f"there is no mapping {name!r}; available: {known}")
    return mapping


def save(session: Session, kind: str, name: str, columns: dict[str, str]) -> SavedMapping:
    """Save or replace a mapping. Raises Conflict where the name is used for another kind of document."""
    name = text("name of the mapping", name, _LONGEST)
    if not name or not columns:
        raise Conflict("a mapping needs a name and at least one column (--map)")
    mapping = import_runs.mapping(session, name) or SavedMapping(kind=kind, name=name)
    if mapping.kind != kind:
        raise Conflict(f"the mapping {name!r} is for {mapping.kind}, not for {kind}; choose another name")
    mapping.columns = dict(columns)
    session.add(mapping)
    return mapping


def saved(session: Session) -> list[SavedMapping]:
    """Every mapping, by name."""
    return import_runs.mappings(session)


def delete(session: Session, name: str) -> None:
    """Raises NotFound."""
    session.delete(find(session, name))

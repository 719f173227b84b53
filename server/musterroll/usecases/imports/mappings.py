"""How files of a customer are read, saved to be used again: which column is which field, values for all rows, meanings of words, how dates
and numbers are written, how the file is laid out.
"""

from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.readers.columns import Choices
from musterroll.readers.layout import Layout
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.tables.imports import SavedMapping

_LONGEST = 120
_WORDS = ("given", "words")
_READING = ("dates", "numbers", "ends")
_LAYOUT = ("sheet", "encoding", "separator", "heading_row")  # rows to skip are those of one file


def choices(session: Session, kind: str, name: str | None) -> Choices:
    """The choices saved under a name; without one, none. Raises NotFound, and Conflict where they are for another kind of document."""
    if not name:
        return Choices()
    mapping = find(session, name)
    if mapping.kind != kind:
        raise Conflict(f"the mapping {name!r} is for {mapping.kind}, not for {kind}")
    options = dict(mapping.options)
    zone, laid_out = options.pop("zone", ""), options.pop("layout", {})
    return Choices(dict(mapping.columns), **options, zone=ZoneInfo(zone) if zone else None, layout=Layout(**laid_out))


def find(session: Session, name: str) -> SavedMapping:
    """Raises NotFound, naming those there are."""
    mapping = import_runs.mapping(session, name)
    if mapping is None:
        known = ", ".join(saved.name for saved in import_runs.mappings(session)[:12]) or "none saved yet"
        raise NotFound(f"there is no mapping {name!r}; available: {known}")
    return mapping


def save(session: Session, kind: str, name: str, choices: Choices) -> SavedMapping:
    """Save or replace a mapping. Raises Conflict where the name is used for another kind of document."""
    name = text("name of the mapping", name, _LONGEST)
    options = _options(choices)
    if not name or not (choices.columns or options):
        raise Conflict("a mapping needs a name and at least one choice, such as a column (--map), a value (--set) or a word (--word)")
    mapping = import_runs.mapping(session, name) or SavedMapping(kind=kind, name=name)
    if mapping.kind != kind:
        raise Conflict(f"the mapping {name!r} is for {mapping.kind}, not for {kind}; choose another name")
    mapping.columns, mapping.options = dict(choices.columns), options
    session.add(mapping)
    return mapping


def _options(choices: Choices) -> dict[str, Any]:
    """What is not as usual."""
    laid_out = {name: value for name in _LAYOUT if (value := getattr(choices.layout, name)) not in ("", None)}
    options = {name: dict(getattr(choices, name)) for name in _WORDS} | {name: getattr(choices, name) for name in _READING}
    options |= {"zone": str(choices.zone or ""), "layout": laid_out}
    return {name: option for name, option in options.items() if option}


def saved(session: Session) -> list[SavedMapping]:
    """Every mapping, by name."""
    return import_runs.mappings(session)


def delete(session: Session, name: str) -> None:
    """Raises NotFound."""
    session.delete(find(session, name))

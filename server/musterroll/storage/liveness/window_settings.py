"""Windows as set by admins, and their changes as the audit log has them. Windows that were never set have no row."""

from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.domain.liveness import ReportingClass, WindowRule
from musterroll.domain.liveness import window_settings as settings
from musterroll.storage.tables.audit import AuditChange, AuditEntry
from musterroll.storage.tables.money import RegistryOption

_PREFIX = "window:"
_O = RegistryOption


class LoggedWindow(NamedTuple):
    """A change of a window. `before`, `after`: None where it was not set, and the default held."""

    name: str
    at: int  # ms
    actor: str
    before: int | None
    after: int | None


def option_name(name: str) -> str:
    return _PREFIX + name


def option(session: Session, name: str) -> RegistryOption | None:
    return session.scalars(select(_O).where(col(_O.name) == option_name(name))).one_or_none()


def values(session: Session) -> dict[str, int]:
    """The windows that were set, by name."""
    rows = session.execute(select(col(_O.name), col(_O.value)).where(col(_O.name).startswith(_PREFIX)))
    return {name.removeprefix(_PREFIX): int(value) for name, value in rows if value.isdecimal()}


def rules(session: Session) -> dict[ReportingClass, WindowRule]:
    return settings.rules(values(session))


def logged(session: Session) -> list[LoggedWindow]:
    """Every change of a window, and every undo of one, oldest first."""
    rows = session.execute(select(col(_O.id), col(_O.name)).where(col(_O.name).startswith(_PREFIX)))
    e, c = AuditEntry, AuditChange
    query = select(col(e.row_key), col(e.before), col(e.after), col(c.at), col(c.actor)).join_from(e, c, col(c.id) == col(e.change_id))
    changes, names = [], {str(key): name for key, name in rows}
    for key, before, after, at, actor in session.execute(query.where(col(e.table_name) == "registry_option").order_by(col(e.id))):
        name = names.setdefault(key, str({**(before or {}), **(after or {})}.get("name", "")))
        if name.startswith(_PREFIX):
            changes.append(LoggedWindow(name.removeprefix(_PREFIX), at, actor, _number(before), _number(after)))
    return changes


def _number(image: dict[str, object] | None) -> int | None:
    text = str((image or {}).get("value", ""))
    return int(text) if text.isdecimal() else None

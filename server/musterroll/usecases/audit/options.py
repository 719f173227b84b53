"""Options of the registry that people set; each change is in the audit log and can be undone."""

from datetime import datetime

from sqlmodel import Session

from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.money import RegistryOption
from musterroll.usecases.audit import record as audit_record

_TABLE = "registry_option"


def set_option(
    session: Session, option: RegistryOption | None, name: str, value: str, *, subject: str, actor: str, now: datetime
) -> AuditChange:
    """Set the option of this name; `option` is its row, None where it was never set."""
    change = audit_record.begin(session, actor=actor, kind="option", subject=subject, now=now)
    if option is None:
        option = RegistryOption(name=name, value=value)
        session.add(option)
        session.flush()
        audit_record.added(session, change, _TABLE, [option.id or 0])
        return change
    with audit_record.watching(session, change, _TABLE, [option.id or 0]):
        option.value = value
    return change

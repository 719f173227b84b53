"""Setting windows. The units follow in batches (`usecases.warranty.products`), and are reconciled again; past days stay as counted."""

from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.liveness import window_settings as rules
from musterroll.domain.liveness.window_settings import SETTINGS, WindowSetting
from musterroll.domain.values.instants import from_ms
from musterroll.storage.liveness import window_settings as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.audit.options import set_option


class WindowValue(NamedTuple):
    setting: WindowSetting
    value: int


class WindowChange(NamedTuple):
    """A change in words, with its day (UTC)."""

    on: date
    actor: str
    says: str


def current(session: Session) -> list[WindowValue]:
    values = stored.values(session)
    return [WindowValue(setting, values.get(name, setting.default)) for name, setting in SETTINGS.items()]


def active_days(session: Session) -> int:
    """The window of active units, where people choose no other."""
    return stored.values(session).get(rules.ACTIVE_DAYS, SETTINGS[rules.ACTIVE_DAYS].default)


def adoption_days(session: Session) -> int:
    """The window of the share of operating units that use something."""
    return stored.values(session).get(rules.ADOPTION_DAYS, SETTINGS[rules.ADOPTION_DAYS].default)


def set_window(session: Session, name: str, value: int, actor: str, now: datetime) -> AuditChange | None:
    """Returns the change, or None if nothing changes. Raises NotFound, and Conflict for a value it cannot have."""
    setting = rules.checked(name, value)
    option = stored.option(session, name)
    before = int(option.value) if option is not None and option.value.isdecimal() else setting.default
    if before == value:
        return None
    subject = f"window {name}: from {before} to {value} {setting.unit}"
    return set_option(session, option, stored.option_name(name), str(value), subject=subject, actor=actor, now=now)


def changes(session: Session, since: date | None = None) -> list[WindowChange]:
    """The changes of windows since a day, oldest first."""
    every = []
    for logged in stored.logged(session):
        setting, on = SETTINGS.get(logged.name), from_ms(logged.at).date()
        if setting is not None and (since is None or on >= since):
            before, after = (setting.default if value is None else value for value in (logged.before, logged.after))
            every.append(WindowChange(on, logged.actor, f"{setting.label}: from {before:,} to {after:,} {setting.unit}"))
    return every

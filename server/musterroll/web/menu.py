"""The menu: every page that has a place of its own, for those whose role may open it."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.permission import Role, allows


class Entry(NamedTuple):
    address: str
    name: str
    icon: str
    group: str
    needs: Role = Role.VIEWER
    first: bool = False  # in the bar itself, also on a phone


ENTRIES = (
    Entry("/", "Look up", "search", "Units", first=True),
    Entry("/fleet", "Fleet", "layout-list", "Units", first=True),
    Entry("/installed-base", "Installed base", "chart-line", "Units"),
    Entry("/reconciliation", "Reconcile", "scale", "Paper", first=True),
    Entry("/imports", "Imports", "file-import", "Paper", Role.PLANNER, first=True),
    Entry("/labels", "Labels", "qrcode", "Units"),
    Entry("/proposals", "Proposals", "arrows-join", "Paper", Role.PLANNER),
    Entry("/enrolment", "Enrolment", "id-badge-2", "Administration", Role.ADMIN),
    Entry("/notifications", "Notifications", "bell-ringing", "Administration", Role.ADMIN),
    Entry("/quarantine", "Quarantine", "shield-exclamation", "Administration", Role.ADMIN),
)


def entries(role: str) -> list[Entry]:
    """What somebody of this role finds in the menu, in order."""
    return [entry for entry in ENTRIES if allows(Role(role), entry.needs)]


def groups(role: str) -> dict[str, list[Entry]]:
    """The entries that are not in the bar, by group."""
    found: dict[str, list[Entry]] = {}
    for entry in entries(role):
        if not entry.first:
            found.setdefault(entry.group, []).append(entry)
    return found


def install(app: Flask) -> None:
    app.jinja_env.globals["menu"] = entries
    app.jinja_env.globals["menu_groups"] = groups

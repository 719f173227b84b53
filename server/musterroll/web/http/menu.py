"""The menu: every page with an entry of its own, for roles that may open it."""

from typing import NamedTuple

from flask import Flask, g

from musterroll.domain.access import Need, Role, allows, may
from musterroll.usecases.access.sessions import Actor


class Entry(NamedTuple):
    address: str
    name: str
    icon: str
    group: str
    needs: Role = Role.VIEWER
    first: bool = False  # always in the bar, also on a phone
    wide: bool = False  # in the bar if there is room, else under More
    everywhere: bool = False  # about the whole registry: not for users limited to some accounts


ENTRIES = (
    Entry("/", "Look up", "search", "Units", first=True),
    Entry("/fleet", "Fleet", "layout-list", "Units", first=True),
    Entry("/installed-base", "Installed base", "chart-line", "Planning", first=True),
    Entry("/worth", "Worth", "certificate", "Planning", wide=True),
    Entry("/customers", "Customers", "building", "Planning"),
    Entry("/renewals", "Renewals", "calendar-event", "Planning"),
    Entry("/capacity", "Capacity", "tool", "Planning"),
    Entry("/licences", "Licences", "license", "Planning"),
    Entry("/targets", "Targets", "target", "Planning"),
    Entry("/review-packs", "Review packs", "file-text", "Planning", everywhere=True),
    Entry("/usage", "Use", "chart-line", "Planning"),
    Entry("/segments", "Segments", "filter", "Planning"),
    Entry("/definitions", "Definitions", "help-circle", "Planning"),
    Entry("/accounts", "Accounts", "building", "Customers & contracts"),
    Entry("/contacts", "Contacts", "users", "Customers & contracts", Role.TECHNICIAN),
    Entry("/contracts", "Contracts", "file-text", "Customers & contracts"),
    Entry("/invoices", "Invoices", "file-text", "Customers & contracts"),
    Entry("/limits", "Contract limits", "clock-exclamation", "Customers & contracts"),
    Entry("/reconciliation", "Reconciliation", "scale", "Customers & contracts", first=True),
    Entry("/imports", "Imports", "file-import", "Customers & contracts", Role.PLANNER, everywhere=True, wide=True),
    Entry("/sources", "Sources", "file-import", "Customers & contracts", Role.PLANNER, everywhere=True),
    Entry("/records", "Records", "file-text", "Customers & contracts", Role.PLANNER, everywhere=True),
    Entry("/outages", "Outages", "cloud-off", "Units"),
    Entry("/sites", "Sites", "map-pin", "Units"),
    Entry("/incidents", "Incidents", "tool", "Units"),
    Entry("/labels", "Labels", "qrcode", "Units"),
    Entry("/calendar", "Calendar", "calendar-event", "Customers & contracts"),
    Entry("/possible-duplicates", "Possible duplicates", "arrows-join", "Customers & contracts", Role.PLANNER),
    Entry("/users", "Users", "users", "Administration", Role.ADMIN),
    Entry("/api-tokens", "API tokens", "key", "Administration", Role.ADMIN),
    Entry("/enrolment", "Enrolment", "id-badge-2", "Administration", Role.ADMIN),
    Entry("/products", "Products", "package", "Administration", Role.ADMIN),
    Entry("/rates", "Exchange rates", "scale", "Administration", Role.ADMIN, everywhere=True),
    Entry("/audit", "Audit", "file-text", "Administration", Role.ADMIN),
    Entry("/health", "Health", "heartbeat", "Administration", Role.ADMIN),
    Entry("/notifications", "Notifications", "bell-ringing", "Administration", Role.ADMIN),
    Entry("/quarantine", "Quarantine", "shield-exclamation", "Administration", Role.ADMIN),
)


def entries(actor: Actor) -> list[Entry]:
    """The menu of a user, in order."""
    if actor.must_change:
        return []
    return [entry for entry in ENTRIES if may(Role(actor.role), actor.within is not None, Need(entry.needs, entry.everywhere))]


def groups(actor: Actor) -> dict[str, list[Entry]]:
    """The entries under More, by group, in the order of the groups' first entries."""
    by_group: dict[str, list[Entry]] = {}
    for entry in entries(actor):
        if not entry.first:
            by_group.setdefault(entry.group, []).append(entry)
    return {group: by_group[group] for group in dict.fromkeys(entry.group for entry in ENTRIES) if group in by_group}


def install(app: Flask) -> None:
    app.jinja_env.globals["menu"] = entries
    app.jinja_env.globals["menu_groups"] = groups
    app.jinja_env.globals["allowed"] = _allowed
    app.jinja_env.globals["may_enter"] = _may_enter


def _may_enter() -> bool:
    """Whether the signed-in user may add and correct records by hand."""
    return "actor" in g and may(Role(g.actor.role), g.actor.within is not None, Need(Role.PLANNER, everywhere=True))


def _allowed(needed: str) -> bool:
    """Whether the signed-in user's role includes `needed`."""
    return "actor" in g and allows(Role(g.actor.role), Role(needed))

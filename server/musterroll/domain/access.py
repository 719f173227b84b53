"""Roles, each including all that the ones before it may do, and the role that a view needs."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, TypeVar

View = TypeVar("View", bound=Callable[..., object])
_MARK = "needs"
LONGEST_LOCK = timedelta(hours=1)  # of a name, after wrong passwords


class Role(StrEnum):
    VIEWER = "viewer"
    TECHNICIAN = "technician"
    PLANNER = "planner"
    ADMIN = "admin"


ROLES = {
    Role.VIEWER: "Can view units, coverage and counts.",
    Role.TECHNICIAN: "Can also work on units: move, replace, retire, add notes, pause alerts.",
    Role.PLANNER: "Can also decide findings and possible duplicates, import records and plan capacity.",
    Role.ADMIN: "Can also manage users, tokens, enrolment and products. Sees all accounts.",
}


class Need(NamedTuple):
    """What a view needs. `everywhere`: it is about the whole registry, so users limited to some accounts may not open it."""

    role: Role = Role.VIEWER
    everywhere: bool = False


_ORDER = tuple(Role)
_UNMARKED = Need(Role.ADMIN, everywhere=True)  # a view that changes something and is not marked


def allows(role: Role, needed: Role) -> bool:
    """Whether `role` includes `needed`.

    >>> allows(Role.PLANNER, Role.TECHNICIAN), allows(Role.VIEWER, Role.TECHNICIAN)
    (True, False)
    """
    return _ORDER.index(role) >= _ORDER.index(needed)


def may(role: Role, limited: bool, need: Need) -> bool:
    """Whether a user with `role`, limited to some accounts or not, may open a view with this need."""
    return allows(role, need.role) and not (limited and need.everywhere)


def needs(role: Role, *, everywhere: bool = False) -> Callable[[View], View]:
    """Marks a view that needs `role` or above; to others the page does not exist. Views for admins are about the whole registry.

    Entry points ask `need_of` before they call a view.
    """

    def mark(view: View) -> View:
        setattr(view, _MARK, Need(role, everywhere or role is Role.ADMIN))
        return view

    return mark


def marked(view: object) -> bool:
    return hasattr(view, _MARK)


def need_of(view: object, asks: bool) -> Need:
    """What a view needs; `asks` where the request changes nothing."""
    need: Need = getattr(view, _MARK, Need() if asks else _UNMARKED)
    return need

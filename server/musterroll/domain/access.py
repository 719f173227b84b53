"""What people may do: roles in order, each allowed all that the ones before it are; and what each view asks of whoever opens it."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, TypeVar

View = TypeVar("View", bound=Callable[..., object])
_MARK = "needs"


class Role(StrEnum):
    VIEWER = "viewer"  # looks
    TECHNICIAN = "technician"  # acts on units: deploy, retire, replace, void, note, hold
    PLANNER = "planner"  # imports, decides findings and proposals, saves filters and plans
    ADMIN = "admin"  # people, tokens, products, rules of notification, the audit


class Need(NamedTuple):
    """What a view asks for. `everywhere`: it is about the whole registry, so nobody limited to some accounts may open it."""

    role: Role = Role.VIEWER
    everywhere: bool = False


_ORDER = tuple(Role)
_UNMARKED = Need(Role.ADMIN, everywhere=True)  # what changes something and does not say who may


def allows(role: Role, needed: Role) -> bool:
    """Whether somebody of `role` may do what `needed` is needed for.

    >>> allows(Role.PLANNER, Role.TECHNICIAN), allows(Role.VIEWER, Role.TECHNICIAN)
    (True, False)
    """
    return _ORDER.index(role) >= _ORDER.index(needed)


def may(role: Role, limited: bool, need: Need) -> bool:
    """Whether somebody of `role`, limited to some accounts or not, may open what asks for `need`."""
    return allows(role, need.role) and not (limited and need.everywhere)


def needs(role: Role, *, everywhere: bool = False) -> Callable[[View], View]:
    """Marks a view that only somebody of `role` or above may open; for others there is no such page. What only an admin may open is
    about the whole registry. A door asks `need_of` before it lets anybody in."""

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

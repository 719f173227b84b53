"""What people may do: roles in order, each allowed all that the ones before it are."""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"  # looks
    TECHNICIAN = "technician"  # acts on units: deploy, retire, replace, void, note, hold
    PLANNER = "planner"  # imports, decides findings and proposals, saves filters and plans
    ADMIN = "admin"  # people, tokens, products, rules of notification, the audit


_ORDER = tuple(Role)


def allows(role: Role, needed: Role) -> bool:
    """Whether somebody of `role` may do what `needed` is needed for.

    >>> allows(Role.PLANNER, Role.TECHNICIAN), allows(Role.VIEWER, Role.TECHNICIAN)
    (True, False)
    """
    return _ORDER.index(role) >= _ORDER.index(needed)

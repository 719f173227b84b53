"""Telling devices the interval that is set for them: at each start and after a change, until they report at it."""

from collections.abc import Collection

from musterroll_wire.messages import Command
from sqlmodel import Session

from musterroll.storage.liveness import interval_orders

_MOST = 5  # times a device is told after a change; one that does not follow is told again at its next start only


def any_order(session: Session) -> bool:
    """Whether any unit is to be told. Cheap; only then need reports be compared."""
    return interval_orders.any_order(session)


def commands(session: Session, reported: Collection[int], restarted: Collection[str]) -> list[tuple[str, Command]]:
    """The `interval` commands due: for units (row ids) that have just reported, after a change; for those (uids) that have just started."""
    told = {unit.uid: unit.wanted for unit in interval_orders.differing(session, restarted)} if restarted else {}
    orders = interval_orders.orders(session, reported) if reported else []
    open_orders = [unit for unit in orders if unit.wanted not in (None, unit.reported) and unit.sent < _MOST]
    due = {unit.unit_id for unit in open_orders}
    if len(due) < len(orders):
        interval_orders.drop(session, [unit.unit_id for unit in orders if unit.unit_id not in due])
    if due:
        interval_orders.count_sent(session, sorted(due))
    told |= {unit.uid: unit.wanted for unit in open_orders}
    return [(uid, Command("interval", {"seconds": seconds})) for uid, seconds in sorted(told.items())]

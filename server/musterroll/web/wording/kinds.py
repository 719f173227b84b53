"""Words for units by what they are: a device is installed, a seat is assigned."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.web.wording.states import LIFECYCLE, StateWording


class KindWording(NamedTuple):
    """`identifier`: what one is known by; `place`: the button that gives it to an account or site."""

    name: str
    plural: str
    identifier: str
    place: str
    icon: str


KINDS = {
    UnitKind.DEVICE: KindWording("device", "devices", "Serial number", "Move", "device-laptop"),
    UnitKind.SEAT: KindWording("seat", "seats", "User", "Assign", "user"),
    UnitKind.WORKSPACE: KindWording("workspace", "workspaces", "Workspace", "Assign", "building"),
    UnitKind.ENVIRONMENT: KindWording("environment", "environments", "Environment", "Assign", "world"),
    UnitKind.NODE: KindWording("node", "nodes", "Node", "Assign", "stack-2"),
}
_WITHOUT_HARDWARE = {
    Lifecycle.UNRECORDED: LIFECYCLE[Lifecycle.UNRECORDED],
    Lifecycle.STOCK: StateWording("Unassigned", "not assigned", "circle-dashed", move="Unassign", button="Unassign"),
    Lifecycle.SHIPPED: StateWording("Invited", "not accepted yet", "user-question"),
    Lifecycle.DEPLOYED: StateWording("Provisioned", "in use", "check"),
    Lifecycle.RETURNED: StateWording("Suspended", "access withdrawn", "ban", move="Suspend", button="Suspend"),
    Lifecycle.RETIRED: StateWording("Expired", "no longer in use", "archive", move="Remove", button="Remove"),
}


def install(app: Flask) -> None:
    app.jinja_env.globals.update(kind_words=KINDS, lifecycle_of=lifecycle_of)


def lifecycle_of(kind: UnitKind) -> dict[Lifecycle, StateWording]:
    """The words for the lifecycle of units of a kind."""
    return LIFECYCLE if kind.hardware else _WITHOUT_HARDWARE

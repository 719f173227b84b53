"""The bridge of a month: how the installed base grew or shrank, step by step, adding up exactly.

The installed base is the units deployed and operating. Every state change that adds or removes a unit counts under one step, so
opening + all steps = closing, whatever happened in whatever order.
"""

from enum import StrEnum
from typing import NamedTuple

MERGED, SPLIT = "merged", "split"  # values of the identity axis: merged into another unit, and undone


class BridgeStep(StrEnum):
    SHIPPED = "shipped"  # recorded as deployed while operating
    FIRST_HEARD = "first_heard"
    REVIVED = "revived"
    GONE_STALE = "gone_stale"  # or silent with alerts paused
    LIST_TOO_OLD = "list_too_old"  # known from a list only, and no newer one came: unknown
    RETIRED = "retired"  # or returned: no longer recorded as deployed
    MERGED = "merged"  # into another unit; less those split again


class Bridge(NamedTuple):
    """`steps` are signed and include zeros."""

    opening: int
    steps: dict[BridgeStep, int]
    closing: int


class BaseChange(NamedTuple):
    """A unit (row id) that entered the base (+1) or left it (-1) at an instant (ms)."""

    step: BridgeStep
    unit: int
    at: int
    sign: int

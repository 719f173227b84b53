"""Licences sold, units provisioned, and units active in a window: what is over, and what is under.

Products whose units count each: over are the provisioned units without a licence, under the licences without a provisioned unit. Where
licences count by host or by core: over or under is the difference of what the units take and what was sold, by customer with its
subsidiaries.
"""

from typing import NamedTuple

WINDOWS = (7, 30, 90, 365)  # days, offered on the page
LONGEST_WINDOW = 3_660  # days


class Position(NamedTuple):
    """`heard`: the provisioned units by the whole days since their last report."""

    sold: int = 0
    active: int = 0  # licences that an operating unit uses
    listed: int = 0  # of these, by units known from imported lists only
    units: int = 0  # provisioned: deployed, or enrolled and neither returned nor retired
    licences: int = 0  # that the provisioned units take, by the rule of each product
    over: int = 0  # licences
    under: int = 0
    units_over: int = 0  # the part of `over` that is a unit each
    heard: dict[int, int] = {}

    def active_units(self, days: int) -> int:
        """The provisioned units that have reported in the last `days`.

        >>> Position(units=9, heard={0: 4, 6: 2, 7: 1}).active_units(7)
        6
        """
        return sum(units for back, units in self.heard.items() if back < days)


class PositionKey(NamedTuple):
    """What a row of the table is about; what it is not broken down by is empty, as is what is not known."""

    segment: str = ""
    maker: str = ""
    model: str = ""
    account: str = ""


class PositionRow(NamedTuple):
    """`kind` and `rule`: of the product, where the row is about one."""

    key: PositionKey
    kind: str
    rule: str
    position: Position


class Positions(NamedTuple):
    """`rows`: the largest, by licences sold; `names`: how many rows there are in all."""

    total: Position
    rows: list[PositionRow]
    names: int

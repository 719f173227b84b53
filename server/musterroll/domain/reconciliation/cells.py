"""Contracted, deployed, operating: the three flags of a unit and the eight cells they make. The eight always sum to the units."""

from typing import NamedTuple

from musterroll.domain.liveness import OPERATING, Liveness
from musterroll.domain.units.lifecycle import Lifecycle


class Flags(NamedTuple):
    contracted: bool  # on a line of a contract in force that day
    deployed: bool
    operating: bool

    @property
    def code(self) -> str:
        """
        >>> Flags(True, True, False).code
        '110'
        """
        return "".join("1" if flag else "0" for flag in self)


class Cell(NamedTuple):
    name: str
    owner: str  # owner; empty: no action


CELLS: dict[str, Cell] = {
    "111": Cell("healthy", ""),
    "110": Cell("paid but silent", "support"),
    "101": Cell("undocumented move", "operations"),
    "100": Cell("sold, not provisioned", "operations"),
    "011": Cell("operating uncovered", "renewals"),
    "010": Cell("dormant", "renewals"),
    "001": Cell("unknown operating", "identity"),
    "000": Cell("out of base", ""),
}


def flags(contracted: bool, lifecycle: Lifecycle, liveness: Liveness) -> Flags:
    """The three flags of a unit at a moment. A unit with paused alerts is silent: it is not operating."""
    return Flags(contracted, lifecycle is Lifecycle.DEPLOYED, liveness in OPERATING)

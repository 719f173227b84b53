"""Targets of headline figures: what they are about, whether a value is above, at or below, when that is a crossing, and what moved it."""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from musterroll.domain.values.dates import add_months
from musterroll.domain.values.errors import DomainError

MOST_LICENCES = 10**9


class Measure(StrEnum):
    """Named as in `domain.definitions`."""

    ACTIVE_LICENCES = "active_licences"
    COVERAGE = "coverage_rate"
    ATTACH = "attach_rate"
    OPERATING_SHARE = "operating_share"

    @property
    def is_share(self) -> bool:
        return self is not Measure.ACTIVE_LICENCES


class ScopeKind(StrEnum):
    """What a target is for. An account includes its subsidiaries; a segment is a saved filter, a customer segment a word of accounts."""

    FLEET = "fleet"
    SEGMENT = "segment"
    CUSTOMER_SEGMENT = "customer_segment"
    PRODUCT = "product"
    ACCOUNT = "account"
    COUNTRY = "country"


class Scope(NamedTuple):
    """`key`: empty for the fleet, the row id of an account or a product, the key of a segment, else the name."""

    kind: ScopeKind
    key: str = ""


FLEET = Scope(ScopeKind.FLEET)


class TargetPeriod(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def months(self) -> int:
        return 1 if self is TargetPeriod.MONTH else 3

    def first(self, on: date) -> date:
        """The first day of the period that contains a day.

        >>> str(TargetPeriod.QUARTER.first(date(2026, 12, 1))), str(TargetPeriod.MONTH.first(date(2026, 12, 9)))
        ('2026-10-01', '2026-12-01')
        """
        return date(on.year, on.month - (on.month - 1) % self.months, 1)

    def before(self, on: date) -> date:
        """The last day of the period before the one that contains a day."""
        return self.first(on) - timedelta(days=1)

    def last_year(self, on: date) -> date:
        """The last day of the same period a year before.

        >>> str(TargetPeriod.QUARTER.last_year(date(2026, 11, 5)))
        '2025-12-31'
        """
        return add_months(self.first(on), self.months - 12) - timedelta(days=1)

    def label(self, on: date) -> str:
        """
        >>> TargetPeriod.QUARTER.label(date(2026, 12, 1)), TargetPeriod.MONTH.label(date(2026, 12, 1))
        ('2026 Q4', '2026-12')
        """
        return f"{on.year} Q{(on.month + 2) // 3}" if self is TargetPeriod.QUARTER else f"{on:%Y-%m}"


class TargetLevel(StrEnum):
    ABOVE = "above"
    AT = "at"
    BELOW = "below"


class Aim(NamedTuple):
    """A value to reach: a number of licences, or percent. `tolerance`: percent of the number, or percentage points."""

    value: Decimal
    tolerance: Decimal = Decimal(0)


class Value(NamedTuple):
    """A measured figure: a count, or a part of a whole."""

    part: int
    whole: int | None = None

    @property
    def number(self) -> Fraction | None:
        """The count, or the share in percent; None of nothing."""
        if self.whole is None:
            return Fraction(self.part)
        return Fraction(100 * self.part, self.whole) if self.whole else None


class ScopeCounts(NamedTuple):
    """Units and licences of a scope on a day, from which every measure follows."""

    deployed: int = 0
    operating: int = 0  # of the deployed
    attached: int = 0  # of the operating, on a contract
    covered: int = 0  # of the deployed, on a contract or in warranty
    licences: int = 0  # assigned to an operating unit

    def value(self, measure: Measure) -> Value:
        """
        >>> ScopeCounts(10, 8, 6, 7, 9).value(Measure.ATTACH)
        Value(part=6, whole=8)
        """
        part, whole = PARTS[measure]
        return Value(getattr(self, part), getattr(self, whole) if whole else None)


PARTS = {
    Measure.ACTIVE_LICENCES: ("licences", ""),
    Measure.COVERAGE: ("covered", "deployed"),
    Measure.ATTACH: ("attached", "operating"),
    Measure.OPERATING_SHARE: ("operating", "deployed"),
}


def level(measure: Measure, value: Value, aim: Aim) -> TargetLevel | None:
    """Whether a value is above, at (within the tolerance) or below; None of nothing.

    >>> [str(level(Measure.ACTIVE_LICENCES, Value(n), Aim(Decimal(200), Decimal(5)))) for n in (189, 190, 210, 211)]
    ['below', 'at', 'at', 'above']
    >>> str(level(Measure.COVERAGE, Value(92, 100), Aim(Decimal(95), Decimal("2.5"))))
    'below'
    """
    number = value.number
    if number is None:
        return None
    gap, width = number - Fraction(aim.value), _width(measure, aim)
    return TargetLevel.AT if abs(gap) <= width else TargetLevel.ABOVE if gap > 0 else TargetLevel.BELOW


def _width(measure: Measure, aim: Aim) -> Fraction:
    return Fraction(aim.tolerance) if measure.is_share else Fraction(aim.value) * Fraction(aim.tolerance) / 100


def crossed(last: TargetLevel | None, measure: Measure, value: Value, aim: Aim) -> TargetLevel | None:
    """The level to report next, after `last` was reported. A value beyond the tolerance is back at the target only once it has reached the
    target itself, so that one that wavers about the edge of the tolerance is reported once.

    >>> aim = Aim(Decimal(95), Decimal(2))
    >>> [str(crossed(TargetLevel.BELOW, Measure.COVERAGE, Value(n, 100), aim)) for n in (92, 94, 95)]
    ['below', 'below', 'at']
    """
    now, number = level(measure, value, aim), value.number
    if number is None or now is not TargetLevel.AT:
        return now or last
    short = last is TargetLevel.BELOW and number < Fraction(aim.value)
    return last if short or (last is TargetLevel.ABOVE and number > Fraction(aim.value)) else now


def check(measure: Measure, aim: Aim) -> None:
    """Raises DomainError for a target that no figure can have."""
    most = 100 if measure.is_share else MOST_LICENCES
    if not aim.value.is_finite() or not 0 <= aim.value <= most:
        what = "a percentage from 0 to 100" if measure.is_share else f"a number of licences from 0 to {MOST_LICENCES:,}"
        raise DomainError(f"the target must be {what}", "bad_target")
    if not aim.tolerance.is_finite() or not 0 <= aim.tolerance <= 100:
        raise DomainError("the tolerance must be from 0 to 100", "bad_tolerance")


class MoveReason(StrEnum):
    """Why a unit counts differently than before: it came into the whole or left it, or became or ceased to be part of it."""

    ENTERED = "entered"
    LEFT = "left"
    GAINED = "gained"
    LOST = "lost"


class Move(NamedTuple):
    """What some units changed between two days. `key`: a reason, an account's number, or a product."""

    key: str
    name: str
    units: int
    part: int
    whole: int


class MovedUnit(NamedTuple):
    uid: str
    serial: str
    model: str
    account: str
    reason: MoveReason


class TargetBridge(NamedTuple):
    """From the value at the end of the last period to the present one: by reason, account and product, each summing to the difference.

    Accounts and products: those that moved the number most, of `account_count` and `product_count`.
    """

    since: date
    before: Value
    after: Value
    reasons: list[Move]
    accounts: list[Move]
    products: list[Move]
    account_count: int
    product_count: int
    units: list[MovedUnit]  # some of them

    def effect(self, move: Move) -> Fraction | None:
        """Licences, or percentage points: the effects of all moves add up to the difference. None without a share on both days.

        >>> bridge = TargetBridge(date(2026, 10, 31), Value(8, 10), Value(9, 12), [], [], [], 0, 0, [])
        >>> float(bridge.effect(Move("entered", "", 2, 1, 2)))
        -5.0
        """
        if self.before.whole is None or self.after.whole is None:
            return Fraction(move.part)
        if not self.before.whole or not self.after.whole:
            return None
        return 100 * (move.part - Fraction(self.before.part, self.before.whole) * move.whole) / self.after.whole


def points(value: Fraction | None) -> float | None:
    """Rounded for display and export."""
    return None if value is None else round(float(value), 2)

"""Targets and their figures in words, the same on pages, in commands, messages and review packs."""

from decimal import Decimal
from fractions import Fraction

from musterroll.domain.installed_base.targets import Aim, Measure, MoveReason, TargetLevel, Value

MEASURES = {
    Measure.ACTIVE_LICENCES: "Active licences",
    Measure.COVERAGE: "Coverage rate",
    Measure.ATTACH: "Contract attach rate",
    Measure.OPERATING_SHARE: "Operating share",
}
LEVELS = {TargetLevel.ABOVE: "Above target", TargetLevel.AT: "On target", TargetLevel.BELOW: "Below target"}
_REASONS = {
    Measure.ACTIVE_LICENCES: {MoveReason.GAINED: "Licences now in use", MoveReason.LOST: "Licences no longer in use"},
    Measure.COVERAGE: {
        MoveReason.ENTERED: "Deployed since",
        MoveReason.LEFT: "No longer deployed",
        MoveReason.GAINED: "Now covered",
        MoveReason.LOST: "Cover has ended",
    },
    Measure.ATTACH: {
        MoveReason.ENTERED: "Came into operation",
        MoveReason.LEFT: "No longer in operation",
        MoveReason.GAINED: "Now on a contract",
        MoveReason.LOST: "No longer on a contract",
    },
    Measure.OPERATING_SHARE: {
        MoveReason.ENTERED: "Deployed since",
        MoveReason.LEFT: "No longer deployed",
        MoveReason.GAINED: "Now operating",
        MoveReason.LOST: "Gone silent",
    },
}


def reason(measure: Measure, key: str) -> str:
    return _REASONS[measure].get(MoveReason(key), key)


def plain(value: Decimal) -> str:
    """
    >>> plain(Decimal("95.0000")), plain(Decimal(2000)), plain(Decimal("2.5"))
    ('95', '2,000', '2.5')
    """
    return f"{value.normalize():,f}"


def number(measure: Measure, value: Fraction | None) -> str:
    """
    >>> number(Measure.COVERAGE, Fraction(1200, 13)), number(Measure.ACTIVE_LICENCES, Fraction(1234)), number(Measure.ATTACH, None)
    ('92.3 %', '1,234', 'no units')
    """
    if value is None:
        return "no units"
    return f"{float(value):.1f} %" if measure.is_share else f"{int(value):,}"


def figure(measure: Measure, value: Value | None) -> str:
    return number(measure, None if value is None else value.number)


def aim(measure: Measure, of: Aim) -> str:
    """
    >>> aim(Measure.COVERAGE, Aim(Decimal(95), Decimal(2))), aim(Measure.ACTIVE_LICENCES, Aim(Decimal(2000), Decimal(5)))
    ('95 % ± 2 points', '2,000 ± 5 %')
    """
    value = f"{plain(of.value)} %" if measure.is_share else plain(of.value)
    if not of.tolerance:
        return value
    return (
        f"{value} ± {plain(of.tolerance)} {'point' if of.tolerance == 1 else 'points'}"
        if measure.is_share
        else f"{value} ± {plain(of.tolerance)} %"
    )


def change(measure: Measure, effect: Fraction | None) -> str:
    """
    >>> change(Measure.COVERAGE, Fraction(-5, 4)), change(Measure.ACTIVE_LICENCES, Fraction(12)), change(Measure.COVERAGE, Fraction(0))
    ('-1.25 points', '+12', '0.00 points')
    """
    if effect is None:
        return "no share"
    text = f"{float(effect):+,.2f} points" if measure.is_share else f"{int(effect):+,}"
    return text if effect else text.removeprefix("+")

"""Words for targets: levels with an icon and a colour, measures, scopes, and figures as text."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.installed_base import target_wording
from musterroll.domain.installed_base.targets import ScopeKind, TargetLevel, TargetPeriod


class LevelWording(NamedTuple):
    word: str
    icon: str
    colour: str


LEVELS = {
    TargetLevel.ABOVE: LevelWording(target_wording.LEVELS[TargetLevel.ABOVE], "chart-line", "operating"),
    TargetLevel.AT: LevelWording(target_wording.LEVELS[TargetLevel.AT], "circle-check", "operating"),
    TargetLevel.BELOW: LevelWording(target_wording.LEVELS[TargetLevel.BELOW], "trending-down", "stale"),
}
SCOPES = {
    ScopeKind.FLEET: "Whole fleet",
    ScopeKind.SEGMENT: "Saved segment",
    ScopeKind.CUSTOMER_SEGMENT: "Customer segment",
    ScopeKind.PRODUCT: "Product",
    ScopeKind.ACCOUNT: "Account, with subsidiaries",
    ScopeKind.COUNTRY: "Country",
}
PERIODS = {TargetPeriod.MONTH: "Month", TargetPeriod.QUARTER: "Quarter"}


def install(app: Flask) -> None:
    app.jinja_env.globals.update(level_words=LEVELS, scope_words=SCOPES, period_words=PERIODS, target_words=target_wording)

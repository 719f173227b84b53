"""Windows that admins may set: how much silence makes units stale, by reporting class, and those of lists, active units and adoption."""

from collections.abc import Mapping
from typing import NamedTuple

from musterroll.domain.liveness import DEFAULT_RULES, LIST_AGE, ReportingClass, WindowRule
from musterroll.domain.values.errors import Conflict, NotFound

ACTIVE_DAYS = "active_days"
LIST_DAYS = "list_days"
ADOPTION_DAYS = "adoption_days"


class WindowSetting(NamedTuple):
    """A number from `least` to `most`, or one of `choices`."""

    name: str
    label: str
    unit: str
    default: int
    least: int
    most: int
    choices: tuple[int, ...] = ()


def _of(reporting: ReportingClass, rule: WindowRule) -> tuple[WindowSetting, WindowSetting]:
    words = reporting.replace("_", " ").capitalize()
    return (
        WindowSetting(f"{reporting}.reports", f"{words}: missed reports until stale", "reports", rule.reports, 1, 100),
        WindowSetting(f"{reporting}.grace", f"{words}: extra time, at least", "seconds", rule.grace, 1, 30 * 86_400),
    )


SETTINGS = {
    setting.name: setting
    for setting in (
        *(setting for reporting, rule in DEFAULT_RULES.items() for setting in _of(reporting, rule)),
        WindowSetting(ACTIVE_DAYS, "Active units: have reported in this many days", "days", 30, 1, 3_660),
        WindowSetting(LIST_DAYS, "Imported lists: count for this many days", "days", LIST_AGE // 86_400, 1, 366),
        WindowSetting(ADOPTION_DAYS, "Adoption: used in this many days", "days", 30, 7, 90, (7, 30, 90)),
    )
}


def rules(values: Mapping[str, int]) -> dict[ReportingClass, WindowRule]:
    """The rules of silence by the values of `SETTINGS` that were set.

    >>> rules({"always_on.reports": 5})[ReportingClass.ALWAYS_ON]
    WindowRule(reports=5, grace=5)
    """
    return {
        reporting: WindowRule(values.get(f"{reporting}.reports", rule.reports), values.get(f"{reporting}.grace", rule.grace))
        for reporting, rule in DEFAULT_RULES.items()
    }


def checked(name: str, value: int) -> WindowSetting:
    """Raises NotFound for an unknown window, and Conflict for a value that it cannot have."""
    setting = SETTINGS.get(name)
    if setting is None:
        raise NotFound(f"there is no window {name[:40]!r}; choose one of {', '.join(SETTINGS)}")
    if setting.choices and value not in setting.choices:
        raise Conflict(f"{name} must be one of {', '.join(map(str, setting.choices))} {setting.unit}", "bad_window")
    if not setting.least <= value <= setting.most:
        raise Conflict(f"{name} must be from {setting.least:,} to {setting.most:,} {setting.unit}", "bad_window")
    return setting

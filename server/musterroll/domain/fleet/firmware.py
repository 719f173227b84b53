"""Outdated firmware: older than the newest version of the product that is more than a trial."""

import re
from collections.abc import Mapping

_PART = re.compile(r"[0-9]{1,18}|[a-z]+")
_TRIAL = 100  # a version on fewer than one in so many units is a trial

Key = tuple[tuple[int, int, str], ...]


def version_key(version: str) -> Key:
    """Sort key of versions; pre-releases such as 1.4.0-rc1 come before 1.4.0.

    >>> sorted(["1.10.0", "1.9.2", "1.10.0-rc1", "v1.2"], key=version_key)
    ['v1.2', '1.9.2', '1.10.0-rc1', '1.10.0']
    """
    parts = [part for part in _PART.findall(version.lower()) if part != "v"]
    return (*((1, int(part), "") if part.isdigit() else (-1, 0, part) for part in parts), (0, 0, ""))


def newest(units: Mapping[str, int]) -> str | None:
    """The newest version that is more than a trial, from units by version; None if no version is known.

    >>> newest({"1.4.2": 500, "1.4.1": 90, "2.0.0-beta": 1, "": 7})
    '1.4.2'
    """
    known = {version: count for version, count in units.items() if version}
    used = [version for version, count in known.items() if count * _TRIAL >= sum(known.values())]
    return max(used, key=version_key, default=None)


def old(units: Mapping[str, int]) -> list[str]:
    """The versions older than the newest, oldest first.

    >>> old({"1.4.2": 500, "1.4.1": 90, "1.3": 1})
    ['1.3', '1.4.1']
    """
    best = newest(units)
    return (
        []
        if best is None
        else sorted((version for version in units if version and version_key(version) < version_key(best)), key=version_key)
    )

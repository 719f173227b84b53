"""Durations as people write them."""

import re

from musterroll.domain.values.errors import DomainError

_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}
_WRITTEN = re.compile(r"(\d{1,9})\s*([a-z]*)")


def seconds(text: str) -> int:
    """Seconds of a number with a unit; without one, of seconds. Raises DomainError.

    >>> seconds("5 min"), seconds("1h"), seconds("1 day"), seconds("90")
    (300, 3600, 86400, 90)
    """
    written = _WRITTEN.fullmatch(text.strip().lower())
    unit = (written[2].removesuffix("s") or "s") if written else ""
    if written is None or unit not in _UNITS:
        raise DomainError(f"{text[:40]!r} is not a duration; write it as 30 s, 5 min, 1 h or 1 day", "bad_duration")
    return int(written[1]) * _UNITS[unit]


def rounded(duration: int) -> str:
    """A length of time as a person would say it.

    >>> rounded(61), rounded(250), rounded(7300), rounded(200_000)
    ('61 s', '4 min', '2 h', '2 days')
    """
    size, unit = next((size, unit) for least, size, unit in _ROUNDED if duration >= least)
    return f"{round(duration / size)} {unit}"


_ROUNDED = ((172_800, 86_400, "days"), (7200, 3600, "h"), (120, 60, "min"), (0, 1, "s"))


def written(duration: int) -> str:
    """
    >>> written(300), written(3600), written(90), written(86400)
    ('5 min', '1 h', '90 s', '1 d')
    """
    size, unit = next((size, unit) for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)) if duration % size == 0)
    return f"{duration // size} {unit}"

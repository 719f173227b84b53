"""When documents that come by themselves are imported without a person, and when they wait for one."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class RunState(StrEnum):
    WAITING = "waiting"  # for a person
    APPROVED = "approved"  # by a person, to be imported next
    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    DISCARDED = "discarded"  # by a person
    FAILED = "failed"


class Compared(NamedTuple):
    """A fetched document beside the last import of its source. `known`: the rows of that import, `gone`: those missing now."""

    counts: Mapping[str, int]  # new, changed, same, refused
    known: int
    gone: int
    refused_before: int


def why_it_waits(compared: Compared, first: bool, most_changed: int) -> str:
    """Why a person must decide, in a sentence; empty where the document is imported. `most_changed`: the percentage a person allows.

    Rows refused beyond those of the last import count as changed: they are what a renamed column looks like.

    >>> why_it_waits(Compared({"new": 3}, 0, 0, 0), True, 10)
    'the first document of this source waits for approval'
    >>> why_it_waits(Compared({"new": 9, "changed": 10, "same": 85}, 100, 5, 0), False, 10)
    '15 % of the 100 rows of the last import have changed or are gone (10 changed, 5 gone, 0 more rejected); the limit is 10 %'
    >>> why_it_waits(Compared({"new": 9, "changed": 5, "same": 90, "refused": 1}, 100, 4, 1), False, 10)
    ''
    """
    if first:
        return "the first document of this source waits for approval"
    changed, refused = compared.counts.get("changed", 0), max(0, compared.counts.get("refused", 0) - compared.refused_before)
    touched = changed + compared.gone + refused
    if touched * 100 <= most_changed * compared.known:
        return ""
    share = f"{100 * touched / compared.known:.0f} %" if compared.known else "rows"
    detail = f"{changed:,} changed, {compared.gone:,} gone, {refused:,} more rejected"
    return f"{share} of the {compared.known:,} rows of the last import have changed or are gone ({detail}); the limit is {most_changed} %"

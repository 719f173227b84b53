"""When documents that come by themselves are imported without a person and when they wait for one; which imports were interrupted."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from musterroll.domain.values.instants import to_ms


class RunState(StrEnum):
    WAITING = "waiting"  # for a person
    APPROVED = "approved"  # by a person, to be imported next
    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    DISCARDED = "discarded"  # by a person
    FAILED = "failed"


_STEP, _UNDO = 120_000, 300_000  # ms without a step, of an import and of an undo, after which it is taken to be interrupted


class ImportProgress(Protocol):
    """How far an import or its undo has come. Instants are milliseconds since 1970."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int | None: ...  # up to which it is imported; None: complete
    @property
    def stepped_at(self) -> int: ...
    @property
    def undo_stepped_at(self) -> int | None: ...
    @property
    def undoing(self) -> bool: ...


def is_interrupted(run: ImportProgress, now: datetime) -> bool:
    """Whether an import or its undo is not complete, and nobody goes on with it."""
    if run.undo_stepped_at is not None:
        return run.undoing and to_ms(now) - run.undo_stepped_at > _UNDO
    return run.line is not None and to_ms(now) - run.stepped_at > _STEP


def interruption(run: ImportProgress) -> str:
    """What was interrupted, and what to do about it."""
    document = f"import of {run.kind.replace('-', ' ')} from {run.file[:80]}"
    if run.undoing:
        return f"the undo of the {document} was interrupted; undo import {run.id} again to complete it"
    return f"the {document} was interrupted at line {run.line or 0:,}; import the same file again to complete it, or undo import {run.id}"


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

"""Taking unit lists into the roll: a verdict per row, one transaction, the same file twice changes nothing."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from musterroll.domain.errors import Conflict
from musterroll.domain.identity import new_uid, twin_key
from musterroll.domain.instants import to_ms
from musterroll.importers.units import BadRow, UnitRow
from musterroll.registry.import_places import Places
from musterroll.registry.import_verdicts import Facts, Outcome, Verdict, facts_after, refused, verdict_on
from musterroll.storage import transitions, unit_imports
from musterroll.storage.bulk import postgres
from musterroll.storage.transitions import Change
from musterroll.storage.unit_imports import NewUnit

_BATCH = 5000
_TRIES = 3


class _Plan(NamedTuple):
    """A row to be stored."""

    row: UnitRow
    unit_id: int | None  # None: a unit new to the roll
    before: Facts | None
    after: Facts


def import_units(
    session: Session,
    rows: Iterable[UnitRow | BadRow],
    told: Callable[[Verdict], None],
    *,
    source: str,
    actor: str,
    now: datetime,
    commit: bool,
) -> dict[Outcome, int]:
    """Judge every row in order and, with `commit`, store what is new or changed. Returns how many rows got each outcome.

    `told` hears each verdict. Nothing is written without `commit`, and a refused row stops nothing. Memory is bounded by a batch and
    by some two hundred bytes a row, to know a unit that stands in the file twice. Raises BadFile where the file cannot be read on.
    """
    run = _Run(session, f"import {source[:400]} line", actor[:120], now, commit)
    counts = dict.fromkeys(Outcome, 0)
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        for verdict in run.take(batch):
            counts[verdict.outcome] += 1
            told(verdict)
    return counts


class _Run:
    """One file on its way in."""

    def __init__(self, session: Session, cause: str, actor: str, now: datetime, commit: bool) -> None:
        self._session, self._cause, self._actor, self._now, self._commit = session, cause, actor, now, commit
        self._places = Places(session)
        self._seen: dict[int, int] = {}  # line by hash of the unit's key: 64 bits tell a billion rows apart well enough

    def take(self, batch: list[UnitRow | BadRow]) -> list[Verdict]:
        """Judge a batch and store it. Where another transaction stored the same unit meanwhile, the batch is judged anew."""
        if not self._commit:
            return self._judge(batch)[0]
        for _ in range(_TRIES):
            try:
                with self._attempt():
                    verdicts, plans = self._judge(batch)
                    self._store(plans)
                return verdicts
            except IntegrityError:
                if not postgres(self._session):
                    break
                self._places = Places(self._session)
        raise Conflict("others keep changing the same units; nothing was imported, import the file again")

    def _attempt(self) -> AbstractContextManager[object]:
        """A savepoint where others write too. SQLite has one writer, and a savepoint there copies every page the batch touches."""
        return self._session.begin_nested() if postgres(self._session) else nullcontext()

    def _judge(self, batch: list[UnitRow | BadRow]) -> tuple[list[Verdict], list[_Plan]]:
        good = [row for row in batch if isinstance(row, UnitRow)]
        on_roll = unit_imports.units(self._session, {row.serial_key for row in good})
        self._places.learn(good, on_roll.values())
        verdicts, plans = [], []
        for row in batch:
            if isinstance(row, BadRow):
                verdicts.append(refused(row.line, row.serial, row.why))
                continue
            key = (row.maker_key, self._places.family(row), row.serial_key)
            known = on_roll.get(key)
            before = Facts(*known[4:]) if known else None
            try:
                self._refuse_second(key, row.line)
                after = facts_after(row, before, self._places.owner)
            except Conflict as conflict:
                verdicts.append(refused(row.line, row.serial, str(conflict)))
                continue
            self._places.claim(after)
            verdicts.append(verdict_on(row, before, after))
            if before != after:
                plans.append(_Plan(row, known.id if known else None, before, after))
        return verdicts, plans

    def _refuse_second(self, key: tuple[str, str, str], line: int) -> None:
        first = self._seen.setdefault(hash(key), line)
        if first != line:
            raise Conflict(f"the same unit stands on line {first} already")

    def _store(self, plans: list[_Plan]) -> None:
        self._places.open([(plan.row, plan.after) for plan in plans], self._now)
        new = {new_uid(): plan for plan in plans if plan.unit_id is None}
        ids = unit_imports.add_units(self._session, [self._unit(uid, plan) for uid, plan in new.items()], self._now)
        unit_imports.change_units(self._session, [self._fields(plan) | {"row_id": plan.unit_id} for plan in plans if plan.unit_id])
        moved = [self._moved(ids[uid], plan) for uid, plan in new.items()]
        moved += [self._moved(plan.unit_id, plan) for plan in plans if plan.unit_id and plan.before and plan.before[0] != plan.after[0]]
        transitions.add(self._session, moved)

    def _unit(self, uid: str, plan: _Plan) -> NewUnit:
        row, said = plan.row, plan.after
        return NewUnit(
            uid,
            row.serial,
            row.serial_key,
            twin_key(row.serial_key),
            row.maker_key,
            self._places.family(row),
            self._places.product_id(row),
            self._places.account_id(said.account),
            self._places.site_id(said.site),
            said.lifecycle,
            said.shipped_on,
            said.installed_on,
            said.warranty_months,
        )

    def _fields(self, plan: _Plan) -> dict[str, object]:
        said = plan.after
        return {
            "lifecycle": said.lifecycle,
            "shipped_on": said.shipped_on,
            "installed_on": said.installed_on,
            "warranty_months": said.warranty_months,
            "account_id": self._places.account_id(said.account),
            "site_id": self._places.site_id(said.site),
        }

    def _moved(self, unit_id: int, plan: _Plan) -> Change:
        old = plan.before.lifecycle if plan.before else None
        return Change(unit_id, to_ms(self._now), "lifecycle", old, plan.after.lifecycle, f"{self._cause} {plan.row.line}", self._actor)

"""A random fleet whose whole past is known, in a database and as the truth that figures of targets are computed from with pandas."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pandas as pd
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.values.instants import day_end, to_ms
from musterroll.domain.warranty.periods import PeriodKind
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.units import UnitStateChange
from musterroll.storage.tables.warranty import WarrantyPeriod
from sqlmodel import Session

from tests.support import unit_rows

DAYS = 420
_NEVER = 2**53


class TargetFleet(NamedTuple):
    """`units`: one row each, with instants in ms; `lines` and `warranties`: days of one unit each."""

    units: pd.DataFrame
    lines: pd.DataFrame
    warranties: pd.DataFrame
    parents: dict[int, int | None]
    now: datetime


def fill(session: Session, dice: Random, now: datetime, units: int = 80) -> TargetFleet:
    unit_rows.listening(session, to_ms(unit_rows.LONG_AGO), to_ms(now))
    accounts = [unit_rows.place(session, f"A{number}", f"S{number}") for number in range(5)]
    parents: dict[int, int | None] = {}
    for number, (account, _) in enumerate(accounts):
        row = session.get_one(Account, account)
        row.segment, row.country, row.name = ("health", "retail", "")[number % 3], ("DE", "PL")[number % 2], f"Kunde {number}"
        row.parent_id = parents[account] = None if number < 2 else accounts[number - 2][0]
    rows = [_unit(session, dice, now, number, accounts) for number in range(units)]
    lines = [line for number in range(units // 2) for line in _contract(session, dice, now, number, dice.choice(accounts)[0], rows)]
    warranties = [_warranty(session, dice, now, row) for row in rows if dice.random() < 0.6]
    session.flush()
    return TargetFleet(pd.DataFrame(rows), pd.DataFrame(lines), pd.DataFrame(warranties), parents, now)


def _unit(session: Session, dice: Random, now: datetime, number: int, accounts: list[tuple[int, int]]) -> dict[str, Any]:
    deployed = to_ms(now) - dice.randrange(DAYS) * 86_400_000 - dice.randrange(86_400_000)
    retired = dice.choice([_NEVER, _NEVER, deployed + dice.randrange(300 * 86_400_000)])
    silent = dice.choice([_NEVER, _NEVER, deployed + dice.randrange(300 * 86_400_000)])
    back = dice.choice([_NEVER, silent + dice.randrange(90 * 86_400_000)]) if silent < _NEVER else _NEVER
    account, site = dice.choice(accounts)
    retired, silent, back = (at if at <= to_ms(now) else _NEVER for at in (retired, silent, back))
    stale = silent < _NEVER and back == _NEVER
    heard = silent - 200_000 if stale else to_ms(now)
    status = {"heard_at": heard, "first_heard_at": deployed, "stale_since": silent if stale else None, "birth_epoch": 1}
    own = dice.random() < 0.8
    unit = unit_rows.unit(
        session,
        f"QX7{number:04}K",
        model=f"Pump {number % 3}",
        status=status,
        account_id=account if own else None,
        site_id=site,
        lifecycle="deployed" if retired == _NEVER else "retired",
        firmware=f"{number % 2}.0",
    )
    assert unit.id is not None
    for axis, old, new, at in (
        ("lifecycle", "stock", "deployed", deployed),
        ("lifecycle", "deployed", "retired", retired),
        ("liveness", "never_heard", "operating", deployed),
        ("liveness", "operating", "stale", silent),
        ("liveness", "stale", "operating", back),
    ):
        if at < _NEVER:
            change = {"axis": axis, "old": old, "new": new, "at": at, "recorded_at": at, "cause": "test", "actor": "test"}
            session.add(UnitStateChange(unit_id=unit.id, **change))
    of = session.get_one(Account, account)
    facts = {"unit": unit.id, "serial": unit.serial, "key": unit.serial_key, "product": unit.product_id, "account": account}
    facts |= {"segment": of.segment, "country": of.country, "firmware": unit.firmware}
    return {**facts, "deployed": deployed, "retired": retired, "silent": silent, "back": back}


def _contract(
    session: Session, dice: Random, now: datetime, number: int, account: int, units: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    starts_on = now.date() - timedelta(days=dice.randrange(DAYS))
    ends_on = starts_on + timedelta(days=dice.randrange(30, 500))
    contract = Contract(
        ref=f"C{number}", account_id=account, starts_on=starts_on, ends_on=ends_on, state=ContractState.ACTIVE, created_at=now
    )
    session.add(contract)
    session.flush()
    lines = []
    for line, unit in enumerate(dice.sample(units, 3)):
        named = {"scope": LineScope.SERIAL, "serial": unit["serial"], "serial_key": unit["key"], "quantity": 1}
        session.add(ContractLine(contract_id=contract.id, number=str(line), **named))
        lines.append({"unit": unit["unit"], "payer": account, "line_product": unit["product"], "starts_on": starts_on, "ends_on": ends_on})
    return lines


def _warranty(session: Session, dice: Random, now: datetime, unit: dict[str, Any]) -> dict[str, Any]:
    starts_on = now.date() - timedelta(days=dice.randrange(DAYS))
    ends_on = dice.choice([None, starts_on + timedelta(days=dice.randrange(1, 400))])
    voided_on = dice.choice([None, None, starts_on + timedelta(days=dice.randrange(1, 200))])
    days = {"starts_on": starts_on, "ends_on": ends_on, "voided_on": voided_on}
    session.add(WarrantyPeriod(unit_id=unit["unit"], kind=PeriodKind.STANDARD, rule="x", evidence="e", **days))
    return {"unit": unit["unit"], **days}


def states(fleet: TargetFleet, on: date) -> pd.DataFrame:
    """The units at the end of a day, or now, with what they count as."""
    at = min(to_ms(day_end(on)), to_ms(fleet.now))
    units = fleet.units.copy()
    units["is_deployed"] = (units.deployed <= at) & (units.retired > at)
    heard = (units.deployed <= at) & ((units.silent > at) | (units.back <= at))
    held = fleet.lines[(fleet.lines.starts_on <= on) & (fleet.lines.ends_on > on)]
    day, last = fleet.warranties, date.max
    valid = day[(day.starts_on <= on) & (day.ends_on.fillna(last) > on) & (day.voided_on.fillna(last) > on)]
    units["heard"] = heard
    units["is_operating"] = units.is_deployed & heard
    units["contracted"] = units.unit.isin(held.unit)
    units["is_attached"] = units.is_operating & units.contracted
    units["is_covered"] = units.is_deployed & (units.contracted | units.unit.isin(valid.unit))
    return units


def licences(fleet: TargetFleet, on: date) -> pd.DataFrame:
    """The licences in use at the end of a day: one row for each line of an operating unit."""
    units = states(fleet, on)
    held = fleet.lines[(fleet.lines.starts_on <= on) & (fleet.lines.ends_on > on)]
    return held.merge(units[units.heard], on="unit")


def below(fleet: TargetFleet, account: int) -> set[int]:
    """An account and its subsidiaries."""
    within = {account}
    while more := {child for child, parent in fleet.parents.items() if parent in within} - within:
        within |= more
    return within


NOW = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)

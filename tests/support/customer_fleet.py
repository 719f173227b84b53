"""Random accounts with contracts and units, some lapsed and some won back, and the days on which each is a customer."""

import random
from datetime import date, datetime, timedelta

import pandas as pd
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract
from sqlmodel import Session

from tests.support import unit_rows

DAYS = 2_000  # that are looked back
COUNTRIES, SEGMENTS = ("DE", "AT", ""), ("health", "retail", "")


def fill(session: Session, now: datetime, seed: int, accounts: int = 80) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts, and the days `first` to before `last` (counted back from today: 0) on which each is a customer; last 1: still."""
    dice, today = random.Random(seed), now.date()
    unit_rows.listening(session, to_ms(now) - 10**9, to_ms(now))
    rows, spans = [], []
    for n in range(accounts):
        parent = dice.choice([None, *(row["id"] for row in rows)]) if n % 3 else None
        facts = {"country": dice.choice(COUNTRIES), "segment": dice.choice(SEGMENTS)}
        account = Account(ref=f"A{n:03}", name=f"Account {n}", parent_id=parent, created_at=now, **facts)
        session.add(account)
        session.flush()
        rows.append({"id": account.id, "ref": account.ref, "parent": parent, "operating": 0, **facts})
        for m in range(dice.choice([0, 1, 1, 2, 3])):
            spans += _contract(session, dice, today, account.id or 0, f"C{n}-{m}")
        for m in range(dice.choice([0, 0, 1, 2])):
            span, operates = _unit(session, dice, now, account.id or 0, f"SN{n}X{m}")
            spans += span
            rows[-1]["operating"] += operates
    return pd.DataFrame(rows).set_index("id"), pd.DataFrame(spans, columns=["id", "first", "last"])


def _contract(session: Session, dice: random.Random, today: date, account: int, ref: str) -> list[tuple[int, int, int]]:
    first = -dice.randint(-30, DAYS - 100)
    months = dice.choice([200, 365, 730, None])
    state = dice.choice([ContractState.ACTIVE, ContractState.ACTIVE, ContractState.CANCELLED, ContractState.DRAFT])
    starts_on = today + timedelta(first)
    ends_on = None if months is None else starts_on + timedelta(months)
    ended_on = starts_on + timedelta(dice.randint(1, 400)) if state is ContractState.CANCELLED else None
    session.add(
        Contract(
            ref=ref, account_id=account, state=state, starts_on=starts_on, ends_on=ends_on, ended_on=ended_on, created_at=unit_rows.LONG_AGO
        )
    )
    ends = [(day - today).days for day in (ends_on, ended_on) if day is not None]
    last = min(ends) if ends and min(ends) <= 0 else 1
    return [] if state is ContractState.DRAFT or first > 0 else [(account, first, last)]


def _unit(session: Session, dice: random.Random, now: datetime, account: int, serial: str) -> tuple[list[tuple[int, int, int]], int]:
    first, lifecycle = (
        -dice.randint(1, DAYS - 100),
        dice.choice([Lifecycle.DEPLOYED, Lifecycle.DEPLOYED, Lifecycle.RETURNED, Lifecycle.STOCK]),
    )
    left = dice.randint(first + 1, 0) if lifecycle is Lifecycle.RETURNED else None
    heard = dice.random() < 0.6
    on = {"installed_on": now.date() + timedelta(first), "shipped_on": now.date() + timedelta(first + 5)}
    facts = {"lifecycle": lifecycle, "left_on": None if left is None else now.date() + timedelta(left)}
    status = {"heard_at": to_ms(now) if heard else None}
    unit_rows.unit(session, serial, status=status, account_id=account, **on, **facts)
    if lifecycle is Lifecycle.STOCK:
        return [], 0
    return [(account, first, 1 if left is None else left)], int(heard and lifecycle is Lifecycle.DEPLOYED)

"""A random fleet for segments: accounts with units, contracts and use, as after a reconciliation."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.usage.periods import day_of
from musterroll.storage.tables.accounts import Account, Product
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.usage import UnitUse, UsageCounter, UsageSum
from sqlmodel import Session

from tests.support import records

ACCOUNTS, PRODUCTS = 70, 5
Key = tuple[int, int, int, int]  # account, product, counter, day
COUNTERS = {1: "operating", 2: "pages", 3: "doors"}


def fill(session: Session, dice: Random, now: datetime) -> None:
    on = now.date()
    session.add_all(UsageCounter(id=key, name=name) for key, name in COUNTERS.items())
    products = [
        records.product(session, "Acme", f"P{n}", list_price=dice.choice([None, Decimal(n + 1) * 10]), currency=dice.choice(["EUR", "USD"]))
        for n in range(PRODUCTS)
    ]
    use = defaultdict[Key, float](float)
    accounts = [records.account(session, f"A{n:03}", f"Account {n}") for n in range(ACCOUNTS)]
    for account in accounts:
        lines = _contracts(session, dice, account, products, on)
        _units(session, dice, account, products, lines, on, use)
    session.add_all(UsageSum(account_id=a, product_id=p, counter_id=c, day=d, use=use[a, p, c, d], units=1) for a, p, c, d in use)
    session.flush()


def _contracts(session: Session, dice: Random, account: Account, products: list[Product], on: date) -> list[ContractLine]:
    lines = []
    for n in range(dice.choice([0, 0, 1, 1, 2])):
        starts = on - timedelta(dice.randint(-40, 1500))
        terms: dict[str, Any] = {"starts_on": starts, "ends_on": dice.choice([None, starts + timedelta(365)]), "currency": "EUR"}
        terms |= {"auto_renew": dice.random() < 0.4, "notice_days": dice.choice([0, 30, 330])}
        terms |= {"state": dice.choice([*[ContractState.ACTIVE] * 6, ContractState.EXPIRED, ContractState.DRAFT, ContractState.CANCELLED])}
        if terms["state"] is ContractState.CANCELLED:
            terms["ended_on"] = dice.choice([None, starts + timedelta(100)])
        contract = records.contract(session, f"C{account.ref}{n}", account, **terms)
        place = {"scope": LineScope.ACCOUNT, "place_id": account.id, "product_id": dice.choice(products).id}
        price = dice.choice([None, Decimal(50)])
        lines.append(records.line(session, contract, "1", quantity=dice.randint(1, 9), price=price, **place))
    return lines


def _units(
    session: Session, dice: Random, account: Account, products: list[Product], lines: list[ContractLine], on: date, use: dict[Key, float]
) -> None:
    owned = [product for n, product in enumerate(products) if dice.random() < (0.7 if n else 0.5)]
    if products[0] in owned and products[1] in products and dice.random() < 0.8:
        owned = [*{product.id: product for product in (*owned, products[1])}.values()]  # P1 goes with P0
    elif products[1] in owned and dice.random() < 0.7:
        owned.remove(products[1])
    keen = dice.choice([0.0, 0.2, 1.0, 1.0, 1.0, 3.0])
    lines = lines if dice.random() < 0.6 else []
    for product in owned:
        for n in range(dice.randint(1, 6)):
            deployed, operating = dice.random() < 0.85, dice.random() < 0.6
            line = dice.choice([None, *lines])
            unit = records.unit(
                session,
                f"{account.ref}{product.model}{n}",
                product,
                account_id=account.id,
                lifecycle=Lifecycle.DEPLOYED if deployed else Lifecycle.RETURNED,
                shipped_on=dice.choice([None, on - timedelta(dice.randint(-5, 900))]),
                purchased_on=dice.choice([None, None, on - timedelta(dice.randint(0, 900))]),
            )
            _counters(session, dice, unit, keen, on, use)
            cell = 4 * (line is not None) + 2 * deployed + operating
            place = {"account_id": account.id, "product_id": product.id, "line_id": line.id if line else 0}
            session.add(UnitReconciliation(unit_id=unit.id, cell=cell, **place))
    session.flush()


def _counters(session: Session, dice: Random, unit: Unit, keen: float, on: date, use: dict[Key, float]) -> None:
    today = day_of(on)
    for counter in COUNTERS:
        if dice.random() < 0.8:
            used = keen > 0 and dice.random() < 0.8
            last = today - dice.choice([0, 3, 29, 30, 60]) if used else dice.choice([None, today - 40])
            session.add(UnitUse(unit_id=unit.id, counter_id=counter, at=0, value=0.0, last_day=last))
            if used:
                for day in sorted({today - dice.randint(0, 35) for _ in range(5)}):
                    use[unit.account_id or 0, unit.product_id, counter, day] += keen * dice.randint(1, 100)

"""Licences sold, units provisioned and active on random fleets, compared with pandas: each number is that of the lists it leads to."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import pandas as pd
import pytest
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.installed_base.positions import Position, PositionKey, PositionRow
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle, Stage, of_stage
from musterroll.domain.values.instants import to_ms
from musterroll.storage.contracts.sold_lines import SoldFilter
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.usecases.contracts import sold_lines
from musterroll.usecases.fleet.pages import NONE, FleetFilter, fleet
from musterroll.usecases.installed_base import positions
from musterroll.usecases.installed_base.positions import PARTS, PositionBreakdown
from musterroll.usecases.reconciliation import run as reconciliation
from sqlmodel import Session, select

from tests.support import unit_rows

SEGMENTS = ("", "health", "retail")
PRODUCTS = {"Pump 0": ("device", "unit"), "Suite": ("seat", "unit"), "Edge": ("node", "host"), "Grid": ("node", "core")}
WINDOWS = (7, 30, 45, 400)


def fill(session: Session, now: datetime, seed: int) -> pd.DataFrame:
    """Units of four products at three accounts without parents, with lines for accounts and for single units."""
    dice, rows = random.Random(seed), []
    places = [unit_rows.place(session, f"A{n}", f"S{n}") for n in range(3)]
    for n, (account, _) in enumerate(places):
        session.get_one(Account, account).segment = SEGMENTS[n]
    for model, (kind, rule) in PRODUCTS.items():
        product = unit_rows.product(session, "Acme", model)
        product.kind, product.licence_rule = UnitKind(kind), LicenceRule(rule)
    for n in range(120):
        owner, model = dice.choice([0, 1, 2, None]), dice.choice(list(PRODUCTS))
        own, site = places[owner] if owner is not None else (None, None)
        lifecycle, status = dice.choice(list(Lifecycle)), dice.choice([None, *CredentialStatus])
        heard = dice.choice([None, dice.randint(0, 420)])
        host, cores = dice.choice([(None, None), (None, 2), (f"h{dice.randint(0, 3)}", dice.choice([None, 4, 8]))])
        at = None if heard is None else to_ms(now - timedelta(days=heard, hours=1))
        facts = {"account_id": own if n % 2 else None, "site_id": site, "lifecycle": lifecycle, "host": host, "cores": cores}
        unit = unit_rows.unit(session, f"SN{n}", model=model, status={"heard_at": at}, **facts)
        if status is not None:
            session.add(Credential(unit_id=unit.id, secret_hash="", status=status, created_at=now))
        enrolled = status is CredentialStatus.ACTIVE and lifecycle not in of_stage(Stage.AFTER)
        name = "" if owner is None else f"A{owner}"
        rows.append(
            {
                **{"unit": unit.id, "segment": "" if owner is None else SEGMENTS[owner], "maker": "Acme", "model": model, "account": name},
                **{"provisioned": lifecycle is Lifecycle.DEPLOYED or enrolled, "heard": heard, "host": host, "cores": cores},
            }
        )
    _sell(session, now, dice, [account for account, _ in places])
    return pd.DataFrame(rows)


def _sell(session: Session, now: datetime, dice: random.Random, accounts: list[int]) -> None:
    for n in range(9):
        account = accounts[n % 3]
        state = ContractState.DRAFT if n == 8 else ContractState.ACTIVE
        contract = Contract(ref=f"C{n}", account_id=account, state=state, starts_on=now.date() - timedelta(90), created_at=now)
        session.add(contract)
        session.flush()
        place = {"scope": LineScope.ACCOUNT, "place_id": account}
        product = unit_rows.product(session, "Acme", dice.choice(list(PRODUCTS))).id
        session.add(ContractLine(contract_id=contract.id, number="1", product_id=product, quantity=dice.randint(1, 9), **place))
        serial = f"SN{dice.randint(0, 119)}"
        session.add(ContractLine(contract_id=contract.id, number="2", scope=LineScope.SERIAL, serial=serial, serial_key=serial))
        session.add(ContractLine(contract_id=contract.id, number="3", scope=LineScope.SERIAL, serial="GONE", serial_key="GONE"))
    session.flush()


def key_of(row: pd.Series, by: Iterable[str]) -> PositionKey:
    return PositionKey(**{name: row[name] for name in by})


def licences(part: pd.DataFrame) -> int:
    """The licences that provisioned units take."""
    taken = 0
    for (model, _), units in part.groupby(["model", "account"]):
        rule = PRODUCTS[str(model)][1]
        cores = units.cores.fillna(1)
        alone = units.host.isna()
        if rule == "unit":
            taken += len(units)
        elif rule == "host":
            taken += int(alone.sum()) + units.host.nunique()
        else:
            taken += int(cores[alone].sum()) + int(cores[~alone].groupby(units.host[~alone]).max().sum())
    return taken


def numbers(position: Position) -> tuple[int, ...]:
    return (position.units, position.licences, *(position.active_units(days) for days in WINDOWS))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_number_is_what_pandas_finds(database: Database, now: datetime, seed: int) -> None:
    with database.transaction() as session:
        frame = fill(session, now, seed)
        reconciliation.reconcile(session, now, now, store=True)
    with database.snapshot() as session:
        seated = {row.unit_id for row in session.exec(select(UnitReconciliation)) if row.cell >= 4}
        tables = {by: positions.table(session, by, None, now) for by in PositionBreakdown}
        of_nodes = positions.table(session, PositionBreakdown.PRODUCT, UnitKind.NODE, now)
    frame["over"] = frame.provisioned & ~frame.unit.isin(seated) & frame.model.map(lambda model: PRODUCTS[model][1] == "unit")
    used = frame[frame.provisioned]
    for by, table in tables.items():
        expected = {}
        for _, part in used.groupby(list(PARTS[by])):
            heard = tuple(int((part.heard < days).sum()) for days in WINDOWS)
            expected[key_of(part.iloc[0], PARTS[by])] = (len(part), licences(part), *heard)
        assert {row.key: numbers(row.position) for row in table.rows if row.position.units} == expected, by
        over = frame[frame.over].groupby(list(PARTS[by])).size()
        assert sum(row.position.units_over for row in table.rows) == int(over.sum())
        assert table.total.sold == sum(row.position.sold for row in table.rows)
    assert {row.kind for row in of_nodes.rows} == {"node"}
    balance(tables[PositionBreakdown.EACH].rows)


def balance(rows: list[PositionRow]) -> None:
    """Sold and provisioned differ by what is over and under, where no unit is on two lines."""
    for row in rows:
        at = row.position
        if row.rule != "unit":
            assert (at.over, at.under) == (max(at.licences - at.sold, 0), max(at.sold - at.licences, 0)), row


@pytest.mark.parametrize("seed", [3])
def test_numbers_lead_to_exactly_their_units_and_lines(database: Database, now: datetime, seed: int) -> None:
    with database.transaction() as session:
        fill(session, now, seed)
        reconciliation.reconcile(session, now, now, store=True)
        within = session.exec(select(Account.id).where(Account.ref == "A1")).one() or 0

    def units(session: Session, **filters: object) -> int:
        return len(fleet(session, FleetFilter(**filters), None, 500, now).cards)  # type: ignore[arg-type]

    for reach in (None, [within]):
        with database.snapshot(reach) as session:
            for by in PositionBreakdown:
                table = positions.table(session, by, None, now)
                assert sum(row.position.units for row in table.rows) == table.total.units
                for row in table.rows:
                    key, at = row.key, row.position
                    words = {"segment": key.segment or NONE, "maker": key.maker, "model": key.model, "owner": key.account or NONE}
                    mine = {name: words["owner" if name == "account" else name] for name in PARTS[by]}
                    mine = {"owner" if name == "account" else name: word for name, word in mine.items()}
                    if key.model or by not in (PositionBreakdown.PRODUCT, PositionBreakdown.EACH):
                        assert units(session, provisioned=True, **mine) == at.units, (by, key)
                        assert units(session, provisioned=True, heard=45, **mine) == at.active_units(45)
                        uncovered = units(session, provisioned=True, cells="011 010 001 000", **mine)
                        assert uncovered == at.units_over or by is not PositionBreakdown.PRODUCT or row.rule != "unit"
                    lines = sold_lines.in_force(session, SoldFilter(**{name: getattr(key, name) for name in PARTS[by]}), 0, 500, now)
                    assert sum(line.quantity for line in lines) == at.sold, (by, key, reach)

"""The health of all accounts of a random fleet is what pandas makes of its documents, each account for itself and with its subsidiaries."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pandas as pd
import pytest
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.usecases.customers import base
from musterroll.usecases.customers.base import CustomerRow
from musterroll.usecases.reconciliation.run import reconcile

from tests.support import unit_rows
from tests.support.documents import take

ACCOUNTS = pd.DataFrame({"Account ID": [f"A{n}" for n in range(8)], "Account Name": [f"Account {n}" for n in range(8)]})
ACCOUNTS["Parent Account ID"] = ["", "A0", "A1", "", "A3", "", "", ""]
TOPS = {**{ref: ref for ref in ACCOUNTS["Account ID"]}, "A1": "A0", "A2": "A0", "A4": "A3"}
COUNTS = ["deployed", "operating", "covered", "tickets", "contracts", "billed", "overdue"]


def documents(dice: Random, now: datetime) -> dict[str, pd.DataFrame]:
    """No day is next to one on which an answer changes."""

    def day(*back: int) -> date:
        return now.date() - timedelta(dice.choice(back))

    units = pd.DataFrame(
        {
            **{"Serial Number": f"SN{n:03}X", "Manufacturer": "Acme", "Model": "Pump", "Install Date": day(200, 900)},
            **{"Status": dice.choice(["Installed", "Installed", "In Stock"]), "Account ID": f"A{dice.randrange(8)}"},
            "Warranty End": day(-300, 300),
        }
        for n in range(60)
    )
    contracts = pd.DataFrame(
        {
            **{"Contract Number": f"C{n}", "Account ID": f"A{n % 8}", "Start Date": day(400), "End Date": day(-200, -40, 100)},
            **{"Status": "Active", "Auto Renew": "no", "Currency": "EUR"},
        }
        for n in range(12)
    )
    own = units.merge(contracts[["Contract Number", "Account ID"]].drop_duplicates("Account ID"), on="Account ID").sample(
        25, random_state=1
    )
    lines = own[["Contract Number", "Serial Number"]].assign(Line=range(len(own)))
    heard = [now - timedelta(seconds=5) if dice.random() < 0.6 else now - timedelta(30) for _ in range(len(units))]
    return {
        "accounts": ACCOUNTS,
        "units": units,
        "contracts": contracts,
        "contract-lines": lines,
        "billing": contracts[["Contract Number"]]
        .assign(**{"Payment State": [dice.choice(["Paid", "Overdue"]) for _ in range(12)]})
        .head(9),
        "invoices": pd.DataFrame(
            {
                **{"Invoice Number": f"I{n}", "Account ID": f"A{dice.randrange(8)}", "Invoice Date": day(120), "Due Date": day(90, 30, -5)},
                **{
                    "Amount": dice.choice([-7, 1, 1, 1]) * dice.randint(1, 500),
                    "Currency": "EUR",
                    "Payment State": dice.choice(["Open", "Paid"]),
                },
            }
            for n in range(40)
        ),
        "incidents": pd.DataFrame(
            {"Ticket": f"T{n}", "Serial Number": dice.choice(list(units["Serial Number"])), "Opened": day(5, 60, 120)} for n in range(50)
        ),
        "telemetry": units[["Serial Number"]].assign(last_seen=[f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in heard]),
    }


def by_pandas(of: dict[str, pd.DataFrame], today: date, tops: dict[str, str]) -> pd.DataFrame:
    units = of["units"].merge(of["telemetry"], on="Serial Number").merge(of["contract-lines"], on="Serial Number", how="left")
    force = of["contracts"][of["contracts"]["End Date"] >= today]
    deployed = units[units.Status == "Installed"].assign(top=lambda frame: frame["Account ID"].map(tops))
    recent = pd.to_datetime(deployed.last_seen).dt.date >= today - timedelta(1)
    covered = (deployed["Warranty End"] >= today) | deployed["Contract Number"].isin(force["Contract Number"])
    opened = of["incidents"][of["incidents"].Opened > today - timedelta(90)].merge(of["units"], on="Serial Number")
    bills = of["billing"].merge(force, on="Contract Number")
    late = of["invoices"].query("`Payment State` == 'Open' and Amount > 0")
    late = late[late["Due Date"] < today]
    sums = {
        **{
            "deployed": deployed.groupby("top").size(),
            "operating": recent.groupby(deployed.top).sum(),
            "covered": covered.groupby(deployed.top).sum(),
        },
        **{
            name: frame.groupby(frame["Account ID"].map(tops)).size()
            for name, frame in (("tickets", opened), ("contracts", force), ("billed", bills))
        },
        "overdue": (bills["Payment State"] == "Overdue").groupby(bills["Account ID"].map(tops)).sum(),
        "owed": late.groupby(late["Account ID"].map(tops)).Amount.sum(),
        "due": force.groupby(force["Account ID"].map(tops))["End Date"].min(),
    }
    return pd.DataFrame(sums, index=sorted(set(tops.values())))


def check(rows: list[CustomerRow], expected: pd.DataFrame) -> None:
    assert rows
    for row in rows:
        of = expected.loc[row.ref]
        assert [getattr(row, name) for name in COUNTS] == of[COUNTS].fillna(0).astype(int).tolist(), row.ref
        assert sum((money.amount for money in row.owed), Decimal(0)) == (0 if pd.isna(of.owed) else int(of.owed))
        assert row.due_on == (None if pd.isna(of.due) else of.due)


@pytest.mark.parametrize("seed", [1])
def test_the_health_of_the_whole_fleet_is_what_pandas_makes_of_its_documents(database: Database, now: datetime, seed: int) -> None:
    of = documents(Random(seed), now)
    with database.transaction() as session:
        unit_rows.listening(session, to_ms(now) - 10**10, to_ms(now))
    for kind, frame in of.items():
        take(database, now, kind, frame.to_csv(index=False))
    with database.transaction() as session:
        reconcile(session, now, now, store=True)
    with database.snapshot() as session:
        check(base.rows(session, False, now).value, by_pandas(of, now.date(), {ref: ref for ref in TOPS}))
        check(base.rows(session, True, now).value, by_pandas(of, now.date(), TOPS))

"""Seats, environments and nodes beside the planner's fleet: lists of them, their lines, and what a platform last heard of them."""

from datetime import datetime, timedelta

from musterroll.storage.engine.database import Database
from musterroll.usecases.reconciliation.run import reconcile

from tests.support import planner_fleet
from tests.support.documents import take

SEATS, NODES = 14, 9


def fill(database: Database, now: datetime) -> None:
    """Fourteen seats of Suite Pro with ten sold, two environments, and nine containers on three hosts with two sold by host."""
    planner_fleet.fill(database, now)
    with_kinds(database, now)


def with_kinds(database: Database, now: datetime) -> None:
    products = "Manufacturer,Model,Unit Kind,Licence Rule\nAcme,Suite Pro,Seat,\nAcme,Cloud,Environment,\nAcme,Edge Node,Node,Host\n"
    units = ["Serial Number,Manufacturer,Model,Unit Kind,Status,Install Date,Account ID,Host ID,Host Cores"]
    states = ("Provisioned", "Trial", "Suspended", "Expired", "Invited")
    status = (*states, "Assigned", "Assigned")
    units += [f"user{n}@umber.example,Acme,Suite Pro,Seat,{status[n % 7]},2026-01-15,A00001,," for n in range(SEATS)]
    units += [f"{name},Acme,Cloud,Environment,Active,2026-02-01,A00001,," for name in ("umber/test", "umber/production")]
    units += [f"edge-{n},Acme,Edge Node,Node,Running,2026-03-01,A00002,host-{n % 3},8" for n in range(NODES)]
    starts, seen = (now - timedelta(days=60)).date(), now - timedelta(days=3)
    contracts = "Contract Number,Account ID,Start Date,Status,Currency\n"
    contracts += f"C-SEATS,A00001,{starts},Active,EUR\nC-NODES,A00002,{starts},Active,EUR\n"
    lines = (
        "Contract Number,Line,Manufacturer,Model,Scope,Quantity,Price Per Year\n"
        "C-SEATS,1,Acme,Suite Pro,Account,10,120\nC-NODES,1,Acme,Edge Node,Account,2,900\n"
    )
    reports = ["serial,last_seen"]
    reports += [f"user{n}@umber.example,{seen - timedelta(days=4 * n):%Y-%m-%dT%H:%M:%SZ}" for n in range(0, SEATS, 2)]
    reports += [f"edge-{n},{seen:%Y-%m-%dT%H:%M:%SZ}" for n in range(NODES)]
    documents = {
        **{"products": products, "units": "\n".join(units) + "\n", "contracts": contracts},
        **{"contract-lines": lines, "telemetry": "\n".join(reports) + "\n"},
    }
    for kind, content in documents.items():
        verdicts, _ = take(database, now, kind, content)
        assert {verdict.outcome.value for verdict in verdicts} == {"new"}, verdicts
    with database.transaction() as session:
        reconcile(session, now, now, store=True)

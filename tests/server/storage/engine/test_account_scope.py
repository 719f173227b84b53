"""What a person limited to some accounts sees of every table, on both databases."""

from collections.abc import Collection
from contextlib import suppress
from itertools import product
from random import Random
from typing import NamedTuple

import pytest
from musterroll.domain.installed_base.licences import LicenceCount
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine import account_scope, migrate
from musterroll.storage.engine.database import Database
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.findings import FindingRow
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.usecases.fleet import pages as fleet_pages
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import exists, func, select, text, union
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col

from tests.support import random_records, unit_rows
from tests.support.random_records import NOW

# What everybody with the role may see whole: no row of these is about an account's own.
OF_ALL = {
    "product",
    "warranty_policy",
    "saved_mapping",
    "saved_filter",
    "scenario",
    "registry_state",
    "process_heartbeat",
    "config_revision",
    "job_checkpoint",
    "exchange_rate",
    "planned_delivery",
    "registry_option",
    "product_name",
    "undo_progress",
    "usage_counter",
    "benchmark",
    "reminder_setting",
    "reminder_template",
}
# Only opened by views that a limited person is never let into, or asked for what is that person's own.
EVERYWHERE = {"change", "audit_entry", "import_run", "import_row", "quarantine", "registry_metric", "notification", "rule_event"}
EVERYWHERE |= {"run_part"}  # of the schedule and its workers
EVERYWHERE |= {"source", "source_run", "source_keys", "review_pack"}
EVERYWHERE |= {"link_key", "campaign_export", "exported_contact"}
EVERYWHERE |= {"product_pair", "pair_decision"}
PERSONS = {"user", "web_session", "api_token", "calendar_feed"}


class Fleet(NamedTuple):
    parent: int
    child: int
    other: int


@pytest.fixture
def fleet(database: Database) -> Fleet:
    """P1 and C1 belong to a parent and its child, O1 to another, N1 to nobody."""
    with database.transaction() as session:
        parent, _ = unit_rows.place(session, "A-parent", "S-parent")
        child, _ = unit_rows.place(session, "A-child", "S-child")
        other, _ = unit_rows.place(session, "A-other", "S-other")
        session.get_one(Account, child).parent_id = parent
        for serial, account in (("P1", parent), ("C1", child), ("O1", other), ("N1", None)):
            unit_rows.unit(session, serial, account_id=account, status={"heard_at": 1})
    return Fleet(parent, child, other)


def serials(session: Session) -> list[str]:
    return sorted(session.execute(select(col(Unit.serial))).scalars())


def test_a_limit_is_an_account_and_all_below_it(database: Database, fleet: Fleet) -> None:
    seen = {(fleet.parent,): ["C1", "P1"], (fleet.child,): ["C1"], (fleet.child, fleet.other): ["C1", "O1"], (): [], (999,): []}
    for within, expected in seen.items():
        with database.snapshot(within) as session:
            assert serials(session) == expected
    with database.snapshot() as session:
        assert serials(session) == ["C1", "N1", "O1", "P1"]


def test_no_way_to_ask_leads_around_it(database: Database, fleet: Fleet) -> None:
    """By key, by alias, by table, counted, joined, in a subquery, in a union, from the heartbeats, from the tree."""
    other: type[Unit] = aliased(Unit)
    key, table = col(Unit.id), Unit.__table__  # type: ignore[attr-defined]
    with database.snapshot() as session:
        hidden = session.execute(select(key).where(col(Unit.serial) == "O1")).scalar_one()
    with database.snapshot([fleet.child]) as session:
        assert session.get(Unit, hidden) is None
        for query in (
            select(func.count()).select_from(Unit),
            select(func.count(col(other.id))),
            select(func.count(table.c.id)),
            select(func.count(col(UnitStatus.unit_id))),
            select(func.count()).select_from(union(select(key), select(table.c.id)).subquery()),
            select(func.count()).select_from(select(select(key).subquery()).subquery()),
            select(func.count()).where(exists().where(col(Unit.account_id) == fleet.other)).select_from(Account),
            select(func.count()).select_from(Account).outerjoin(Unit, col(Unit.account_id) == col(Account.id)),
        ):
            assert session.execute(query).scalar_one() in (0, 1), query
        locked = session.execute(select(Unit).with_for_update()).scalars().all()
        assert [unit.serial for unit in locked] == ["C1"]
        assert [card.serial for card in fleet_pages.fleet(session, fleet_pages.FleetFilter(), None, 10, NOW).cards] == ["C1"]
        assert fleet_pages.LatestBase()(session, NOW)[0].registered == 1
        assert hierarchy.lineage(session, fleet.child) == [fleet.child]
        assert [node.ref for node in hierarchy.tree(session, None)] == ["A-child"]


def test_what_is_seen_can_be_changed_and_what_is_not_cannot_be_met(database: Database, fleet: Fleet) -> None:
    with database.transaction([fleet.child]) as session:
        for unit in session.execute(select(Unit)).scalars():
            unit.firmware = "2.0"
    with database.snapshot() as session:
        assert sorted(session.execute(select(col(Unit.serial)).where(col(Unit.firmware) == "2.0")).scalars()) == ["C1"]


def test_a_change_that_fails_is_not_kept(database: Database, fleet: Fleet) -> None:
    with suppress(LookupError), database.transaction([fleet.child]) as session:
        session.get_one(Account, fleet.child).name = "half done"
        session.flush()
        raise LookupError
    with database.snapshot([fleet.child]) as session:
        assert session.get_one(Account, fleet.child).name == "A-child"


def test_a_connection_does_not_remember_whose_it_was(database: Database, fleet: Fleet) -> None:
    seen = (([fleet.other], ["O1"]), (None, ["C1", "N1", "O1", "P1"]), ([fleet.child], ["C1"]), ([], []))
    for way, (within, expected) in product((database.read_only, database.snapshot, database.read_only, database.transaction), seen):
        with way(within) as session:
            assert serials(session) == expected


def test_a_question_that_fails_leaves_a_connection_that_answers(database: Database, fleet: Fleet) -> None:
    for within in ([fleet.child], None):
        with database.read_only(within) as session, suppress(DBAPIError):
            session.execute(text("SELECT nothing FROM nowhere"))
    with database.read_only([fleet.child]) as session:
        assert serials(session) == ["C1"]


def test_what_must_be_judged_whole_still_is(database: Database, fleet: Fleet) -> None:
    every = account_scope.whole(Account).c
    with database.snapshot([fleet.child]) as session:
        assert len(session.execute(select(every.id)).all()) == 3


@pytest.mark.parametrize("seed", [3, 8])
def test_every_table_shows_the_rows_of_the_accounts_and_the_counts_add_up(sqlite_database: Database, seed: int) -> None:
    with sqlite_database.transaction() as session:
        random_records.fill(session, Random(seed))
        everybody = list(session.execute(select(col(Account.id))).scalars())
        session.execute(Account.__table__.update().values(parent_id=None))  # type: ignore[attr-defined]
    with sqlite_database.transaction() as session:
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    shares = [_seen(sqlite_database, [one]) for one in everybody]
    together = _seen(sqlite_database, everybody)
    assert {name: sum(share[name] for share in shares) for name in together} == together
    assert together["unit"]


def _seen(database: Database, within: Collection[int]) -> dict[str, int]:
    """Rows and counts by name, as kept and as worked out anew."""
    with database.snapshot(within) as session:
        seen = {
            model.__name__.lower(): session.execute(select(func.count()).select_from(model)).scalar_one()
            for model in (Unit, UnitStatus, Contract, ContractLine, Account)
        }
        anew = reconciliation_run.reconcile(session, NOW, NOW, store=False)
        licences = base_licences.licences(session, NOW, base_licences.LicenceBreakdown.ACCOUNT, NOW).total
        assert anew.cells == cell_counters.counts(session)
        assert {kind: count for kind, count in anew.findings.items() if count} == dict(_findings(session))
        return seen | {f"cell {cell}": units for cell, units in anew.cells.items()} | LicenceCount._asdict(licences)


def _findings(session: Session) -> list[tuple[str, int]]:
    present = select(col(FindingRow.kind), func.count()).where(col(FindingRow.present)).group_by(col(FindingRow.kind))
    return [(kind, count) for kind, count in session.execute(present)]


def test_every_table_is_narrowed_or_known_to_be_for_all() -> None:
    """A new table names its account, unit, contract or finding, or it says here why it need not."""
    assert migrate.config()  # the tables are known
    bare = {table.name for table in SQLModel.metadata.sorted_tables if account_scope.rows_in_reach(table) is None}
    assert bare == OF_ALL | EVERYWHERE | PERSONS

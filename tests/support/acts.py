"""Actions of users in a small fleet, by name, and later files of each document kind; each is one change that can be undone."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.findings import FindingRow
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.accounts import hierarchy
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.matching import merge as matching_merge
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units import replace as unit_replace
from musterroll.usecases.warranty import periods as warranty_periods
from sqlmodel import Session, col, select

from tests.support.documents import FLEET, outcomes, take, take_all

HEAD = {kind: content.partition("\n")[0] + "\n" for kind, content in FLEET.items()}
TWINS = {
    "accounts": HEAD["accounts"] + "A7,Umber Logistics,,www.umber.example,NL,mid-market\n",
    "contracts": HEAD["contracts"] + "C7,A7,2026-02-24,2028-09-14,Active,yes,30,EUR\n",
    "units": HEAD["units"] + "SN100I,Acme,Pump 3,2025-01-05,,Shipped,A1,S1,48\n",
    "contract-lines": HEAD["contract-lines"] + "C1,5,SN100I,Pump 3,S1,1,24x7,90,,\n",
    "incidents": HEAD["incidents"] + "T5,SN100I,Acme,2026-07-21,,question,,\n",
}
# What a document of each kind says when it comes again: something new, something changed.
NEWS = {
    "accounts": HEAD["accounts"] + "A1,Umber,A2,umber.example,DE,enterprise\nA9,New,A8,,,\n",
    "sites": HEAD["sites"] + "S2,A2,Lyon Sud,69002,Europe/Paris\nS9,A9,New,,\n",
    "contacts": HEAD["contacts"] + "K1,A3,,Anna,Vos,,anna@umber.example,,de,no,,\nK9,A9,,New,Person,,new@a9.example,,,,,\n",
    "units": HEAD["units"] + "SN1002,Acme,Pump 3,2024-06-23,2024-09-01,Retired,A2,S2,24\nSN9,Nova,Lamp,,,In Stock,,,\n",
    "product-names": HEAD["product-names"] + "ACM,,Acme Inc.,\nNova,L1,Nova,Lamp\n",
    "products": HEAD["products"] + "Acme,Rotor 9,130,EUR,Battery\nAcme,Rotor 12,99,EUR,Always on\n",
    "rates": HEAD["rates"] + "2026-11-27,USD,1.09,EUR\n2026-11-28,USD,1.1,EUR\n",
    "deliveries": HEAD["deliveries"] + "2026-12-15,Acme,Pump 3,PO1,50,40,60\n2027-02-01,Zenith,Valve,,9,,\n",
    "benchmarks": HEAD["benchmarks"] + "Attach rate,Medical devices,2025,66,Field service survey\nOperating share,,2025,93,IDC\n",
    "contracts": HEAD["contracts"] + "C1,A3,2026-02-24,2029-09-14,Active,no,30,EUR\nC9,A1,2026-01-01,2026-12-31,Draft,,,EUR\n",
    "contract-lines": HEAD["contract-lines"] + "C1,1,SN1004,Valve,S1,1,8x5,99,,\nC1,9,,Pump 3,S9,2,8x5,40,,\n",
    "limits": HEAD["limits"] + "C2,1,Calls,,5,Quarter,no,\nC1,2,Floating seats,operating,2,Month,,\n",
    "billing": HEAD["billing"] + "C1,active,2026-10-30,overdue\nC3,active,2026-10-30,paid\n",
    "invoices": HEAD["invoices"] + "INV2,,C1,2026-09-01,2026-09-30,300.50,0,EUR,Paid,2026-10-01\nINV3,A2,,2026-10-01,,80,,EUR,Open,\n",
    "telemetry": HEAD["telemetry"]
    + "SN1001,Acme,2025-02-15T09:00:00Z,2026-11-01T11:59:29Z,1.5,6001\nSN1004,,2026-10-01T09:00:00Z,2026-10-01T09:00:00Z,,\n",
    "incidents": HEAD["incidents"] + "T1,SN1002,Acme,2026-07-20,2026-07-25,hardware failure,2,1\nT9,SN1001,Acme,2026-07-20,,noise,,\n",
}


def fleet(database: Database, now: datetime) -> None:
    take_all(database, now)
    for kind, content in TWINS.items():
        assert set(outcomes(take(database, now, kind, content)[0])) == {"new"}
    with database.transaction() as session:
        reconciliation_run.reconcile(session, now, now, store=True)
        matching_proposals.find_matches(session, now)


def unit(session: Session, serial: str) -> Unit:
    return session.exec(select(Unit).where(Unit.serial == serial, Unit.maker_key == "acme")).one()


def merge(session: Session, now: datetime, kind: str) -> int:
    ((proposal,), _) = matching_proposals.page(session, matching_proposals.OPEN, kind)
    return matching_proposals.accept(session, proposal.proposal.id or 0, actor="anna", now=now, reason="one and the same").id or 0


def replace(session: Session, now: datetime) -> int:
    by = unit(session, "sn-1003").uid
    return unit_replace.replace(session, unit(session, "SN1001").uid, by, actor="anna", now=now, on=now.date() - timedelta(3)).id or 0


def move(session: Session, now: datetime) -> int:
    return unit_move.move_unit(session, unit(session, "SN1002").uid, Lifecycle.DEPLOYED, actor="anna", now=now, site="S3").id or 0


def newest(session: Session) -> int:
    return audit_changes.newest(session).id or 0


def void(session: Session, now: datetime) -> int:
    period = session.exec(select(WarrantyPeriod).order_by(col(WarrantyPeriod.id))).first()
    assert period
    warranty_periods.void(session, period.id or 0, date(2026, 10, 1), "opened by hand", "anna", now)
    return newest(session)


def extend(session: Session, now: datetime) -> int:
    warranty_periods.extend(session, unit(session, "SN1001").uid, 12, "order 7", "anna", now)
    return newest(session)


def mend(session: Session, now: datetime) -> int:
    warranty_periods.repair(session, unit(session, "SN1001").uid, date(2026, 10, 1), 3, "note 9", "anna", now)
    return newest(session)


def decide(session: Session, now: datetime) -> int:
    ids = [one.id or 0 for one in session.exec(select(FindingRow))]
    return finding_decisions.decide(session, ids, FindingState.ACCEPTED, reason="known", actor="anna", now=now).id or 0


def reject(session: Session, now: datetime) -> int:
    ((proposal,), _) = matching_proposals.page(session, matching_proposals.OPEN, matching_proposals.UNIT_TWIN)
    return matching_proposals.reject(session, proposal.proposal.id or 0, actor="anna", now=now, reason="seen both").id or 0


def put_under(session: Session, now: datetime) -> int:
    change = hierarchy.set_parent(session, "A1", "A3", "anna", now)
    assert change
    return change.id or 0


def merge_any_accounts(session: Session, now: datetime) -> int:
    change = audit_record.begin(session, actor="anna", kind="merge", subject="A3 and A2", now=now)
    matching_merge.merge_accounts(session, change, 3, 1, now)
    return change.id or 0


ACTS: dict[str, Callable[[Session, datetime], int]] = {
    "merge of units": lambda session, now: merge(session, now, matching_proposals.UNIT_TWIN),
    "merge of accounts": lambda session, now: merge(session, now, matching_proposals.ACCOUNT_TWIN),
    "merge into a subsidiary": merge_any_accounts,
    "replacement": replace,
    "move": move,
    "warranty void": void,
    "warranty extended": extend,
    "repair": mend,
    "decision": decide,
    "proposal rejected": reject,
    "account put under another": put_under,
}

"""The records of the sample fleet, imported as documents, so that every finding leads back to a row of a file."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.readers.document import Document
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.units import Unit
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import import_document
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.warranty import periods as warranty_periods
from sqlmodel import Session, select

GATEWAY, DRIVE = "Edge Gateway G4", "HD-4000 Vault"
_RESPONSE = ("24x7 on site in 4 hours", "Next business day", "Parts only")


def documents(now: datetime, covered: Iterable[str], late: str, stale: str) -> dict[str, str]:
    """The files by kind. `covered` serials are on lines; `late` is on an overdue contract, `stale` too is paid for."""
    ends, gone = (now + timedelta(days=200)).date(), (now - timedelta(days=40)).date()
    lines = [f"C-10{1 + n % 2},{n + 1},{serial},{_RESPONSE[n % 3]},{180 + 35 * (n % 3)}" for n, serial in enumerate(covered)]
    lines += [f"C-103,1,{late},Next business day,240", f"C-101,900,{stale},{_RESPONSE[0]},412.50", "C-104,1,K4O0MVX9,Parts only,95"]
    return {
        "accounts": "Account ID,Account Name,Website,Phone,Country,Segment\n"
        "A00001,Marram Freight B.V.,https://www.marram.example,+31 20 555 0142,NL,Logistics\n"
        "A00009,Marram Freight,marram.example,+31 20 5550142,NL,\n",
        "contracts": "Contract Number,Account ID,Status,Start Date,End Date,Auto Renew,Notice Days,Currency\n"
        f"C-101,A00001,Active,2025-01-01,{ends},yes,90,EUR\nC-102,A00002,Active,2025-03-01,{ends},no,30,EUR\n"
        f"C-103,A00003,Active,2024-06-01,{ends},no,30,EUR\nC-104,A00003,Active,2023-01-01,{gone},no,30,EUR\n"
        f"C-105,A00002,Active,2026-01-01,{ends},no,30,USD\n",
        "contract-lines": "Contract Number,Line,Serial Number,Service Level,Price Per Year\n" + "\n".join(lines) + "\n",
        "billing": "Contract Number,Payment State,Last Invoice Date\nC-101,Paid,2026-01-15\nC-103,Overdue,2026-02-01\n",
        "incidents": f"Ticket,Serial Number,Manufacturer,Opened,Category\nT-4711,{stale},,2026-03-02,No signal\n"
        f"T-4712,{stale},,2026-03-04,Fan noise\n",
    }


def quantities() -> str:
    return (
        "Contract Number,Line,Manufacturer,Model,Account ID,Scope,Quantity,Service Level,Price Per Year\n"
        f"C-105,1,Aurora Controls,{GATEWAY},A00002,Account,3,Next business day,310\n"
        f"C-105,2,Brightwell,BW30 Relay,A00002,Account,9,Parts only,60\nC-999,1,Halden,{DRIVE},A00002,Account,2,,80\n"
    )


def fill(session: Session, now: datetime, files: dict[str, str]) -> None:
    """Take the files in, settle warranties, reconcile, look for near matches."""
    for product in session.exec(select(Product)):
        product.list_price, product.currency = Decimal(120 + 15 * (product.id or 0)), "EUR"
    for kind, text in files.items():
        take(session, kind, f"{kind}-2026.csv", text, now - timedelta(days=9))
    take(session, "contract-lines", "quantities-2026.csv", quantities(), now - timedelta(days=2))
    warranty_periods.apply_policies(session, session.exec(select(Unit.id)).all(), now)  # type: ignore[arg-type]
    session.flush()
    reconciliation_run.reconcile(session, now, now, store=True)
    matching_proposals.find_matches(session, now)


def take(session: Session, kind: str, name: str, text: str, now: datetime) -> None:
    content = text.encode()
    document = Document(BytesIO(content), KINDS[kind])
    import_document(session, document, lambda verdict: None, Source(name, "admin", now, 60), hashlib.sha256(content).hexdigest())


def replace(session: Session, old_id: int, new_id: int) -> None:
    old = session.get_one(Unit, old_id)
    old.replaced_by_id, old.lifecycle = new_id, Lifecycle.RETIRED

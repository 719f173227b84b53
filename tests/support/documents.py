"""A small sample fleet as exported by five systems, and the import of such files."""

import io
from datetime import datetime

from musterroll.readers import columns
from musterroll.readers.columns import Choices, Heading
from musterroll.readers.document import Document
from musterroll.readers.table import BadFile
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import ImportResult, import_document
from musterroll.usecases.imports.verdicts import RowVerdict
from musterroll.usecases.undo import undo as undo_changes
from sqlalchemy import text
from sqlmodel import Session

from tests.support import records

FLEET = {
    "accounts": (
        "Account ID,Account Name,Parent Account ID,Website,Country,Segment\n"
        "A3,Larkspur South,A2,,FR,enterprise\n"  # below an account that comes further down
        "A1,Umber Logistics B.V.,,umber.example,NL,mid-market\n"
        "A2,Larkspur Hospitals,,larkspur.example,FR,enterprise\n"
    ),
    "sites": (
        "Site ID,Account ID,Site Name,Postcode,Time Zone\nS1,A1,Essen 1,45127,Europe/Berlin\nS2,A2,Lyon Nord,69001,\nS3,A3,Nice,06000,\n"
    ),
    "contacts": (
        "Contact ID,Account ID,Site ID,First Name,Last Name,Role,Email,Phone,Language,Consent,Consent Source,Consent Date\n"
        "K1,A1,S1,Anna,Vos,Facility manager,anna@umber.example,+31 20 1,de,yes,Order form,2026-01-31\n"
        "K2,A2,,,Petit,,petit@larkspur.example,,fr,,,\n"
    ),
    "product-names": "Manufacturer,Model,Registered Manufacturer,Registered Model\nACM,,Acme,\nZenith,Valve B,Zenith,Valve\n",
    "products": (
        "Manufacturer,Model,List Price Per Year,Currency,Reporting Class\nAcme,Rotor 9,120.50,EUR,Battery\nAcme,Rotor 10,,,Always on\n"
    ),
    "units": (
        "Serial Number,Manufacturer,Model,Ship Date,Install Date,Status,Account ID,Site ID,Warranty Months\n"
        "SN1001,Acme,Pump 3,2025-01-05,2025-02-15,Installed,A1,S1,36\n"
        "SN1002,Acme,Pump 3,2024-06-23,2024-08-16,Installed,A2,S2,12\n"
        "sn-1003,Acme Inc.,PUMP 3,2024-08-15,,Shipped,A3,S3,\n"
        "SN1004,Zenith,Valve,,,In Stock,,,\n"
        "SN1001,Zenith,Valve,,,Retired,,,24\n"  # the same serial of another maker
    ),
    "contracts": (
        "Contract Number,Account ID,Start Date,End Date,Status,Auto Renew,Notice Days,Currency\n"
        "C1,A1,2026-02-24,2028-09-14,Active,yes,30,EUR\n"
        "C2,A2,2025-05-15,2026-05-14,Expired,no,,GBP\n"
        "C3,A2,2025-05-15,2027-05-14,Expired,no,,EUR\n"
    ),
    "contract-lines": (
        "Contract Number,Line,Serial Number,Model,Site ID,Quantity,Service Level,Price Per Year,Start Date,End Date\n"
        'C1,1,SN1001,Pump 3,S1,1,24x7,"1.234,50",,\n'
        "C1,2,,Pump 3,S2,3,8x5,40,2026-03-01,2027-02-28\n"
        "C2,1,GONE77,Pump 3,,1,8x5,75,,\n"
    ),
    "limits": (
        "Contract Number,Line,Limit,Counter,Amount,Period,Carried Over,Pooled\nC2,1,Calls,,4,Year,yes,\nC2,1,Usage,pages,500,Month,,yes\n"
    ),
    "billing": (
        "Contract Number,Subscription Status,Last Invoice Date,Payment State\nC1,active,2026-10-16,paid\nC2,past_due,2026-01-31,Past Due\n"
    ),
    "invoices": (
        "Invoice Number,Account ID,Contract Number,Invoice Date,Due Date,Amount,Balance Due,Currency,Payment State,Paid Date\n"
        "INV1,A1,,2026-08-01,2026-08-31,1200,,EUR,Paid,2026-08-20\nINV2,,C1,2026-09-01,,300.50,100.50,EUR,,\n"
    ),
    "telemetry": (
        "serial,manufacturer,first_seen,last_seen,firmware,Operating Hours\n"
        "SN1001,Acme,2025-02-15T09:00:00Z,2026-11-01T11:58:29Z,1.4.2,6000\n"
        "SN1002,,2024-08-16T09:00:00Z,2026-10-01T03:00:00Z,1.3.9,\n"
        "SN1003,,2026-10-30T09:00:00Z,2026-10-29T09:00:00Z,,12.5\n"
    ),
    "incidents": (
        "Ticket,Serial Number,Manufacturer,Opened,Closed,Category,Hours,Parts\n"
        "T1,SN1001,Acme,2026-07-20,2026-07-24,hardware failure,1.89,1\n"
        "T2,GONE77,,2026-08-01,,question,,\n"
    ),
    "rates": "Date,Currency,Rate,Base Currency\n2026-11-27,USD,1.0832,EUR\n2026-11-27,JPY,161.25,\n2026-11-26,USD,1.081,EUR\n",
    "deliveries": (
        "Delivery Date,Manufacturer,Model,Order Number,Quantity,At Least,At Most\n"
        "2026-12-15,Acme,Pump 3,PO1,40,,\n2027-01-15,Acme,Rotor 9,,100,60,120\n"
    ),
    "benchmarks": (
        "Measure,Industry,Year,Value,Source\nAttach rate,Medical devices,2025,64.5,Field service survey\nCoverage rate,,2024,71 %,IDC\n"
    ),
}


def document(kind: str, content: str | bytes, choices: Choices = Choices()) -> Document:  # noqa: B008  immutable
    return Document(io.BytesIO(content.encode() if isinstance(content, str) else content), KINDS[kind], choices)


def headings(kind: str, content: str | bytes) -> list[Heading]:
    """The columns of a file; none where it is no table."""
    try:
        return columns.headings(io.BytesIO(content.encode() if isinstance(content, str) else content), KINDS[kind])
    except BadFile:
        return []


def take(
    database: Database,
    now: datetime,
    kind: str,
    content: str | bytes,
    choices: Choices = Choices(),  # noqa: B008  immutable
    *,
    commit: bool = True,
) -> tuple[list[RowVerdict], ImportResult]:
    verdicts: list[RowVerdict] = []
    read = document(kind, content, choices)
    with database.transaction() as session:
        done = import_document(session, read, verdicts.append, Source(f"{kind}.csv", "kim", now), "0" * 64 if commit else None)
    return verdicts, done


def undo(session: Session, run_id: int, actor: str, now: datetime) -> int:
    """Take an import back in one transaction."""
    return undo_changes.undo(session, import_history.run(session, run_id).change_id, actor, now).id or 0


def outcomes(verdicts: list[RowVerdict]) -> list[str]:
    return [verdict.outcome.value for verdict in verdicts]


def take_all(database: Database, now: datetime, upto: str = "benchmarks") -> dict[str, ImportResult]:
    """Take the fleet in, kind after kind, up to one of them. Nothing of it may be refused."""
    done = {}
    for kind, content in FLEET.items():
        verdicts, done[kind] = take(database, now, kind, content)
        assert set(outcomes(verdicts)) == {"new"}, verdicts
        if kind == upto:
            break
    return done


def state(database: Database) -> str:
    """Every byte an import may touch, without its own history."""
    with database.snapshot() as session:
        said = [
            session.execute(text(query)).all()
            for query in ("SELECT * FROM unit_status ORDER BY unit_id", "SELECT * FROM unit_usage ORDER BY unit_id, name")
        ]
        firmware = session.execute(text("SELECT id, firmware FROM unit ORDER BY id")).all()
        return records.dump(session) + str(said) + str(firmware)

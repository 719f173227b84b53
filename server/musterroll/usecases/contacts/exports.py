"""Exports of contacts for campaigns: what is new or changed since the last one, of all contacts or those of a segment's accounts."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contacts.campaigns import REASONS, CampaignContact, Program, Reason, left_out
from musterroll.domain.values.errors import NotFound
from musterroll.storage.contacts import exports as stored
from musterroll.storage.tables.contacts import CampaignExport
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.fleet import segments

_ACCOUNTS = 5_000  # of a segment, read together


class ExportRequest(NamedTuple):
    """`segment`: its key; none: all contacts. `whole`: also what is unchanged since the last export."""

    program: Program
    segment: str | None = None
    whole: bool = False


def export(session: Session, request: ExportRequest, actor: str, now: datetime) -> CampaignExport:
    """Export contacts; the rows are read with `exported`. Raises NotFound for an unknown segment."""
    accounts = None if request.segment is None else segment_accounts(session, request.segment, now)
    row = CampaignExport(program=request.program, segment=request.segment or "", whole=request.whole, at=now, by=actor)
    session.add(row)
    session.flush()
    counts, addresses = Counter[Reason](), set[str]()
    for contacts in stored.contacts(session, accounts):
        chosen = _chosen(session, request, contacts, addresses, counts)
        stored.remember(session, request.program, row.id or 0, chosen)
        row.exported += len(chosen)
    row.left_out = {reason.value: counts[reason] for reason in Reason if counts[reason]}
    subject = f"{row.exported:,} contacts exported for {request.program}"
    audit_record.begin(session, actor=actor, kind="export", subject=subject, now=now)
    return row


def known(session: Session, export_id: int) -> CampaignExport:
    """Raises NotFound."""
    row = stored.get(session, export_id)
    if row is None:
        raise NotFound(f"there is no export {export_id}")
    return row


def says(row: CampaignExport) -> str:
    """
    >>> says(CampaignExport(program=Program.HUBSPOT, at=datetime(2026, 12, 1), by="kim", exported=3, left_out={"no_consent": 2}))
    '3 contacts exported; left out: 2 without consent.'
    """
    reasons = ", ".join(f"{row.left_out[reason]:,} {words}" for reason, words in REASONS.items() if row.left_out.get(reason))
    return f"{row.exported:,} contact{'' if row.exported == 1 else 's'} exported{f'; left out: {reasons}' if reasons else ''}."


def segment_accounts(session: Session, key: str, now: datetime) -> set[str]:
    """The numbers of the accounts in a segment. Raises NotFound."""
    segment, refs, after = segments.segment(session, key), set[str](), ""
    while customers := segments.customers(session, segment, after, _ACCOUNTS, now):
        refs |= {customer.ref for customer in customers}
        after = customers[-1].ref
    return refs - {""}


def _chosen(
    session: Session, request: ExportRequest, contacts: list[CampaignContact], addresses: set[str], counts: Counter[Reason]
) -> list[CampaignContact]:
    """Those of these contacts that are exported; the others are counted."""
    before = {} if request.whole else stored.digests(session, request.program, [contact.id for contact in contacts])
    chosen = []
    for contact in contacts:
        reason = left_out(request.program, contact)
        if reason is None and contact.email in addresses:
            reason = Reason.REPEATED
        elif reason is None:
            addresses.add(contact.email)
            reason = Reason.UNCHANGED if before.get(contact.id) == contact.digest else None
        if reason is None:
            chosen.append(contact)
        else:
            counts[reason] += 1
    return chosen

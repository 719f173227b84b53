"""Exports of contacts for campaigns: what is new or changed since the last one, of all contacts or those of a segment's accounts."""

from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contacts.campaigns import PROGRAMS, REASONS, CampaignContact, Program, Reason, left_out
from musterroll.domain.segments.outcomes import HandOverWay
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.contacts import exports as stored
from musterroll.storage.tables.contacts import CampaignExport
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.segments import lists
from musterroll.usecases.segments.hand_over import Receiver, hand_over

_ACCOUNTS = 500  # of a segment, read together


class ExportRequest(NamedTuple):
    """`segment`: its key; none: all contacts. `whole`: also what is unchanged since the last export."""

    program: Program
    segment: str | None = None
    whole: bool = False


def export(session: Session, request: ExportRequest, actor: str, now: datetime) -> CampaignExport:
    """Export contacts; the rows are read with `exported`. Raises NotFound for an unknown segment."""
    accounts = None if request.segment is None else _accounts_of(session, request.segment, request.program, actor, now)
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


def _accounts_of(session: Session, key: str, program: Program, actor: str, now: datetime) -> set[str]:
    """The numbers of the accounts in a segment; they are handed over to the program, so that it is seen what becomes of them."""
    segment, refs, cursor = lists.view(session, key), set[str](), None
    while True:
        accounts, cursor = lists.accounts(session, segment, cursor, _ACCOUNTS, now)
        refs |= {account.ref for account in accounts if account.ref}
        if cursor is None:
            break
    with suppress(Conflict):  # a segment that was not counted yet
        hand_over(session, segment, Receiver(HandOverWay.EXPORT, PROGRAMS[program]), actor, now)
    return refs


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

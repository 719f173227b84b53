"""The page that a customer opens by the QR code on a unit, without an account: only what an admin allows."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contacts import links
from musterroll.domain.contacts.customer_page import (
    LONGEST_HELP,
    LONGEST_REPORT,
    MOST_REPORTS,
    SHORTEST_REPORT,
    VISITOR,
    CustomerPage,
    Part,
    parts_of,
)
from musterroll.domain.coverage.verdict import CoverageAnswer
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.contacts import customer_page as stored
from musterroll.storage.contacts import links as stored_links
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit.options import set_option
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.units.incidents import open_incident
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.units.move import unit_to_change

_NO_LINK = "this link is not valid, or no longer"


class UnitForCustomer(NamedTuple):
    """What a customer sees of a unit; None where an admin does not allow it, or it is not known."""

    uid: str
    product: str | None
    serial: str | None
    covered: bool | None
    last_covered_day: date | None
    help: str | None
    may_report: bool
    account: str | None
    site: str | None


def settings(session: Session) -> CustomerPage:
    parts, help_ = stored.option(session, stored.PARTS), stored.option(session, stored.HELP)
    return CustomerPage(parts_of(parts.value) if parts else frozenset(), help_.value if help_ else "")


def set_page(session: Session, to: CustomerPage, actor: str, now: datetime) -> AuditChange | None:
    """Set what the page shows; nothing turns it off. Returns the last change, None if nothing changes. Raises DomainError."""
    text = to.help.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_HELP:
        raise DomainError(f"the text on how to call for help has at most {LONGEST_HELP} characters", "long_text")
    if Part.HELP in to.parts and not text:
        raise DomainError("write how to call for help, such as a phone number and its hours", "no_help")
    was, change = settings(session), None
    words = " ".join(part for part in Part if part in to.parts)
    for name, value, changed in ((stored.PARTS, words, was.parts != to.parts), (stored.HELP, text, was.help != text)):
        if changed:
            row = stored.option(session, name)
            change = set_option(session, row, name, value, subject="customer's page", actor=actor, now=now)
    if to.is_on:
        stored_links.key_for_signing(session, links.CUSTOMER_PAGE, now)
    return change


def end_links(session: Session, actor: str, now: datetime) -> AuditChange:
    """A new key: every link and label so far stops working."""
    stored_links.renew(session, links.CUSTOMER_PAGE, now)
    return audit_record.begin(session, actor=actor, kind="option", subject="links of the customer's page ended", now=now)


def path(session: Session, uid: str) -> str | None:
    """The address of a unit's page on this registry; None while the page is off."""
    return paths(session, [uid]).get(uid)


def paths(session: Session, uids: Iterable[str]) -> dict[str, str]:
    """The same of several units, by unit ID; empty while the page is off."""
    key = stored_links.key(session, links.CUSTOMER_PAGE) if settings(session).is_on else None
    if not key:
        return {}
    ended = stored.ended_links(session, uids := list(uids))
    return {uid: f"/c/{links.token(key, links.CUSTOMER_PAGE, _subject(uid, ended))}" for uid in uids}


def end_link(session: Session, uid: str, actor: str, now: datetime) -> AuditChange:
    """End the link of one unit: the QR code on it stops working, and a new label has another. Raises NotFound."""
    stored.end_link(session, unit_to_change(session, uid).id or 0)
    return audit_record.begin(session, actor=actor, kind="option", subject=f"link of the customer's page of {uid} ended", now=now)


def _subject(uid: str, ended: Mapping[str, int]) -> str:
    return f"{uid}.{ended[uid]}" if uid in ended else uid


def unit_for_customer(session: Session, token: str, now: datetime) -> UnitForCustomer:
    """What the page of this link shows. Raises NotFound."""
    uid, page = _uid(session, token), settings(session)
    card = unit_card(session, uid, now)
    verdict = coverage(session, uid, None, now) if Part.COVERED in page.parts else None
    known = verdict is not None and verdict.answer is not CoverageAnswer.UNKNOWN
    return UnitForCustomer(
        uid,
        f"{card.maker} {card.model}" if Part.MODEL in page.parts else None,
        card.serial if Part.MODEL in page.parts else None,
        verdict.answer is not CoverageAnswer.NONE if verdict and known else None,
        verdict.last_covered_day if verdict else None,
        page.help if Part.HELP in page.parts else None,
        Part.REPORT in page.parts,
        card.account if Part.ACCOUNT in page.parts else None,
        card.site if Part.SITE in page.parts else None,
    )


def report_fault(session: Session, token: str, text: str, now: datetime) -> AuditChange:
    """A visitor reports a fault: it becomes an incident of the unit.

    Raises NotFound where the page takes no reports, DomainError for a text that is too short or long, Conflict where enough are open.
    """
    uid = _uid(session, token)
    if Part.REPORT not in settings(session).parts:
        raise NotFound(_NO_LINK)
    words = " ".join(text.replace("\0", "").split())
    if not SHORTEST_REPORT <= len(words) <= LONGEST_REPORT:
        raise DomainError(f"describe the fault in {SHORTEST_REPORT} to {LONGEST_REPORT} characters", "bad_report")
    if stored.open_reports(session, uid) >= MOST_REPORTS:
        raise Conflict("faults of this unit have been reported and are being looked at", "reported_already")
    return open_incident(session, uid, words, actor="visitor by QR code", now=now, reported_by=VISITOR)


def _uid(session: Session, token: str) -> str:
    """The unit of a link. Raises NotFound."""
    key = stored_links.key(session, links.CUSTOMER_PAGE)
    subject = links.subject_of(key, links.CUSTOMER_PAGE, token) if key and "\0" not in token else None
    uid = (subject or "").partition(".")[0]
    if subject is None or not settings(session).is_on or subject != _subject(uid, stored.ended_links(session, [uid])):
        raise NotFound(_NO_LINK)
    return uid

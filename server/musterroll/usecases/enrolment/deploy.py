"""Deploying a unit to the account and site its claim token names."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.units.lifecycle import Lifecycle, checked_move
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.instants import to_ms
from musterroll.storage.enrolment import claim_tokens
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import successors, transitions
from musterroll.storage.units.transitions import NewStateChange

_LONGEST_REF = 80


def place(session: Session, account: str | None, site: str | None, now: datetime) -> tuple[int | None, int | None]:
    """Row ids of an account and a site by number; without an account, the site's. Raises Conflict if they disagree."""
    account_ref = text("account", account or "", _LONGEST_REF)
    site_ref = text("site", site or "", _LONGEST_REF)
    owner = successors.account_id(session, claim_tokens.account(session, account_ref, now)) if account_ref else None
    if not site_ref:
        return owner, None
    site_row = claim_tokens.site(session, site_ref, owner, now)
    if owner is not None and site_row.account_id not in (None, owner):
        raise Conflict(f"site {site_ref} does not belong to account {account_ref}", "site_of_another_account")
    return owner or site_row.account_id, site_row.id


def deploy(session: Session, unit: Unit, token: ClaimToken, actor: str, now: datetime) -> None:
    """Deploy the unit from today at the place its token names, if any. Raises Conflict if its lifecycle forbids it."""
    if token.account_id is None and token.site_id is None:
        return
    new = checked_move(unit.lifecycle, Lifecycle.DEPLOYED)
    # If the token names only an account, a unit of that account keeps its site.
    site_id = token.site_id or (unit.site_id if unit.account_id == token.account_id else None)
    if (unit.lifecycle, unit.account_id, unit.site_id) != (new, token.account_id, site_id):
        cause = f"enrolled with claim token {token.label!r}{_where(session, token)}"
        change = NewStateChange(unit.id or 0, to_ms(now), "lifecycle", unit.lifecycle, new, cause[:500], actor[:120])
        transitions.add(session, [change])
    unit.lifecycle, unit.account_id, unit.site_id = new, token.account_id, site_id
    unit.installed_on = unit.installed_on or now.date()
    session.add(unit)


def _where(session: Session, token: ClaimToken) -> str:
    account = session.get(Account, token.account_id) if token.account_id else None
    site = session.get(Site, token.site_id) if token.site_id else None
    return (f" for account {account.ref}" if account else "") + (f" at site {site.ref}" if site else "")

"""Deploying a unit to the account and site its claim token names."""

from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.enrolment.near_places import nearest
from musterroll.domain.units.lifecycle import Lifecycle, checked_move
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.enrolment import claim_tokens
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import successors, transitions
from musterroll.storage.units.transitions import NewStateChange

Place = TypeVar("Place", Account, Site)
_LONGEST_REF = 80


def place(session: Session, account: str | None, site: str | None) -> tuple[int | None, int | None]:
    """Row ids of an account and a site by number; without an account, the site's.

    Raises NotFound, which names the nearest ones, and Conflict if they disagree.
    """
    account_ref = text("account", account or "", _LONGEST_REF)
    site_ref = text("site", site or "", _LONGEST_REF)
    owner = successors.account_id(session, _registered(session, Account, account_ref)) if account_ref else None
    if not site_ref:
        return owner, None
    site_row = _registered(session, Site, site_ref)
    if owner is not None and site_row.account_id not in (None, owner):
        raise Conflict(f"site {site_ref} does not belong to account {account_ref}", "site_of_another_account")
    return owner or site_row.account_id, site_row.id


def _registered(session: Session, model: type[Place], ref: str) -> Place:
    row = claim_tokens.by_ref(session, model, ref)
    if row is not None:
        return row
    noun = str(model.__tablename__)
    alike = nearest(ref, claim_tokens.places(session, model))
    if alike:
        which = f"the nearest {'is' if len(alike) == 1 else 'are'} {', '.join(map(str, alike))}: enter "
        which += "this number" if len(alike) == 1 else "one of these numbers"
        raise NotFound(f"there is no {noun} {ref!r}; {which}, or add the {noun} under Records first", f"no_{noun}")
    raise NotFound(f"there is no {noun} {ref!r}; none of those registered is like it: add the {noun} under Records first", f"no_{noun}")


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

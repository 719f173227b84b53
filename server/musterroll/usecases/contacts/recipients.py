"""Who is reminded of what concerns an account: its contacts or, where it has none at all, those of the nearest parent that has some."""

from collections.abc import Collection

from sqlmodel import Session

from musterroll.storage.contacts import reminders as stored
from musterroll.storage.contacts.reminders import Recipient

_DEEPEST = 20  # levels of parents


def recipients(session: Session, account_ids: Collection[int]) -> dict[int, list[Recipient]]:
    """Those who agreed, by account. Of a parent only contacts of the whole account, and they say through which one."""
    homes = _homes(session, account_ids)
    people: dict[int, list[Recipient]] = {}
    for recipient in stored.recipients(session, set(homes.values())):
        people.setdefault(recipient.account_id, []).append(recipient)
    names = stored.account_names(session, {account for account, home in homes.items() if account != home})
    return {
        account: [_through(each, names[account]) for each in people.get(home, ()) if each.site_id is None]
        if account in names
        else people.get(home, [])
        for account, home in homes.items()
    }


def _through(recipient: Recipient, account: str) -> Recipient:
    return recipient._replace(account=account, through=recipient.account)


def _homes(session: Session, account_ids: Collection[int]) -> dict[int, int]:
    """The account whose contacts count, by account."""
    homes: dict[int, int] = {}
    above = {account: account for account in account_ids}
    for _ in range(_DEEPEST):
        known = stored.with_contacts(session, set(above.values()))
        homes |= {account: home for account, home in above.items() if home in known}
        parents = stored.parents(session, {home for home in above.values() if home not in known})
        above = {account: parents[home] for account, home in above.items() if home in parents}
        if not above:
            break
    return homes

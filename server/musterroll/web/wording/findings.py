"""How findings are said on the pages: a name, what it means, a colour."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.findings.decisions import State
from musterroll.domain.findings.kinds import OWNERS, Kind
from musterroll.domain.values.money import Money


class Named(NamedTuple):
    name: str
    means: str
    colour: str


KINDS = {
    Kind.PAID_BUT_SILENT: Named("Paid but silent", "on contract and deployed, but not heard", "stale"),
    Kind.UNDOCUMENTED_MOVE: Named("Undocumented move", "on contract and heard, but not recorded as deployed", "late"),
    Kind.SOLD_NOT_PROVISIONED: Named("Sold, not provisioned", "on contract, neither deployed nor heard", "held"),
    Kind.OPERATING_UNCOVERED: Named("Operating uncovered", "deployed and heard, and nobody pays for service", "accent"),
    Kind.DORMANT: Named("Dormant", "deployed, silent and without a contract", "never_heard"),
    Kind.UNKNOWN_OPERATING: Named("Unknown operating", "heard, but neither deployed nor on a contract", "stale"),
    Kind.OVER_QUANTITY: Named("Over quantity", "more units in use than the line pays for", "accent"),
    Kind.EXPIRED_BUT_OPERATING: Named("Expired but operating", "its line has ended and it is still heard", "late"),
    Kind.OVERDUE_BUT_OPERATING: Named("Overdue but operating", "the bill is open and it is still heard", "late"),
    Kind.RETIRED_BUT_OPERATING: Named("Retired but operating", "out of service on paper and still heard", "stale"),
    Kind.WARRANTY_CONFLICT: Named("Warranty conflict", "its own card and the registry disagree", "late"),
    Kind.CLONE_CASE: Named("Clone case", "two devices claim one serial", "stale"),
    Kind.LINE_WITHOUT_ACCOUNT: Named("Line without account", "nobody knows who pays for it", "late"),
}
STATES = {State.OPEN: "late", State.ACCEPTED: "operating", State.IGNORED: "held", State.RESOLVED: "never_heard"}
VARIANTS = {"attach_opportunity": "attach opportunity", "leak": "leak"}


def install(app: Flask) -> None:
    app.jinja_env.globals.update(finding_words=KINDS, finding_states=STATES, finding_owners=OWNERS, finding_variants=VARIANTS)
    app.jinja_env.filters.update(amount=amount)


def amount(money: Money) -> str:
    """A sum as pictures show it: whole where it is large.

    >>> from decimal import Decimal
    >>> amount(Money(Decimal("18240.50"), "EUR")), amount(Money(Decimal("95.5"), "EUR"))
    ('18,240 EUR', '95.50 EUR')
    """
    return f"{money.amount:,.0f} {money.currency}" if money.amount >= 100 else str(money)

"""Renewals: when contracts end, their value at risk, and accounts whose installed base is declining."""

from datetime import date
from typing import NamedTuple

from musterroll.domain.contracts.terms import ContractTerms, renewal, term_on
from musterroll.domain.values.dates import last_day

WINDOWS = (30, 60, 90, 180)  # days
ACTIVITY_DAYS = 28  # the installed base of an account is compared with that long ago
LEAST_FALL = 0.1  # share by which it must have shrunk to be declining
_FEWEST = 5  # units; of fewer, a share means nothing


class TermEnd(NamedTuple):
    """The end of the term that contains a day."""

    last_day: date
    renews: bool  # automatically, unless notice is given
    notice_by: date | None  # the last day to give notice


class BaseActivity(NamedTuple):
    """The installed base of an account on an earlier day and now."""

    then: int
    now: int

    @property
    def change(self) -> float:
        """As a share of the earlier count: -0.2 is a fifth less."""
        return (self.now - self.then) / self.then if self.then else 0.0


def term_end(contract: ContractTerms, on: date) -> TermEnd | None:
    """How the current term ends; None if the contract is not in force or has no end."""
    term = term_on(contract, on)
    if term is None or term.ends_on is None:
        return None
    terms = renewal(contract, term)
    return TermEnd(last_day(term.ends_on), terms.renews, terms.notice_by)


def quarter(day: date) -> str:
    """
    >>> quarter(date(2026, 11, 30))
    '2026 Q4'
    """
    return f"{day.year} Q{(day.month + 2) // 3}"


def is_declining(activity: BaseActivity, least: float = LEAST_FALL) -> bool:
    """Whether an account's installed base shrank by at least this share.

    >>> is_declining(BaseActivity(100, 91)), is_declining(BaseActivity(100, 90)), is_declining(BaseActivity(4, 0))
    (False, True, False)
    """
    return activity.then >= _FEWEST and activity.change <= -least

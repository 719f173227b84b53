"""Contract terms that ended in the last years: what became of each, renewal rate and revenue retention."""

from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.contracts import retention as rules
from musterroll.domain.contracts.renewal_outcomes import Outcome, PastTerm, past_terms
from musterroll.domain.contracts.renewals import quarter
from musterroll.domain.values.dates import add_months, last_day
from musterroll.domain.values.money import Money
from musterroll.storage.accounts import hierarchy
from musterroll.storage.contracts import retention as stored
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure

_CENT = Decimal("0.01")


class EndedTerm(NamedTuple):
    """Annual values by currency, at the end of the term and of what renewed it. `by`: the later contracts."""

    ref: str
    last_day: date
    outcome: Outcome
    worth: tuple[Money, ...]
    retained: tuple[Money, ...]
    by: tuple[str, ...]


class RetainedMoney(NamedTuple):
    """Of the `priced` terms in one currency: annual value due, kept by renewals, and kept with what they added."""

    priced: int
    worth: Money
    gross: Money
    net: Money
    gross_share: float | None
    net_share: float | None


class QuarterRetention(NamedTuple):
    """Terms that ended in a quarter, such as `2026 Q4`."""

    name: str
    due: int
    renewed: int
    money: list[RetainedMoney]


class PastRenewals(NamedTuple):
    """Terms that ended from `since` on, in order of their end; `quarters` likewise."""

    since: date
    terms: list[EndedTerm]
    outcomes: dict[Outcome, int]
    money: list[RetainedMoney]
    quarters: list[QuarterRetention] = []

    @property
    def renewed(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome.renews)


def past_renewals(session: Session, now: datetime, of_account: str | None = None) -> CountedFigure[PastRenewals]:
    """Of all accounts, or of one and its subsidiaries. Raises NotFound."""
    if of_account is None:
        return cached_figures.counted_figure(session, PAST_RENEWALS, now)
    return CountedFigure(_past_renewals(session, now, account(session, of_account).id), now)


def _past_renewals(session: Session, now: datetime, account_id: int | None = None) -> PastRenewals:
    within = None if account_id is None else set(session.scalars(hierarchy.subtree(account_id)))
    on, contracts = now.date(), stored.contracts(session, within, renewing=True)
    since = add_months(on, -rules.BACK)
    past = past_terms(contracts.values(), stored.lines(session, contracts), since, on)
    if within is not None:
        past = [term for term in past if term.contract.account in within]
    outcomes = rules.retention(past, "").outcomes
    return PastRenewals(since, list(map(_ended, past)), outcomes, _retained(past), _quarters(past))


def _quarters(past: list[PastTerm]) -> list[QuarterRetention]:
    groups = groupby(past, lambda term: quarter(last_day(term.ends_on)))  # in order of their end
    terms = {name: list(group) for name, group in groups}
    return [QuarterRetention(name, len(of), sum(term.outcome.renews for term in of), _retained(of)) for name, of in terms.items()]


def _retained(past: list[PastTerm]) -> list[RetainedMoney]:
    currencies = sorted({currency for term in past for currency in term.worth})
    return [_money(rules.retention(past, currency), currency) for currency in currencies]


def _ended(term: PastTerm) -> EndedTerm:
    worth, retained = (tuple(_amount(value, currency) for currency, value in sorted(of.items())) for of in (term.worth, term.retained))
    return EndedTerm(term.contract.ref, last_day(term.ends_on), term.outcome, worth, retained, term.by)


def _money(of: rules.Retention, currency: str) -> RetainedMoney:
    worth, gross, net = (_amount(value, currency) for value in (of.worth, of.gross, of.net))
    return RetainedMoney(of.priced, worth, gross, net, of.gross_share, of.net_share)


def _amount(value: float, currency: str) -> Money:
    return Money(Decimal(value).quantize(_CENT), currency)


PAST_RENEWALS = Figure[PastRenewals]("past_renewals", TypeAdapter(PastRenewals), _past_renewals)

"""What became of contract terms that ended: renewed, replaced, won back or lost, judged by what later contracts cover."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from musterroll.domain.contracts.line_cover import Cover, CoveredLine, change, cover_on, take
from musterroll.domain.contracts.terms import ContractState, ContractTerms, term_on, terms
from musterroll.domain.values.dates import last_day

SAME_SHARE = 0.5  # of the units covered at the end of a term: a contract that covers at least as many of the same renews it
FOLLOWS = timedelta(90)  # days; what begins later than that after the end wins the customer back
_CENT = 0.005
Lines = Mapping[int, Sequence[CoveredLine]]  # by contract


class Outcome(StrEnum):
    RENEWED = "renewed"  # for the same annual value
    UPSELL = "upsell"  # renewed for more
    DOWNSELL = "downsell"  # renewed for less
    REPLACED = "replaced"  # the account signed another contract at the end, for other units
    WON_BACK = "won back"  # the same units are covered again, after a gap
    LOST = "lost"

    @property
    def renews(self) -> bool:
        return self in (Outcome.RENEWED, Outcome.UPSELL, Outcome.DOWNSELL)


class PastTerm(NamedTuple):
    """A term that ended. Annual values by currency: `worth` at its end, `retained` by what renewed it; `by`: the later contracts."""

    contract: ContractTerms
    ends_on: date
    outcome: Outcome
    worth: Mapping[str, float]
    retained: Mapping[str, float]
    by: tuple[str, ...] = ()


def term_ends(contract: ContractTerms, until: date) -> Iterator[tuple[date, bool]]:
    """When the terms of a contract end, up to and including a day, and whether the contract itself goes on then."""
    if contract.state is ContractState.DRAFT:
        return
    for term in terms(contract):
        ends = min((day for day in (term.ends_on, contract.ended_on) if day is not None), default=None)
        if ends is None or ends > until:
            return
        yield ends, contract.state is ContractState.ACTIVE and term_on(contract, ends) is not None
        if ends != term.ends_on:
            return


def past_terms(contracts: Iterable[ContractTerms], lines: Lines, since: date, on: date) -> list[PastTerm]:
    """The terms that ended from `since` to `on`, in order of their end."""
    by_account: dict[int | None, list[ContractTerms]] = defaultdict(list)
    named: dict[str, list[ContractTerms]] = defaultdict(list)
    for contract in sorted(contracts, key=lambda contract: (contract.span.starts_on, contract.ref)):
        by_account[contract.account].append(contract)
        if contract.renews not in ("", contract.ref) and _may_renew(contract, on):
            named[contract.renews].append(contract)
    past = [
        term
        for account, owned in by_account.items()
        for term in _Successions(owned if account else [], named, lines, on).past_terms(owned, since)
    ]
    return sorted(past, key=lambda term: (term.ends_on, term.contract.ref))


class _Ended(NamedTuple):
    contract: ContractTerms
    ends_on: date
    cover: Cover


class _Part(NamedTuple):
    """A later contract, and how many units of an ended term it takes up."""

    contract: ContractTerms
    units: int


class _Successions:
    """Which later contracts of an account take up what its earlier ones covered."""

    def __init__(self, owned: Sequence[ContractTerms], named: Mapping[str, Sequence[ContractTerms]], lines: Lines, on: date) -> None:
        self._begun = [contract for contract in owned if _may_renew(contract, on)]
        self._starts = [contract.span.starts_on for contract in self._begun]
        self._named, self._lines, self._on = named, lines, on
        self._covers: dict[int, Cover] = {}  # by contract, on its first day
        self._free: dict[int, Cover] = {}  # of these, what takes up no earlier term yet
        self._units: Counter[int] = Counter()  # by contract: units of earlier terms

    def past_terms(self, owned: Sequence[ContractTerms], since: date) -> Iterator[PastTerm]:
        ended = [(contract, *end) for contract in owned for end in term_ends(contract, self._on) if end[0] >= since]
        lapsed: list[tuple[_Ended, list[_Part]]] = []
        for contract, ends, goes_on in sorted(ended, key=lambda entry: (entry[1], entry[0].ref)):
            lines = self._lines.get(contract.id, ())
            term = _Ended(contract, ends, cover_on(contract, lines, last_day(ends)))
            if goes_on:
                after = cover_on(contract, lines, ends)
                yield _renewed(term, after.value, after.units, (contract.ref,))
            else:
                lapsed.append((term, self._renewing(term)))
        for term, parts in lapsed:
            yield self._divided(term, parts) if parts else self._not_renewed(term)

    def _renewing(self, term: _Ended) -> list[_Part]:
        """The contracts that renew a term: those that say so, and those that begin at its end and cover enough of the same units."""
        naming = self._named.get(term.contract.ref, ())
        following = [contract for contract in self._following(term) if not contract.renews]
        left, need = term.cover.copy(), SAME_SHARE * max(term.cover.units, 1)
        parts, free = [], {}
        for contract in [*naming, *following]:
            free[contract.id] = self._free.get(contract.id, self._cover(contract)).copy()
            units = take(left, free[contract.id])
            if contract in naming or self._without_lines(term, contract):
                units = max(units, 1)
            if units:
                parts.append(_Part(contract, units))
        if not naming and sum(part.units for part in parts) < need:
            return []
        for part in parts:
            self._free[part.contract.id] = free[part.contract.id]
            self._units[part.contract.id] += part.units
        return parts

    def _without_lines(self, term: _Ended, contract: ContractTerms) -> bool:
        """Whether nothing is known of what either covers: then the one that follows renews the other."""
        return not term.cover.units and not self._cover(contract).units and not self._units[contract.id]

    def _divided(self, term: _Ended, parts: Sequence[_Part]) -> PastTerm:
        """A renewed term. The value of a contract that renews several is divided among them by units."""
        value: dict[str, float] = defaultdict(float)
        units = 0.0
        for contract, taken in parts:
            share, cover = taken / self._units[contract.id], self._cover(contract)
            units += share * cover.units
            for currency, amount in cover.value.items():
                value[currency] += share * amount
        return _renewed(term, value, units, tuple(part.contract.ref for part in parts))

    def _not_renewed(self, term: _Ended) -> PastTerm:
        others = [contract.ref for contract in self._following(term) if not contract.renews and not self._units[contract.id]]
        if others:
            return PastTerm(term.contract, term.ends_on, Outcome.REPLACED, term.cover.value, {}, tuple(others))
        again = self._again(term)
        outcome = Outcome.WON_BACK if again else Outcome.LOST
        return PastTerm(term.contract, term.ends_on, outcome, term.cover.value, {}, (again,) if again else ())

    def _following(self, term: _Ended) -> list[ContractTerms]:
        first, behind = bisect_left(self._starts, last_day(term.ends_on)), self._after_gap(term)
        return [contract for contract in self._begun[first:behind] if contract.id != term.contract.id]

    def _after_gap(self, term: _Ended) -> int:
        return bisect_left(self._starts, term.ends_on + FOLLOWS + timedelta(1))

    def _again(self, term: _Ended) -> str | None:
        """The first contract after the gap that covers enough of the same units."""
        places = {place for sought in term.cover.seeks() for place in self._offers.get(sought, ()) if place >= self._after_gap(term)}
        need = SAME_SHARE * term.cover.units
        contracts = (self._begun[place] for place in sorted(places))
        return next((later.ref for later in contracts if take(term.cover.copy(), self._cover(later).copy()) >= need), None)

    @cached_property
    def _offers(self) -> dict[Hashable, list[int]]:
        """Places in `_begun` by what the contract there offers."""
        offers: dict[Hashable, list[int]] = defaultdict(list)
        for place, contract in enumerate(self._begun):
            for offer in self._cover(contract).offers():
                offers[offer].append(place)
        return offers

    def _cover(self, contract: ContractTerms) -> Cover:
        if contract.id not in self._covers:
            self._covers[contract.id] = cover_on(contract, self._lines.get(contract.id, ()), contract.span.starts_on)
        return self._covers[contract.id]


def _may_renew(contract: ContractTerms, on: date) -> bool:
    """A contract that has begun, neither a draft nor cancelled."""
    return contract.state in (ContractState.ACTIVE, ContractState.EXPIRED) and contract.span.starts_on <= on


def _renewed(term: _Ended, value: Mapping[str, float], units: float, by: tuple[str, ...]) -> PastTerm:
    by_value = change(term.cover.value, value)
    grown = units - term.cover.units if by_value is None else by_value
    outcome = Outcome.UPSELL if grown > _CENT else Outcome.DOWNSELL if grown < -_CENT else Outcome.RENEWED
    return PastTerm(term.contract, term.ends_on, outcome, term.cover.value, value, by)

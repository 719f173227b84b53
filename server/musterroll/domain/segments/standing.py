"""How accounts stand by their contracts: in force, lapsed, or without any."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from musterroll.domain.contracts.terms import ContractState, ContractTerms, last_end, term_on


class Standing(NamedTuple):
    """`term_began`: of the newest term in force. `ended`: without contracts in force or to come, those that ended last, and when."""

    term_began: date | None = None
    ended: tuple[ContractTerms, ...] = ()
    ended_on: date | None = None  # the first day without


def standings(contracts: Iterable[ContractTerms], on: date) -> dict[int, Standing]:
    """By account, for those that have contracts other than drafts."""
    by_account: dict[int, list[ContractTerms]] = defaultdict(list)
    for contract in contracts:
        if contract.account is not None and contract.state is not ContractState.DRAFT:
            by_account[contract.account].append(contract)
    return {account: _standing(owned, on) for account, owned in by_account.items()}


def _standing(contracts: list[ContractTerms], on: date) -> Standing:
    began = max((term.starts_on for contract in contracts if (term := term_on(contract, on))), default=None)
    if began is not None or any(contract.state is ContractState.ACTIVE and contract.span.starts_on > on for contract in contracts):
        return Standing(began)
    ends = [(last_end(contract, on), contract) for contract in contracts if _is_over(contract, on)]
    last = max((end for end, _ in ends), default=None)
    return Standing(None, tuple(contract for end, contract in ends if end == last), last)


def _is_over(contract: ContractTerms, on: date) -> bool:
    """Whether it has begun and it is known when it ended."""
    unknown = contract.state is ContractState.CANCELLED and contract.ended_on is None
    return contract.span.starts_on <= on and not unknown

"""The book as SQL is what the pure rules make of every line, on random fleets."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest
from musterroll.domain.contracts.book import ENDING, MONEY, BookEntry, Worth, by, total
from musterroll.domain.contracts.terms import ContractState, ContractTerms, Payment, days_in_force, line_in_force, renewal, term_on
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values.dates import Span, last_day
from musterroll.domain.values.instants import to_ms
from musterroll.domain.values.money import totals
from musterroll.storage.contracts import book
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.engine.database import Database
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.reconciliation.run import RunAt
from musterroll.storage.tables.accounts import Account
from sqlmodel import Session, select

from tests.support import random_records
from tests.support.random_records import DAY, NOW, Fleet

Owner = tuple[int | None, str]  # the account and the currency


@pytest.mark.parametrize("seed", range(2))
def test_the_book_is_the_sum_of_what_the_rules_say_of_each_line(database: Database, seed: int) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(f"book {seed}"), 20)
        accounts = [account.id or 0 for account in session.exec(select(Account))]
        declining = set(Random(seed).sample(accounts, 15))
        rows = entries(session, declining)
        fleet = random_records.by_the_rules(session)
        expected = by_the_rules(session, fleet, declining)
        assert summed(rows, lambda row: (row.account, row.currency)) == expected
        whole = total(rows)
        assert whole == added(list(expected.values()))
        assert all(getattr(whole, name) for name in MONEY)  # the fleets have all of it
        assert parts_of(fleet, FindingKind.PAID_BUT_SILENT) == whole.silent
        assert parts_of(fleet, FindingKind.SOLD_NOT_PROVISIONED) == whole.unused


def test_nothing_in_force_is_worth_nothing() -> None:
    assert total([]) == Worth()
    assert by([], lambda entry: entry.currency) == {}


def entries(session: Session, declining: set[int]) -> list[BookEntry]:
    columns = run_statements.of_all(session, RunAt(DAY, to_ms(NOW)), to_ms(NOW))
    return book.entries(columns, DAY, declining)


def by_the_rules(session: Session, fleet: Fleet, declining: set[int]) -> dict[Owner, Worth]:
    """By account and currency, from each line in force and the units that have its seats."""
    states: dict[int, list[str]] = defaultdict(list)
    for unit, lines in fleet.seats.lines.items():
        for line in lines:
            states[line].append(fleet.flags[unit].code)
    groups: dict[Owner, list[Worth]] = defaultdict(list)
    for cover in contract_lines._covers(session, contract_lines._COVERS):
        if line_in_force(cover.line, cover.contract, DAY) is not None:
            currency = cover.line.price.currency if cover.line.price else ""
            groups[cover.contract.account, currency].append(line_worth(cover, states[cover.line.id], declining))
    return {owner: added(of) for owner, of in groups.items()}


def line_worth(cover: Cover, states: list[str], declining: set[int]) -> Worth:
    line, contract = cover.line, cover.contract
    operating, silent = sum(code[2] == "1" for code in states), states.count("110")
    unused = line.quantity - operating - silent
    overdue, ending = cover.billing.payment is Payment.OVERDUE, ends_within(line.span, contract, DAY)
    seats = {"value": line.quantity, "silent": silent, "unused": unused, "overdue": line.quantity * overdue}
    seats |= {"ending": line.quantity * ending, "declining": line.quantity * (contract.account in declining)}
    seats["stake"] = max(seats["overdue"], seats["ending"], seats["declining"], silent + unused)
    money = {name: (line.price.times(count),) if line.price and count else () for name, count in seats.items()}
    return Worth(line.quantity, line.quantity if line.price else 0, silent, unused, **money)


def ends_within(span: Span | None, contract: ContractTerms, on: date, days: int = ENDING) -> bool:
    """Whether a line in force on a day ends within so many days and does not renew with its contract. `span`: days of its own."""
    covered, term = days_in_force(span, contract, on), term_on(contract, on)
    if covered is None or term is None or covered.ends_on is None or last_day(covered.ends_on) > on + timedelta(days):
        return False
    own = span is not None and span.ends_on not in (None, contract.span.ends_on) and span.ends_on == covered.ends_on
    return own or not renewal(contract, term).renews


def summed(rows: list[BookEntry], key: Callable[[BookEntry], Owner]) -> dict[Owner, Worth]:
    groups: dict[Owner, list[BookEntry]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {owner: total(of) for owner, of in groups.items()}


def added(worths: list[Worth]) -> Worth:
    counts = [sum(worth[place] for worth in worths) for place in range(4)]
    money = {name: totals(amount for worth in worths for amount in getattr(worth, name)) for name in MONEY}
    return Worth(*counts, **{name: tuple(amount for amount in sums if amount.amount) for name, sums in money.items()})


def parts_of(fleet: Fleet, kind: FindingKind) -> tuple[object, ...]:
    """The annual value of the findings of a kind."""
    return totals(amount for finding in fleet.findings if finding.key.kind is kind for amount in finding.worth.amounts)


@pytest.mark.parametrize(("renews", "own_end", "ends"), [(False, None, True), (True, None, False), (True, date(2026, 12, 1), True)])
def test_a_line_ends_unless_it_renews_with_its_contract(renews: bool, own_end: date | None, ends: bool) -> None:
    term = Span(date(2026, 1, 1), date(2027, 1, 1))
    contract = ContractTerms(1, "C1", 1, ContractState.ACTIVE, term, auto_renew=renews)
    line = None if own_end is None else Span(term.starts_on, own_end)
    assert ends_within(line, contract, DAY) is ends
    assert not ends_within(line, contract, DAY, days=20)

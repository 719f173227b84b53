from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from musterroll.domain.contracts.terms import (
    ContractState,
    ContractTerms,
    LineScope,
    LineTerms,
    line_in_force,
    line_problem,
    renewal,
    term_on,
    terms,
)
from musterroll.domain.values.dates import Span

from tests.support.fleets import days

YEAR = Span(date(2026, 1, 1), date(2027, 1, 1))
CONTRACT = ContractTerms(1, "C00001", 7, ContractState.ACTIVE, YEAR)
RENEWING = CONTRACT._replace(auto_renew=True, notice_days=30)
LINE = LineTerms(1, "C00001/1", 1, LineScope.SERIAL, serial_key="K400MVX7")


def test_an_active_contract_is_in_force_from_its_first_day_to_its_last() -> None:
    assert term_on(CONTRACT, date(2026, 1, 1)) == YEAR
    assert term_on(CONTRACT, date(2026, 12, 31)) == YEAR
    assert term_on(CONTRACT, date(2025, 12, 31)) is None


@pytest.mark.parametrize("state", [ContractState.ACTIVE, ContractState.EXPIRED])
def test_a_contract_that_does_not_renew_is_over_on_its_end_whatever_its_state_says(state: ContractState) -> None:
    assert term_on(CONTRACT._replace(state=state), date(2027, 1, 1)) is None


def test_an_expired_contract_does_not_renew_even_if_it_was_to() -> None:
    assert term_on(RENEWING._replace(state=ContractState.EXPIRED), date(2027, 1, 1)) is None


def test_an_expired_contract_was_in_force_in_its_days() -> None:
    assert term_on(CONTRACT._replace(state=ContractState.EXPIRED), date(2026, 6, 1)) == YEAR


@pytest.mark.parametrize("state", [ContractState.CANCELLED, ContractState.DRAFT])
def test_a_draft_and_a_contract_cancelled_on_an_unknown_day_cover_nobody(state: ContractState) -> None:
    assert term_on(CONTRACT._replace(state=state), date(2026, 6, 1)) is None


def test_a_contract_cancelled_on_a_known_day_is_in_force_up_to_it() -> None:
    cancelled = CONTRACT._replace(state=ContractState.CANCELLED, ended_on=date(2026, 6, 1))
    assert term_on(cancelled, date(2026, 5, 31)) == Span(date(2026, 1, 1), date(2026, 6, 1))
    assert term_on(cancelled, date(2026, 6, 1)) is None


def test_a_contract_renews_itself_term_after_term_without_drifting_from_month_ends() -> None:
    monthly = RENEWING._replace(span=Span(date(2025, 12, 1), date(2026, 1, 31)), renewal_months=1)
    assert [term.ends_on for term in islice(terms(monthly), 4)] == [
        date(2026, 1, 31),
        date(2026, 3, 1),
        date(2026, 3, 31),
        date(2026, 5, 1),
    ]
    assert term_on(RENEWING, date(2028, 5, 1)) == Span(date(2028, 1, 1), date(2029, 1, 1))


@pytest.mark.parametrize(("notice", "over"), [(date(2026, 12, 1), True), (date(2026, 12, 2), False)])
def test_notice_in_time_ends_it_and_notice_too_late_only_after_the_next_term(notice: date, over: bool) -> None:
    noticed = RENEWING._replace(notice_on=notice)
    assert (term_on(noticed, date(2027, 6, 1)) is None) == over
    assert term_on(noticed, date(2028, 6, 1)) is None


def test_a_renewal_names_the_last_day_on_which_notice_counts() -> None:
    assert renewal(RENEWING, YEAR).notice_by == date(2026, 12, 1)
    assert not renewal(CONTRACT, YEAR).renews


@given(days)
def test_at_most_one_term_holds_a_day_and_it_is_the_one_in_force(day: date) -> None:
    holding = [term for term in islice(terms(RENEWING), 10) if term.holds(day)]
    assert holding == [term for term in [term_on(RENEWING, day)] if term]


def test_a_line_without_dates_runs_with_its_contract() -> None:
    assert line_in_force(LINE, RENEWING, date(2027, 6, 1)) == Span(date(2027, 1, 1), date(2028, 1, 1))


def test_a_line_that_ends_early_is_not_renewed_and_one_that_ends_with_the_term_is() -> None:
    early = LINE._replace(span=Span(date(2026, 1, 1), date(2026, 7, 1)))
    assert line_in_force(early, RENEWING, date(2026, 6, 30)) == early.span
    assert line_in_force(early, RENEWING, date(2027, 6, 1)) is None
    assert line_in_force(LINE._replace(span=YEAR), RENEWING, date(2027, 6, 1)) is not None


@given(days)
def test_a_line_is_never_in_force_when_its_contract_is_not(day: date) -> None:
    assert line_in_force(LINE, CONTRACT, day) is None or term_on(CONTRACT, day) is not None


def test_a_line_outside_its_contract_is_refused_in_words() -> None:
    wide = LINE._replace(span=Span(date(2025, 1, 1), date(2026, 7, 1)))
    assert line_problem(wide, CONTRACT) == (
        "line C00001/1 runs from 1 January 2025 to 30 June 2026, "
        "outside contract C00001, which runs from 1 January 2026 to 31 December 2026"
    )


@pytest.mark.parametrize(
    "line",
    [
        LINE._replace(serial_key=""),
        LINE._replace(quantity=2),
        LINE._replace(scope=LineScope.SITE),
        LineTerms(1, "x", 1, LineScope.ACCOUNT, 7, product=1, quantity=0),
    ],
)
def test_a_line_that_does_not_say_what_it_covers_is_refused(line: LineTerms) -> None:
    assert line_problem(line, CONTRACT)

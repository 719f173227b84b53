from datetime import UTC, date

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.contracts.terms import Billing, ContractState, ContractTerms, LineScope, LineTerms, Payment
from musterroll.domain.coverage.verdict import Cover, CoverageAnswer, UnitRecords, coverage_verdict, place_missing
from musterroll.domain.values.dates import Span
from musterroll.domain.warranty.periods import (
    CoveragePeriod,
    PeriodKind,
    Policy,
    StartRule,
    UnitDates,
    WarrantyStart,
    standard_warranty,
    void,
)

from tests.support.fleets import DAY, days

POLICY = Policy("three years", (StartRule(WarrantyStart.INSTALLED), StartRule(WarrantyStart.SHIPPED)), 36)
PERIOD = CoveragePeriod(
    PeriodKind.STANDARD, Span(date(2025, 2, 15), date(2028, 2, 15)), "installed", "36 months from installation on 15 February 2025"
)
CONTRACT = ContractTerms(1, "C00001", 7, ContractState.ACTIVE, Span(date(2026, 1, 1), date(2027, 1, 1)))
LINE = LineTerms(1, "C00001/1", 1, LineScope.SERIAL, serial_key="K400MVX7", service="24x7")


def test_both_are_said_with_what_each_covers_until() -> None:
    found = coverage_verdict(UnitRecords((PERIOD,), (Cover(LINE, CONTRACT),)), DAY)
    assert found.answer is CoverageAnswer.BOTH
    assert (found.last_covered_day, found.next_change) == (date(2028, 2, 14), date(2027, 1, 1))
    assert found.reasons == (
        "Standard warranty (36 months from installation on 15 February 2025) covers the unit until 14 February 2028.",
        "Contract line C00001/1 (24x7) covers the unit until 31 December 2026.",
    )


def test_an_overdue_bill_is_said_and_ends_nothing() -> None:
    found = coverage_verdict(UnitRecords(covers=(Cover(LINE, CONTRACT, Billing(Payment.OVERDUE)),)), DAY)
    assert found.answer is CoverageAnswer.CONTRACT
    assert found.reasons[-1] == "The last invoice is overdue; the unit is still covered."


def test_what_has_ended_is_said_with_its_last_day() -> None:
    found = coverage_verdict(UnitRecords((PERIOD,), (Cover(LINE, CONTRACT._replace(state=ContractState.EXPIRED)),)), date(2028, 6, 1))
    assert (found.answer, found.last_covered_day) == (CoverageAnswer.NONE, None)
    assert [reason.rsplit(" ended on ", 1)[1] for reason in found.reasons] == ["14 February 2028.", "31 December 2026."]


def test_a_cancelled_contract_covers_nothing_and_says_so() -> None:
    found = coverage_verdict(UnitRecords(covers=(Cover(LINE, CONTRACT._replace(state=ContractState.CANCELLED)),)), DAY)
    assert found.reasons == ("Contract line C00001/1 (24x7) is not in force: the contract was cancelled.",)


def test_a_void_warranty_says_why() -> None:
    found = coverage_verdict(UnitRecords((void(PERIOD, date(2026, 3, 1), "seal broken"),)), DAY)
    assert found.answer is CoverageAnswer.NONE
    assert found.reasons[0].endswith("was voided on 1 March 2026: seal broken.")


def test_missing_paper_is_unknown_and_never_none() -> None:
    missing = standard_warranty(POLICY, UnitDates(), UTC).missing
    found = coverage_verdict(UnitRecords(warranty_missing=missing), DAY)
    assert found.answer is CoverageAnswer.UNKNOWN
    assert found.missing == ("warranty unknown: the date of installation or shipment is not on record",)


def test_a_unit_of_no_known_account_may_be_covered_by_a_quantity_nobody_can_name() -> None:
    found = coverage_verdict(UnitRecords(contract_missing=place_missing(None, None)), DAY)
    assert found.answer is CoverageAnswer.UNKNOWN
    assert found.missing == ("contract coverage unknown: its account is not on record",)
    assert place_missing(None, site=3) == ()


def test_missing_warranty_paper_does_not_hide_a_contract() -> None:
    found = coverage_verdict(UnitRecords(covers=(Cover(LINE, CONTRACT),), warranty_missing=("the date of installation",)), DAY)
    assert found.answer is CoverageAnswer.CONTRACT
    assert found.missing == ("warranty unknown: the date of installation is not on record",)


def test_cover_that_follows_without_a_gap_counts_on() -> None:
    next_year = CONTRACT._replace(id=2, span=Span(date(2027, 1, 1), date(2028, 1, 1)))
    found = coverage_verdict(UnitRecords(covers=(Cover(LINE, CONTRACT), Cover(LINE._replace(ref="C00002/1"), next_year))), DAY)
    assert found.last_covered_day == date(2027, 12, 31)
    assert found.reasons[1] == "Contract line C00002/1 (24x7) starts on 1 January 2027."


def test_a_contract_that_renewed_itself_covers_until_the_end_of_this_term() -> None:
    renewed = CONTRACT._replace(span=Span(date(2024, 1, 1), date(2025, 1, 1)), auto_renew=True, notice_days=30)
    found = coverage_verdict(UnitRecords(covers=(Cover(LINE, renewed),)), DAY)
    assert found.last_covered_day == date(2026, 12, 31)
    assert found.reasons[-1] == "Auto-renews unless notice is given by 1 December 2026."


def test_no_paper_at_all_is_said() -> None:
    assert coverage_verdict(UnitRecords(), DAY).reasons == ("No warranty or contract line on record.",)


spans = st.tuples(days, st.integers(1, 500)).map(lambda s: Span(s[0], date.fromordinal(s[0].toordinal() + s[1])))
papers = st.tuples(st.lists(spans, max_size=3), st.lists(spans, max_size=3)).map(
    lambda found: UnitRecords(
        tuple(CoveragePeriod(PeriodKind.STANDARD, span, "document", "on paper") for span in found[0]),
        tuple(Cover(LINE, CONTRACT._replace(span=span)) for span in found[1]),
    )
)


@given(papers, days)
def test_the_answer_is_what_holds_that_day(paper: UnitRecords, on: date) -> None:
    warranty = any(period.span.holds(on) for period in paper.periods)
    contract = any(cover.contract.span.holds(on) for cover in paper.covers)
    expected = {(True, True): "both", (True, False): "warranty", (False, True): "contract", (False, False): "none"}
    assert coverage_verdict(paper, on).answer == expected[warranty, contract]


@given(papers, days)
def test_it_is_covered_up_to_its_last_covered_day_and_not_the_day_after(paper: UnitRecords, on: date) -> None:
    last = coverage_verdict(paper, on).last_covered_day
    if last is None:
        assert coverage_verdict(paper, on).answer is CoverageAnswer.NONE
        return
    assert coverage_verdict(paper, last).answer is not CoverageAnswer.NONE
    assert coverage_verdict(paper, date.fromordinal(last.toordinal() + 1)).answer is CoverageAnswer.NONE


@given(papers, days)
def test_the_answer_does_not_change_before_the_next_change(paper: UnitRecords, on: date) -> None:
    found = coverage_verdict(paper, on)
    until = found.next_change or date.fromordinal(on.toordinal() + 2000)
    before = date.fromordinal(until.toordinal() - 1)
    assert coverage_verdict(paper, before).answer is found.answer

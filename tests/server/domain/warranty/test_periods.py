from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.values.dates import Span
from musterroll.domain.values.errors import Conflict
from musterroll.domain.warranty.periods import (
    CoveragePeriod,
    PeriodKind,
    Policy,
    StartRule,
    UnitDates,
    WarrantyStart,
    extension,
    in_warranty,
    inherited_periods,
    repair_period,
    standard_warranty,
    void,
)
from musterroll.domain.warranty.unit_claims import WarrantyClaim, disagreement, read_claim

from tests.support.fleets import days

POLICY = Policy(
    "two years",
    (StartRule(WarrantyStart.REGISTERED), StartRule(WarrantyStart.INSTALLED), StartRule(WarrantyStart.SHIPPED, shelf_days=90)),
    24,
)
INSTALLED = UnitDates(installed_on=date(2025, 2, 15), shipped_on=date(2025, 1, 5))


def period(dates: UnitDates = INSTALLED, policy: Policy = POLICY) -> CoveragePeriod:
    found = standard_warranty(policy, dates, UTC).period
    assert found is not None
    return found


def test_the_first_rule_whose_fact_is_known_begins_the_warranty_and_says_so() -> None:
    found = period()
    assert found.span == Span(date(2025, 2, 15), date(2027, 2, 15))
    assert (found.rule, found.evidence) == ("installed", "24 months from installation on 15 February 2025")


def test_registration_goes_before_installation_where_the_policy_says_so() -> None:
    assert period(INSTALLED._replace(registered_on=date(2025, 3, 1))).rule == "registered"


def test_a_shipped_unit_begins_after_its_time_on_the_shelf() -> None:
    assert period(UnitDates(shipped_on=date(2025, 1, 5))).span == Span(date(2025, 4, 5), date(2027, 4, 5))


def test_first_heard_is_judged_by_the_sites_calendar() -> None:
    policy = Policy("heard", (StartRule(WarrantyStart.FIRST_HEARD),), 12)
    dates = UnitDates(first_heard_at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    found = standard_warranty(policy, dates, timezone(timedelta(hours=1))).period
    assert found is not None
    assert found.span.starts_on == date(2026, 1, 1)


def test_the_units_own_paper_names_the_length_before_the_policy() -> None:
    assert period(INSTALLED._replace(months=36)).span.ends_on == date(2028, 2, 15)


def test_what_is_missing_is_said_and_no_period_is_guessed() -> None:
    found = standard_warranty(POLICY._replace(months=None), UnitDates(), UTC)
    assert found.period is None
    assert found.missing == ("the date of registration or installation or shipment", "warranty length")


def test_the_last_covered_day_is_the_day_before_the_end() -> None:
    assert in_warranty([period()], date(2027, 2, 14))
    assert not in_warranty([period()], date(2027, 2, 15))
    assert not in_warranty([period()], date(2025, 2, 14))


def test_an_extension_begins_where_the_warranty_ends_and_a_repair_does_not_move_it() -> None:
    repair = repair_period(date(2027, 1, 1), 12, "R-1")
    extended = extension([period(), repair], 12, "W-7")
    assert extended.span == Span(date(2027, 2, 15), date(2028, 2, 15))


def test_nothing_is_extended_where_there_is_no_warranty() -> None:
    with pytest.raises(Conflict, match="no warranty to extend"):
        extension([], 12, "W-7")


def test_a_void_period_stays_with_its_reason_and_covers_no_day_from_then_on() -> None:
    voided = void(period(), date(2026, 1, 1), "seal broken")
    assert in_warranty([voided], date(2025, 12, 31))
    assert not in_warranty([voided], date(2026, 1, 1))
    assert voided.void_reason == "seal broken"


@pytest.mark.parametrize(("reason", "again"), [(" ", False), ("twice", True)])
def test_voiding_wants_a_reason_and_happens_once(reason: str, again: bool) -> None:
    start = void(period(), date(2026, 1, 1), "seal broken") if again else period()
    with pytest.raises(Conflict):
        void(start, date(2026, 2, 1), reason)


def test_a_replacement_takes_over_what_is_left() -> None:
    (left,) = inherited_periods([period()], date(2026, 11, 1), "K400MVX7")
    assert left.kind is PeriodKind.INHERITED
    assert left.span == Span(date(2026, 11, 1), date(2027, 2, 15))
    assert inherited_periods([period()], date(2027, 2, 15), "K400MVX7") == ()


@given(days, st.integers(1, 120), st.integers(0, 365), days)
def test_a_period_covers_exactly_the_days_of_its_span(shipped: date, months: int, shelf: int, day: date) -> None:
    policy = Policy("p", (StartRule(WarrantyStart.SHIPPED, shelf),), months)
    found = period(UnitDates(shipped_on=shipped), policy)
    assert bool(in_warranty([found], day)) == found.span.holds(day)
    assert found.span.starts_on == shipped + timedelta(days=shelf)


def test_a_card_that_says_the_same_is_no_disagreement() -> None:
    assert disagreement(read_claim({"starts_on": "2025-02-15", "months": 24}), [period()]) is None
    assert disagreement(read_claim({"ends_on": "2027-02-15"}), [period()]) is None


def test_a_card_printed_before_an_extension_still_agrees() -> None:
    assert disagreement(WarrantyClaim(ends_on=date(2027, 2, 15)), [period(), extension([period()], 12, "W-7")]) is None


def test_a_card_that_says_another_end_is_a_disagreement_in_words() -> None:
    found = disagreement(WarrantyClaim(months=36), [period()])
    assert found is not None
    assert found.fact == "the unit's card says its last day is 14 February 2028, the registry 14 February 2027"
    assert found.says == "the device reports warranty last day 14 February 2028 (registry: 14 February 2027)"


def test_a_card_that_starts_on_another_day_differs_at_both_ends() -> None:
    found = disagreement(WarrantyClaim(starts_on=date(2025, 1, 5), months=24), [period()])
    assert found is not None
    assert found.says == (
        "the device reports warranty start 5 January 2025 (registry: 15 February 2025), "
        "last day 4 January 2027 (registry: 14 February 2027)"
    )
    assert found.fact == (
        "the unit's card says it starts on 5 January 2025, the registry 15 February 2025, "
        "and its last day is 4 January 2027, the registry 14 February 2027"
    )


def test_a_card_with_nothing_on_record_beside_it_is_missing_not_wrong() -> None:
    assert disagreement(WarrantyClaim(months=36), []) is None


@pytest.mark.parametrize("card", [None, {}, {"months": True}, {"months": 0}, {"starts_on": "soon"}, {"ends_on": 5}])
def test_a_card_that_says_nothing_readable_is_no_claim(card: dict[str, object] | None) -> None:
    assert read_claim(card) is None

"""What each kind of finding says, is worth and rests on."""

import inspect
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.contracts.terms import Billing, ContractState, ContractTerms, LineScope, LineTerms, Payment
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.findings import line_rules, unit_rules
from musterroll.domain.findings.kinds import OF_CELL, Finding, FindingKind
from musterroll.domain.findings.line_rules import LineCase, line_findings
from musterroll.domain.findings.unit_rules import UnitCase, unit_findings
from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import CELLS, flags
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.dates import Span
from musterroll.domain.values.money import Money
from musterroll.domain.warranty.periods import CoveragePeriod, PeriodKind
from musterroll.domain.warranty.unit_claims import Disagreement, WarrantyClaim
from musterroll.storage.findings import line_rules as line_sql
from musterroll.storage.findings import unit_rules as unit_sql
from musterroll.web.wording.findings import KINDS

HEARD = datetime(2026, 7, 1, 3, tzinfo=UTC)
YEAR = Span(date(2026, 1, 1), date(2027, 1, 1))
EUR_120, EUR_90 = Money(Decimal(120), "EUR"), Money(Decimal(90), "EUR")
CONTRACT = ContractTerms(1, "C00001", 7, ContractState.ACTIVE, YEAR)
LINE = LineTerms(11, "C00001/1", 1, LineScope.SERIAL, serial_key="K400MVX7", price=EUR_120)
PAID = Cover(LINE, CONTRACT, Billing(Payment.PAID, date(2026, 10, 16)))
LAPSED = Cover(LINE._replace(id=12, ref="C00002/1"), CONTRACT._replace(id=2, ref="C00002", state=ContractState.EXPIRED))
HEALTHY = UnitCase(5, "K400MVX7", Lifecycle.DEPLOYED, Liveness.OPERATING, HEARD, (PAID,), in_warranty=False, list_price=EUR_90)
CARD = Disagreement(WarrantyClaim(months=36), CoveragePeriod(PeriodKind.STANDARD, YEAR, "installed", ""), "a fact", "a sentence")
POOL = Cover(LINE._replace(scope=LineScope.ACCOUNT, place=7, product=3, quantity=10), CONTRACT)


def only(case: UnitCase) -> Finding:
    (found,) = unit_findings(case)
    return found


def test_a_healthy_unit_is_no_finding() -> None:
    assert list(unit_findings(HEALTHY)) == []


def test_paid_but_silent_names_the_line_the_silence_and_the_price() -> None:
    found = only(HEALTHY._replace(liveness=Liveness.STALE))
    assert found.key.kind is FindingKind.PAID_BUT_SILENT
    assert found.says == "line C00001/1 covers K400MVX7, which is deployed but last reported on 1 July 2026 at 03:00:00 UTC"
    assert (found.worth.value, found.worth.how, found.owner) == (EUR_120, "annual price of line C00001/1", "support")
    assert [(row.table, row.id) for row in found.evidence] == [("unit", 5), ("unit_status", 5), ("line", 11), ("invoice", 1)]


@pytest.mark.parametrize(("in_warranty", "variant"), [(True, "attach_opportunity"), (False, "leak"), (None, "leak")])
def test_operating_uncovered_is_an_opportunity_in_warranty_and_else_a_leak(in_warranty: bool | None, variant: str) -> None:
    found = only(HEALTHY._replace(covers=(), in_warranty=in_warranty))
    assert (found.key.kind, found.variant) == (FindingKind.OPERATING_UNCOVERED, variant)
    assert (found.worth.value, found.worth.how) == (EUR_90, "annual list price of cover")


def test_an_expired_line_is_named_and_its_price_is_counted_once() -> None:
    uncovered, expired = unit_findings(HEALTHY._replace(covers=(), ended=(LAPSED,)))
    assert (uncovered.key.kind, expired.key.kind) == (FindingKind.OPERATING_UNCOVERED, FindingKind.EXPIRED_BUT_OPERATING)
    assert expired.worth.value == uncovered.worth.value == EUR_120
    assert (uncovered.worth.counted, expired.worth.counted) == (True, False)


def test_an_ended_line_beside_one_in_force_is_no_finding() -> None:
    assert list(unit_findings(HEALTHY._replace(ended=(LAPSED,)))) == []


def test_an_overdue_bill_of_an_operating_unit_is_finances() -> None:
    found = only(HEALTHY._replace(covers=(PAID._replace(billing=Billing(Payment.OVERDUE)),)))
    assert (found.key.kind, found.owner) == (FindingKind.OVERDUE_BUT_OPERATING, "finance")


SECOND = Cover(
    LINE._replace(id=21, ref="C00003/1", price=Money(Decimal(70), "USD")), CONTRACT._replace(id=3, ref="C00003"), Billing(Payment.PAID)
)
THIRD = Cover(LINE._replace(id=31, ref="C00004/1", price=Money(Decimal(40), "EUR")), CONTRACT._replace(id=4, ref="C00004"))


def test_a_unit_on_two_lines_is_covered_twice_and_the_lines_beside_its_seat_are_the_value() -> None:
    found = only(HEALTHY._replace(covers=(PAID, SECOND)))
    assert (found.key.kind, found.owner) == (FindingKind.COVERED_TWICE, "finance")
    assert found.says == "K400MVX7 is covered by line C00001/1 and line C00003/1 at the same time"
    assert (found.worth.amounts, found.worth.counted) == ((EUR_120,), True)
    assert [row.id for row in found.evidence if row.table == "line"] == [11, 21]


def test_amounts_of_several_currencies_stay_side_by_side() -> None:
    silent, twice = unit_findings(HEALTHY._replace(covers=(PAID, SECOND, THIRD), liveness=Liveness.STALE))
    assert list(map(str, silent.worth.amounts)) == ["160.00 EUR", "70.00 USD"]
    assert list(map(str, twice.worth.amounts)) == ["120.00 EUR", "70.00 USD"]
    assert (silent.worth.counted, twice.worth.counted) == (True, False)  # the same money, counted once


def test_what_is_overdue_is_not_counted_again_as_covered_twice() -> None:
    overdue = SECOND._replace(billing=Billing(Payment.OVERDUE))
    counted = {found.key.kind: found.worth.counted for found in unit_findings(HEALTHY._replace(covers=(PAID, overdue)))}
    assert counted == {FindingKind.OVERDUE_BUT_OPERATING: True, FindingKind.COVERED_TWICE: False}


def test_a_unit_paid_for_by_an_account_that_is_neither_its_own_nor_above_it_is_found() -> None:
    for accounts in ((), (7,), (8, 7)):
        assert list(unit_findings(HEALTHY._replace(accounts=accounts))) == []
    found = only(HEALTHY._replace(accounts=(8, 9)))
    assert (found.key.kind, found.owner, found.worth.value, found.worth.counted) == (FindingKind.PAID_BY_ANOTHER, "finance", EUR_120, False)
    assert found.says == "K400MVX7 is at another account than the one that pays for it by line C00001/1"
    assert only(HEALTHY._replace(accounts=(9,))).facts != found.facts
    unowned = PAID._replace(contract=CONTRACT._replace(account=None))
    assert list(unit_findings(HEALTHY._replace(accounts=(8,), covers=(unowned,)))) == []


def test_a_retired_unit_that_operates_is_said_beside_its_cell() -> None:
    kinds = [found.key.kind for found in unit_findings(HEALTHY._replace(covers=(), lifecycle=Lifecycle.RETIRED))]
    assert kinds == [FindingKind.UNKNOWN_OPERATING, FindingKind.RETIRED_BUT_OPERATING]


def test_a_clone_case_and_a_card_that_disagrees_are_findings_of_a_healthy_unit_too() -> None:
    kinds = [found.key.kind for found in unit_findings(HEALTHY._replace(disagreement=CARD, clone=True))]
    assert kinds == [FindingKind.WARRANTY_CONFLICT, FindingKind.CLONE_CASE]


def test_the_facts_change_when_the_silence_the_price_or_the_lifecycle_does_and_not_when_the_text_does() -> None:
    silent = HEALTHY._replace(liveness=Liveness.STALE)
    facts = only(silent).facts
    assert only(silent._replace(serial="k400-mvx7")).facts == facts
    dearer = PAID._replace(line=LINE._replace(price=EUR_90))
    for other in (silent._replace(heard_at=HEARD + timedelta(days=1)), silent._replace(covers=(dearer,))):
        assert only(other).facts != facts


def test_each_heartbeat_of_an_operating_unit_leaves_its_findings_as_they_are() -> None:
    case = HEALTHY._replace(covers=(), ended=(LAPSED,))
    later = case._replace(heard_at=HEARD + timedelta(minutes=1), liveness=Liveness.LATE)
    assert [found.facts for found in unit_findings(case)] == [found.facts for found in unit_findings(later)]


def test_left_over_quantity_is_sold_not_provisioned() -> None:
    (found,) = line_findings(LineCase(POOL, left_over=4))
    assert found.key.kind is FindingKind.SOLD_NOT_PROVISIONED
    assert found.says == "line C00001/1 covers 10 units, of which 4 are unused"
    assert (str(found.worth.value), found.worth.how) == ("480.00 EUR", "4 at 120.00 EUR each per year")


def test_a_line_for_a_serial_nobody_knows_names_it() -> None:
    (found,) = line_findings(LineCase(PAID, left_over=1))
    assert found.says == "line C00001/1 covers serial K400MVX7, which is not registered"


def test_over_quantity_names_the_units_and_leaves_the_money_to_them() -> None:
    (found,) = line_findings(LineCase(POOL, over=(8, 9)))
    assert (found.key.kind, found.worth.counted) == (FindingKind.OVER_QUANTITY, False)
    assert [row.id for row in found.evidence if row.table == "unit"] == [8, 9]


def test_a_line_whose_contract_names_no_account_is_a_finding() -> None:
    (found,) = line_findings(LineCase(PAID._replace(contract=CONTRACT._replace(account=None))))
    assert found.key.kind is FindingKind.LINE_WITHOUT_ACCOUNT


cases = st.builds(
    UnitCase,
    st.integers(1, 9),
    st.just("S"),
    st.sampled_from(Lifecycle),
    st.sampled_from(Liveness),
    st.none() | st.just(HEARD),
    st.sampled_from([(), (PAID,)]),
    st.sampled_from([(), (LAPSED,)]),
    st.none() | st.booleans(),
    st.none() | st.just(EUR_90),
    st.none() | st.just(CARD),
    st.booleans(),
)


@given(cases)
def test_a_unit_has_one_finding_of_a_kind_and_that_of_its_cell(case: UnitCase) -> None:
    kinds = [found.key.kind for found in unit_findings(case)]
    cell = flags(bool(case.covers), case.lifecycle, case.liveness).code
    assert len(kinds) == len(set(kinds))
    assert [kind for kind in kinds if kind in OF_CELL.values()] == [kind for code, kind in OF_CELL.items() if code == cell]


@given(cases)
def test_no_money_of_one_unit_is_counted_twice(case: UnitCase) -> None:
    counted = [found for found in unit_findings(case) if found.worth.counted and found.worth.value]
    assert len(counted) <= 1


def test_every_kind_has_an_owner_a_name_and_a_meaning() -> None:
    for kind in FindingKind:
        assert kind.owner, kind
        assert kind.label, kind
        assert kind.meaning, kind
        assert KINDS[kind].colour, kind
    assert len({kind.label for kind in FindingKind}) == len(FindingKind)


def test_a_quadrant_and_its_kind_have_the_same_name_and_owner() -> None:
    for code, kind in OF_CELL.items():
        assert CELLS[code] == (kind.label.lower(), kind.owner)
    assert {code for code, cell in CELLS.items() if cell.owner} == set(OF_CELL)


def test_every_kind_has_a_rule_and_the_same_rule_as_sql() -> None:
    """That both give the same findings is what the test of a whole run proves, on random fleets that have every kind."""
    rules = inspect.getsource(unit_rules) + inspect.getsource(line_rules)
    sql = "".join((unit_sql._OF_CELLS, *unit_sql._OF_TABLES.values(), line_sql.FINDINGS))
    for kind in FindingKind:
        assert f"FindingKind.{kind.name}" in rules or kind in OF_CELL.values(), kind
        assert f"'{kind}'" in sql, kind

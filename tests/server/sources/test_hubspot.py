"""Companies and deals from a local HubSpot, run as the schedule runs them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.storage.engine.database import Database

from tests.support.api_server import Answer
from tests.support.apis.hubspot import HubSpot
from tests.support.sources import SourceBench


@pytest.fixture
def crm() -> Iterator[HubSpot]:
    with HubSpot().running() as hubspot:
        for number in range(1, 9):
            hubspot.put("companies", number, name=f"Company {number}", domain="acme.example", country="Germany", zip="10115")
        for number in range(101, 106):
            won = "true" if number < 104 else "false"
            facts = {"hs_primary_associated_company": "1", "closedate": "2026-03-01T10:00:00Z", "deal_currency_code": "EUR"}
            hubspot.put("deals", number, dealname="Care", hs_is_closed_won=won, **facts)
        hubspot.later(hours=1)
        yield hubspot


@pytest.fixture
def bench(database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(database, tmp_path, now)


def put(bench: SourceBench, crm: HubSpot, kind: str = "accounts", **settings: str) -> int:
    named = {"url": crm.url, "token": bench.secret(crm.token), **settings}
    return bench.put("hubspot", kind, named, f"crm {kind}", most_changed=50)


def contracts(bench: SourceBench) -> dict[str, str]:
    return dict(bench.rows("SELECT ref, state FROM contract"))  # type: ignore[arg-type]


def test_companies_come_page_by_page_then_what_the_search_says_changed(bench: SourceBench, crm: HubSpot) -> None:
    source = put(bench, crm)
    run = bench.take(source)
    assert (run.counts["new"], run.whole) == (8, True)
    assert bench.rows("SELECT name, website, postcode, country FROM account WHERE ref = '7'") == [
        ("Company 7", "acme.example", "10115", "Germany")
    ]
    crm.later(days=1)
    for number in (2, 3, 5, 8):
        crm.put("companies", number, name=f"Renamed {number}")
    following = bench.run(source)
    assert following is not None
    assert (following.state, following.counts["changed"], following.whole) == (RunState.IMPORTED, 4, False)


def test_a_record_that_changes_while_the_search_is_paged_moves_no_other_one(bench: SourceBench, crm: HubSpot) -> None:
    source = put(bench, crm)
    bench.take(source)
    crm.later(days=1)
    for number in range(1, 9):
        crm.put("companies", number, phone=f"{number}")
    crm.later(hours=1)
    crm.meanwhile = lambda: crm.put("companies", 1, phone="now")
    assert bench.take(source).counts["changed"] == 8
    crm.meanwhile = lambda: None
    crm.later(hours=1)
    assert bench.take(source).counts["changed"] == 1
    assert bench.rows("SELECT phone FROM account WHERE ref = '1'") == [("now",)]


def test_an_archived_company_stays_and_is_counted_as_gone(bench: SourceBench, crm: HubSpot) -> None:
    crm.archive("companies", 4)
    crm.later(days=1)
    source = put(bench, crm)
    assert bench.take(source).counts["new"] == 7
    crm.later(days=1)
    crm.archive("companies", 5)
    run = bench.run(source)
    assert run is not None
    assert (run.state, run.counts["gone"]) == (RunState.UNCHANGED, 1)
    assert "rows marked as deleted are left out: 1 (5)" in run.notes
    assert len(bench.rows("SELECT ref FROM account")) == 7


def test_won_deals_are_contracts_and_end_when_they_are_lost_or_archived(bench: SourceBench, crm: HubSpot) -> None:
    bench.take(put(bench, crm))
    source = put(bench, crm, "contracts")
    bench.take(source)
    assert contracts(bench) == {"101": "active", "102": "active", "103": "active"}
    crm.later(days=1)
    crm.put("deals", 104, hs_is_closed_won="true")
    crm.put("deals", 105, dealname="still open")
    crm.put("deals", 102, hs_is_closed_won="false")
    run = bench.take(source)
    assert (run.counts["new"], run.counts["changed"]) == (1, 1)
    crm.later(days=1)
    crm.archive("deals", 103)
    bench.take(source)
    assert contracts(bench) == {"101": "active", "102": "cancelled", "103": "cancelled", "104": "active"}
    rows = bench.rows("SELECT ref, ended_on FROM contract WHERE ended_on IS NOT NULL ORDER BY ref")
    assert [(ref, str(day)) for ref, day in rows] == [("102", "2026-11-30"), ("103", "2026-12-01")]


def test_a_deal_that_was_lost_before_a_read_of_the_whole_list_ends(bench: SourceBench, crm: HubSpot) -> None:
    source = put(bench, crm, "contracts", whole_days="0")
    bench.take(source)
    crm.later(days=1)
    crm.put("deals", 102, hs_is_closed_won="false")
    run = bench.take(source)
    assert (run.whole, contracts(bench)["102"], run.counts["gone"]) == (True, "cancelled", 0)


def test_dates_of_contracts_in_properties_of_their_own(bench: SourceBench, crm: HubSpot) -> None:
    for number in (101, 102, 103):
        crm.put("deals", number, contract_start="2026-04-01", contract_end="2027-03-31")
    named = {"url": crm.url, "token": bench.secret(crm.token), "fields": "contract_start, contract_end"}
    reading = {"columns": ["contract_start=starts_on", "Start Date=", "contract_end=ends_on"]}
    bench.take(bench.put("hubspot", "contracts", named, reading=reading))
    rows = bench.rows("SELECT DISTINCT starts_on, ends_on FROM contract")
    assert [(str(first), str(last)) for first, last in rows] == [("2026-04-01", "2027-04-01")]


def test_a_limit_of_seconds_is_waited_for_and_one_of_the_day_is_not(bench: SourceBench, crm: HubSpot) -> None:
    source = put(bench, crm)
    crm.faults = [Answer({"policyName": "TEN_SECONDLY_ROLLING", "category": "RATE_LIMITS"}, 429, {"Retry-After": "1"})]
    assert bench.take(source).counts["new"] == 8
    crm.asked.clear()
    crm.faults = [Answer({"policyName": "DAILY", "category": "RATE_LIMITS"}, 429)]
    assert "has no requests left for today" in bench.fails(source)
    assert len(crm.asked) == 1


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            Answer({"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}]}, 403),
            "the private app lacks the scope crm.objects.deals.read",
        ),
        (Answer({"category": "INVALID_AUTHENTICATION", "message": "pat-s3cret"}, 401), "not accepted or have expired"),
    ],
)
def test_refusals_are_said_in_a_sentence(bench: SourceBench, crm: HubSpot, fault: Answer, why: str) -> None:
    source = put(bench, crm)
    crm.faults = [fault]
    sentence = bench.fails(source)
    assert why in sentence
    assert "s3cret" not in sentence

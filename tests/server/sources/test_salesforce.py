"""Accounts, contracts, lines and assets from a local Salesforce, run as the schedule runs them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.storage.engine.database import Database

from tests.support.api_server import Answer
from tests.support.apis.salesforce import Salesforce
from tests.support.sources import SourceBench


@pytest.fixture
def crm() -> Iterator[Salesforce]:
    with Salesforce().running() as salesforce:
        for number in range(8):
            parent = None if number else "001P"
            fields = {"Website": "acme.example", "Phone": "1", "BillingPostalCode": "10115", "BillingCountry": "DE", "Industry": "Energy"}
            salesforce.put("Account", f"001A{number}", Name=f"Account {number}", ParentId=parent, **fields)
        salesforce.later(hours=1)
        yield salesforce


@pytest.fixture
def bench(database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(database, tmp_path, now)


def put(bench: SourceBench, crm: Salesforce, kind: str = "accounts", **settings: str) -> int:
    secret = bench.secret("s3cret")
    named = {"url": crm.url, "client_id": "client", "client_secret": secret, **settings}
    return bench.put("salesforce", kind, named, f"crm {kind}", most_changed=50)


def names(bench: SourceBench) -> dict[str, str]:
    return dict(bench.rows("SELECT ref, name FROM account"))  # type: ignore[arg-type]


def test_accounts_come_page_by_page_then_only_what_changed(bench: SourceBench, crm: Salesforce) -> None:
    source = put(bench, crm)
    run = bench.run(source)
    assert run is not None
    assert (run.state, run.counts["new"], run.whole) == (RunState.WAITING, 8, True)
    bench.approve(source)
    assert (names(bench)["001A7"], len(names(bench))) == ("Account 7", 9)  # and the parent that a row named
    crm.later(days=1)
    crm.put("Account", "001A3", Name="Renamed")
    crm.asked.clear()
    following = bench.run(source)
    assert following is not None
    assert (following.state, following.counts["changed"], following.whole) == (RunState.IMPORTED, 1, False)
    assert names(bench)["001A3"] == "Renamed"
    assert "WHERE SystemModstamp >= 2026-11-29T12:55:00Z" in crm.asked[1].query["q"]
    crm.later(minutes=10)
    assert bench.run(source) is None


def test_a_deleted_account_stays_is_counted_as_gone_and_is_named(bench: SourceBench, crm: Salesforce) -> None:
    source = put(bench, crm)
    bench.take(source)
    crm.later(days=1)
    crm.delete("Account", "001A5")
    run = bench.run(source)
    assert run is not None
    assert (run.state, run.counts["gone"]) == (RunState.UNCHANGED, 1)
    assert "rows marked as deleted are left out: 1 (001A5)" in run.notes
    assert "001A5" in names(bench)
    crm.later(days=1)
    again = bench.run(source)
    assert again is None or again.counts["gone"] == 0


def test_many_deleted_accounts_wait_for_a_person(bench: SourceBench, crm: Salesforce) -> None:
    source = put(bench, crm)
    bench.take(source)
    crm.later(days=1)
    for number in range(5):
        crm.delete("Account", f"001A{number}")
    run = bench.run(source)
    assert run is not None
    assert (run.state, run.counts["gone"]) == (RunState.WAITING, 5)


def test_the_whole_list_is_read_again_after_some_days_and_what_is_missing_is_counted(bench: SourceBench, crm: Salesforce) -> None:
    source = put(bench, crm, whole_days="2")
    bench.take(source)
    del crm.objects["Account"]["001A6"]  # erased from the recycle bin
    for whole, gone in ((False, 0), (False, 0), (True, 1)):
        crm.later(days=1)
        crm.put("Account", "001A1", Name=f"{crm.now:%d}")
        run = bench.run(source)
        assert run is not None
        assert (run.whole, run.counts["gone"]) == (whole, gone)


def contract(crm: Salesforce, number: int, **fields: object) -> None:
    facts = {"AccountId": "001A1", "Status": "Activated", "StartDate": "2026-01-01", "EndDate": None, "ContractTerm": 12}
    crm.put("Contract", f"800C{number}", ContractNumber=f"{number:08}", **{**facts, "OwnerExpirationNotice": "60", **fields})


def test_contracts_have_terms_and_a_deleted_one_ends_that_day(bench: SourceBench, crm: Salesforce) -> None:
    for number in range(4):
        contract(crm, number)
    source = put(bench, crm, "contracts")
    bench.take(source)
    assert bench.rows("SELECT state, starts_on, ends_on, notice_days FROM contract WHERE ref = '00000001'") in (
        [("active", "2026-01-01", "2027-01-01", 60)],
        [("active", datetime(2026, 1, 1).date(), datetime(2027, 1, 1).date(), 60)],  # noqa: DTZ001  a date
    )
    crm.later(days=3)
    crm.delete("Contract", "800C1")
    contract(crm, 9)
    crm.delete("Contract", "800C9")  # made and deleted between two runs
    run = bench.run(source)
    assert run is not None
    assert (run.state, run.counts["changed"], run.counts["new"]) == (RunState.IMPORTED, 1, 0)
    assert "rows marked as deleted: 2; those that are registered end, the others are left out" in run.notes
    rows = bench.rows("SELECT ref, state, ended_on FROM contract WHERE state <> 'active'")
    assert [(ref, state, str(day)) for ref, state, day in rows] == [("00000001", "cancelled", "2026-12-02")]
    crm.later(days=1)
    crm.put("Contract", "800C2", Status="Activated")
    assert bench.run(source) is not None
    assert len(bench.rows("SELECT ref FROM contract")) == 4


def test_service_contracts_and_their_lines(bench: SourceBench, crm: Salesforce) -> None:
    facts = {"AccountId": "001A1", "Status": "Active", "StartDate": "2026-01-01", "EndDate": "2026-12-31", "Term": 12}
    crm.put("ServiceContract", "810S1", ContractNumber="00000100", **facts)
    line = {"ServiceContract.ContractNumber": "00000100", "StartDate": "2026-01-01", "EndDate": "2026-12-31", "Product2.Name": None}
    for number in (1, 2):
        crm.put(
            "ContractLineItem", f"1cl{number}", LineItemNumber=f"0000{number}", Quantity=1, **line, **{"Asset.SerialNumber": f"SN-{number}"}
        )
    bench.take(put(bench, crm, "contracts", contracts="ServiceContract"))
    source = put(bench, crm, "contract-lines")
    bench.take(source)
    assert bench.rows("SELECT number, serial, scope FROM contract_line ORDER BY number") == [
        ("00001", "SN-1", "serial"),
        ("00002", "SN-2", "serial"),
    ]
    crm.later(days=2)
    crm.delete("ContractLineItem", "1cl2")
    run = bench.run(source)
    assert run is not None
    assert run.state is RunState.IMPORTED, run.reason
    assert [str(day) for (day,) in bench.rows("SELECT ends_on FROM contract_line ORDER BY number")] == ["2027-01-01", "2026-12-01"]


def test_assets_with_a_field_of_their_own(bench: SourceBench, crm: Salesforce) -> None:
    facts = {"Status": "Installed", "AccountId": "001A1", "PurchaseDate": "2026-01-01", "InstallDate": "2026-02-01"}
    for number in range(5):
        product = {"Product2.Name": "Pump 7", "Manufacturer__c": "Acme"}
        crm.put("Asset", f"02i{number}", SerialNumber=f"SN-{number}" if number else None, **facts, **product)
    named = {"url": crm.url, "client_id": "client", "client_secret": bench.secret("s3cret"), "fields": "Manufacturer__c"}
    source = bench.put("salesforce", "units", named, reading={"columns": ["Manufacturer__c=maker"]})
    run = bench.take(source)
    assert (run.counts["new"], run.counts["refused"]) == (4, 1)
    assert bench.rows("SELECT DISTINCT maker, model, lifecycle FROM unit JOIN product ON product.id = unit.product_id") == [
        ("Acme", "Pump 7", "deployed")
    ]


def test_a_session_that_expires_while_pages_are_read_is_renewed_once(bench: SourceBench, crm: Salesforce) -> None:
    source = put(bench, crm)
    crm.meanwhile = crm.sessions.clear
    assert bench.take(source).counts["new"] == 8
    assert sum(asked.path == "/services/oauth2/token" for asked in crm.asked) == 3  # one a page


def test_a_token_that_is_refused_although_it_is_new_ends_the_run(bench: SourceBench, crm: Salesforce) -> None:
    source = put(bench, crm)
    expired = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    token = Answer({"access_token": "x"})
    crm.faults = [token, Answer(expired, 401), token, Answer(expired, 401)]
    assert "not accepted or have expired" in bench.fails(source)
    assert crm.faults == []


def test_a_page_that_is_no_longer_known_begins_the_list_again(bench: SourceBench, crm: Salesforce) -> None:
    source, pages = put(bench, crm), iter(range(100))
    crm.meanwhile = lambda: crm.forget_locators() if next(pages) == 1 else None
    assert bench.take(source).counts["new"] == 8


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            Answer([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403),
            "has no requests left for today",
        ),
        (Answer([{"errorCode": "INVALID_FIELD", "message": "No such column 'Colour__c'"}], 400), "No such column 'Colour__c'"),
        (Answer({"error": "invalid_grant", "error_description": "s3cret"}, 400), r"gives no token (invalid_grant)"),
    ],
)
def test_refusals_are_said_in_a_sentence(bench: SourceBench, crm: Salesforce, fault: Answer, why: str) -> None:
    source = put(bench, crm)
    crm.faults = [fault]
    sentence = bench.fails(source)
    assert why in sentence
    assert "s3cret" not in sentence


def test_a_refresh_token_gives_sessions_too(bench: SourceBench, crm: Salesforce) -> None:
    source = put(bench, crm, refresh_token=bench.secret("r3fresh", "refresh"))
    assert bench.take(source).counts["new"] == 8
    assert "grant_type=refresh_token" in crm.asked[0].body

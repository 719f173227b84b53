"""Plans over REST: created, saved, compared, exported, back-tested; and what is rejected."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from musterroll.usecases.capacity import plans as capacity_plans

from tests.server.api.conftest import RestClient
from tests.support import fleet_history


@pytest.fixture
def planned(small_rest: RestClient) -> RestClient:
    now = datetime.now(UTC)
    fleet_history.fill(small_rest.database, now, units=40)
    with small_rest.database.snapshot() as session:
        prepared = capacity_plans.prepare(session, now)
    with small_rest.database.transaction() as session:
        capacity_plans.keep(session, prepared)
    return small_rest


def get(rest: RestClient, address: str, status: int = 200) -> Any:
    answer = rest.client.get(f"/api/v1{address}", headers=rest.bearer("read"))
    assert answer.status_code == status, answer.text
    return answer.json


def test_a_plan_tells_spans_months_drivers_and_spares(planned: RestClient) -> None:
    plan = get(planned, "/plans/defaults")
    assert [span["name"] for span in plan["spans"]] == ["next month", "next quarter", "next year"]
    quarter = plan["spans"][1]
    assert quarter["incidents"]["low95"] <= quarter["incidents"]["low80"] <= quarter["incidents"]["mean"] <= quarter["incidents"]["high80"]
    assert len(plan["months"]) == 12
    assert plan["drivers"][0]["borrows_from"] == "Acme"
    assert get(planned, "/plans/defaults?incident_rate=200")["spans"][1]["incidents"]["mean"] == pytest.approx(
        2 * quarter["incidents"]["mean"]
    )


def test_a_scenario_is_kept_listed_compared_and_deleted(planned: RestClient) -> None:
    body = {"name": "Storm", "assumptions": {"incident_rate": 150, "absence": 12}, "note": "as in 2021"}
    saved = planned.client.post("/api/v1/plans", json=body, headers=planned.bearer("write"))
    assert saved.json == {"name": "Storm", "assumptions": {"incident_rate": 150.0}, "note": "as in 2021"}
    assert get(planned, "/plans")["items"] == [saved.json]
    plans = get(planned, "/plans/compare?names=Storm")["items"]
    assert [plan["name"] for plan in plans] == ["defaults", "Storm"]
    assert plans[1]["plan"]["assumptions"]["incident_rate"] == 150
    assert planned.client.post("/api/v1/plans", json=body, headers=planned.bearer("read")).status_code == 403
    assert planned.client.delete("/api/v1/plans/Storm", headers=planned.bearer("write")).status_code == 204
    get(planned, "/plans/Storm", 404)


def test_the_workbook_and_the_back_test(planned: RestClient) -> None:
    answer = planned.client.get("/api/v1/plans/defaults/workbook?lead_days=90", headers=planned.bearer("read"))
    book = openpyxl.load_workbook(BytesIO(answer.data))
    assert ("Lead time", 90) in [(row[0], row[4]) for row in book["Assumptions"].iter_rows(values_only=True)]
    trials = {trial["of"]: trial for trial in get(planned, "/plans/backtest")["items"]}
    month = trials["incidents of a month"]
    assert month["verdict"]["rows"] == len(month["periods"]) > 6
    assert month["verdict"]["held95"]["successes"] >= month["verdict"]["held80"]["successes"]


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/plans/defaults?absence=99", 422, "absence"),
        ("/plans/defaults?growth=1", 422, "growth"),
        ("/plans/defaults?recalled=Tin+opener", 422, "no product 'Tin opener' in the plan"),
        ("/plans/compare", 422, "names"),
        ("/plans/compare?names=nobody", 404, "there is no scenario"),
    ],
)
def test_what_cannot_be_planned_is_a_problem_in_one_sentence(planned: RestClient, address: str, status: int, says: str) -> None:
    assert says in get(planned, address, status)["detail"]


def test_nothing_gathered_is_a_conflict(small_rest: RestClient) -> None:
    assert "musterroll plan" in get(small_rest, "/plans/defaults", 409)["detail"]


def test_reliability_of_products_and_two_compared(planned: RestClient) -> None:
    first, second = get(planned, "/reliability")["items"]
    assert first["afr"] == pytest.approx(first["failures"] / first["unit_years"])
    assert first["afr_low"] < first["afr"] < first["afr_high"]
    report = get(planned, f"/reliability/{first['product_id']}")
    assert report["afr"] == first["afr"]
    assert sum(age["visits"]["events"] for age in report["ages"]) == first["failures"]
    assert 0 < report["steps"][-1]["survival"] < 1
    comparison = get(planned, f"/reliability/compare?first={first['product_id']}&second={second['product_id']}")["comparison"]
    assert sum(comparison["expected"]) == pytest.approx(sum(comparison["failures"]))
    get(planned, "/reliability/999999", 404)
    get(planned, f"/reliability/compare?first={first['product_id']}&second={first['product_id']}", 422)


def test_planned_deliveries_are_added_listed_in_the_plan_and_deleted(planned: RestClient) -> None:
    on = f"{datetime.now(UTC) + timedelta(days=70):%Y-%m-%d}"
    body = {"on": on, "maker": "Acme", "model": "Pump 3", "ref": "PO1", "quantity": "400", "least": "300"}
    assert planned.client.post("/api/v1/records/deliveries", json=body, headers=planned.bearer("write")).status_code == 201
    (delivery,) = get(planned, "/deliveries")["items"]
    assert (delivery["on"], delivery["model"], delivery["order"], delivery["quantity"], delivery["most"]) == (
        on,
        "Pump 3",
        "PO1",
        400,
        None,
    )
    assert "400 units of Acme Pump 3" in get(planned, "/plans/defaults")["condition"]
    address = f"/api/v1/deliveries/{delivery['id']}"
    assert planned.client.delete(address, headers=planned.bearer("read")).status_code == 403
    assert planned.client.delete(address, headers=planned.bearer("write")).status_code == 200
    assert get(planned, "/deliveries")["items"] == []
    assert planned.client.delete(address, headers=planned.bearer("write")).status_code == 404


def test_the_month_from_which_incidents_count_is_chosen(planned: RestClient) -> None:
    def put(month: str | None, status: int) -> None:
        answer = planned.client.put("/api/v1/plans/log-start", json={"month": month}, headers=planned.bearer("write"))
        assert answer.status_code == status, answer.text

    put("2025-02", 200)
    assert get(planned, "/plans/log-start") == {"month": "2025-02"}
    put("2999-01", 422)
    put(None, 200)
    assert get(planned, "/plans/log-start") == {"month": None}


def test_a_product_has_its_failures_by_cohort_site_and_firmware(planned: RestClient) -> None:
    product = get(planned, "/reliability")["items"][0]["product_id"]
    cohorts, sites = (get(planned, f"/reliability/{product}/groups?by={by}")["items"] for by in ("cohort", "site"))
    assert sum(row["failed"] for row in cohorts) == sum(row["failed"] for row in sites) > 0
    assert [row["group"] for row in sites] == ["S1"]
    get(planned, "/reliability/9999/groups", 404)
    get(planned, f"/reliability/{product}/groups?by=weather", 422)

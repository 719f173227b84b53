"""Price of cover and warranty policy of a product, over REST."""

from datetime import UTC, datetime
from typing import Any

from musterroll.usecases.warranty import products

from tests.server.api.conftest import RestClient
from tests.server.api.records import import_all

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_policy_is_made_given_to_a_product_followed_by_its_units_and_undone(rest: RestClient) -> None:
    import_all(rest)
    headers = rest.bearer("read", "write", "admin")

    def call(method: str, path: str, status: int = 200, **body: Any) -> Any:
        answer = rest.client.open(f"/api/v1/{path}", method=method, headers=headers, json=None if method == "GET" else body)
        assert answer.status_code == status, answer.text
        return answer.json

    def last_day() -> str:
        with rest.database.transaction() as session:
            while products.apply_pending(session, NOW):
                pass
        (standard,) = call("GET", "units/SN3/coverage")["periods"] or [{"last_day": None}]
        return str(standard["last_day"])

    call("PUT", "policies/Long", rules=[{"start": "registered"}, {"start": "shipped", "shelf_days": 90}], months=60)
    policies = call("GET", "policies")["items"]
    assert [(policy["name"], policy["months"], policy["products"], policy["rules"][1]["shelf_days"]) for policy in policies] == [
        ("Long", 60, 0, 90)
    ]
    call("PATCH", "products", maker="ACME", model="pump 3", policy="Long", list_price="99.50", currency="EUR")
    (pump,) = call("GET", "products")["items"]
    assert (pump["policy"], pump["list_price"], pump["currency"]) == ("Long", "99.50", "EUR")
    uid = call("GET", "lookup?code=SN3")["units"][0]["id"]
    call("POST", f"units/{uid}/moves", to="shipped", on="2026-01-05")
    assert last_day() == "2027-04-04"  # its own paper's 12 months, from 90 days after it was shipped
    change = call("PATCH", "products", maker="Acme", model="Pump 3", policy=None)
    assert last_day() == "2027-01-04"
    call("POST", f"changes/{change['id']}/undo")
    assert last_day() == "2027-04-04"
    assert call("GET", "products")["items"][0]["list_price"] == "99.50"
    call("PATCH", "products", 404, maker="Acme", model="Lorry", policy="Long")
    call("PATCH", "products", 404, maker="Acme", model="Pump 3", policy="Short")
    call("PUT", "policies/Bad", 422, rules=[{"start": "installed"}, {"start": "installed"}])
    call("PUT", "policies/Bad", 422, rules=[])


def test_only_admins_set_products(small_rest: RestClient) -> None:
    headers = import_all(small_rest)
    answer = small_rest.client.patch("/api/v1/products", headers=headers, json={"maker": "Acme", "model": "Pump 3", "list_price": "1"})
    assert answer.status_code == 403

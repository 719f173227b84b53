"""Products, the audit and health, as an admin uses them."""

import re
from datetime import UTC, datetime, timedelta

from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPolicy
from musterroll.usecases.audit import verify as audit_verify
from musterroll.usecases.liveness import heartbeats
from musterroll.usecases.operations import health
from sqlalchemy import text
from sqlmodel import select

from tests.server.web.conftest import Visitor

NOW = datetime.now(UTC)
TERMS = {"reporting": "sleepy", "policy": "Shelf", "list_price": "1,250.50", "currency": "usd"}
POLICY = {"name": "Shelf", "months": "24", "start0": "registered", "shelf0": "0", "start1": "shipped", "shelf1": "30"}
NEW = "/products/policies/new"


def test_a_policy_is_made_and_given_to_a_product_and_taken_back_from_the_audit(visitor: Visitor, fleet_database: Database) -> None:
    assert visitor.post(NEW, NEW, **POLICY).status_code == 303
    assert visitor.post("/products/1", "/products/1", **TERMS).status_code == 303
    shown = visitor.get("/products").text
    assert "1,250.50 USD" in shown
    assert "Starts on the registration date, else the ship date plus 30 days of shelf time" in shown
    number = re.search(r"/audit/(\d+)", visitor.get("/audit?kind=product").text)
    assert number
    entry = visitor.get(f"/audit/{number[1]}").text
    assert "always_on" in entry
    assert "sleepy" in entry
    assert visitor.post(f"/changes/{number[1]}/undo", f"/audit/{number[1]}", next="/audit").status_code == 303
    assert ">undone</a>" in visitor.get("/audit?kind=product").text
    with fleet_database.snapshot() as session:
        assert session.get_one(Product, 1).policy_id is None


def test_a_reporting_interval_is_set_for_a_product_and_for_a_unit_and_shown_until_confirmed(
    visitor: Visitor, fleet_database: Database
) -> None:
    plain = {"reporting": "daylight", "policy": "", "list_price": "", "currency": "", "interval": "7 min"}
    assert visitor.post("/products/1", "/products/1", **plain).status_code == 303
    assert "every 7 min" in visitor.get("/products").text
    with fleet_database.snapshot() as session:
        uid = session.exec(select(Unit.uid).where(Unit.product_id == 1)).first()
    assert "set to 7 min, not confirmed yet" in visitor.get(f"/units/{uid}").text
    assert visitor.post(f"/units/{uid}/interval", f"/units/{uid}", interval="2 h", reason="battery").status_code == 303
    assert "set to 2 h, not confirmed yet" in visitor.get(f"/units/{uid}").text
    assert "is not a duration; write it as 30 s" in visitor.post(f"/units/{uid}/interval", f"/units/{uid}", interval="often").text
    assert "from 5 seconds to one day" in visitor.post("/products/1", "/products/1", **{**plain, "interval": "3 d"}).text


def test_the_order_of_a_policys_rules_is_edited(visitor: Visitor, fleet_database: Database) -> None:
    visitor.post(NEW, NEW, **POLICY)
    turned = {**POLICY, "start0": "shipped", "shelf0": "10", "start1": "registered", "shelf1": "0"}
    assert visitor.post("/products/policies/1", NEW, **turned).status_code == 303
    with fleet_database.snapshot() as session:
        (policy,) = session.exec(select(WarrantyPolicy)).all()
    assert policy.rules == [{"start": "shipped", "shelf_days": 10}, {"start": "registered", "shelf_days": 0}]


def test_a_wrong_price_or_rule_is_said_in_the_form(visitor: Visitor) -> None:
    assert "The list price must be an amount" in visitor.post("/products/1", "/products/1", **{**TERMS, "list_price": "much"}).text
    assert "Each start date can be used only once" in visitor.post(NEW, NEW, **{**POLICY, "start1": "registered", "shelf1": "0"}).text


def test_the_audit_finds_and_says_that_it_was_tampered_with(visitor: Visitor, fleet_database: Database) -> None:
    with fleet_database.transaction() as session:
        audit_verify.prove(session, NOW)
        audit_verify.prove(session, NOW)
    assert "</b> verified since" in visitor.get("/audit").text
    with fleet_database.transaction() as session:
        session.execute(text("UPDATE audit_entry SET row_key = '0' WHERE id = 2"))
    visitor.post("/audit/verify", "/audit")
    assert "Entry 2 was altered" in visitor.get("/audit").text


def test_health_says_what_is_not_well_and_what_to_do(visitor: Visitor, fleet_database: Database) -> None:
    shown = visitor.get("/health").text
    assert "<b>Broker: down</b>, <b>Ingest: down</b>" in shown
    assert "Start musterroll ingest or musterroll serve." in shown
    with fleet_database.transaction() as session:
        session.execute(text("UPDATE registry_state SET since = 0, until = 0"))  # else the first minute below is a jump back of the clock
    for minute in range(5):
        at = datetime.now(UTC) - timedelta(minutes=4 - minute)
        with fleet_database.transaction() as session:
            heartbeats.record_canary(session, "registry", to_ms(at), at, minute * 100)
            session.execute(
                text("INSERT INTO process_heartbeat (name, at, detail) VALUES ('schedule', :at, '') ON CONFLICT DO NOTHING"),
                {"at": to_ms(at)},
            )
            session.execute(text("UPDATE process_heartbeat SET at = :at WHERE name = 'schedule'"), {"at": to_ms(at)})
            health.read(session, at)
    shown = visitor.get("/health").text
    assert "All components OK" in shown
    assert "Messages per minute over the last 24 hours: minimum 100, maximum 100, now 100" in shown

"""The worth of a contract is that of its lines in force at its end, wherever it is shown."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from musterroll.channels import webhook
from musterroll.channels.channel import Draft
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.notifications import wording
from musterroll.domain.values.money import Money
from musterroll.storage.engine.database import Database
from musterroll.storage.notifications import endings
from musterroll.storage.notifications import events as stored_events
from musterroll.usecases.capacity import facts as plan_facts
from musterroll.usecases.contracts.contract_card import contract_card
from musterroll.usecases.installed_base.renewals import due_contracts
from musterroll.usecases.notifications import calendar, detect

from tests.support import records

BEGAN, ENDS = date(2026, 1, 1), date(2027, 1, 1)
HUNDRED = (Money(Decimal(100), "EUR"),)


def put(database: Database, lines: list[dict[str, Any]], **contract: Any) -> None:
    with database.transaction() as session:
        owner = records.account(session, "A1", "Umber")
        product = records.product(session)
        terms = {"state": ContractState.ACTIVE, "starts_on": BEGAN, "ends_on": ENDS, "currency": "EUR", **contract}
        of = records.contract(session, "C1", owner, **terms)
        for number, line in enumerate(lines):
            place = {"scope": "account", "place_id": owner.id, "product_id": product.id}
            records.line(session, of, str(number), **{**place, "quantity": 1, "price": Decimal(100), **line})


def worths(database: Database, now: datetime) -> dict[str, Any]:
    """Of the one contract, by where it is shown: seats and money."""
    with database.transaction() as session:
        (due,) = due_contracts(session, now, "A1").value.due
        card = contract_card(session, "C1", 0, 10, now)
        (end,) = endings.contracts(session, now.date())
        facts = plan_facts.untested(session, now)
    assert card.worth is not None
    (renewals,) = facts.renewals
    return {
        "renewals": (due.seats, due.worth),
        "contract": (card.worth.seats, card.worth.value),
        "calendar": end.worth,
        "plan": [value for _, value in renewals.coming],
    }


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": 10, "price": Decimal(1_000), "ends_on": date(2026, 4, 1)},  # ended
        {"quantity": 10, "price": Decimal(1_000), "ends_on": date(2026, 12, 1)},  # ends before the contract
    ],
)
def test_lines_that_end_before_their_contract_are_no_part_of_what_is_to_renew(
    database: Database, now: datetime, other: dict[str, Any]
) -> None:
    put(database, [{}, other])
    assert worths(database, now) == {"renewals": (1, HUNDRED), "contract": (1, HUNDRED), "calendar": HUNDRED, "plan": [100.0]}


def test_a_line_that_begins_before_the_end_counts(database: Database, now: datetime) -> None:
    put(database, [{"starts_on": date(2026, 12, 1), "ends_on": ENDS}])
    assert worths(database, now)["renewals"] == (1, HUNDRED)


def test_in_a_renewed_term_only_lines_that_renewed_count(database: Database, now: datetime) -> None:
    put(
        database,
        [{"ends_on": date(2026, 1, 1)}, {"ends_on": date(2025, 6, 1)}],
        starts_on=date(2025, 1, 1),
        ends_on=date(2026, 1, 1),
        auto_renew=True,
    )
    assert worths(database, now)["renewals"] == (1, HUNDRED)


def test_the_end_of_a_contract_in_two_currencies_names_both(database: Database, now: datetime) -> None:
    put(database, [{}, {"price": Decimal("1200.5"), "currency": "USD", "quantity": 2}], ends_on=date(2026, 11, 11))
    with database.transaction() as session:
        detect.store_endings(session, detect.detect_endings(session, now) or [], now)
        calendar.store_endings(session, calendar.compute_endings(session, now) or [], now)
    with database.transaction() as session:
        (event,) = stored_events.recent(session, None, 9)
        (entry,) = calendar.upcoming(session, now.date())
    assert (event.worth, event.further) == (HUNDRED[0], (Money(Decimal(2401), "USD"),))
    assert "100.00 EUR + 2,401.00 USD per year" in entry.text
    message = wording.compose([event], "UTC")
    assert "; 100.00 EUR + 2,401.00 USD per year" in str(message)
    (signal,) = webhook.body(Draft("k", "Ends", "ends", message, [event], now))["data"]["signals"]
    assert signal["worth_further"] == [{"amount": "2401.0000", "currency": "USD"}]

"""What became of ended terms is the same on the page's figures, in the plan and in the back-test of renewals."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from musterroll.domain.contracts.renewal_outcomes import Outcome
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.values.money import Money
from musterroll.storage.engine.database import Database
from musterroll.usecases.capacity import facts as plan_facts
from musterroll.usecases.capacity import facts_contracts
from musterroll.usecases.installed_base.retention import past_renewals
from sqlmodel import Session

from tests.support import records

SPANS = {"before": (date(2025, 1, 1), date(2026, 1, 1)), "after": (date(2026, 1, 1), date(2027, 1, 1))}


def put(session: Session, ref: str, owner: Any, serials: str, when: str, **more: Any) -> None:
    terms = {"starts_on": SPANS[when][0], "ends_on": SPANS[when][1], **more}
    of = records.contract(session, ref, owner, **terms)
    for number, serial in enumerate(serials):
        records.line(session, of, str(number), f"{owner.ref}{serial}", price=Decimal(100))


def test_contracts_that_are_cancelled_or_cover_other_serials_renew_nothing(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for number, (after, more) in enumerate(
            [
                ("AB", {}),
                ("CD", {}),  # other serials
                ("AB", {"state": ContractState.CANCELLED}),
                ("CDE", {"renews": "X3"}),  # other serials, but it says so
            ]
        ):
            owner = records.account(session, f"A{number}")
            put(session, f"X{number}", owner, "AB", "before")
            put(session, f"Y{number}", owner, after, "after", **more)
    with database.transaction() as session:
        past = past_renewals(session, now, None).value
        of_one = past_renewals(session, now, "A1").value
        (segment,) = plan_facts.untested(session, now).renewals
        ended = facts_contracts.ended(facts_contracts.read(session, now.date()), now.date())
    assert [(term.ref, term.outcome, term.by) for term in past.terms] == [
        ("X0", Outcome.RENEWED, ("Y0",)),
        ("X1", Outcome.REPLACED, ("Y1",)),
        ("X2", Outcome.LOST, ()),
        ("X3", Outcome.UPSELL, ("Y3",)),
    ]
    (money,) = past.money
    assert (money.worth, money.gross, money.net) == tuple(Money(Decimal(amount), "EUR") for amount in (800, 400, 500))
    assert [term.ref for term in of_one.terms] == ["X1"]
    assert (segment.due, segment.renewed, segment.ended_worth, segment.gross, segment.net) == (4, 2, 800.0, 400.0, 500.0)
    assert sorted(renewed for _, renewed in ended) == [False, False, True, True]

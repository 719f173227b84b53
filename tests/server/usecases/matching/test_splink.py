"""Twins among many accounts, found by splink: made-up companies of which some are on the list twice."""

import sys
from datetime import datetime
from random import Random

import pytest
from musterroll.domain.matching import Match
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.matching import splink
from musterroll.usecases.matching.proposals import ProposalChanges
from sqlmodel import Session

from tests.support.records import LONG_AGO

Pairs = set[tuple[int, int]]
Twins = dict[tuple[int, int], Match]
ONES, TWINS = 1_700, 300
_STEMS = ("um", "mar", "fen", "tol", "ker", "vas", "lin", "dor", "sel", "bra", "nor", "hal", "wex", "pim", "quo")
_WORDS = [stem + end for stem in _STEMS for end in ("ber", "ram", "den", "ton", "wick", "dale", "mont")]
_TRADES = ("Logistics", "Freight", "Dairy", "Foods", "Bakery", "Works", "Energy", "Pumps", "Systems", "Medical", "Print", "Steel", "Glass")


def company(random: Random) -> dict[str, str]:
    one, other, trade = *random.sample(_WORDS, 2), random.choice(_TRADES)
    return {
        "name": f"{one} {other} {trade}".title(),
        "website": f"{one}-{other}-{trade.lower()}.example" if random.random() < 0.8 else "",
        "phone": phone(random) if random.random() < 0.8 else "",
        "postcode": postcode(random),
    }


def phone(random: Random) -> str:
    return f"+31 {random.randrange(10**8, 10**9)}"


def postcode(random: Random) -> str:
    return f"{random.randrange(1000, 1400)} AB"


def once_more(found: dict[str, str], random: Random) -> dict[str, str]:
    """The same company as somebody else typed it: another legal form, a slip, one thing unknown or out of date."""
    name, slip = found["name"], random.randrange(1, len(found["name"]) - 1)
    changed = random.choice([{"website": ""}, {"phone": phone(random)}, {"postcode": postcode(random)}, {"phone": "", "postcode": ""}])
    return {**found, **changed, "name": random.choice([f"{name} B.V.", name[:slip] + name[slip + 1 :]])}


def listed_twice(session: Session) -> Pairs:
    """Fills the list of accounts; the pairs that are of one company."""
    random = Random(20261101)
    ones = [company(random) for _ in range(ONES)]
    again = random.sample(range(ONES), TWINS)
    rows = [*ones, *(once_more(ones[which], random) for which in again)]
    session.add_all(Account(id=number, ref=f"A{number}", created_at=LONG_AGO, **row) for number, row in enumerate(rows, 1))
    session.flush()
    return {(which + 1, ONES + 1 + place) for place, which in enumerate(again)}


def evidence(twins: Twins) -> dict[tuple[int, int], list[tuple[str, float]]]:
    return {pair: [(field.name, field.weight) for field in match.fields] for pair, match in twins.items()}


def test_splink_finds_the_companies_that_are_listed_twice_and_says_what_each_field_told(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.transaction() as session:
        true = listed_twice(session)
        accounts = matching_proposals.accounts(session)
        twins = splink.similar_accounts(accounts)
        assert evidence(splink.similar_accounts(accounts[::-1])) == evidence(twins)
        assert len(twins.keys() & true) / len(true) > 0.85  # some share nothing but a name, which is not enough
        assert len(twins.keys() & true) / len(twins) > 0.9
        assert matching_proposals.find_matches(session, now, twins) == ProposalChanges(len(twins), 0, 0)
        best = matching_proposals.page(session, limit=1)[0][0].proposal
        assert best.weight > 0.99
        assert {"name", "phone"} <= {field["field"] for field in best.evidence} <= {"name", "domain", "phone", "postcode"}
        matching_proposals.reject(session, best.id or 0, actor="anna", now=now)
        assert matching_proposals.find_matches(session, now, twins) == ProposalChanges(0, len(twins) - 1, 0)


def test_parents_and_their_subsidiaries_are_not_proposed(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        parents = {child: parent for parent, child in listed_twice(session)}
        twins = splink.similar_accounts([one._replace(parent_id=parents.get(one.id)) for one in matching_proposals.accounts(session)])
    assert not twins.keys() & {(parent, child) for child, parent in parents.items()}


def test_a_list_to_learn_nothing_from_is_refused_in_a_sentence(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        with pytest.raises(DomainError, match=r"^0 accounts are too few for splink to learn from \(500 at least\): leave out --with$"):
            splink.similar_accounts(matching_proposals.accounts(session))
        session.add_all(Account(ref=f"A{number}", name=f"Firm {number}", created_at=LONG_AGO) for number in range(splink.FEWEST))
        with pytest.raises(DomainError, match="too few of the accounts look the same for splink to learn from them"):
            splink.similar_accounts(matching_proposals.accounts(session))


def test_without_the_extra_it_is_said_how_to_install_it(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink.internals.exceptions", None)
    with sqlite_database.transaction() as session:
        listed_twice(session)
        with pytest.raises(DomainError, match=r"pip install 'musterroll\[dedup\]'$"):
            splink.similar_accounts(matching_proposals.accounts(session))

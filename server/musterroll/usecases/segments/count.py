"""Working out all segments from the whole fleet, and storing what came of it. A job does both, in sessions of its own."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.notifications.events import EventKind
from musterroll.domain.segments import ready_made as numbers
from musterroll.domain.segments.outcomes import AccountState
from musterroll.domain.segments.pairs import LearnedPair, learn
from musterroll.domain.segments.standing import Standing, standings
from musterroll.domain.usage.days import OPERATING
from musterroll.domain.usage.periods import day_of
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import to_ms
from musterroll.storage.accounts import hierarchy
from musterroll.storage.contracts import exchange_rates, renewals, retention
from musterroll.storage.engine.columns import Columns
from musterroll.storage.fleet import segments as fleet_sums
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.operations import checkpoints
from musterroll.storage.segments import facts, hand_overs, pairs
from musterroll.storage.segments import members as stored
from musterroll.storage.segments.members import Member
from musterroll.storage.usage import readings
from musterroll.usecases.contracts import limits
from musterroll.usecases.coverage.limits import LineLimitUse
from musterroll.usecases.fleet import pages as fleet_pages
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.fleet.segments import Segment
from musterroll.usecases.installed_base import renewals as base_renewals
from musterroll.usecases.segments import rules
from musterroll.usecases.segments.rules import Names
from musterroll.usecases.usage import declining

JOB = "segments"  # at: when they were counted last
_REFRESH = timedelta(minutes=15)
_KEPT = timedelta(days=400)  # sizes by day
_MOST = 200  # events of accounts that enter a segment together


class CountedSegments(NamedTuple):
    """The members of every segment on a day, the pairs learned, and the state of every account."""

    on: date
    members: dict[str, list[Member]]
    names: dict[str, str]
    pairs: list[LearnedPair]
    states: dict[int, AccountState]
    limits: list[LineLimitUse]  # near or reached


def due(session: Session, now: datetime) -> bool:
    """Whether the segments are old, or documents have come in since they were counted."""
    counted = checkpoints.mark(session, JOB).at
    return counted < max(to_ms(now - _REFRESH), import_runs.last_imported_at(session) or 0)


def count(session: Session, now: datetime) -> CountedSegments:
    """Only reads; the session sees the whole fleet."""
    on = now.astimezone(UTC).date()
    columns = facts.read(session, day_of(on), numbers.ENGAGED_DAYS)
    names = Names(hierarchy.ids(session), pairs.product_names(session), readings.names(session))
    standing, units = standings(retention.contracts(session).values(), on), facts.states(columns)
    learned = learn(*facts.owned(columns))
    by_key = {
        **_of_contracts(session, standing, units, names, now),
        **_of_units(session, columns, names, now),
        **_of_use(columns, names, on),
        "cross-sell": _cross_sell(session, columns, learned, names),
    }
    used = list(limits.beyond_within(session, now))
    by_key["upsell"] = rules.upsell(used)
    filters = fleet_segments.all_segments(session)
    by_key |= {segment.key: _of_filter(session, segment, now) for segment in filters}
    states = _states(standing, units)
    return CountedSegments(
        on,
        {key: [_with_state(member, states) for member in rows] for key, rows in by_key.items()},
        {**{key: segment.name for key, segment in numbers.BY_KEY.items()}, **{segment.key: segment.name for segment in filters}},
        learned,
        states,
        used,
    )


def keep(session: Session, counted: CountedSegments, now: datetime) -> None:
    """Store members, sizes, pairs and outcomes, and record who has entered a segment."""
    events: list[NewEvent] = []
    for key, rows in counted.members.items():
        entered = stored.store(session, key, rows, counted.on)
        stored.store_size(session, key, rows, counted.on, to_ms(now))
        events += _entered(counted, key, rows, entered.account_ids, now)
    stored_events.record(session, [*events, *(_limit_used(of, now) for of in counted.limits)])
    stored.forget(session, list(counted.members), counted.on - _KEPT)
    pairs.store(session, counted.pairs)
    hand_overs.judge(session, counted.states, counted.on - _KEPT)
    checkpoints.put(session, JOB, 0, to_ms(now))


def make_due(session: Session) -> None:
    """Have the segments counted again at once, after a decision that changes them."""
    checkpoints.put(session, JOB, 0, 0)


def _entered(counted: CountedSegments, key: str, rows: Iterable[Member], ids: Collection[int], now: datetime) -> list[NewEvent]:
    """An event for each account, or one for all where they are many."""
    if len(ids) > _MOST:
        return [NewEvent(EventKind.SEGMENT_ENTERED, to_ms(now), units=len(ids), variant=key[:32], detail=counted.names[key])]
    by_id = {row.account_id: row for row in rows}
    return [
        NewEvent(
            EventKind.SEGMENT_ENTERED,
            to_ms(now),
            account_id=account,
            units=by_id[account].units,
            variant=key[:32],
            worth=next(iter(by_id[account].worth), None),
            further=by_id[account].worth[1:],
            detail=counted.names[key],
        )
        for account in ids
    ]


def _limit_used(of: LineLimitUse, now: datetime) -> NewEvent:
    """By its key once for each level of a period. With the day on which the limit is used up at this pace."""
    use = of.use
    allowed, since = f"{(use.allowance.amount or Decimal()).normalize():f}", use.allowance.span.starts_on
    key = f"limit:{of.cover.line.id}:{use.limit.kind}:{since}:{allowed}:{use.level}:{use.limit.counter}"
    account = of.cover.contract.account
    return NewEvent(
        EventKind.LIMIT_USED, to_ms(now), key[:120], account_id=account, variant=use.level.value, on=use.used_up_on, detail=of.says
    )


def _of_contracts(
    session: Session, standing: Mapping[int, Standing], units: Mapping[int, tuple[int, int]], names: Names, now: datetime
) -> dict[str, list[Member]]:
    on = now.astimezone(UTC).date()
    due = base_renewals.due_contracts(session, now).value.due
    gone = rules.lapsed_contracts(standing, lambda account: units.get(account, (0, 0))[1], on)
    worth = renewals.worth_by_contract(session, [contract for of in gone.values() for contract in of.ended], on)
    return {
        "lapsed": rules.lapsed(gone, worth),
        "near-end": rules.near_end(due, names, on),
        "notice-due": rules.notice_due(due, names, on),
    }


def _of_units(session: Session, columns: Columns, names: Names, now: datetime) -> dict[str, list[Member]]:
    on = now.astimezone(UTC).date()
    deployed, exchange = facts.sums(columns, facts.DEPLOYED), exchange_rates.exchange(session, on)
    since = add_months(on, -numbers.BUYING_MONTHS) + timedelta(days=1)
    return {
        "valuable-dormant": rules.valuable_dormant(deployed, facts.sums(columns, facts.SILENT), exchange),
        "at-risk": rules.at_risk(declining.declining(session, now).value.accounts, deployed, names),
        "frequent-buyers": rules.frequent_buyers(*facts.bought(columns, since, on, numbers.BUYING_TIMES)),
    }


def _of_use(columns: Columns, names: Names, on: date) -> dict[str, list[Member]]:
    operating = next((key for key, name in names.counters.items() if name == OPERATING), 0)
    usual = {"fewest": numbers.FEATURE_ACCOUNTS, "least": numbers.FEATURE_SHARE}
    unused = facts.unused(columns, day_of(on), days=numbers.FEATURE_DAYS, operating=operating, **usual)  # type: ignore[arg-type]
    fewest = {"units": numbers.ENGAGED_UNITS, "accounts": numbers.ENGAGED_ACCOUNTS}
    return {
        "feature-unused": rules.unused_features(*unused, names),
        "low-engagement": rules.engagement(*facts.engaged(columns, numbers.LOW, low=True, **fewest), names, low=True),
        "heavy-users": rules.engagement(*facts.engaged(columns, numbers.HEAVY, low=False, **fewest), names, low=False),
    }


def _cross_sell(session: Session, columns: Columns, learned: Iterable[LearnedPair], names: Names) -> list[Member]:
    by_pair = {(pair.owned.a, pair.owned.b): pair for pair in learned}
    return rules.cross_sell(*facts.lacking(columns, pairs.confirmed(session)), by_pair, names)


def _of_filter(session: Session, segment: Segment, now: datetime) -> list[Member]:
    where = fleet_pages.all_conditions(session, segment.filters, now)
    return [] if where is None else rules.members(fleet_sums.by_owner(session, where))


def _states(standing: Mapping[int, Standing], units: Mapping[int, tuple[int, int]]) -> dict[int, AccountState]:
    return {
        account: AccountState(*units.get(account, (0, 0)), standing.get(account, Standing()).term_began)
        for account in {*standing, *units} - {0}
    }


def _with_state(member: Member, states: Mapping[int, AccountState]) -> Member:
    state = states.get(member.account_id, AccountState())
    return member._replace(deployed=state.deployed, covered=state.covered, term_began=state.term_began)

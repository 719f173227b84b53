"""`musterroll segments`: groups of accounts and units to act on, pairs of products, and hand-overs."""

from datetime import datetime
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.segments.outcomes import HandOverOutcome, HandOverWay
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import format_sums
from musterroll.storage.segments import hand_overs as stored_hand_overs
from musterroll.storage.segments import pairs as stored_pairs
from musterroll.storage.segments.hand_overs import HandOverSize
from musterroll.storage.segments.pairs import KnownPair
from musterroll.usecases.segments import count, hand_over, lists, pairs
from musterroll.usecases.segments.hand_over import Receiver
from musterroll.usecases.segments.lists import SegmentAccount, SegmentSize, SegmentView

_ACTOR = "command line"
_SEGMENTS: Columns[tuple[SegmentView, SegmentSize]] = (
    Column("KEY", lambda row: row[0].key),
    Column("GROUP", lambda row: row[0].group),
    Column("NAME", lambda row: row[0].name),
    Column("UNITS", lambda row: f"{row[1].units:,}" if row[1].at else "not counted yet", right=True),
    Column("ACCOUNTS", lambda row: f"{row[1].accounts:,}" if row[1].at else "", right=True),
    Column("ANNUAL VALUE", lambda row: format_sums(row[1].worth) or "-", right=True),
    Column("PRICED", lambda row: f"{row[1].priced:,}", right=True),
)
_ACCOUNTS: Columns[SegmentAccount] = (
    Column("ACCOUNT", lambda row: row.ref or "-"),
    Column("NAME", lambda row: row.name or "no account"),
    Column("UNITS", lambda row: f"{row.units:,}", right=True),
    Column("ANNUAL VALUE", lambda row: format_sums(row.worth) or "-", right=True),
    Column("SINCE", lambda row: row.entered_on),
    Column("CONTACT", lambda row: row.contact.name or row.contact.email),
    Column("WHY", lambda row: row.why),
)
_PAIRS: Columns[KnownPair] = (
    Column("A", lambda of: of.pair.owned.a, right=True),
    Column("B", lambda of: of.pair.owned.b, right=True),
    Column("OWNS", lambda of: of.a),
    Column("GOES WITH", lambda of: of.b),
    Column("BOTH", lambda of: f"{of.pair.owned.both:,} of {of.pair.owned.first:,}", right=True),
    Column("LIFT", lambda of: f"{of.pair.lift:.2f}", right=True),
    Column("BY CHANCE", lambda of: f"{of.pair.p:.2g}", right=True),
    Column("", lambda of: {None: "undecided", True: "confirmed", False: "dismissed"}[of.confirmed]),
)
_HANDED: Columns[HandOverSize] = (
    Column("NUMBER", lambda of: of.hand_over.id, right=True),
    Column("ON", lambda of: _at(of).date()),
    Column("BY", lambda of: of.hand_over.handed_by),
    Column("HOW", lambda of: f"{of.hand_over.way} {of.hand_over.receiver}".strip()),
    Column("ACCOUNTS", lambda of: f"{of.accounts:,}", right=True),
    Column("RENEWED", lambda of: f"{of.outcomes[HandOverOutcome.RENEWED]:,}", right=True),
    Column("EXPANDED", lambda of: f"{of.outcomes[HandOverOutcome.EXPANDED]:,}", right=True),
    Column("STILL IN", lambda of: f"{of.outcomes[HandOverOutcome.STILL_IN]:,}", right=True),
    Column("NO LONGER IN", lambda of: f"{of.outcomes[HandOverOutcome.LEFT]:,}", right=True),
    Column("LOST", lambda of: f"{of.outcomes[HandOverOutcome.LOST]:,}", right=True),
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def segments(click_context: click.Context, as_json: bool) -> None:
    """List the segments and saved filters with their units, accounts and annual value."""
    if click_context.invoked_subcommand is not None:
        return
    context: Context = click_context.obj
    now = clock()
    with context.database().snapshot() as session:
        views = lists.views(session)
        sizes = lists.sizes(session, views, now)
    print_list([(view, sizes[view.key]) for view in views], _SEGMENTS, empty="No segments.", as_json=as_json, shape=_segment)


@segments.command("accounts")
@click.argument("key")
@limit_option("accounts", default=500)
@json_option
@click.pass_obj
def accounts_(context: Context, key: str, limit: int, as_json: bool) -> None:
    """List the accounts of segment KEY, and why they are in it."""
    with context.database().snapshot() as session:
        view = lists.view(session, key)
        rows, _ = lists.accounts(session, view, None, limit, clock())
    if not as_json:
        click.echo(f"{view.name}: {view.rule or view.action}\n")
    print_list(rows, _ACCOUNTS, empty="No accounts in this segment.", as_json=as_json, shape=_account)


@segments.command("count")
@click.pass_obj
def count_(context: Context) -> None:
    """Count all segments now (the schedule does so every 15 minutes and after each import)."""
    now = clock()
    with context.database().snapshot() as session:
        counted = count.count(session, now)
    with context.database().transaction() as session:
        count.keep(session, counted, now)
    click.echo(f"{len(counted.members):,} segments counted; {len(counted.pairs):,} pairs of products learned")


@segments.command("pairs")
@json_option
@click.pass_obj
def pairs_(context: Context, as_json: bool) -> None:
    """List pairs of products that accounts own together, with the evidence."""
    with context.database().snapshot() as session:
        rows = stored_pairs.known(session)
    print_list(rows, _PAIRS, empty="No pairs of products that go together.", as_json=as_json, shape=_pair)


@segments.command("confirm")
@click.argument("a", type=int)
@click.argument("b", type=int)
@click.option("--dismiss", is_flag=True, help="Say that they do not go together.")
@click.pass_obj
def confirm(context: Context, a: int, b: int, dismiss: bool) -> None:
    """Confirm that product B goes with product A (numbers as in `segments pairs`), for the segment cross-sell."""
    with context.database().transaction() as session:
        change = pairs.decide(session, a, b, confirmed=not dismiss, actor=_ACTOR, now=clock())
        click.echo(f"Saved as change {change.id}" if change else "Nothing to change")


@segments.command("hand-over")
@click.argument("key")
@click.argument("way", type=click.Choice([way.value for way in HandOverWay]))
@click.option("--to", "receiver", default="", help="A user to assign to, or the name of a system or list.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="Due date of the follow-ups, such as 2026-12-24.")
@click.option("--comment", default="")
@click.pass_obj
def hand_over_(context: Context, key: str, way: str, receiver: str, due: datetime | None, comment: str) -> None:
    """Record the accounts of segment KEY as handed over: as an export, by webhook, or assigned to a user."""
    with context.database().transaction() as session:
        to = Receiver(HandOverWay(way), receiver, due.date() if due else None, comment)
        row = hand_over.hand_over(session, lists.view(session, key), to, _ACTOR, clock())
        click.echo(f"Handed over as number {row.id}")


@segments.command("hand-overs")
@click.argument("key")
@json_option
@click.pass_obj
def hand_overs_(context: Context, key: str, as_json: bool) -> None:
    """List the hand-overs of segment KEY and what became of the accounts."""
    with context.database().snapshot() as session:
        rows = stored_hand_overs.of_segment(session, lists.view(session, key).key, 1_000)
    print_list(rows, _HANDED, empty="This segment was not handed over yet.", as_json=as_json, shape=_handed)


def _at(of: HandOverSize) -> datetime:
    return from_ms(of.hand_over.handed_at)


def _segment(row: tuple[SegmentView, SegmentSize]) -> dict[str, Any]:
    view, size = row
    about = {name: getattr(view, name) for name in ("key", "name", "group", "rule", "counts", "source")}
    counts = {"units": size.units, "accounts": size.accounts, "unpriced": size.units - size.priced}
    return {**about, "says": view.action, **counts, "worth": _amounts(size.worth), "counted_at": size.at and size.at.isoformat()}


def _account(row: SegmentAccount) -> dict[str, Any]:
    return {**row._asdict(), "worth": _amounts(row.worth), "contact": row.contact._asdict()}


def _pair(of: KnownPair) -> dict[str, Any]:
    measures = {name: getattr(of.pair, name) for name in ("support", "confidence", "lift", "p")}
    return {**of.pair.owned._asdict(), "a_name": of.a, "b_name": of.b, **measures, "confirmed": of.confirmed}


def _handed(of: HandOverSize) -> dict[str, Any]:
    row = of.hand_over
    about = {"number": row.id, "at": _at(of).isoformat(), "by": row.handed_by, "way": row.way.value, "receiver": row.receiver}
    return {**about, "accounts": of.accounts, **{how.value.replace(" ", "_"): count for how, count in of.outcomes.items()}}


def _amounts(sums: Any) -> dict[str, str]:
    return {money.currency: f"{money.amount:.2f}" for money in sums}

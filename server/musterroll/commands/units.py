"""`musterroll units`: single units moved, replaced, and what is set for them."""

from datetime import date, datetime
from typing import Any

import click
from sqlmodel import Session

from musterroll.commands.context import Context, clock
from musterroll.commands.products import interval_of
from musterroll.commands.reconciliation import Day
from musterroll.commands.tables import json_option, print_json
from musterroll.domain.liveness.rhythm import evidence
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.durations import rounded
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.instants import to_ms
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.units.unit_card import unit_id
from musterroll.usecases.enrolment import revocation
from musterroll.usecases.liveness import rhythms
from musterroll.usecases.units import interval as unit_interval
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units import replace as unit_replace
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.unit_card import UnitCard

_REASON = click.option("--reason", default="", help="Why, for the audit log.")


@click.group()
def units() -> None:
    """Manage single units."""


@units.command("rhythm")
@click.argument("code", metavar="UNIT")
@json_option
@click.pass_obj
def rhythm_(context: Context, code: str, as_json: bool) -> None:
    """Print when UNIT (unit ID or serial) usually reports, as learned from the last 28 days, and whether its silence is unusual."""
    now = clock()
    with context.database().snapshot() as session:
        card = _unit(session, code, now)
        rhythm = rhythms.of_unit(session, unit_id(session, card.uid) or 0)
    silence = None if card.heard_at is None else (to_ms(now) - card.heard_at) // 1000
    if as_json:
        learned = {"pace": card.pace, "days": rhythm.days, "usual_hours": rhythm.usual_hours(), "usual": card.usual}
        print_json({"id": card.uid, "liveness": card.liveness, "silence": silence, "quiet_after": rhythm.least, **learned})
    elif rhythm.least is None or silence is None:
        click.echo(f"{card.serial}: nothing is known to be unusual yet; it is stale after {rounded(card.stale_after)} of silence.")
    else:
        click.echo(f"{card.serial}: {evidence(rhythm, card.pace, silence)}. It is {card.liveness}.")


@units.command("interval")
@click.argument("code", metavar="UNIT")
@click.argument("interval")
@click.option("--reason", default="", help="Why, for the audit log.")
@json_option
@click.pass_obj
def interval_(context: Context, code: str, interval: str, reason: str, as_json: bool) -> None:
    """Set how often UNIT (unit ID or serial) reports: INTERVAL is 30s, 5min, 1h, 1d, or none for that of its product."""
    seconds, now = interval_of(interval), clock()
    with context.database().transaction() as session:
        unit = _unit(session, code, now)
        change = unit_interval.set_interval(session, unit.uid, seconds, actor="command line", now=now, reason=reason)
        number, subject = change.id, change.subject
    if as_json:
        print_json({"change": number})
    else:
        click.echo(f"Saved: {subject}. The device is told when it next reports. To undo: musterroll changes undo {number}")


def _unit(session: Session, code: str, now: datetime) -> UnitCard:
    """The unit with this id or serial. Raises Conflict unless there is exactly one."""
    result = look_up(session, code, now)
    if len(result.units) != 1:
        raise Conflict(result.problem or f"{len(result.units)} units have the serial {result.key}; give the unit ID")
    return result.units[0]


@units.command()
@click.argument("code", metavar="UNIT")
@click.argument("to", type=click.Choice(["stock", "shipped", "deployed", "returned", "retired"]))
@click.option("--account", help="Account number.")
@click.option("--site", help="Site number; implies its account.")
@click.option("--on", type=Day(), help="Day of the change, not in the future; default: today (UTC).")
@_REASON
@json_option
@click.pass_obj
def move(context: Context, code: str, to: str, account: str | None, site: str | None, on: date | None, reason: str, as_json: bool) -> None:
    """Move UNIT (unit ID or serial) to a state, account or site: ship, deploy, return, retire."""
    now = clock()
    with context.database().transaction() as session:
        uid, place = _unit(session, code, now).uid, {"account": account, "site": site}
        _report(unit_move.move_unit(session, uid, Lifecycle(to), actor="command line", now=now, reason=reason, on=on, **place), as_json)


@units.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--becomes", type=click.Choice(["returned", "retired", "stock"]), default="returned", show_default=True, help="State of OLD.")
@click.option("--on", type=Day(), help="Day of the change, not in the future; default: today (UTC).")
@click.option("--keep-lines", is_flag=True, help="Leave contract lines with the old serial.")
@click.option("--keep-warranty", is_flag=True, help="Leave the remaining warranty with the old unit.")
@_REASON
@json_option
@click.pass_obj
def replace(
    context: Context, /, old: str, new: str, becomes: str, keep_lines: bool, keep_warranty: bool, as_json: bool, **facts: Any
) -> None:
    """Replace unit OLD by unit NEW (unit IDs or serials)."""
    now = clock()
    with context.database().transaction() as session:
        uids = [_unit(session, code, now).uid for code in (old, new)]
        options = {"becomes": Lifecycle(becomes), "lines": not keep_lines, "remaining_warranty": not keep_warranty, **facts}
        _report(unit_replace.replace(session, *uids, actor="command line", now=now, **options), as_json)


@units.command()
@click.argument("code", metavar="UNIT")
@click.option("--reason", required=True, help="Why: kept in the audit log, and told to the device.")
@json_option
@click.pass_obj
def revoke(context: Context, code: str, reason: str, as_json: bool) -> None:
    """Revoke the credential of UNIT (unit ID or serial) for good: its device is disconnected within seconds and stays refused."""
    now = clock()
    with context.database().transaction() as session:
        unit = _unit(session, code, now)
        number = revocation.revoke(session, unit.uid, reason=reason, actor="command line", now=now).id
    if as_json:
        print_json({"change": number})
    else:
        click.echo(f"The credential of {unit.serial} is revoked. To issue a new one: musterroll units readmit {unit.uid}")


@units.command()
@click.argument("code", metavar="UNIT")
@json_option
@click.pass_obj
def readmit(context: Context, code: str, as_json: bool) -> None:
    """Let the device of UNIT (unit ID or serial) have a new credential: prints a claim token, valid once and for a week."""
    now = clock()
    with context.database().transaction() as session:
        unit = _unit(session, code, now)
        token, plain = revocation.readmit(session, unit.uid, actor="command line", now=now)
        expires_at = token.expires_at
    if as_json:
        print_json({"unit": unit.uid, "token": plain, "expires_at": expires_at})
    else:
        click.echo(f"Claim token for {unit.serial}, valid once, until {expires_at:%Y-%m-%d %H:%M} UTC, shown only now: {plain}")
        click.echo("On the device: musterroll-agent enroll --force --registry URL --token TOKEN")


def _report(change: AuditChange, as_json: bool) -> None:
    if as_json:
        print_json({"change": change.id})
    else:
        click.echo(f"Saved: {change.subject}. To undo: musterroll changes undo {change.id}")

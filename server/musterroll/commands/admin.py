"""Commands for whoever runs the registry: database, tokens, settings, the contract."""

from datetime import timedelta
from typing import Any

import click
from pydantic import SecretStr

from musterroll.commands import users
from musterroll.commands.context import Context, clock, show
from musterroll.settings import Settings
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.storage.messages import registry_epoch
from musterroll.usecases.enrolment import enrol

_ACTOR = "command line"


@click.group()
def db() -> None:
    """The registry's database."""


@db.command("upgrade")
@click.pass_obj
def upgrade(context: Context) -> None:
    """Bring the database to this version's tables."""
    context.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    before, after = migrate.upgrade(Database(context.settings.database))
    click.echo(f"The database is at revision {after}" + ("." if before == after else f" (it was at {before or 'nothing'})."))


@db.command("restored")
@click.pass_obj
def restored(context: Context) -> None:
    """Say that the database was restored from a backup: every unit then sends again what it still keeps (7 days)."""
    with context.database().writing() as session:
        epoch = registry_epoch.advance(session)
    click.echo(f"The registry's epoch is now {epoch}; units send again what they keep, as soon as they hear of it.")


@click.group()
def token() -> None:
    """Tokens: claim tokens that let devices enrol, API tokens that let programs in."""


@token.command("create")
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@click.option("--days", default=7.0, show_default=True, type=click.FloatRange(min=0, min_open=True, max=3650), help="How long it lives.")
@click.option("--uses", default=1, show_default=True, type=click.IntRange(1, 1_000_000), help="How many units may enrol with it.")
@click.option("--serial", "serials", multiple=True, help="Only this serial (repeat for more).")
@click.option("--account", help="Account number the units are deployed to.")
@click.option("--site", help="Site number the units are deployed to, from today.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def create(context: Context, /, days: float, as_json: bool, **wanted: Any) -> None:
    """Make a claim token and show it, once."""
    wanted["serials"] = list(wanted["serials"])
    with context.database().writing() as session:
        made, plain = enrol.create_token(session, life=timedelta(days=days), actor=_ACTOR, now=clock(), **wanted)
    if as_json:
        show({"token": plain, "id": made.id, "expires_at": made.expires_at, "uses": made.max_uses})
        return
    click.echo(plain)
    url = context.settings.public_url or f"http://{context.settings.http_listen}"
    click.echo(f"Good for {made.max_uses} use(s) until {made.expires_at:%Y-%m-%d %H:%M} UTC. On the device:", err=True)
    click.echo(f"  musterroll-agent enroll --registry {url} --token={plain}", err=True)


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def list_tokens(context: Context, as_json: bool) -> None:
    """Claim tokens, newest first, without their secrets."""
    with context.database().reading() as session:
        found = enrol.tokens(session)
    if as_json:
        show([one.model_dump(exclude={"token_hash"}) for one in found])
        return
    for one in found:
        state = "revoked" if one.revoked_at else f"until {one.expires_at:%Y-%m-%d %H:%M}"
        click.echo(f"{one.id:>5}  {one.uses}/{one.max_uses} used  {state}  {one.label}")


@token.command("revoke")
@click.argument("token_id", type=int)
@click.pass_obj
def revoke(context: Context, token_id: int) -> None:
    """End a claim token before its time."""
    with context.database().writing() as session:
        enrol.revoke_token(session, token_id, _ACTOR, clock())
    click.echo(f"Claim token {token_id} lets nobody in any more.")


token.add_command(users.api)


@click.group("config")
def config() -> None:
    """The settings."""


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def config_show(context: Context, as_json: bool) -> None:
    """Every setting, its value now (secrets hidden) and what it is for."""
    values = {name: _plain(getattr(context.settings, name)) for name in Settings.model_fields}
    if as_json:
        show(values)
        return
    for name, field in Settings.model_fields.items():
        click.echo(click.style(f"MUSTERROLL_{name.upper()}", bold=True) + f" = {'' if values[name] is None else values[name]}")
        click.echo(f"    {field.description}")


def _plain(value: Any) -> Any:
    return "(hidden)" if isinstance(value, SecretStr) else value if value is None or isinstance(value, int | float | list) else str(value)


@click.command()
def asyncapi() -> None:
    """The wire contract as an AsyncAPI 3 document."""
    from musterroll_wire.schema import asyncapi as document

    from musterroll import __version__

    show(document(__version__))

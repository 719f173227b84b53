"""Administration: `musterroll db`, `token`, `config` and `asyncapi`."""

from datetime import timedelta
from typing import Any

import click
from pydantic import SecretStr

from musterroll.commands import users
from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_list
from musterroll.settings import Settings
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.storage.messages import registry_epoch
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.usecases.enrolment import enrol

_ACTOR = "command line"
_TOKENS: Columns[ClaimToken] = (
    Column("ID", lambda token: token.id, right=True),
    Column("PURPOSE", lambda token: token.label),
    Column("USED", lambda token: f"{token.uses}/{token.max_uses}", right=True),
    Column("EXPIRES (UTC)", lambda token: f"{token.expires_at:%Y-%m-%d %H:%M}"),
    Column("REVOKED (UTC)", lambda token: f"{token.revoked_at:%Y-%m-%d %H:%M}" if token.revoked_at else None),
)


@click.group()
def db() -> None:
    """Manage the registry's database."""


@db.command("upgrade")
@click.pass_obj
def upgrade(context: Context) -> None:
    """Migrate the database to the schema of this version."""
    context.make_embedded_file()
    before, after = migrate.upgrade(Database(context.settings.database))
    click.echo(f"The database is at revision {after}" + ("." if before == after else f" (upgraded from {before or 'an empty database'})."))


@db.command("restored")
@click.pass_obj
def restored(context: Context) -> None:
    """Run this after restoring a backup: units then resend the messages they still keep (7 days)."""
    with context.database().transaction() as session:
        epoch = registry_epoch.advance(session)
    click.echo(f"The registry epoch is now {epoch}. Units that receive it resend the messages they still keep.")


@click.group()
def token() -> None:
    """Manage claim tokens (to enrol devices) and API tokens (for programs)."""


@token.command("create")
@click.option("--label", default="command line", show_default=True, help="Purpose.")
@click.option(
    "--days", default=7.0, show_default=True, type=click.FloatRange(min=0, min_open=True, max=3650), help="Days until it expires."
)
@click.option("--uses", default=1, show_default=True, type=click.IntRange(1, 1_000_000), help="Number of units that can enrol with it.")
@click.option("--serial", "serials", multiple=True, help="Accept only this serial; repeat for more.")
@click.option("--account", help="Deploy the units to this registered account (number).")
@click.option("--site", help="Deploy the units to this registered site (number) on the day they enrol.")
@json_option
@click.pass_obj
def create(context: Context, /, days: float, as_json: bool, **options: Any) -> None:
    """Create a claim token and print it (shown only once)."""
    options["serials"] = list(options["serials"])
    with context.database().transaction() as session:
        claim, plain = enrol.create_token(session, life=timedelta(days=days), actor=_ACTOR, now=clock(), **options)
    if as_json:
        print_json({"token": plain, "id": claim.id, "expires_at": claim.expires_at, "uses": claim.max_uses})
        return
    click.echo(plain)
    url = context.settings.public_url or f"http://{context.settings.http_listen}"
    uses = "one enrolment" if claim.max_uses == 1 else f"{claim.max_uses} enrolments"
    click.echo(f"Valid for {uses} until {claim.expires_at:%Y-%m-%d %H:%M} UTC. On the device, run:", err=True)
    click.echo(f"  musterroll-agent enroll --registry {url} --token={plain}", err=True)


@token.command("list")
@json_option
@click.pass_obj
def list_tokens(context: Context, as_json: bool) -> None:
    """List claim tokens, newest first, without their secrets."""
    with context.database().snapshot() as session:
        tokens = enrol.tokens(session)
    print_list(tokens, _TOKENS, empty="No claim tokens.", as_json=as_json, shape=lambda token: token.model_dump(exclude={"token_hash"}))


@token.command("revoke")
@click.argument("token_id", type=int)
@click.pass_obj
def revoke(context: Context, token_id: int) -> None:
    """Revoke a claim token."""
    with context.database().transaction() as session:
        enrol.revoke_token(session, token_id, _ACTOR, clock())
    click.echo(f"Claim token {token_id} revoked.")


token.add_command(users.api)


@click.group("config")
def config() -> None:
    """Show the settings."""


@config.command("show")
@json_option
@click.pass_obj
def config_show(context: Context, as_json: bool) -> None:
    """Show every setting with its current value (secrets hidden) and its description."""
    values = {name: _plain(getattr(context.settings, name)) for name in Settings.model_fields}
    if as_json:
        print_json(values)
        return
    for name, field in Settings.model_fields.items():
        click.echo(click.style(f"MUSTERROLL_{name.upper()}", bold=True) + f" = {'' if values[name] is None else values[name]}")
        click.echo(f"    {field.description}")


def _plain(value: Any) -> Any:
    return "(hidden)" if isinstance(value, SecretStr) else value if value is None or isinstance(value, int | float | list) else str(value)


@click.command()
def asyncapi() -> None:
    """Print the MQTT contract as an AsyncAPI 3 document."""
    from musterroll_wire.schema import asyncapi as document

    from musterroll import __version__

    print_json(document(__version__))

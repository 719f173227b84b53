"""`musterroll user` and `musterroll token api`: who has access."""

from datetime import timedelta
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_list
from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError
from musterroll.storage.tables.access import ApiToken
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import users as access_users
from musterroll.usecases.access.users import Person

_ACTOR = "command line"
_ACCOUNTS = click.option(
    "--account", "accounts", multiple=True, help="Limit access to this account (number) and its subsidiaries; repeat for more."
)
_USERS: Columns[Person] = (
    Column("ID", lambda user: user.id, right=True),
    Column("NAME", lambda user: user.name),
    Column("ROLE", lambda user: user.role),
    Column("ACCOUNTS", lambda user: _accounts(user.within)),
    Column("STATUS", lambda user: "disabled" if user.disabled_at else "must change password" if user.must_change else "active"),
)
_TOKENS: Columns[tuple[ApiToken, list[str] | None]] = (
    Column("ID", lambda row: row[0].id, right=True),
    Column("PROGRAM", lambda row: row[0].label),
    Column("SCOPES", lambda row: ",".join(row[0].scopes)),
    Column("ACCOUNTS", lambda row: _accounts(row[1])),
    Column("EXPIRES (UTC)", lambda row: f"{row[0].expires_at:%Y-%m-%d}" if row[0].expires_at else "never"),
    Column("REVOKED (UTC)", lambda row: f"{row[0].revoked_at:%Y-%m-%d}" if row[0].revoked_at else None),
)


@click.group()
def user() -> None:
    """Manage users."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.VIEWER.value, show_default=True, help="Role.")
@_ACCOUNTS
@click.pass_obj
def add(context: Context, name: str, role: str, accounts: tuple[str, ...]) -> None:
    """Create a user and print the initial password (shown only once; must be changed at first sign-in)."""
    with context.database().transaction() as session:
        _, password = access_users.add(session, name=name, role=Role(role), within=accounts or None, actor=_ACTOR, now=clock())
    click.echo(password)


@user.command("list")
@json_option
@click.pass_obj
def list_users(context: Context, as_json: bool) -> None:
    """List users by name."""
    with context.database().snapshot() as session:
        users = access_users.everybody(session)
    print_list(users, _USERS, empty="No users.", as_json=as_json, shape=lambda user: user._asdict())


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@_ACCOUNTS
@click.pass_obj
def set_role(context: Context, name: str, role: str, accounts: tuple[str, ...]) -> None:
    """Set a user's role and accounts (without --account: all accounts). Ends their sessions."""
    with context.database().transaction() as session:
        access_users.allow(session, access_users.named(session, name), Role(role), accounts or None, actor=_ACTOR, now=clock())
    click.echo(f"{name} is now {role} for {', '.join(accounts) or 'all accounts'}.")


@user.command("disable")
@click.argument("name")
@click.pass_obj
def disable(context: Context, name: str) -> None:
    """Disable a user with immediate effect."""
    with context.database().transaction() as session:
        access_users.disable(session, access_users.named(session, name), actor=_ACTOR, now=clock())
    click.echo(f"User {name} disabled.")


@user.command("enable")
@click.argument("name")
@click.pass_obj
def enable(context: Context, name: str) -> None:
    """Enable a disabled user."""
    with context.database().transaction() as session:
        access_users.enable(session, access_users.named(session, name), actor=_ACTOR, now=clock())
    click.echo(f"User {name} enabled.")


@user.command("password")
@click.argument("name", default="admin")
@click.pass_obj
def password(context: Context, name: str) -> None:
    """Reset a user's password and print the new one (shown only once; must be changed at next sign-in). Ends their sessions."""
    with context.database().transaction() as session:
        plain = access_users.reset_password(session, access_users.named(session, name), actor=_ACTOR, now=clock())
    click.echo(plain)


@click.group("api", invoke_without_command=True)
@click.option("--label", help="Name of the program that uses the token.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(api_tokens.SCOPES),
    default=["read"],
    show_default=True,
    help="Scope; repeat for more. admin includes the others.",
)
@click.option(
    "--days", default=365.0, show_default=True, type=click.FloatRange(min=0, min_open=True, max=3650), help="Days until it expires."
)
@_ACCOUNTS
@click.pass_context
def api(click_context: click.Context, /, label: str | None, scopes: tuple[str, ...], days: float, accounts: tuple[str, ...]) -> None:
    """Create a bearer token for the REST API and print it (shown only once)."""
    if click_context.invoked_subcommand:
        return
    if not label:
        raise DomainError("--label is required: name the program that uses the token")
    now, context = clock(), click_context.obj
    options: dict[str, Any] = {"label": label, "scopes": list(scopes), "expires_at": now + timedelta(days=days)}
    with context.database().transaction() as session:
        _, plain = api_tokens.create(session, **options, within=accounts or None, actor=_ACTOR, now=now)
    click.echo(plain)


@api.command("list")
@json_option
@click.pass_obj
def list_tokens(context: Context, as_json: bool) -> None:
    """List API tokens, newest first, without their secrets."""
    with context.database().snapshot() as session:
        rows = [(token, access_users.account_refs(session, token.within)) for token in api_tokens.tokens(session)]
    print_list(rows, _TOKENS, empty="No API tokens.", as_json=as_json, shape=_token)


@api.command("revoke")
@click.argument("token_id", type=int)
@click.pass_obj
def revoke(context: Context, token_id: int) -> None:
    """Revoke an API token."""
    with context.database().transaction() as session:
        api_tokens.revoke(session, token_id, clock(), _ACTOR)
    click.echo(f"API token {token_id} revoked.")


def _accounts(within: list[str] | None) -> str:
    return "all" if within is None else ", ".join(within)


def _token(row: tuple[ApiToken, list[str] | None]) -> dict[str, Any]:
    token, within = row
    return {**token.model_dump(exclude={"token_hash"}), "within": within}

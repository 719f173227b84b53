"""Commands about who may do what: the people who sign in, and the tokens of programs."""

from datetime import timedelta
from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.domain.access import Role
from musterroll.domain.values.errors import Refusal
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import users as access_users

_ACTOR = "command line"
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
_ACCOUNTS = click.option("--account", "accounts", multiple=True, help="Only this account (its number) and all below it; repeat for more.")


@click.group()
def user() -> None:
    """The people who sign in."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.VIEWER.value, show_default=True)
@_ACCOUNTS
@click.pass_obj
def add(context: Context, name: str, role: str, accounts: tuple[str, ...]) -> None:
    """Add somebody and show a first password, once; it must be changed at the first sign-in."""
    with context.database().writing() as session:
        _, password = access_users.add(session, name=name, role=Role(role), within=accounts or None, actor=_ACTOR, now=clock())
    click.echo(password)


@user.command("list")
@_AS_JSON
@click.pass_obj
def list_users(context: Context, as_json: bool) -> None:
    """Everybody, by name."""
    with context.database().reading() as session:
        found = access_users.everybody(session)
    if as_json:
        show([person._asdict() for person in found])
        return
    for person in found:
        state = "disabled" if person.disabled_at else "first password" if person.must_change else ""
        limits = "everything" if person.within is None else ", ".join(person.within)
        click.echo(f"{person.id:>5}  {person.role:<10}  {person.name}  {limits}  {state}".rstrip())


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@_ACCOUNTS
@click.pass_obj
def set_role(context: Context, name: str, role: str, accounts: tuple[str, ...]) -> None:
    """Give a user a role and the accounts it is for (none named: every account); ends the user's sessions."""
    with context.database().writing() as session:
        access_users.allow(session, access_users.named(session, name), Role(role), accounts or None, actor=_ACTOR, now=clock())
    click.echo(f"{name} is {role}{' for ' + ', '.join(accounts) if accounts else ''}.")


@user.command("disable")
@click.argument("name")
@click.pass_obj
def disable(context: Context, name: str) -> None:
    """Shut a user out at once."""
    with context.database().writing() as session:
        access_users.disable(session, access_users.named(session, name), actor=_ACTOR, now=clock())
    click.echo(f"{name} may not sign in any more.")


@user.command("enable")
@click.argument("name")
@click.pass_obj
def enable(context: Context, name: str) -> None:
    """Let a user in again."""
    with context.database().writing() as session:
        access_users.enable(session, access_users.named(session, name), actor=_ACTOR, now=clock())
    click.echo(f"{name} may sign in again.")


@user.command("password")
@click.argument("name", default="admin")
@click.pass_obj
def password(context: Context, name: str) -> None:
    """Give a user a new random password, show it once, and end their sessions; it must be changed at the next sign-in."""
    with context.database().writing() as session:
        plain = access_users.reset_password(session, access_users.named(session, name), actor=_ACTOR, now=clock())
    click.echo(plain)


@click.group("api", invoke_without_command=True)
@click.option("--label", help="Which program it is for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(api_tokens.SCOPES), default=["read"], show_default=True)
@click.option("--days", default=365.0, show_default=True, type=click.FloatRange(min=0, min_open=True, max=3650), help="How long it lives.")
@_ACCOUNTS
@click.pass_context
def api(click_context: click.Context, /, label: str | None, scopes: tuple[str, ...], days: float, accounts: tuple[str, ...]) -> None:
    """Make a bearer token for the REST API and show it, once; or list and revoke them."""
    if click_context.invoked_subcommand:
        return
    if not label:
        raise Refusal("name the program with --label")
    now, context = clock(), click_context.obj
    wanted: dict[str, Any] = {"label": label, "scopes": list(scopes), "expires_at": now + timedelta(days=days)}
    with context.database().writing() as session:
        _, plain = api_tokens.create(session, **wanted, within=accounts or None, actor=_ACTOR, now=now)
    click.echo(plain)


@api.command("list")
@_AS_JSON
@click.pass_obj
def list_tokens(context: Context, as_json: bool) -> None:
    """API tokens, the newest first, without their secrets."""
    with context.database().reading() as session:
        found = api_tokens.tokens(session)
        limits = {token.id: access_users.account_refs(session, token.within) for token in found}
    if as_json:
        show([{**token.model_dump(exclude={"token_hash"}), "within": limits[token.id]} for token in found])
        return
    for token in found:
        state = "revoked" if token.revoked_at else f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "no end"
        click.echo(f"{token.id:>5}  {','.join(token.scopes):<16}  {state}  {token.label}  {', '.join(limits[token.id] or ['everything'])}")


@api.command("revoke")
@click.argument("token_id", type=int)
@click.pass_obj
def revoke(context: Context, token_id: int) -> None:
    """End an API token."""
    with context.database().writing() as session:
        api_tokens.revoke(session, token_id, clock(), _ACTOR)
    click.echo(f"API token {token_id} lets nobody in any more.")

"""Accounts: the list, the tree, and one account rolled up with its subsidiaries."""

from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, ReasonBody, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NamedRef, RefPath, RequestSchema, Schema, Text, named_ref
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.storage.accounts import hierarchy as stored
from musterroll.storage.accounts.hierarchy import AccountFilter
from musterroll.storage.reconciliation import cell_counters
from musterroll.usecases.accounts import hierarchy
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.installed_base.as_of import BaseScope

api = guarded("accounts", "accounts")


class AccountOut(Schema):
    ref: str
    name: str
    parent: NamedRef | None
    segment: str
    country: str
    website: str
    phone: str
    postcode: str


class AccountPage(Schema):
    items: list[AccountOut]
    next: str | None


class NodeOut(Schema):
    ref: str
    name: str
    parent: str | None = Field(description="Number of the parent account.")
    segment: str
    country: str
    depth: int = Field(description="0 for the root.")


class AccountTree(Schema):
    items: list[NodeOut] = Field(description="Parents before their subsidiaries.")


class CountsOut(Schema):
    units: int = Field(description="Registered units.")
    deployed: int
    operating: int = Field(description="Deployed units that are operating or late.")
    listed: int = Field(description="Of the operating units: known from imported lists only, not yet too old.")
    unknown: int = Field(description="Deployed units known from imported lists only, which are too old to say whether they operate.")


class AccountDetailOut(AccountOut):
    counts: CountsOut = Field(description="Now, including subsidiaries.")
    cells: dict[str, int] = Field(
        description="The same units by quadrant (contracted, deployed, operating), as of the last reconciliation."
    )
    below: list[NodeOut] = Field(description="All subsidiaries, parents first.")


class ParentBody(ReasonBody):
    parent: Text | None = Field(max_length=80, description="Number of the parent account; null: none.")


class AccountQuery(ListQuery):
    under: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    segment: Text | None = Field(default=None, max_length=80)
    country: Text | None = Field(default=None, max_length=60)
    text: Text = Field(default="", max_length=200, description="Text in number, name or web address.")


class TreeQuery(RequestSchema):
    root: Text | None = Field(default=None, max_length=80, description="Number of the account to start at.")


@listing(api, "/accounts", AccountPage, "Accounts by number", 404)
def list_accounts(query: AccountQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        wanted = AccountFilter(subtree_of(session, query.under), query.segment, query.country, query.text.strip())
        rows, following = cursors.cut(stored.page(session, wanted, cursors.text(cursor), limit + 1), limit, lambda row: (row.ref,))
        return [AccountOut(**_facts(row)) for row in rows], following

    return listed(AccountPage, query, "accounts", fetch)


@api.get("/accounts/tree", summary="Accounts as a tree", responses={200: AccountTree, **documented(404)})
def get_tree(query: TreeQuery) -> Response:
    with read_only() as session:
        return answer(AccountTree(items=_nodes(hierarchy.tree(session, query.root))))


@api.put(
    "/accounts/<ref>/parent", summary="Set the parent account", responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)}
)
@needs(Role.PLANNER)
def set_parent(path: RefPath, body: ParentBody) -> Response:
    """Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = hierarchy.set_parent(session, path.ref, body.parent, actor(), clock(), body.reason)
        return answer(change_out(change)) if change else no_content()


@api.get("/accounts/<ref>", summary="One account with its subsidiaries rolled up", responses={200: AccountDetailOut, **documented(404)})
def get_account(path: RefPath) -> Response:
    with read_only() as session:
        nodes = hierarchy.tree(session, path.ref)
        row = stored.row(session, hierarchy.account(session, path.ref).id or 0)
        counts = base_as_of.base(session, clock(), scope=BaseScope(account=path.ref)).all
        cells = cell_counters.counts(session, "account", [node.id for node in nodes])
    below = _nodes(nodes)[1:]
    return answer(AccountDetailOut(**_facts(row), counts=CountsOut(**counts._asdict()), cells=cells, below=below))


def subtree_of(session: Session, ref: str | None) -> int | None:
    """The ID of an account given as a filter. Raises NotFound."""
    return None if ref is None else hierarchy.account(session, ref).id


def _facts(row: Row[Any]) -> dict[str, Any]:
    columns = {name: row._mapping[name] for name in AccountOut.model_fields if name != "parent"}
    return {**columns, "parent": named_ref(row.parent_ref, row.parent_name)}


def _nodes(nodes: list[stored.AccountNode]) -> list[NodeOut]:
    refs = {node.id: node.ref for node in nodes}
    return [
        NodeOut(**{name: getattr(node, name) for name in NodeOut.model_fields if name != "parent"}, parent=refs.get(node.parent_id or 0))
        for node in nodes
    ]

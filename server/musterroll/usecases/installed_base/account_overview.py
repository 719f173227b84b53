"""An account in detail: its place in the tree, units, contracts, sites and findings."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.values.instants import to_ms
from musterroll.storage.accounts import hierarchy as stored
from musterroll.storage.accounts import sites
from musterroll.storage.contracts import lists as contract_lists
from musterroll.storage.contracts.lists import ContractFilter
from musterroll.storage.findings.lists import FindingTotal
from musterroll.storage.fleet import by_lists
from musterroll.storage.fleet import sums as fleet_sums
from musterroll.storage.fleet.by_lists import ByLists
from musterroll.storage.fleet.sums import BaseSums
from musterroll.storage.liveness.states import hearing
from musterroll.usecases.accounts import hierarchy
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import FindingFilter
from musterroll.usecases.installed_base import renewals, trend
from musterroll.usecases.installed_base.renewals import DueContracts
from musterroll.usecases.installed_base.trend import TreeLevel
from musterroll.usecases.operations.figure_cache import CountedFigure

SHOWN = 20  # contracts, sites


class AccountOverview(NamedTuple):
    """`row`: as in `storage.accounts.hierarchy`; all else includes subsidiaries."""

    row: Row[Any]
    level: TreeLevel
    sums: BaseSums
    cells: dict[str, int]
    dues: CountedFigure[DueContracts]
    contracts: list[Row[Any]]
    sites: list[Row[Any]]
    findings: FindingTotal
    by_lists: ByLists


def account_overview(session: Session, ref: str, now: datetime) -> AccountOverview:
    """An account as of the last reconciliation. Raises NotFound."""
    account_id = hierarchy.account(session, ref).id or 0
    cells = fleet_sums.cells_under(session, account_id)
    return AccountOverview(
        stored.row(session, account_id),
        trend.level(session, ref),
        _sums(cells),
        cells,
        renewals.due_contracts(session, now, ref),
        contract_lists.page(session, ContractFilter(account_id), None, SHOWN + 1),
        sites.page(session, account_id, "", None, SHOWN + 1),
        finding_decisions.total(session, FindingFilter(account=ref), now),
        units_by_lists(session, account_id, now),
    )


def units_by_lists(session: Session, account_id: int | None, now: datetime) -> ByLists:
    """The deployed units known from imported lists only: of an account and its subsidiaries, or of all."""
    accounts = None if account_id is None else stored.below(session, account_id)
    return by_lists.deployed(session, hearing(session), to_ms(now), accounts)


def _sums(cells: dict[str, int]) -> BaseSums:
    deployed = sum(count for code, count in cells.items() if code[1] == "1")
    assert set(cells) == set(CELLS)
    return BaseSums(sum(cells.values()), deployed, cells["111"] + cells["011"])

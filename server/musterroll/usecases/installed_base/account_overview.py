"""One account opened: where it stands in the tree, its units, its contracts, its sites, and what is odd."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.reconciliation.cells import CELLS
from musterroll.storage.accounts import hierarchy as stored
from musterroll.storage.accounts import sites
from musterroll.storage.contracts import lists as contract_lists
from musterroll.storage.contracts.lists import Wanted
from musterroll.storage.findings.lists import Total
from musterroll.storage.fleet import sums as fleet_sums
from musterroll.storage.fleet.sums import Sums
from musterroll.usecases.accounts import hierarchy
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import Filter
from musterroll.usecases.installed_base import renewals, trend
from musterroll.usecases.installed_base.renewals import Due
from musterroll.usecases.installed_base.trend import Level

SHOWN = 20  # contracts, sites


class Opened(NamedTuple):
    """`row` as `storage.accounts` shows accounts; all else is of the account with all below it."""

    row: Row[Any]
    level: Level
    sums: Sums
    cells: dict[str, int]
    due: list[Due]
    contracts: list[Row[Any]]
    sites: list[Row[Any]]
    findings: Total


def opened(session: Session, ref: str, now: datetime) -> Opened:
    """An account as the last reconciliation left it. Raises NotFound."""
    account_id = hierarchy.account(session, ref).id or 0
    cells = fleet_sums.cells_under(session, account_id)
    return Opened(
        stored.row(session, account_id),
        trend.level(session, ref),
        _sums(cells),
        cells,
        renewals.dues(session, now, ref).value.due,
        contract_lists.page(session, Wanted(account_id), None, SHOWN + 1),
        sites.page(session, account_id, "", None, SHOWN + 1),
        finding_decisions.total(session, Filter(account=ref), now),
    )


def _sums(cells: dict[str, int]) -> Sums:
    deployed = sum(count for code, count in cells.items() if code[1] == "1")
    assert set(cells) == set(CELLS)
    return Sums(sum(cells.values()), deployed, cells["111"] + cells["011"])

"""One account opened: where it stands in the tree, its units, its contracts, its sites, and what is odd."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.reconciliation import CELLS
from musterroll.registry import accounts, base_figures, deciding, renewals
from musterroll.registry.base_figures import Level
from musterroll.registry.deciding import Filter
from musterroll.registry.renewals import Due
from musterroll.storage import accounts as stored
from musterroll.storage import contracts, fleet_sums, sites
from musterroll.storage.contracts import Wanted
from musterroll.storage.finding_lists import Total
from musterroll.storage.fleet_sums import Sums

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
    account_id = accounts.account(session, ref).id or 0
    cells = fleet_sums.cells_under(session, account_id)
    return Opened(
        stored.row(session, account_id),
        base_figures.level(session, ref),
        _sums(cells),
        cells,
        renewals.dues(session, now, ref).value.due,
        contracts.page(session, Wanted(account_id), None, SHOWN + 1),
        sites.page(session, account_id, "", None, SHOWN + 1),
        deciding.total(session, Filter(account=ref), now),
    )


def _sums(cells: dict[str, int]) -> Sums:
    deployed = sum(count for code, count in cells.items() if code[1] == "1")
    assert set(cells) == set(CELLS)
    return Sums(sum(cells.values()), deployed, cells["111"] + cells["011"])

"""How accounts and sites go back when a change is undone."""

from collections.abc import Sequence

from musterroll.domain.audit import Image
from musterroll.storage.units import reported
from musterroll.usecases.audit.table_undo import RecordUndo


class AccountUndo(RecordUndo):
    """An account that a unit needs which has reported stays."""

    table = "account"

    def staying(self, keys: Sequence[str]) -> dict[str, Image]:
        return {str(row): {} for row in reported.needed(self.session, self.table, [int(key) for key in keys])}


class SiteUndo(AccountUndo):
    table = "site"

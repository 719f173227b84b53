"""Site lists: where units stand, and whose the place is."""

from collections.abc import Sequence

from musterroll.readers import sites
from musterroll.readers.fields import Row
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.audit import Change
from musterroll.usecases.imports.importer import Facts, Plan, Taker
from musterroll.usecases.warranty import periods as warranty_periods


class Sites(Taker):
    kind = sites.KIND
    model = Site
    facts = sites.KIND.attributes()
    links = {"account": Account}

    def blank(self, row: Row) -> Facts:
        return {**super().blank(row), "name": row.said["ref"]}

    def store(self, plans: Sequence[Plan], change: Change) -> list[int]:
        """Where the zone of a site changes, so may the days its units' warranties begin."""
        ids = super().store(plans, change)
        moved = [plan.known.id for plan in plans if plan.known and plan.known.facts["zone"] != plan.after["zone"]]
        warranty_periods.apply_policies(self.session, import_rows.units_at(self.session, moved), self.source.now, change)
        return ids

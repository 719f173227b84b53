"""Site lists: where units stand, and whose the place is."""

from collections.abc import Sequence

from musterroll.importers.kinds import Row
from musterroll.registry import warranting
from musterroll.registry.documents.taking import Facts, Plan, Taker
from musterroll.storage import document_rows
from musterroll.storage.audit_tables import Change
from musterroll.storage.tables import Account, Site


class Sites(Taker):
    model = Site
    facts = ("account", "name", "postcode", "country", "zone", "latitude", "longitude")
    links = {"account": Account}

    def blank(self, row: Row) -> Facts:
        return {**super().blank(row), "name": row.said["ref"]}

    def store(self, plans: Sequence[Plan], change: Change) -> list[int]:
        """Where the zone of a site changes, so may the days its units' warranties begin."""
        ids = super().store(plans, change)
        moved = [plan.known.id for plan in plans if plan.known and plan.known.facts["zone"] != plan.after["zone"]]
        warranting.settle(self.session, document_rows.units_at(self.session, moved), self.source.now, change)
        return ids

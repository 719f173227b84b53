"""Unit lists: which unit a row is about, and where in its life it puts it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlmodel import Session

from musterroll.domain.units.lifecycle import Lifecycle, checked_move
from musterroll.domain.units.serials import new_uids, twin_key
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.instants import to_ms
from musterroll.domain.warranty.periods import UnitDates
from musterroll.readers import units
from musterroll.readers.fields import Row
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports import units as unit_imports
from musterroll.storage.imports.unit_indexes import ListIndexes
from musterroll.storage.imports.units import KnownUnit, ProductRow, SiteRow
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange as Transition
from musterroll.storage.warranty.periods import WarrantyInput
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports import merged_records
from musterroll.usecases.imports.importer import Facts, Judged, Known, Plan, Source, Taker
from musterroll.usecases.warranty import periods as warranty_periods

_BEGUN_ON = {Lifecycle.DEPLOYED: "installed_on", Lifecycle.SHIPPED: "shipped_on"}  # the date that tells since when
_EPOCH_DAY, _DAY = date(1970, 1, 1).toordinal(), 86_400_000


class Units(Taker):
    kind = units.KIND
    model = Unit
    facts = ("lifecycle", "shipped_on", "installed_on", "registered_on", "warranty_months", "account", "site", "product_id")
    links = {"account": Account, "site": Site}
    together = (("account", "site"),)

    def __init__(self, session: Session, source: Source) -> None:
        super().__init__(session, source)
        self._indexes = ListIndexes(session)

    @classmethod
    def tables(cls) -> set[str]:
        return {"unit", "warranty"}  # a standard warranty follows from the dates of its unit

    def forget(self) -> None:
        super().forget()
        self._now = to_ms(self.source.now)
        self._products: dict[tuple[str, str], ProductRow | None] = {}  # None: not on the roll
        self._sites: dict[str, SiteRow] = {}  # also those to be opened

    def key(self, row: Row) -> Any:
        """A product that is new is a family of its own."""
        product = self._products[_product(row)]
        return row.said["maker_key"], product.family_key if product else row.said["model_key"], row.said["serial_key"]

    def learn(self, rows: Sequence[Row]) -> None:
        unknown = set(map(_product, rows)) - self._products.keys()
        self._products |= dict.fromkeys(unknown) | unit_imports.products(self.session, unknown)
        found = unit_imports.units(self.session, {row.said["serial_key"] for row in rows})
        sites = {row.said.get("site") for row in rows} | {unit.site for unit in found.values()}
        self._sites |= unit_imports.sites(self.session, {site for site in sites if site} - self._sites.keys())
        self.numbers.learn(Site, sites)
        accounts = {row.said.get("account") for row in rows} | {unit.account for unit in found.values()}
        self.numbers.learn(Account, accounts | {site.account for site in self._sites.values()})
        self._known = {key: Known(unit.id, _facts(unit)) for key, unit in found.items()}

    def judge(self, row: Row, known: Known | None) -> Judged:
        """A row with dates but no status says where the unit got to. The first row that names a new site says whose it is.

        Raises Conflict for an illegal move or two places at once.
        """
        before, said = known.facts if known else _NOTHING, row.said
        site = said.get("site") or before["site"]
        account = said.get("account") or (said.get("site") and self._owner(said["site"])) or before["account"]
        owner = self._owner(site) if site else None
        if owner not in (None, account):
            whose = f"site {site} belongs to account {owner}, not to {account}"
            raise Conflict(whose if said.get("site") else f"{whose}; fill in the new Site ID")
        stage = checked_move(before["lifecycle"], said.get("lifecycle") or _reached(said, before["lifecycle"]))
        if site:
            self._sites.setdefault(site, SiteRow(account))
        after = {name: said.get(name, before[name]) for name in _DATES}
        product = self._products[_product(row)]
        return Judged({"lifecycle": stage, **after, "account": account, "site": site, "product_id": product.id if product else None})

    def _owner(self, site: str) -> str | None:
        """The account of a site, as far as it is known."""
        found = self._sites.get(site)
        return found.account if found else None

    def open(self, plans: Sequence[Plan]) -> list[audit_record.Row]:
        opened = self._open_products(plans)
        opened += self.numbers.open_accounts(plan.after["account"] for plan in plans)
        sites = {plan.after["site"] for plan in plans if plan.after["site"]}
        return opened + self.numbers.open_sites({site: self.numbers.id(Account, self._owner(site)) for site in sites})

    def _open_products(self, plans: Sequence[Plan]) -> list[audit_record.Row]:
        new: dict[tuple[str, str], dict[str, Any]] = {}
        for plan in plans:
            if self._products[_product(plan.row)] is None:
                new.setdefault(_product(plan.row), plan.row.said)  # under the name it is first given
        opened = []
        for (key, said), row_id in zip(new.items(), import_rows.reserve(self.session, Product, len(new)), strict=True):
            row = Product(
                id=row_id,
                maker=said["maker"],
                model=said["model"],
                family=said["model"],
                maker_key=key[0],
                model_key=key[1],
                family_key=key[1],
                created_at=self.source.now,
            ).model_dump()
            opened.append(audit_record.Row("product", row_id, None, row))
            self._products[key] = ProductRow(row_id, key[1])
        import_rows.insert(self.session, Product, [row.after for row in opened if row.after])
        for plan in plans:
            plan.after["product_id"] = self._product_row(plan.row).id
        return opened

    def _product_row(self, row: Row) -> ProductRow:
        found = self._products[_product(row)]
        assert found is not None
        return found

    def new_ids(self, plans: Sequence[Plan]) -> list[int]:
        self._uids = iter(new_uids(len(plans)))
        self._warranties = warranty_periods.prepare(self.session, len(plans))
        return super().new_ids(plans)

    def columns(self, after: Facts) -> dict[str, Any]:
        return {
            "lifecycle": after["lifecycle"],
            **{name: after[name] for name in _DATES},
            "account_id": self.numbers.id(Account, after["account"]),
            "site_id": self.numbers.id(Site, after["site"]),
            "product_id": after["product_id"],
        }

    def fresh(self, plan: Plan, row_id: int) -> dict[str, Any]:
        said = plan.row.said
        return {
            "id": row_id,
            "uid": next(self._uids),
            "serial": said["serial"],
            "serial_key": said["serial_key"],
            "twin_key": twin_key(said["serial_key"]),
            "maker_key": said["maker_key"],
            "family_key": self._product_row(plan.row).family_key,
            "created_at": self.source.now,
        }

    def consequences(self, plans: Sequence[Plan], written: Sequence[audit_record.Row]) -> list[audit_record.Row]:
        new = ((plan, row.key) for plan, row in zip(plans, written, strict=True) if plan.known is None)
        return warranty_periods.add_standard_periods(
            self.session, (self._warranted(plan, row_id) for plan, row_id in new), self._warranties
        )

    def store(self, plans: Sequence[Plan], change: Change) -> list[int]:
        written = self.write(plans, change)
        ids = [row.key for row in written]
        moved = [self._move(plan, row_id) for plan, row_id in zip(plans, ids, strict=True) if _stage(plan) != plan.after["lifecycle"]]
        carried = merged_records.carry(self.session, change, Unit, written)
        moved += [move for gone in moved if (move := _carried(gone, carried.get(gone.unit_id)))]
        transitions.add(self.session, moved, recorded_at=self._now, change_id=change.id)
        known = [row.key for row in (*written, *carried.values()) if row.before is not None]
        reconcile_queue.mark(self.session, {*ids, *known})
        warranty_periods.apply_policies(self.session, known, self.source.now, change)
        self._indexes.note(sum(row.before is None for row in written))
        return ids

    def finish(self, change: Change) -> None:
        self._indexes.put_back()

    def _warranted(self, plan: Plan, unit_id: int) -> WarrantyInput:
        said, site = plan.after, plan.after["site"]
        dates = UnitDates(said["registered_on"], said["installed_on"], None, said["shipped_on"], said["warranty_months"])
        return WarrantyInput(unit_id, self._product_row(plan.row).policy_id, self._sites[site].zone if site else "UTC", dates)

    def _move(self, plan: Plan, unit_id: int) -> Transition:
        """Where the unit got to: since the day the row newly gives for it, else since now."""
        new, before = plan.after["lifecycle"], plan.before or _NOTHING
        name, at = _BEGUN_ON.get(new), self._now
        if name and (day := plan.after[name]) is not None and day != before[name]:
            at = min(at, (day.toordinal() - _EPOCH_DAY) * _DAY)
        cause = f"import of {self.source.file}, line {plan.row.line}"
        return Transition(unit_id, at, "lifecycle", _stage(plan), new.value, cause, self.source.actor)


def _carried(gone: Transition, row: audit_record.Row | None) -> Transition | None:
    """The move that the unit made which took over one that was merged."""
    before = row.before if row else None
    return gone._replace(unit_id=row.key, old=before["lifecycle"]) if row and before and "lifecycle" in before else None


def _stage(plan: Plan) -> Lifecycle | None:
    return plan.known.facts["lifecycle"] if plan.known else None


_DATES = ("shipped_on", "installed_on", "registered_on", "warranty_months")
_NOTHING: Facts = {**dict.fromkeys(Units.facts), "lifecycle": Lifecycle.UNRECORDED}


def _product(row: Row) -> tuple[str, str]:
    return row.said["maker_key"], row.said["model_key"]


def _facts(unit: KnownUnit) -> Facts:
    return dict(zip(Units.facts, unit[4:], strict=True))


def _reached(said: dict[str, Any], known: Lifecycle) -> Lifecycle:
    if known is not Lifecycle.UNRECORDED:
        return known
    if said.get("installed_on"):
        return Lifecycle.DEPLOYED
    return Lifecycle.SHIPPED if said.get("shipped_on") else Lifecycle.STOCK

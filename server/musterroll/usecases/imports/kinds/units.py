"""Imports unit lists: which unit a row is about, and the lifecycle stage it gives it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from musterroll.domain.units.details import details_of, details_text
from musterroll.domain.units.kinds import UnitKind, identifier_key
from musterroll.domain.units.lifecycle import Lifecycle, moves_from
from musterroll.domain.units.serials import BadSerial, new_uids, twin_key
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.instants import to_ms
from musterroll.domain.warranty.periods import NO_WARRANTY
from musterroll.readers import units
from musterroll.readers.fields import DocumentRow
from musterroll.readers.statuses import Access
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports import units as unit_imports
from musterroll.storage.imports.units import ProductRow, SiteRow
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange as Transition
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports import lines_by_tag, merged_records, past_stays
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts, Source
from musterroll.usecases.imports.name_questions import NameQuestions
from musterroll.usecases.imports.tagged_units import TaggedUnits
from musterroll.usecases.warranty import periods as warranty_periods

_STARTED_ON = {  # the date a stage began
    **{Lifecycle.DEPLOYED: "installed_on", Lifecycle.SHIPPED: "shipped_on"},
    **{Lifecycle.RETURNED: "left_on", Lifecycle.RETIRED: "left_on"},
}
_NOT_COPIED = ("serial", "maker", "model", "lifecycle", "account", "site", "currency", "kind", *units.DETAILS)
_COPIED = units.KIND.attributes(without=_NOT_COPIED)  # as the row gives them
_GIVEN, _DETAILS = frozenset(_COPIED), frozenset(units.DETAILS)
_TAG = units.TAG_FOR_SERIAL
_WRONG = "wrong_serial"  # a value of rows whose identifier is not one of their kind: why
_WARRANTY_DATES = (  # as in `UnitDates`; no new unit has been heard
    *("registered_on", "installed_on", None, "shipped_on", "warranty_months"),
    *("purchased_on", "warranty_starts_on", "warranty_ends_on"),
)


class UnitImporter(Importer):
    kind = units.KIND
    model = Unit
    facts = ("lifecycle", *_COPIED, "details", "account", "site", "product_id")
    links = {"account": Account, "site": Site}
    inseparable = (("account", "site"),)

    def __init__(self, session: Session, source: Source) -> None:
        self.name_questions = NameQuestions(self)
        super().__init__(session, source)
        self._tagged = TaggedUnits(self)
        self._warranties: warranty_periods.PreparedPeriods | None = None  # of the batch before
        self._stored = 0  # rows

    @classmethod
    def tables(cls) -> set[str]:
        return {"unit", "warranty"}  # a standard warranty follows from the dates of its unit

    def reset(self) -> None:
        super().reset()
        self.name_questions.forget()
        self._now = to_ms(self.source.now)
        self._products: dict[tuple[str, str], ProductRow | None] = {}  # None: not registered yet
        self._sites: dict[str, SiteRow] = {}  # also those that are to be created
        self._new_kinds: dict[tuple[str, str], UnitKind] = {}  # of products, as their first row says

    def key(self, row: DocumentRow) -> Any:
        """A new product is a family of its own."""
        values = row.values
        maker, model = values["maker_key"], values["model_key"]
        product = self._products[maker, model]
        return maker, product.family_key if product else model, values.get(units.KNOWN_AS) or values["serial_key"]

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        unknown = set(map(_product, rows)) - self._products.keys()
        self._products |= dict.fromkeys(unknown) | unit_imports.products(self.session, unknown)
        self._identify(rows)
        serials = {row.values["serial_key"] for row in rows}
        self._known = {
            key: KnownRecord(row_id, dict(zip(self.facts, facts, strict=True)))
            for key, row_id, facts in unit_imports.units(self.session, serials, (*_COPIED, "details"))
        }
        self._look_up_tags(rows)
        self.name_questions.look_up({row.values["serial_key"] for row in rows if self.known(row) is None}, self._known)
        sites = {row.values.get("site") for row in rows} | {known.facts["site"] for known in self._known.values()}
        self._look_up_sites({site for site in sites if site} - self._sites.keys())
        accounts = {row.values.get("account") for row in rows} | {known.facts["account"] for known in self._known.values()}
        self.references.look_up(Account, accounts)

    def _look_up_sites(self, refs: Collection[str]) -> None:
        registered = unit_imports.sites(self.session, refs)
        self._sites |= registered
        self.references.learn(Site, refs, {ref: site.id for ref, site in registered.items()})
        self.references.learn(Account, (), {site.account: site.account_id for site in registered.values() if site.account})

    def _identify(self, rows: Sequence[DocumentRow]) -> None:
        """Give each row the key that the kind of its unit has: that of its product or, for a new one, what its first row says."""
        for row in rows:
            if kind := row.values.get("kind"):
                self._new_kinds.setdefault(_product(row), kind)
        for row in rows:
            if (kind := self._kind(row)) is not row.values.get(units.READ_AS, UnitKind.DEVICE):
                row.values.pop(_WRONG, None)
                row.values[units.READ_AS] = kind
                try:
                    row.values["serial_key"] = identifier_key(row.values["serial"], kind)
                except BadSerial as wrong:
                    row.values[_WRONG] = wrong

    def _checked_kind(self, row: DocumentRow) -> UnitKind:
        """Raises Conflict for another kind than that of the product, and BadSerial for what does not identify a unit of its kind."""
        given, kind = row.values.get("kind"), self._kind(row)
        if given and given is not kind:
            raise Conflict(
                f"{row.values['maker']} {row.values['model']} is a {kind}, not a {given}; change that under Products", "other_kind"
            )
        if wrong := row.values.get(_WRONG):
            hint = "; if it is not a device, fill in the Unit Kind, or set the kind of its product" if kind is UnitKind.DEVICE else ""
            raise BadSerial(f"{wrong}{hint}")
        return kind

    def _suspended(self, row: DocumentRow, kind: UnitKind) -> str:
        """Read the status of a seat whose access is withdrawn. Returns a note where the unit is a device."""
        if not kind.hardware:
            row.values["lifecycle"] = Lifecycle.RETURNED
            return ""
        del row.values["lifecycle"]
        return "Suspended says nothing of where a device is; its status stays"

    def _kind(self, row: DocumentRow) -> UnitKind:
        key = _product(row)
        product = self._products[key]
        return product.kind if product else self._new_kinds.get(key, UnitKind.DEVICE)

    def _look_up_tags(self, rows: Sequence[DocumentRow]) -> None:
        """Find the units that rows mean by their asset tag. A row with the serial of a unit that had none completes it."""
        for row in rows:
            row.values.pop(units.KNOWN_AS, None)
        unknown = [row for row in rows if ("asset_tag" in row.values or "hostname" in row.values) and self.known(row) is None]
        self._tagged.look_up(unknown, (*_COPIED, "details"))
        for row in unknown:
            if unit := self._tagged.of_row(row):
                facts = dict(zip(self.facts, unit.facts, strict=True))
                completed = {} if _TAG in row.values else {"serial": unit.serial}
                row.values[units.KNOWN_AS] = unit.key[2]
                self._known[unit.key] = KnownRecord(unit.row_id, {**completed, **facts})

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        self._look_up_links(records)
        products = import_rows.products_by_id(self.session, {record["product_id"] for record in records})
        kinds = import_rows.kinds_by_id(self.session, products)
        return [
            {
                **{name: record[name] for name in ("serial", "lifecycle", *_COPIED)},
                **details_of(record["details"]),
                **{name: self.references.ref(model, record[f"{name}_id"]) for name, model in self.links.items()},
                **products[record["product_id"]],
                "kind": kinds[record["product_id"]],
            }
            for record in records
        ]

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        """A row with dates but no status implies the lifecycle stage. The first row that names a new site decides its account.

        A list tells how things stand, not how they came about: a step that people cannot make is taken as history, with a note.
        Raises Conflict for a site of another account.
        """
        before, values, kind = known.facts if known else _NEW, row.values, self._checked_kind(row)
        note = self._suspended(row, kind) if values.get("lifecycle") is Access.SUSPENDED else ""
        site = values.get("site") or before["site"]
        owner = self._owner(site) if site else None
        account = values.get("account") or (values.get("site") and owner) or before["account"]
        if owner not in (None, account):
            mismatch = f"site {site} belongs to account {owner}, not to {account}"
            raise Conflict(mismatch if values.get("site") else f"{mismatch}; fill in the new Site ID")
        if known is None:  # what is wrong with the row itself comes first: the answer to a question would not let it in
            self.name_questions.check(row)
            self._tagged.check(row)
        stage = values.get("lifecycle") or _implied_stage(values, before["lifecycle"])
        if site and site not in self._sites:
            self._sites[site] = SiteRow(account)
        if row.moments and site:
            zone = ZoneInfo(self._sites[site].zone or "UTC")
            values |= {name: moment.day(zone) for name, moment in row.moments.items()}
        product = self._products[_product(row)]
        facts = {**before, "lifecycle": stage, "account": account, "site": site, "product_id": product.id if product else None}
        for name in _GIVEN.intersection(values):
            facts[name] = values[name]
        if not _DETAILS.isdisjoint(values):
            given = {name: values[name] for name in units.DETAILS if name in values}
            facts["details"] = details_text({**details_of(before["details"]), **given})
        if "serial" in before:
            facts["serial"] = values["serial"]
        notes = [text for text in (note, _jump(before["lifecycle"], stage), self._identity_note(row, known)) if text]
        if known is None:
            self.name_questions.remember(row)
        return AcceptedRow(facts, "; ".join(notes) if notes else "")

    def _identity_note(self, row: DocumentRow, known: KnownRecord | None) -> str:
        if known is not None and "serial" in known.facts:
            return f"known by its asset tag {row.values['asset_tag']} until now"
        note = self._tagged.note(row) if known is None else ""
        if _TAG not in row.values:
            return note
        return "; ".join(filter(None, (f"no serial number: known by its asset tag {row.values[_TAG]}", note)))

    def emptied(self, row: DocumentRow, known: KnownRecord, names: Collection[str]) -> KnownRecord:
        rest = {name: value for name, value in details_of(known.facts["details"]).items() if name not in names}
        emptied = super().emptied(row, known, names)
        return emptied._replace(facts={**emptied.facts, "details": details_text(rest)})

    def _owner(self, site: str) -> str | None:
        """The account of a site, as far as it is known."""
        row = self._sites.get(site)
        return row.account if row else None

    def missing(self, planned: PlannedWrite) -> Iterator[tuple[str, str]]:
        site = planned.after["site"]
        for account in {planned.after["account"], self._owner(site) if site else None}:
            if self.references.is_missing(Account, account):
                yield "account", account or ""
        if self.references.is_missing(Site, site):
            yield "site", site
        if self._products[_product(planned.row)] is None:
            yield "product", f"{planned.row.values['maker']} {planned.row.values['model']}"

    def create_missing(self, writes: Sequence[PlannedWrite]) -> list[audit_record.Row]:
        created = self._create_products(writes)
        created += self.references.create_accounts(planned.after["account"] for planned in writes)
        sites = {planned.after["site"] for planned in writes if planned.after["site"]}
        return created + self.references.create_sites({site: self.references.id(Account, self._owner(site)) for site in sites})

    def _create_products(self, writes: Sequence[PlannedWrite]) -> list[audit_record.Row]:
        new: dict[tuple[str, str], dict[str, Any]] = {}
        without = [planned for planned in writes if planned.after["product_id"] is None]
        for planned in without:
            new.setdefault(_product(planned.row), planned.row.values)  # with the spelling of the first row
        created = []
        for (key, values), row_id in zip(new.items(), import_rows.reserve_ids(self.session, Product, len(new)), strict=True):
            row = Product(
                id=row_id,
                maker=values["maker"],
                model=values["model"],
                family=values["model"],
                maker_key=key[0],
                model_key=key[1],
                family_key=key[1],
                kind=self._new_kinds.get(key, UnitKind.DEVICE),
                created_at=self.source.now,
            ).model_dump()
            created.append(audit_record.Row("product", row_id, None, row))
            self._products[key] = ProductRow(row_id, key[1], None, row["kind"])
        import_rows.insert_rows(self.session, Product, [row.after for row in created if row.after])
        for planned in without:
            planned.after["product_id"] = self._product_row(planned.row).id
        return created

    def _product_row(self, row: DocumentRow) -> ProductRow:
        product = self._products[_product(row)]
        assert product is not None
        return product

    def reserve_ids(self, writes: Sequence[PlannedWrite]) -> list[int]:
        self._uids = new_uids(len(writes))
        self._warranties = warranty_periods.prepare(self.session, len(writes), self._warranties)
        return super().reserve_ids(writes)

    def columns(self, after: RecordFacts) -> dict[str, Any]:
        columns = {**(self._serial_columns(after) if "serial" in after else {}), **after}
        columns["account_id"] = self.references.id(Account, columns.pop("account"))
        columns["site_id"] = self.references.id(Site, columns.pop("site"))
        return columns

    def _serial_columns(self, after: RecordFacts) -> dict[str, str]:
        kinds = {product.id: product.kind for product in self._products.values() if product}
        key = identifier_key(after["serial"], kinds.get(after["product_id"], UnitKind.DEVICE))
        return {"serial": after["serial"], "serial_key": key, "twin_key": twin_key(key)}

    def new_rows(self, new: Sequence[PlannedWrite], ids: Sequence[int]) -> Mapping[str, Sequence[Any]]:
        """A column at a time: large lists have a million rows."""
        rows, facts = [planned.row.values for planned in new], [planned.after for planned in new]
        keys = {name: [row[name] for row in rows] for name in ("serial", "serial_key", "maker_key")}
        own = {name: [after[name] for after in facts] for name in ("lifecycle", *_COPIED, "details", "product_id")}
        links = {f"{name}_id": self.references.ids(model, [after[name] for after in facts]) for name, model in self.links.items()}
        return {
            **{name: [default] * len(ids) for name, default in self._defaults.items()},
            **{"id": ids, "uid": self._uids, **keys, "twin_key": list(map(twin_key, keys["serial_key"]))},
            **{"family_key": [product.family_key for product in self._products_of(new)], "created_at": [self.source.now] * len(ids)},
            **own,
            **links,
        }

    def _products_of(self, new: Sequence[PlannedWrite]) -> list[ProductRow]:
        return [self._product_row(planned.row) for planned in new]

    def dependent_rows(self, new: Sequence[PlannedWrite], ids: Sequence[int]) -> list[audit_record.NewRows]:
        facts, products = [planned.after for planned in new], self._products_of(new)
        zones = [self._sites[site].zone if (site := after["site"]) else "UTC" for after in facts]
        policies = [product.policy_id for product in products]
        of_records = zip(*([None if name is None else after[name] for after in facts] for name in _WARRANTY_DATES), strict=True)
        dates = (dates if product.kind.hardware else NO_WARRANTY for product, dates in zip(products, of_records, strict=True))
        inputs = zip(policies, zones, dates, strict=True)
        assert self._warranties is not None
        return [warranty_periods.add_standard_periods(self.session, ids, inputs, self._warranties)]

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        self._stored += len(writes)
        if self._stored > reconcile_queue.MOST:
            reconcile_queue.mark_all(self.session)
        with lines_by_tag.following(self.session, writes, change):
            ids, written = self.write(writes, change)
        moves = [
            move
            for planned, row_id in zip(writes, ids, strict=True)
            if _stage(planned) != planned.after["lifecycle"]
            for move in self._moves(planned, row_id)
        ]
        passed_on = merged_records.pass_on(self.session, change, Unit, written)
        moves += [also for move in moves if (also := _move_of_successor(move, passed_on.get(move.unit_id)))]
        transitions.add(self.session, moves, recorded_at=self._now, change_id=change.id)
        past_stays.record_undated(self.session, [row.key for row in written], self.source, change)
        changed = [row.key for row in (*written, *passed_on.values())]
        reconcile_queue.mark(self.session, {*ids, *changed})
        warranty_periods.apply_policies(self.session, changed, self.source.now, change)
        self.name_questions.forget()
        return ids

    def finish(self, change: AuditChange) -> None:
        self.name_questions.store(change)

    def _moves(self, planned: PlannedWrite, unit_id: int) -> list[Transition]:
        move = self._move(planned, unit_id)
        if planned.after["left_on"] is None:
            return [move]
        stay = past_stays.dated(planned, move)
        return [move] if stay is None else [stay, move._replace(old=stay.new)]

    def _move(self, planned: PlannedWrite, unit_id: int) -> Transition:
        """The move to the stage of the row: on the day the row newly gives for it, else now."""
        new, before = planned.after["lifecycle"], planned.before or _NEW
        name, at = _STARTED_ON.get(new), self._now
        if name and (day := planned.after[name]) is not None and day != before[name]:
            at = min(at, past_stays.start_of(day))
        cause = f"import of {self.source.file}, line {planned.row.line}"
        return Transition(unit_id, at, "lifecycle", _stage(planned), new.value, cause, self.source.actor)


def _move_of_successor(merged: Transition, row: audit_record.Row | None) -> Transition | None:
    """The same move of the unit that a merged one was merged into, where that unit moved too."""
    before = row.before if row else None
    return merged._replace(unit_id=row.key, old=before["lifecycle"]) if row and before and "lifecycle" in before else None


def _stage(planned: PlannedWrite) -> Lifecycle | None:
    return planned.known.facts["lifecycle"] if planned.known else None


_NEW: RecordFacts = {**dict.fromkeys(UnitImporter.facts), "lifecycle": Lifecycle.UNRECORDED}


def _product(row: DocumentRow) -> tuple[str, str]:
    return row.values["maker_key"], row.values["model_key"]


@cache
def _jump(old: Lifecycle, new: Lifecycle) -> str:
    if new in (old, *moves_from(old)):
        return ""
    return f"{old} to {new} in one step: what came between is not in this list; taken as history"


def _implied_stage(values: dict[str, Any], known: Lifecycle) -> Lifecycle:
    if known is not Lifecycle.UNRECORDED:
        return known
    if values.get("installed_on"):
        return Lifecycle.DEPLOYED
    return Lifecycle.SHIPPED if values.get("shipped_on") else Lifecycle.UNRECORDED

"""The products, accounts and sites an import names: those on the roll, and those it will open."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from musterroll.importers.units import UnitRow
from musterroll.registry.import_verdicts import Facts
from musterroll.storage import unit_imports
from musterroll.storage.tables import Product
from musterroll.storage.unit_imports import KnownUnit, ProductRow


class Places:
    """Asked a batch at a time, remembered for the whole file."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._products: dict[tuple[str, str], ProductRow | None] = {}  # None: not on the roll
        self._accounts: dict[str, int | None] = {}
        self._sites: dict[str, int | None] = {}
        self._owners: dict[str, str | None] = {}  # account of each site, also of those to be opened

    def learn(self, rows: Iterable[UnitRow], known: Iterable[KnownUnit]) -> None:
        """Look up whatever these rows, and the units they are about, name and is not remembered yet."""
        products = {(row.maker_key, row.model_key) for row in rows} - self._products.keys()
        self._products |= dict.fromkeys(products) | unit_imports.products(self._session, products)
        told = [(one.account, one.site) for one in rows] + [(one.account, one.site) for one in known]
        sites = {site for _, site in told if site} - self._sites.keys()
        found = unit_imports.sites(self._session, sites)
        self._sites |= dict.fromkeys(sites) | {ref: site.id for ref, site in found.items()}
        self._owners |= {ref: site.account for ref, site in found.items()}
        named = {account for account, _ in told} | {site.account for site in found.values()}
        accounts = {ref for ref in named if ref} - self._accounts.keys()
        self._accounts |= dict.fromkeys(accounts) | unit_imports.accounts(self._session, accounts)

    def family(self, row: UnitRow) -> str:
        """The key of the row's product family; a product that is new is a family of its own."""
        product = self._products[(row.maker_key, row.model_key)]
        return product.family_key if product else row.model_key

    def owner(self, site: str) -> str | None:
        """The account a site belongs to, as far as it is known."""
        return self._owners.get(site)

    def claim(self, facts: Facts) -> None:
        """The first row that holds opens its site for its account, or for nobody; later rows must agree."""
        if facts.site:
            self._owners.setdefault(facts.site, facts.account)

    def open(self, rows: list[tuple[UnitRow, Facts]], now: datetime) -> None:
        """Store what these rows need and the roll does not have; accounts and sites under their reference as name."""
        new_products = {(row.maker_key, row.model_key): row for row, _ in rows if self._products[(row.maker_key, row.model_key)] is None}
        unit_imports.add_products(self._session, [_product(row, now) for row in new_products.values()])
        self._products |= unit_imports.products(self._session, new_products.keys())
        new_accounts = {facts.account for _, facts in rows if facts.account and self._accounts[facts.account] is None}
        unit_imports.add_accounts(self._session, new_accounts, now)
        self._accounts |= unit_imports.accounts(self._session, new_accounts)
        new_sites = {facts.site for _, facts in rows if facts.site and self._sites[facts.site] is None}
        unit_imports.add_sites(self._session, {ref: self.account_id(self._owners.get(ref)) for ref in new_sites}, now)
        self._sites |= {ref: site.id for ref, site in unit_imports.sites(self._session, new_sites).items()}

    def product_id(self, row: UnitRow) -> int:
        product = self._products[(row.maker_key, row.model_key)]
        assert product is not None
        return product.id

    def account_id(self, ref: str | None) -> int | None:
        return self._accounts[ref] if ref else None

    def site_id(self, ref: str | None) -> int | None:
        return self._sites[ref] if ref else None


def _product(row: UnitRow, now: datetime) -> Product:
    return Product(
        maker=row.maker,
        model=row.model,
        family=row.model,
        maker_key=row.maker_key,
        model_key=row.model_key,
        family_key=row.model_key,
        created_at=now,
    )

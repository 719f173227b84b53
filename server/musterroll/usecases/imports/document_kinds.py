"""Every kind of document, in the order to import them: each kind finds the records it refers to. A new kind is one entry here."""

from musterroll.readers.fields import DocumentKind
from musterroll.usecases.imports.importer import Importer
from musterroll.usecases.imports.kinds.accounts import AccountImporter
from musterroll.usecases.imports.kinds.benchmarks import BenchmarkImporter
from musterroll.usecases.imports.kinds.billing import BillingImporter
from musterroll.usecases.imports.kinds.contacts import ContactImporter
from musterroll.usecases.imports.kinds.contract_lines import ContractLineImporter
from musterroll.usecases.imports.kinds.contracts import ContractImporter
from musterroll.usecases.imports.kinds.deliveries import DeliveryImporter
from musterroll.usecases.imports.kinds.incidents import IncidentImporter
from musterroll.usecases.imports.kinds.invoices import InvoiceImporter
from musterroll.usecases.imports.kinds.limits import LimitImporter
from musterroll.usecases.imports.kinds.product_names import ProductNameImporter
from musterroll.usecases.imports.kinds.products import ProductImporter
from musterroll.usecases.imports.kinds.rates import RateImporter
from musterroll.usecases.imports.kinds.sites import SiteImporter
from musterroll.usecases.imports.kinds.telemetry import TelemetryImporter
from musterroll.usecases.imports.kinds.units import UnitImporter

IMPORTERS: dict[str, type[Importer]] = {
    importer.kind.name: importer
    for importer in (
        AccountImporter,
        SiteImporter,
        ContactImporter,
        ProductNameImporter,
        ProductImporter,
        UnitImporter,
        ContractImporter,
        ContractLineImporter,
        LimitImporter,
        BillingImporter,
        InvoiceImporter,
        TelemetryImporter,
        IncidentImporter,
        RateImporter,
        DeliveryImporter,
        BenchmarkImporter,
    )
}
KINDS: dict[str, DocumentKind] = {name: importer.kind for name, importer in IMPORTERS.items()}


def kinds_about(*tables: str) -> list[str]:
    """The kinds of documents that say what these tables hold; tables as findings name them in their evidence."""
    return [name for name, importer in IMPORTERS.items() if not importer.tables().isdisjoint(tables)]

"""One of these systems with a few records, to try a source on: `python -m tests.support.apis stripe`. Ctrl+C ends it."""

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from tests.support.apis.glpi import Glpi
from tests.support.apis.hubspot import HubSpot
from tests.support.apis.salesforce import Salesforce
from tests.support.apis.servicenow import ServiceNow
from tests.support.apis.snipe_it import SnipeIt
from tests.support.apis.stripe import Stripe
from tests.support.apis.zendesk import Zendesk


def salesforce() -> Salesforce:
    api = Salesforce()
    address = {"Website": None, "Phone": None, "BillingPostalCode": "10115", "BillingCountry": "DE", "Industry": "Energy"}
    for number in range(5):
        api.put("Account", f"001A{number}", Name=f"Account {number}", ParentId="001A0" if number else None, **address)
        facts = {"AccountId": f"001A{number}", "Status": "Activated", "StartDate": "2026-01-01", "EndDate": None, "ContractTerm": 12}
        api.put("Contract", f"800C{number}", ContractNumber=f"{number:08}", OwnerExpirationNotice="60", **facts)
        asset = {"Status": "Installed", "AccountId": f"001A{number}", "PurchaseDate": None, "InstallDate": "2026-02-01"}
        api.put("Asset", f"02i{number}", SerialNumber=f"SN-{number}", **asset, **{"Product2.Name": "Pump 7", "Manufacturer__c": "Acme"})
    return api


def hubspot() -> HubSpot:
    api = HubSpot()
    for number in range(1, 6):
        api.put("companies", number, name=f"Company {number}", domain="acme.example", country="Germany", zip="10115")
        deal = {"hs_primary_associated_company": str(number), "closedate": "2026-03-01T10:00:00Z", "deal_currency_code": "EUR"}
        api.put("deals", 100 + number, dealname="Care", hs_is_closed_won="true" if number < 4 else "false", **deal)
    return api


def stripe() -> Stripe:
    api = Stripe()
    api.products["prod_1"] = {"id": "prod_1", "name": "Pump 7", "metadata": {"manufacturer": "Acme"}}
    start = int(api.now.timestamp()) - 200 * 86_400
    for number in range(5):
        api.customer(f"cus_{number}", name=f"Customer {number}", currency="jpy", address={"country": "JP"})
        price = {"unit_amount": 12_000, "currency": "jpy", "recurring": {"interval": "year", "interval_count": 1}, "product": "prod_1"}
        facts = {"customer": f"cus_{number}", "status": "active", "start_date": start, "currency": "jpy", "cancel_at": None}
        api.subscription(f"sub_{number}", [{"id": f"si_{number}", "quantity": 2, "price": price}], **facts)
        api.invoice(f"in_{number}", f"sub_{number}", "paid" if number else "open")
    return api


def zendesk() -> Zendesk:
    api = Zendesk()
    for number in range(1, 6):
        api.put(number, custom_fields=[{"id": 360, "value": f"SN-{number}"}], solved="2026-10-03T09:00:00Z" if number < 4 else None)
    return api


def servicenow() -> ServiceNow:
    api = ServiceNow()
    for number in range(1, 6):
        facts = {"opened_at": "2026-10-01 23:30:00", "cmdb_ci__serial_number": f"SN-{number}", "category": ("hw", "Hardware")}
        api.put("incident", f"id{number}", number=f"INC{number:07}", **facts)
        asset = {"model__manufacturer__name": "Acme", "model__name": "Pump 7", "install_status": ("1", "In use")}
        api.put("alm_hardware", f"id{number}", serial_number=f"SN-{number}", asset_tag=f"T{number}", **asset)
    return api


def glpi() -> Glpi:
    api = Glpi()
    for number in range(1, 6):
        facts = {"manufacturers_id": "Acme", "computermodels_id": "Pump 7", "states_id": "In use", "entities_id": "North"}
        api.put("Computer", number, name=f"PC{number}", serial=f"SN-{number}", **facts)
        api.put("Ticket", number, date="2026-10-01 08:00:00", itilcategories_id="Hardware")
        api.put("Item_Ticket", number, itemtype="Computer", items_id=number, tickets_id=number)
        api.put("Infocom", number, itemtype="Computer", items_id=number, warranty_date="2026-01-01", warranty_duration=24)
    return api


def snipe_it() -> SnipeIt:
    api = SnipeIt()
    for number in range(1, 6):
        api.put(number, serial=f"AT-{number}", company={"id": 1, "name": "North"})
    return api


SAMPLES: dict[str, Callable[[], Any]] = {
    **{"salesforce": salesforce, "hubspot": hubspot, "stripe": stripe},
    **{"zendesk": zendesk, "servicenow": servicenow, "glpi": glpi, "snipe-it": snipe_it},
}


def main(name: str) -> None:
    api = SAMPLES[name]()
    with api.running():
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl+C is ignored in the background unless it is asked for
            signal.signal(number, lambda *_: ended.set())
        print(api.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main(sys.argv[1])

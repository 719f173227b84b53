"""A million units with their records, inserted into an empty, migrated database by one statement a table.

2,000 customers with nine subsidiaries each and three sites an account; a customer has four products. Of the lines seven in ten name a
serial, one is for a site, one and a half for an account, half a one for a subtree. A tenth of the contracts is expired, a tenth cancelled.
"""

from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine, Invoice
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from sqlalchemy import Connection, text

from tests.bench import fleets

ACCOUNTS, SITES, PRODUCTS, LINES_A_CONTRACT = 20_000, 60_000, 50, 10

# PostgreSQL with room for a million units: its own defaults are meant for the smallest machine there is.
ROOMY = {"shared_buffers": "1GB", "max_wal_size": "4GB"}

_AT = "'2025-01-01 00:00:00'"
_KEY = "'BM' || (10000000 + n)"


def fill(database: Database, units: int, lines: int, now: int, today: str) -> None:
    """Units and voices numbered from 1, lines as above; `now` is ms, `today` the day of it."""
    accounts = max(10, min(ACCOUNTS, units // 50))
    with fleets.filling(database) as connection:
        _places(connection, accounts)
        _units(connection, units, accounts, now)
        _paper(connection, units, lines, accounts, today)
        connection.execute(text("UPDATE registry_state SET since = 0, until = :now"), {"now": now})
    fleets.analyze(database)


def _places(connection: Connection, accounts: int) -> None:
    # The first of ten is the customer; its parent comes first, so the rows go in by one statement.
    parent = "CASE WHEN n % 10 = 1 THEN NULL WHEN n % 10 < 5 THEN n - (n + 9) % 10 ELSE n - (n + 9) % 10 + 1 END"
    fleets.insert(
        connection, Account, {"id": "n", "ref": "'A' || n", "name": "'Account ' || n", "parent_id": parent, "created_at": _AT}, accounts
    )
    site = {"id": "n", "ref": "'S' || n", "name": "'Site ' || n", "account_id": "(n + 2) / 3", "created_at": _AT}
    fleets.insert(connection, Site, site, 3 * accounts)
    keys = {"maker_key": "'maker' || n", "model_key": "'model' || n", "family_key": "'model' || n", "reporting": "'always_on'"}
    words = {"maker": "'Maker ' || n", "model": "'Model ' || n", "family": "'Model ' || n", "created_at": _AT, "list_price": "900000"}
    fleets.insert(connection, Product, {"id": "n", **keys, **words}, PRODUCTS)


def _units(connection: Connection, units: int, accounts: int, now: int) -> None:
    account = f"((n - 1) / {units // accounts} % {accounts} + 1)"
    product = f"(({_customer(account)} * 3 + n % 4) % {PRODUCTS} + 1)"
    of = {"account_id": account, "site_id": f"({account} * 3 - n % 3)", "product_id": product}
    of |= {"maker_key": f"'maker' || {product}", "family_key": f"'model' || {product}"}
    unit = {"id": "n", "uid": "'u' || n", "serial": _KEY, "serial_key": _KEY, "twin_key": _KEY, **of, "evidence": "'{}'", "created_at": _AT}
    life = "CASE WHEN n % 40 = 0 THEN 'stock' WHEN n % 40 = 1 THEN 'returned' WHEN n % 200 = 2 THEN 'retired' ELSE 'deployed' END"
    unit |= {
        "lifecycle": life,
        "installed_on": _day("'2022-01-01'", "n % 1500"),
        "warranty_months": "36",
        "firmware": "'1.0'",
        "agent": "'bench'",
    }
    fleets.insert(connection, Unit, _for(connection, unit), units)
    heard = "CASE WHEN n % 14 = 0 THEN :now - 86400000 WHEN n % 62 = 0 THEN NULL ELSE :now END"
    stale = "CASE WHEN n % 14 = 0 THEN :now - 86400000 + 186000 ELSE NULL END"
    status = {
        "unit_id": "n",
        "heard_at": heard,
        "first_heard_at": heard,
        "stale_since": stale,
        "epoch": "1",
        "birth_epoch": "1",
        "beat": "1",
    }
    fleets.insert(connection, UnitStatus, status, units, now=now)
    period = {"unit_id": "n", "kind": "'standard'", "rule": "'installed'", "evidence": "'36 months from installation'"}
    period |= {"starts_on": _day("'2022-01-01'", "n % 1500"), "ends_on": _day("'2022-01-01'", "n % 1500 + 1096"), "id": "n"}
    fleets.insert(connection, WarrantyPeriod, _for(connection, period), units)


def _paper(connection: Connection, units: int, lines: int, accounts: int, today: str) -> None:
    contracts = lines // LINES_A_CONTRACT
    account = f"(n % {accounts} + 1)"
    contract = {"id": "n", "ref": "'C' || (1000000 + n)", "account_id": account, "auto_renew": "n % 2 = 0", "created_at": _AT}
    contract |= {"state": "CASE WHEN n % 10 = 0 THEN 'expired' WHEN n % 10 = 1 THEN 'cancelled' ELSE 'active' END"}
    contract |= {"starts_on": _day(f"'{today}'", "- 30 - n % 700"), "ends_on": _day(f"'{today}'", "n % 900 - 20")}
    fleets.insert(connection, Contract, _for(connection, contract), contracts)
    bill = {"contract_id": "n", "payment": "CASE WHEN n % 20 = 3 THEN 'overdue' ELSE 'paid' END"}
    fleets.insert(connection, Invoice, bill, contracts)
    of = f"((n + {LINES_A_CONTRACT - 1}) / {LINES_A_CONTRACT} % {accounts} + 1)"  # the account of the line's contract
    named, site, whole = "n * 7 % 20 < 14", "n * 7 % 20 < 16", "n * 7 % 20 < 19"
    below = f"({of} + CASE WHEN {of} % 10 = 1 THEN 1 ELSE 0 END)"  # of the accounts of a tree all but the customer itself
    serial = f"CASE WHEN {named} THEN 'BM' || (10000000 + n * 31 % {units} + 1) ELSE '' END"
    line = {
        **{"id": "n", "contract_id": f"(n + {LINES_A_CONTRACT - 1}) / {LINES_A_CONTRACT}", "number": "CAST(n % 10 AS TEXT)"},
        **{"scope": f"CASE WHEN {named} THEN 'serial' WHEN {site} THEN 'site' WHEN {whole} THEN 'account' ELSE 'subtree' END"},
        **{"place_id": f"CASE WHEN {named} THEN NULL WHEN {site} THEN {of} * 3 - n % 3 ELSE {below} END"},
        **{"product_id": f"CASE WHEN {named} THEN NULL ELSE ({_customer(of)} * 3 + n % 4) % {PRODUCTS} + 1 END"},
        **{"serial": serial, "serial_key": serial, "price": "1200000"},
        **{"quantity": f"CASE WHEN {named} THEN 1 WHEN {whole} THEN n % 29 + 1 ELSE n % 29 * 8 + 8 END"},
    }
    fleets.insert(connection, ContractLine, line, lines)


def _customer(account: str) -> str:
    """The first of the ten accounts of a tree."""
    return f"({account} - ({account} - 1) % 10)"


def _day(start: str, days: str) -> str:
    return f"day({start}; {days})"


def _for(connection: Connection, values: dict[str, str]) -> dict[str, str]:
    """Write `day(start; days)` as the database has it."""
    postgres = connection.dialect.name == "postgresql"

    def written(value: str) -> str:
        if not value.startswith("day("):
            return value
        start, _, days = value[4:-1].partition("; ")
        return f"date {start} + CAST({days} AS integer)" if postgres else f"date({start}, ({days}) || ' days')"

    return {name: written(value) for name, value in values.items()}

"""Units provisioned and active by segment, product and account on a random fleet, compared with pandas, on both databases."""

import random
from datetime import datetime, timedelta

import pandas as pd
from musterroll.domain.installed_base.provisioned import WINDOWS, Provisioned
from musterroll.domain.units.lifecycle import Lifecycle, Stage, of_stage
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.usecases.installed_base import provisioned
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from sqlmodel import Session

from tests.support import unit_rows


def fill(session: Session, now: datetime) -> pd.DataFrame:
    dice, rows = random.Random(3), []
    places = [unit_rows.place(session, f"A{n}", f"S{n}") for n in range(3)]
    for n, (account, _) in enumerate(places):
        session.get_one(Account, account).segment = ("", "health", "retail")[n]
    for n in range(150):
        owner = dice.choice([0, 1, 2, None])
        own, site = places[owner] if owner is not None else (None, None)
        lifecycle, status = dice.choice(list(Lifecycle)), dice.choice([None, *CredentialStatus])
        heard = dice.choice([None, dice.randint(0, 500)])
        at = None if heard is None else to_ms(now - timedelta(days=heard, hours=1))
        facts = {"account_id": own if n % 2 else None, "site_id": site, "lifecycle": lifecycle}
        unit = unit_rows.unit(session, f"SN{n}", model=f"Pump {n % 2}", status={"heard_at": at}, **facts)
        if status is not None:
            session.add(Credential(unit_id=unit.id, secret_hash="", status=status, created_at=now))
        enrolled = status is CredentialStatus.ACTIVE and lifecycle not in of_stage(Stage.AFTER)
        name, segment = ("", "") if owner is None else (f"A{owner}", ("", "health", "retail")[owner])
        provisioned_unit = lifecycle is Lifecycle.DEPLOYED or enrolled
        rows.append(
            {"account": name, "segment": segment, "owner": own, "product": f"Pump {n % 2}", "provisioned": provisioned_unit, "heard": heard}
        )
    return pd.DataFrame(rows)


def by_pandas(frame: pd.DataFrame, by: str) -> dict[str, Provisioned]:
    groups = frame[frame.provisioned].groupby(by)
    return {name: Provisioned(len(part), *(int((part.heard < days).sum()) for days in WINDOWS)) for name, part in groups}


def test_provisioned_and_active_units_are_what_pandas_finds(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        frame = fill(session, now)
    with database.snapshot() as session:
        counted = provisioned.provisioned(session, now).value
    assert counted == {by: by_pandas(frame, by.value) for by in LicenceBreakdown}
    some = frame[(frame.account == "A1") & (frame.index % 2 == 1)]  # units that only their site places are not in reach
    with database.snapshot([int(some.owner.iloc[0])]) as session:
        limited = provisioned.provisioned(session, now).value
    assert limited == {by: by_pandas(some, by.value) for by in LicenceBreakdown}

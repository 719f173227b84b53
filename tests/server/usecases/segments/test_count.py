"""The members of every ready-made segment are those of an independent computation in pandas, on random fleets and both databases."""

from datetime import datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta
from musterroll.domain.segments.pairs import learn
from musterroll.domain.usage.periods import day_of
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.segments import members as stored
from musterroll.storage.tables.segments import PairDecision
from musterroll.usecases.segments import count
from scipy.stats import fisher_exact
from sqlalchemy import text

from tests.support import segment_fleet

Frames = dict[str, pd.DataFrame]
Found = dict[str, tuple[int, int, dict[str, int]]]  # units, priced and ten-thousandths by currency, by account


def read(database: Database) -> Frames:
    tables = ("unit", "unit_reconciliation", "product", "contract", "contract_line", "account", "unit_use", "usage_sum")
    with database.snapshot() as session:
        result = {}
        for table in tables:
            rows = session.execute(text(f"SELECT * FROM {table}"))
            result[table] = pd.DataFrame(rows.mappings().all(), columns=list(rows.keys()))
    return result


def units(frames: Frames) -> pd.DataFrame:
    """Units with their account, whether they are deployed and operating, and what they are worth."""
    of = frames["unit"].merge(frames["unit_reconciliation"][["unit_id", "cell", "line_id"]], left_on="id", right_on="unit_id")
    of = of.merge(frames["product"][["id", "list_price", "currency"]], left_on="product_id", right_on="id", suffixes=("", "_product"))
    lines = frames["contract_line"].merge(frames["contract"][["id", "currency"]], left_on="contract_id", right_on="id", suffixes=("", "_c"))
    prices = lines.set_index("id")["price"].to_dict()
    money = lines.set_index("id")["currency_c"].to_dict()
    of["value"] = [
        prices[line] if pd.notna(prices.get(line)) else price for line, price in zip(of["line_id"], of["list_price"], strict=True)
    ]
    of["money"] = [money[line] if pd.notna(prices.get(line)) else known for line, known in zip(of["line_id"], of["currency"], strict=True)]
    refs = frames["account"].set_index("id")["ref"].to_dict()
    of["ref"] = of["account_id"].map(refs)
    of["deployed"], of["operating"], of["covered"] = of["cell"] & 2 > 0, of["cell"] & 1 > 0, of["cell"] & 4 > 0
    return of


def found(rows: pd.DataFrame) -> Found:
    return {
        ref: (
            len(part),
            int(part["value"].notna().sum()),
            {money: int(some["value"].sum()) for money, some in part.groupby("money") if some["value"].notna().any()},
        )
        for ref, part in rows.groupby("ref")
    }


def valuable(of: pd.DataFrame) -> Found:
    deployed = of[of["deployed"]]
    worth = deployed[deployed["value"].notna()].groupby("ref")["value"].sum()
    top = worth[worth >= worth.nlargest(-(-len(worth) // 4)).min()]
    silent = deployed[~deployed["operating"]]
    share = (~deployed["operating"]).groupby(deployed["ref"]).mean()
    return found(silent[silent["ref"].isin(top.index.intersection(share[share >= 0.5].index))])


def buyers(of: pd.DataFrame, now: datetime) -> Found:
    bought = pd.to_datetime(of["purchased_on"].where(of["purchased_on"].notna(), of["shipped_on"]))
    since = pd.Timestamp(now.date() - relativedelta(months=24))
    rows = of.assign(bought=bought)[(bought > since) & (bought <= pd.Timestamp(now.date()))]
    months = rows["bought"].dt.to_period("M").groupby(rows["ref"]).nunique()
    return found(rows[rows["ref"].isin(months[months >= 4].index)])


def unused(frames: Frames, of: pd.DataFrame, today: int) -> Found:
    report = of[of["deployed"] & of["operating"]].merge(frames["unit_use"][["unit_id", "counter_id", "last_day"]], on="unit_id")
    report = report[report["counter_id"] != 1]
    report["used"] = report["last_day"] > today - 30
    accounts = report.groupby(["product_id", "counter_id", "ref"])["used"].any().reset_index()
    usual = accounts.groupby(["product_id", "counter_id"])["used"].agg(["mean", "size"]).reset_index()
    usual = usual[(usual["size"] >= 10) & (usual["mean"] >= 0.5)]
    flagged = accounts[~accounts["used"]].merge(usual, on=["product_id", "counter_id"])
    rows = report.merge(flagged[["product_id", "counter_id", "ref"]], on=["product_id", "counter_id", "ref"])
    return found(rows.drop_duplicates("unit_id"))


def engaged(frames: Frames, of: pd.DataFrame, today: int, *, low: bool) -> Found:
    report = of[of["deployed"] & of["operating"]].merge(frames["unit_use"][["unit_id", "counter_id"]], on="unit_id")
    key = ["account_id", "product_id", "counter_id"]
    sums = frames["usage_sum"]
    use = sums[(sums["day"] > today - 28) & (sums["day"] <= today)].groupby(key)["use"].sum()
    accounts = report.groupby(key).size().rename("units").to_frame()
    accounts = accounts[accounts["units"] >= 3].join(use).fillna({"use": 0.0}).reset_index()
    accounts["rate"] = accounts["use"] / accounts["units"]
    group = accounts.groupby(["product_id", "counter_id"])["rate"]
    accounts["usual"], accounts["others"] = group.transform("median"), group.transform("size")
    known = accounts[(accounts["others"] >= 5) & (accounts["usual"] > 0)]
    flagged = known[known["rate"] < 0.5 * known["usual"]] if low else known[known["rate"] >= 2 * known["usual"]]
    return found(report.merge(flagged[key], on=key).drop_duplicates("unit_id"))


def owners(of: pd.DataFrame) -> dict[int, set[str]]:
    deployed = of[of["deployed"]]
    return {int(product): set(part["ref"]) for product, part in deployed.groupby("product_id")}


def pairs(of: pd.DataFrame) -> dict[tuple[int, int], float]:
    """Learned pairs with their corrected probability."""
    by_product, everyone = owners(of), set(of[of["deployed"]]["ref"])
    often = [product for product, refs in by_product.items() if len(refs) >= 10]
    tests = len(often) * (len(often) - 1) / 2
    result = {}
    for a, b in permutations(by_product, 2):
        has_a, has_b = by_product[a], by_product[b]
        both = len(has_a & has_b)
        table = [[both, len(has_a - has_b)], [len(has_b - has_a), len(everyone - has_a - has_b)]]
        p = min(1.0, fisher_exact(table, alternative="greater")[1] * tests)
        lift, share = both * len(everyone) / (len(has_a) * len(has_b)), both / len(has_a)
        if both >= 10 and p <= 0.01 and lift >= 1.2 and share >= 0.3 and both < len(has_a):
            result[a, b] = p
    return result


def lacking(of: pd.DataFrame, confirmed: list[tuple[int, int]]) -> Found:
    by_product = owners(of)
    parts = [
        of[of["deployed"] & (of["product_id"] == a) & of["ref"].isin(by_product.get(a, set()) - by_product.get(b, set()))]
        for a, b in confirmed
    ]
    return found(pd.concat(parts).drop_duplicates("unit_id"))


def lapsed(frames: Frames, of: pd.DataFrame, now: datetime) -> set[str]:
    """Accounts, by dates alone: nothing in force or to come, and the last known end within three years."""
    today, refs = now.date(), set()
    covered = set(of[of["covered"]]["ref"])
    contracts = frames["contract"].merge(frames["account"][["id", "ref"]], left_on="account_id", right_on="id", suffixes=("", "_a"))
    for ref, part in contracts[contracts["state"] != "draft"].groupby("ref_a"):
        ends, holds = [], False
        for row in part.to_dict("records"):
            starts, end = _day(row["starts_on"]), _day(row["ends_on"])
            cut = _day(row["ended_on"])
            if row["state"] == "cancelled":
                if cut is None:
                    continue
                end = min(cut, end) if end else cut
            renews = row["state"] == "active" and row["auto_renew"] and end
            over = end is not None and end <= today and not renews
            holds = holds or (starts <= today and not over) or (starts > today and row["state"] == "active")
            ends += [min(end, today)] if over and starts <= today else []
        if not holds and ends and max(ends) > today - relativedelta(months=36) and ref not in covered:
            refs.add(str(ref))
    return refs


def due(frames: Frames, now: datetime, *, notice: bool) -> Found:
    """Contracts in force that end within 90 days for good, or that renew and whose notice is due within 30; by the dates alone."""
    today, chosen = now.date(), dict[int, str]()
    contracts = frames["contract"].merge(frames["account"][["id", "ref"]], left_on="account_id", right_on="id", suffixes=("", "_a"))
    for row in contracts[contracts["state"] != "draft"].to_dict("records"):
        first, cut, renews = _day(row["ends_on"]), _day(row["ended_on"]), row["state"] == "active" and bool(row["auto_renew"])
        if row["state"] == "cancelled" and cut is None:
            continue
        end, years = min([day for day in (first, cut) if day], default=None), 0
        while renews and end and end <= today:
            years += 1
            end = first + relativedelta(years=years)
            end += timedelta(end.day < first.day)  # a year after 29 February is 1 March
        if end is None or _day(row["starts_on"]) > today or end <= today or renews != notice:
            continue
        by = end - timedelta(1 + (int(row["notice_days"]) if notice else 0))
        if today <= by <= today + timedelta(30 if notice else 90):
            chosen[int(row["id"])] = str(row["ref_a"])
    lines = frames["contract_line"][frames["contract_line"]["contract_id"].isin(chosen)]
    lines = lines.assign(ref=lines["contract_id"].map(chosen), priced=lines["quantity"].where(lines["price"].notna(), 0))
    lines = lines.assign(worth=pd.to_numeric(lines["price"]).fillna(0) * lines["quantity"])
    seats = lines.groupby("ref")[["quantity", "priced", "worth"]].sum()
    rows = {str(ref): (int(row.quantity), int(row.priced), {"EUR": int(row.worth)} if row.priced else {}) for ref, row in seats.iterrows()}
    return {ref: rows.get(ref, (0, 0, {})) for ref in sorted(set(chosen.values()))}


def _day(value: Any) -> Any:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()


@pytest.mark.parametrize("seed", [1, 2])
def test_members_are_those_of_pandas(database: Database, now: datetime, seed: int) -> None:
    with database.transaction() as session:
        segment_fleet.fill(session, Random(seed), now)
    frames = read(database)
    of, today = units(frames), day_of(now.date())
    confirmed = [*list(pairs(of))[:1], (int(of["product_id"].min()), int(of["product_id"].max()))]
    with database.transaction() as session:
        session.add_all(PairDecision(a_id=a, b_id=b, confirmed=True, decided_by="ada") for a, b in dict.fromkeys(confirmed))
    with database.snapshot() as session:
        counted = count.count(session, now)
        refs = dict(zip(frames["account"]["id"], frames["account"]["ref"], strict=True))

    def got(key: str) -> Found:
        return {
            refs[row.account_id]: (row.units, row.priced, {m.currency: int(m.amount.scaleb(4)) for m in row.worth})
            for row in counted.members[key]
        }

    expected = {
        "valuable-dormant": valuable(of),
        "frequent-buyers": buyers(of, now),
        "feature-unused": unused(frames, of, today),
        "low-engagement": engaged(frames, of, today, low=True),
        "heavy-users": engaged(frames, of, today, low=False),
        "near-end": due(frames, now, notice=False),
        "notice-due": due(frames, now, notice=True),
        "cross-sell": lacking(of, list(dict.fromkeys(confirmed))),
    }
    for key, members in expected.items():
        assert got(key) == members, key
        assert members or key == "notice-due", f"{key} is empty: the fleet tests nothing"
    assert set(got("lapsed")) == lapsed(frames, of, now)
    assert got("lapsed")
    assert {(pair.owned.a, pair.owned.b): pytest.approx(pair.p, rel=1e-6) for pair in counted.pairs} == pairs(of) != {}
    with database.transaction() as session:
        count.keep(session, counted, now)
        sizes = stored.sizes(session)
    for key, rows in counted.members.items():
        size = sizes[key]
        assert (size.accounts, size.units) == (sum(row.account_id > 0 for row in rows), sum(row.units for row in rows)), key
        assert size.at == to_ms(now)


def test_pairs_of_unrelated_products_are_hardly_ever_learned() -> None:
    """One run in a hundred may propose anything at all, if products are owned independently."""
    from musterroll.domain.segments.pairs import Owned

    dice, proposed = Random(3), 0
    for _ in range(100):
        owns = [{account for account in range(200) if dice.random() < 0.3} for _ in range(6)]
        counts = [Owned(a, b, 200, len(owns[a]), len(owns[b]), len(owns[a] & owns[b])) for a in range(6) for b in range(a + 1, 6)]
        proposed += bool(learn(counts, 6))
    assert proposed <= 4

"""Possible duplicates among accounts by splink, which learns field weights from the data. For large lists; needs the extra `dedup`.

Nothing here uses the database, as learning takes longer than a write transaction should.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from musterroll.domain import matching
from musterroll.domain.matching import AccountFacts, FieldMatch, Match
from musterroll.domain.values.errors import DomainError
from musterroll.usecases.matching.proposals import CROWD

if TYPE_CHECKING:
    from splink.internals.blocking_rule_creator import BlockingRuleCreator
    from splink.internals.linker import Linker

FEWEST = 500  # accounts; with fewer, the fixed weights are as good
_EXACT = ("domain", "phone", "postcode")
_LIKE = (0.97, 0.92, 0.85)  # Jaro-Winkler similarity levels whose weights are learnt
_PAIRS = 5e6  # random pairs to learn how often fields agree by chance
_SEED = 1  # the same list gives the same proposals


def similar_accounts(accounts: Sequence[AccountFacts]) -> dict[tuple[int, int], Match]:
    """Pairs of account ids that are at least as likely as not the same. Weights are in bits, as learnt.

    Raises DomainError if the extra is not installed, or if the list is too short or too sparse to learn from.
    """
    if len(accounts) < FEWEST:
        raise DomainError(f"{len(accounts):,} accounts are too few for splink to learn from ({FEWEST:,} at least): leave out --with")
    try:
        from splink.internals.exceptions import SplinkException
    except ImportError as missing:
        raise DomainError("looking for twins with splink needs its extra: pip install 'musterroll[dedup]'") from missing
    linker = _linker(accounts)
    try:
        _learn(linker, [field for field in _EXACT if any(getattr(account, field) for account in accounts)])
    except (SplinkException, ValueError) as failed:  # ValueError: nothing, or everything, looks the same
        raise DomainError("too few of the accounts look the same for splink to learn from them: leave out --with") from failed
    known = {account.id: account for account in accounts}
    predictions = linker.inference.predict(threshold_match_probability=matching.LEAST, warning_mode="never").as_record_list()
    rows = {(min(pair), max(pair)): row for row in predictions if (pair := (row["unique_id_l"], row["unique_id_r"]))}
    matches = {pair: _match(known[pair[0]], known[pair[1]], row) for pair, row in sorted(rows.items())}
    return {pair: match for pair, match in matches.items() if match}


def _linker(accounts: Sequence[AccountFacts]) -> "Linker":
    import splink.comparison_library as compare
    from splink.internals.blocking_rule_library import block_on
    from splink.internals.duckdb.database_api import DuckDBAPI
    from splink.internals.linker import Linker
    from splink.internals.settings_creator import SettingsCreator

    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            compare.JaroWinklerAtThresholds("words", _LIKE),
            *(compare.ExactMatch(field).configure(term_frequency_adjustments=True) for field in _EXACT),
        ],
        blocking_rules_to_generate_predictions=[block_on(f"{field}_block") for field in _EXACT],
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=False,
    )
    return Linker(DuckDBAPI().register(_table(accounts)), settings, log_level=logging.ERROR)


def _table(accounts: Sequence[AccountFacts]) -> dict[str, list[Any]]:
    """Columns that splink compares, null if unknown, and columns that decide which accounts are compared."""
    table: dict[str, list[Any]] = {
        "unique_id": [account.id for account in accounts],
        "words": [account.words or None for account in accounts],
    }
    for field in _EXACT:
        values = [getattr(account, field) or None for account in accounts]
        often = Counter(values)
        table[field] = values
        table[f"{field}_block"] = [
            value and (value if often[value] <= CROWD else f"{value} {account.words[:4]}")
            for value, account in zip(values, accounts, strict=True)
        ]
    return table


def _learn(linker: "Linker", fields: Sequence[str]) -> None:
    """Learn how often fields agree by chance, from random pairs, and in duplicates, from pairs that agree in another field."""
    from splink.internals.blocking_rule_library import block_on

    sure: list[str | BlockingRuleCreator] = [block_on(*pair) for pair in combinations(("words", *fields), 2)]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.8)
    linker.training.estimate_u_using_random_sampling(_PAIRS, seed=_SEED)
    for field in ("words", *fields):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(field), estimate_without_term_frequencies=True, max_pairs=_PAIRS
        )


def _match(left: AccountFacts, right: AccountFacts, row: dict[str, Any]) -> Match | None:
    """A match with splink's weights, by the rules of all matches: no parent and subsidiary, and two fields agree."""
    if left.parent_id == right.id or right.parent_id == left.id:
        return None
    exact = (FieldMatch(field, getattr(left, field), getattr(right, field), _bits(row, field)) for field in _EXACT)
    fields = [FieldMatch("name", left.name, right.name, _bits(row, "words")), *exact]
    weighted = tuple(field for field in fields if field.weight)
    return Match(row["match_probability"], weighted) if sum(field.agrees for field in weighted) >= 2 else None


def _bits(row: dict[str, Any], field: str) -> float:
    """The weight of a field, less for a value that many accounts share."""
    bits: float = row[f"mw_{field}"] + row.get(f"mw_tf_adj_{field}", 0.0)
    return round(bits, 1)

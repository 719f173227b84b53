"""Units whose reported warranty may disagree with the registry: candidates for the rule."""

import json
from collections.abc import Collection, Iterator
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from musterroll.domain.values.dates import Span
from musterroll.domain.warranty.periods import CoveragePeriod, PeriodKind
from musterroll.storage.engine.columns import Columns


class ClaimCandidate(NamedTuple):
    unit_id: int
    card: dict[str, Any]
    periods: list[CoveragePeriod]


# A card that repeats the standard period, by its end or its months, agrees and is left out.
_CLAIMANTS = """
SELECT unit.id, CAST(unit.card AS TEXT), w.kind, CAST(w.starts_on AS TEXT), CAST(w.ends_on AS TEXT), w.rule, w.evidence
FROM {of} JOIN warranty_period w ON w.unit_id = unit.id
WHERE unit.merged_into_id IS NULL AND unit.card IS NOT NULL AND w.kind IN ('standard', 'extended') AND NOT EXISTS (
  SELECT 1 FROM warranty_period s
  WHERE s.unit_id = unit.id AND s.kind = 'standard' AND unit.card ->> 'starts_on' = CAST(s.starts_on AS TEXT)
    AND (unit.card ->> 'ends_on' = CAST(s.ends_on AS TEXT)
      OR (unit.card ->> 'ends_on' IS NULL AND s.evidence LIKE CAST(unit.card ->> 'months' AS TEXT) || ' months from %'))
    AND NOT EXISTS (SELECT 1 FROM warranty_period x WHERE x.unit_id = unit.id AND x.kind = 'extended' AND x.starts_on <= s.starts_on))
ORDER BY unit.id"""

_SOME = "(SELECT unit.* FROM {units} t CROSS JOIN unit WHERE unit.id = t.id) AS unit"


def claim_candidates(columns: Columns, unit_ids: Collection[int] | None, condition: str = "TRUE") -> Iterator[ClaimCandidate]:
    """Of these units, or of all that meet a condition in SQL, those whose card and warranty do not obviously agree."""
    some = {} if unit_ids is None else {"units": unit_ids}
    of_all = f"(SELECT unit.* FROM unit WHERE {condition}) AS unit"  # noqa: S608  our own
    query = _CLAIMANTS.replace("{of}", _SOME if some else of_all)
    for (unit_id, card), rows in groupby(columns.ask(query, **some), key=lambda row: (row[0], row[1])):
        claim = json.loads(card)
        if isinstance(claim, dict):
            yield ClaimCandidate(unit_id, claim, [_period(*row[2:]) for row in rows])


def _period(kind: str, starts_on: str, ends_on: str | None, rule: str, evidence: str) -> CoveragePeriod:
    span = Span(date.fromisoformat(starts_on), date.fromisoformat(ends_on) if ends_on else None)
    return CoveragePeriod(PeriodKind(kind), span, rule, evidence)

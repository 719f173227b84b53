"""The wording of a unit's liveness."""

from datetime import datetime, timedelta
from typing import Any

from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.wording.states import LIVENESS, answer, liveness_of, verdict


def _card(now: datetime, by_import: bool) -> UnitCard:
    values: dict[str, Any] = dict.fromkeys(UnitCard._fields)
    heard_at = to_ms(now - timedelta(days=28))
    return UnitCard(**values)._replace(liveness=Liveness.OPERATING, heard_at=heard_at, interval=60, reported_by_import_only=by_import)


def test_a_unit_that_only_a_list_reported_is_never_shown_as_operating(now: datetime) -> None:
    card = _card(now, by_import=True)
    assert liveness_of(card).colour == "never_heard"  # grey
    assert answer(card, now) == "Last reported 28 days ago"
    assert "From an imported list" in verdict(card, now)
    assert "live status is unknown" in verdict(card, now)


def test_a_unit_that_reports_itself_is_shown_as_operating(now: datetime) -> None:
    card = _card(now, by_import=False)
    assert liveness_of(card) is LIVENESS[Liveness.OPERATING]
    assert answer(card, now) == "Operating"


def test_the_silence_of_a_unit_that_was_retired_is_grey(now: datetime) -> None:
    silent = _card(now, by_import=False)._replace(liveness=Liveness.STALE)
    assert liveness_of(silent._replace(lifecycle=Lifecycle.DEPLOYED)).colour == "stale"
    assert liveness_of(silent._replace(lifecycle=Lifecycle.RETIRED)).colour == "never_heard"

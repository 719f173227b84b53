"""`python -m tests.silence`: false alarms and time to detect, of fixed timeouts, of the class rule, and of the rhythm with outages."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from tests.silence import measure
from tests.silence.fleets import KINDS, POWER_CUTS, Unit, fleet
from tests.silence.measure import Figures, Outcome, figures

TIGHT, LOOSE = 300, 86_400  # seconds
Rule = Callable[[Unit], Outcome]


def table(units: Sequence[Unit]) -> dict[str, Figures]:
    """The figures of the whole fleet by rule, the timeouts at which one of them equals ours among them."""
    ours = figures([measure.by_rhythm(unit) for unit in units], gathered=True)
    as_rare = measure.timeout_with(units, lambda other: other.false_alarms <= ours.false_alarms)
    rules: dict[str, Rule] = {
        "timeout of 5 min for all": partial(measure.fixed, timeout=TIGHT),
        "timeout of 1 day for all": partial(measure.fixed, timeout=LOOSE),
        f"timeout as quick for nine of ten ({ours.p90 / 60:,.0f} h)": partial(measure.fixed, timeout=60 * ours.p90),
        f"timeout as rarely wrong ({as_rare / 3600:,.0f} h)": partial(measure.fixed, timeout=as_rare),
        "class rule": measure.by_class,
        "rhythm, each unit by itself": measure.by_rhythm,
    }
    return {name: figures([rule(unit) for unit in units]) for name, rule in rules.items()} | {"rhythm and outages": ours}


def by_kind(units: Sequence[Unit]) -> dict[str, tuple[Figures, Figures]]:
    """Class rule and ours, for each kind of unit."""
    kinds = {kind: [unit for unit in units if unit.kind == kind] for kind in (*KINDS, POWER_CUTS)}
    return {
        kind: (figures([measure.by_class(unit) for unit in same]), figures([measure.by_rhythm(unit) for unit in same], gathered=True))
        for kind, same in kinds.items()
        if same
    }


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.silence", description=__doc__)
    options.add_argument("--units", type=int, default=400, help="units of each seed")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--first", type=int, default=11, help="the first seed; the rules were chosen by looking at 1 and 2")
    chosen = options.parse_args()
    units = [unit for seed in range(chosen.first, chosen.first + chosen.seeds) for unit in fleet(seed, chosen.units)]
    print("| rule | false alarms per 1,000 unit-days | time to detect, median | p90 |\n|---|---|---|---|")
    for name, line in table(units).items():
        print(f"| {name} | {line.false_alarms:,.1f} | {_minutes(line.median)} | {_minutes(line.p90)} |")
    print(f"\n{len(units):,} units, {line.deaths} deaths\n\n| units | class rule: false alarms, median, p90 | ours |\n|---|---|---|")
    for kind, pair in by_kind(units).items():
        cells = (f"{one.false_alarms:,.1f}, {_minutes(one.median)}, {_minutes(one.p90)}" for one in pair)
        print(f"| {kind} | {' | '.join(cells)} |")


def _minutes(minutes: float) -> str:
    return f"{60 * minutes:,.0f} s" if minutes < 5 else f"{minutes:,.1f} min" if minutes < 120 else f"{minutes / 60:,.1f} h"


if __name__ == "__main__":
    main()

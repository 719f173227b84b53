"""`python -m tests.bench [--quick] [--json FILE] [name ...]`: exit status 1 where a figure misses what it has to reach."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import beside, durable, footprint, heartbeats, imports, million, pages, plans, reconciliation
from tests.bench.measuring import Figure

BENCHES: dict[str, Callable[[bool], list[Figure]]] = {
    "durable": durable.measure,
    "million": million.measure,
    "imports": imports.measure,
    "beside": beside.measure,
    "reconciliation": reconciliation.measure,
    "pages": pages.measure,
    "plans": plans.measure,
    "agent": footprint.measure,
    "heartbeats": heartbeats.measure,
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(BENCHES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small and few rounds: to see that everything works, not to be quoted")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHES)}")
    figures = []
    for name in chosen.names or BENCHES:
        print(f"\n{name}{' (quick)' if chosen.quick else ''}", flush=True)
        for found in BENCHES[name](chosen.quick):
            print(_line(found), flush=True)
            figures.append(found)
    if chosen.json:
        chosen.json.write_text(json.dumps([found._asdict() for found in figures], indent=2, ensure_ascii=False) + "\n")
    return 0 if chosen.quick or all(found.ok is not False for found in figures) else 1


def _line(found: Figure) -> str:
    spread = f"({_number(found.low)} to {_number(found.high)}, {found.rounds} rounds)" if found.rounds > 1 else ""
    verdict = {None: "", True: f"reached {found.aim}", False: f"MISSED {found.aim}"}[found.ok]
    return f"  {found.name:<66} {_number(found.value):>9} {found.unit:<11} {spread:<34} {verdict}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the estimates of incidents are to reach."""

from tests.truth.scoring import Figures

_Reach = dict[str, tuple[float, float]]
_HONEST: _Reach = {"month": (0.76, 0.84), "quarter": (0.76, 0.84), "year": (0.74, 0.86)}
_DRIFT: _Reach = {"month": (0.76, 1), "quarter": (0.75, 1), "year": (0.70, 1)}
_KNOWN: _Reach = {"month": (0.76, 1), "quarter": (0.75, 1), "year": (0.72, 1)}
_UNKNOWN: _Reach = {"month": (0.72, 1), "quarter": (0.65, 1), "year": (0, 1)}  # a year is said as a condition: nothing tells deployments
_HELD = {
    "constant": _HONEST,
    "drift up": _DRIFT,
    "drift down": _DRIFT,
    "season": _HONEST,
    "shocks": _HONEST,
    "launch ends, known": _KNOWN,
    "launch goes on, known": _KNOWN,
    "launch ends, unknown": _UNKNOWN,
    "launch goes on, unknown": _UNKNOWN,
    "bad batch": {"month": (0.74, 1), "quarter": (0.74, 1), "year": (0.70, 1)},
}
_BESIDE = 1.1  # our error as a multiple of the best simple estimate's, at most
_BETTER = ("drift", "season", "launch")  # scenarios in which it must be smaller


def misses(row: Figures) -> list[str]:
    """What these figures miss, in words."""
    low, high = _HELD[row.scenario][row.span]
    missed = []
    if row.held < low or row.held > high:
        missed.append(f"held: {100 * low:.0f} to {100 * high:.0f} %")
    most = 1.0 if row.scenario.startswith(_BETTER) else _BESIDE
    if row.beside > most and not (_HELD[row.scenario] is _UNKNOWN and row.span == "year"):
        missed.append(f"error: at most {most:.1f} times the best simple one")
    return missed

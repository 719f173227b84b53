"""Which device reports as a unit: one that goes on, one whose state went back to an older one, or several with one credential. Pure."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

_DAY = 86_400_000
_SAME_BOOT = 60_000  # ms between two computations of when one machine was started
_RETURNS_WITHOUT_SIGN = 2  # hardware alone: a network card that is plugged in and out returns once
_TURNS = 3  # of two lines of heartbeats, until redelivered ones are out of the question
_PLACE = frozenset({"host", "cores"})  # what a container runs on
WENT_BACK_AFTER = 120_000  # ms in which a second device would have shown itself


class Doubt(StrEnum):
    """Why it is in question which device a unit is."""

    COPIED = "copied"
    WENT_BACK = "went_back"
    FOREIGN = "foreign"


class BirthTrace(NamedTuple):
    """One birth as it came. Instants in ms; `at` by the unit's clock."""

    epoch: int
    seq: int
    received_at: int
    at: int
    uptime: int
    interval: int
    run: str = ""
    hardware: Mapping[str, str] = {}
    aside: bool = False  # its number was taken by another


class Signs(NamedTuple):
    """What has come since `first_at` that one device going on would not send (see `IdentitySign`)."""

    first_at: int
    last_at: int
    conflicts: int = 0
    passed: int = 0
    turns: int = 0
    hardware: int = 0


class Verdict(NamedTuple):
    doubt: Doubt
    says: str  # one clause


def judge(signs: Signs, births: Sequence[BirthTrace], now: int) -> Verdict | None:
    """What the signs and the latest births of a unit amount to. None: nothing, or not yet.

    A machine that starts from an old image shows new runs, none of which returns; of two machines the first one returns after the second.
    """
    traces = _in_order(births)
    if reason := _several(signs, traces):
        return Verdict(Doubt.COPIED, reason)
    told_apart = bool(traces) and bool(traces[-1].run)
    if not told_apart and signs.conflicts:
        return Verdict(Doubt.COPIED, "two messages with one number differ, and the agent does not say whether one device sent both")
    if signs.turns >= _TURNS and len({trace.run for trace in traces if trace.received_at >= signs.first_at}) <= 1:
        return Verdict(Doubt.COPIED, f"two lines of heartbeats have taken turns {signs.turns} times")
    if now - signs.first_at < WENT_BACK_AFTER or not (signs.conflicts or signs.passed):
        return None
    went_on = told_apart and traces[-1].received_at >= signs.first_at
    if went_on or (not told_apart and signs.passed >= _TURNS):
        return Verdict(Doubt.WENT_BACK, "the device numbers its messages as at an earlier start: its state directory has gone back")
    return None


def _in_order(births: Sequence[BirthTrace]) -> list[BirthTrace]:
    """Births as they came. Of one batch, which has one instant, the order is not known: the run that began first comes first."""
    began: dict[str, int] = {}
    for birth in births:
        began[birth.run] = min(birth.received_at, began.get(birth.run, birth.received_at))
    return sorted(births, key=lambda birth: (birth.received_at, began[birth.run], birth.run, birth.epoch, birth.seq))


def _several(signs: Signs, traces: Sequence[BirthTrace]) -> str:
    """How the births show more than one device; empty where they do not."""
    if _returns(traces, lambda a, b: bool(a.run) and a.run == b.run, lambda a, b: bool(a.run and b.run) and a.run != b.run):
        return "runs of the agent that started apart take turns"
    twins = [(a, b) for a, b in combinations(traces, 2) if a[:2] == b[:2] and (a.aside or b.aside)]
    if other := next((_difference(a, b) for a, b in twins if _other_hardware(a, b)), ""):
        return f"two births with one number come from different hardware: {other}"
    near = [trace for trace in traces if trace.received_at >= traces[-1].received_at - max(_DAY, 4000 * trace.interval)]
    if _returns(near, _same_boot, _other_boot):
        return "machines that were started at different times take turns"
    returns = _returns(near, _same_hardware, _other_hardware)
    if returns >= (1 if signs.conflicts or signs.passed else _RETURNS_WITHOUT_SIGN):
        pair = next((a, b) for a, b in combinations(near, 2) if _other_hardware(a, b))
        return f"different hardware takes turns: {_difference(*pair)}"
    return ""


_Pair = Callable[[BirthTrace, BirthTrace], bool]


def _returns(traces: Sequence[BirthTrace], same: _Pair, other: _Pair) -> int:
    """How often something that was there before returns after something else."""
    return sum(
        any(same(earlier, trace) and any(other(earlier, mid) for mid in traces[n + 1 : at]) for n, earlier in enumerate(traces[:at]))
        and other(traces[at - 1], trace)
        for at, trace in enumerate(traces)
        if at >= 2
    )


def _same_hardware(a: BirthTrace, b: BirthTrace) -> bool:
    return bool(_marks(a.hardware)) and _marks(a.hardware) == _marks(b.hardware)


def _marks(hardware: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in hardware.items() if name not in _PLACE}


def _other_hardware(a: BirthTrace, b: BirthTrace) -> bool:
    return hardware_differs(a.hardware, b.hardware)


def hardware_differs(a: Mapping[str, str], b: Mapping[str, str]) -> bool:
    """Whether two births name different hardware, as far as both name any.

    >>> hardware_differs({"mac": "a"}, {"mac": "b"}), hardware_differs({"mac": "a"}, {}), hardware_differs({}, {"board_serial": "1"})
    (True, False, False)
    """
    return any(a[name] != b[name] for name in _comparable(a, b))


def _comparable(a: Mapping[str, str], b: Mapping[str, str]) -> set[str]:
    """What of two births tells hardware apart; a container moves from host to host."""
    return (a.keys() & b.keys()) - _PLACE


def _difference(a: BirthTrace, b: BirthTrace) -> str:
    name = min(name for name in _comparable(a.hardware, b.hardware) if a.hardware[name] != b.hardware[name])
    return f"{name} {a.hardware[name][:80]} and {b.hardware[name][:80]}"


# A birth may come late, and a unit's clock may be set: only where both clocks agree is it one start of a machine, or another.
def _same_boot(a: BirthTrace, b: BirthTrace) -> bool:
    return all(abs(x - y) < _SAME_BOOT for x, y in zip(_boots(a), _boots(b), strict=True))


def _other_boot(a: BirthTrace, b: BirthTrace) -> bool:
    return all(abs(x - y) >= _SAME_BOOT for x, y in zip(_boots(a), _boots(b), strict=True))


def _boots(birth: BirthTrace) -> tuple[int, int]:
    """When the machine was started: by the registry's clock, and by its own."""
    return birth.received_at - birth.uptime * 1000, birth.at - birth.uptime * 1000

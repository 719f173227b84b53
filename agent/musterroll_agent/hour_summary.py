"""One hour of operation as one record: seconds, counters and a summary of the vitals read in it."""

from typing import Any

LENGTH = 3600.0  # seconds


class HourSummary:
    """Starts at a wall time (the label) and an elapsed time (the measure)."""

    def __init__(self, wall: int, elapsed: float) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._readings: dict[str, list[int]] = {}
        self._connected_since: float | None = None
        self._connected = 0.0
        self.beats = 0

    def add(self, vitals: dict[str, int]) -> None:
        for name, reading in vitals.items():
            self._readings.setdefault(name, []).append(reading)

    def connected(self, elapsed: float) -> None:
        self._connected_since = elapsed

    def disconnected(self, elapsed: float) -> None:
        if self._connected_since is not None:
            self._connected += elapsed - self._connected_since
        self._connected_since = None

    @property
    def is_connected(self) -> bool:
        return self._connected_since is not None

    def seconds(self, elapsed: float) -> float:
        return elapsed - self._elapsed

    def close(self, elapsed: float, operating: int, boots: int) -> dict[str, Any]:
        """The data of the record: seconds, lifetime counters, and [least, mean, most] of each vital."""
        self.disconnected(elapsed)
        vitals = {name: [min(v), round(sum(v) / len(v), 1), max(v)] for name, v in self._readings.items()}
        return {
            "from": self._wall,
            "seconds": round(self.seconds(elapsed)),
            "connected": round(self._connected),
            "beats": self.beats,
            "operating": operating,
            "boots": boots,
            "vitals": vitals,
        }

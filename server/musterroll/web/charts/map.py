"""A map of sites: marks for one or several sites, on the land of the world (Natural Earth 1:110m)."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from math import cos, radians, sqrt
from typing import NamedTuple

from musterroll.storage.fleet.sums import MapPlace

WIDTH = 1000.0
_LEAST_SPAN = 0.5  # degrees
_MAX_MARKS = 26  # marks side by side at most
_RADIUS = (7.0, 26.0)

Point = tuple[float, float]
Projection = Callable[[float, float], Point]


class Box(NamedTuple):
    """Degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def words(self) -> str:
        return ",".join(f"{value:.4f}" for value in self)


class MapMark(NamedTuple):
    """A site, or several that are too close to draw apart: then `place` is None and `box` encloses them."""

    x: float
    y: float
    radius: float
    place: MapPlace | None
    places: int
    box: Box
    deployed: int
    operating: int


class SiteMap(NamedTuple):
    height: float
    land: str  # of <path>
    graticule: str
    marks: list[MapMark]
    box: Box


def box_of(words: str | None) -> Box | None:
    """The box of a query parameter; None if it is not valid.

    >>> box_of("-10,40,20,60"), box_of("1,2,3"), box_of("20,40,10,60")
    (Box(west=-10.0, south=40.0, east=20.0, north=60.0), None, None)
    """
    try:
        west, south, east, north = map(float, (words or "").split(","))
    except ValueError:
        return None
    box = Box(west, south, east, north)
    return box if -180 <= west < east <= 180 and -90 <= south < north <= 90 else None


def around(places: Sequence[MapPlace]) -> Box:
    """A box around all places, with a margin."""
    lons, lats = [place.longitude for place in places], [place.latitude for place in places]
    wide, high = max(max(lons) - min(lons), _LEAST_SPAN), max(max(lats) - min(lats), _LEAST_SPAN)
    x, y = wide * 0.12, high * 0.16
    return Box(max(-180, min(lons) - x), max(-85, min(lats) - y), min(180, max(lons) + x), min(85, max(lats) + y))


def within(places: Iterable[MapPlace], box: Box) -> list[MapPlace]:
    return [p for p in places if box.west <= p.longitude <= box.east and box.south <= p.latitude <= box.north]


def draw(places: Sequence[MapPlace], box: Box) -> SiteMap:
    """The places within a box, in an equirectangular projection that is true at the middle of the box."""
    box = with_aspect_ratio(box)
    scale, stretch = _scales(box)
    height = round((box.north - box.south) * scale * stretch, 1)

    def spot(longitude: float, latitude: float) -> Point:
        return (longitude - box.west) * scale, (box.north - latitude) * scale * stretch

    groups: dict[tuple[int, int], list[MapPlace]] = {}
    for place in within(places, box):
        x, y = spot(place.longitude, place.latitude)
        groups.setdefault((int(x * _MAX_MARKS / WIDTH), int(y * _MAX_MARKS / WIDTH)), []).append(place)
    most = max((sum(p.deployed for p in group) for group in groups.values()), default=1)
    marks = sorted((_mark(group, spot, most) for group in groups.values()), key=lambda mark: -mark.radius)
    return SiteMap(height, land(box), _graticule(box), marks, box)


def _mark(group: list[MapPlace], spot: Projection, most: int) -> MapMark:
    deployed = sum(place.deployed for place in group)
    x, y = _middle(group, spot)
    radius = _RADIUS[0] + (_RADIUS[1] - _RADIUS[0]) * sqrt(deployed / most)
    alone = group[0] if len(group) == 1 and group[0].ref else None
    sites = sum(place.sites for place in group)
    return MapMark(round(x, 1), round(y, 1), round(radius, 1), alone, sites, around(group), deployed, sum(p.operating for p in group))


def _middle(group: list[MapPlace], spot: Projection) -> Point:
    points = [spot(place.longitude, place.latitude) for place in group]
    weight = sum(place.deployed for place in group)
    x, y = (sum(point[axis] * place.deployed for point, place in zip(points, group, strict=True)) / weight for axis in (0, 1))
    return x, y


def with_aspect_ratio(box: Box) -> Box:
    """The box made wider or higher, so that the map is about twice as wide as high."""
    middle_x, middle_y = (box.west + box.east) / 2, (box.south + box.north) / 2
    wide, high = box.east - box.west, (box.north - box.south) / cos(radians(middle_y))
    wide, high = max(wide, high * 2), max(high, wide / 2) * cos(radians(middle_y))
    return Box(max(-180, middle_x - wide / 2), max(-85, middle_y - high / 2), min(180, middle_x + wide / 2), min(85, middle_y + high / 2))


def _scales(box: Box) -> tuple[float, float]:
    return WIDTH / (box.east - box.west), 1 / cos(radians((box.north + box.south) / 2))


@lru_cache(32)
def land(box: Box) -> str:
    """The land within a box as the `d` of a <path>."""
    scale, stretch = _scales(box)
    parts = []
    for ring in _rings():
        cut = _clipped(ring, box)
        if len(cut) > 2:
            spots = dict.fromkeys((round((x - box.west) * scale), round((box.north - y) * scale * stretch)) for x, y in cut)
            parts.append("M" + "L".join(f"{x} {y}" for x, y in spots) + "Z")
    return "".join(parts)


@cache
def _rings() -> list[list[Point]]:
    """The outlines of all land as longitudes and latitudes, from the vendored TopoJSON."""
    topology = json.loads((files("musterroll.web") / "static" / "vendor" / "land-110m.json").read_bytes())
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + shift_x, y * scale_y + shift_y))
        arcs.append(points)
    return [_joined(ring, arcs) for shape in topology["objects"]["land"]["geometries"] for polygon in shape["arcs"] for ring in polygon]


def _joined(ring: list[int], arcs: list[list[Point]]) -> list[Point]:
    joined: list[Point] = []
    for number in ring:
        points = arcs[number] if number >= 0 else arcs[~number][::-1]
        joined += points[1:] if joined else points
    return joined


def _clipped(ring: list[Point], box: Box) -> list[Point]:
    """A ring clipped to a box, edge by edge (Sutherland and Hodgman 1974, CACM 17)."""
    for axis, edge, sign in ((0, box.west, 1), (0, box.east, -1), (1, box.south, 1), (1, box.north, -1)):
        cut: list[Point] = []
        for a, b in pairwise([*ring, ring[0]] if ring else []):
            inside_a, inside_b = (a[axis] - edge) * sign >= 0, (b[axis] - edge) * sign >= 0
            if inside_a:
                cut.append(a)
            if inside_a != inside_b:
                share = (edge - a[axis]) / (b[axis] - a[axis])
                cut.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
        ring = cut
    return ring


def _graticule(box: Box) -> str:
    """Meridians and parallels at round degrees."""
    scale, stretch = _scales(box)
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30) if (box.east - box.west) / step <= 12 or step == 30)
    height = (box.north - box.south) * scale * stretch
    meridians = (round((n * step - box.west) * scale, 1) for n in range(int(box.west // step) + 1, int(box.east // step) + 1))
    parallels = (round((box.north - n * step) * scale * stretch, 1) for n in range(int(box.south // step) + 1, int(box.north // step) + 1))
    return "".join([*(f"M{x} 0V{height:.0f}" for x in meridians), *(f"M0 {y}H{WIDTH:.0f}" for y in parallels)])

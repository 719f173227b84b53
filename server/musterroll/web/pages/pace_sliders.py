"""Sliders for the deployments of each product on the capacity page: the units a month after the last planned delivery."""

from collections.abc import Mapping
from typing import NamedTuple

from musterroll.domain.capacity.assumptions import as_text, paces
from musterroll.domain.capacity.deployments import deployed_a_month, expected_pace
from musterroll.domain.capacity.facts import PlanFacts, ProductFacts

_MOST = 12  # sliders shown, and those that are set
_WHOLE = 3  # units a month from which on tenths say nothing
PREFIX = "deployed-"


class PaceSlider(NamedTuple):
    """`usual`: where it stands without being set; `planned`: units of planned deliveries."""

    name: str
    product: ProductFacts
    value: float
    usual: float
    most: float
    step: float
    planned: float


def sliders(facts: PlanFacts) -> list[PaceSlider]:
    """Of the products that are deployed most, and of all that are set."""
    by_pace = sorted(facts.products, key=lambda product: (-deployed_a_month(product), -product.operating, product.name))
    return [_slider(product) for number, product in enumerate(by_pace) if number < _MOST or product.pace is not None]


def _slider(product: ProductFacts) -> PaceSlider:
    pace = deployed_a_month(product)
    step = 1.0 if pace >= _WHOLE or not pace else 0.1
    most, usual = 10.0, round(pace / step) * step
    while most < 3 * max(pace, expected_pace(product)):
        most *= 2
    value = usual if product.pace is None else product.pace
    return PaceSlider(f"{PREFIX}{product.id}", product, value, usual, most, step, sum(units for units, _ in product.planned))


def deployed(facts: PlanFacts, values: Mapping[str, str]) -> str:
    """The assumption `deployed` of a form: the sliders that are not where they stand by themselves, else what it says itself."""
    if not any(name.startswith(PREFIX) for name in values):
        return values.get("deployed", "")
    moved = {slider.product.name: values[slider.name] for slider in map(_slider, facts.products) if slider.name in values}
    usual = {slider.product.name: slider.usual for slider in map(_slider, facts.products)}
    numbers = paces("; ".join(f"{name}={value}" for name, value in moved.items()))
    return as_text({name: number for name, number in numbers.items() if abs(number - usual[name]) > 1e-6})

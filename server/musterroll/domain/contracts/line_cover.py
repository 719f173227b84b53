"""What a contract covers on a day, and how many units two contracts have in common."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from musterroll.domain.contracts.terms import ContractTerms, days_in_force
from musterroll.domain.values.dates import Span


class CoveredLine(NamedTuple):
    """A line as far as it matters here: a serial, or a quantity of a product; `price` per unit per year."""

    span: Span | None  # None: as long as the contract
    serial_key: str
    product: int | None
    quantity: int
    price: float | None
    currency: str


class Cover(NamedTuple):
    """Serials with their product, quantities by product, and annual value by currency."""

    serials: dict[str, int | None]
    products: Counter[int]
    value: Mapping[str, float]

    @property
    def units(self) -> int:
        return len(self.serials) + self.products.total()

    def copy(self) -> "Cover":
        return Cover(dict(self.serials), Counter(self.products), self.value)

    def offers(self) -> Iterator[Hashable]:
        """By what another cover may have units in common with this one."""
        yield from self.serials
        yield from (("quantity", product) for product in self.products)
        yield from (("serials", product) for product in set(self.serials.values()) if product is not None)

    def seeks(self) -> Iterator[Hashable]:
        """What covers must offer to have units in common with this one."""
        yield from self.serials
        for product in {*self.products, *self.serials.values()}:
            yield ("quantity", product)
        yield from (("serials", product) for product in self.products)


def cover_on(contract: ContractTerms, lines: Iterable[CoveredLine], on: date) -> Cover:
    value: dict[str, float] = defaultdict(float)
    cover = Cover({}, Counter(), value)
    for line in lines:
        if days_in_force(line.span, contract, on) is None:
            continue
        if line.serial_key:
            cover.serials[line.serial_key] = line.product
        elif line.product is not None:
            cover.products[line.product] += line.quantity
        if line.price is not None:
            value[line.currency or contract.currency] += line.price * line.quantity
    return cover


def take(before: Cover, after: Cover) -> int:
    """How many units of `before` are in `after` too. They are removed from `before`; from `after`, unless it names their serial.

    A serial is the same serial, or one of a quantity of its product; two different serials are never the same unit.
    """
    same = before.serials.keys() & after.serials.keys()
    for key in same:
        del before.serials[key]
    taken = len(same)
    for key, product in list(before.serials.items()):
        if product is not None and after.products[product] > 0:
            after.products[product] -= 1
            del before.serials[key]
            taken += 1
    for product, quantity in before.products.items():
        of_quantity = min(quantity, after.products[product])
        after.products[product] -= of_quantity
        others = [key for key, made in after.serials.items() if made == product and key not in same][: quantity - of_quantity]
        for key in others:
            del after.serials[key]
        before.products[product] = quantity - of_quantity - len(others)
        taken += of_quantity + len(others)
    return taken


def change(before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """By how much the annual value grew, over all currencies; None where the two cannot be compared."""
    if not before or before.keys() != after.keys():
        return None
    changes = [after[currency] - amount for currency, amount in before.items()]
    return sum(changes) if min(changes) >= 0 or max(changes) <= 0 else None

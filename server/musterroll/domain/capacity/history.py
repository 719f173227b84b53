"""The start of a reliable incident log: a ticket system introduced after the fleet makes early months look quiet."""

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from musterroll.domain.capacity.ageing import AGE_BANDS

_NEAR_ZERO = 0.08  # of the incidents expected: what quiet months may have at most; a worse product was never that quiet
_CHANCE = 1e-4  # that so few are in the months before, if the log had been there
_REACH = 5.0  # times the unit-months since: as many before are judged by their rate
_QUIETER = 0.5  # of the rate of all products since: no need to look closer at months that had more
_LEAST_MONTHS = 6  # after a start with some incidents before
_STRONG = 20.0  # twice the logarithm of the likelihood ratio
_SUDDEN, _FIRST_MONTHS = 1 / 3, 3  # a log begins at once: its first months have at least this share of what they should


def log_start(products: Sequence[tuple[ArrayLike, ArrayLike]]) -> int:
    """The month from which incidents were recorded; 0 where nothing speaks against the first, the number of months where there are none.

    Per product: unit-months by month and completed months of age, and incidents by month and age band. The months before a start have
    near zero of what the same products at the same ages had since, beyond chance (binomial). Products that fail more than before, or that
    are failure-free while young, do not make months unknown.

    >>> def steady(*incidents: int): return [([[500.0]] * len(incidents), [[n] + [0] * 6 for n in incidents])]
    >>> log_start(steady(0, 0, 1, *[20] * 12)), log_start(steady(20, 21, 19, 22, 18, 20, 21)), log_start(steady(*[5] * 12, *[25] * 12))
    (3, 0, 0)
    """
    if not products:
        return 0
    lived, events = (np.stack([np.asarray(table, dtype=float) for table in tables]) for tables in zip(*products, strict=True))
    by_month = events.sum(axis=(0, 2))
    months = len(by_month)
    if not by_month.any():
        return months
    by_month_lived = lived.sum(axis=(0, 2))
    best, at = 0.0, 0
    for split in range(1, months):
        before, after = float(by_month[:split].sum()), float(by_month[split:].sum())
        if before and months - split < _LEAST_MONTHS:
            break
        months_before, months_after = float(by_month_lived[:split].sum()), float(by_month_lived[split:].sum())
        if before * months_after > _QUIETER * after * months_before:
            continue
        expected = _at_rates_since(lived, events, split)
        should, first = float(expected[:split].sum()), slice(split, split + _FIRST_MONTHS)
        if before > _NEAR_ZERO * should or by_month[first].sum() < _SUDDEN * expected[first].sum():
            continue
        gain = _best(before, months_before) + _best(after, months_after) - _best(before + after, months_before + months_after)
        if gain > best and special.bdtr(before, int(before + after), should / (should + after)) < _CHANCE:
            best, at = gain, split
    return at


def suspected_start(products: Sequence[tuple[ArrayLike, ArrayLike]], least: int = _LEAST_MONTHS) -> int:
    """The month from which a unit had more than three times the incidents of before, beyond chance; 0: none. The record may begin there, or
    the products fail more since: only a person knows. It is at least `least` months ago.
    """
    tables = zip(*products, strict=True)
    exposed, had = (np.sum([np.asarray(table, dtype=float).sum(axis=1) for table in of_products], axis=0) for of_products in tables)
    best, at = _STRONG, 0
    for split in range(1, len(had) - least + 1):
        before, after = (float(had[:split].sum()), float(exposed[:split].sum())), (float(had[split:].sum()), float(exposed[split:].sum()))
        if min(before[1], after[1]) <= 0 or before[0] / before[1] > after[0] / after[1] / 3:
            continue
        gain = 2 * (_best(*before) + _best(*after) - _best(before[0] + after[0], before[1] + after[1]))
        if gain > best:
            best, at = gain, split
    return at


def _best(events: float, exposure: float) -> float:
    """Log likelihood of a Poisson count at its own best rate, constants left out (Worsley 1986, Biometrika 73)."""
    return events * log(events / exposure) - events if events else 0.0


def _at_rates_since(lived: NDArray[np.float64], events: NDArray[np.float64], split: int) -> NDArray[np.float64]:
    """Incidents by month, had each product at each age always had the rate of its age band from month `split` on.

    Only ages seen since count: of others nothing says what is usual. Little seen since speaks for little before.
    """
    again = lived * (lived[:, split:].sum(axis=1) > 0)[:, np.newaxis]
    band = np.searchsorted(AGE_BANDS, np.arange(lived.shape[2]), side="right") - 1
    by_band = np.stack([again[:, :, band == number].sum(axis=2) for number in range(len(AGE_BANDS))], axis=2)
    before, exposed, had = by_band[:, :split].sum(axis=1), by_band[:, split:].sum(axis=1), events[:, split:].sum(axis=1)
    rate = np.divide(had, exposed, out=np.zeros_like(had), where=exposed > 0)
    by_band[:, :split] *= np.minimum(1.0, _REACH * exposed / np.maximum(before, 1e-9))[:, np.newaxis]
    expected: NDArray[np.float64] = np.einsum("pmb,pb->m", by_band, rate)
    return expected

"""What may come in a stretch of days, added up: each item comes or does not, later or sooner, for more or for less.

Once it is known how the common factor stands, items come independently of each other. Their sum is then the product of their
characteristic functions on a grid of amounts, and the whole is the average over the factor. Delays and uncertain amounts are
further outcomes of the same item, so the sum stays exact with them: a deal of 60 that starts in this quarter or the next brings
nothing, 20 or 60. A few items are listed outcome by outcome instead, with no grid at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from acctlib.outlook.families import Distribution

__all__ = ["HALF_CENT", "Outcomes", "Part", "reached", "reached_if", "total"]

#: So many outcomes of all items together are listed one by one; more are added up on a grid of so many amounts.
LISTED, CELLS = 1 << 12, 1 << 12
#: Beyond so many items their sum is as good as normal once the common factor is known.
HUNDREDS = 256
#: A range of amounts stands as so many evenly likely ones.
AMOUNTS = 12
#: A chance so small that what would follow from it is lost in rounding.
NEXT_TO_NONE = 1e-9
#: Half a cent: amounts that add up to a target reach it in spite of rounding.
HALF_CENT = 0.005


@dataclass(frozen=True, eq=False)
class Part:
    """One item that may bring money.

    Attributes
    ----------
    chance : float
        That it comes at all.
    amount : Distribution
        What it brings if it comes, over all its days.
    first, last : int
        Its first and last day, counted as numpy counts days.
    delays : array of int, shape (n,)
        Days by which it may come later, each as likely as the others.
    """

    chance: float
    amount: Distribution
    first: int
    last: int
    delays: np.ndarray

    def shares(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Return the share of the amount that falls into each stretch of days, shape (n_delays, n_stretches)."""
        first, last = self.first + self.delays[:, None], self.last + self.delays[:, None]
        return np.maximum(np.minimum(last, ends) - np.maximum(first, starts) + 1, 0) / (self.last - self.first + 1)

    def amounts(self) -> np.ndarray:
        """Return evenly likely amounts that stand for the range, with its mean."""
        if not self.amount.continuous:
            return np.array([self.amount.mean])
        points = self.amount.quick_quantile((np.arange(AMOUNTS) + 0.5) / AMOUNTS)
        return points + (self.amount.mean - points.mean())

    def outcomes(self, share: np.ndarray) -> Outcomes:
        """Return what it brings, given its share of one stretch by delay: a column of `shares`."""
        values, places = np.unique(np.round(np.multiply.outer(share, self.amounts()).ravel(), 6), return_inverse=True)
        return Outcomes(self.chance, values, np.bincount(places) / len(places))


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What one item brings in one stretch if it comes: rising `values` with their `odds`, which sum to 1."""

    chance: float
    values: np.ndarray
    odds: np.ndarray

    @property
    def mean(self) -> float:
        """Return the expected amount, its chance counted."""
        return self.chance * float(self.values @ self.odds)

    @property
    def certain(self) -> float:
        """Return what comes in every case."""
        return float(self.values[0]) if self.chance == 1 else 0.0

    @property
    def moves(self) -> bool:
        """Return False where it brings the same in every case."""
        return self.chance > 0 and (len(self.values) > 1 if self.chance == 1 else self.values[-1] > 0)

    @property
    def sd(self) -> float:
        """Return the standard deviation of what it brings."""
        return math.sqrt(max(self.chance * float(self.values**2 @ self.odds) - self.mean**2, 0.0))


def total(items: Sequence[Outcomes], common_factor: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the distribution of what the items bring together.

    Parameters
    ----------
    items : sequence of Outcomes
    common_factor : float, default 0
        Correlation of the scores behind "comes" and "does not", from 0 to below 1.

    Returns
    -------
    (values, odds) : two arrays of float
        Rising amounts and their chances.

    Examples
    --------
    Two even deals of 1 under a common factor of a half are both won one time in three, not one in four:

    >>> deal = Outcomes(0.5, np.array([1.0]), np.array([1.0]))
    >>> values, odds = total([deal, deal], common_factor=0.5)
    >>> values.tolist(), odds.round(3).tolist()
    ([0.0, 1.0, 2.0], [0.333, 0.333, 0.333])
    """
    fixed = math.fsum(item.values[0] for item in items if item.chance == 1 and not item.moves)
    items = [item for item in items if item.moves]
    if not items:
        return np.array([fixed]), np.ones(1)
    scores, weights = _factor(items, common_factor)
    if _listed(items):
        values, given, _ = _list(items, scores, common_factor)
        odds = weights @ given
        values, places = np.unique(np.round(values, 6), return_inverse=True)
        odds = np.bincount(places.ravel(), odds)
    elif len(items) > HUNDREDS:
        values, odds = _nearly_normal(items, scores, weights, common_factor)
    else:
        width, cells = _grid(items)
        waves = np.array([_wave(item, width, cells) for item in items])
        spectrum = np.zeros(waves.shape[1], dtype=complex)
        for weight, given in zip(weights, _given(items, scores, common_factor).T, strict=True):
            spectrum += weight * np.prod(1 - given[:, None] + given[:, None] * waves, axis=0)
        odds = np.maximum(np.fft.irfft(spectrum, cells), 0.0)
        values = width * np.arange(cells)
    kept = odds > 1e-15
    return fixed + values[kept], odds[kept] / odds[kept].sum()


def reached(values: np.ndarray, odds: np.ndarray, target: float) -> float:
    """Return the chance of `target` or more."""
    return float(min(odds[np.searchsorted(values, target - HALF_CENT) :].sum(), 1.0))


def reached_if(items: Sequence[Outcomes], target: float, common_factor: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the chance to reach `target` if each item comes, and if it does not.

    Parameters
    ----------
    items : sequence of Outcomes
    target : float
    common_factor : float, default 0

    Returns
    -------
    (if_it_comes, if_not) : two arrays of float, shape (n_items,)
        Fractions; NaN where that cannot happen (a chance of 0 or 1). An item that comes also tells that the common factor
        stands well, so the others are likelier then.
    """
    moving = [place for place, item in enumerate(items) if item.moves]
    found = [items[place] for place in moving]
    target = target - math.fsum(item.values[0] for item in items if item.chance == 1 and not item.moves)
    overall = reached(*total(found, common_factor), target)
    # An item that brings nothing in these days still tells of the factor; that little is left out.
    chance = np.array([item.chance for item in items])
    comes, fails = np.where(chance > 0, overall, np.nan), np.where(chance < 1, overall, np.nan)
    if not found:
        return comes, fails
    scores, weights = _factor(found, common_factor)
    if _listed(found):
        values, given, comes_in = _list(found, scores, common_factor)
        odds = (weights @ given) * (values >= target - HALF_CENT)
        with_it = comes_in @ odds
        without = odds.sum() - with_it
    elif len(found) > HUNDREDS:
        with_it, without = _nearly_normal_without_each(found, target, scores, weights, common_factor)
    else:
        width, cells = _grid(found)
        waves = np.array([_wave(item, width, cells) for item in found])
        won, lost = np.zeros_like(waves), np.zeros_like(waves)
        for weight, given in zip(weights, _given(found, scores, common_factor).T, strict=True):
            factors = 1 - given[:, None] + given[:, None] * waves
            others = np.ones_like(factors)
            others[1:] = np.multiply.accumulate(factors[:-1], axis=0)
            others[:-1] *= np.multiply.accumulate(factors[:0:-1], axis=0)[::-1]
            won += weight * given[:, None] * others
            lost += weight * (1 - given[:, None]) * others
        enough = math.ceil((target - HALF_CENT) / width) if target > HALF_CENT else 0
        with_it = np.fft.irfft(won * waves, cells, axis=1)[:, enough:].sum(axis=1)
        without = np.fft.irfft(lost, cells, axis=1)[:, enough:].sum(axis=1)
    own = chance[moving]
    with np.errstate(divide="ignore", invalid="ignore"):
        comes[moving] = np.where(own > NEXT_TO_NONE, np.clip(with_it / own, 0, 1), np.nan)
        fails[moving] = np.where(own < 1 - NEXT_TO_NONE, np.clip(without / (1 - own), 0, 1), np.nan)
    return comes, fails


def _factor(items: Sequence[Outcomes], common_factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of the common factor and their weights, close together where the sum is narrow once they are known."""
    if common_factor == 0:
        return np.zeros(1), np.ones(1)
    spreads = np.array([item.sd for item in items])
    ratio = math.sqrt(common_factor / (1 - common_factor)) * spreads.sum() / max(math.sqrt(spreads @ spreads), 1e-300)
    scores = np.linspace(-6.5, 6.5, int(min(max(24, 12 * ratio), 512)) + 1)
    weights = np.exp(-(scores**2) / 2)
    return scores, weights / weights.sum()


def _given(items: Sequence[Outcomes], scores: np.ndarray, common_factor: float) -> np.ndarray:
    """Return the chance of each item at each score, shape (n_items, n_scores)."""
    own = special.ndtri(np.array([item.chance for item in items]))[:, None]
    return special.ndtr((own + math.sqrt(common_factor) * scores) / math.sqrt(1 - common_factor))


def _listed(items: Sequence[Outcomes]) -> bool:
    return math.prod(1 + len(item.values) for item in items) <= LISTED


def _list(items: Sequence[Outcomes], scores: np.ndarray, common_factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return every outcome's total, its chance at each score, and (a row an item) whether the item comes in it."""
    totals, chances, comes = np.zeros(1), np.ones((len(scores), 1)), np.zeros((0, 1), dtype=bool)
    for item, given in zip(items, _given(items, scores, common_factor), strict=True):
        step = np.column_stack([1 - given, np.multiply.outer(given, item.odds)])
        totals = np.add.outer(totals, np.concatenate([[0.0], item.values])).ravel()
        chances = (chances[:, :, None] * step[:, None, :]).reshape(len(scores), -1)
        own = np.tile(np.arange(step.shape[1]) > 0, comes.shape[1])
        comes = np.vstack([np.repeat(comes, step.shape[1], axis=1), own])
    return totals, chances, comes


def _nearly_normal(
    items: Sequence[Outcomes], scores: np.ndarray, weights: np.ndarray, common_factor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of hundreds of items: normal at each score of the factor, and then averaged; never below nought."""
    means, variances = _moments(items, _given(items, scores, common_factor))
    centre, spread = means.sum(axis=0), np.sqrt(np.maximum(variances.sum(axis=0), 1e-12))
    values = np.linspace(max(float((centre - 7 * spread).min()), 0.0), float((centre + 7 * spread).max()), CELLS)
    edges = np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2, [np.inf]])
    tail = weights @ special.ndtr((edges - centre[:, None]) / spread[:, None])
    return values, np.diff(tail)


def _nearly_normal_without_each(
    items: Sequence[Outcomes], target: float, scores: np.ndarray, weights: np.ndarray, common_factor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each item, the chance that it comes and the target is reached, and that it does not come and it is."""
    given = _given(items, scores, common_factor)
    means, variances = _moments(items, given)
    short = target - HALF_CENT - (means.sum(axis=0) - means)
    spread = np.sqrt(np.maximum(variances.sum(axis=0) - variances, 1e-12))
    lost = ((1 - given) * special.ndtr(-short / spread)) @ weights
    won = np.empty(len(items))
    for place, item in enumerate(items):
        come = item.odds @ special.ndtr((item.values[:, None] - short[place]) / spread[place])
        won[place] = (given[place] * come) @ weights
    return won, lost


def _moments(items: Sequence[Outcomes], given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each item at each score of the factor."""
    first = np.array([item.values @ item.odds for item in items])[:, None]
    second = np.array([item.values**2 @ item.odds for item in items])[:, None]
    return first * given, second * given - (first * given) ** 2


def _grid(items: Sequence[Outcomes]) -> tuple[float, int]:
    """Return the step of the grid and its number of amounts: a common divisor of all amounts where there is one."""
    most = math.fsum(item.values[-1] for item in items)
    cells = max(CELLS, 1 << math.ceil(math.log2(4 * len(items))))
    cents = np.unique(np.concatenate([item.values for item in items]) * 100)
    unit = int(np.gcd.reduce(np.round(cents).astype(np.int64))) if np.allclose(cents, np.round(cents), atol=1e-4) else 0
    if unit and most * 100 / unit < cells:
        return unit / 100, 1 << math.ceil(math.log2(most * 100 / unit + 2))
    return most / (cells - len(items) - 2), cells


def _wave(item: Outcomes, width: float, cells: int) -> np.ndarray:
    """Return the characteristic function of what an item brings if it comes; an amount between two steps is shared."""
    place = np.round(item.values / width, 7)
    step = np.floor(place).astype(int)
    share = place - step
    masses = np.bincount(step, item.odds * (1 - share), cells) + np.bincount(step + 1, item.odds * share, cells)[:cells]
    return np.fft.rfft(masses)

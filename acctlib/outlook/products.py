"""The product of two independent amounts: a cost per month and the months it goes on."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from acctlib.outlook.families import Discrete, Distribution, Tabulated

__all__ = ["Product"]

#: Cells of the grid of logarithms.
_CELLS = 1 << 15
#: Chance beyond which an amount is cut.
_TAIL = 1e-10


@dataclass(frozen=True)
class Product(Distribution):
    """Two independent amounts of 0 or more, multiplied."""

    first: Distribution
    second: Distribution
    long_tailed = True

    @property
    def mean(self) -> float:
        return self.first.mean * self.second.mean

    @property
    def variance(self) -> float:
        one, other = self.first, self.second
        return (one.variance + one.mean**2) * (other.variance + other.mean**2) - self.mean**2

    @property
    def low(self) -> float:
        return self.first.low * self.second.low

    @property
    def high(self) -> float:
        return self.first.high * self.second.high

    def quantile(self, p):
        return self._table.quantile(p)

    def cdf(self, x):
        return self._table.cdf(x)

    @functools.cached_property
    def _table(self) -> Tabulated:
        """Return the curve of the product: its logarithm is a sum, and adds up on a grid of logarithms."""
        for smooth, other in ((self.first, self.second), (self.second, self.first)):
            if isinstance(other, Discrete):
                return _times_outcomes(smooth, other)
        ends = [np.log(np.maximum(part.quantile(np.array([_TAIL, 1 - _TAIL])), 1e-300)) for part in (self.first, self.second)]
        spans = [high - low for low, high in ends]
        width = sum(spans) / _CELLS
        masses = []
        for part, (low, _), span in zip((self.first, self.second), ends, spans, strict=True):
            edges = low + width * np.arange(max(math.ceil(span / width), 1) + 1)
            reached = part.cdf(np.exp(edges))
            # What is certain to be nought lies below every logarithm, and so does what lies beyond the ends.
            reached[0], reached[-1] = 0.0, 1.0
            masses.append(np.diff(reached))
        count = len(masses[0]) + len(masses[1]) - 1
        size = 1 << math.ceil(math.log2(count))
        together = np.fft.irfft(np.fft.rfft(masses[0], size) * np.fft.rfft(masses[1], size), size)[:count]
        # Two cells meet in the middle of two: half of what they hold lies on either side.
        reached = np.maximum.accumulate(np.cumsum(together) - together / 2)
        values = np.exp(ends[0][0] + ends[1][0] + width * np.arange(1, count + 1))
        kept = slice(max(np.searchsorted(reached, _TAIL) - 1, 0), np.searchsorted(reached, 1 - _TAIL) + 2)
        values, reached = values[kept], reached[kept]
        reached[0], reached[-1] = 0.0, 1.0
        return Tabulated(values, reached)


def _times_outcomes(smooth: Distribution, other: Discrete) -> Tabulated:
    """Return the curve of an amount times one of several single ones."""
    grid = smooth.quantile(np.clip(np.linspace(0.0, 1.0, 4097), _TAIL, 1 - _TAIL))
    values = np.unique(np.outer(other.values, grid))
    reached = np.zeros(len(values))
    for by, chance in zip(other.values, other.probabilities, strict=True):
        reached += chance * (smooth.cdf(values / by) if by > 0 else values >= 0)
    reached = np.maximum.accumulate(reached)
    reached[-1] = 1.0
    # The first amount stands twice, so that a chance of its own (no month at all) is a step.
    return Tabulated(np.concatenate([values[:1], values]), np.concatenate([[0.0], reached]))

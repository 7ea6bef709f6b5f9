"""The product of two independent amounts: a cost per month and the months it goes on."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy import special

from acctlib.outlook.families import Discrete, Distribution, Tabulated

__all__ = ["Product"]

#: The second amount is taken at so many equally likely places.
_PLACES = 1024
#: Chance beyond which an amount without end is cut.
_TAIL = 1e-9


@dataclass(frozen=True)
class Product(Distribution):
    """Two independent amounts of 0 or more, multiplied."""

    first: Distribution
    second: Distribution

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
        smooth, other = (self.first, self.second) if self.first.continuous else (self.second, self.first)
        if isinstance(other, Discrete):
            times, weights = np.array(other.values), np.array(other.probabilities)
        else:
            times = other.quantile((np.arange(_PLACES) + 0.5) / _PLACES)
            weights = np.full(_PLACES, 1 / _PLACES)
        ends = [part.quantile(np.array([_TAIL, 1 - _TAIL])) for part in (smooth, other)]
        values = np.linspace(ends[0][0] * ends[1][0], ends[0][1] * ends[1][1], 4097)
        # The tails of a product are long: look once to see where the amounts lie, then finely there.
        values = np.unique(
            np.interp(special.ndtr(np.linspace(-6, 6, 4097)), self._reached(smooth, times, weights, values), values)
        )
        reached = self._reached(smooth, times, weights, values)
        reached[0], reached[-1] = 0.0, 1.0
        return Tabulated(values, np.maximum.accumulate(reached))

    @staticmethod
    def _reached(smooth: Distribution, times: np.ndarray, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        positive = times > 0
        reached = np.full(len(values), float(weights[~positive].sum()))
        for by, weight in zip(times[positive], weights[positive], strict=True):
            reached += weight * smooth.cdf(values / by)
        return reached

"""The mathematics behind an estimate: families of distributions, each with its moments, quantiles and cumulative chances.

A forecast asks every uncertain number the same few questions. Moments come in closed form where there is one, and otherwise
from integrating the quantile. `distributions` holds what one writes to get one of these, and refuses impossible input; here
the parameters are taken to be right.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = [
    "Beta",
    "Discrete",
    "Distribution",
    "LogNormal",
    "Normal",
    "Point",
    "Scaled",
    "Tabulated",
    "Triangular",
    "Truncated",
    "check_probability",
]

#: Nodes of the Gauss-Legendre rule over probabilities, for moments without a closed form.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)
_PROBABILITIES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2

#: The same over logits, by the trapezoid rule: it reaches as far into the tails as a probability can.
_LOGITS = np.linspace(-33.0, 33.0, 1321)
_LOGIT_PROBABILITIES = special.expit(_LOGITS)
_LOGIT_WEIGHTS = special.expit(_LOGITS) * special.expit(-_LOGITS)
_LOGIT_WEIGHTS /= _LOGIT_WEIGHTS.sum()

#: A PERT's shape is tabulated at x = sin²(θ/2) for even steps of θ: narrow steps where the density ends.
_ANGLE_NODES = 2049


def check_probability(p) -> None:
    """Raise ValueError where a probability is none."""
    if not np.all((np.asarray(p, dtype=float) >= 0) & (np.asarray(p, dtype=float) <= 1)):
        raise ValueError(f"a probability must lie between 0 and 1, got {p}; write 80 % as 0.8")


class Distribution:
    """A number that is not known yet. Each family below answers these; moments fall back on integrating the quantile."""

    #: False where the number takes single values with a chance of their own (a fixed amount, past ratios).
    continuous = True
    #: True where amounts grow steeply towards certainty, so that even steps of probability miss what lies there.
    long_tailed = False

    @property
    def mean(self) -> float:
        """Return the expected value, in the unit of the distribution."""
        if self.long_tailed:
            return float(_LOGIT_WEIGHTS @ self.quantile(_LOGIT_PROBABILITIES))
        return float(_WEIGHTS @ self.quantile(_PROBABILITIES))

    @property
    def variance(self) -> float:
        """Return the variance, in the unit of the distribution squared."""
        if self.long_tailed:
            return float(_LOGIT_WEIGHTS @ (self.quantile(_LOGIT_PROBABILITIES) - self.mean) ** 2)
        return float(_WEIGHTS @ (self.quantile(_PROBABILITIES) - self.mean) ** 2)

    @property
    def sd(self) -> float:
        """Return the standard deviation, in the unit of the distribution."""
        return math.sqrt(self.variance)

    @property
    def likely(self) -> float:
        """Return the most likely value, or the median where no value is likelier than the rest."""
        return float(self.quantile(0.5))

    @property
    def low(self) -> float:
        """Return the least possible value; minus infinity where there is none."""
        return float(self.quantile(0.0))

    @property
    def high(self) -> float:
        """Return the greatest possible value; infinity where there is none."""
        return float(self.quantile(1.0))

    def quantile(self, p):
        """Return the amount that is not exceeded with probability `p` (a fraction, scalar or array)."""
        raise NotImplementedError

    def cdf(self, x):
        """Return the probability of `x` or less (scalar or array)."""
        raise NotImplementedError

    def quick_quantile(self, p: np.ndarray) -> np.ndarray:
        """Return the quantiles at `p`, where possible from a table: within 1.5e-6 of the range."""
        return np.asarray(self.quantile(p), dtype=float)

    def quantile_table(self, nodes: int = 2049) -> np.ndarray:
        """Return the quantiles at `nodes` evenly spaced probabilities from 0 to 1, shape (nodes,)."""
        return self.quick_quantile(np.linspace(0.0, 1.0, nodes))

    def __mul__(self, factor: float) -> Distribution:
        """Return the distribution of `factor` times this number: hours times a rate."""
        if not (math.isfinite(factor) and factor > 0):
            raise ValueError(f"a distribution can only be multiplied by a positive number, got {factor!r}")
        return self if factor == 1 else Scaled(self, float(factor), 0.0)

    __rmul__ = __mul__

    def __add__(self, amount: float) -> Distribution:
        """Return the distribution of this number plus a fixed `amount`; two uncertain numbers add up in a CostModel."""
        if isinstance(amount, Distribution):
            raise ValueError("two uncertain amounts cannot be added here; write each as a Line of a CostModel")
        return self if amount == 0 else Scaled(self, 1.0, float(amount))

    __radd__ = __add__


@dataclass(frozen=True)
class Point(Distribution):
    """A number that is known: what has been spent."""

    value: float
    continuous = False

    @property
    def mean(self) -> float:
        return self.value

    @property
    def variance(self) -> float:
        return 0.0

    def quantile(self, p):
        return np.full(np.shape(p), self.value)[()]

    def cdf(self, x):
        return np.where(np.asarray(x) >= self.value, 1.0, 0.0)[()]

    def __mul__(self, factor: float) -> Point:
        return Point(self.value * factor)

    __rmul__ = __mul__

    def __add__(self, amount: float) -> Point:
        return Point(self.value + amount)

    __radd__ = __add__


@dataclass(frozen=True)
class Beta(Distribution):
    """A beta density stretched over low to high; PERT and uniform estimates are its special cases."""

    lowest: float
    highest: float
    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        return self.lowest + (self.highest - self.lowest) * self.alpha / (self.alpha + self.beta)

    @property
    def variance(self) -> float:
        both = self.alpha + self.beta
        return (self.highest - self.lowest) ** 2 * self.alpha * self.beta / (both**2 * (both + 1))

    @property
    def likely(self) -> float:
        spread = self.alpha + self.beta - 2
        share = (self.alpha - 1) / spread if spread > 0 else 0.5
        return self.lowest + (self.highest - self.lowest) * share

    def quantile(self, p):
        return self.lowest + (self.highest - self.lowest) * special.betaincinv(self.alpha, self.beta, p)

    def cdf(self, x):
        share = np.clip((np.asarray(x, dtype=float) - self.lowest) / (self.highest - self.lowest), 0.0, 1.0)
        return special.betainc(self.alpha, self.beta, share)

    def quick_quantile(self, p: np.ndarray) -> np.ndarray:
        shares = np.interp(p, *_standard_beta(self.alpha, self.beta))
        return self.lowest + (self.highest - self.lowest) * shares


@functools.lru_cache(maxsize=4096)
def _standard_beta(alpha: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (probabilities, shares of the range), both of shape (_ANGLE_NODES,): thirty times faster than betaincinv.

    With x = sin²(θ/2) the density becomes sin(θ/2)^(2α-1) cos(θ/2)^(2β-1), which vanishes at both ends, so that the
    trapezoid rule is accurate to 1.5e-6 of the range.
    """
    half = np.linspace(0.0, np.pi / 2, _ANGLE_NODES)
    sine, cosine = np.sin(half), np.cos(half)
    cosine[-1] = 0.0
    density = sine ** (2 * alpha - 1) * cosine ** (2 * beta - 1)
    cumulated = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return cumulated / cumulated[-1], sine**2


@dataclass(frozen=True)
class Triangular(Distribution):
    """A density that rises in a straight line from low to likely and falls in one to high."""

    lowest: float
    mode: float
    highest: float

    @property
    def mean(self) -> float:
        return (self.lowest + self.mode + self.highest) / 3

    @property
    def variance(self) -> float:
        a, m, b = self.lowest, self.mode, self.highest
        return ((b - a) ** 2 - (m - a) * (b - m)) / 18

    @property
    def likely(self) -> float:
        return self.mode

    def quantile(self, p):
        p = np.asarray(p, dtype=float)
        width, left, right = self.highest - self.lowest, self.mode - self.lowest, self.highest - self.mode
        rising = self.lowest + np.sqrt(p * width * left)
        falling = self.highest - np.sqrt((1 - p) * width * right)
        return np.where(p * width < left, rising, falling)[()]

    def cdf(self, x):
        x = np.clip(np.asarray(x, dtype=float), self.lowest, self.highest)
        width, left, right = self.highest - self.lowest, self.mode - self.lowest, self.highest - self.mode
        rising = (x - self.lowest) ** 2 / (width * left) if left else np.zeros_like(x)
        falling = 1 - (self.highest - x) ** 2 / (width * right) if right else np.ones_like(x)
        return np.where(x < self.mode, rising, falling)[()]


@dataclass(frozen=True)
class Normal(Distribution):
    """The bell curve; it allows negative amounts, so keep it for sums of many parts."""

    mu: float
    sigma: float

    @property
    def mean(self) -> float:
        return self.mu

    @property
    def variance(self) -> float:
        return self.sigma**2

    def quantile(self, p):
        return self.mu + self.sigma * special.ndtri(p)

    def cdf(self, x):
        return special.ndtr((np.asarray(x, dtype=float) - self.mu) / self.sigma)


@dataclass(frozen=True)
class LogNormal(Distribution):
    """A number whose logarithm is normal: "within a factor of", never negative, with a long tail upwards."""

    mu: float
    sigma: float
    long_tailed = True

    @property
    def mean(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        return self.mean**2 * math.expm1(self.sigma**2)

    @property
    def likely(self) -> float:
        return math.exp(self.mu - self.sigma**2)

    def quantile(self, p):
        return np.exp(self.mu + self.sigma * special.ndtri(p))

    def cdf(self, x):
        with np.errstate(divide="ignore"):
            logarithm = np.log(np.maximum(np.asarray(x, dtype=float), 0.0))
        return special.ndtr((logarithm - self.mu) / self.sigma)


@dataclass(frozen=True)
class Discrete(Distribution):
    """Single values, each with its chance: past ratios, or a choice between outcomes."""

    values: tuple[float, ...]
    probabilities: tuple[float, ...]
    continuous = False

    @property
    def mean(self) -> float:
        return float(np.dot(self.values, self.probabilities))

    @property
    def variance(self) -> float:
        return float(np.dot((np.array(self.values) - self.mean) ** 2, self.probabilities))

    def quantile(self, p):
        reached = np.cumsum(self.probabilities)
        reached[-1] = 1.0
        return np.array(self.values)[np.searchsorted(reached, np.asarray(p, dtype=float) * (1 - 1e-12))]

    def cdf(self, x):
        reached = np.concatenate([[0.0], np.cumsum(self.probabilities)])
        return np.minimum(reached[np.searchsorted(self.values, x, side="right")], 1.0)

    def __mul__(self, factor: float) -> Discrete:
        return Discrete(tuple(value * factor for value in self.values), self.probabilities)

    __rmul__ = __mul__

    def __add__(self, amount: float) -> Discrete:
        return Discrete(tuple(value + amount for value in self.values), self.probabilities)

    __radd__ = __add__


@dataclass(frozen=True)
class Truncated(Distribution):
    """Another distribution, given that the number exceeds what is already certain."""

    base: Distribution
    below: float

    @property
    def long_tailed(self) -> bool:
        return self.base.long_tailed

    @property
    def continuous(self) -> bool:
        return self.base.continuous

    @property
    def likely(self) -> float:
        return max(self.base.likely, self.below)

    def quantile(self, p):
        excluded = self.base.cdf(self.below)
        return np.maximum(self.base.quantile(excluded + (1 - excluded) * np.asarray(p, dtype=float)), self.below)

    def quick_quantile(self, p: np.ndarray) -> np.ndarray:
        excluded = self.base.cdf(self.below)
        return np.maximum(self.base.quick_quantile(excluded + (1 - excluded) * p), self.below)

    def cdf(self, x):
        excluded = self.base.cdf(self.below)
        return np.maximum(self.base.cdf(x) - excluded, 0.0) / (1 - excluded)


@dataclass(frozen=True)
class Scaled(Distribution):
    """Another distribution times a factor, plus a fixed amount."""

    base: Distribution
    factor: float
    shift: float

    @property
    def long_tailed(self) -> bool:
        return self.base.long_tailed

    @property
    def continuous(self) -> bool:
        return self.base.continuous

    @property
    def mean(self) -> float:
        return self.base.mean * self.factor + self.shift

    @property
    def variance(self) -> float:
        return self.base.variance * self.factor**2

    @property
    def likely(self) -> float:
        return self.base.likely * self.factor + self.shift

    def quantile(self, p):
        return self.base.quantile(p) * self.factor + self.shift

    def cdf(self, x):
        return self.base.cdf((np.asarray(x, dtype=float) - self.shift) / self.factor)

    def quick_quantile(self, p: np.ndarray) -> np.ndarray:
        return self.base.quick_quantile(p) * self.factor + self.shift


@dataclass(frozen=True, eq=False)
class Tabulated(Distribution):
    """A distribution known by its cumulative curve: straight lines between (value, probability) nodes.

    Parameters
    ----------
    values : array of float, shape (n,)
        Rising amounts.
    probabilities : array of float, shape (n,)
        Chance of each amount or less: rising from 0 to 1.
    """

    values: np.ndarray
    probabilities: np.ndarray

    # Sums of products below, not @: vectors this short are only slowed by the threads of a matrix library.
    @functools.cached_property
    def mean(self) -> float:
        return float(np.sum(np.diff(self.probabilities) * (self.values[1:] + self.values[:-1])) / 2)

    @functools.cached_property
    def variance(self) -> float:
        left, right = self.values[:-1] - self.mean, self.values[1:] - self.mean
        return float(np.sum(np.diff(self.probabilities) * (left**2 + left * right + right**2)) / 3)

    def quantile(self, p):
        # A hair less than p: on a plateau the least amount counts, not the greatest.
        return np.interp(np.asarray(p, dtype=float) * (1 - 1e-12), self.probabilities, self.values)

    def cdf(self, x):
        return np.interp(x, self.values, self.probabilities)

    def __mul__(self, factor: float) -> Tabulated:
        return Tabulated(self.values * factor, self.probabilities)

    __rmul__ = __mul__

    def __add__(self, amount: float) -> Tabulated:
        return Tabulated(self.values + amount, self.probabilities)

    __radd__ = __add__

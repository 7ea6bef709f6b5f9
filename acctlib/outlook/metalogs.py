"""Three percentiles as a distribution: the metalog of Keelin.

People who cannot name the least and the greatest amount can often say "one in ten below 80, even odds at 100, one in ten above
150". A PERT through such numbers would take 80 and 150 for the ends and be far too sure. The metalog (Keelin, 2016, "The
metalog distributions", Decision Analysis 13) passes through all three and leaves the ends open, or ends where a bound is
given. Its quantile is ``a1 + (a2 + a3 (p - 1/2)) logit(p)``; with bounds, that is the logarithm of the distance from the one
bound, or the logit of the place between the two.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from acctlib.outlook.families import Distribution

__all__ = ["Metalog", "fitted", "middle_between"]

#: The solution of u tanh u = 1. The quantile rises everywhere if and only if ``|a3| < a2 * 2 / u``: its slope times p (1 - p)
#: is a2 + a3 g(p), and g(p) = (p - 1/2) + p (1 - p) logit(p) is largest, u / 2, where logit(p) = 2 u.
_U = 1.1996786402577339
STEEPEST = 2 / _U
#: Step of the trapezoid rule over logits, which for such smooth integrands errs by less than 1e-12.
_STEP = 0.05


@dataclass(frozen=True)
class Metalog(Distribution):
    """The three-term metalog between two ends, either of which may be infinite."""

    a1: float
    a2: float
    a3: float
    lowest: float = -math.inf
    highest: float = math.inf
    long_tailed = True

    @property
    def mean(self) -> float:
        return self.a1 + self.a3 / 2 if self._open else self._moment(1)

    @property
    def variance(self) -> float:
        if self._open:
            return self.a2**2 * math.pi**2 / 3 + self.a3**2 * (1 / 12 + math.pi**2 / 36)
        return self._moment(2, self._moment(1))

    @functools.cached_property
    def likely(self) -> float:
        logits = np.linspace(-30, 30, 6001)
        for _ in range(3):
            chance = special.expit(logits)
            amount = self._amount(logits)
            # Densest where an amount takes the fewest logits: the derivative of the amount by p, in logarithms.
            steepness = np.log(self._slope(logits)) - np.log(chance * (1 - chance)) + self._log_stretch(amount)
            best = int(np.argmin(steepness))
            step = logits[1] - logits[0]
            logits = np.linspace(logits[best] - step, logits[best] + step, 201)
        return float(self._amount(logits[100]))

    def quantile(self, p):
        return self._amount(special.logit(np.asarray(p, dtype=float)))[()]

    def cdf(self, x):
        x = np.asarray(x, dtype=float)
        inside = np.clip(x, self.lowest, self.highest)
        with np.errstate(divide="ignore"):
            wanted = _unbounded(inside, self.lowest, self.highest)
        reach = np.abs(np.where(np.isfinite(wanted), wanted, 0.0) - self.a1) / (self.a2 - abs(self.a3) / STEEPEST) + 1e-9
        low, high = -reach, reach
        logit = np.zeros_like(inside)
        for _ in range(100):
            off = self._score(logit) - np.where(np.isfinite(wanted), wanted, 0.0)
            low, high = np.where(off < 0, logit, low), np.where(off < 0, high, logit)
            newton = logit - off / self._slope(logit)
            after = np.where((newton > low) & (newton < high), newton, (low + high) / 2)
            if np.max(np.abs(after - logit), initial=0.0) < 1e-13:
                break
            logit = after
        return special.expit(np.where(np.isfinite(wanted), logit, wanted))[()]

    @property
    def _open(self) -> bool:
        return math.isinf(self.lowest) and math.isinf(self.highest)

    def _score(self, logit):
        # At the ends of the probabilities the logit is infinite, and so is the score.
        return self.a1 + (self.a2 + self.a3 * (special.expit(logit) - 0.5)) * logit

    def _slope(self, logit):
        chance = special.expit(logit)
        return self.a2 + self.a3 * (chance - 0.5 + chance * (1 - chance) * logit)

    def _amount(self, logit):
        score = self._score(logit)
        if self._open:
            return score
        if math.isinf(self.highest):
            return self.lowest + np.exp(score)
        if math.isinf(self.lowest):
            return self.highest - np.exp(-score)
        return self.lowest + (self.highest - self.lowest) * special.expit(score)

    def _log_stretch(self, amount):
        """Return the logarithm of the derivative of the amount by the score."""
        if self._open:
            return np.zeros_like(amount)
        with np.errstate(divide="ignore"):
            below = 0.0 if math.isinf(self.lowest) else np.log(amount - self.lowest)
            above = 0.0 if math.isinf(self.highest) else np.log(self.highest - amount)
        return below + above

    def _moment(self, power: int, around: float = 0.0) -> float:
        """Return the mean of ``(amount - around) ** power``, integrated over logits."""
        decay = 1.0 if math.isinf(self.lowest) == math.isinf(self.highest) else 1 - 2 * self.heaviness
        logits = np.arange(-40 / decay, 40 / decay + _STEP, _STEP)
        density = -np.abs(logits) - 2 * np.log1p(np.exp(-np.abs(logits)))
        score = self._score(logits)
        if math.isinf(self.highest):
            # In logarithms: far out the amount overflows where its product with the density does not.
            if power == 1:
                return self.lowest + _STEP * float(np.sum(np.exp(score + density)))
            root = np.exp(score + density / 2) - (around - self.lowest) * np.exp(density / 2)
            return _STEP * float(np.sum(root**2))
        if math.isinf(self.lowest):
            if power == 1:
                return self.highest - _STEP * float(np.sum(np.exp(-score + density)))
            root = np.exp(-score + density / 2) - (self.highest - around) * np.exp(density / 2)
            return _STEP * float(np.sum(root**2))
        return _STEP * float(np.sum((self._amount(logits) - around) ** power * np.exp(density)))

    @property
    def heaviness(self) -> float:
        """Return how fast the amount grows towards an open end beyond a bound: from 1/2 on there is no variance."""
        return self.a2 + self.a3 / 2 if math.isinf(self.highest) else self.a2 - self.a3 / 2


def fitted(chances: np.ndarray, amounts: np.ndarray, low: float, high: float) -> tuple[float, float, float]:
    """Return the three coefficients of the metalog through three percentiles; it need not be a distribution."""
    return tuple(float(a) for a in np.linalg.solve(_terms(chances), _unbounded(amounts, low, high)))


def middle_between(chances: np.ndarray, amounts: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return the ends between which the middle amount must lie so that the other two make a distribution with it."""
    ends = _unbounded(amounts, low, high)
    # Each coefficient rises or falls in a straight line with the middle amount.
    steps = [ends * [1, 0, 1], ends * [1, 0, 1] + [0, 1, 0]]
    at_zero, at_one = (np.linalg.solve(_terms(chances), step) for step in steps)
    limits = []
    for sign in (1, -1):
        start = STEEPEST * at_zero[1] + sign * at_zero[2]
        rise = STEEPEST * (at_one[1] - at_zero[1]) + sign * (at_one[2] - at_zero[2])
        limits.append(-start / rise)
    least, most = max(min(limits), ends[0]), min(max(limits), ends[2])
    whole = Metalog(0.0, 1.0, 0.0, low, high)
    return tuple(float(_bounded(score, whole)) for score in (least, most))


def _terms(chances: np.ndarray) -> np.ndarray:
    logits = special.logit(chances)
    return np.column_stack([np.ones(3), logits, (chances - 0.5) * logits])


def _unbounded(amounts, low: float, high: float):
    """Return the score of amounts: themselves without bounds, otherwise the logarithm or logit of where they lie."""
    if math.isinf(low) and math.isinf(high):
        return amounts
    if math.isinf(high):
        return np.log(amounts - low)
    if math.isinf(low):
        return -np.log(high - amounts)
    return special.logit((amounts - low) / (high - low))


def _bounded(score: float, like: Metalog) -> float:
    """Return the amount of a score; `like` has its logit for its score."""
    return like._amount(np.float64(score))

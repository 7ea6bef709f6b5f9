"""What one number may turn out to be.

An estimate is a range with a shape. A PERT or triangular estimate says "between low and high, most likely here"; a
lognormal one "within a factor of"; past ratios of actual to estimate say it without any shape at all. Whatever the shape,
a forecast asks each of them the same few questions: the mean and the variance (which add up), the quantile (which
does not: the sum of two P80s is more than the P80 of the sum) and the chance of staying within an amount.

Write ``pert(80, 100, 150)`` where three points are known, ``lognormal(percentiles={0.1: 80, 0.9: 150})`` where two are,
``metalog`` through three percentiles, ``empirical(ratios, estimate)`` where there is a history, ``point(90)`` for what is
certain. ``pert(8, 10, 15) * 95.0``
turns hours into money and ``+ 1_000`` shifts it. Probabilities are fractions, amounts in whatever unit they were written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from acctlib.outlook.families import Beta, Discrete, Distribution, LogNormal, Normal, Point, Triangular, Truncated
from acctlib.outlook.metalogs import STEEPEST, Metalog, fitted, middle_between
from acctlib.outlook.products import Product

__all__ = [
    "Distribution",
    "discrete",
    "empirical",
    "lognormal",
    "metalog",
    "normal",
    "per_month",
    "pert",
    "point",
    "triangular",
    "truncated_below",
    "uniform",
]


def point(value: float) -> Point:
    """Return a number that is certain.

    Examples
    --------
    >>> spent = point(90.0)
    >>> spent.mean, spent.variance
    (90.0, 0.0)
    """
    return Point(_finite("value", value))


def pert(low: float, likely: float, high: float, weight: float = 4.0) -> Distribution:
    """Return the PERT estimate: a smooth hill from low to high that peaks at likely.

    It reduces to a uniform estimate with weight 0, and to a point where low equals high.

    Parameters
    ----------
    low, likely, high : float
        Least, most likely and greatest amount, in any one unit.
    weight : float, default 4
        How much likely counts beside low and high in the mean; a smaller weight is a wider estimate.

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If low <= likely <= high does not hold or a number is not finite.

    Notes
    -----
    The mean is ``(low + weight * likely + high) / (weight + 2)``. The variance is
    ``(mean - low) * (high - mean) / (weight + 3)``, not the ``((high - low) / 6)**2`` of older handbooks.

    Examples
    --------
    A design phase takes 100 to 300 hours, most likely 150. With which budget does it hold in 8 of 10 cases?

    >>> round(float(pert(100, 150, 300).quantile(0.8)), 1)
    198.0
    """
    low, likely, high = _rising("PERT", low, likely, high)
    if not (math.isfinite(weight) and weight >= 0):
        raise ValueError(f"the weight of a PERT estimate must be 0 or more, got {weight!r}; write 4 for the usual one")
    if low == high:
        return Point(low)
    share = (likely - low) / (high - low)
    return Beta(low, high, 1 + weight * share, 1 + weight * (1 - share))


def triangular(low: float, likely: float, high: float) -> Distribution:
    """Return the triangular estimate, with heavier sides than a PERT of the same three points.

    Parameters
    ----------
    low, likely, high : float
        Least, most likely and greatest amount, in any one unit.

    Raises
    ------
    ValueError
        If low <= likely <= high does not hold or a number is not finite.

    Examples
    --------
    >>> triangular(10e3, 20e3, 45e3).mean
    25000.0
    """
    low, likely, high = _rising("a triangular estimate", low, likely, high)
    return Point(low) if low == high else Triangular(low, likely, high)


def uniform(low: float, high: float) -> Distribution:
    """Return the estimate that knows nothing but its two ends.

    Examples
    --------
    >>> float(uniform(100, 200).quantile(0.8))
    180.0
    """
    low, _, high = _rising("a uniform estimate", low, low, high)
    return Point(low) if low == high else Beta(low, high, 1.0, 1.0)


def normal(mean: float, sd: float) -> Distribution:
    """Return the bell curve with this mean and standard deviation, both in the same unit.

    Examples
    --------
    >>> round(float(normal(1000, 100).quantile(0.8)), 3)
    1084.162
    """
    mean, sd = _finite("mean", mean), _finite("sd", sd)
    if sd < 0:
        raise ValueError(f"the standard deviation must be 0 or more, got {sd:g}; write how far it usually lies off")
    return Normal(mean, sd) if sd else Point(mean)


def lognormal(
    *, mean: float | None = None, sd: float | None = None, percentiles: Mapping[float, float] | None = None
) -> Distribution:
    """Return the lognormal with this mean and standard deviation, or through two percentiles.

    Parameters
    ----------
    mean, sd : float, optional
        Mean and standard deviation of the amount itself, not of its logarithm.
    percentiles : mapping of two probabilities to amounts, optional
        ``{0.1: 100, 0.9: 250}`` for "9 in 10 above 100, 9 in 10 below 250".

    Raises
    ------
    ValueError
        If neither or both forms are given, an amount is not positive, or the percentiles do not rise.

    Examples
    --------
    A migration costs more than 100 in 9 of 10 cases and less than 250 in 9 of 10:

    >>> migration = lognormal(percentiles={0.1: 100, 0.9: 250})
    >>> round(migration.mean, 4), round(float(migration.quantile(0.8)), 4)
    (168.5472, 213.6179)
    """
    if (percentiles is None) == (mean is None and sd is None) or (mean is None) != (sd is None):
        raise ValueError("a lognormal needs either mean and sd, or percentiles={0.1: low, 0.9: high}")
    if percentiles is None:
        mean, sd = _finite("mean", mean), _finite("sd", sd)
        if mean <= 0 or sd < 0:
            raise ValueError(f"a lognormal needs a positive mean and an sd of 0 or more, got mean {mean:g}, sd {sd:g}")
        spread = math.log1p((sd / mean) ** 2)
        return LogNormal(math.log(mean) - spread / 2, math.sqrt(spread)) if sd else Point(mean)
    pairs = sorted((float(p), _finite("a percentile's amount", amount)) for p, amount in percentiles.items())
    if len(pairs) != 2 or not 0 < pairs[0][0] < pairs[1][0] < 1:
        raise ValueError(f"percentiles must be two fractions between 0 and 1, got {dict(percentiles)}; write 10 % as 0.1")
    (p_low, low), (p_high, high) = pairs
    if not 0 < low < high:
        raise ValueError(
            f"percentiles of a lognormal must be positive and rise, got {low:g} at {p_low:g} and {high:g} at {p_high:g}"
        )
    z_low, z_high = special.ndtri([p_low, p_high])
    sigma = math.log(high / low) / (z_high - z_low)
    return LogNormal(float(math.log(low) - sigma * z_low), float(sigma))


def metalog(percentiles: Mapping[float, float], low: float | None = None, high: float | None = None) -> Distribution:
    """Return the estimate through three percentiles, with open ends or bounds.

    Parameters
    ----------
    percentiles : mapping of three probabilities to amounts
        ``{0.1: 80, 0.5: 100, 0.9: 150}`` for "one in ten below 80, even odds at 100, one in ten above 150".
    low, high : float, optional
        The least and the greatest possible amount, where there is one.

    Raises
    ------
    ValueError
        If the percentiles do not rise within the bounds, no metalog passes through them, or it has no variance.

    Notes
    -----
    Three terms after Keelin (2016), Decision Analysis 13. Mean and variance come in closed form without bounds and from
    integration otherwise.

    Examples
    --------
    A migration of at least 50: 80, 100 and 150 are its P10, P50 and P90. What does it cost on average, and in 8 of 10 cases?

    >>> migration = metalog({0.1: 80, 0.5: 100, 0.9: 150}, low=50)
    >>> round(migration.mean, 1), round(float(migration.quantile(0.8)), 1)
    (110.8, 126.3)
    """
    pairs = sorted((float(p), _finite("a percentile's amount", amount)) for p, amount in percentiles.items())
    if len(pairs) != 3 or not 0 < pairs[0][0] < pairs[1][0] < pairs[2][0] < 1:
        raise ValueError(f"percentiles must be three fractions between 0 and 1, got {dict(percentiles)}; write 10 % as 0.1")
    chances, amounts = np.array(pairs).T
    least = -math.inf if low is None else _finite("low", low)
    most = math.inf if high is None else _finite("high", high)
    if not least < amounts[0] < amounts[1] < amounts[2] < most:
        told = ", ".join(f"{amount:g} at {p:g}" for p, amount in pairs)
        raise ValueError(
            f"the percentiles must rise between low {least:g} and high {most:g}, got {told}; write amounts in rising order"
        )
    found = Metalog(*fitted(chances, amounts, least, most), least, most)
    if not abs(found.a3) < found.a2 * STEEPEST:
        between = "{:.4g} and {:.4g}".format(*middle_between(chances, amounts, least, most))
        raise ValueError(
            f"no metalog passes through {pairs[1][1]:g} at {pairs[1][0]:g} with these ends; write a middle amount between "
            f"{between}, or use pert or lognormal"
        )
    if math.isinf(least) != math.isinf(most) and found.heaviness >= 0.5:
        side = "high" if math.isinf(most) else "low"
        raise ValueError(f"the open end of this estimate is so heavy that it has no variance; write {side}=, a bound for it")
    return found


def per_month(cost: Distribution | float, months: Distribution | float) -> Distribution:
    """Return what something costs that goes on for as long as the work: cost per month times duration.

    Parameters
    ----------
    cost : Distribution or float
        Per month.
    months : Distribution or float
        How long it goes on, independent of the cost. A duration that tasks decide belongs into a schedule.

    Raises
    ------
    ValueError
        If either can be negative.

    Examples
    --------
    A test environment costs 1 800 to 2 400 a month and is needed for 4 to 8 months, most likely 5:

    >>> environment = per_month(uniform(1800, 2400), pert(4, 5, 8))
    >>> round(environment.mean), round(environment.sd)
    (11200, 1763)
    """
    parts = [part if isinstance(part, Distribution) else point(part) for part in (cost, months)]
    for name, part in zip(("cost", "months"), parts, strict=True):
        if part.low < 0:
            raise ValueError(f"{name} must be 0 or more, got {part.low:g} at least; write truncated_below({name}, 0)")
    if any(isinstance(part, Point) and part.value == 0 for part in parts):
        return Point(0.0)
    for one, other in (parts, parts[::-1]):
        if isinstance(one, Point):
            return other * one.value
    if not any(part.continuous for part in parts):
        totals: dict[float, float] = {}
        for one, p in zip(parts[0].values, parts[0].probabilities, strict=True):
            for other, q in zip(parts[1].values, parts[1].probabilities, strict=True):
                totals[one * other] = totals.get(one * other, 0.0) + p * q
        return discrete(totals)
    return Product(*parts)


def empirical(ratios: Sequence[float], estimate: float = 1.0) -> Distribution:
    """Return the estimate times each of the past ratios of actual to estimate, all equally likely.

    No curve is fitted: real histories have a spike at 1 and fat tails that no lognormal, triangular or PERT has.

    Parameters
    ----------
    ratios : sequence of float
        Actual / estimate of finished work, each positive or zero.
    estimate : float, default 1
        The new estimate, in any unit.

    Raises
    ------
    ValueError
        If there is no ratio, or one is negative or not a number.

    Examples
    --------
    Four finished tasks took 0.8, 1, 1 and 1.6 times their estimate. What does a new one of 40 hours take on average?

    >>> empirical([0.8, 1, 1, 1.6], estimate=40).mean
    44.0
    """
    ratios = np.sort(np.asarray(ratios, dtype=float))
    if ratios.size == 0:
        raise ValueError("empirical needs at least one past ratio of actual to estimate, got none; write pert(...) instead")
    if not np.all(np.isfinite(ratios)) or ratios[0] < 0:
        raise ValueError("past ratios must be numbers of 0 or more; leave unfinished and cancelled work out")
    values, counts = np.unique(ratios * _finite("estimate", estimate), return_counts=True)
    return discrete(dict(zip(values.tolist(), (counts / counts.sum()).tolist(), strict=True)))


def discrete(outcomes: Mapping[float, float]) -> Distribution:
    """Return a choice between single amounts, each with its probability.

    Parameters
    ----------
    outcomes : mapping of amount to probability
        Probabilities are fractions that sum to 1.

    Raises
    ------
    ValueError
        If a probability is negative or they do not sum to 1.

    Examples
    --------
    The client picks the small version (50) or, 3 times in 10, the large one (120):

    >>> discrete({50: 0.7, 120: 0.3}).mean
    71.0
    """
    pairs = sorted((_finite("an outcome", value), float(p)) for value, p in outcomes.items() if p != 0)
    total = math.fsum(p for _, p in pairs)
    if any(p < 0 for _, p in pairs) or abs(total - 1) > 1e-9:
        raise ValueError(f"the probabilities of the outcomes must be 0 or more and sum to 1, they sum to {total:g}")
    values, probabilities = zip(*pairs, strict=True)
    return Point(values[0]) if len(values) == 1 else Discrete(values, probabilities)


def truncated_below(base: Distribution, below: float) -> Distribution:
    """Return `base` given that the number is above `below`: an estimate of which that much is already spent.

    Parameters
    ----------
    base : Distribution
    below : float
        The amount that is certain, in the unit of `base`. At or under the least value it changes nothing.

    Raises
    ------
    ValueError
        If nothing of `base` lies above `below`.

    Examples
    --------
    The estimate was 80 to 150 hours, most likely 100; 110 are spent. The mean rises from 105 to

    >>> round(truncated_below(pert(80, 100, 150), 110).mean, 1)
    119.6
    """
    below = _finite("below", below)
    if base.cdf(below) >= 1 or base.high <= below:
        raise ValueError(f"nothing of the estimate lies above {below:g}: it ends at {base.high:g}; write a new estimate")
    if below < base.low:
        return base
    if isinstance(base, Discrete):
        left = {v: p for v, p in zip(base.values, base.probabilities, strict=True) if v > below}
        return discrete({value: p / math.fsum(left.values()) for value, p in left.items()})
    return Truncated(base, below)


def _finite(name: str, value) -> float:
    if isinstance(value, (bool, str)) or value is None or not math.isfinite(value):
        raise ValueError(f"{name} must be a number, got {value!r}")
    return float(value)


def _rising(what: str, low: float, likely: float, high: float) -> tuple[float, float, float]:
    low, likely, high = _finite("low", low), _finite("likely", likely), _finite("high", high)
    if not low <= likely <= high:
        raise ValueError(
            f"{what} needs low <= likely <= high, got low {low:g}, likely {likely:g}, high {high:g}; write them in rising order"
        )
    return low, likely, high

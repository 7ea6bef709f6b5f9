"""Adding up uncertain amounts that are independent, or independent once a common factor is known.

The characteristic function of a sum of independent amounts is the product of theirs. Each part's is computed at the same
frequencies: by FFT of its chances on a fine grid or, where many narrow parts make up the sum, by a quadrature at the few
frequencies at which such a sum still has any weight. The product is turned back into chances.

Parts that move together become independent once their common factor is known. The sum is therefore computed for evenly
spaced values of the factor and averaged with normal weights (the trapezoid rule, which for a normal weight converges faster
than as many Gauss-Hermite nodes). Parts that only take single values are added up outcome by outcome.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from acctlib.outlook.distributions import discrete
from acctlib.outlook.families import Distribution, Point, Tabulated
from acctlib.outlook.model import Risk

__all__ = ["outcomes", "sum_of", "sum_of_outcomes", "times_factor"]

#: Beyond this many parts each is narrow against the sum, and its characteristic function is wanted at few frequencies.
MANY_PARTS = 24
#: Beyond this many correlated parts their sum, given the common factor, is normal but for its skew.
HUNDREDS_OF_PARTS = 256
#: and none of them makes up more than this share of the variance.
LARGEST_SHARE = 0.02
#: A risk that reaches further than this many standard deviations of all else is mixed in, not added on one grid.
WIDE = 60
#: A characteristic function this small at its highest frequency moves a percentile by less than 1e-7 of a probability.
DIED_OUT = 1e-5
#: A part narrower than this many cells of the grid is integrated instead.
NARROW = 24
#: Chance beyond which an unbounded part is cut.
TAIL = 1e-10
#: The same for ever longer tails, and how many standard deviations the ends may lie apart.
TAILS, MOST_SPREADS = (1e-10, 1e-9, 1e-8, 1e-7, 1e-6), 64
#: Single outcomes are kept one by one up to this many, then on a grid.
MOST_OUTCOMES = 1 << 14
#: Beyond this correlation of the scores the parts move as one.
AS_ONE = 0.9999
#: The scores at which a part's characteristic function is integrated.
_OWN_SCORES = np.linspace(-6.5, 6.5, 65)


def sum_of(lines: Sequence[Distribution], risks: Sequence[Risk] = (), rho: float = 0.0) -> Distribution:
    """Return the distribution of the sum of lines and risks.

    Parameters
    ----------
    lines : sequence of Distribution
    risks : sequence of Risk, optional
        Events, independent of the lines and of each other.
    rho : float, default 0
        Correlation of the lines' normal scores, from 0 to 1: that of one common factor.

    Returns
    -------
    Distribution
        A certain 0 for the sum of nothing.

    Examples
    --------
    The sum of two dice-like amounts between 0 and 1 is a triangle; a quarter of it ends below 0.7071:

    >>> from acctlib.outlook.distributions import uniform
    >>> round(float(sum_of([uniform(0, 1), uniform(0, 1)]).quantile(0.25)), 4)
    0.7071
    """
    if not lines and not risks:
        return Point(0.0)
    if len(lines) == 1 and not risks:
        return lines[0]
    if rho == 0 and not any(part.continuous for part in [*lines, *(risk.impact for risk in risks)]):
        return sum_of_outcomes([outcomes(line) for line in lines] + [outcomes(risk.impact, risk.probability) for risk in risks])
    if rho > AS_ONE:
        steps = np.linspace(0.0, 1.0, 8193)
        steps[[0, -1]] = TAIL, 1 - TAIL
        together = np.sum([line.quantile(steps) for line in lines], axis=0)
        steps[[0, -1]] = 0.0, 1.0
        return sum_of([Tabulated(together, steps)], risks)
    wide = _widest(lines, risks)
    if wide is not None:
        return _mixed(sum_of(lines, [risk for risk in risks if risk is not wide], rho), wide)
    spreads = np.array([line.variance for line in lines])
    alike = len(lines) >= HUNDREDS_OF_PARTS and spreads.max() <= LARGEST_SHARE * spreads.sum()
    if rho and alike and all(line.continuous for line in lines):
        together = _nearly_normal_given_factor(lines, rho)
        return _convolution([together], risks, 0.0) if risks else together
    return _convolution(lines, risks, rho)


def _widest(lines: Sequence[Distribution], risks: Sequence[Risk]) -> Risk | None:
    """Return a risk whose impact reaches so far beyond all else that no one grid serves both; None where there is none."""
    if not lines or not risks:
        return None
    reaches = [high - low for low, high in (_ends(risk.impact) for risk in risks)]
    widest = int(np.argmax(reaches))
    rest = math.fsum(line.variance for line in lines) + math.fsum(r.variance for i, r in enumerate(risks) if i != widest)
    return risks[widest] if rest > 0 and reaches[widest] > WIDE * math.sqrt(rest) else None


def _mixed(base: Distribution, risk: Risk) -> Distribution:
    """Return an amount and a risk beside it: the amount alone where it does not happen, their sum where it does."""
    if risk.probability == 0:
        return base
    both = sum_of([base, risk.impact])
    values = np.unique(np.concatenate([_nodes(base), _nodes(both)]))
    reached = (1 - risk.probability) * base.cdf(values) + risk.probability * both.cdf(values)
    reached[0], reached[-1] = 0.0, 1.0
    return Tabulated(values, np.maximum.accumulate(reached))


def _nodes(part: Distribution) -> np.ndarray:
    return part.values if isinstance(part, Tabulated) else part.quantile(np.clip(np.linspace(0, 1, 4097), TAIL, 1 - TAIL))


def times_factor(base: Distribution, sd: float) -> Distribution:
    """Return `base` times an independent lognormal factor of mean 1.

    Parameters
    ----------
    base : Distribution
        Of any amount; a project's sum.
    sd : float
        Standard deviation of the factor's logarithm, 0 or more.

    Examples
    --------
    A project of 100 to 120 whose like have been .15 off, as a log, may well cost 125:

    >>> from acctlib.outlook.distributions import uniform
    >>> round(1 - float(times_factor(uniform(100, 120), 0.15).cdf(125)), 2)
    0.19
    """
    if sd == 0:
        return base
    low, high = _ends(base)
    if not base.continuous and low >= 0:
        return _outcomes_times_factor(*_fewer(*outcomes(base)), sd)
    at_zero, below = float(base.cdf(0.0)), float(base.cdf(-np.finfo(float).tiny))
    values, reached = [np.zeros(1)], [np.full(1, at_zero)]
    if at_zero < 1 - TAIL:
        least = max(low, float(base.quantile(at_zero + TAIL * (1 - at_zero))), high * 1e-12)
        amounts, chances = _smeared(lambda x: base.cdf(x) - at_zero, least, high, sd)
        values, reached = [*values, amounts], [*reached, at_zero + chances]
    if below > TAIL:
        least = max(-high, -float(base.quantile(below - TAIL * below)), -low * 1e-12)
        amounts, chances = _smeared(lambda x: below - base.cdf(-x), least, -low, sd)
        values, reached = [-amounts[::-1], *values], [below - chances[::-1], *reached]
    values, reached = np.concatenate(values), np.maximum.accumulate(np.concatenate(reached))
    return _without_tails(values, reached)


def _smeared(measure: Callable, least: float, most: float, sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Return amounts and the measure up to each, of positive amounts times a lognormal factor of mean 1.

    The logarithm of a product is a sum: the measure on a grid of logarithms is convolved with the normal curve.
    `measure` gives that of the amounts up to x; what lies below `least` counts there.
    """
    reach = 7 * sd + sd**2
    start, end = math.log(least) - reach, math.log(most) + reach
    cells = 1 << min(max(14, math.ceil(math.log2(4 * (end - start) / sd))), 19)
    edges = np.linspace(start, end, cells + 1)
    width = (end - start) / cells
    cumulated = measure(np.exp(edges))
    cumulated[0] = 0.0
    frequency = np.arange(cells // 2 + 1) / cells
    angle = 2 * np.pi * frequency / width
    # Each cell's measure lies all over the cell, and what arrives in a cell is added up over it: two cell widths of blur.
    normal = np.exp(1j * angle * sd**2 / 2 - (angle * sd) ** 2 / 2) * np.sinc(frequency) ** 2
    arrived = np.fft.irfft(np.fft.rfft(np.diff(cumulated)) * normal, cells)
    return np.exp(edges[1:]), np.maximum.accumulate(np.cumsum(arrived))


def _outcomes_times_factor(amounts: np.ndarray, chances: np.ndarray, sd: float) -> Tabulated:
    corners = np.outer([amounts[0], amounts[-1]], np.exp([-6.5 * sd - sd**2 / 2, 6.5 * sd - sd**2 / 2]))
    values = np.linspace(corners.min(), corners.max(), 2049)
    # The tails of a product are long: look once to see where the amounts lie, then finely there.
    first = _over_outcomes(amounts, chances, sd, values)
    values = np.unique(np.interp(special.ndtr(np.linspace(-6.5, 6.5, 4097)), first, values))
    reached = _over_outcomes(amounts, chances, sd, values)
    return _without_tails(values, reached)


def _without_tails(values: np.ndarray, reached: np.ndarray) -> Tabulated:
    """Return a curve without its ends of next to no chance."""
    kept = slice(max(np.searchsorted(reached, TAIL) - 1, 0), np.searchsorted(reached, 1 - TAIL) + 2)
    # The first amount stands twice, so that a chance of its own (no cost at all) is a step.
    values, reached = values[kept], reached[kept] / reached[kept][-1]
    return Tabulated(np.concatenate([values[:1], values]), np.concatenate([[0.0], reached]))


def _over_outcomes(amounts: np.ndarray, chances: np.ndarray, sd: float, values: np.ndarray) -> np.ndarray:
    """Return the chance that single amounts of 0 or more times the factor are no more than `values`."""
    with np.errstate(divide="ignore"):
        logarithms, of_values = np.log(amounts), np.log(np.maximum(values, 0.0))
    reached = np.where(values >= 0, chances[amounts == 0].sum(), 0.0)
    for logarithm, chance in zip(logarithms[amounts > 0], chances[amounts > 0], strict=True):
        reached = reached + chance * special.ndtr((of_values - logarithm + sd**2 / 2) / sd)
    return reached


def _fewer(amounts: np.ndarray, chances: np.ndarray, most: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `most` outcomes: neighbours merged at their mean."""
    if len(amounts) <= most:
        return amounts, chances
    group = np.minimum((np.cumsum(chances) * most).astype(int), most - 1)
    together = np.bincount(group, chances, most)
    kept = together > 0
    return (np.bincount(group, chances * amounts, most)[kept] / together[kept]), together[kept]


def _factor_nodes(ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Return evenly spaced normal scores and their weights, close enough together for the spread left once they are known.

    `ratio` is the spread that the factor brings over the spread that is left.
    """
    scores = np.linspace(-6.5, 6.5, int(min(max(24, 12 * ratio), 512)) + 1)
    weights = np.exp(-(scores**2) / 2)
    return scores, weights / weights.sum()


def _ends(part: Distribution) -> tuple[float, float]:
    """Return where a part begins and ends; one without end is cut where next to nothing lies beyond.

    Of a tail so long that its end lies many spreads away, a little more is cut: a grid that reached there would be coarse
    where the amounts are.
    """
    low, high = part.low, part.high
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    for tail in TAILS:
        ends = (low if math.isfinite(low) else float(part.quantile(tail)),
                high if math.isfinite(high) else float(part.quantile(1 - tail)))  # fmt: skip
        if ends[1] - ends[0] <= MOST_SPREADS * part.sd:
            break
    return ends


def _nearly_normal_given_factor(lines: Sequence[Distribution], rho: float) -> Tabulated:
    """Return the sum of hundreds of parts: normal but for its skew once the common factor is known, and then averaged.

    The first term of the Edgeworth expansion takes the skew; what it leaves is of the order of 1 / number of parts of a
    spread that is itself small beside the factor's.
    """
    spreads = np.array([line.sd for line in lines])
    ratio = math.sqrt(rho) * spreads.sum() / math.sqrt((1 - rho) * (spreads @ spreads))
    scores, weights = _factor_nodes(ratio)
    given = _weights_given_factor(scores.tobytes(), rho)
    mean, variance, third = np.zeros((3, len(scores)))
    for line in lines:
        amounts = line.quick_quantile(_own_probabilities())
        centre = np.einsum("ij,j->i", given, amounts)
        off = amounts[None, :] - centre[:, None]
        mean += centre
        variance += np.einsum("ij,ij->i", given, off**2)
        third += np.einsum("ij,ij->i", given, off**3)
    sd = np.sqrt(variance)
    values = np.linspace((mean - 7 * sd).min(), (mean + 7 * sd).max(), 8193)
    reached = np.zeros_like(values)
    for weight, centre, spread, skew in zip(weights, mean, sd, third / sd**3, strict=True):
        z = (values - centre) / spread
        reached += weight * (special.ndtr(z) - np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * skew / 6 * (z**2 - 1))
    reached = np.maximum.accumulate(np.clip(reached, 0.0, 1.0))
    reached[0], reached[-1] = 0.0, 1.0
    return Tabulated(values, reached)


def _convolution(lines: Sequence[Distribution], risks: Sequence[Risk], rho: float) -> Tabulated:
    spreads = np.array([line.sd for line in lines])
    left = math.sqrt((1 - rho) * float(np.sum(spreads**2)) + math.fsum(risk.variance for risk in risks))
    shared = math.sqrt(rho) * float(spreads.sum())
    scores, weights = _factor_nodes(shared / left) if rho else (np.zeros(1), np.ones(1))
    ends = [_ends(line) for line in lines]
    ends += [(min(low, 0.0), max(high, 0.0)) for low, high in (_ends(risk.impact) for risk in risks)]
    ranges = [high - low for low, high in ends]
    least, span = math.fsum(low for low, _ in ends), math.fsum(ranges)
    # A sum hardly ever comes near the sum of all ends: what is computed is periodic, so its period need only hold the rest.
    period = 1.001 * min(span, 16 * math.hypot(left, shared) + 2 * max(ranges))
    mean = math.fsum([line.mean for line in lines] + [risk.mean for risk in risks])
    start = least - (period - span) / 2 if span <= period else min(max(mean - 0.45 * period, least), least + span - period)

    for transform in _transforms(len(lines), rho, period, left):
        spectrum, first = _spectrum(transform, lines, risks, scores, weights, rho)
        if abs(spectrum[-1]) < DIED_OUT:
            break
    if transform.smooth:
        # The sum's own chance of each cell: its density, blurred over the width of one cell.
        spectrum = spectrum * np.sinc(np.arange(len(spectrum)) / transform.cells)
    begin = round(start / transform.width)
    masses = np.roll(np.fft.irfft(spectrum, transform.cells), first - begin)
    edges = (begin + np.arange(transform.cells + 1) - 0.5) * transform.width
    reached = np.concatenate([[0.0], np.maximum.accumulate(np.cumsum(masses))])
    reached = np.clip(reached / reached[-1], 0.0, 1.0)
    reached[reached < 1e-13] = 0.0
    last = np.searchsorted(reached, 1.0 - 1e-13) + 1
    edges, reached = edges[:last], reached[:last]
    reached[-1] = 1.0
    if not lines and least >= 0:
        edges, reached = _with_nothing(edges, reached, math.prod(1 - risk.probability for risk in risks), transform.width)
    return Tabulated(edges, reached)


def _transforms(count: int, rho: float, period: float, left: float) -> list[_Quadrature | _Grid]:
    """Return the ways to compute characteristic functions, quickest first; the last one always serves."""
    finest = _Grid(period / (1 << 16), 1 << 16, smooth=False)
    if count < MANY_PARTS:
        cells = 1 << (13 if rho else 14)
        return [_Grid(period / cells, cells, smooth=True), finest]
    cells = 1 << max(12, math.ceil(math.log2(40 * period / left)))
    frequencies = max(64, int(10 * period / (2 * math.pi * left)))
    return [_Quadrature(period / cells, cells, frequencies), _Grid(period / cells, cells, smooth=True), finest]


def _with_nothing(edges, reached, nothing: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the curve with the chance that no risk happens as a step at exactly nought."""
    beyond = edges > 0.51 * width
    return np.concatenate([[0.0, 0.0], edges[beyond]]), np.concatenate([[0.0, nothing], np.maximum(reached[beyond], nothing)])


def _spectrum(transform, lines, risks, scores, weights, rho) -> tuple[np.ndarray, int]:
    """Return the characteristic function of the sum and the grid cell it starts in."""
    first = 0
    product = np.ones((len(scores), transform.frequencies), dtype=complex)
    for line in lines:
        values, start = transform(line, scores, rho)
        product *= values
        first += start
    spectrum = np.einsum("i,ij->j", weights, product)
    for risk in risks:
        values, start = transform(risk.impact, np.zeros(1), 0.0)
        shift = np.exp(-2j * np.pi * start / transform.cells * np.arange(transform.frequencies))
        spectrum *= 1 - risk.probability + risk.probability * values[0] * shift
    return spectrum, first


def _given_factor(reached: np.ndarray, scores: np.ndarray, rho: float) -> np.ndarray:
    """Return the chances once the common factor is known, shape (n_scores, n_reached)."""
    if rho == 0:
        return reached[None, :]
    return special.ndtr((special.ndtri(reached)[None, :] - math.sqrt(rho) * scores[:, None]) / math.sqrt(1 - rho))


@dataclass(frozen=True)
class _Grid:
    """Characteristic function of one part, from its chance of each grid cell.

    A cell's chance is that of the cell's width around the node; `smooth` takes that blur out again, which is right where
    the sum has no jump.
    """

    width: float
    cells: int
    smooth: bool

    @property
    def frequencies(self) -> int:
        return self.cells // 2 + 1

    def __call__(self, part: Distribution, scores: np.ndarray, rho: float) -> tuple[np.ndarray, int]:
        if part.continuous:
            low, high = _ends(part)
            if high - low < NARROW * self.width:
                # Too narrow for the cells to say where in them it lies.
                return _Quadrature(self.width, self.cells, self.frequencies)(part, scores, rho)
            first = math.floor(low / self.width + 0.5)
            edges = np.arange(first, math.floor(high / self.width + 0.5) + 2) - 0.5
            reached = part.cdf(edges * self.width)
            reached[0], reached[-1] = 0.0, 1.0
            masses = np.diff(_given_factor(reached, scores, rho))
            values = np.fft.rfft(masses, self.cells)
            return (values / np.sinc(np.arange(self.frequencies) / self.cells) if self.smooth else values), first
        amounts, chances = outcomes(part)
        place = amounts / self.width
        first = math.floor(place[0])
        reached = np.concatenate([[0.0], np.minimum(np.cumsum(chances), 1.0)])
        reached[-1] = 1.0
        given = np.diff(_given_factor(reached, scores, rho))
        node = np.floor(place).astype(int)
        share = place - node
        masses = np.zeros((len(given), self.cells))
        for row, chance in zip(masses, given, strict=True):
            np.add.at(row, (node - first) % self.cells, chance * (1 - share))
            np.add.at(row, (node - first + 1) % self.cells, chance * share)
        return np.fft.rfft(masses), first


@dataclass(frozen=True)
class _Quadrature:
    """Characteristic function of one part at the few frequencies that a sum of many narrow parts still has."""

    width: float
    cells: int
    frequencies: int
    smooth = True

    def __call__(self, part: Distribution, scores: np.ndarray, rho: float) -> tuple[np.ndarray, int]:
        if part.continuous:
            amounts = part.quick_quantile(_own_probabilities())
            weights = _weights_given_factor(scores.tobytes(), rho)
        else:
            amounts, chances = outcomes(part)
            reached = np.concatenate([[0.0], np.minimum(np.cumsum(chances), 1.0)])
            reached[-1] = 1.0
            weights = np.diff(_given_factor(reached, scores, rho))
        first = math.floor(amounts[0] / self.width)
        powers = np.empty((self.frequencies, len(amounts)), dtype=complex)
        powers[0] = 1.0
        powers[1] = np.exp(-2j * np.pi / self.cells * (amounts / self.width - first))
        known = 2
        while known < self.frequencies:
            more = min(known, self.frequencies - known)
            np.multiply(powers[:more], powers[1] * powers[known - 1], out=powers[known : known + more])
            known += more
        # einsum, not @: a product this small is only slowed by the threads of a matrix library.
        real = np.einsum("ij,kj->ik", weights, np.ascontiguousarray(powers.real))
        return real + 1j * np.einsum("ij,kj->ik", weights, np.ascontiguousarray(powers.imag)), first


@functools.cache
def _own_probabilities() -> np.ndarray:
    return special.ndtr(_OWN_SCORES)


@functools.lru_cache(maxsize=8)
def _weights_given_factor(factor: bytes, rho: float) -> np.ndarray:
    """Return the weight of each own score once the factor is known, shape (n_factor, n_own); rows sum to 1."""
    factor_scores = np.frombuffer(factor)
    weights = np.exp(-((_OWN_SCORES[None, :] - math.sqrt(rho) * factor_scores[:, None]) ** 2) / (2 * (1 - rho)))
    return weights / weights.sum(axis=1, keepdims=True)


def outcomes(part: Distribution, probability: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, probabilities) of a discrete part that happens with `probability`, else counts nothing."""
    values, chances = ([part.value], [1.0]) if isinstance(part, Point) else (part.values, part.probabilities)
    values, chances = np.asarray(values, dtype=float), np.asarray(chances, dtype=float) * probability
    if probability < 1:
        values, chances = np.append(values, 0.0), np.append(chances, 1 - probability)
    return values, chances


def sum_of_outcomes(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> Distribution:
    """Return the distribution of a sum of independent amounts that each take single values.

    Parameters
    ----------
    parts : sequence of (values, probabilities)
        Two arrays of equal length a part; the probabilities sum to 1.

    Returns
    -------
    Distribution
        Exact outcome by outcome up to 16 384 distinct totals; beyond that each total is shared between the two nearest of as
        many evenly spaced ones, which keeps the mean.

    Examples
    --------
    Two deals of 80 (7 in 10) and 50 (4 in 10). What is the chance to win 80 or more?

    >>> won = sum_of_outcomes([(np.array([0, 80.0]), np.array([0.3, 0.7])), (np.array([0, 50.0]), np.array([0.6, 0.4]))])
    >>> round(1 - float(won.cdf(79.99)), 2)
    0.7
    """
    totals, chances = np.zeros(1), np.ones(1)
    for values, probabilities in parts:
        totals = np.add.outer(totals, values).ravel()
        chances = np.multiply.outer(chances, probabilities).ravel()
        totals, places = np.unique(np.round(totals, 9), return_inverse=True)
        chances = np.bincount(places.ravel(), chances)
        if len(totals) > MOST_OUTCOMES:
            width = (totals[-1] - totals[0]) / (MOST_OUTCOMES - 1)
            place = (totals - totals[0]) / width
            node = np.minimum(np.floor(place).astype(int), MOST_OUTCOMES - 2)
            share = place - node
            grid = np.bincount(node, chances * (1 - share), MOST_OUTCOMES) + np.bincount(
                node + 1, chances * share, MOST_OUTCOMES
            )
            totals, chances = totals[0] + width * np.arange(MOST_OUTCOMES), grid
    kept = chances > 0
    chances = chances[kept] / chances[kept].sum()
    return discrete(dict(zip(totals[kept].tolist(), chances.tolist(), strict=True)))

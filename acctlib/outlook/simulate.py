"""The distribution of a total by drawing it many times, evenly.

Plain random draws clump: some corners of what may happen are drawn twice, others never. Scrambled Sobol points fill the space
evenly, so that a percentile is as sure with a quarter of the draws. Because even points no longer tell how sure they are,
the whole is done eight times with independent scramblings: the eight answers' spread is the standard error that
every percentile carries.

Each line is drawn by looking up its quantile in a table. Lines that move together get correlated normal scores first; a
Spearman rank correlation r asks for 2 sin(π r / 6) between the scores. Where lines share a factor, they are multiplied by it.
Draws are made block by block and never kept line by line: what a line contributed is found by drawing the same
numbers again, which a seed makes possible for ever.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from acctlib.outlook.families import Distribution, check_probability
from acctlib.outlook.model import CostModel, Factors, Risk
from acctlib.outlook.sobol import scrambled_points

if TYPE_CHECKING:  # a total needs no tables: pandas is imported where one is made
    import pandas as pd

__all__ = [
    "REPLICATES",
    "SimulatedCost",
    "simulate",
]

#: Independent scramblings, of which the spread tells how sure a percentile is.
REPLICATES = 8
#: Percentiles around one whose spread counts for its standard error, and the degrees of freedom that this comes to.
AROUND, FREEDOM = np.array([-0.06, -0.04, -0.02, 0.0, 0.02, 0.04, 0.06]), 14
#: Draws of one block times numbers of one draw: two megabytes, which stay in the processor's cache.
BLOCK = 1 << 18
#: Most draws of one simulation.
MOST_DRAWS = 1 << 23
#: Nodes of a quantile table, and the normal scores between which it runs where a line has no end.
NODES, FURTHEST_SCORE = 2049, 6.5


@dataclass(frozen=True, eq=False)
class SimulatedCost:
    """The total of a cost model as draws.

    Attributes
    ----------
    model : CostModel
    seed : int
    asked : int
        Draws that were asked for; `draws` is what was made.
    totals : array of float, shape (8, draws / 8)
        The total of each draw, in the unit of the model; a row a replicate, each row sorted.
    """

    model: CostModel
    seed: int
    asked: int
    totals: np.ndarray

    @property
    def draws(self) -> int:
        """Return the number of draws made: eight times a power of two."""
        return self.totals.size

    @property
    def note(self) -> str:
        """Return how many draws were made and why, as a sentence for the report."""
        made = f"{self.draws:,} draws were made: {REPLICATES} independent replicates of {self.totals.shape[1]:,}"
        return made if self.asked == self.draws else f"{self.asked:,} draws were asked for; {made}"

    @functools.cached_property
    def _sorted(self) -> np.ndarray:
        return np.sort(self.totals, axis=None)

    @functools.cached_property
    def mean(self) -> float:
        return float(self.totals.mean())

    @functools.cached_property
    def sd(self) -> float:
        return float(self.totals.std())

    def quantile(self, p):
        """Return the amount that at least the share `p` of the draws does not exceed: an observed draw.

        On the edge of an amount with a chance of its own (no risk happens) it takes that amount: half a draw of each replicate
        more or less is the draws' doing.
        """
        check_probability(p)
        found = _order_statistic(self._sorted, p)
        before = _order_statistic(self._sorted, np.maximum(np.asarray(p, dtype=float) - REPLICATES / 2 / self.draws, 0.0))
        further = _order_statistic(self._sorted, np.maximum(np.asarray(p, dtype=float) - 4 * REPLICATES / self.draws, 0.0))
        return _scalar(np.where((before == further) & (before < found), before, found))

    def cdf(self, amount):
        """Return the share of draws of `amount` or less."""
        return _scalar(np.searchsorted(self._sorted, amount, side="right") / self.draws)

    def tail_mean(self, p: float) -> float:
        """Return the mean of the worst ``1 - p`` of the draws."""
        return float(self._sorted[min(math.ceil(p * self.draws), self.draws - 1) :].mean())

    def standard_error(self, p: float) -> float:
        """Return the standard error of `quantile(p)`, from the spread of the replicates.

        Eight numbers alone tell their own spread badly: one figure in a hundred would lie four of its standard errors off. The
        percentiles around spread alike, so their variance is averaged in. Where one or two numbers make up the total a
        replicate is surer than its draws are fine; the step from draw to draw then counts.
        """
        edge = 0.5 / self.totals.shape[1]
        # Far out the percentiles around spread less alike: only nearer ones count.
        around = _order_statistic(self.totals.T, np.clip(p + AROUND * min(1.0, min(p, 1 - p) / 0.12), edge, 1 - edge))
        step = np.diff(_order_statistic(self._sorted, np.clip([p - edge, p + edge], 0, 1)))[0]
        return float(math.sqrt((around.var(axis=1, ddof=1).mean() + step**2 / 12) / REPLICATES))

    def interval(self, p: float, confidence: float = 0.95) -> tuple[float, float]:
        """Return the t interval that holds the true percentile with this confidence."""
        reach = special.stdtrit(FREEDOM, (1 + confidence) / 2) * self.standard_error(p)
        return self.quantile(p) - reach, self.quantile(p) + reach

    def curve(self, points: int = 99) -> pd.DataFrame:
        """Return the S-curve: columns probability (fractions, evenly spaced) and value."""
        import pandas as pd

        probability = np.arange(1, points + 1) / (points + 1)
        return pd.DataFrame({"probability": probability, "value": self.quantile(probability)})

    @property
    def factors(self) -> tuple[tuple[str, str], ...]:
        """Return kind (account, project or work type) and name of each shared factor."""
        if not isinstance(self.model.correlation, Factors):
            return ()
        lines = [self.model.lines[i] for i in self.model.uncertain]
        return tuple((kind, name) for kind, name, _, _ in _multipliers(self.model.correlation, lines))

    def parts(self, beside: Sequence[Risk] = (), apart: bool = False) -> Iterator[np.ndarray]:
        """Yield the same draws again part by part; a column without the rows `beside` plus ``model.fixed`` is a total.

        Parameters
        ----------
        beside : sequence of Risk, optional
            One for each risk of the model: what else that risk does (its delay) or would do (after a response). Where the one
            is at its worst so is the other: the difference of the two is that of the risks, not of the draws.
        apart : bool, default False
            Take what each of the shared `factors` does out of the lines and put it behind them, a row a factor: by how much
            it makes all that it concerns cost more or less than on average. A line is then what it costs otherwise.

        Yields
        ------
        array of float, shape (n_uncertain_lines + n_factors if apart + n_risks + n_beside, draws of the block)
            In the unit of the model; fixed amounts are left out.
        """
        return _blocks(self.model, self.totals.shape[1], self.seed, beside, apart)

    def compared(self, most: int = 64) -> np.ndarray:
        """Return the places, among the uncertain lines, of those that `rank_correlation` compares."""
        return np.unique(np.linspace(0, len(self.model.uncertain) - 1, min(most, len(self.model.uncertain))).astype(int))

    def rank_correlation(self, most: int = 64) -> pd.DataFrame:
        """Return the Spearman correlation that the uncertain lines really have in these draws, line by line.

        Of more than `most` lines, that many evenly chosen ones are compared.
        """
        import pandas as pd

        places = self.compared(most)
        drawn = np.concatenate([block[places] for block in self.parts()], axis=1)
        ranks = np.argsort(np.argsort(drawn, axis=1), axis=1)
        names = [self.model.lines[self.model.uncertain[place]].name for place in places]
        return pd.DataFrame(np.corrcoef(ranks), index=names, columns=names)


def simulate(model: CostModel, draws: int = 65_536, seed: int = 1) -> SimulatedCost:
    """Return the model's total, drawn `draws` times.

    Parameters
    ----------
    model : CostModel
    draws : int, default 65 536
        Rounded up to eight times a power of two; the result's `note` says so.
    seed : int, default 1
        The same seed gives the same draws for ever.

    Returns
    -------
    SimulatedCost

    Raises
    ------
    ValueError
        If `draws` is not a whole number from 1 to 8 388 608 or `seed` is negative.

    Examples
    --------
    Which budget holds in 8 of 10 cases, and how sure is that figure?

    >>> from acctlib.outlook.distributions import pert, triangular
    >>> from acctlib.outlook.model import Line
    >>> model = CostModel(
    ...     lines=[Line("design", pert(80e3, 100e3, 150e3)), Line("build", triangular(200e3, 240e3, 390e3))],
    ...     risks=[Risk("late content", probability=0.3, impact=triangular(10e3, 20e3, 45e3))],
    ... )
    >>> cost = simulate(model, draws=10_000, seed=1)
    >>> round(cost.quantile(0.8), -3), cost.standard_error(0.8) < 500
    (432000.0, True)
    >>> cost.note
    '10,000 draws were asked for; 16,384 draws were made: 8 independent replicates of 2,048'
    """
    if isinstance(draws, bool) or draws != int(draws) or not 1 <= draws <= MOST_DRAWS:
        raise ValueError(f"draws must be a whole number from 1 to {MOST_DRAWS:,}, got {draws!r}; write 65536")
    if isinstance(seed, bool) or seed != int(seed) or seed < 0:
        raise ValueError(f"seed must be a whole number of 0 or more, got {seed!r}; write 1")
    each = max(2, 1 << math.ceil(math.log2(draws / REPLICATES))) if draws > REPLICATES else 2
    totals = np.concatenate([block.sum(axis=0) for block in _blocks(model, each, int(seed))])
    totals = np.sort(totals.reshape(REPLICATES, each), axis=1) + model.fixed
    return SimulatedCost(model, int(seed), int(draws), totals)


def _blocks(model: CostModel, each: int, seed: int, beside: Sequence[Risk] = (), apart: bool = False) -> Iterator[np.ndarray]:
    """Yield the cost of every uncertain line and risk, replicate after replicate, in blocks of draws."""
    sampler = _Sampler(model, beside)
    rows = min(each, 1 << max(8, int(math.log2(BLOCK / sampler.dimensions))))
    for replicate in range(REPLICATES):
        for points in scrambled_points(sampler.dimensions, each, rows, np.random.default_rng([seed, replicate])):
            yield sampler.costs(points, apart)


class _Sampler:
    """Turns evenly spread points into costs.

    The first numbers of a point are the most evenly spread, so what moves the total most takes them: the shared factors, then
    lines and risks by their spread.
    """

    def __init__(self, model: CostModel, beside: Sequence[Risk] = ()) -> None:
        self.model = model
        self.events = [*model.risks, *beside]
        self.lines = [model.lines[i] for i in model.uncertain]
        self.multipliers = _multipliers(model.correlation, self.lines) if isinstance(model.correlation, Factors) else []
        self.mixing = _mixing(model)
        self.shared = len(self.multipliers) + (self.mixing is not None and np.ndim(self.mixing) == 0)
        self.dimensions = max(1, self.shared + len(self.lines) + len(model.risks))
        spreads = [math.inf if np.ndim(self.mixing) else line.cost.variance for line in self.lines]
        spreads += [risk.variance for risk in model.risks]
        self.axes = self.shared + np.argsort(np.argsort(-np.array(spreads), kind="stable"), kind="stable")
        of_risks = self.axes[len(self.lines) :]
        self.event_axes = [*of_risks, *of_risks[: len(beside)]]
        by_score = self.mixing is not None
        self.drawn = [_by_score(line.cost) if by_score else _by_probability(line.cost) for line in self.lines]
        self.happens = [_by_probability(risk.impact) for risk in self.events]

    def costs(self, points: np.ndarray, apart: bool = False) -> np.ndarray:
        """Return the costs, a row a line, a factor if `apart`, and an event, of points of shape (dimensions, n)."""
        n_lines, n_factors = len(self.lines), len(self.multipliers) if apart else 0
        own = points[self.axes[:n_lines]]
        costs = np.empty((n_lines + n_factors + len(self.events), points.shape[1]))
        if self.mixing is not None:
            own = self._correlated_scores(points[:1], own)
        for row, quantile, position in zip(costs[:n_lines], self.drawn, own, strict=True):
            row[:] = quantile(position)
        factors = [np.exp(sd * special.ndtri(at) - sd**2 / 2) for (*_, sd), at in zip(self.multipliers, points, strict=False)]
        for (*_, members, _), factor in zip(self.multipliers, factors, strict=True):
            costs[members] *= factor
        if apart:
            shared = np.repeat(np.array([[line.cost.mean] for line in self.lines]), points.shape[1], axis=1)
            for row, (*_, members, _), factor in zip(costs[n_lines:], self.multipliers, factors, strict=False):
                row[:] = (shared[members] * (factor - 1)).sum(axis=0)
                shared[members] *= factor
            costs[:n_lines] -= shared - np.array([[line.cost.mean] for line in self.lines])
        for row, risk, quantile, axis in zip(
            costs[n_lines + n_factors :], self.events, self.happens, self.event_axes, strict=True
        ):
            row[:] = _compound(risk, quantile, points[axis])
        return costs

    def _correlated_scores(self, common: np.ndarray, own: np.ndarray) -> np.ndarray:
        scores = special.ndtri(own)
        if np.ndim(self.mixing):
            return self.mixing @ scores
        scores *= math.sqrt(1 - self.mixing)
        scores += math.sqrt(self.mixing) * special.ndtri(common)
        return scores


def _mixing(model: CostModel) -> float | np.ndarray | None:
    """Return how the lines' normal scores mix: the weight of one common factor, a matrix, or None for independent lines."""
    count = len(model.uncertain)
    gaussian = model.gaussian
    if count < 2 or (isinstance(gaussian, float) and gaussian == 0):
        return None
    if isinstance(gaussian, float) and gaussian > 0:
        return gaussian
    if isinstance(gaussian, float):
        matrix = np.full((count, count), gaussian)
        np.fill_diagonal(matrix, 1.0)
    else:
        matrix = gaussian[np.ix_(model.uncertain, model.uncertain)]
    values, vectors = np.linalg.eigh(matrix)
    # Largest first: the first numbers of a Sobol point are the most evenly spread.
    return (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1]


def _multipliers(factors: Factors, lines: list) -> list[tuple[str, str, np.ndarray, float]]:
    """Return each shared factor: its kind and name, the lines that it multiplies, and the sd of its logarithm."""
    groups = [("account", factors.account, [""] * len(lines))]
    groups += [("project", factors.project, [line.project for line in lines])]
    groups += [("work type", factors.work_type, [line.work_type for line in lines])]
    return [
        (kind, member, np.array([i for i, name in enumerate(names) if name == member]), sd)
        for kind, sd, names in groups
        if sd
        for member in dict.fromkeys(names)
    ]


def _by_probability(part: Distribution) -> Callable[[np.ndarray], np.ndarray]:
    """Return what turns probabilities into amounts."""
    if not part.continuous:
        return part.quantile
    if part.long_tailed or not (math.isfinite(part.low) and math.isfinite(part.high)):
        quantile = _by_score(part)
        return lambda probability: quantile(special.ndtri(probability))
    table = part.quantile_table(NODES)
    return functools.partial(_lookup, table, np.append(np.diff(table), 0.0), 0.0, NODES - 1.0)


def _by_score(part: Distribution) -> Callable[[np.ndarray], np.ndarray]:
    """Return what turns normal scores into amounts."""
    if not part.continuous:
        return lambda scores: part.quantile(special.ndtr(scores))
    table = part.quick_quantile(special.ndtr(np.linspace(-FURTHEST_SCORE, FURTHEST_SCORE, NODES)))
    per_score = (NODES - 1) / (2 * FURTHEST_SCORE)
    return functools.partial(_lookup, table, np.append(np.diff(table), 0.0), FURTHEST_SCORE * per_score, per_score)


def _lookup(table: np.ndarray, rise: np.ndarray, offset: float, scale: float, at: np.ndarray) -> np.ndarray:
    place = at * scale
    if offset:
        place += offset
        np.clip(place, 0.0, NODES - 1.0, out=place)
    node = place.astype(np.intp)
    place -= node
    place *= rise.take(node, mode="clip")
    place += table.take(node, mode="clip")
    return place


def _compound(risk: Risk, quantile: Callable, position: np.ndarray) -> np.ndarray:
    """Return 0 where the risk does not happen, else its impact: the upper end of `position` is the worst."""
    if risk.probability == 0:
        return np.zeros_like(position)
    share = np.maximum(position - (1 - risk.probability), 0.0) / risk.probability
    return np.where(share > 0, quantile(np.minimum(share, 1.0)), 0.0)


def _order_statistic(ordered: np.ndarray, p) -> np.ndarray:
    """Return the least of the draws, sorted along the first axis, that at least the share `p` does not exceed."""
    count = len(ordered)
    place = np.ceil(np.asarray(p, dtype=float) * count - 1e-9).astype(int) - 1
    return ordered[np.clip(place, 0, count - 1)]


def _scalar(value):
    return float(value) if np.ndim(value) == 0 else np.asarray(value)

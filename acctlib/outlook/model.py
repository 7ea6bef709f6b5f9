"""A cost model: what the work may cost, line by line, and what may go wrong on top.

A `Line` is work that will be done; its cost is uncertain. A `Risk` is an event that may not happen at all: one compound
input, zero or an impact, never a separate coin and amount. Lines move together, because the same people, client and
estimator stand behind them. Treating them as independent is the commonest error of budget risk: on 2,400 real tasks such
ranges held in 22 % of the cases. A model says so in one of three ways:

- ``correlation=0.25``: the Spearman rank correlation between every two lines (the default);
- ``correlation=matrix``: one for each pair of lines;
- ``correlation=Factors(project=0.15)``: all uncertain lines of a project are multiplied by one shared factor of mean 1,
  whose logarithm has this standard deviation; likewise one per account and one per work type (discipline).

Fixed amounts (`point`) are known: no factor scales them. Risks are independent of the lines and of each other.
Everything here is plain data that does not change; `exact` and `simulate` turn it into a distribution.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acctlib.outlook.families import Distribution, Point

__all__ = ["USUAL_FACTORS", "CostModel", "Factors", "Line", "Risk", "gaussian_correlation", "spearman_correlation"]

#: A matrix that no set of lines can have is mended when no entry moves by more than this; beyond it, it is refused.
LARGEST_REPAIR = 0.05


@dataclass(frozen=True)
class Line:
    """A piece of work with its uncertain cost.

    Parameters
    ----------
    name : str
        Unique within its project.
    cost : Distribution
        Cost (or hours) of the whole line, in the unit of the model.
    project, work_type : str, optional
        What shares a factor with what.
    """

    name: str
    cost: Distribution
    project: str = ""
    work_type: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.cost, Distribution):
            raise ValueError(f"line {self.name!r}: cost must be a distribution, got {self.cost!r}; write point({self.cost!r})")


@dataclass(frozen=True)
class Risk:
    """An event that may happen, once, and what it costs then.

    Parameters
    ----------
    name : str
    probability : float
        Chance that it happens, as a fraction.
    impact : Distribution
        Cost if it happens, in the unit of the model; a negative impact is an opportunity.
    project : str, optional
    residual : Risk, optional
        What is left of it after the response; without one the response changes nothing.
    response_cost : float, default 0
        What the response costs, whether or not the event happens.
    delay : Distribution, optional
        By how many days it puts off its project's finish if it happens; the costlier it turns out, the later.

    Examples
    --------
    The client delivers content late 3 times in 10, which then costs 10 000 to 45 000. What does that cost on average?

    >>> from acctlib.outlook.distributions import triangular
    >>> late = Risk("late content", 0.3, triangular(10e3, 20e3, 45e3))
    >>> late.mean, round(late.variance**0.5)
    (7500.0, 12145)
    """

    name: str
    probability: float
    impact: Distribution
    project: str = ""
    residual: Risk | None = None
    response_cost: float = 0.0
    delay: Distribution | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(
                f"risk {self.name!r}: probability must lie between 0 and 1, got {self.probability}; write 30 % as 0.3"
            )
        for part in ("impact", "delay"):
            given = getattr(self, part)
            if not isinstance(given, Distribution) and not (part == "delay" and given is None):
                raise ValueError(f"risk {self.name!r}: {part} must be a distribution, got {given!r}; write point({given!r})")
        if not (math.isfinite(self.response_cost) and self.response_cost >= 0):
            raise ValueError(f"risk {self.name!r}: response_cost must be 0 or more, got {self.response_cost}")

    @property
    def mean(self) -> float:
        """Return the expected cost, counting the cases in which it does not happen."""
        return self.probability * self.impact.mean

    @property
    def variance(self) -> float:
        """Return the variance of the cost, counting the cases in which it does not happen."""
        return self.probability * (self.impact.variance + (1 - self.probability) * self.impact.mean**2)


@dataclass(frozen=True)
class Factors:
    """Shared factors of mean 1: how far a whole account, project or discipline tends to lie off its estimates.

    Parameters
    ----------
    project, account, work_type : float, default 0
        Standard deviation of the factor's logarithm: .15 means that projects as a whole usually lie within about 15 % of
        their estimates, in the same direction for all of their lines.
    """

    project: float = 0.0
    account: float = 0.0
    work_type: float = 0.0

    def __post_init__(self) -> None:
        for name in ("project", "account", "work_type"):
            sd = getattr(self, name)
            if not 0 <= sd <= 2:
                raise ValueError(f"the {name} factor must lie between 0 and 2, got {sd}; write 0.15 for about 15 %")


#: What the reports take where the firm has no history of its own.
USUAL_FACTORS = Factors(project=0.15)


@dataclass(frozen=True, eq=False)
class CostModel:
    """Lines, risks and how the lines hang together.

    Parameters
    ----------
    lines : sequence of Line
    risks : sequence of Risk, optional
    correlation : float, matrix of shape (n_lines, n_lines), or Factors; default 0.25
        Spearman rank correlation between lines, or shared factors. See the module's opening.

    Raises
    ------
    ValueError
        If there are neither lines nor risks, two of them share a name within a project, or the correlation cannot be.

    Examples
    --------
    >>> from acctlib.outlook.distributions import pert, triangular
    >>> model = CostModel(
    ...     lines=[Line("design", pert(80e3, 100e3, 150e3)), Line("build", triangular(200e3, 240e3, 390e3))],
    ...     risks=[Risk("late content", probability=0.3, impact=triangular(10e3, 20e3, 45e3))],
    ... )
    >>> model.sum_of_likely, round(model.mean)
    (340000.0, 389167)
    """

    lines: Sequence[Line] = ()
    risks: Sequence[Risk] = ()
    correlation: float | np.ndarray | Factors = 0.25

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(self.lines))
        object.__setattr__(self, "risks", tuple(self.risks))
        if not self.lines and not self.risks:
            raise ValueError("a cost model needs at least one line or risk, got neither; write lines=[Line(name, pert(...))]")
        for kind, parts in (("lines", self.lines), ("risks", self.risks)):
            (name, project), count = (
                Counter((part.name, part.project) for part in parts).most_common(1)[0] if parts else (("", ""), 1)
            )
            if count > 1:
                where = f" in project {project!r}" if project else ""
                raise ValueError(f"{count} {kind} are called {name!r}{where}; give each a name of its own")
        if not isinstance(self.correlation, Factors):
            object.__setattr__(self, "correlation", _checked_correlation(self.correlation, len(self.lines)))

    @property
    def uncertain(self) -> tuple[int, ...]:
        """Return the positions of the lines that are not fixed amounts."""
        return tuple(i for i, line in enumerate(self.lines) if not isinstance(line.cost, Point))

    @property
    def fixed(self) -> float:
        """Return the sum of the fixed amounts: what is already spent or agreed."""
        return math.fsum(line.cost.value for line in self.lines if isinstance(line.cost, Point))

    @property
    def mean(self) -> float:
        """Return the expected total: means add up, however the lines hang together."""
        return math.fsum([line.cost.mean for line in self.lines] + [risk.mean for risk in self.risks])

    @property
    def sum_of_likely(self) -> float:
        """Return the sum of the lines' most likely values, without risks: the usual point estimate, and mostly too low."""
        return math.fsum(line.cost.likely for line in self.lines)

    @functools.cached_property
    def gaussian(self) -> float | np.ndarray:
        """Return the Pearson correlation of the normal scores that gives the wanted rank correlation.

        A number where every two lines have the same one, else a matrix of shape (n_lines, n_lines); 0 for `Factors`.
        """
        if isinstance(self.correlation, Factors):
            return 0.0
        if isinstance(self.correlation, float):
            return gaussian_correlation(self.correlation)
        return _nearest_correlation(gaussian_correlation(self.correlation))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was changed in the input, as sentences for the report."""
        if not isinstance(self.correlation, np.ndarray):
            return ()
        moved = float(np.max(np.abs(spearman_correlation(self.gaussian) - self.correlation), initial=0.0))
        if moved < 1e-6:
            return ()
        return (
            f"the correlation matrix cannot be; the nearest valid one was taken, which moves an entry by up to {moved:.3f}",
        )


def gaussian_correlation(spearman):
    """Return the correlation of normal scores that has this Spearman rank correlation, ``2 sin(π r / 6)``.

    Examples
    --------
    >>> round(gaussian_correlation(0.3), 7)
    0.3128689
    """
    return 2 * np.sin(np.pi * spearman / 6) if isinstance(spearman, np.ndarray) else 2 * math.sin(math.pi * spearman / 6)


def spearman_correlation(gaussian):
    """Return the Spearman rank correlation of normal scores with this correlation, ``6 asin(ρ / 2) / π``.

    Examples
    --------
    >>> round(spearman_correlation(0.3128689), 7)
    0.3
    """
    return 6 / np.pi * np.arcsin(gaussian / 2) if isinstance(gaussian, np.ndarray) else 6 / math.pi * math.asin(gaussian / 2)


def _checked_correlation(correlation, n_lines: int) -> float | np.ndarray:
    if np.ndim(correlation) == 0:
        least = 0.0 if n_lines < 2 else spearman_correlation(-1 / (n_lines - 1))
        if isinstance(correlation, (bool, str)) or correlation is None or not least <= correlation <= 1:
            raise ValueError(
                f"{n_lines} lines can have a common rank correlation between {least:.3g} and 1, got {correlation!r}; write 0.25"
            )
        return float(correlation)
    matrix = np.array(correlation, dtype=float)
    if matrix.shape != (n_lines, n_lines):
        raise ValueError(f"the correlation matrix must be {n_lines} by {n_lines}, one row a line, got shape {matrix.shape}")
    wrong = ~((np.abs(matrix) <= 1) & (matrix == matrix.T))
    wrong[np.diag_indices(n_lines)] = np.diag(matrix) != 1
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        rule = "be 1, a line with itself" if row == column else "lie between -1 and 1 and be the same both ways round"
        raise ValueError(f"correlation row {row + 1}, column {column + 1} must {rule}, got {matrix[row, column]:g}")
    repaired = spearman_correlation(_nearest_correlation(gaussian_correlation(matrix)))
    moved = np.abs(repaired - matrix)
    if moved.max(initial=0.0) > LARGEST_REPAIR:
        row, column = np.argwhere(moved > moved.max() - 1e-6)[0]
        raise ValueError(
            f"no lines can be correlated like this matrix; correlation row {row + 1}, column {column + 1} is "
            f"{matrix[row, column]:g} where the nearest possible matrix has {repaired[row, column]:.2f}; write that"
        )
    matrix.setflags(write=False)
    return matrix


def _nearest_correlation(matrix: np.ndarray, rounds: int = 200) -> np.ndarray:
    """Return the nearest correlation matrix: alternating projections with Dykstra's correction, after Higham (2002)."""
    if np.linalg.eigvalsh(matrix)[0] >= -1e-10:
        return matrix
    nearest, correction = matrix, np.zeros_like(matrix)
    for _ in range(rounds):
        shifted = nearest - correction
        values, vectors = np.linalg.eigh(shifted)
        projected = (vectors * np.maximum(values, 0.0)) @ vectors.T
        correction = projected - shifted
        previous, nearest = nearest, projected.copy()
        np.fill_diagonal(nearest, 1.0)
        if np.max(np.abs(nearest - previous)) < 1e-9:
            break
    scale = 1 / np.sqrt(np.diag(projected))
    nearest = projected * scale[:, None] * scale
    np.fill_diagonal(nearest, 1.0)
    return nearest

"""A straight line through a few measurements, and how far the next one may lie from it.

The line is the one with the least squares of what the measurements stray from it. A new measurement strays from it as the old
ones do, and the line itself is known the less the farther one looks beyond them: its range widens with the distance.
"""

from __future__ import annotations

import numpy as np
from scipy import special

__all__ = ["FEWEST_FOR_RANGE", "trend_line"]

#: From so many measurements on, enough of them are left over to say how far values stray from a line.
FEWEST_FOR_RANGE = 4


def trend_line(days: np.ndarray, values: np.ndarray, at: float, confidence: float = 0.8) -> tuple[float, float, float]:
    """Return the height of the line on a day, and the range in which a measurement of that day lies.

    Parameters
    ----------
    days, values : array of float, shape (n,)
        n measurements, at two different days at least; days from any origin.
    at : float
        The day to look at, from the same origin.
    confidence : float, default 0.8
        Chance that a measurement lies in the range, as a fraction.

    Returns
    -------
    tuple of float
        Height, low, high, in the unit of the values. Low and high are NaN below four measurements: two points give a line
        that none can stray from, and three leave one degree of freedom.

    Raises
    ------
    ValueError
        If all measurements are of one day, or `confidence` does not lie between 0 and 1.

    Notes
    -----
    With the mean x̄ of the days, S = Σ(x−x̄)² and s² the squared residuals over n − 2: a + b d ± t(n−2) s √(1 + 1/n +
    (d−x̄)²/S). It supposes that values stray independently; where they drift the range is too narrow. Draper and Smith, Applied
    Regression Analysis (3rd ed. 1998), §3.1.

    Examples
    --------
    >>> trend_line(np.array([0.0, 1, 2, 3]), np.array([10.0, 12, 14, 16]), at=5)
    (20.0, 20.0, 20.0)
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; write 80 % as 0.8")
    if np.ptp(days) == 0:
        raise ValueError("a line needs measurements of two different days, got one day; measure again")
    n, centre = len(days), days.mean()
    spread = ((days - centre) ** 2).sum()
    slope = ((days - centre) * (values - values.mean())).sum() / spread
    height = float(values.mean() + slope * (at - centre))
    if n < FEWEST_FOR_RANGE:
        return height, np.nan, np.nan
    strayed = values - values.mean() - slope * (days - centre)
    error = np.sqrt((strayed**2).sum() / (n - 2) * (1 + 1 / n + (at - centre) ** 2 / spread))
    half = float(special.stdtrit(n - 2, (1 + confidence) / 2) * error)
    return height, height - half, height + half

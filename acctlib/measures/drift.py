"""Where a measured value will stand if it goes on as it went, and how far it may be from there.

The forecast starts at the newest value, for that is where things stand, and goes on at the average pace of the record. How
uneven the pace was says how far the value may drift from that; the range widens with the distance. A line of least squares
would start anywhere: of a value that rose late it says that it will fall.
"""

from __future__ import annotations

import numpy as np
from scipy import special

__all__ = ["FEWEST_FOR_RANGE", "drift"]

#: From so many measurements on, enough steps are left over to say how uneven the pace is.
FEWEST_FOR_RANGE = 4


def drift(days: np.ndarray, values: np.ndarray, at: float, confidence: float = 0.8) -> tuple[float, float, float]:
    """Return the value expected on a later day, and the range in which it lies.

    Parameters
    ----------
    days, values : array of float, shape (n,)
        n measurements in the order of their days, at two different days at least; days from any origin. Of several on one
        day the last counts.
    at : float
        The day to look at, not before the last, from the same origin.
    confidence : float, default 0.8
        Chance that the value lies in the range, as a fraction.

    Returns
    -------
    tuple of float
        Value, low, high, in the unit of the values. Low and high are NaN below four measurements.

    Raises
    ------
    ValueError
        If all measurements are of one day, or `confidence` does not lie between 0 and 1.

    Notes
    -----
    A random walk with drift. With T days from the first to the last value, the pace b = (xₙ − x₁) / T and
    s² = Σ (Δx − b Δt)² / Δt / (n − 2) over the n − 1 steps, h days ahead: xₙ + b h ± t(n−2) s √(h (1 + h / T)). With even
    steps it is the drift method of Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed. 2021), §5.2
    and §5.5, with Student's t for the estimated spread.

    Examples
    --------
    >>> drift(np.array([0.0, 1, 2, 3]), np.array([10.0, 12, 14, 16]), at=5)
    (20.0, 20.0, 20.0)
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; write 80 % as 0.8")
    last = np.append(days[1:] != days[:-1], True)
    days, values = days[last], values[last]
    if len(days) < 2:
        raise ValueError("a pace needs measurements of two different days, got one day; measure again")
    steps, gone, ahead = np.diff(days), days[-1] - days[0], at - days[-1]
    pace = (values[-1] - values[0]) / gone
    expected = float(values[-1] + pace * ahead)
    if len(days) < FEWEST_FOR_RANGE:
        return expected, np.nan, np.nan
    spare = len(steps) - 1
    spread = np.sqrt(((np.diff(values) - pace * steps) ** 2 / steps).sum() / spare)
    half = float(special.stdtrit(spare, (1 + confidence) / 2) * spread * np.sqrt(ahead * (1 + ahead / gone)))
    return expected, expected - half, expected + half

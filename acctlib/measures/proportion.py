"""Shares of small counts, with the range they leave open.

Seven of eight clients satisfied is 88 %, and with eight answers also anything from 53 % to 98 %. An account's counts are
always small, so a share never travels without its n, and its interval is Wilson's: unlike the textbook's plus-minus it stays
inside 0 and 1 and does not collapse to nothing when all eight said yes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from acctlib.missing import Missing

__all__ = ["Proportion", "normal_score", "proportion", "wilson"]


def normal_score(confidence: float) -> float:
    """Return how many standard errors lie on each side of a two-sided interval of that confidence.

    >>> round(normal_score(0.95), 2)
    1.96
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; write 95 % as 0.95")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(share: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval for the share behind an observed one, as fractions.

    Parameters
    ----------
    share : float
        The observed share, from 0 to 1.
    n : float
        How many independent observations it rests on, above 0; need not be whole (see `sales.win_rate`).
    confidence : float, default 0.95

    Notes
    -----
    With z standard errors: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n). Wilson (1927).

    Examples
    --------
    >>> low, high = wilson(7 / 8, 8)
    >>> round(low, 2), round(high, 2)
    (0.53, 0.98)
    """
    z = normal_score(confidence)
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    scale = 1 + z * z / n
    low = (centre - half) / scale if share > 0 else 0.0  # exact at the ends, where rounding would leave 1e-17
    high = (centre + half) / scale if share < 1 else 1.0
    return max(low, 0.0), min(high, 1.0)


@dataclass(frozen=True)
class Proportion:
    """`count` of `n`, with n at least 1.

    Examples
    --------
    Seven of eight answered "satisfied". How sure is 88 %?

    >>> share = Proportion(7, 8)
    >>> low, high = share.interval(0.95)
    >>> share.value, round(low, 2), round(high, 2), str(share)
    (0.875, 0.53, 0.98, '7 of 8')
    """

    count: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.n or self.n < 1:
            raise ValueError(f"a proportion must be 0 to n of n with n at least 1, got {self.count} of {self.n}")

    def __str__(self) -> str:
        return f"{self.count} of {self.n}"

    def __float__(self) -> float:
        return self.value

    @property
    def value(self) -> float:
        """Return the share as a fraction."""
        return self.count / self.n

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return Wilson's interval for the share behind the count, as fractions."""
        return wilson(self.value, self.n, confidence)


def proportion(count: int, n: int, reason: str) -> Proportion | Missing:
    """Return `count` of `n`, or `Missing` with the reason where n is zero.

    >>> proportion(0, 0, "nothing was delivered in the period")
    Missing(reason='nothing was delivered in the period', remedy='')
    """
    return Proportion(int(count), int(n)) if n else Missing(reason)

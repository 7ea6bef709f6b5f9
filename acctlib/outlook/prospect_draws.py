"""What may come in a stretch of days, drawn: a second way to the figures that `prospect_totals` adds up.

A point of a scrambled Sobol sequence says how the common factor stands, which items come, how late and for how much. Eight
independent scramblings tell by their spread how sure each figure is.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from acctlib.outlook.prospect_totals import HALF_CENT, Part
from acctlib.outlook.simulate import REPLICATES
from acctlib.outlook.sobol import scrambled_points

__all__ = ["Draws", "draw"]


@dataclass(frozen=True, eq=False)
class Draws:
    """The same drawn: what each stretch brings, and which items came.

    Attributes
    ----------
    totals : array of float, shape (8, draws / 8, n_stretches)
    came : array of bool, shape (8, draws / 8, n_parts)
    """

    totals: np.ndarray
    came: np.ndarray

    @functools.cached_property
    def _ordered(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the totals in rising order, of each replicate and of all together; a row a stretch."""
        each = np.sort(self.totals.transpose(2, 0, 1), axis=-1)
        return each, np.sort(each.reshape(len(each), -1), axis=-1)

    def quantile(self, stretch: int, p: float) -> tuple[float, float]:
        """Return the amount that the share `p` of the draws does not exceed, and its standard error."""
        each, together = (ordered[stretch] for ordered in self._ordered)
        found = each[:, math.ceil(p * each.shape[-1]) - 1]
        return float(together[math.ceil(p * len(together)) - 1]), float(found.std(ddof=1) / math.sqrt(len(found)))

    def reached(self, stretch: int, target: float) -> tuple[float, float]:
        """Return the share of draws with `target` or more, and its standard error."""
        each = (self.totals[:, :, stretch] >= target - HALF_CENT).mean(axis=1)
        return float(each.mean()), float(each.std(ddof=1) / math.sqrt(len(each)))


def draw(
    parts: Sequence[Part], starts: np.ndarray, ends: np.ndarray, common_factor: float = 0.0, draws: int = 16_384, seed: int = 1
) -> Draws:
    """Return what each stretch of days brings, drawn by scrambled Sobol points in eight independent replicates.

    Parameters
    ----------
    parts : sequence of Part
    starts, ends : array of int, shape (n_stretches,)
        First and last day of each stretch.
    common_factor : float, default 0
    draws : int, default 16 384
        Rounded up to eight times a power of two.
    seed : int, default 1

    Returns
    -------
    Draws
    """
    each = max(2, 1 << math.ceil(math.log2(max(draws / REPLICATES, 2))))
    uncertain = [place for place, part in enumerate(parts) if 0 < part.chance < 1]
    # The factor and whether items come move the total most, so they take the evenest numbers of a point.
    moved = [place for place, part in enumerate(parts) if part.chance > 0 and len(part.delays) > 1]
    ranged = [place for place, part in enumerate(parts) if part.chance > 0 and part.amount.continuous]
    axes = 1 + len(uncertain) + len(moved) + len(ranged)
    shares = [part.shares(starts, ends) for part in parts]
    totals = np.zeros((REPLICATES, each, len(starts)))
    came = np.zeros((REPLICATES, each, len(parts)), dtype=bool)
    own = special.ndtri(np.array([parts[place].chance for place in uncertain]))[:, None]
    for replicate in range(REPLICATES):
        (points,) = scrambled_points(axes, each, each, np.random.default_rng([seed, replicate]))
        score = math.sqrt(common_factor) * special.ndtri(points[0])
        came[replicate] = np.array([part.chance == 1 for part in parts])
        came[replicate][:, uncertain] = (
            points[1 : 1 + len(uncertain)] < special.ndtr((own + score) / math.sqrt(1 - common_factor))
        ).T
        delayed = dict(zip(moved, points[1 + len(uncertain) :], strict=False))
        varied = dict(zip(ranged, points[1 + len(uncertain) + len(moved) :], strict=False))
        for place, part in enumerate(parts):
            if part.chance == 0 or not shares[place].any():
                continue
            amount = part.amount.quick_quantile(varied[place]) if place in varied else part.amount.mean
            brought = came[replicate][:, place] * amount
            if place in delayed:
                which = (delayed[place] * len(part.delays)).astype(int)
                totals[replicate] += brought[:, None] * shares[place][which]
            else:
                totals[replicate] += brought[:, None] * shares[place][0]
    return Draws(totals, came)

"""The sales that may come: a weighted pipeline as a distribution.

Amounts times win probabilities add up to a mean that hardly ever comes true: each deal is won whole or lost whole.
Three deals of 100 at 20 % are worth 60 on average and bring 0 in half of the cases. So the pipeline is added up outcome
by outcome, exactly, and answers what a target needs: how likely is it to be reached?

Deals are independent unless a common factor is given: one budget freeze or one new sponsor moves them together. The factor's
weight is the correlation of the scores behind "won" and "lost"; the mean stays, the spread grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy import special

from acctlib.missing import Missing, requires
from acctlib.outlook.convolution import sum_of_outcomes
from acctlib.outlook.families import Distribution

__all__ = ["Pipeline", "open_deals", "weighted_pipeline"]


@dataclass(frozen=True, eq=False)
class Pipeline:
    """What the open deals may bring.

    Attributes
    ----------
    deals : DataFrame
        The deals that were counted, with ``weighted`` = amount times probability.
    left_out : DataFrame
        Open deals that could not be counted for want of a probability, an amount or, where dates matter, a close date.
    won : Distribution
        Of the total won, in the currency of the amounts.
    """

    deals: pd.DataFrame
    left_out: pd.DataFrame
    won: Distribution

    @property
    def mean(self) -> float:
        """Return the weighted pipeline: the sum of amount times probability."""
        return float(self.deals["weighted"].sum())

    @property
    def sd(self) -> float:
        """Return the standard deviation of the total won."""
        return self.won.sd

    def quantile(self, p):
        """Return the total that is not exceeded with probability `p` (a fraction)."""
        value = self.won.quantile(p)
        return float(value) if np.ndim(value) == 0 else value

    def cdf(self, amount: float) -> float:
        """Return the probability of winning `amount` or less."""
        return float(self.won.cdf(amount))

    def chance_to_reach(self, target: float) -> float:
        """Return the probability of winning at least `target`, an amount in the same currency."""
        # Half a cent less, so that deals that add up to the target reach it in spite of rounding.
        return 1 - float(self.won.cdf(target - 0.005))

    def curve(self, points: int = 99) -> pd.DataFrame:
        """Return the S-curve: columns probability (fractions, evenly spaced) and value."""
        probability = np.arange(1, points + 1) / (points + 1)
        return pd.DataFrame({"probability": probability, "value": self.won.quantile(probability)})


def open_deals(pipeline: Pipeline | Missing) -> pd.DataFrame | Missing:
    """Return the deals that a pipeline counts, the largest weighted first; a pipeline that is `Missing` is passed on."""
    if isinstance(pipeline, Missing):
        return pipeline
    return pipeline.deals.sort_values("weighted", ascending=False, kind="stable", ignore_index=True)


@requires(opportunities="amount probability status close_date? currency?")
def weighted_pipeline(
    opportunities: pd.DataFrame | Missing,
    common_factor: float = 0.0,
    closes_from: date | None = None,
    closes_by: date | None = None,
) -> Pipeline | Missing:
    """Return what the open deals may bring.

    Parameters
    ----------
    opportunities : DataFrame
        Columns amount (all in one currency), probability (fraction), status (open, won, lost), close_date.
    common_factor : float, default 0
        Correlation of the scores behind the deals, from 0 (independent) to below 1.
    closes_from, closes_by : date, optional
        Count only deals whose expected decision lies in these days, both included.

    Returns
    -------
    Pipeline or Missing
        `Missing` where there is no open deal with amount and probability, or currencies differ.

    Raises
    ------
    ValueError
        If `common_factor` lies outside [0, 1).

    Notes
    -----
    Mean ``sum(a * p)``; variance of independent deals ``sum(a**2 * p * (1 - p))``.

    Examples
    --------
    Four deals are open. How much will we win on average, and how likely is it to reach 150?

    >>> deals = pd.DataFrame({"amount": [80.0, 50, 120, 30], "probability": [0.7, 0.4, 0.15, 0.9], "status": "open"})
    >>> pipeline = weighted_pipeline(deals)
    >>> round(pipeline.mean), round(pipeline.sd), round(pipeline.chance_to_reach(150), 2)
    (121, 62, 0.36)
    """
    if not 0 <= common_factor < 1:
        raise ValueError(f"common_factor must lie from 0 to below 1, got {common_factor}; write 0 for independent deals")
    open_deals = opportunities[(opportunities["status"] == "open").fillna(False)]
    currencies = sorted(open_deals["currency"].dropna().unique())
    if len(currencies) > 1:
        return Missing(f"the open deals are in {', '.join(currencies)}", "convert them to one currency first")
    if closes_from or closes_by:
        closing = pd.to_datetime(open_deals["close_date"])
        outside = pd.Series(False, index=closing.index)
        if closes_from:
            outside |= closing < pd.Timestamp(closes_from)
        if closes_by:
            outside |= closing > pd.Timestamp(closes_by)
        open_deals = open_deals[~outside]
        counted = open_deals["close_date"].notna()
    else:
        counted = pd.Series(True, index=open_deals.index)
    counted &= open_deals["amount"].notna() & open_deals["probability"].notna()
    deals, left_out = open_deals[counted], open_deals[~counted]
    if deals.empty:
        return Missing("no open deal has an amount and a probability", "add them to opportunities, with the close_date")
    amounts, chances = deals["amount"].to_numpy(float), deals["probability"].to_numpy(float)
    if ((chances < 0) | (chances > 1)).any():
        raise ValueError(
            f"probabilities must lie between 0 and 1, got {chances[(chances < 0) | (chances > 1)][0]:g}; write 30 % as 0.3"
        )
    deals = deals.assign(weighted=amounts * chances).reset_index(drop=True)
    return Pipeline(deals, left_out.reset_index(drop=True), _total_won(amounts, chances, common_factor))


def _total_won(amounts: np.ndarray, chances: np.ndarray, common_factor: float) -> Distribution:
    if common_factor == 0:
        return sum_of_outcomes([(np.array([0.0, a]), np.array([1 - p, p])) for a, p in zip(amounts, chances, strict=True)])
    scores = np.linspace(-6.5, 6.5, 41)
    weights = np.exp(-(scores**2) / 2)
    weights /= weights.sum()
    totals = []
    for score, weight in zip(scores, weights, strict=True):
        given = special.ndtr((special.ndtri(chances) + np.sqrt(common_factor) * score) / np.sqrt(1 - common_factor))
        won = _total_won(amounts, given, 0.0)
        values, odds = getattr(won, "values", (won.mean,)), getattr(won, "probabilities", (1.0,))
        totals.append((np.array(values), weight * np.array(odds)))
    # One part with all the conditional outcomes side by side is their average.
    return sum_of_outcomes([(np.concatenate([v for v, _ in totals]), np.concatenate([p for _, p in totals]))])

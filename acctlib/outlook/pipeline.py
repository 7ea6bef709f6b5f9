"""The sales that may come: a weighted pipeline as a distribution.

Amounts times win probabilities add up to a mean that hardly ever comes true: each deal is won whole or lost whole.
Three deals of 100 at 20 % are worth 60 on average and bring 0 in half of the cases. So the pipeline is added up outcome
by outcome, exactly, and answers what a target needs: how likely is it to be reached?

Deals are taken as independent of each other, whenever they close; `revenue_outlook` says what each quarter may bring where
one budget freeze or one new sponsor moves them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

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
        Open deals that could not be counted for want of a probability or an amount.
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


def open_deals(pipeline: Pipeline | Missing) -> pd.DataFrame | Missing:
    """Return the deals that a pipeline counts, the largest weighted first; a pipeline that is `Missing` is passed on."""
    if isinstance(pipeline, Missing):
        return pipeline
    return pipeline.deals.sort_values("weighted", ascending=False, kind="stable", ignore_index=True)


@requires(opportunities="amount probability status close_date? currency?")
def weighted_pipeline(opportunities: pd.DataFrame | Missing) -> Pipeline | Missing:
    """Return what the open deals may bring.

    Parameters
    ----------
    opportunities : DataFrame
        Columns amount (all in one currency), probability (fraction), status (open, won, lost), close_date.

    Returns
    -------
    Pipeline or Missing
        `Missing` where there is no open deal with amount and probability, or currencies differ.

    Raises
    ------
    ValueError
        If a probability lies outside [0, 1].

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
    open_deals = opportunities[(opportunities["status"] == "open").fillna(False)]
    currencies = sorted(open_deals["currency"].dropna().unique())
    if len(currencies) > 1:
        return Missing(f"the open deals are in {', '.join(currencies)}", "convert them to one currency first")
    counted = open_deals["amount"].notna() & open_deals["probability"].notna()
    deals, left_out = open_deals[counted], open_deals[~counted]
    if deals.empty:
        return Missing("no open deal has an amount and a probability", "add them to opportunities, with the close_date")
    amounts, chances = deals["amount"].to_numpy(float), deals["probability"].to_numpy(float)
    if ((chances < 0) | (chances > 1)).any():
        raise ValueError(
            f"probabilities must lie between 0 and 1, got {chances[(chances < 0) | (chances > 1)][0]:g}; write 30 % as 0.3"
        )
    deals = deals.assign(weighted=amounts * chances).reset_index(drop=True)
    outcomes = [(np.array([0.0, a]), np.array([1 - p, p])) for a, p in zip(amounts, chances, strict=True)]
    return Pipeline(deals, left_out.reset_index(drop=True), sum_of_outcomes(outcomes))

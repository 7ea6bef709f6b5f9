"""The odds of the year's target: what a revenue outlook says about one amount.

A target without a probability is a wish. Here it has one, beside the money that is missing where it should be even, or sure;
and beside the deals and renewals whose coming or not coming would change it most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acctlib.missing import Missing
from acctlib.outlook.revenue_outlook import RevenueOutlook

__all__ = ["TargetOdds", "by_quarter", "target_odds", "year_curve"]

_UNKNOWN = Missing("the share of AGI in fees is not known")


@dataclass(frozen=True, eq=False)
class TargetOdds:
    """What an outlook says about the target of its first fiscal year.

    Attributes
    ----------
    target : float
        In the currency of the outlook.
    chance : float
        Of reaching it, exact; a fraction.
    drawn, error : float
        The same as drawn, and its standard error.
    gap_even, gap_sure : float
        Money that is missing for a chance of one half and of `confidence`; never below 0.
    confidence : float
    middle, low, high : float
        Of the year: the amount reached in half of the cases, and those between which it lies in 8 of 10.
    moves : DataFrame
        As from `RevenueOutlook.moves`.
    """

    target: float
    chance: float
    drawn: float
    error: float
    gap_even: float
    gap_sure: float
    confidence: float
    middle: float
    low: float
    high: float
    moves: pd.DataFrame


def target_odds(outlook: RevenueOutlook | Missing, target: float | None, confidence: float = 0.8) -> TargetOdds | Missing:
    """Return the odds of a target in the first fiscal year of an outlook.

    Parameters
    ----------
    outlook : RevenueOutlook or Missing
    target : float or None
        Revenue aimed at in the year; None = there is no target.
    confidence : float, default 0.8
        How sure the director wants to be, as a fraction.

    Returns
    -------
    TargetOdds or Missing

    Examples
    --------
    60 000 are committed and an even deal of 40 000 is open. How likely are 100 000, and what is missing to be 80 % sure?

    >>> from datetime import date
    >>> from acctlib.outlook.decision_dates import Slip
    >>> from acctlib.outlook.revenue_outlook import revenue_outlook
    >>> from acctlib.periods import Quarter
    >>> rows = [("R1", "committed", 1.0, 60e3, None), ("Website", "deal", 0.5, 40e3, "2026-10-05")]
    >>> table = pd.DataFrame(rows, columns=["item", "kind", "chance", "likely", "closes"])
    >>> table = table.assign(low=table["likely"], high=table["likely"], closes=pd.to_datetime(table["closes"]),
    ...                      starts=pd.Timestamp("2026-10-12"), ends=pd.Timestamp("2026-12-20"))
    >>> outlook = revenue_outlook(table, [Quarter(2026, 4)], date(2026, 9, 30), Slip((0,), "on time"))
    >>> odds = target_odds(outlook, 100e3)
    >>> round(odds.chance, 6), odds.gap_sure, list(odds.moves["item"])
    (0.5, 40000.0, ['Website'])
    """
    if isinstance(outlook, Missing):
        return outlook
    if not target:
        return Missing("there is no target for the year", "write `targets: {revenue: 900000}` in account.yaml")
    drawn, error = outlook.drawn_chance(target)
    low, middle, high = year_curve(outlook, [0.1, 0.5, 0.9])["value"]
    return TargetOdds(
        target=float(target),
        chance=outlook.chance_to_reach(target),
        drawn=drawn,
        error=error,
        gap_even=outlook.gap(target, 0.5),
        gap_sure=outlook.gap(target, confidence),
        confidence=confidence,
        middle=middle,
        low=low,
        high=high,
        moves=outlook.moves(target),
    )


def by_quarter(outlook: RevenueOutlook | Missing, agi_share: float | Missing = _UNKNOWN) -> pd.DataFrame | Missing:
    """Return the distribution of each quarter and year, as from `RevenueOutlook.by_period`, and what of it is AGI.

    Parameters
    ----------
    outlook : RevenueOutlook or Missing
    agi_share : float or Missing
        Agency gross income for each unit of fees, as the account usually has it.

    Returns
    -------
    DataFrame or Missing
        The columns of `by_period`, with `agi_p10`, `agi_p50` and `agi_p90` where the share is known.
    """
    if isinstance(outlook, Missing):
        return outlook
    table, agi = outlook.by_period(), outlook.in_agi(agi_share)
    return table if isinstance(agi, Missing) else table.join(agi.by_period()[["p10", "p50", "p90"]].add_prefix("agi_"))


def year_curve(outlook: RevenueOutlook | Missing, chances: Sequence[float] | None = None) -> pd.DataFrame | Missing:
    """Return the amounts of the first fiscal year that are not exceeded with some chances: `probability`, `value`.

    Without `chances` those of every whole per cent.
    """
    if isinstance(outlook, Missing):
        return outlook
    chances = np.arange(1, 100) / 100 if chances is None else np.asarray(chances, float)
    return pd.DataFrame({"probability": chances, "value": [outlook.quantile(float(p)) for p in chances]})

"""How likely a deal is to be won: what the firm's own closed deals say, beside what its owner says.

A lost deal was lost in the stage it stands in; a won deal passed every stage. Of the deals that came as far as a stage, the
share that was won is the odds of a deal that stands there today. A deal that is still open is neither won nor lost and is not
counted. Few deals say little, so each stage is drawn towards the firm's rate of all closed deals, as if a stated number of
deals had come out at that rate (the mean of a beta-binomial). Where fewer deals were closed than that is worth, the owner's own
probability stands, and the table says so. Both are kept side by side and never averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires

__all__ = ["WinOdds", "at_owners_odds", "win_odds", "with_odds"]

#: With fewer closed deals than this there are no learned odds.
FEWEST_DEALS = 20
#: A stage is drawn towards the firm's rate as if so many more deals had come out at it.
STRENGTH = 10.0


@dataclass(frozen=True, eq=False)
class WinOdds:
    """What the closed deals of a firm say about open ones.

    Attributes
    ----------
    stages : DataFrame
        A row a stage, in order: `stage`, `reached` (closed deals that came this far), `won`, `lost` (from here on), `odds`
        (fraction, drawn towards the firm's rate).
    rate : float or Missing
        Won / (won + lost) of all closed deals; `Missing` where fewer than `FEWEST_DEALS` were closed.
    closed : int
        Closed deals.
    order_from : str
        Where the order of the stages comes from, in words.
    """

    stages: pd.DataFrame
    rate: float | Missing
    closed: int
    order_from: str


@requires(opportunities="stage status probability? closed_on?")
def win_odds(
    opportunities: pd.DataFrame | Missing, stages: Sequence[str] = (), strength: float = STRENGTH
) -> WinOdds | Missing:
    """Return the odds of winning from each stage, learned from closed deals.

    Parameters
    ----------
    opportunities : DataFrame
        Deals of the whole firm: stage, status (open, won, lost), probability (fraction, the owner's).
    stages : sequence of str, optional
        The stages from first to last, `deal_stages` of firm.yaml. Without them they are put in the order of the probability
        that owners give open deals in each, on average.
    strength : float, default 10
        How many deals the firm's rate counts for beside the deals of a stage; 0 takes the stage's own share as it is.

    Returns
    -------
    WinOdds or Missing

    Raises
    ------
    ValueError
        If `strength` is negative or not finite, or a stage is listed twice.

    Notes
    -----
    ``(won + strength * rate) / (won + lost from here on + strength)``. Every won deal passed every stage, so the odds never
    fall from one stage to the next.

    Examples
    --------
    Twelve deals were won, four lost after the first talk and eight after the offer. What is an offer worth?

    >>> deals = pd.DataFrame({"stage": ["order"] * 12 + ["talk"] * 4 + ["offer"] * 8, "status": ["won"] * 12 + ["lost"] * 12})
    >>> odds = win_odds(deals, stages=["talk", "offer"])
    >>> odds.stages[["stage", "reached", "won", "odds"]].round(3).values.tolist()
    [['talk', 24, 12, 0.5], ['offer', 20, 12, 0.567]]
    """
    if not (np.isfinite(strength) and strength >= 0):
        raise ValueError(f"strength must be a number of deals of 0 or more, got {strength!r}; write 10")
    if len(set(stages)) < len(stages):
        raise ValueError(f"each stage must be listed once, got {', '.join(stages)}; leave out the repeated one")
    order, order_from = (tuple(stages), "deal_stages of firm.yaml") if stages else _order_of(opportunities)
    won = int((opportunities["status"] == "won").sum())
    lost = opportunities.loc[opportunities["status"] == "lost", "stage"]
    closed = won + len(lost)
    if closed < FEWEST_DEALS:
        noun = "deal is" if closed == 1 else "deals are"
        rate = Missing(f"only {closed} {noun} closed, {FEWEST_DEALS} are needed", "keep won and lost deals in opportunities")
        return WinOdds(pd.DataFrame(columns=["stage", "reached", "won", "lost", "odds"]), rate, closed, order_from)
    rate = won / closed
    by_stage = lost.value_counts().reindex(list(order), fill_value=0).to_numpy()
    from_here = by_stage[::-1].cumsum()[::-1]
    reached = won + from_here
    # A stage that no closed deal is known to have reached has the firm's rate.
    odds = (won + strength * rate) / np.maximum(reached + strength, 1) if reached.size else np.zeros(0)
    table = pd.DataFrame({"stage": list(order), "reached": reached, "won": won, "lost": from_here, "odds": odds})
    return WinOdds(table, rate, closed, order_from)


def _order_of(opportunities: pd.DataFrame) -> tuple[tuple[str, ...], str]:
    """Return the stages of open deals by the mean probability of their owners, the lowest first, and that this was done."""
    judged = opportunities[(opportunities["status"] == "open") & opportunities["probability"].notna()]
    means = judged["probability"].astype(float).groupby(judged["stage"].astype(object)).mean()
    ordered = means.sort_index().sort_values(kind="stable")
    if ordered.empty:
        return (), "nowhere: no stages are listed, and no open deal has a probability"
    return tuple(ordered.index), "the probability that owners give open deals in each stage, on average"


@requires(opportunities="stage status probability?")
def with_odds(opportunities: pd.DataFrame | Missing, odds: WinOdds | Missing) -> pd.DataFrame | Missing:
    """Return open deals with the owner's probability, the learned odds, the one that counts, and why.

    Parameters
    ----------
    opportunities : DataFrame
        Open and other deals; only the open ones are returned.
    odds : WinOdds or Missing
        As from `win_odds` of the whole firm.

    Returns
    -------
    DataFrame
        The open deals with `owner_chance` and `learned` (fractions; blank = not known), `chance` (learned where enough deals
        were closed, else the owner's) and `basis`.

    Examples
    --------
    >>> deals = pd.DataFrame({"stage": ["offer"], "status": ["open"], "probability": [0.4]})
    >>> with_odds(deals, win_odds(deals))[["chance", "basis"]].values.tolist()
    [[0.4, "the owner's: only 0 deals are closed, 20 are needed"]]
    """
    deals = opportunities[(opportunities["status"] == "open").fillna(False).astype(bool)].reset_index(drop=True)
    owner = deals["probability"].astype(float)
    rate = odds if isinstance(odds, Missing) else odds.rate
    if isinstance(rate, Missing):
        basis = pd.Series(f"the owner's: {rate.reason}", index=deals.index, dtype="str")
        return deals.assign(owner_chance=owner, learned=np.nan, chance=owner, basis=basis)
    known = odds.stages.set_index("stage")
    learned = deals["stage"].map(known["odds"]).astype(float).fillna(rate)
    words = {
        stage: f"{row.won} of {row.reached} that came this far were won, drawn towards the firm's {rate:.0%}"
        for stage, row in zip(known.index, known.itertuples(), strict=True)
    }
    basis = deals["stage"].map(words).astype("str")
    basis = basis.fillna(
        f"the firm's rate: {rate:.0%} of {odds.closed} closed deals were won; the place of its stage is not known"
    )
    return deals.assign(owner_chance=owner, learned=learned, chance=learned, basis=basis)


def at_owners_odds(deals: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return open deals, as from `with_odds`, with the owner's probability in place of the learned odds.

    >>> at_owners_odds(pd.DataFrame({"chance": [0.4], "owner_chance": [0.1]}))["chance"].tolist()
    [0.1]
    """
    return deals if isinstance(deals, Missing) else deals.assign(chance=deals["owner_chance"])

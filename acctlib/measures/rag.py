"""On track, at risk, off track: one rule for every figure that is compared with a plan.

A colour that each author picks by feeling says more about the author than about the project. Here the state follows from
how far a figure falls short of its plan, as a fraction of the plan, and from two thresholds that stand in the account's
profile. Falling short is always the bad direction: over for cost, under for income. The state is a word; the page adds the
symbol and the colour.
"""

from __future__ import annotations

import pandas as pd

__all__ = ["AT_RISK", "OFF_TRACK", "ON_TRACK", "STATES", "states"]

ON_TRACK = "on track"
AT_RISK = "at risk"
OFF_TRACK = "off track"
#: From good to bad.
STATES = (ON_TRACK, AT_RISK, OFF_TRACK)


def states(shortfall: pd.Series, amber: float = 0.05, red: float = 0.10) -> pd.Series:
    """Return the state of each figure from how far it falls short of its plan.

    Parameters
    ----------
    shortfall : Series of float
        Fraction of the plan, plus where worse than planned: cost 8 % over its budget and income 8 % under its target are
        both 0.08. Blank where not defined.
    amber, red : float
        The figure is at risk beyond `amber` and off track beyond `red`; exactly at a threshold it is still on the better
        side.

    Returns
    -------
    Series of str
        "on track", "at risk" or "off track"; blank where the shortfall is.

    Raises
    ------
    ValueError
        If `amber` is greater than `red`.

    Examples
    --------
    Three projects: one under budget, one 8 % over, one 20 % over:

    >>> states(pd.Series([-0.02, 0.08, 0.20])).tolist()
    ['on track', 'at risk', 'off track']
    """
    if amber > red:
        raise ValueError(f"rag: amber must not be greater than red, got amber {amber:g} and red {red:g}; swap them")
    words = pd.Series(ON_TRACK, index=shortfall.index, dtype="str")
    return words.mask(shortfall > amber, AT_RISK).mask(shortfall > red, OFF_TRACK).where(shortfall.notna())

"""When deals are decided: how late against the date that was expected, and at which age where nobody dated them.

How late a firm's decisions came says how late the next ones may come. The share of deals won by each age serves where no date
is expected: it counts an open deal for as long as it was seen open, so that a young cohort is not taken for a poor one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires

__all__ = ["Slip", "WonByAge", "decision_slip", "won_by_age"]

#: With fewer dated decisions than this the stated delays below stand in.
FEWEST_DECISIONS = 20
#: Days that decisions come late, each as likely as the others, where a firm has not seen enough of its own.
STATED_SLIP = (0, 0, 0, 14, 30, 60, 90)
#: So many evenly likely delays stand for a longer record.
DELAYS = 24


@dataclass(frozen=True, eq=False)
class WonByAge:
    """The share of deals that is won by each age, and the share still open.

    Attributes
    ----------
    won, open : array of float, shape (oldest + 1,)
        By age in whole days from the day a deal was opened; fractions.
    """

    won: np.ndarray
    open: np.ndarray

    def within(self, age: np.ndarray, days: int) -> np.ndarray:
        """Return the chance that deals still open at `age` are won in the next `days`; 0 where none so old was seen open."""
        oldest = len(self.won) - 1
        now, then = np.minimum(age, oldest), np.minimum(np.asarray(age) + days, oldest)
        still = self.open[now]
        return np.where(still > 0, (self.won[then] - self.won[now]) / np.where(still > 0, still, 1.0), 0.0)


@requires(opportunities="created status closed_on")
def won_by_age(opportunities: pd.DataFrame | Missing, as_of: date, observed_from: date | None = None) -> WonByAge | Missing:
    """Return the share of deals won by each age, open deals counted only for as long as they were seen open.

    Parameters
    ----------
    opportunities : DataFrame
        created, status, closed_on (blank = still open).
    as_of : date
        What was closed later counts as open.
    observed_from : date, optional
        The first day on which decisions were recorded. A deal opened earlier is on record only because it had not been decided
        by then, so it counts from its age on that day.

    Returns
    -------
    WonByAge or Missing
        `Missing` where no deal was decided.

    Notes
    -----
    The Aalen-Johansen estimate of the cumulative incidence of "won" beside its competitor "lost", with late entry.

    Examples
    --------
    Of four deals one was won and one lost after ten days; two are five days old. Those two say nothing about the tenth day:

    >>> days = pd.to_datetime(["2026-06-01", "2026-06-01", "2026-06-26", "2026-06-26"])
    >>> deals = pd.DataFrame({"created": days, "status": ["won", "lost", "open", "open"],
    ...                       "closed_on": pd.to_datetime(["2026-06-11", "2026-06-11", None, None])})
    >>> round(float(won_by_age(deals, date(2026, 7, 1)).won[-1]), 2)
    0.5
    """
    day = pd.Timestamp(as_of)
    deals = opportunities[opportunities["created"] <= day]
    decided = ((deals["closed_on"] <= day) & deals["status"].isin(["won", "lost"])).to_numpy()
    if not decided.any():
        return Missing("no deal was decided", "keep won and lost deals in opportunities, with closed_on")
    left = ((deals["closed_on"].where(decided, day) - deals["created"]).dt.days.clip(lower=0)).to_numpy(int)
    entered = np.zeros(len(deals), dtype=int)
    if observed_from is not None:
        entered = np.maximum((pd.Timestamp(observed_from) - deals["created"]).dt.days.to_numpy(int), 0)
    seen = left >= entered
    left, entered, decided, won = left[seen], entered[seen], decided[seen], (deals["status"] == "won").to_numpy()[seen]
    size = left.max() + 2
    at_risk = np.bincount(entered, minlength=size).cumsum() - np.bincount(left + 1, minlength=size + 1).cumsum()[:size]
    of_risk = np.maximum(at_risk[:-1], 1)
    went = np.bincount(left[decided], minlength=size)[:-1] / of_risk
    still = np.cumprod(1 - went)
    before = np.concatenate([[1.0], still[:-1]])
    gained = before * np.bincount(left[decided & won], minlength=size)[:-1] / of_risk
    return WonByAge(np.cumsum(gained), still)


@dataclass(frozen=True)
class Slip:
    """How many days later than expected decisions are taken.

    Attributes
    ----------
    days : tuple of int
        Equally likely, in rising order; minus = earlier than expected.
    basis : str
        Where they come from, in words.
    learned : bool
        True where they are how late the firm's own decisions came; then `basis` says of which.
    """

    days: tuple[int, ...] = tuple(STATED_SLIP)
    basis: str = "stated delays: no decision is on record"
    learned: bool = False


def decision_slip(opportunities: pd.DataFrame | Missing) -> Slip:
    """Return how late the firm's decisions came against the date expected, or the stated delays where too few are on record.

    Parameters
    ----------
    opportunities : DataFrame or Missing
        Deals of the whole firm: status, close_date (expected), closed_on.

    Returns
    -------
    Slip
        Of a long record, 24 evenly likely delays.

    Examples
    --------
    >>> decision_slip(Missing("not kept")).days
    (0, 0, 0, 14, 30, 60, 90)
    """
    if isinstance(opportunities, Missing) or not {"status", "close_date", "closed_on"} <= set(opportunities.columns):
        return Slip()
    closed = opportunities[opportunities["status"].isin(["won", "lost"])]
    late = (pd.to_datetime(closed["closed_on"]) - pd.to_datetime(closed["close_date"])).dt.days.dropna().to_numpy(float)
    if len(late) < FEWEST_DECISIONS:
        noun = "decision is" if len(late) == 1 else "decisions are"
        return Slip(basis=f"stated delays: only {len(late)} dated {noun} on record, {FEWEST_DECISIONS} are needed")
    middles = (np.arange(DELAYS) + 0.5) / DELAYS
    days = np.sort(late) if len(late) <= DELAYS else np.quantile(late, middles, method="inverted_cdf")
    return Slip(tuple(int(day) for day in days), f"{len(late)} decisions of the firm came", learned=True)

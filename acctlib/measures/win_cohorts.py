"""Win rates by the quarter in which deals were opened, and which of them mislead.

A win rate is right only for deals that were all followed from their first day to their decision. Two cuts spoil that. A record
of closed deals that starts later than the deals (a new CRM, say) lacks their early decisions; and of deals opened lately only
the quick decisions are there yet. Cohorts by the quarter in which deals were opened show both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.sales import DECIDED, by_number, deals_on, no_losses
from acctlib.measures.undefined import NOT_STATED
from acctlib.missing import Missing, requires
from acctlib.periods import FiscalYear

__all__ = ["win_cohorts"]

CALENDAR = FiscalYear()
#: Above this share of open deals a cohort's rate may still move more than it is worth.
MOST_OPEN = 0.2
#: Above this share of decisions before the record began, a cohort is cut at its start.
MOST_CUT = 0.05
#: With so many expected and none seen, chance is below one in twenty: the rule of three.
RULE_OF_THREE = 3.0


@requires(opportunities="status created closed_on")
def win_cohorts(
    opportunities: pd.DataFrame | Missing,
    as_of: date,
    fiscal_year: FiscalYear = CALENDAR,
) -> pd.DataFrame | Missing:
    """Return the win rate of the deals opened in each quarter, and say which rates a cut in the record spoils.

    Parameters
    ----------
    opportunities : DataFrame
        A row a deal.
    as_of : date
        The day to which the record goes. A deal closed later is open, one opened later is left out.
    fiscal_year : FiscalYear, default the calendar year

    Returns
    -------
    DataFrame
        `period` (label, the oldest first; "not stated" where no day of opening is recorded), `deals`, `won`, `lost`,
        `open`; `rate`, `low`, `high` (of decided deals, with Wilson's interval); `open_share`; `won_share` (won / all
        deals: what the rate cannot fall below if every open deal is lost); `warning`, in words, blank where nothing is cut.

    Notes
    -----
    *Cut at its start.* With F the share of decisions that take at most so many days, of deals opened since the first
    recorded closing (of all where none was), a deal opened t days before that closing was decided unseen with chance F(t)
    times the share of deals that get decided. Where three or more unseen decisions are expected, chance explains their
    absence in fewer than one of twenty cases (the rule of three), the record is taken to start late, and every cohort that
    misses more than 5 % of its decisions is named. *Cut at its end*: more than 20 % of the deals are open; or some are,
    and the quarter ended less than the usual cycle ago, the time in which nine of ten decisions fell.

    Examples
    --------
    >>> deals = pd.DataFrame({"status": ["won", "lost", "open"], "created": pd.to_datetime(["2026-01-05"] * 3),
    ...                       "closed_on": pd.to_datetime(["2026-02-20", "2026-03-01", None])})
    >>> win_cohorts(deals, date(2026, 9, 30))[["period", "rate", "open_share", "warning"]].round(2).values.tolist()
    [['2026-Q1', 0.5, 0.33, '33 % are open: the rate may still move']]
    """
    deals = deals_on(opportunities, as_of)
    if deals.empty:
        return Missing(f"no deal was opened by {as_of}", "add rows to opportunities")
    start, unseen = _unseen(deals)
    usual = deals["days"].quantile(0.9)
    unlost = no_losses(*((deals["status"] == outcome).sum() for outcome in DECIDED))
    rows = []
    for period, own in _by_quarter(deals, fiscal_year):
        won, lost = (int((own["status"] == outcome).sum()) for outcome in DECIDED)
        still = len(own) - won - lost
        age = np.nan if period is None else (pd.Timestamp(as_of) - pd.Timestamp(period.end)).days
        warnings = [
            _cut_at_start(float(unseen[own.index].mean()), start),
            _cut_at_end(still / len(own), age, usual),
            unlost,
        ]
        rows.append(
            {
                "period": NOT_STATED if period is None else period.label,
                "deals": len(own),
                "won": won,
                "lost": lost,
                "open": still,
            }
            | by_number(won, lost)
            | {
                "open_share": still / len(own),
                "won_share": won / len(own),
                "warning": "; ".join(filter(None, warnings)) or None,
            }
        )
    return pd.DataFrame(rows)


def _by_quarter(deals: pd.DataFrame, fiscal_year: FiscalYear) -> Iterator[tuple]:
    quarters = {day: fiscal_year.quarter_of(day.date()) for day in deals["created"].dropna().unique()}
    periods = deals["created"].map({day: period.start for day, period in quarters.items()})
    for start, own in deals.groupby(periods, sort=True):
        yield fiscal_year.quarter_of(start), own
    if periods.isna().any():
        yield None, deals[periods.isna()]


def _unseen(deals: pd.DataFrame) -> tuple[pd.Timestamp, pd.Series]:
    """Return the day of the first recorded closing, and for each deal the chance that it would have been decided before."""
    start = deals.loc[deals["days"].notna(), "closed_on"].min()
    none = pd.Series(0.0, deals.index)
    since = deals[deals["created"] >= start]
    since = since if since["days"].notna().any() else deals
    taken = np.sort(since["days"].dropna())
    if not len(taken):
        return start, none
    before = (start - deals["created"]).dt.days.clip(lower=0).fillna(0)
    # strictly less: a decision on the first day of the record is in it
    chance = pd.Series(np.searchsorted(taken, before, side="left") / len(taken), deals.index)
    expected = chance.sum() * since["days"].notna().mean()
    return start, chance if expected >= RULE_OF_THREE else none


def _cut_at_start(unseen: float, start: pd.Timestamp) -> str:
    if not unseen > MOST_CUT:
        return ""
    return f"about {unseen:.0%} of its decisions fell before closed deals were recorded (from {start:%Y-%m-%d})".replace(
        "%", " %"
    )


def _cut_at_end(still: float, age: float, usual: float) -> str:
    young = still > 0 and age < usual
    if still > MOST_OPEN:
        share = "all" if still == 1 else f"{100 * still:.0f} %"
        more = f" and it is younger than the usual {usual:.0f} days to a decision" if young else ""
        return f"{share} are open{more}: {'there is no rate yet' if still == 1 else 'the rate may still move'}"
    return f"younger than the usual {usual:.0f} days to a decision: slow ones are still to come" if young else ""

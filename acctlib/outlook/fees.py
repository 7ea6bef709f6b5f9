"""The fees that the work at hand will earn, month by month.

What is contracted and not yet earned is earned as the contract earns: a retainer evenly to its end, a fixed fee with the work
that remains, time and materials with its hours at their prices, capped work the same until the cap is reached. Only running
projects count, with their likely hours; what may be sold besides is in the pipeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.periods import Month

__all__ = ["FeesToCome", "fees_to_come"]


@dataclass(frozen=True, eq=False)
class FeesToCome:
    """What running projects will earn, and of which nobody can say it.

    Attributes
    ----------
    by_month : DataFrame or Missing
        month (label) and fees (likely, in the account's currency). What remains after the last month is left out. `Missing`
        where nothing is left to earn.
    unknown : DataFrame or Missing
        name, reason: the running projects that are not in `by_month`, and why.
    """

    by_month: pd.DataFrame | Missing
    unknown: pd.DataFrame | Missing


def fees_to_come(
    recognised: pd.DataFrame | Missing,
    scope: pd.DataFrame | Missing,
    work: pd.DataFrame | Missing,
    prices: pd.Series | Missing,
    months: Sequence[Month],
    as_of: date,
) -> FeesToCome:
    """Return the fees that running projects are likely to earn in each month to come.

    Parameters
    ----------
    recognised : DataFrame or Missing
        As from `revenue.recognised`, on the day.
    scope : DataFrame or Missing
        As from `budget.approved_scope`.
    work : DataFrame or Missing
        As in `EstimateAtCompletion.tasks`: likely_hours are those that remain.
    prices : Series or Missing
        Price of an hour by (project, role).
    months : sequence of Month
        In order, the first after `as_of`.
    as_of : date

    Returns
    -------
    FeesToCome

    Examples
    --------
    A retainer of 120 000 for the year has earned 90 000 by the end of September. October earns 31 of the 92 days left; of the
    data support nobody planned the hours:

    >>> forms = ["retainer", "time_and_materials"]
    >>> earned = pd.DataFrame({"project": ["care", "data"], "billing_type": forms, "recognised": [90e3, 10e3],
    ...                        "contract_value": [120e3, None]})
    >>> scope = pd.DataFrame({"project": ["care", "data"], "name": ["Care", "Data"], "end": pd.to_datetime(["2026-12-31"] * 2)})
    >>> none = pd.DataFrame({name: [] for name in ("project", "likely_hours", "role", "start", "finish")})
    >>> october, day = [Month(date(2026, 10, 1))], date(2026, 9, 30)
    >>> fees = fees_to_come(earned, scope, none, Missing("no rates"), october, day)
    >>> fees.by_month.round(2).values.tolist(), fees.unknown.values.tolist()
    ([['2026-10', 10108.7]], [['Data', 'no planned hours are left on it']])
    """
    each = _by_project(scope, work, recognised, prices, pd.DatetimeIndex([pd.Timestamp(month.end) for month in months]), as_of)
    if isinstance(each, Missing):
        return FeesToCome(recognised if isinstance(recognised, Missing) else each, each)
    unknown = pd.DataFrame([(name, fees) for name, fees in each if isinstance(fees, str)], columns=["name", "reason"])
    known = [fees for _, fees in each if not isinstance(fees, str) and fees.any()]
    if isinstance(recognised, Missing) or not known:
        nothing = Missing("nothing is left to earn on running projects")
        return FeesToCome(recognised if isinstance(recognised, Missing) else nothing, unknown)
    labels = [month.label for month in months]
    return FeesToCome(pd.DataFrame({"month": labels, "fees": np.diff(np.sum(known, axis=0), prepend=0.0)}), unknown)


@requires(scope="project name end? status?", work="project likely_hours role start? finish?")
def _by_project(
    scope: pd.DataFrame | Missing,
    work: pd.DataFrame | Missing,
    recognised: pd.DataFrame | Missing,
    prices: pd.Series | Missing,
    ends: pd.DatetimeIndex,
    as_of: date,
) -> list[tuple[str, np.ndarray | str]] | Missing:
    """Return the name of each running project, with what it will have earned by each end, or why nobody can say."""
    running = scope[scope["status"].fillna("active") == "active"]
    earned = {} if isinstance(recognised, Missing) else recognised.set_index("project").to_dict("index")
    each = []
    for row in running.to_dict("records"):
        so_far = earned.get(row["project"], {})
        tasks = work[(work["project"] == row["project"]) & (work["likely_hours"] > 0)]
        if pd.isna(so_far.get("recognised")):
            each.append((row["name"], "what it has earned so far is not known"))
        else:
            left = float(so_far["contract_value"] - so_far["recognised"])
            each.append((row["name"], _fees(so_far["billing_type"], left, row["end"], tasks, prices, ends, as_of)))
    return each


def _fees(
    form: str,
    left: float,
    end: pd.Timestamp,
    tasks: pd.DataFrame,
    prices: pd.Series | Missing,
    ends: pd.DatetimeIndex,
    as_of: date,
) -> np.ndarray | str:
    """Return what a project will have earned by each end, or why nobody can say; `left` of its contract is not earned yet."""
    if np.isnan(left) and form != "time_and_materials":
        return "what it is worth in all is not known"
    if form in ("retainer", "fixed_fee"):
        hours = _hours_by_month(tasks, ends, as_of) if form == "fixed_fee" else np.zeros(len(ends))
        if hours.any():
            return max(left, 0.0) * (hours / tasks["likely_hours"].sum())
        if pd.isna(end):
            return "it has no end over which its fee could be spread"
        return max(left, 0.0) * _shares(pd.Timestamp(as_of) + pd.Timedelta(days=1), end, ends)
    if tasks.empty:
        return "no planned hours are left on it"
    earned = _hours_by_month(tasks, ends, as_of, prices)
    if np.isnan(earned).any():
        return "an hour of it has no price"
    return np.minimum(earned, max(left, 0.0)) if form == "capped" else earned


def _shares(start: pd.Timestamp, finish: pd.Timestamp, ends: pd.DatetimeIndex) -> np.ndarray:
    """Return the share of the days from start to finish that has passed at each end; all of it where the finish is past."""
    days = max((finish - start).days + 1, 1)
    return np.clip(((ends - start).days.to_numpy() + 1) / days, 0.0, 1.0)


def _hours_by_month(
    tasks: pd.DataFrame, ends: pd.DatetimeIndex, as_of: date, prices: pd.Series | Missing | None = None
) -> np.ndarray:
    """Return the likely remaining hours, or their price, worked by each end; a task without dates over all the months."""
    first = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    done = np.zeros(len(ends))
    for row in tasks.to_dict("records"):
        start = first if pd.isna(row["start"]) else max(row["start"], first)
        finish = ends[-1] if pd.isna(row["finish"]) else max(row["finish"], start)
        worth = 1.0
        if prices is not None:
            worth = np.nan if isinstance(prices, Missing) else float(prices.get((row["project"], row["role"]), np.nan))
        done += row["likely_hours"] * worth * _shares(start, finish, ends)
    return done

"""The fees that the work at hand will earn, month by month.

What is contracted and not yet earned is earned as the contract earns: a retainer evenly to its end, a fixed fee with the work
that remains, time and materials with its hours at their prices, capped work the same until the cap is reached. Only running
projects count, with their likely hours; what may be sold besides is in the pipeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.periods import Month

__all__ = ["fees_to_come", "without_forecast"]


@requires(
    recognised="project billing_type recognised contract_value",
    scope="project end fee? status?",
    work="project state likely_hours role start finish",
)
def fees_to_come(
    recognised: pd.DataFrame | Missing,
    scope: pd.DataFrame | Missing,
    work: pd.DataFrame | Missing,
    prices: pd.Series | Missing,
    months: Sequence[Month],
    as_of: date,
) -> pd.DataFrame | Missing:
    """Return the fees that running projects are likely to earn in each month to come.

    Parameters
    ----------
    recognised : DataFrame
        As from `revenue.recognised`, on the day.
    scope : DataFrame
        As from `budget.approved_scope`.
    work : DataFrame
        As in `EstimateAtCompletion.tasks`: likely_hours are those that remain.
    prices : Series or Missing
        Price of an hour by (project, role).
    months : sequence of Month
        In order, the first after `as_of`.
    as_of : date

    Returns
    -------
    DataFrame or Missing
        month (label) and fees (likely, in the account's currency). What remains after the last month is left out, and so are
        projects whose fee or price is not known. `Missing` where nothing is left to earn.

    Examples
    --------
    A retainer of 120 000 for the year has earned 90 000 by the end of September. October earns 31 of the 92 days left:

    >>> earned = pd.DataFrame({"project": ["care"], "billing_type": "retainer", "recognised": [90e3],
    ...                        "contract_value": [120e3]})
    >>> scope = pd.DataFrame({"project": ["care"], "fee": [120e3], "end": pd.to_datetime(["2026-12-31"])})
    >>> none = pd.DataFrame({name: [] for name in ("project", "state", "likely_hours", "role", "start", "finish")})
    >>> october, day = [Month(date(2026, 10, 1))], date(2026, 9, 30)
    >>> fees_to_come(earned, scope, none, Missing("no rates"), october, day).round(2).values.tolist()
    [['2026-10', 10108.7]]
    """
    ends = pd.DatetimeIndex([pd.Timestamp(month.end) for month in months])
    running = scope[scope["status"].fillna("active") == "active"].set_index("project")
    known = recognised.dropna(subset=["recognised"]).set_index("project")
    to_come = np.zeros(len(months))
    anything = False
    for project in running.index.intersection(known.index):
        left = float(known.at[project, "contract_value"] - known.at[project, "recognised"])
        form = known.at[project, "billing_type"]
        tasks = work[(work["project"] == project) & (work["likely_hours"] > 0)]
        evenly = _shares(pd.Timestamp(as_of) + pd.Timedelta(days=1), running.at[project, "end"], ends)
        if form in ("retainer", "fixed_fee"):
            hours = _hours_by_month(tasks, ends, as_of) if form == "fixed_fee" and len(tasks) else np.zeros(len(months))
            shares = hours / tasks["likely_hours"].sum() if hours.any() else evenly
            earned = max(left, 0.0) * shares
        else:
            earned = _hours_by_month(tasks, ends, as_of, prices)
            if form == "capped":
                earned = np.minimum(earned, max(left, 0.0))
        if np.isnan(earned).any():
            continue
        to_come, anything = to_come + earned, anything or bool(earned.any())
    if not anything:
        return Missing("nothing is left to earn on running projects")
    return pd.DataFrame({"month": [month.label for month in months], "fees": np.diff(to_come, prepend=0.0)})


@requires(scope="project name status? end?", work="project likely_hours role")
def without_forecast(
    recognised: pd.DataFrame | Missing, scope: pd.DataFrame | Missing, work: pd.DataFrame | Missing, prices: pd.Series | Missing
) -> pd.DataFrame | Missing:
    """Return the running projects of which `fees_to_come` can't say what they will earn, and why: name, reason.

    Examples
    --------
    >>> earned = pd.DataFrame({"project": ["data"], "billing_type": "time_and_materials", "recognised": [10e3]})
    >>> scope = pd.DataFrame({"project": ["data"], "name": "Data support", "status": "active"})
    >>> none = pd.DataFrame({"project": [], "likely_hours": [], "role": []})
    >>> without_forecast(earned, scope, none, Missing("no rates")).values.tolist()
    [['Data support', 'no planned hours are left on it']]
    """
    running = scope[scope["status"].fillna("active") == "active"].set_index("project")
    known = _by_project(recognised)
    rows = []
    for project, row in running.iterrows():
        form = known["billing_type"].get(project)
        tasks = work[(work["project"] == project) & (work["likely_hours"] > 0)]
        each = [np.nan if isinstance(prices, Missing) else prices.get((project, role), np.nan) for role in tasks["role"]]
        priced = pd.notna(each).all()
        if form is None or pd.isna(known.at[project, "recognised"]):
            rows.append((row["name"], "what it has earned so far is not known"))
        elif form in ("retainer", "fixed_fee"):
            if pd.isna(row.get("end")) and (form == "retainer" or tasks.empty):
                rows.append((row["name"], "it has no end over which its fee could be spread"))
        elif tasks.empty:
            rows.append((row["name"], "no planned hours are left on it"))
        elif not priced:
            rows.append((row["name"], "an hour of it has no price"))
    return pd.DataFrame(rows, columns=["name", "reason"])


def _by_project(recognised: pd.DataFrame | Missing) -> pd.DataFrame:
    """Return what was recognised by project; without rows where it is not known."""
    if isinstance(recognised, Missing):
        return pd.DataFrame({"billing_type": [], "recognised": []})
    return recognised.set_index("project")


def _shares(start: pd.Timestamp, finish: pd.Timestamp, ends: pd.DatetimeIndex) -> np.ndarray:
    """Return the share of the days from start to finish that has passed at each end; all of it where the finish is past."""
    if pd.isna(finish):
        return np.full(len(ends), np.nan)
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

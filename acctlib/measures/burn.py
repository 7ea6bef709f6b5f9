"""Burn: what was used by the end of each month, beside the plan for that day and the budget of the work done.

A budget that is half used says nothing until it stands beside the plan for that day. The plan spreads each project's
approved budget over its original tasks; a change request lifts it from the day of its approval, not before, so that a past
month looks today as it looked then.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.budget import NO_EXPENSES, approved_scope, changes_in_force, freelancer_expenses
from acctlib.measures.earned_value import BASES, done_shares, planned_shares
from acctlib.measures.undefined import complete
from acctlib.missing import Missing, requires
from acctlib.periods import Quarter

__all__ = ["at_month_end", "burn_by_month", "used_and_planned", "with_forecast"]

_NOT_KEPT = Missing("no progress was recorded", "add progress")


@requires(projects="project start end", time_entries="date project hours billable")
def burn_by_month(
    projects: pd.DataFrame | Missing,
    change_requests: pd.DataFrame | Missing,
    tasks: pd.DataFrame | Missing,
    time_entries: pd.DataFrame | Missing,
    as_of: date,
    basis: str = "hours",
    expenses: pd.DataFrame | Missing = NO_EXPENSES,
    progress: pd.DataFrame | Missing = _NOT_KEPT,
) -> pd.DataFrame | Missing:
    """Return what was used by the end of each month beside what the plan had used by then.

    Projects without a budget on the basis are left out, of what was used as of the plan: time and materials without a fee
    has no plan in price. The plan is each project's approved budget spread as its original tasks are planned, and evenly
    over its days where no task has dates and hours. A change enters the plan in the month of its approval.

    Parameters
    ----------
    projects, change_requests, tasks
        The tables; give the rows of some projects to see those only.
    time_entries : DataFrame
        On cost and price with the columns of `rates.hourly_rates`.
    as_of : date
        Last day of actuals.
    basis : {"hours", "cost", "price"}
        Billable hours, cost (all hours and freelancers) or billable hours at bill rate.
    expenses : DataFrame or Missing
        Counted on cost.
    progress : DataFrame or Missing
        The table; says how much of the work was done by the end of each month.

    Returns
    -------
    DataFrame
        From the first to the last month of the projects: `month` ("2026-07"), `ends` (its last day), `used` (in the month),
        `actual` and `plan` (from the start to its end), `earned` (the budget of the work done by then),
        `budget` (approved by then). `used`, `actual` and `earned` are blank after the month of `as_of`; `earned` also where a
        project's work done is not known. Missing where an hour has no rate or no project has a budget.

    Examples
    --------
    Two months at 100 hours planned, 60 and then 70 used:

    >>> projects = pd.DataFrame({"project": ["app"], "budget_hours": [200.0], "start": pd.to_datetime(["2026-07-01"]),
    ...                          "end": pd.to_datetime(["2026-08-31"])})
    >>> time = pd.DataFrame({"date": pd.to_datetime(["2026-07-10", "2026-08-12"]), "project": "app",
    ...                      "hours": [60.0, 70.0], "billable": True})
    >>> none = Missing("not kept")
    >>> burn_by_month(projects, none, none, time, date(2026, 8, 31))[["month", "actual", "plan"]].values.tolist()
    [['2026-07', 60.0, 100.0], ['2026-08', 130.0, 200.0]]
    """
    if basis not in BASES:
        raise ValueError(f"basis must be cost, price or hours, got {basis!r}; write basis='hours'")
    projects = _with_budget(complete(projects, "projects", "billing_type budget_hours budget_cost fee cap"), basis)
    if projects.empty:
        column = {"hours": "budget_hours", "cost": "budget_cost", "price": "fee or cap"}[basis]
        return Missing(f"no project has a {column}", f"add {column} to projects")
    spent = _spending(time_entries[time_entries["project"].isin(projects["project"])], expenses, basis, as_of)
    if isinstance(spent, Missing):
        return spent
    spent = spent[spent["project"].isin(projects["project"])]
    first, last = projects["start"].min(), max(projects["end"].max(), pd.Timestamp(as_of))
    first = min(first, spent["date"].min()) if len(spent) else first
    months = pd.period_range(first, last, freq="M")
    ends = pd.DatetimeIndex(months.end_time.normalize()).as_unit("us")
    budget = _budgets(projects, change_requests, ends.where(ends <= pd.Timestamp(as_of), pd.Timestamp(as_of)), basis)
    used = spent.groupby(spent["date"].dt.to_period("M"))["amount"].sum().reindex(months, fill_value=0.0).to_numpy(float)
    past = months <= pd.Period(pd.Timestamp(as_of), freq="M")
    return pd.DataFrame(
        {
            "month": months.astype(str),
            "ends": ends,
            "used": np.where(past, used, np.nan),
            "actual": np.where(past, np.cumsum(used), np.nan),
            "plan": (budget * _planned(projects, tasks, ends)).sum(axis=0),
            "earned": (budget * _done(projects, tasks, progress, ends[past], as_of, len(ends))).sum(axis=0),
            "budget": budget.sum(axis=0),
        }
    )


@requires(burn="month ends actual plan budget", fan="month low likely high")
def with_forecast(burn: pd.DataFrame | Missing, fan: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return what was used and planned, with the forecast of the months to come beginning where the actuals end.

    Parameters
    ----------
    burn : DataFrame
        As from `burn_by_month`.
    fan : DataFrame
        As from `phasing`: month, low, likely, high, cumulated, of the same projects and in the same unit.

    Returns
    -------
    DataFrame
        The columns of `burn`, with low, likely and high; the month of the last actual has all three at it. Months after the
        last plan are added, with the plan and budget that stood last.

    Examples
    --------
    >>> burn = pd.DataFrame({"month": ["2026-07", "2026-08"], "ends": pd.to_datetime(["2026-07-31", "2026-08-31"]),
    ...                      "actual": [60.0, None], "plan": [100.0, 200.0], "budget": 200.0})
    >>> fan = pd.DataFrame({"month": ["2026-08", "2026-09"], "low": 120.0, "likely": 130.0, "high": 150.0})
    >>> with_forecast(burn, fan)[["month", "actual", "plan", "likely"]].values.tolist()
    [['2026-07', 60.0, 100.0, 60.0], ['2026-08', nan, 200.0, 130.0], ['2026-09', nan, 200.0, 130.0]]
    """
    both = burn.merge(fan[["month", "low", "likely", "high"]], on="month", how="outer", sort=True)
    both[["plan", "budget"]] = both[["plan", "budget"]].ffill()
    last = both["actual"].last_valid_index()
    if last is not None:
        both.loc[:last, ["low", "likely", "high"]] = np.nan
        both.loc[last, ["low", "likely", "high"]] = both.loc[last, "actual"]
    return both


def _with_budget(projects: pd.DataFrame, basis: str) -> pd.DataFrame:
    """Return the projects that have a budget on the basis."""
    fee = projects["fee"].mask((projects["billing_type"] == "capped") & projects["cap"].notna(), projects["cap"])
    budget = {"hours": projects["budget_hours"], "cost": projects["budget_cost"], "price": fee}[basis]
    return projects[budget.notna()].reset_index(drop=True)


def _spending(time_entries: pd.DataFrame, expenses: pd.DataFrame | Missing, basis: str, as_of: date) -> pd.DataFrame | Missing:
    """Return date, project and amount of everything used by the day, on one basis."""
    entries = time_entries[(time_entries["date"] <= pd.Timestamp(as_of)) & (time_entries["hours"] > 0)]
    if basis != "cost":
        entries = entries[entries["billable"].fillna(False).astype(bool)]
    rate = {"hours": "", "cost": "cost_rate", "price": "bill_rate"}[basis]
    if rate and rate not in entries.columns:
        return Missing(f"the time entries have no {rate.replace('_', ' ')}", "add data/firm/rate_card")
    if rate and entries[rate].isna().any():
        roles = ", ".join(sorted(complete(entries, "time_entries", "role")["role"][entries[rate].isna()].dropna().unique()))
        return Missing(f"the rate card has no {rate.replace('_', ' ')} for {roles or 'entries without a role'}", "add it")
    amount = entries["hours"] * entries[rate] if rate else entries["hours"]
    spent = entries[["date", "project"]].assign(amount=amount)
    if basis != "cost":
        return spent
    bought = freelancer_expenses(expenses, as_of).rename(columns={"cost": "amount"})
    if bought["amount"].isna().any():
        return Missing("an expense for a freelancer has no cost", "add cost to expenses")
    return pd.concat([spent, bought], ignore_index=True)


def _budgets(projects: pd.DataFrame, change_requests: pd.DataFrame | Missing, days: pd.DatetimeIndex, basis: str) -> np.ndarray:
    """Return each project's approved budget on each day, shape (n_projects, n_days)."""
    column = {"hours": "budget_hours", "cost": "budget_cost", "price": "contract_value"}[basis]
    decided = sorted(set(changes_in_force(change_requests)["in_force_from"].dropna()))
    steps = [min(days[0], *decided), *decided] if decided else [days[0]]
    by_step = np.column_stack([approved_scope(projects, change_requests, step)[column].to_numpy(float) for step in steps])
    return by_step[:, np.clip(np.searchsorted(steps, days, side="right") - 1, 0, None)]


def _planned(projects: pd.DataFrame, tasks: pd.DataFrame | Missing, days: pd.DatetimeIndex) -> np.ndarray:
    """Return the share of each project that is planned to be done by each day, shape (n_projects, n_days)."""
    start, length = projects["start"], (projects["end"] - projects["start"]).dt.days + 1
    even = np.clip([((day - start).dt.days + 1) / length for day in days], 0, 1).T
    shares = planned_shares(tasks, days)
    if isinstance(shares, Missing):
        return even
    by_task = shares.reindex(projects["project"]).to_numpy(float)
    return np.where(np.isnan(by_task), even, by_task)


def _done(
    projects: pd.DataFrame,
    tasks: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    past: pd.DatetimeIndex,
    as_of: date,
    months: int,
) -> np.ndarray:
    """Return the share of each project that was done by the end of each past month; blank after it.

    Shape (n_projects, n_months). Without any record of progress all is blank.
    """
    shares = np.full((len(projects), months), np.nan)
    if not isinstance(tasks, Missing) and not isinstance(progress, Missing):
        days = [min(end.date(), as_of) for end in past]
        shares[:, : len(days)] = done_shares(tasks, progress, days).reindex(projects["project"])
    return shares


def used_and_planned(burn: pd.DataFrame | Missing) -> tuple[float | Missing, ...]:
    """Return what is used, what was planned to be used by then, the budget of the work done, and the whole budget then.

    All of the last month with actuals; what is not known then is `Missing`.

    >>> months = pd.DataFrame({"actual": [10.0, None], "plan": [12.0, 20.0], "earned": [11.0, None], "budget": [20.0, 20.0]})
    >>> used_and_planned(months)
    (10.0, 12.0, 11.0, 20.0)
    """
    known = burn if isinstance(burn, Missing) else burn.dropna(subset=["actual"])
    if isinstance(known, Missing) or known.empty:
        return (known if isinstance(known, Missing) else Missing("nothing is used yet"),) * 4
    last = known.iloc[-1]
    values = (last[name] for name in ("actual", "plan", "earned", "budget"))
    return tuple(Missing("it is not known") if pd.isna(value) else float(value) for value in values)


def at_month_end(fan: pd.DataFrame | Missing, period: Quarter) -> tuple[float | Missing, str, dict[float, float] | None]:
    """Return what a fan in hours expects by the end of a quarter, as a named result: value, unit and quantiles.

    >>> fan = pd.DataFrame({"month": ["2026-12"], "low": [480.0], "likely": [520.0], "high": [560.0]})
    >>> at_month_end(fan, Quarter(2026, 4))
    (520.0, 'h', {0.1: 480.0, 0.5: 520.0, 0.9: 560.0})
    """
    if isinstance(fan, Missing):
        return fan, "h", None
    row = fan[fan["month"] == f"{period.end:%Y-%m}"]
    if row.empty:
        return Missing("the forecast ends before the next quarter does"), "h", None
    low, likely, high = (float(row[name].iloc[0]) for name in ("low", "likely", "high"))
    return likely, "h", {0.1: low, 0.5: likely, 0.9: high}

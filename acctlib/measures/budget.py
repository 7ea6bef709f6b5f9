"""What was agreed, what is used, and what it leaves.

Variance is actual minus plan, everywhere. Plus therefore means *more than planned*: on cost and hours that is bad, on income
it is good. The budget of a project is the original contract plus the change requests that were approved by the day the
report speaks of; pending ones stand beside it and are never inside. What is left is never cut off at zero: an overspent
budget shows as a minus.

Hours used against a budget are the billable hours, the ones that count for the client, in every edition; the cost of the
others is in the cost. Pass-through is bought for the client and is neither fee nor delivery cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures import rag
from acctlib.measures.undefined import complete, ratio, some
from acctlib.missing import Missing, requires
from acctlib.periods import Month, Quarter

__all__ = [
    "approved_scope",
    "approved_until",
    "changes_in_force",
    "contribution_margin",
    "delivery_margin",
    "expenses_by_kind",
    "freelancer_expenses",
    "project_status",
    "total_budget",
    "with_budget",
]

NO_EXPENSES = Missing("no expense is recorded", "add expenses")
_PROJECT_COLUMNS = "name service_line billing_type status start end fee cap budget_hours budget_cost contingency"
_CHANGE_COLUMNS = "project raised hours fee status decided"


def changes_in_force(change_requests: pd.DataFrame | Missing) -> pd.DataFrame:
    """Return the change requests, each with the day from which it is part of the contract.

    Parameters
    ----------
    change_requests : DataFrame or Missing

    Returns
    -------
    DataFrame
        The table with `in_force_from`: the day an approved change was decided, else the day it was raised; blank for all
        others. Without rows where the table is missing.

    Examples
    --------
    >>> changes = pd.DataFrame({"status": ["approved", "submitted"], "raised": pd.to_datetime(["2026-08-01", "2026-08-02"])})
    >>> changes_in_force(changes)["in_force_from"].dt.day.tolist()
    [1.0, nan]
    """
    changes = complete(change_requests, "change_requests", _CHANGE_COLUMNS)
    in_force = changes["decided"].fillna(changes["raised"]).where(changes["status"] == "approved")
    return changes.assign(in_force_from=in_force)


def approved_until(changes: pd.DataFrame, projects: pd.Series, amount: str, days: Sequence[date]) -> np.ndarray:
    """Return what the changes in force by the end of each day add to each project, shape (n_projects, n_days).

    >>> changes = pd.DataFrame({"project": ["app"], "fee": [5e3], "in_force_from": pd.to_datetime(["2026-08-10"])})
    >>> approved_until(changes, pd.Series(["app", "site"]), "fee", [date(2026, 8, 9), date(2026, 8, 10)]).tolist()
    [[0.0, 5000.0], [0.0, 0.0]]
    """
    in_force = changes["in_force_from"].to_numpy("datetime64[us]")[:, None] <= np.array(days, "datetime64[us]")
    added = pd.DataFrame(np.where(in_force, changes[amount].to_numpy(float)[:, None], np.nan), index=changes["project"])
    return added.groupby(level=0).sum().reindex(projects).fillna(0.0).to_numpy()


@requires(projects="project")
def approved_scope(
    projects: pd.DataFrame | Missing, change_requests: pd.DataFrame | Missing, as_of: date
) -> pd.DataFrame | Missing:
    """Return what each project was agreed at: the original contract plus the changes approved by a day.

    Parameters
    ----------
    projects : DataFrame
        The table projects; fee and budgets are the original ones.
    change_requests : DataFrame or Missing
        Without the table no change was agreed.
    as_of : date

    Returns
    -------
    DataFrame
        One row a project, in the order of projects: `project`, `name`, `service_line`, `billing_type`, `status`, `start`,
        `end`, `contingency`; `original_fee`, `approved_changes`, `fee`; `cap`; `contract_value` (the cap of capped work,
        else the fee); `pending_changes` (fee submitted, not decided), `unpriced_changes` (count of those without a fee);
        `original_hours`, `budget_hours`, `budget_cost`. Money in the account's currency.

    Notes
    -----
    A change adds to the cost budget its hours at the project's own budgeted cost per hour. A budget without hours can't say
    what a change costs and stays as it is.

    Examples
    --------
    A fee of 40 000, a change of 5 000 approved in August, another of 3 000 still open at the end of September:

    >>> projects = pd.DataFrame({"project": ["app"], "billing_type": "fixed_fee", "fee": [40e3]})
    >>> changes = pd.DataFrame({"project": "app", "fee": [5e3, 3e3], "status": ["approved", "submitted"],
    ...                         "raised": pd.to_datetime(["2026-08-01", "2026-09-20"]),
    ...                         "decided": pd.to_datetime(["2026-08-10", None])})
    >>> approved_scope(projects, changes, date(2026, 9, 30))[["original_fee", "fee", "pending_changes"]].values.tolist()
    [[40000.0, 45000.0, 3000.0]]
    """
    projects = complete(projects, "projects", _PROJECT_COLUMNS)
    changes = changes_in_force(change_requests)
    day = pd.Timestamp(as_of)
    added_fee, added_hours = (approved_until(changes, projects["project"], each, [as_of])[:, 0] for each in ("fee", "hours"))
    undecided = (changes["status"] == "submitted") | (changes["decided"] > day)
    pending = changes[undecided & ~(changes["raised"] > day)]
    asked = pending.groupby("project")["fee"].sum()
    unpriced = pending[pending["fee"].isna()].groupby("project").size()
    fee, cap = projects["fee"] + added_fee, projects["cap"] + added_fee
    hourly_cost = projects["budget_cost"] / projects["budget_hours"].where(projects["budget_hours"] > 0)
    listed = ["project", "name", "service_line", "billing_type", "status", "start", "end", "contingency"]
    return projects[listed].assign(
        original_fee=projects["fee"],
        approved_changes=added_fee,
        fee=fee,
        cap=cap,
        contract_value=fee.mask((projects["billing_type"] == "capped") & cap.notna(), cap),
        pending_changes=asked.reindex(projects["project"]).fillna(0.0).to_numpy(),
        unpriced_changes=unpriced.reindex(projects["project"]).fillna(0).astype("int64").to_numpy(),
        original_hours=projects["budget_hours"],
        budget_hours=projects["budget_hours"] + added_hours,
        budget_cost=projects["budget_cost"] + (hourly_cost * added_hours).fillna(0.0),
    )


@requires(scope="project start end contract_value budget_hours budget_cost")
def project_status(
    scope: pd.DataFrame | Missing,
    time: pd.DataFrame | Missing,
    work: pd.DataFrame | Missing,
    expenses: pd.DataFrame | Missing,
    as_of: date,
    amber: float = 0.05,
    red: float = 0.10,
) -> pd.DataFrame | Missing:
    """Return one row a project: what is agreed, what is used, what is done, and whether the three go together.

    Parameters
    ----------
    scope : DataFrame
        As from `approved_scope`.
    time : DataFrame or Missing
        As from `rates.time_by_project`.
    work : DataFrame or Missing
        As from `earned_value.work_done`.
    expenses : DataFrame or Missing
        The table expenses; freelancers are part of the delivery cost.
    as_of : date
    amber, red : float
        How far burn may run ahead of the work, as fractions of the budget (see `rag`).

    Returns
    -------
    DataFrame
        The columns of `approved_scope`, and `hours`, `billable_hours`, `value`, `cost` (time and freelancers);
        `hours_burn`, `fee_burn`, `cost_burn` (used / approved budget); `hours_left`, `fee_left` (minus = overspent);
        `work_done`, `time_elapsed`; `burn` (of hours, else of fee); `ahead` (burn minus the work done, for a retainer minus
        the time elapsed; plus = spending faster than the work advances); `overdue_days` (past the last agreed day with work
        left); `state`. A started project without any time entry has no hours: that nobody booked is not that nobody worked.

    Examples
    --------
    Eighty per cent of the hours are gone and half of the work is done:

    >>> projects = pd.DataFrame({"project": ["app"], "billing_type": "fixed_fee", "fee": [40e3], "budget_hours": [400.0],
    ...                          "start": pd.to_datetime(["2026-07-01"]), "end": pd.to_datetime(["2026-12-31"])})
    >>> scope = approved_scope(projects, Missing("none was raised"), date(2026, 9, 30))
    >>> time = pd.DataFrame({"project": ["app"], "hours": [330.0], "billable_hours": [320.0]})
    >>> work = pd.DataFrame({"project": ["app"], "work_done": [0.5]})
    >>> status = project_status(scope, time, work, NO_EXPENSES, date(2026, 9, 30))
    >>> status[["burn", "time_elapsed", "ahead", "state"]].round(2).values.tolist()
    [[0.8, 0.5, 0.3, 'off track']]
    """
    day = pd.Timestamp(as_of)
    rows = _used(scope, time, expenses, day)
    done = pd.DataFrame({"project": [], "work_done": []}) if isinstance(work, Missing) else work
    rows["work_done"] = rows["project"].map(done.set_index("project")["work_done"]).astype(float)
    rows["time_elapsed"] = ((day - rows["start"]).dt.days + 1) / ((rows["end"] - rows["start"]).dt.days + 1)
    rows["time_elapsed"] = rows["time_elapsed"].clip(0, 1)
    rows["hours_burn"] = rows["billable_hours"] / rows["budget_hours"].where(rows["budget_hours"] > 0)
    rows["fee_burn"] = rows["value"] / rows["contract_value"].where(rows["contract_value"] > 0)
    rows["cost_burn"] = rows["cost"] / rows["budget_cost"].where(rows["budget_cost"] > 0)
    rows["hours_left"] = rows["budget_hours"] - rows["billable_hours"]
    rows["fee_left"] = rows["contract_value"] - rows["value"]
    rows["burn"] = rows["hours_burn"].fillna(rows["fee_burn"])
    advanced = rows["work_done"].mask(rows["billing_type"] == "retainer", rows["time_elapsed"])
    rows["ahead"] = rows["burn"] - advanced
    unfinished = (rows["end"] < day) & (rows["work_done"] < 1) & (rows["status"] != "closed").fillna(True)
    rows["overdue_days"] = (day - rows["end"]).dt.days.where(unfinished, 0).astype("Int64")
    states = rag.states(rows["ahead"], amber, red).mask(unfinished, rag.OFF_TRACK)
    rows["state"] = states.mask(rows["status"] == "proposed")
    return rows


def _used(
    scope: pd.DataFrame, time: pd.DataFrame | Missing, expenses: pd.DataFrame | Missing, day: pd.Timestamp
) -> pd.DataFrame:
    """Return the scope with hours, billable hours, value and cost used by the day."""
    columns = ["hours", "billable_hours", "value", "cost"]
    rows = scope.copy()
    if isinstance(time, Missing):
        return rows.assign(**dict.fromkeys(columns, np.nan))
    used = time.reindex(columns=["project", *columns]).set_index("project").reindex(rows["project"]).set_axis(rows.index)
    unstarted = (rows["start"] > day) & ~rows["project"].isin(time["project"])
    used = used.astype(float).mask(unstarted, 0.0)
    freelancers = freelancer_expenses(expenses, day).groupby("project")["cost"].sum(skipna=False)
    used["cost"] += rows["project"].map(freelancers).where(rows["project"].isin(freelancers.index), 0.0)
    return pd.concat([rows, used], axis=1)


def freelancer_expenses(expenses: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame:
    """Return the expenses for freelancers up to a day: delivery that is bought, not done by our own people.

    Parameters
    ----------
    expenses : DataFrame or Missing
    as_of : date

    Returns
    -------
    DataFrame
        `date`, `project`, `cost`; without rows where the table is missing.

    Examples
    --------
    >>> bought = pd.DataFrame({"date": pd.to_datetime(["2026-08-01"] * 2), "project": "app", "cost": [900.0, 200.0],
    ...                        "kind": ["pass_through", "freelancer"]})
    >>> freelancer_expenses(bought, date(2026, 9, 30))["cost"].tolist()
    [200.0]
    """
    rows = complete(expenses, "expenses", "date project kind cost")
    return rows.loc[(rows["kind"] == "freelancer") & (rows["date"] <= pd.Timestamp(as_of)), ["date", "project", "cost"]]


@requires(expenses="date kind")
def expenses_by_kind(expenses: pd.DataFrame | Missing, period: Quarter | Month | None = None) -> pd.DataFrame | Missing:
    """Return what was bought, by kind: what it cost us and what the client is charged.

    Parameters
    ----------
    expenses : DataFrame
        `date`, `kind`, `cost`, `charged`.
    period : Quarter or Month, optional
        Only expenses of these days.

    Returns
    -------
    DataFrame
        `kind` (pass_through, freelancer, client_specific: always all three), `cost`, `charged`, `mark_up` (charged minus
        cost; plus = earned on it). Cost and mark-up are blank where one row of the kind has no cost.

    Examples
    --------
    Media billed at 30 000 that cost 27 300:

    >>> bought = pd.DataFrame({"date": pd.to_datetime(["2026-08-01"]), "kind": "pass_through", "cost": 27300.0,
    ...                        "charged": 30000.0})
    >>> expenses_by_kind(bought).head(1).values.tolist()
    [['pass_through', 27300.0, 30000.0, 2700.0]]
    """
    rows = complete(expenses, "expenses", "cost charged")
    if period is not None:
        rows = rows[rows["date"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))]
    kinds = ["pass_through", "freelancer", "client_specific"]
    sums = rows.assign(charged=rows["charged"].fillna(0.0)).groupby("kind")[["cost", "charged"]].sum()
    sums = sums.reindex(kinds).fillna(0.0)
    sums["cost"] = sums["cost"].mask(sums.index.isin(rows.loc[rows["cost"].isna(), "kind"]))
    return sums.assign(mark_up=sums["charged"] - sums["cost"]).rename_axis("kind").reset_index()


def delivery_margin(income: float | Missing, delivery_cost: float | Missing) -> float | Missing:
    """Return the share of agency gross income that is left after the cost of delivering the work.

    Parameters
    ----------
    income : float or Missing
        Agency gross income: revenue less the cost of pass-through.
    delivery_cost : float or Missing
        Cost of time, and of freelancers where house policy counts them here. `Missing` where an hour has no cost rate: an
        unknown cost must not become a margin of 100 %.

    Returns
    -------
    float or Missing
        Fraction; minus = a loss.

    Examples
    --------
    >>> delivery_margin(72700.0, 50890.0)
    0.3
    """
    if isinstance(income, Missing) or isinstance(delivery_cost, Missing):
        return income if isinstance(income, Missing) else delivery_cost
    return ratio(income - delivery_cost, income, "there is no income in the period")


def contribution_margin(
    income: float | Missing, delivery_cost: float | Missing, client_cost: float | Missing
) -> float | Missing:
    """Return the share of agency gross income that is left after delivery and the costs that only this client causes.

    No overhead is allocated: the figure compares clients without an allocation key.

    Parameters
    ----------
    income, delivery_cost
        As for `delivery_margin`.
    client_cost : float or Missing
        Client-specific expenses.

    Returns
    -------
    float or Missing
        Fraction, never above `delivery_margin`.

    Examples
    --------
    >>> contribution_margin(72700.0, 50890.0, 3635.0)
    0.25
    """
    if isinstance(client_cost, Missing):
        return client_cost
    return delivery_margin(income, delivery_cost if isinstance(delivery_cost, Missing) else delivery_cost + client_cost)


@requires(projects="project name budget_hours?")
def with_budget(projects: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the projects that have a budget in hours.

    >>> with_budget(pd.DataFrame({"project": ["a", "b"], "name": ["A", "B"], "budget_hours": [10.0, None]}))["project"].tolist()
    ['a']
    """
    return some(projects[projects["budget_hours"].notna()], "no project has a budget in hours")


@requires(scope="budget_hours? budget_cost?")
def total_budget(scope: pd.DataFrame | Missing, unit: str) -> float | Missing:
    """Return the budget of all projects together, approved changes included: cost in money, or hours for ``h``.

    Missing where one project has none: a forecast of all held against the budget of some would mislead.

    >>> total_budget(pd.DataFrame({"name": ["A", "B"], "budget_hours": [10.0, None]}), "h")
    Missing(reason='B has no budget in hours', remedy='add budget_hours to projects')
    """
    column = "budget_hours" if unit == "h" else "budget_cost"
    without = scope.loc[scope[column].isna(), "name"].tolist()
    if without:
        noun = "hours" if unit == "h" else "cost"
        return Missing(
            f"{', '.join(without[:3])} {'has' if len(without) == 1 else 'have'} no budget in {noun}",
            f"add {column} to projects",
        )
    return float(scope[column].sum())

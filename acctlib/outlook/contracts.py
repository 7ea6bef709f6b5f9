"""What the client will pay: the budget seen from the other side of the contract.

Our effort is uncertain; what a client pays for it depends on the contract. A fixed fee and a retainer are the fee, whatever
the work costs us. Time and materials are hours times rates, so the client carries the spread. A cap cuts that spread off: he
pays the lower of cap and time. Changes that wait for his decision come on top if he says yes, expenses as they are charged.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.distributions import Distribution, discrete, point
from acctlib.outlook.estimate_at_completion import estimate_at_completion
from acctlib.outlook.exact import exact
from acctlib.outlook.model import CostModel, Line

__all__ = ["client_pays", "expected_price", "price_ranges", "total_to_pay"]

#: Equally likely outcomes by which the price of a project is kept.
_OUTCOMES = 401


@requires(scope="project name billing_type status? fee? cap? contract_value? pending_changes?")
def client_pays(
    scope: pd.DataFrame | Missing,
    tasks: pd.DataFrame | Missing,
    time_entries: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    rates: pd.Series | Missing,
    value: pd.DataFrame | Missing,
    charged: pd.DataFrame | Missing,
    confidence: float = 0.8,
) -> pd.DataFrame | Missing:
    """Return what the client will pay for each running project, as a range.

    Parameters
    ----------
    scope : DataFrame
        A row a project, approved changes included: project, name, billing_type, status, fee, cap, contract_value,
        pending_changes (money).
    tasks, time_entries, progress : DataFrame or Missing
        Plan, billable time and progress, for the hours still to come.
    rates : Series or Missing
        Price of an hour by (project, role).
    value : DataFrame or Missing
        project, value: billable time to date at its rates (money).
    charged : DataFrame or Missing
        project, charged: expenses charged to date (money).
    confidence : float, default 0.8
        Chance that the price lies in the range, as a fraction.

    Returns
    -------
    DataFrame
        project, name, billing_type, agreed (contract value), used (value of time; blank for a fee), expenses, pending,
        low, expected, high, price (the distribution of what is paid without expenses and pending changes) and basis, in
        words. `low` and `expected` leave pending changes out, `high` has them in; expenses charged are in all three. Blank
        where the hours or the rates are not known, and `basis` says so. Closed projects are left out.

    Examples
    --------
    A fee of 100 000 with a change of 8 000 that waits for a decision:

    >>> scope = pd.DataFrame({"project": ["site"], "name": ["Site"], "billing_type": ["fixed_fee"], "status": ["active"],
    ...                       "fee": [100e3], "contract_value": [100e3], "pending_changes": [8e3]})
    >>> none = Missing("not recorded")
    >>> client_pays(scope, none, none, none, none, none, none)[["low", "expected", "high"]].values.tolist()
    [[100000.0, 100000.0, 108000.0]]
    """
    running = scope[scope["status"].fillna("active") != "closed"]
    if running.empty:
        return Missing("no project is running")
    used, expenses = _by_project(value, "value"), _by_project(charged, "charged")
    rows = []
    for row in running.to_dict("records"):
        so_far = used.get(row["project"], np.nan)
        price, basis = _price(row, so_far, tasks, time_entries, progress, rates)
        # Nothing recorded for this project is nought; no record at all is not known.
        extra = np.nan if isinstance(charged, Missing) else float(expenses.get(row["project"], 0.0))
        pending = float(row["pending_changes"])
        edge = (1 - confidence) / 2
        low, high = price.quantile(np.array([edge, 1 - edge])) if price else [np.nan] * 2
        expected = price.mean if price else np.nan  # means add up over projects, medians do not
        rows.append(
            {
                "project": row["project"],
                "name": row["name"],
                "billing_type": row["billing_type"],
                "agreed": row["contract_value"],
                "used": so_far if row["billing_type"] in ("time_and_materials", "capped") else np.nan,
                "expenses": extra,
                "pending": pending,
                "low": low + np.nan_to_num(extra),
                "expected": expected + np.nan_to_num(extra),
                "high": high + np.nan_to_num(extra) + np.nan_to_num(pending),
                "price": price,
                "basis": basis,
            }
        )
    return pd.DataFrame(rows)


def price_ranges(pays: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the ranges of the projects whose price is known, as a chart wants them: label, low, value, high (money)."""
    if isinstance(pays, Missing):
        return pays
    known = pays.dropna(subset=["expected"]).rename(columns={"name": "label", "expected": "value"})
    if known.empty:
        return Missing("the price of no project is known")
    return known[["label", "low", "value", "high"]].reset_index(drop=True)


def total_to_pay(pays: pd.DataFrame | Missing, confidence: float = 0.8) -> tuple[float, float, float] | Missing:
    """Return low, expected and high of all projects together; percentiles of projects do not add up, so they are convolved.

    Parameters
    ----------
    pays : DataFrame or Missing
        From `client_pays`. Projects are taken as independent of each other.
    confidence : float, default 0.8

    Returns
    -------
    (float, float, float) or Missing
        Money; Missing where the price of a project is not known, since a partial total would look whole.
    """
    if isinstance(pays, Missing):
        return pays
    unknown = pays.loc[[price is None for price in pays["price"]], "name"].tolist()
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        return Missing(f"the price of {', '.join(unknown[:3])}{more} is not known")
    cost = exact(CostModel([Line(n, p) for n, p in zip(pays["project"], pays["price"], strict=True)], correlation=0.0))
    edge, extra, pending = (1 - confidence) / 2, float(pays["expenses"].sum()), float(pays["pending"].sum())
    return cost.quantile(edge) + extra, cost.mean + extra, cost.quantile(1 - edge) + extra + pending


def expected_price(total: tuple[float, float, float] | Missing) -> float | Missing:
    """Return the middle of what all projects together will cost the client; `Missing` is passed on.

    >>> expected_price((90.0, 100.0, 120.0))
    100.0
    """
    return total if isinstance(total, Missing) else total[1]


def _by_project(table: pd.DataFrame | Missing, column: str) -> pd.Series:
    if isinstance(table, Missing) or column not in table.columns:
        return pd.Series(dtype=float)
    return table.groupby("project")[column].sum(min_count=1)


def _price(
    row: dict,
    so_far: float,
    tasks: pd.DataFrame | Missing,
    time_entries: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    rates: pd.Series | Missing,
) -> tuple[Distribution | None, str]:
    """Return the distribution of what is paid for one project, and how it was found."""
    if row["billing_type"] in ("fixed_fee", "retainer"):
        fee = row["fee"]
        return (None, "the fee is not known") if pd.isna(fee) else (point(float(fee)), "the agreed fee")
    if isinstance(rates, Missing):
        return None, "hours at their rates, which are not part of this report"
    if isinstance(tasks, Missing):
        return None, "it has no plan of tasks"

    def own(table: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
        return table if isinstance(table, Missing) else table[table["project"] == row["project"]]

    known = rates.dropna()
    mine = known[known.index.get_level_values(0) == row["project"]]
    if mine.empty:
        return None, "hours at their rates, which are not part of this report"
    # What a task costs us by the month is no part of its price.
    plan = own(tasks).drop(columns="cost_per_month", errors="ignore")
    forecast = estimate_at_completion(plan, own(time_entries), own(progress), rates)
    cost = forecast if isinstance(forecast, Missing) else exact(forecast.model)
    if isinstance(cost, Missing):
        return None, cost.reason
    # Rates change: what was worked counts at the rate of its day, only what is to come at today's.
    outcomes = cost.quantile((np.arange(_OUTCOMES) + 0.5) / _OUTCOMES)
    if not pd.isna(so_far):
        outcomes = outcomes - forecast.model.fixed + float(so_far)
    cap = row["cap"] if row["billing_type"] == "capped" else np.nan
    paid, counts = np.unique(np.minimum(outcomes, np.inf if pd.isna(cap) else float(cap)), return_counts=True)
    basis = "hours at their rates" if pd.isna(cap) else "hours at their rates, up to the cap"
    return discrete(dict(zip(paid.tolist(), (counts / counts.sum()).tolist(), strict=True))), basis

"""Which rows a section of a report is about: running projects, the deliverables around a quarter, what was agreed last time.

A measure gives all rows; a page shows those that its reader can act on. Each rule stands here once, so that the plan, the risk
report and the review mean the same by "running" or "agreed last time".
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from acctlib.measures.undefined import some
from acctlib.missing import Missing, requires
from acctlib.periods import Quarter

__all__ = [
    "billable",
    "charged_by_project",
    "first",
    "ids_of",
    "in_quarter",
    "known",
    "movers",
    "names_of",
    "newest",
    "number_of",
    "of_projects",
    "ranges_of",
    "running",
    "total",
    "uncertain",
    "with_monthly_budget",
]


@requires(scope="project status?")
def running(scope: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the projects that are not closed; a project without a status is running.

    >>> running(pd.DataFrame({"project": ["a", "b"], "status": ["closed", None]}))["project"].tolist()
    ['b']
    """
    return some(scope[scope["status"].fillna("active") != "closed"], "no project is running")


def ids_of(projects: pd.DataFrame | Missing) -> list[str]:
    """Return the ids of projects; none where there are none.

    >>> ids_of(pd.DataFrame({"project": ["app"]})), ids_of(Missing("none is open"))
    (['app'], [])
    """
    return [] if isinstance(projects, Missing) else projects["project"].astype(str).tolist()


@requires(projects="project")
def names_of(projects: pd.DataFrame | Missing) -> str | Missing:
    """Return the ids of projects as one text, as a named result.

    >>> names_of(pd.DataFrame({"project": ["app", "site"]}))
    'app; site'
    """
    return "; ".join(projects["project"].astype(str))


def newest(table: pd.DataFrame | Missing, column: str) -> float | Missing:
    """Return the last known value of a column.

    >>> newest(pd.DataFrame({"fees": [1.0, 2.0]}), "fees")
    2.0
    """
    known = table if isinstance(table, Missing) else table[column].dropna()
    if isinstance(known, Missing):
        return known
    return float(known.iloc[-1]) if len(known) else Missing(f"{column} is not known")


@requires(table="project", projects="project")
def of_projects(table: pd.DataFrame | Missing, projects: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the rows of a table that belong to some projects.

    >>> table = pd.DataFrame({"project": ["a", "b"], "hours": [1.0, 2.0]})
    >>> of_projects(table, pd.DataFrame({"project": ["b"]}))["hours"].tolist()
    [2.0]
    """
    return some(table[table["project"].isin(projects["project"])], "nothing is recorded for these projects")


@requires(time_entries="billable")
def billable(time_entries: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the billable time entries.

    >>> billable(pd.DataFrame({"hours": [1.0, 2.0], "billable": [True, False]}))["hours"].tolist()
    [1.0]
    """
    return some(time_entries[time_entries["billable"].fillna(False).astype(bool)], "no time is billable")


@requires(expenses="date project charged")
def charged_by_project(expenses: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return what the client was charged for expenses to a day, by project: project, charged (account currency).

    >>> rows = pd.DataFrame({"date": pd.to_datetime(["2026-07-01"] * 2), "project": ["a", "a"], "charged": [10.0, None]})
    >>> charged_by_project(rows, date(2026, 9, 30)).values.tolist()
    [['a', 10.0]]
    """
    known = expenses[expenses["date"] <= pd.Timestamp(as_of)]
    return some(known.groupby("project", as_index=False, sort=True)["charged"].sum(), "no expense is recorded")


@requires(table="")
def number_of(table: pd.DataFrame | Missing) -> int | Missing:
    """Return how many rows a table has, as a named result.

    >>> number_of(pd.DataFrame({"change": ["C1"]}))
    1
    """
    return len(table)


@requires(fees="month fees")
def in_quarter(fees: pd.DataFrame | Missing, period: Quarter) -> float | Missing:
    """Return the fees of the months of a quarter; `Missing` where one of them is not there.

    >>> ahead = pd.DataFrame({"month": ["2026-10", "2026-11", "2026-12", "2027-01"], "fees": [1.0, 2.0, 3.0, 9.0]})
    >>> in_quarter(ahead, Quarter(2026, 4))
    6.0
    """
    own = fees[fees["month"].isin([month.label for month in period.months])]
    return float(own["fees"].sum()) if len(own) == 3 else Missing("the months ahead do not make a whole quarter")


@requires(income="period")
def with_monthly_budget(income: pd.DataFrame | Missing, target: float | None) -> pd.DataFrame | Missing:
    """Return income by `month` with a twelfth of the year's target beside it: `monthly_budget`, blank without a target.

    >>> with_monthly_budget(pd.DataFrame({"period": ["2026-07"]}), 120e3)["monthly_budget"].tolist()
    [10000.0]
    """
    return income.assign(month=income["period"], monthly_budget=np.nan if target is None else target / 12)


@requires(table="")
def first(table: pd.DataFrame | Missing, rows: int) -> pd.DataFrame | Missing:
    """Return the first rows of a table that is ordered by importance.

    >>> len(first(pd.DataFrame({"driver": ["a", "b", "c"]}), 2))
    2
    """
    return table.head(rows)


def total(table: pd.DataFrame | Missing, amount: str) -> float | Missing:
    """Return the sum of a column, or `Missing` where none of its cells is known.

    >>> total(pd.DataFrame({"fees": [1.0, None]}), "fees"), total(pd.DataFrame({"fees": [None]}), "fees").reason
    (1.0, 'fees is not known')
    """
    if isinstance(table, Missing):
        return table
    known = table[amount].dropna()
    return float(known.sum()) if len(known) else Missing(f"{amount} is not known")


def known(thing: Any, name: str) -> Any:
    """Return one attribute of a result, or the reason for which there is no result.

    >>> known(Missing("there is no target"), "chance").reason
    'there is no target'
    """
    return thing if isinstance(thing, Missing) else getattr(thing, name)


@requires(ahead="period p10 p50 p90")
def ranges_of(ahead: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the quarters of a revenue outlook for a chart: label, low, value, high. Years are left out: they dwarf them.

    >>> ahead = pd.DataFrame({"period": ["2026-Q4", "2026"], "p10": [1.0, 5.0], "p50": [2.0, 6.0], "p90": [3.0, 7.0]})
    >>> ranges_of(ahead).values.tolist()
    [['2026-Q4', 1.0, 2.0, 3.0]]
    """
    quarters = ahead[ahead["period"].astype(str).str.fullmatch(r"\d{4}-Q\d")]
    named = {"period": "label", "p10": "low", "p50": "value", "p90": "high"}
    return quarters.rename(columns=named)[list(named.values())].reset_index(drop=True)


@requires(prospects="item chance likely")
def uncertain(prospects: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return what may or may not come, with its odds, the largest likely amount times odds first.

    >>> prospects = pd.DataFrame({"item": ["R1", "Website"], "chance": [1.0, 0.5], "likely": [60e3, 40e3]})
    >>> uncertain(prospects)["item"].tolist()
    ['Website']
    """
    rows = prospects[prospects["chance"] < 1]
    rows = rows.assign(order=-rows["chance"] * rows["likely"]).sort_values(["order", "item"], kind="stable", ignore_index=True)
    return some(rows.drop(columns="order").rename(columns={"chance": "odds"}), "nothing is open: all that is known is certain")


@requires(moves="item chance difference")
def movers(moves: pd.DataFrame | Missing, most: int = 8) -> pd.DataFrame | Missing:
    """Return the deals and renewals that move the chance of a target, with the odds that they come.

    >>> moves = pd.DataFrame({"item": ["R1", "Small"], "chance": [0.7, 0.5], "difference": [0.2, 0.0001]})
    >>> movers(moves)["item"].tolist()
    ['R1']
    """
    rows = moves[moves["difference"].abs() >= 0.0005].head(most).rename(columns={"chance": "odds"})
    return some(rows, "nothing that is open decides about the target")

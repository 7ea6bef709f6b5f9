"""Where the account stands in hours and invoices: the plain sums that every report quotes.

They are sums of what was recorded and nothing else, so that a reader can add up the file and find the same figure.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires

__all__ = ["invoiced", "recorded_hours", "with_billed"]


def _between(days: pd.Series, until: date, since: date | None) -> pd.Series:
    within = days <= pd.Timestamp(until)
    return within if since is None else within & (days >= pd.Timestamp(since))


@requires(time_entries="date hours")
def recorded_hours(time_entries: pd.DataFrame | Missing, until: date, since: date | None = None) -> float | Missing:
    """Return all hours recorded up to a day, billable or not.

    Parameters
    ----------
    time_entries : DataFrame
    until, since : date
        Last and, if given, first day; both included.

    Returns
    -------
    float
        Hours; 0 where nothing was recorded in these days.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-06-30", "2026-07-01"])
    >>> recorded_hours(pd.DataFrame({"date": days, "hours": [8.0, 6.5]}), date(2026, 9, 30), since=date(2026, 7, 1))
    6.5
    """
    return float(time_entries.loc[_between(time_entries["date"], until, since), "hours"].sum())


@requires(invoices="issued amount")
def invoiced(invoices: pd.DataFrame | Missing, until: date, since: date | None = None) -> float | Missing:
    """Return the net amount of all documents issued up to a day; credit notes count negative, pass-through is inside.

    Parameters
    ----------
    invoices : DataFrame
        In one currency.
    until, since : date
        Last and, if given, first day; both included.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-07-31", "2026-08-31"])
    >>> invoiced(pd.DataFrame({"issued": days, "amount": [900.0, -100.0]}), date(2026, 9, 30))
    800.0
    """
    return float(invoices.loc[_between(invoices["issued"], until, since), "amount"].sum())


@requires(table="project")
def with_billed(table: pd.DataFrame | Missing, invoices: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return a table of projects with what each was billed: `billed`, net and without pass-through.

    Parameters
    ----------
    table : DataFrame
        A row a project.
    invoices : DataFrame or Missing
        In the account's currency; without them `billed` is blank, since nothing is known.
    as_of : date

    Examples
    --------
    >>> table = pd.DataFrame({"project": ["site"]})
    >>> bills = pd.DataFrame({"project": ["site"], "issued": [pd.Timestamp("2026-07-31")], "amount": [40e3]})
    >>> with_billed(table, bills, date(2026, 9, 30))["billed"].tolist()
    [40000.0]
    """
    if isinstance(invoices, Missing) or not {"project", "issued", "amount"} <= set(invoices.columns):
        return table.assign(billed=np.nan)
    known = invoices[_between(invoices["issued"], as_of, None)]
    passed = known["pass_through"].fillna(0.0) if "pass_through" in known.columns else 0.0
    by_project = (known["amount"] - passed).groupby(known["project"].astype(object)).sum()
    return table.assign(billed=table["project"].astype(object).map(by_project).fillna(0.0))

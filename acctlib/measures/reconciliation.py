"""Where two records of the same money disagree.

The time sheets, the invoices, the contract and the ledger of change requests each tell what an account is worth, and each is
kept by somebody else. Nobody is asked to make them agree here; where they do not, the amounts stand side by side with the rows
they came from, for the one who knows.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.measures.budget import changes_in_force
from acctlib.measures.receivables import billed_until
from acctlib.measures.undefined import complete
from acctlib.missing import Missing, requires

__all__ = ["disagreements"]

#: Two amounts this close, as a share of the larger, agree; so do those closer than this in money.
CLOSE, SMALL = 0.02, 1.0


@requires(scope="project name billing_type contract_value? status? end?")
def disagreements(
    scope: pd.DataFrame | Missing,
    time: pd.DataFrame | Missing,
    invoices: pd.DataFrame | Missing,
    change_requests: pd.DataFrame | Missing,
    expenses: pd.DataFrame | Missing,
    as_of: date,
) -> pd.DataFrame | Missing:
    """Return every place where two records of the account disagree.

    Parameters
    ----------
    scope : DataFrame
        As from `budget.approved_scope`.
    time : DataFrame or Missing
        As from `rates.hourly_rates`: date, project, hours, billable, bill_rate.
    invoices : DataFrame or Missing
        In the account's currency. Where they are not known nothing is compared with them. An invoice of no project, such as a
        licence of the whole account, is compared with nothing.
    change_requests, expenses : DataFrame or Missing
    as_of : date

    Returns
    -------
    DataFrame or Missing
        project, name, what (the disagreement, in words), here and there (the two amounts, money), difference (here less there)
        and rows (which rows it rests on). The largest difference first. `Missing` where all records agree.

    Notes
    -----
    Compared are: fees invoiced and the contract value, which they must not exceed; hours at their rates and the fees invoiced
    of time-and-materials work; expenses charged and the pass-through invoiced; approved changes without a fee; hours after the
    end of a project.

    Examples
    --------
    A fee of 40 000 was invoiced twice over:

    >>> scope = pd.DataFrame({"project": ["app"], "name": ["App"], "billing_type": "fixed_fee", "contract_value": [40e3]})
    >>> invoices = pd.DataFrame({"project": ["app"] * 2, "amount": [40e3] * 2, "issued": pd.to_datetime(["2026-08-01"] * 2)})
    >>> none = Missing("not kept")
    >>> disagreements(scope, none, invoices, none, none, date(2026, 9, 30))[["what", "difference", "rows"]].values.tolist()
    [['invoiced beyond the contract value', 40000.0, '2 invoices']]
    """
    day = pd.Timestamp(as_of)
    bills = billed_until(invoices, as_of)
    billed, number = bills.groupby("project")["fees"].sum(), bills.groupby("project").size()
    rows = scope.set_index("project")
    found = [*_unpriced(rows, change_requests, day), *_after_the_end(rows, time, day)]
    if not isinstance(invoices, Missing):
        found += _beyond_contract(rows, billed, number)
        found += _time_and_materials(rows, time, billed, number, day)
        found += _expenses(rows, expenses, bills, day)
    if not found:
        return Missing("the records agree")
    table = pd.DataFrame(found, columns=["project", "name", "what", "here", "there", "rows"])
    table.insert(5, "difference", table["here"] - table["there"])
    largest = table["difference"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[largest].reset_index(drop=True)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _entries(count: int) -> str:
    return f"{count:,} time {'entry' if count == 1 else 'entries'}"


def _differ(here: float, there: float) -> bool:
    return abs(here - there) > max(CLOSE * max(abs(here), abs(there)), SMALL)


def _billable(time: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    return time[(time["date"] <= day) & time["billable"].fillna(False).astype(bool)]


def _beyond_contract(rows: pd.DataFrame, billed: pd.Series, number: pd.Series) -> list[tuple]:
    value = rows["contract_value"].dropna()
    return [
        (name, rows.at[name, "name"], "invoiced beyond the contract value", float(billed[name]), float(value[name]),
         _counted(number[name], "invoice"))
        for name in value.index.intersection(billed.index)
        if billed[name] > value[name] and _differ(billed[name], value[name])
    ]  # fmt: skip


def _time_and_materials(
    rows: pd.DataFrame, time: pd.DataFrame | Missing, billed: pd.Series, number: pd.Series, day: pd.Timestamp
) -> list[tuple]:
    """Return time-and-materials work of which the invoices are not the hours at their rates."""
    if isinstance(time, Missing):
        return []
    entries = _billable(time, day)
    worth = (entries["hours"] * entries["bill_rate"]).groupby(entries["project"]).sum(skipna=False)
    count = entries.groupby("project").size()
    found = []
    for name in rows.index[rows["billing_type"] == "time_and_materials"].intersection(worth.dropna().index):
        invoiced = float(billed.get(name, 0.0))
        if _differ(float(worth[name]), invoiced):
            rests = f"{_entries(count[name])}, {_counted(number.get(name, 0), 'invoice')}"
            found.append(
                (name, rows.at[name, "name"], "hours at their rates, and fees invoiced", float(worth[name]), invoiced, rests)
            )
    return found


def _expenses(rows: pd.DataFrame, expenses: pd.DataFrame | Missing, bills: pd.DataFrame, day: pd.Timestamp) -> list[tuple]:
    bought = complete(expenses, "expenses", "date project charged")
    bought = bought[(bought["date"] <= day) & bought["charged"].notna()]
    charged, count = bought.groupby("project")["charged"].sum(), bought.groupby("project").size()
    passed = bills.groupby("project")["pass_through"].sum()
    found = []
    for name in charged.index.union(passed.index[passed != 0]).intersection(rows.index):
        here, there = float(charged.get(name, 0.0)), float(passed.get(name, 0.0))
        if _differ(here, there):
            what = "expenses charged, and pass-through invoiced"
            found.append((name, rows.at[name, "name"], what, here, there, _counted(count.get(name, 0), "expense")))
    return found


def _unpriced(rows: pd.DataFrame, change_requests: pd.DataFrame | Missing, day: pd.Timestamp) -> list[tuple]:
    changes = changes_in_force(change_requests)
    free = changes[(changes["in_force_from"] <= day) & changes["fee"].isna()]
    return [
        (name, rows.at[name, "name"], "approved changes without a fee", 0.0, 0.0, _counted(count, "change request"))
        for name, count in free.groupby("project").size().items()
        if name in rows.index
    ]


def _after_the_end(rows: pd.DataFrame, time: pd.DataFrame | Missing, day: pd.Timestamp) -> list[tuple]:
    """Return projects on which billable time was booked after their end: of closed ones nobody can bill it."""
    if isinstance(time, Missing):
        return []
    entries = _billable(time, day)
    ends = entries["project"].map(rows["end"])
    late = entries[entries["date"] > ends]
    worth = (late["hours"] * late["bill_rate"]).groupby(late["project"]).sum()
    closed = (rows["status"] == "closed").fillna(False)
    return [
        (name, rows.at[name, "name"],
         "billable time after the end of a closed project" if closed[name] else "billable time after the agreed end",
         float(worth[name]), 0.0, _entries(count))
        for name, count in late.groupby("project").size().items()
    ]  # fmt: skip

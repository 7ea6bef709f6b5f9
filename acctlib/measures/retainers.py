"""Retainers: hours against the allowance, with unused hours carried over.

A retainer buys hours a month or a quarter. Hours not used may roll over: for so many periods, up to so many hours. The
oldest carried hours are used first, since they lapse first. Hours beyond the allowance and what was carried are *over*;
where the contract absorbs them they are over-servicing, work given away, and where it bills them they are extra income.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.contracts import contract_terms
from acctlib.measures.undefined import ratio
from acctlib.missing import Missing, requires

__all__ = ["allowance_by_month", "hours_against_allowance", "over_servicing", "rollover"]


def rollover(used: Sequence[float], included: Sequence[float] | float, cap: float = 0.0, periods: int = 0) -> pd.DataFrame:
    """Return, period by period, the hours carried in, used from what was carried, and over.

    Parameters
    ----------
    used : sequence of float, shape (n_periods,)
        Hours used in each period, in order.
    included : float or sequence of float, shape (n_periods,)
        Hours included in each period.
    cap : float, default 0
        Most hours carried at any time. Unused hours are carried while there is room; the rest lapses at once.
    periods : int, default 0
        How many periods an unused hour lives on after its own. 0 = no roll-over.

    Returns
    -------
    DataFrame
        One row a period: `used`, `included`, `carried_in`, `drawn` (of what was carried), `over`, `carried_out`. Hours,
        never negative.

    Raises
    ------
    ValueError
        If `cap` or `periods` is negative.

    Examples
    --------
    Forty hours a month, 30, 40 and 55 used, at most 10 carried. How many are over when they live for one month, or two?

    >>> rollover([30, 40, 55], 40, cap=10, periods=1)["over"].tolist()
    [0.0, 0.0, 15.0]
    >>> rollover([30, 40, 55], 40, cap=10, periods=2)["over"].tolist()
    [0.0, 0.0, 5.0]
    """
    if cap < 0 or periods < 0:
        raise ValueError(f"rollover_cap and rollover_periods must not be negative, got {cap:g} and {periods}; write 0 for none")
    carried: list[list[float]] = []  # [last period in which it may be used, hours], the oldest first
    rows = []
    for i, (spent, allowed) in enumerate(zip(used, np.broadcast_to(np.asarray(included, float), len(used)), strict=True)):
        carried = [lot for lot in carried if lot[0] >= i]
        carried_in = sum(hours for _, hours in carried)
        short = max(float(spent) - allowed, 0.0)
        drawn = 0.0
        for lot in carried:
            take = min(lot[1], short - drawn)
            lot[1] -= take
            drawn += take
        staying = sum(hours for last, hours in carried if last > i)  # what lapses today leaves its place to what is new
        room = max(cap - staying, 0.0)
        kept = min(max(allowed - float(spent), 0.0), room) if periods else 0.0
        carried = [lot for lot in [*carried, [i + periods, kept]] if lot[1] > 0 and lot[0] > i]
        out = sum(hours for _, hours in carried)
        rows.append((float(spent), float(allowed), float(carried_in), drawn, short - drawn, float(out)))
    return pd.DataFrame(rows, columns=["used", "included", "carried_in", "drawn", "over", "carried_out"], dtype=float)


@requires(
    contracts="contract kind start included_hours", projects="project contract", time_entries="date project hours billable"
)
def hours_against_allowance(
    contracts: pd.DataFrame | Missing,
    projects: pd.DataFrame | Missing,
    time_entries: pd.DataFrame | Missing,
    as_of: date,
) -> pd.DataFrame | Missing:
    """Return the hours used on each retainer against its allowance, a row for each month or quarter of the contract.

    Parameters
    ----------
    contracts : DataFrame
        Rows of kind retainer with `included_hours`; `per` blank = month, `overage` blank = absorbed.
    projects : DataFrame
        Says which projects belong to which contract.
    time_entries : DataFrame
        Billable hours count. With a column `bill_rate` (see `rates.hourly_rates`) the hours over are valued.
    as_of : date
        Last day counted; the period it lies in is shown so far.

    Returns
    -------
    DataFrame
        `contract`, `month` (label of the period's first month), `starts`, `ends`, `used`, `included`, `carried_in`, `drawn`,
        `over`, `carried_out`, `overage`, `over_serviced` (hours over that nobody pays), `over_value` (those at the period's
        average bill rate; account currency; blank without rates). Missing where no retainer includes hours.

    Examples
    --------
    >>> contracts = pd.DataFrame({"contract": ["R1"], "kind": "retainer", "start": pd.to_datetime(["2026-07-01"]),
    ...                           "included_hours": [40.0], "rollover_cap": [10.0], "rollover_periods": [1]})
    >>> projects = pd.DataFrame({"project": ["care"], "contract": ["R1"]})
    >>> time = pd.DataFrame({"date": pd.to_datetime(["2026-07-05", "2026-08-05", "2026-09-05"]), "project": "care",
    ...                      "hours": [30.0, 40.0, 55.0], "billable": True})
    >>> each = hours_against_allowance(contracts, projects, time, date(2026, 9, 30))
    >>> each[["month", "used", "over_serviced"]].values.tolist()
    [['2026-07', 30.0, 0.0], ['2026-08', 40.0, 0.0], ['2026-09', 55.0, 15.0]]
    """
    terms = contract_terms(contracts)
    terms = terms[(terms["kind"] == "retainer") & terms["included_hours"].notna() & (terms["start"] <= pd.Timestamp(as_of))]
    if terms.empty:
        return Missing("no retainer includes hours", "add included_hours to contracts")
    entries = time_entries[time_entries["billable"].fillna(False).astype(bool)]
    entries = entries[entries["date"] <= pd.Timestamp(as_of)].merge(projects[["project", "contract"]], on="project")
    parts = [_allowance(rows, entries[entries["contract"] == name], as_of) for name, rows in terms.groupby("contract")]
    return pd.concat(parts, ignore_index=True)


def _allowance(terms: pd.DataFrame, entries: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the periods of one contract; the terms in force at a period's start decide.

    A contract that ends within a period includes that share of its hours which its days are of the period's; between two terms
    nothing is included.
    """
    first, last = terms["start"].iloc[0], min(terms["holds_to"].fillna(pd.Timestamp(as_of)).max(), pd.Timestamp(as_of))
    step = 3 if terms["per"].iloc[0] == "quarter" else 1
    starts = pd.DatetimeIndex(pd.date_range(first, last, freq=pd.DateOffset(months=step))).as_unit("us")
    in_force = terms.iloc[np.searchsorted(terms["start"], starts, side="right") - 1].reset_index(drop=True)
    period = np.searchsorted(starts, entries["date"], side="right") - 1
    within = (period >= 0) & (entries["date"] <= last)
    inside = entries.assign(period=period)[within]
    used = inside.groupby("period")["hours"].sum().reindex(range(len(starts)), fill_value=0.0)
    now = in_force.iloc[-1]  # what is carried is settled by the rules that hold now
    cap = 0.0 if pd.isna(now["rollover_cap"]) else float(now["rollover_cap"])
    lives = 0 if pd.isna(now["rollover_periods"]) else int(now["rollover_periods"])
    ends = starts + pd.DateOffset(months=step) - pd.Timedelta(days=1)
    until = terms["holds_to"]
    held = ends if until.isna().any() else ends.where(ends < until.max(), until.max())
    share = ((held - starts).days + 1) / ((ends - starts).days + 1)
    included = in_force["included_hours"].where(~(in_force["holds_to"] < starts.to_series(index=in_force.index)), 0.0)
    rows = rollover(used.tolist(), included.to_numpy(float) * share, cap, lives)
    rows.insert(0, "contract", terms["contract"].iloc[0])
    rows.insert(1, "month", starts.strftime("%Y-%m"))
    rows.insert(2, "starts", starts)
    rows.insert(3, "ends", held.as_unit("us"))
    rows["overage"] = in_force["overage"].fillna("absorbed")
    rows["over_serviced"] = rows["over"].where(rows["overage"] == "absorbed", 0.0)
    rows["over_value"] = rows["over_serviced"] * _average_rate(inside).reindex(rows.index)
    if "bill_rate" in entries.columns:
        rows["over_value"] = rows["over_value"].where(rows["over_serviced"] > 0, 0.0)
    return rows


def _average_rate(entries: pd.DataFrame) -> pd.Series:
    """Return the average bill rate of each period's hours; blank where one hour has no rate."""
    if "bill_rate" not in entries.columns:
        return pd.Series(dtype=float)
    value = (entries["hours"] * entries["bill_rate"]).groupby(entries["period"]).sum(skipna=False)
    return value / entries.groupby("period")["hours"].sum()


@requires(allowance="included over_serviced")
def over_servicing(allowance: pd.DataFrame | Missing) -> float | Missing:
    """Return the hours worked beyond the allowance that nobody pays, as a fraction of the hours included.

    Parameters
    ----------
    allowance : DataFrame or Missing
        As from `hours_against_allowance`; give the rows of the period in question.

    Returns
    -------
    float or Missing
        Never negative.

    Examples
    --------
    Fifteen hours over on 120 included:

    >>> over_servicing(pd.DataFrame({"included": [40.0, 40.0, 40.0], "over_serviced": [0.0, 0.0, 15.0]}))
    0.125
    """
    return ratio(allowance["over_serviced"].sum(), allowance["included"].sum(), "no hours are included in the period")


@requires(allowance="month ends used included carried_in over")
def allowance_by_month(allowance: pd.DataFrame | Missing, periods: int = 12) -> pd.DataFrame | Missing:
    """Return the last periods of all retainers together: month, ends, used, included (with hours carried in), carried_in, over.

    One retainer's unused hours pay for nothing of another's, so `over` may be more than what is used beyond `included`.

    >>> months = {"month": ["2026-07", "2026-08"], "used": [30.0, 55.0], "included": 40.0, "carried_in": [0.0, 10.0]}
    >>> months |= {"over": [0.0, 5.0], "ends": pd.to_datetime(["2026-07-31", "2026-08-31"])}
    >>> allowance_by_month(pd.DataFrame(months))[["month", "used", "included", "over"]].values.tolist()
    [['2026-07', 30.0, 40.0, 0.0], ['2026-08', 55.0, 50.0, 5.0]]
    """
    hours = allowance.assign(included=allowance["included"] + allowance["carried_in"])
    sums = dict.fromkeys(["used", "included", "carried_in", "over"], "sum")
    months = hours.groupby("month", as_index=False, sort=True).agg({"ends": "max"} | sums)
    return months.tail(periods).reset_index(drop=True)

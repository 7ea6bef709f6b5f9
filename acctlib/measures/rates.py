"""What an hour is billed at, and what it costs us.

Time exports seldom hold money, and where they do the cost is 0.0 on every row. Rates therefore come from a card of their
own: a row for a role, valid from a day on, in one currency. A row agreed with the account goes before the standard row, rate
by rate: an account may have its own price and share the standard cost. A blank rate says nothing, and neither does a cost of
zero, since nobody works for nothing: an hour without a rate has no value and no cost, and a total over such an hour is not
defined. A margin of 100 % is the usual sign that somebody summed past this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.undefined import complete
from acctlib.missing import Missing, requires

__all__ = ["amounts_until", "hourly_rates", "rated_by_project", "task_rates", "time_by_project", "total"]

_CARD = "role account currency bill_rate cost_rate valid_from"


@requires(time_entries="date hours")
def hourly_rates(
    time_entries: pd.DataFrame | Missing, rate_card: pd.DataFrame | Missing, account: str, currency: str
) -> pd.DataFrame | Missing:
    """Return the time entries, each with the rate at which it is billed and the rate it costs.

    Parameters
    ----------
    time_entries : DataFrame
        Rows of `date`, `role`, `hours`; other columns are kept.
    rate_card : DataFrame or Missing
        Rows of `role`, `account` (blank = standard), `currency`, `bill_rate`, `cost_rate`, `valid_from`.
    account : str
        Id whose own rates go before the standard ones.
    currency : str
        ISO code; rates in other currencies are not used.

    Returns
    -------
    DataFrame
        The entries with `bill_rate` and `cost_rate`, money per hour, blank where the card has none for that role and day.

    Examples
    --------
    The price of design went up in July; its cost is on the standard card:

    >>> time = pd.DataFrame({"date": pd.to_datetime(["2026-06-30", "2026-07-01"]), "role": "designer", "hours": 1.0})
    >>> card = pd.DataFrame({
    ...     "role": "designer", "account": ["bay", "bay", None], "currency": "GBP", "bill_rate": [100.0, 110.0, 130.0],
    ...     "cost_rate": [None, None, 61.35], "valid_from": pd.to_datetime(["2026-01-01", "2026-07-01", "2026-01-01"])})
    >>> hourly_rates(time, card, "bay", "GBP")[["bill_rate", "cost_rate"]].values.tolist()
    [[100.0, 61.35], [110.0, 61.35]]
    """
    entries = complete(time_entries, "time_entries", "role")
    card = complete(rate_card, "rate_card", _CARD)
    card = card[card["currency"] == currency]
    return entries.assign(
        bill_rate=_rates(entries["role"], entries["date"], card, account, "bill_rate"),
        cost_rate=_rates(entries["role"], entries["date"], card[card["cost_rate"] > 0], account, "cost_rate"),
    )


def _rates(roles: pd.Series, days: pd.Series, card: pd.DataFrame, account: str, rate: str) -> pd.Series:
    """Return the rate of each role on its day: the account's own where there is one, else the standard one."""
    own = _newest(roles, days, card[card["account"] == account], rate)
    return own.fillna(_newest(roles, days, card[card["account"].isna()], rate))


def _newest(roles: pd.Series, days: pd.Series, card: pd.DataFrame, rate: str) -> pd.Series:
    known = card.loc[card[rate].notna() & card["valid_from"].notna(), ["role", "valid_from", rate]]
    known = known.sort_values("valid_from", kind="stable")
    since, prices = known["valid_from"].to_numpy("datetime64[us]"), known[rate].to_numpy(float)
    moments, found = days.to_numpy("datetime64[us]"), np.full(len(roles), np.nan)
    codes, asked = pd.factorize(roles)
    for code, role in enumerate(asked):  # an account has few roles and many hours
        own = (known["role"] == role).to_numpy(bool)
        rows = np.flatnonzero((codes == code) & ~np.isnat(moments))
        newest = np.searchsorted(since[own], moments[rows], side="right")
        found[rows] = np.concatenate([[np.nan], prices[own]])[newest]
    return pd.Series(found, index=roles.index)


@requires(time_entries="date project hours billable")
def time_by_project(
    time_entries: pd.DataFrame | Missing,
    rate_card: pd.DataFrame | Missing,
    account: str,
    currency: str,
    as_of: date | None = None,
) -> pd.DataFrame | Missing:
    """Return hours, value and cost of the time on each project.

    Parameters
    ----------
    time_entries, rate_card, account, currency
        As for `hourly_rates`, with `project` and `billable` on each entry.
    as_of : date, optional
        Last day counted.

    Returns
    -------
    DataFrame
        One row a project, sorted: `project`, `hours` (all), `billable_hours`, `value` (billable hours x bill rate), `cost`
        (all hours x cost rate), `without_bill_rate` and `without_cost_rate` (the roles that have no rate, as text). `value`
        and `cost` are blank on a project where one hour has no rate.

    Examples
    --------
    An hour of a role that is not on the card leaves its project without a value:

    >>> time = pd.DataFrame({"date": pd.to_datetime(["2026-07-01"] * 3), "project": ["app", "app", "site"],
    ...                      "role": ["designer", "designer", "tester"], "hours": [6.0, 2.0, 4.0],
    ...                      "billable": [True, False, True]})
    >>> card = pd.DataFrame({"role": ["designer"], "account": [None], "currency": "GBP", "bill_rate": 100.0,
    ...                      "cost_rate": 60.0, "valid_from": pd.to_datetime(["2026-01-01"])})
    >>> print(time_by_project(time, card, "bay", "GBP").drop(columns="without_cost_rate").to_string(index=False))
    project  hours  billable_hours  value  cost without_bill_rate
        app    8.0             6.0  600.0 480.0               NaN
       site    4.0             4.0    NaN   NaN            tester
    """
    return rated_by_project(hourly_rates(time_entries, rate_card, account, currency), as_of)


@requires(rated="date project hours billable bill_rate cost_rate")
def rated_by_project(rated: pd.DataFrame | Missing, as_of: date | None = None) -> pd.DataFrame | Missing:
    """Return `time_by_project` from entries that already have their rates, as from `hourly_rates`.

    Examples
    --------
    >>> rated = pd.DataFrame({"date": pd.to_datetime(["2026-07-01"]), "project": "app", "role": "designer", "hours": 6.0,
    ...                       "billable": True, "bill_rate": 100.0, "cost_rate": 60.0})
    >>> rated_by_project(rated)[["value", "cost"]].values.tolist()
    [[600.0, 360.0]]
    """
    worked = rated["hours"] > 0
    rated = rated[worked if as_of is None else worked & (rated["date"] <= pd.Timestamp(as_of))]
    billable = rated["billable"].fillna(False).astype(bool)
    billed = rated["hours"].where(billable, 0.0)
    sums = (
        pd.DataFrame(
            {
                "project": rated["project"],
                "hours": rated["hours"],
                "billable_hours": billed,
                "value": (billed * rated["bill_rate"]).where(billable, 0.0),
                "cost": rated["hours"] * rated["cost_rate"],
            }
        )
        .groupby("project", sort=True)
        .sum()
    )
    unrated = {"bill_rate": billable & rated["bill_rate"].isna(), "cost_rate": rated["cost_rate"].isna()}
    for amount, rate in (("value", "bill_rate"), ("cost", "cost_rate")):
        roles = rated.loc[unrated[rate], ["project", "role"]].fillna({"role": "no role given"}).groupby("project")["role"]
        sums[f"without_{rate}"] = pd.Series(roles.agg(_names), dtype="str").reindex(sums.index)
        sums[amount] = sums[amount].where(sums[f"without_{rate}"].isna())
    return sums.reset_index()


@requires(rated="date project hours billable bill_rate cost_rate")
def amounts_until(rated: pd.DataFrame | Missing, projects: pd.Series, days: Sequence[date]) -> dict[str, np.ndarray] | Missing:
    """Return hours, value and cost of the time on each project by the end of each day, as `rated_by_project` counts them.

    Parameters
    ----------
    rated : DataFrame
        As for `rated_by_project`.
    projects : Series of str
    days : sequence of date

    Returns
    -------
    dict of str to array, shape (n_projects, n_days)
        `hours`, `value` and `cost`; blank where one hour has no rate, zero where there is no hour.

    Examples
    --------
    >>> rated = pd.DataFrame({"date": pd.to_datetime(["2026-07-01"]), "project": "app", "hours": 6.0,
    ...                       "billable": True, "bill_rate": 100.0, "cost_rate": None})
    >>> until = amounts_until(rated, pd.Series(["app"]), [date(2026, 6, 30), date(2026, 7, 1)])
    >>> until["value"].tolist(), until["cost"].tolist()
    ([[0.0, 600.0]], [[0.0, nan]])
    """
    rated = rated[rated["hours"] > 0]
    billable = rated["billable"].fillna(False).to_numpy(bool)
    hours, bill, cost = (rated[name].to_numpy(float) for name in ("hours", "bill_rate", "cost_rate"))
    by_now = rated["date"].to_numpy("datetime64[us]")[:, None] <= np.array(days, "datetime64[us]")

    def until(amount: np.ndarray) -> np.ndarray:
        sums = pd.DataFrame(np.where(by_now, amount[:, None], np.nan), index=rated["project"]).groupby(level=0).sum()
        return sums.reindex(projects).fillna(0.0).to_numpy()

    unpriced, uncosted = until(1.0 * (billable & np.isnan(bill))), until(1.0 * np.isnan(cost))
    return {
        "hours": until(hours),
        "value": np.where(unpriced > 0, np.nan, until(np.where(billable, hours * bill, 0.0))),
        "cost": np.where(uncosted > 0, np.nan, until(hours * cost)),
    }


def _names(roles: pd.Series) -> str:
    return ", ".join(sorted(roles.unique()))


@requires(time="")
def total(time: pd.DataFrame | Missing, amount: str) -> float | Missing:
    """Return the value or the cost of all time, or `Missing` with the roles that have no rate.

    Parameters
    ----------
    time : DataFrame or Missing
        As from `time_by_project`.
    amount : {"value", "cost"}

    Returns
    -------
    float or Missing
        Account currency, never negative.

    Examples
    --------
    >>> time = pd.DataFrame({"project": ["app"], "cost": [None], "without_cost_rate": ["tester"]})
    >>> total(time, "cost").reason
    'the rate card has no cost rate for tester (project app)'
    """
    roles = {"value": "without_bill_rate", "cost": "without_cost_rate"}
    if amount not in roles:
        raise ValueError(f"amount must be value or cost, got {amount!r}; write 'cost'")
    unrated = time[time[roles[amount]].notna()]
    if len(unrated):
        rate = roles[amount].removeprefix("without_").replace("_", " ")
        names = _names(unrated[roles[amount]].str.split(", ").explode())
        where = ", ".join(unrated["project"])
        noun = "project" if len(unrated) == 1 else "projects"
        return Missing(f"the rate card has no {rate} for {names} ({noun} {where})", f"add {names} to data/firm/rate_card")
    return float(time[amount].sum())


@requires(tasks="project role")
def task_rates(
    tasks: pd.DataFrame | Missing,
    rate_card: pd.DataFrame | Missing,
    account: str,
    currency: str,
    on: date,
    rate: str = "cost_rate",
) -> pd.Series | Missing:
    """Return the rate at which each role on each project's tasks would work on a given day.

    Parameters
    ----------
    tasks : DataFrame
        With `project` and `role`.
    rate_card, account, currency
        As for `hourly_rates`.
    on : date
        The day whose rates hold.
    rate : {"cost_rate", "bill_rate"}

    Returns
    -------
    Series
        Money per hour by (project, role), sorted, blank where the card has none.

    Examples
    --------
    >>> tasks = pd.DataFrame({"project": ["app", "app"], "role": ["designer", "designer"]})
    >>> card = pd.DataFrame({"role": ["designer"], "account": [None], "currency": "GBP", "bill_rate": 100.0,
    ...                      "cost_rate": 60.0, "valid_from": pd.to_datetime(["2026-01-01"])})
    >>> task_rates(tasks, card, "bay", "GBP", date(2026, 9, 30)).to_dict()
    {('app', 'designer'): 60.0}
    """
    pairs = tasks[["project", "role"]].dropna().drop_duplicates().sort_values(["project", "role"])
    pairs = pairs.assign(date=pd.Timestamp(on).as_unit("us"), hours=1.0)
    rated = hourly_rates(pairs, rate_card, account, currency)
    return rated.set_index(["project", "role"])[rate]

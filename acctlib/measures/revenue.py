"""Revenue: what the work has earned, whatever was invoiced.

Fees are recognised as each billing type earns them: a fixed fee by the share of the work done, time and materials by hours
at bill rate, capped work the same up to the cap, a retainer evenly over its months. What is earned and not yet billed is
unbilled work (WIP); what is billed and not yet earned is deferred income, shown apart and never netted against it. What is
contracted and not yet earned is the backlog.

Agency gross income (AGI, also net revenue or gross profit) is revenue less what pass-through *cost*: the mark-up on media
is ours and stays in. All amounts are in the account's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from acctlib.measures.budget import NO_EXPENSES, approved_until, changes_in_force, expenses_by_kind
from acctlib.measures.contracts import month_position
from acctlib.measures.earned_value import done_shares
from acctlib.measures.rates import amounts_until, hourly_rates
from acctlib.measures.receivables import billed_until
from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires
from acctlib.periods import Month, Quarter

__all__ = [
    "Concentration",
    "agency_gross_income",
    "average_billable_rate",
    "backlog",
    "concentration",
    "income_by_period",
    "income_by_project",
    "incomes_by_project",
    "recognised",
    "unbilled",
]


def agency_gross_income(
    revenue: float | Missing, pass_through_cost: float | Missing, freelancers: float | Missing = 0.0
) -> float | Missing:
    """Return revenue less what pass-through cost us.

    Parameters
    ----------
    revenue : float or Missing
        All that was earned, pass-through as billed included.
    pass_through_cost : float or Missing
        What the pass-through cost, not what it was billed at.
    freelancers : float or Missing, default 0
        Cost of freelancers where house policy takes them out here; then they are no delivery cost.

    Returns
    -------
    float or Missing

    Examples
    --------
    Revenue of 100 000, in it media billed at 30 000 that cost 27 300:

    >>> agency_gross_income(100_000, pass_through_cost=27_300)
    72700.0
    """
    for figure in (revenue, pass_through_cost, freelancers):
        if isinstance(figure, Missing):
            return figure
    return float(revenue - pass_through_cost - freelancers)


def average_billable_rate(income: float | Missing, hours: float | Missing) -> float | Missing:
    """Return agency gross income per hour of *all* delivery time; over-servicing shows as a lower rate.

    >>> average_billable_rate(72700.0, 727.0)
    100.0
    """
    return ratio(income, hours, "no hours were worked in the period")


@requires(scope="project billing_type start end contract_value fee cap")
def recognised(
    scope: pd.DataFrame | Missing, time: pd.DataFrame | Missing, work: pd.DataFrame | Missing, as_of: date
) -> pd.DataFrame | Missing:
    """Return the fees each project has earned from its start to a day, and the backlog that is left.

    Parameters
    ----------
    scope : DataFrame
        As from `budget.approved_scope`.
    time : DataFrame or Missing
        As from `rates.time_by_project`, up to the day.
    work : DataFrame or Missing
        As from `earned_value.work_done`, on the day.
    as_of : date

    Returns
    -------
    DataFrame
        One row a project: `project`, `name`, `service_line`, `billing_type`, `status`, `contract_value`, `recognised`,
        `basis` (how, in words; where not defined: why), `backlog` (contract value less recognised; minus = earned beyond the
        contract; blank for proposed work and where one of the two is), `pending_changes`.

    Examples
    --------
    Half of a fixed fee of 40 000 is earned with half of the work, whatever the hours:

    >>> from acctlib.measures.budget import approved_scope
    >>> projects = pd.DataFrame({"project": ["app"], "billing_type": "fixed_fee", "fee": [40e3],
    ...                          "start": pd.to_datetime(["2026-07-01"]), "end": pd.to_datetime(["2026-12-31"])})
    >>> scope = approved_scope(projects, Missing("none was raised"), date(2026, 9, 30))
    >>> work = pd.DataFrame({"project": ["app"], "work_done": [0.5]})
    >>> recognised(scope, Missing("not kept"), work, date(2026, 9, 30))[["recognised", "backlog"]].values.tolist()
    [[20000.0, 20000.0]]
    """
    rows = scope.reset_index(drop=True)
    billing = rows["billing_type"]
    fee, cap, share, value = (
        column.to_numpy(float)[:, None]
        for column in (
            rows["fee"], rows["cap"], rows["project"].map(_by_project(work, "work_done")), _value_of_time(time, rows["project"])
        )
    )  # fmt: skip
    earned = pd.Series(_fees_earned(rows, fee, cap, share, value, [as_of])[:, 0], index=rows.index)
    return rows[["project", "name", "service_line", "billing_type", "status", "contract_value"]].assign(
        recognised=earned,
        basis=billing.map(_BASIS).where(earned.notna(), billing.map(_WITHOUT)),
        backlog=(rows["contract_value"] - earned).mask(rows["status"] == "proposed"),
        pending_changes=rows["pending_changes"],
    )


def _fees_earned(
    scope: pd.DataFrame, fee: np.ndarray, cap: np.ndarray, share: np.ndarray, value: np.ndarray, days: Sequence[date]
) -> np.ndarray:
    """Return the fees that each project has earned by the end of each day, shape (n_projects, n_days) as all amounts have.

    `share` is the work done, `value` the time at bill rates. What is not known is NaN.
    """

    def those(column: str, word: str) -> np.ndarray:
        return (scope[column] == word).fillna(False).to_numpy(bool)[:, None]

    start, end = (scope[name].to_numpy("datetime64[us]")[:, None] for name in ("start", "end"))
    today = np.array(days, "datetime64[us]")[None, :]
    share = np.where(those("status", "closed") & (end <= today), 1.0, share)  # closed: all of it was earned
    begun = month_position(start - np.timedelta64(1, "D"))
    with np.errstate(divide="ignore", invalid="ignore"):
        gone, whole = (np.maximum(month_position(until) - begun, 0.0) for until in (today, end))
        elapsed = np.clip(gone / whole, 0, 1)
    earned = fee * share
    earned = np.where(those("billing_type", "time_and_materials"), value, earned)
    earned = np.where(those("billing_type", "capped"), np.where(np.isnan(value), np.nan, np.fmin(value, cap)), earned)
    earned = np.where(those("billing_type", "retainer"), fee * elapsed, earned)
    earned = np.where((start > today) & np.isnan(earned), 0.0, earned)
    return np.where(those("status", "proposed"), 0.0, earned)


_BASIS = {
    "fixed_fee": "fee × work done",
    "time_and_materials": "billable hours × bill rate",
    "capped": "billable hours × bill rate, up to the cap",
    "retainer": "fee, evenly over the months",
}
_WITHOUT = {
    "fixed_fee": "no fee, or no progress on tasks with hours",
    "time_and_materials": "no time entries, or a role without bill rate",
    "capped": "no time entries, or a role without bill rate",
    "retainer": "no fee",
}


def _by_project(table: pd.DataFrame | Missing, column: str) -> pd.Series:
    if isinstance(table, Missing) or column not in table.columns:
        return pd.Series(dtype=float)
    return table.set_index("project")[column].astype(float)


def _value_of_time(time: pd.DataFrame | Missing, projects: pd.Series) -> pd.Series:
    """Return the value of each project's time: zero where time is kept and none was entered yet."""
    value = projects.map(_by_project(time, "value")).astype(float)
    return value if isinstance(time, Missing) else value.mask(~projects.isin(time["project"]), 0.0)


@requires(recognised="project status backlog")
def backlog(recognised: pd.DataFrame | Missing) -> float | Missing:
    """Return what is contracted and not yet earned on all running projects; pending changes are not in it.

    >>> each = pd.DataFrame({"project": ["app", "old"], "status": ["active", "closed"], "backlog": [20e3, 1e3]})
    >>> backlog(each)
    20000.0
    """
    running = recognised[~recognised["status"].isin(["closed", "proposed"])]
    known = running["backlog"].dropna()
    return float(known.sum()) if len(known) else Missing("no running project has both a contract value and revenue")


@requires(recognised="project recognised", invoices="amount")
def unbilled(recognised: pd.DataFrame | Missing, invoices: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return work earned and not billed, and billing not yet earned, by project.

    Parameters
    ----------
    recognised : DataFrame
        As from `recognised`.
    invoices : DataFrame
        In one currency (see `receivables.in_currency`). Credit notes reduce, deposits count as billed, pass-through is left
        out. Invoices of no project form a row of their own, "whole account", that has no revenue against it.
    as_of : date
        Last day of billing.

    Returns
    -------
    DataFrame
        `project`, `recognised`, `billed`, `unbilled` (never negative), `deferred` (never negative). Their sums differ by
        exactly recognised minus billed. Blank where the revenue is.

    Examples
    --------
    >>> earned = pd.DataFrame({"project": ["app", "site"], "recognised": [20e3, 5e3]})
    >>> invoices = pd.DataFrame({"project": ["app", "site"], "amount": [12e3, 9e3],
    ...                          "issued": pd.to_datetime(["2026-08-01", "2026-08-01"])})
    >>> unbilled(earned, invoices, date(2026, 9, 30))[["unbilled", "deferred"]].values.tolist()
    [[8000.0, 0.0], [0.0, 4000.0]]
    """
    rows = billed_until(invoices, as_of)
    billed = rows["fees"].groupby(rows["project"].fillna("whole account")).sum()
    each = recognised.set_index("project")["recognised"]
    names = [*each.index, *(name for name in sorted(billed.index) if name not in each.index)]
    both = pd.DataFrame({"recognised": each.reindex(names), "billed": billed.reindex(names).fillna(0.0)})
    both.loc[both.index == "whole account", "recognised"] = 0.0
    gap = (both["recognised"] - both["billed"]).round(2)  # below a hundredth it is the noise of adding, not money
    return both.assign(unbilled=gap.clip(lower=0), deferred=(0.0 - gap).clip(lower=0)).rename_axis("project").reset_index()


@requires(projects="project billing_type start end")
def income_by_period(
    periods: Sequence[Quarter | Month],
    projects: pd.DataFrame | Missing,
    change_requests: pd.DataFrame | Missing,
    tasks: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    time_entries: pd.DataFrame | Missing,
    rate_card: pd.DataFrame | Missing,
    account: str,
    currency: str,
    as_of: date,
    expenses: pd.DataFrame | Missing = NO_EXPENSES,
    freelancers_in: str = "delivery_cost",
) -> pd.DataFrame | Missing:
    """Return fees earned, agency gross income and delivery margin of each month or quarter.

    Fees of a period are what was earned by its end less what was earned by its start, so that parts add up to the whole. A
    change request moves the fee from the day of its approval, and with it the fees of that period.

    Parameters
    ----------
    periods : sequence of Quarter or Month
        Successive, the oldest first.
    projects, change_requests, tasks, progress, time_entries, rate_card, account, currency
        The tables, the account's id and its currency.
    as_of : date
        A period that ends later is shown so far; one that starts later is blank.
    expenses : DataFrame or Missing
        What is charged is revenue; without the table there is none.
    freelancers_in : {"delivery_cost", "agi"}
        House policy: where freelancers are taken off.

    Returns
    -------
    DataFrame
        `period` (label), `ends`, `fees`, `charged` (expenses as charged), `revenue` (fees + charged), `pass_through` (cost),
        `income` (AGI), `delivery_cost`, `client_cost` (client-specific), `margin` (fraction of income), `hours` (all),
        `not_defined` (projects whose fees are not). A sum with an unknown part is blank, never partial.

    Raises
    ------
    ValueError
        If `freelancers_in` is neither of the two.

    Examples
    --------
    A retainer of 120 000 a year earns 30 000 each quarter:

    >>> projects = pd.DataFrame({"project": ["care"], "billing_type": "retainer", "fee": [120e3],
    ...                          "start": pd.to_datetime(["2026-01-01"]), "end": pd.to_datetime(["2026-12-31"])})
    >>> none, third = Missing("not kept"), Quarter(2026, 3)
    >>> each = income_by_period([third.previous, third], projects, none, none, none, none, none, "bay", "GBP", third.end)
    >>> each[["period", "fees", "income"]].round(2).values.tolist()
    [['2026-Q2', 30000.0, 30000.0], ['2026-Q3', 30000.0, 30000.0]]
    """
    if freelancers_in not in ("delivery_cost", "agi"):
        raise ValueError(f"freelancers_in must be delivery_cost or agi, got {freelancers_in!r}; write delivery_cost")

    started = [period for period in periods if period.start <= as_of]
    spans = [(period.start - timedelta(days=1), min(period.end, as_of)) for period in started]
    rated = hourly_rates(time_entries, rate_card, account, currency)
    tables = (projects, change_requests, tasks, progress, rated)
    to_date = _earned_by(sorted({day for span in spans for day in span}), *tables)
    frame = pd.DataFrame(
        [
            {**_moved(to_date[eve], to_date[last]), **_bought(expenses, period)}
            for period, (eve, last) in zip(started, spans, strict=True)
        ],
        columns=[*_AMOUNTS, "not_defined", "charged", "pass_through", "freelancers", "client_cost"],
    ).reindex(range(len(periods)))
    frame.insert(0, "period", pd.Series([period.label for period in periods], dtype="str"))
    frame.insert(1, "ends", pd.Series([period.end for period in periods], dtype="datetime64[us]"))
    frame["revenue"] = frame["fees"] + frame["charged"]
    before_margin = frame["freelancers"] if freelancers_in == "agi" else 0.0
    frame["income"] = frame["revenue"] - frame["pass_through"] - before_margin
    frame["delivery_cost"] = frame["cost"] + frame["freelancers"] - before_margin
    frame["margin"] = (frame["income"] - frame["delivery_cost"]) / frame["income"].where(frame["income"] != 0)
    columns = "period ends fees charged revenue pass_through income delivery_cost client_cost margin hours not_defined"
    return frame[columns.split()]


_AMOUNTS = ("fees", "hours", "cost")


def _earned_by(
    days: Sequence[date],
    projects: pd.DataFrame,
    change_requests: pd.DataFrame | Missing,
    tasks: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    rated: pd.DataFrame | Missing,
) -> dict[date, pd.DataFrame]:
    """Return fees earned, hours worked and their cost from the start to each day, a row a project; NaN where not known.

    The same as `recognised` and `rates.rated_by_project` say of each day, for all days at once.
    """
    scope = complete(projects, "projects", "name status fee cap")
    added = approved_until(changes_in_force(change_requests), scope["project"], "fee", days)
    fee, cap = (scope[name].to_numpy(float)[:, None] + added for name in ("fee", "cap"))
    unknown = np.full(added.shape, np.nan)
    shares = done_shares(tasks, progress, days)
    share = unknown if isinstance(shares, Missing) else shares.reindex(scope["project"]).to_numpy()
    time = amounts_until(rated, scope["project"], days)
    if isinstance(time, Missing):
        time = dict.fromkeys(("hours", "value", "cost"), unknown)
    fees = _fees_earned(scope, fee, cap, share, time["value"], days)
    each = scope[["project", "name"]].reset_index(drop=True)
    return {day: each.assign(fees=fees[:, n], hours=time["hours"][:, n], cost=time["cost"][:, n]) for n, day in enumerate(days)}


def _moved(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, float | str]:
    amounts = list(_AMOUNTS)
    unknown = after.loc[after["fees"].isna(), "project"]
    sums = after[amounts].sum(skipna=False) - before[amounts].sum(skipna=False)
    return {**sums, "not_defined": ", ".join(unknown) or np.nan}


def income_by_project(
    period: Quarter | Month,
    projects: pd.DataFrame | Missing,
    change_requests: pd.DataFrame | Missing,
    tasks: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    rated: pd.DataFrame | Missing,
    expenses: pd.DataFrame | Missing,
    as_of: date,
) -> pd.DataFrame | Missing:
    """Return what each project earned and cost in a period, from the same parts as `income_by_period`.

    Parameters
    ----------
    period : Quarter or Month
    projects, change_requests, tasks, progress, expenses
        The tables.
    rated : DataFrame or Missing
        As from `rates.hourly_rates`.
    as_of : date
        A period that ends later is counted so far.

    Returns
    -------
    DataFrame or Missing
        project, name, contract, fees (earned in the period), hours, delivery_cost (time and freelancers) and pass_through
        (what was charged for expenses less the cost of pass-through). Blank where not known. `Missing` without projects.
    """
    return incomes_by_project([period], projects, change_requests, tasks, progress, rated, expenses, as_of)[0]


def incomes_by_project(
    periods: Sequence[Quarter | Month],
    projects: pd.DataFrame | Missing,
    change_requests: pd.DataFrame | Missing,
    tasks: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    rated: pd.DataFrame | Missing,
    expenses: pd.DataFrame | Missing,
    as_of: date,
) -> list[pd.DataFrame | Missing]:
    """Return `income_by_project` of each of several periods; what one ends with, the next begins with."""
    if isinstance(projects, Missing):
        return [projects for _ in periods]
    spans = [(period.start - timedelta(days=1), min(period.end, as_of)) for period in periods]
    tables = (projects, change_requests, tasks, progress, rated)
    to_date = _earned_by(sorted({day for span in spans for day in span}), *tables)
    all_bought = complete(expenses, "expenses", "date project kind cost charged")
    contract = complete(projects, "projects", "contract").set_index("project")["contract"]
    incomes = []
    for period, (eve, last) in zip(periods, spans, strict=True):
        before, after = to_date[eve], to_date[last]
        moved = after.assign(**after[list(_AMOUNTS)] - before[list(_AMOUNTS)])
        bought = all_bought[all_bought["date"].between(pd.Timestamp(period.start), pd.Timestamp(last))]
        freelance = bought[bought["kind"] == "freelancer"].groupby("project")["cost"].sum()
        charged = bought["charged"].fillna(0.0) - bought["cost"].where(bought["kind"] == "pass_through", 0.0)
        incomes.append(
            moved[["project", "name", "fees", "hours"]].assign(
                contract=moved["project"].map(contract),
                delivery_cost=moved["cost"] + moved["project"].map(freelance).astype(float).fillna(0.0),
                pass_through=moved["project"].map(charged.groupby(bought["project"]).sum()).astype(float).fillna(0.0),
            )
        )
    return incomes


def _bought(expenses: pd.DataFrame | Missing, period: Quarter | Month) -> dict[str, float]:
    """Return what expenses of the period were charged at, and cost by kind; nothing where none is recorded."""
    kinds = expenses_by_kind(expenses, period)
    if isinstance(kinds, Missing):
        return dict.fromkeys(("charged", "pass_through", "freelancers", "client_cost"), 0.0)
    cost = kinds.set_index("kind")["cost"]
    return {
        "charged": kinds["charged"].sum(),
        "pass_through": cost["pass_through"],
        "freelancers": cost["freelancer"],
        "client_cost": cost["client_specific"],
    }


@dataclass(frozen=True)
class Concentration:
    """How much of a total hangs on few parts.

    Parameters
    ----------
    parts : int
        How many parts have a share.
    largest : str
        Name of the largest part.
    top_1, top_3 : float
        Share of the largest, and of the three largest, as fractions.
    hhi : float
        Sum of the squared shares: 1 / n for n equal parts, 1 where one part is everything.
    """

    parts: int
    largest: str
    top_1: float
    top_3: float
    hhi: float


def concentration(amounts: pd.Series | Missing) -> Concentration | Missing:
    """Return how much of a total hangs on its largest parts.

    Parameters
    ----------
    amounts : Series of float or Missing
        Amount by part: by service line, business unit, project or client. Parts that are zero, negative (more credited
        than billed) or blank have no share.

    Returns
    -------
    Concentration or Missing

    Examples
    --------
    Half of the fees come from one service line:

    >>> parts = concentration(pd.Series({"design": 50e3, "media": 30e3, "build": 20e3}))
    >>> parts.largest, parts.top_1, parts.top_3, round(parts.hhi, 2)
    ('design', 0.5, 1.0, 0.38)
    """
    if isinstance(amounts, Missing):
        return amounts
    ordered = amounts[amounts > 0].sort_index().sort_values(ascending=False, kind="stable")
    if ordered.empty:
        return Missing("no part has an amount above zero")
    shares = ordered / ordered.sum()
    return Concentration(
        parts=len(shares),
        largest=str(shares.index[0]),
        top_1=float(shares.iloc[0]),
        top_3=min(float(shares.iloc[:3].sum()), 1.0),
        hhi=float((shares**2).sum()),
    )

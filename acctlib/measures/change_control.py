"""Change control: what was asked for beyond the contract, what became of it, and how far it moved the scope.

A change that nobody priced is work given away; a change that waits is a risk to both sides. Rates are a project-month, so that
an account of ten projects does not look ten times as restless as an account of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from acctlib.measures.budget import changes_in_force
from acctlib.measures.proportion import Proportion, proportion
from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires
from acctlib.periods import Month, Quarter

__all__ = ["ChangeSummary", "change_rate", "change_summary", "pending_changes", "scope_creep"]


def _within(days: pd.Series, period: Quarter | Month) -> pd.Series:
    return days.between(pd.Timestamp(period.start), pd.Timestamp(period.end))


@dataclass(frozen=True)
class ChangeSummary:
    """The change requests of a period, in figures; money in the account's currency, plus = more fee.

    Parameters
    ----------
    raised : int
        Raised in the period, drafts left out.
    approved, rejected : int
        Decided in the period.
    approved_fee : float
        Fee of those approved.
    approved_share : Proportion or Missing
        Approved of all decided.
    pending, pending_fee, unpriced : int, float, int
        Submitted and not decided by the period's end, their fee, and how many of them have none.
    days_to_decide : float or Missing
        Median, from raised to decided.
    """

    raised: int
    approved: int
    rejected: int
    approved_fee: float
    approved_share: Proportion | Missing
    pending: int
    pending_fee: float
    unpriced: int
    days_to_decide: float | Missing


@requires(change_requests="raised status")
def change_summary(change_requests: pd.DataFrame | Missing, period: Quarter | Month) -> ChangeSummary | Missing:
    """Return the change requests of a period in figures.

    Parameters
    ----------
    change_requests : DataFrame
        As known at the period's end.
    period : Quarter or Month

    Returns
    -------
    ChangeSummary or Missing

    Examples
    --------
    >>> changes = pd.DataFrame({"status": ["approved", "submitted"], "fee": [5e3, None],
    ...     "raised": pd.to_datetime(["2026-08-01", "2026-09-20"]), "decided": pd.to_datetime(["2026-08-11", None])})
    >>> summary = change_summary(changes, Quarter(2026, 3))
    >>> summary.approved_fee, summary.days_to_decide, summary.pending, summary.unpriced
    (5000.0, 10.0, 1, 1)
    """
    rows = complete(change_requests, "change_requests", "fee decided")
    rows = rows[rows["status"] != "draft"]
    decided = rows[_within(rows["decided"], period) & rows["status"].isin(["approved", "rejected"])]
    approved = decided[decided["status"] == "approved"]
    pending = rows[(rows["status"] == "submitted") & (rows["raised"] <= pd.Timestamp(period.end))]
    took = (decided["decided"] - decided["raised"]).dt.days
    return ChangeSummary(
        raised=int(_within(rows["raised"], period).sum()),
        approved=len(approved),
        rejected=len(decided) - len(approved),
        approved_fee=float(approved["fee"].sum()),
        approved_share=proportion(len(approved), len(decided), "no change request was decided in the period"),
        pending=len(pending),
        pending_fee=float(pending["fee"].sum()),
        unpriced=int(pending["fee"].isna().sum()),
        days_to_decide=_median(took, "no change request was decided in the period"),
    )


def _median(days: pd.Series, reason: str) -> float | Missing:
    return float(days.median()) if days.notna().any() else Missing(reason)


@requires(change_requests="change project title raised status")
def pending_changes(change_requests: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the change requests that wait for a decision, the oldest first.

    Parameters
    ----------
    change_requests : DataFrame
    as_of : date

    Returns
    -------
    DataFrame
        `change`, `project`, `title`, `raised`, `age_days`, `fee`, `days`, `hours`.

    Examples
    --------
    >>> changes = pd.DataFrame({"change": ["CR2"], "project": "app", "title": "Second language", "status": "submitted",
    ...                         "raised": pd.to_datetime(["2026-09-20"])})
    >>> pending_changes(changes, date(2026, 9, 30))["age_days"].tolist()
    [10]
    """
    rows = complete(change_requests, "change_requests", "fee days hours")
    rows = rows[(rows["status"] == "submitted") & (rows["raised"] <= pd.Timestamp(as_of))]
    rows = rows.assign(age_days=(pd.Timestamp(as_of) - rows["raised"]).dt.days)
    columns = ["change", "project", "title", "raised", "age_days", "fee", "days", "hours"]
    return rows.sort_values(["raised", "change"], kind="stable")[columns].reset_index(drop=True)


@requires(projects="project start end", change_requests="project raised status")
def change_rate(
    projects: pd.DataFrame | Missing, change_requests: pd.DataFrame | Missing, period: Quarter | Month
) -> float | Missing:
    """Return how many changes were raised for each month that a project ran in a period.

    Parameters
    ----------
    projects : DataFrame
        A project runs from `start` to `end`, both included; one that was open for half the period counts half its months.
    change_requests : DataFrame
        Drafts are left out.
    period : Quarter or Month

    Returns
    -------
    float or Missing
        Changes a project-month, never negative. Missing where no project ran.

    Examples
    --------
    Two projects ran for the whole quarter, which makes six project-months, and three changes were raised:

    >>> projects = pd.DataFrame({"project": ["app", "site"], "start": pd.to_datetime(["2026-01-01"] * 2),
    ...                          "end": pd.to_datetime(["2026-12-31"] * 2)})
    >>> changes = pd.DataFrame({"project": "app", "status": "submitted", "raised": pd.to_datetime(["2026-08-01"] * 3)})
    >>> change_rate(projects, changes, Quarter(2026, 3))
    0.5
    """
    first, last = pd.Timestamp(period.start), pd.Timestamp(period.end)
    ran = (projects["end"].clip(upper=last) - projects["start"].clip(lower=first)).dt.days + 1
    months = 3 if isinstance(period, Quarter) else 1
    project_months = months * ran.clip(lower=0).sum() / ((last - first).days + 1)
    raised = change_requests[(change_requests["status"] != "draft") & _within(change_requests["raised"], period)]
    return ratio(len(raised), project_months, "no project ran in the period")


@requires(scope="project name original_fee approved_changes cap? billing_type?", change_requests="project raised status")
def scope_creep(
    scope: pd.DataFrame | Missing, change_requests: pd.DataFrame | Missing, time: pd.DataFrame | Missing, as_of: date
) -> pd.DataFrame | Missing:
    """Return how far changes moved the scope of each project that had any.

    Parameters
    ----------
    scope : DataFrame
        As from `budget.approved_scope`.
    change_requests : DataFrame
        Drafts, rejected and withdrawn changes move nothing.
    time : DataFrame or Missing
        `project`, `hours`, as from `rates.time_by_project`; without it the share of unpriced hours is blank.
    as_of : date

    Returns
    -------
    DataFrame
        One row a project, the largest value first: `project`, `name`, `original` (contract value before any change: the cap of
        capped work, else the fee), `approved_changes` (fee), `creep` (approved changes over the original; a fraction, minus =
        the scope shrank; blank where no value was agreed), `unpriced_hours` (of changes that are approved or wait and have no
        fee or a fee of nought; blank where they have no hours),
        `unpriced_share` (of all hours recorded on the project). Missing where no change was asked for.

    Examples
    --------
    A site of 40 000 grew by 5 000; a second request of 30 hours was approved without a fee:

    >>> from acctlib.measures.budget import approved_scope
    >>> projects = pd.DataFrame({"project": ["app"], "name": "App", "billing_type": "fixed_fee", "fee": [40e3]})
    >>> changes = pd.DataFrame({"project": "app", "fee": [5e3, None], "hours": [50.0, 30.0], "status": "approved",
    ...     "raised": pd.to_datetime(["2026-08-01"] * 2), "decided": pd.to_datetime(["2026-08-10"] * 2)})
    >>> day, time = date(2026, 9, 30), pd.DataFrame({"project": ["app"], "hours": [600.0]})
    >>> moved = scope_creep(approved_scope(projects, changes, day), changes, time, day)
    >>> moved[["creep", "unpriced_hours", "unpriced_share"]].values.tolist()
    [[0.125, 30.0, 0.05]]
    """
    changes = changes_in_force(change_requests)
    asked = changes[(changes["raised"] <= pd.Timestamp(as_of)) & (changes["status"] != "draft")]
    if asked.empty:
        return Missing("no change was asked for")
    standing = asked[asked["status"].isin(["approved", "submitted"])]
    unpriced = standing[standing["fee"].astype(float).fillna(0.0) == 0].groupby("project")["hours"].sum(min_count=1)
    rows = complete(scope, "projects", "billing_type cap")
    rows = rows[rows["project"].isin(asked["project"])]
    capped = (rows["billing_type"] == "capped") & rows["cap"].notna()
    value = rows["original_fee"].mask(capped, rows["cap"] - rows["approved_changes"])
    hours = pd.Series(dtype=float) if isinstance(time, Missing) else time.set_index("project")["hours"]
    moved = pd.DataFrame(
        {
            "project": rows["project"],
            "name": rows["name"],
            "original": value,
            "approved_changes": rows["approved_changes"],
            "creep": rows["approved_changes"] / value.where(value > 0),
            "unpriced_hours": unpriced.reindex(rows["project"], fill_value=0.0).to_numpy(),
        }
    )
    recorded = hours.reindex(rows["project"]).to_numpy(float)
    moved["unpriced_share"] = moved["unpriced_hours"] / pd.Series(recorded, index=moved.index).where(recorded > 0)
    return moved.sort_values(["original", "name"], ascending=[False, True], kind="stable", ignore_index=True)

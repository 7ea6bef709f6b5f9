"""Delivery: what was promised, when it came, how it was received, and what went wrong on the way.

A date can be kept in two senses: the one first agreed and the one agreed now. Both are honest, neither replaces the other, so
on-time delivery is always one or the other and says which. Round one is the first submission: one round, or none, is
accepted at first sight. Counts are small, so shares come as "7 of 8" with their interval (`proportion`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from acctlib.measures import rag
from acctlib.measures.proportion import Proportion, proportion
from acctlib.measures.undefined import complete, some
from acctlib.missing import Missing, requires
from acctlib.periods import Month, Quarter

__all__ = [
    "SEVERITIES",
    "answered_in_time",
    "around",
    "first_time_acceptance",
    "issues_by_severity",
    "milestones",
    "most_pressing",
    "on_time",
    "open_issues",
    "revision_rounds",
]

#: From worst to mildest.
SEVERITIES = ("critical", "high", "medium", "low")
_DELIVERABLES = "kind due submitted accepted rounds rounds_agreed client_days amount"


def _within(days: pd.Series, period: Quarter | Month) -> pd.Series:
    return days.between(pd.Timestamp(period.start), pd.Timestamp(period.end))


@requires(deliverables="project deliverable original_due")
def milestones(deliverables: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return what was promised with its dates and where it stands, by the date agreed now.

    Parameters
    ----------
    deliverables : DataFrame
        A blank `due` is the date first agreed.
    as_of : date

    Returns
    -------
    DataFrame
        `project`, `deliverable`, `kind`, `original_due`, `due` (agreed now), `done` (submitted), `accepted`, `stage`
        ("accepted", "with the client", "overdue", "planned"), `days_late` and `days_late_original` (against the agreed and
        the first date: to the day it was done, else to `as_of`; minus = early, blank while not due), `moved_days` (agreed
        date less the first one), `client_days`, `rounds`, `rounds_agreed`, `amount`, `state`: off track when overdue, at risk
        when a date not yet met
        was moved later, else on track; blank once it is done.

    Examples
    --------
    Due at the end of August, moved by a month, not there in October:

    >>> promised = pd.DataFrame({"project": ["app"], "deliverable": ["Prototype"],
    ...     "original_due": pd.to_datetime(["2026-08-31"]), "due": pd.to_datetime(["2026-09-30"])})
    >>> milestones(promised, date(2026, 10, 10))[["stage", "days_late", "days_late_original", "state"]].values.tolist()
    [['overdue', 10, 40, 'off track']]
    """
    day = pd.Timestamp(as_of)
    rows = complete(deliverables, "deliverables", _DELIVERABLES)
    due = rows["due"].fillna(rows["original_due"])
    done, accepted = (rows[name].where(rows[name] <= day) for name in ("submitted", "accepted"))
    done = done.fillna(accepted)
    late = {
        name: (done.fillna(day) - against).dt.days.where(done.notna() | (against < day)).astype("Int64")
        for name, against in (("days_late", due), ("days_late_original", rows["original_due"]))
    }
    stage = pd.Series("planned", index=rows.index, dtype="str")
    stage = stage.mask(due < day, "overdue").mask(done.notna(), "with the client").mask(accepted.notna(), "accepted")
    state = pd.Series(rag.ON_TRACK, index=rows.index, dtype="str")
    state = state.mask(due > rows["original_due"], rag.AT_RISK).mask(stage == "overdue", rag.OFF_TRACK)
    listed = rows[["project", "deliverable", "kind", "original_due"]].assign(
        due=due,
        done=done,
        accepted=accepted,
        stage=stage,
        **late,
        moved_days=(due - rows["original_due"]).dt.days,
        client_days=rows["client_days"],
        rounds=rows["rounds"],
        rounds_agreed=rows["rounds_agreed"],
        amount=rows["amount"],
        state=state.where(done.isna()),
    )
    return listed.sort_values(["due", "project", "deliverable"], kind="stable").reset_index(drop=True)


@requires(deliverables="original_due submitted")
def on_time(deliverables: pd.DataFrame | Missing, period: Quarter | Month, against: str = "due") -> Proportion | Missing:
    """Return how many of the things delivered in a period came on or before their date.

    Parameters
    ----------
    deliverables : DataFrame
    period : Quarter or Month
        What was submitted in it counts, whenever it was due.
    against : {"due", "original_due"}
        The date agreed now, or the one first agreed.

    Returns
    -------
    Proportion or Missing

    Examples
    --------
    Both came by the date agreed last, one of them by the date agreed first:

    >>> sent = pd.DataFrame({"submitted": pd.to_datetime(["2026-08-01", "2026-09-01"]),
    ...     "original_due": pd.to_datetime(["2026-08-01", "2026-08-15"]), "due": pd.to_datetime([None, "2026-09-01"])})
    >>> str(on_time(sent, Quarter(2026, 3))), str(on_time(sent, Quarter(2026, 3), against="original_due"))
    ('2 of 2', '1 of 2')
    """
    if against not in ("due", "original_due"):
        raise ValueError(f"against must be due or original_due, got {against!r}; write against='due'")
    rows = complete(deliverables, "deliverables", _DELIVERABLES)
    rows = rows[_within(rows["submitted"], period)]
    dated = rows[against].fillna(rows["original_due"])
    return proportion((rows["submitted"] <= dated).sum(), len(rows), "nothing was delivered in the period")


@requires(deliverables="submitted accepted rounds")
def first_time_acceptance(deliverables: pd.DataFrame | Missing, period: Quarter | Month) -> Proportion | Missing:
    """Return how many of the things submitted in a period were accepted at first submission.

    What still waits for the client's first answer, and what has no count of rounds, is left out.

    Parameters
    ----------
    deliverables : DataFrame
    period : Quarter or Month

    Returns
    -------
    Proportion or Missing

    Examples
    --------
    One accepted as it came, one after a second round, one not answered yet:

    >>> sent = pd.DataFrame({"submitted": pd.to_datetime(["2026-08-01"] * 3), "rounds": [1, 2, 1],
    ...                      "accepted": pd.to_datetime(["2026-08-05", "2026-08-20", None])})
    >>> str(first_time_acceptance(sent, Quarter(2026, 3)))
    '1 of 2'
    """
    rows = deliverables[_within(deliverables["submitted"], period) & deliverables["rounds"].notna()]
    first = rows["rounds"] <= 1
    answered = rows["accepted"].notna() | ~first
    accepted = (first & rows["accepted"].notna()).sum()
    return proportion(accepted, answered.sum(), "nothing that was submitted in the period has been answered")


@requires(deliverables="project deliverable rounds rounds_agreed")
def revision_rounds(deliverables: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return what took more rounds of revision than agreed, the most first.

    Parameters
    ----------
    deliverables : DataFrame

    Returns
    -------
    DataFrame
        `project`, `deliverable`, `rounds`, `rounds_agreed`, `over` (at least 1).

    Examples
    --------
    >>> sent = pd.DataFrame({"project": "app", "deliverable": ["Logo", "Film"], "rounds": [2, 5], "rounds_agreed": [2, 3]})
    >>> revision_rounds(sent).values.tolist()
    [['app', 'Film', 5, 3, 2]]
    """
    listed = deliverables[["project", "deliverable", "rounds", "rounds_agreed"]]
    listed = listed.assign(over=listed["rounds"] - listed["rounds_agreed"])
    listed = listed[(listed["over"] > 0).fillna(False).astype(bool)]
    return listed.sort_values(["over", "project", "deliverable"], ascending=[False, True, True]).reset_index(drop=True)


def _open(issues: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Return which issues are open on a day: the date of closing says so, else the status."""
    closed = (issues["closed"] <= day) | (issues["closed"].isna() & (issues["status"] == "closed"))
    return (issues["raised"] <= day) & ~closed


@requires(issues="raised severity status")
def issues_by_severity(issues: pd.DataFrame | Missing, period: Quarter | Month) -> pd.DataFrame | Missing:
    """Return, by severity, what was raised and closed in a period, how fast, and what is open at its end.

    Parameters
    ----------
    issues : DataFrame
    period : Quarter or Month

    Returns
    -------
    DataFrame
        From critical to low, always all four: `severity`, `raised`, `closed`, `open`, `escalated` (of those open),
        `days_to_respond` (median of those raised in the period and answered), `days_to_resolve` (median of those closed in
        it), `oldest_days` (age of the oldest open one). Blank where none.

    Examples
    --------
    >>> issues = pd.DataFrame({"raised": pd.to_datetime(["2026-08-01", "2026-09-20"]), "severity": ["high", "high"],
    ...     "status": ["closed", "open"], "responded": pd.to_datetime(["2026-08-03", None]),
    ...     "closed": pd.to_datetime(["2026-08-21", None])})
    >>> table = issues_by_severity(issues, Quarter(2026, 3)).set_index("severity")
    >>> table.loc["high", ["raised", "closed", "open", "days_to_resolve", "oldest_days"]].astype(float).tolist()
    [2.0, 1.0, 1.0, 20.0, 10.0]
    """
    day = pd.Timestamp(period.end)
    rows = complete(issues, "issues", "escalated responded closed")
    unsolved = _open(rows, day)
    raised, closed = _within(rows["raised"], period), _within(rows["closed"], period)
    figures = pd.DataFrame(
        {
            "severity": rows["severity"],
            "raised": raised,
            "closed": closed,
            "open": unsolved,
            "escalated": unsolved & rows["escalated"].fillna(False).astype(bool),
            "days_to_respond": (rows["responded"] - rows["raised"]).dt.days.where(raised),
            "days_to_resolve": (rows["closed"] - rows["raised"]).dt.days.where(closed),
            "oldest_days": (day - rows["raised"]).dt.days.where(unsolved),
        }
    ).groupby("severity")
    counts = figures[["raised", "closed", "open", "escalated"]].sum().reindex(SEVERITIES, fill_value=0).astype("int64")
    medians = figures[["days_to_respond", "days_to_resolve"]].median().reindex(SEVERITIES)
    oldest = figures["oldest_days"].max().reindex(SEVERITIES)
    return pd.concat([counts, medians.astype(float), oldest.astype(float)], axis=1).rename_axis("severity").reset_index()


@requires(issues="raised severity responded")
def answered_in_time(
    issues: pd.DataFrame | Missing, period: Quarter | Month, within: Mapping[str, float]
) -> Proportion | Missing:
    """Return how many issues raised in a period were answered within the days promised for their severity.

    Parameters
    ----------
    issues : DataFrame
    period : Quarter or Month
    within : mapping of str to float
        Severity -> days in which we answer; issues of other severities are not counted.

    Returns
    -------
    Proportion or Missing
        Of those that were answered or whose time was up by the period's end. `Missing` without a promise or such an issue.

    Examples
    --------
    >>> issues = pd.DataFrame({"raised": pd.to_datetime(["2026-08-03", "2026-08-10", "2026-09-30"]), "severity": "high",
    ...                        "responded": pd.to_datetime(["2026-08-04", "2026-08-14", None])})
    >>> str(answered_in_time(issues, Quarter(2026, 3), {"high": 2}))
    '1 of 2'
    """
    if not within:
        return Missing("no time to answer is promised", "add response_days to account.yaml")
    rows = issues[_within(issues["raised"], period)]
    promised = rows["raised"] + pd.to_timedelta(rows["severity"].map(within).astype(float), unit="D")
    due = promised.notna() & (rows["responded"].notna() | (promised <= pd.Timestamp(period.end)))
    in_time = due & (rows["responded"] <= promised)
    return proportion(int(in_time.sum()), int(due.sum()), "no issue was to be answered in the period")


@requires(issues="issue raised severity summary status")
def open_issues(issues: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the issues that are open on a day, the worst and then the oldest first.

    Parameters
    ----------
    issues : DataFrame
    as_of : date

    Returns
    -------
    DataFrame
        `issue`, `project`, `severity`, `escalated`, `summary`, `owner`, `raised`, `age_days`, `responded`.

    Examples
    --------
    >>> issues = pd.DataFrame({"issue": ["7", "9"], "raised": pd.to_datetime(["2026-08-01", "2026-09-20"]),
    ...     "severity": ["low", "critical"], "summary": ["Typo", "Shop down"], "status": "open"})
    >>> open_issues(issues, date(2026, 9, 30))[["issue", "age_days"]].values.tolist()
    [['9', 10], ['7', 60]]
    """
    rows = complete(issues, "issues", "project escalated owner responded closed")
    rows = rows[_open(rows, pd.Timestamp(as_of))]
    rows = rows.assign(
        age_days=(pd.Timestamp(as_of) - rows["raised"]).dt.days,
        rank=rows["severity"].map({severity: i for i, severity in enumerate(SEVERITIES)}),
    )
    columns = ["issue", "project", "severity", "escalated", "summary", "owner", "raised", "age_days", "responded"]
    return rows.sort_values(["rank", "raised", "issue"], kind="stable")[columns].reset_index(drop=True)


@requires(milestones="deliverable stage original_due due done")
def around(milestones: pd.DataFrame | Missing, period: Quarter) -> pd.DataFrame | Missing:
    """Return the deliverables that were due or done in a quarter, are overdue, or are due in the next quarter.

    >>> plan = pd.DataFrame({"deliverable": ["old", "now", "far"], "stage": ["accepted", "accepted", "planned"],
    ...     "original_due": pd.to_datetime(["2025-01-01", "2026-08-01", "2027-09-01"]), "done": pd.to_datetime([None] * 3),
    ...     "due": pd.to_datetime(["2025-01-01", "2026-08-01", "2027-09-01"])})
    >>> around(plan, Quarter(2026, 3))["deliverable"].tolist()
    ['now']
    """
    first, last = pd.Timestamp(period.start), pd.Timestamp(period.next.end)
    near = milestones["due"].between(first, last) | milestones["done"].between(first, last)
    return some(milestones[near | (milestones["stage"] == "overdue")], "nothing was due or delivered around this quarter")


@requires(near="due done stage days_late")
def most_pressing(near: pd.DataFrame | Missing, as_of: date, most: int = 24) -> pd.DataFrame | Missing:
    """Return the deliverables that a page has room for, in the order given.

    Those that are overdue come before those that came late, each the latest first, and those before the rest, of which the
    ones due nearest to the day are kept.

    >>> plan = pd.DataFrame({"deliverable": ["old", "late", "near", "far"], "stage": "planned", "days_late": [0, 9, None, None],
    ...     "due": pd.to_datetime(["2026-07-01", "2026-07-02", "2026-10-02", "2026-12-01"]), "done": pd.NaT})
    >>> most_pressing(plan, date(2026, 9, 30), most=2)["deliverable"].tolist()
    ['late', 'near']
    """
    late = near["days_late"].astype("Float64").fillna(0).clip(lower=0)
    ranked = pd.DataFrame({"overdue": near["stage"] != "overdue", "late": -late})
    ranked["away"] = (near["due"].fillna(near["done"]) - pd.Timestamp(as_of)).abs()
    kept = ranked.sort_values(["overdue", "late", "away"], kind="stable").index[:most]
    return near[near.index.isin(kept)].reset_index(drop=True)

"""Which rows a section of a report is about: running projects, the deliverables around a quarter, what was agreed last time.

A measure gives all rows; a page shows those that its reader can act on. Each rule stands here once, so that the plan, the risk
report and the review mean the same by "running" or "agreed last time".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.money import rounded_to_foot
from acctlib.periods import Quarter

__all__ = [
    "agreed_before",
    "allowance_by_month",
    "around",
    "at_month_end",
    "billable",
    "charged_by_project",
    "column",
    "critical_tasks",
    "due_after",
    "estimated_hours",
    "first",
    "hours_by_period",
    "ids_of",
    "in_quarter",
    "known",
    "largest_risks",
    "margin_ranges",
    "most_pressing",
    "movers",
    "named",
    "names_of",
    "newest",
    "number_of",
    "of_projects",
    "ranges_of",
    "response_steps",
    "response_table",
    "running",
    "score_in",
    "scores_of",
    "share_on_track",
    "shared_out",
    "shared_risks",
    "steps_that_moved",
    "swings",
    "tasks_done",
    "total",
    "total_budget",
    "uncertain",
    "under_way",
    "used_and_planned",
    "visible_risks",
    "with_budget",
    "with_monthly_budget",
    "work_by_type",
]


def _some(rows: pd.DataFrame, reason: str) -> pd.DataFrame | Missing:
    return rows.reset_index(drop=True) if len(rows) else Missing(reason)


@requires(scope="project status?")
def running(scope: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the projects that are not closed; a project without a status is running.

    >>> running(pd.DataFrame({"project": ["a", "b"], "status": ["closed", None]}))["project"].tolist()
    ['b']
    """
    return _some(scope[scope["status"].fillna("active") != "closed"], "no project is running")


@requires(projects="project name budget_hours?")
def with_budget(projects: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the projects that have a budget in hours.

    >>> with_budget(pd.DataFrame({"project": ["a", "b"], "name": ["A", "B"], "budget_hours": [10.0, None]}))["project"].tolist()
    ['a']
    """
    return _some(projects[projects["budget_hours"].notna()], "no project has a budget in hours")


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


@requires(scores="label value")
def score_in(scores: pd.DataFrame | Missing, quarter: str) -> float | Missing:
    """Return the score of one quarter, as from `scores_of`; an older one is no substitute.

    >>> score_in(pd.DataFrame({"label": ["2026-Q2", "2026-Q3"], "value": [0.8, None]}), "2026-Q3")
    Missing(reason='too few answered in 2026-Q3', remedy='')
    """
    known = scores[scores["label"] == quarter]["value"].dropna()
    return float(known.iloc[-1]) if len(known) else Missing(f"too few answered in {quarter}")


def newest(table: pd.DataFrame | Missing, column: str) -> float | Missing:
    """Return the last known value of a column.

    >>> newest(pd.DataFrame({"fees": [1.0, 2.0]}), "fees")
    2.0
    """
    known = table if isinstance(table, Missing) else table[column].dropna()
    if isinstance(known, Missing):
        return known
    return float(known.iloc[-1]) if len(known) else Missing(f"{column} is not known")


def at_month_end(fan: pd.DataFrame | Missing, period: Quarter) -> tuple[float | Missing, str, dict[float, float] | None]:
    """Return what a fan in hours expects by the end of a quarter, as a named result: value, unit and quantiles.

    >>> fan = pd.DataFrame({"month": ["2026-12"], "low": [480.0], "likely": [520.0], "high": [560.0]})
    >>> at_month_end(fan, Quarter(2026, 4))
    (520.0, 'h', {0.1: 480.0, 0.5: 520.0, 0.9: 560.0})
    """
    if isinstance(fan, Missing):
        return fan, "h", None
    row = fan[fan["month"] == f"{period.end:%Y-%m}"]
    if row.empty:
        return Missing("the forecast ends before the next quarter does"), "h", None
    low, likely, high = (float(row[name].iloc[0]) for name in ("low", "likely", "high"))
    return likely, "h", {0.1: low, 0.5: likely, 0.9: high}


@requires(table="project", projects="project")
def of_projects(table: pd.DataFrame | Missing, projects: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the rows of a table that belong to some projects.

    >>> table = pd.DataFrame({"project": ["a", "b"], "hours": [1.0, 2.0]})
    >>> of_projects(table, pd.DataFrame({"project": ["b"]}))["hours"].tolist()
    [2.0]
    """
    return _some(table[table["project"].isin(projects["project"])], "nothing is recorded for these projects")


@requires(time_entries="billable")
def billable(time_entries: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the billable time entries.

    >>> billable(pd.DataFrame({"hours": [1.0, 2.0], "billable": [True, False]}))["hours"].tolist()
    [1.0]
    """
    return _some(time_entries[time_entries["billable"].fillna(False).astype(bool)], "no time is billable")


@requires(expenses="date project charged")
def charged_by_project(expenses: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return what the client was charged for expenses to a day, by project: project, charged (account currency).

    >>> rows = pd.DataFrame({"date": pd.to_datetime(["2026-07-01"] * 2), "project": ["a", "a"], "charged": [10.0, None]})
    >>> charged_by_project(rows, date(2026, 9, 30)).values.tolist()
    [['a', 10.0]]
    """
    known = expenses[expenses["date"] <= pd.Timestamp(as_of)]
    return _some(known.groupby("project", as_index=False, sort=True)["charged"].sum(), "no expense is recorded")


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
    return _some(milestones[near | (milestones["stage"] == "overdue")], "nothing was due or delivered around this quarter")


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


@requires(actions="agreed_on stage")
def agreed_before(actions: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return what was agreed before the newest meeting, which is what that meeting reports on; all where there was but one.

    >>> days = pd.to_datetime(["2026-07-16", "2026-09-24"])
    >>> agreed_before(pd.DataFrame({"action": ["a", "b"], "agreed_on": days, "stage": "open"}))["action"].tolist()
    ['a']
    """
    newest = actions["agreed_on"].max()
    earlier = actions["agreed_on"] < newest
    return _some(actions[earlier] if earlier.any() else actions, "nothing was agreed before")


@requires(actions="stage due")
def due_after(actions: pd.DataFrame | Missing, day: date) -> pd.DataFrame | Missing:
    """Return what is still open, by due date: the overdue first, then what comes.

    >>> open_ones = pd.DataFrame({"action": ["a", "b"], "stage": ["done", "open"], "due": pd.to_datetime(["2026-10-01"] * 2)})
    >>> due_after(open_ones, date(2026, 9, 30))["action"].tolist()
    ['b']
    """
    waiting = actions[actions["stage"].isin(["open", "overdue"])]
    return _some(waiting.sort_values("due", na_position="last", kind="stable"), f"nothing is open on {day}")


@requires(risks="risk description status?")
def visible_risks(risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the risks that are open, as this audience sees them; what has occurred is no risk any more.

    >>> register = pd.DataFrame({"risk": ["a", "b"], "description": ["x", "y"], "status": ["closed", "open"]})
    >>> visible_risks(register)["risk"].tolist()
    ['b']
    """
    return _some(risks[risks["status"].fillna("open") == "open"], "no risk is open")


@requires(risks="risk description status? probability? likely?")
def largest_risks(risks: pd.DataFrame | Missing, most: int = 3) -> pd.DataFrame | Missing:
    """Return the open risks that weigh most, chance times likely amount; those without an amount come after them, by chance.

    >>> register = pd.DataFrame({"risk": ["a", "b", "c"], "description": "…", "probability": [0.9, 0.1, 0.5],
    ...                          "likely": [None, 50e3, 9e3]})
    >>> largest_risks(register)["risk"].tolist()
    ['b', 'c', 'a']
    """
    rows = visible_risks(risks)
    if isinstance(rows, Missing):
        return rows
    chance = rows["probability"].astype(float)
    rows = rows.assign(_weight=chance * rows["likely"].astype(float), _chance=chance)
    ordered = rows.sort_values(["_weight", "_chance"], ascending=False, na_position="last", kind="stable", ignore_index=True)
    return ordered.drop(columns=["_weight", "_chance"]).head(most)


@requires(risks="risk description status? client_visible")
def shared_risks(risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the open risks that are marked for the client, in either edition.

    >>> register = pd.DataFrame({"risk": ["a", "b"], "description": ["x", "y"], "client_visible": [True, False]})
    >>> shared_risks(register)["risk"].tolist()
    ['a']
    """
    open_risks = visible_risks(risks)
    if isinstance(open_risks, Missing):
        return Missing("no open risk is shared")
    return _some(open_risks[open_risks["client_visible"].fillna(False).astype(bool)], "no open risk is shared")


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


def used_and_planned(burn: pd.DataFrame | Missing) -> tuple[float | Missing, ...]:
    """Return what is used, what was planned to be used by then, the budget of the work done, and the whole budget then.

    All of the last month with actuals; what is not known then is `Missing`.

    >>> months = pd.DataFrame({"actual": [10.0, None], "plan": [12.0, 20.0], "earned": [11.0, None], "budget": [20.0, 20.0]})
    >>> used_and_planned(months)
    (10.0, 12.0, 11.0, 20.0)
    """
    known = burn if isinstance(burn, Missing) else burn.dropna(subset=["actual"])
    if isinstance(known, Missing) or known.empty:
        return (known if isinstance(known, Missing) else Missing("nothing is used yet"),) * 4
    last = known.iloc[-1]
    values = (last[name] for name in ("actual", "plan", "earned", "budget"))
    return tuple(Missing("it is not known") if pd.isna(value) else float(value) for value in values)


@requires(scores="quarter kind score low high answered")
def scores_of(scores: pd.DataFrame | Missing, kind: str, period: Quarter, quarters: int = 4) -> pd.DataFrame | Missing:
    """Return the newest scores of one kind for a chart, a row a quarter up to the report's own, those without a score too.

    CSAT stays a fraction; the net promoter score is told in points from -100 to 100, as everybody quotes it.

    Parameters
    ----------
    scores : DataFrame
        As from `satisfaction.satisfaction_by_quarter`.
    kind : {"nps", "csat"}
    period : Quarter
        The report's quarter.
    quarters : int, default 4
        So many scores, at most as far back as twice as many quarters.

    Returns
    -------
    DataFrame
        `quarter` (its name), `label` (with the number of answers), `low`, `value`, `high`, `answered`, `note` ("no score",
        where nobody or too few answered; such a row is blank otherwise).

    Examples
    --------
    >>> scores = pd.DataFrame({"quarter": ["2026-Q1", "2026-Q3"], "kind": "nps", "score": [0.2, 0.5], "low": [-0.3, 0.25],
    ...                        "high": [0.7, 0.75], "answered": [5, 8]})
    >>> scores_of(scores, "nps", Quarter(2026, 3))[["label", "value"]].values.tolist()
    [['Q1 2026, n = 5', 20.0], ['Q2 2026', nan], ['Q3 2026, n = 8', 50.0]]
    """
    known = scores[(scores["kind"] == kind) & scores["score"].notna()].set_index("quarter").tail(quarters)
    if known.empty:
        return Missing(f"too few answered for a score of {kind.upper()}")
    last = period
    while last.label < known.index.max():
        last = last.next
    window = last.last(2 * quarters)
    known = known[known.index.isin([quarter.label for quarter in window])]
    if known.empty:
        return Missing(f"no score of {kind.upper()} is recent")
    shown = [quarter for quarter in window if quarter.label >= known.index.min()]
    table = known.reindex([quarter.label for quarter in shown])
    points = table[["low", "score", "high"]] * (100 if kind == "nps" else 1)
    names = pd.Series([quarter.name for quarter in shown], index=table.index, dtype="str")
    scored = table["score"].notna()
    label = names.where(~scored, names + ", n = " + table["answered"].astype("Int64").astype("str"))
    note = pd.Series("no score", index=table.index, dtype="str").where(~scored)
    table = points.rename(columns={"score": "value"}).assign(quarter=names, label=label, answered=table["answered"], note=note)
    return table[["quarter", "label", "low", "value", "high", "answered", "note"]].reset_index(drop=True)


@requires(objectives="state")
def share_on_track(objectives: pd.DataFrame | Missing) -> float | Missing:
    """Return the share of goals with a state that are on track, as a fraction.

    >>> share_on_track(pd.DataFrame({"state": ["on track", "off track", None]}))
    0.5
    """
    known = objectives["state"].dropna()
    return float((known == "on track").mean()) if len(known) else Missing("no goal has a state")


@requires(table="")
def number_of(table: pd.DataFrame | Missing) -> int | Missing:
    """Return how many rows a table has, as a named result.

    >>> number_of(pd.DataFrame({"change": ["C1"]}))
    1
    """
    return len(table)


@requires(tasks="status?")
def tasks_done(tasks: pd.DataFrame | Missing) -> int | Missing:
    """Return how many tasks are done.

    >>> tasks_done(pd.DataFrame({"task": ["a", "b"], "status": ["done", "planned"]}))
    1
    """
    return int((tasks["status"] == "done").fillna(False).sum())


@requires(tasks="likely_hours status?")
def estimated_hours(tasks: pd.DataFrame | Missing) -> float | Missing:
    """Return the sum of the likely hours of all tasks that are not cancelled.

    >>> estimated_hours(pd.DataFrame({"likely_hours": [10.0, 5.0], "status": ["done", "cancelled"]}))
    10.0
    """
    return float(tasks.loc[tasks["status"].fillna("") != "cancelled", "likely_hours"].sum())


@requires(tasks="project task work_type? status?")
def work_by_type(
    tasks: pd.DataFrame | Missing, time_entries: pd.DataFrame | Missing, period: Quarter, open_book: Iterable[str] | None = None
) -> pd.DataFrame | Missing:
    """Return what was worked on, by kind of work: work_type, tasks (not cancelled), tasks_done, hours_in_period, hours_to_date.

    Hours without a task have a row of their own, so that the hours foot; without time entries hours are blank, and so are
    those of a kind of work of which none are seen, where some of it belongs to a project that is not in `open_book` (the
    projects whose hours this edition sees; None = all). The most worked on in the period comes first.

    >>> plan = pd.DataFrame({"project": "app", "task": ["1", "2"], "work_type": "Build", "status": ["done", "planned"]})
    >>> time = pd.DataFrame({"date": pd.to_datetime(["2026-06-30", "2026-07-01"]), "project": "app", "task": ["1", None],
    ...                      "hours": [8.0, 2.0]})
    >>> work_by_type(plan, time, Quarter(2026, 3)).values.tolist()
    [['No task named', 0, 0, 2.0, 2.0], ['Build', 2, 1, 0.0, 8.0]]
    """
    kind = tasks["work_type"].fillna("Other work")
    kept, done = tasks["status"].fillna("") != "cancelled", tasks["status"].fillna("") == "done"
    work = pd.DataFrame({"tasks": kept.groupby(kind).sum(), "tasks_done": done.groupby(kind).sum()})
    if isinstance(time_entries, Missing) or "task" not in time_entries.columns:
        work = work.assign(hours_in_period=np.nan, hours_to_date=np.nan)
    else:
        of_task = tasks[["project", "task"]].assign(work_type=kind)
        entries = time_entries[["date", "project", "task", "hours"]].merge(of_task, on=["project", "task"], how="left")
        within = entries["date"].between(pd.Timestamp(period.start), pd.Timestamp(period.end))
        hours = entries[["hours"]].assign(hours_in_period=entries["hours"].where(within, 0.0))
        by_kind = hours.groupby(entries["work_type"].fillna("No task named"))[["hours_in_period", "hours"]].sum()
        work = work.join(by_kind.rename(columns={"hours": "hours_to_date"}), how="outer")
        shut = set() if open_book is None else set(kind[~tasks["project"].isin(open_book)])
        unseen = work["hours_to_date"].isna() & work.index.isin(shut)
        work = work.fillna(0.0)
        work.loc[unseen, ["hours_in_period", "hours_to_date"]] = np.nan
    work = work.astype({"tasks": "int64", "tasks_done": "int64"}).rename_axis("work_type").reset_index()
    work = work.sort_values(["hours_in_period", "hours_to_date"], ascending=False, kind="stable")
    return _some(work, "no task is planned")


@requires(time_entries="date hours")
def hours_by_period(time_entries: pd.DataFrame | Missing, periods: Sequence[Quarter]) -> pd.DataFrame | Missing:
    """Return the hours of each quarter, from the first one that has any: period, hours.

    >>> time = pd.DataFrame({"date": pd.to_datetime(["2026-05-04", "2026-07-01"]), "hours": [8.0, 2.0]})
    >>> hours_by_period(time, Quarter(2026, 3).last(4)).values.tolist()
    [['2026-Q2', 8.0], ['2026-Q3', 2.0]]
    """
    within = [time_entries["date"].between(pd.Timestamp(q.start), pd.Timestamp(q.end)) for q in periods]
    hours = [float(time_entries.loc[rows, "hours"].sum()) for rows in within]
    begun = next((position for position, worked in enumerate(hours) if worked), None)
    if begun is None:
        return Missing("no hours were worked in these quarters")
    return pd.DataFrame({"period": [q.label for q in periods], "hours": hours}).iloc[begun:].reset_index(drop=True)


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


@requires(drivers="driver kind low high share")
def named(
    drivers: pd.DataFrame | Missing, risks: pd.DataFrame | Missing, scope: pd.DataFrame | Missing
) -> pd.DataFrame | Missing:
    """Return drivers of a forecast with a risk by its description, and a task with its project where there are several.

    What a project shares is "the project as a whole"; a task that is known by a bare number is called "task 7".

    >>> moved = pd.DataFrame({"driver": ["R1", "7368"], "kind": ["risk", "line"], "low": 1.0, "high": 2.0, "share": 0.5})
    >>> register = pd.DataFrame({"risk": ["R1"], "description": ["Late content"]})
    >>> named(moved, register, Missing("there is one"))["driver"].tolist()
    ['Late content', 'task 7368']
    """
    # A bare number reads as a figure in a sentence.
    bare = (drivers["kind"] != "risk") & drivers["driver"].astype("str").str.isdigit()
    drivers = drivers.assign(driver=drivers["driver"].where(~bare, "task " + drivers["driver"].astype("str")))
    if not isinstance(scope, Missing) and "project" in drivers.columns:
        project = drivers["project"].map(scope.set_index("project")["name"])
        whole, task = (drivers["kind"] == "project") & project.notna(), (drivers["kind"] == "line") & project.notna()
        said = drivers["driver"].where(~whole, project.fillna("") + " as a whole")
        drivers = drivers.assign(driver=said.where(~(task & (len(scope) > 1)), said + ", " + project.fillna("")))
    if isinstance(risks, Missing):
        return drivers
    told = drivers["driver"].map(dict(zip(risks["risk"], risks["description"], strict=True)))
    return drivers.assign(driver=drivers["driver"].where((drivers["kind"] != "risk") | told.isna(), told))


def response_table(taken: Any, risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return what each response brings, with its risk and the response in words; `chosen` says take or leave.

    >>> from types import SimpleNamespace
    >>> taken = SimpleNamespace(table=pd.DataFrame({"risk": ["R1"], "chosen": [True]}))
    >>> register = pd.DataFrame({"risk": ["R1"], "description": ["Late content"], "response": ["An editor"]})
    >>> response_table(taken, register)[["description", "response", "chosen"]].values.tolist()
    [['Late content', 'An editor', 'take']]
    """
    if isinstance(taken, Missing) or isinstance(risks, Missing):
        return taken if isinstance(taken, Missing) else risks
    register = risks.drop_duplicates("risk", keep="last").set_index("risk").reindex(taken.table["risk"])
    words = {name: register[name].fillna("").to_numpy() for name in ("description", "response") if name in register.columns}
    return taken.table.assign(**words, chosen=np.where(taken.table["chosen"], "take", "leave"))


def response_steps(taken: Any, risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the way from today's percentile to the one after the chosen responses: step (in words), amount.

    >>> from types import SimpleNamespace
    >>> taken = SimpleNamespace(steps=pd.DataFrame({"step": ["today", "R1", "after"], "amount": [9.0, -2.0, 7.0]}))
    >>> register = pd.DataFrame({"risk": ["R1"], "description": ["Late content"], "response": ["An editor"]})
    >>> response_steps(taken, register)["step"].tolist()
    ['today', 'An editor', 'after']
    """
    if isinstance(taken, Missing) or isinstance(risks, Missing):
        return taken if isinstance(taken, Missing) else risks
    if len(taken.steps) == 2:
        return Missing("no response is worth its money")
    said = risks.drop_duplicates("risk", keep="last").set_index("risk")
    said = said["response"].fillna(said["description"]) if "response" in said.columns else said["description"]
    return taken.steps.assign(step=taken.steps["step"].map(said).fillna(taken.steps["step"]))


@requires(joint="", scope="project name billing_type?")
def critical_tasks(joint: Any, scope: pd.DataFrame | Missing, most: int = 8) -> pd.DataFrame | Missing:
    """Return the tasks that put their project off most often: name (of the project), task, finish_low to finish_high, critical.

    >>> table = pd.DataFrame({"project": ["p", "p"], "task": ["a", "b"], "critical": [0.2, 0.9]})
    >>> from types import SimpleNamespace
    >>> joint = SimpleNamespace(tasks=table)
    >>> critical_tasks(joint, pd.DataFrame({"project": ["p"], "name": ["Portal"]}))["task"].tolist()
    ['b', 'a']
    """
    # A retainer has no end to put off.
    names = scope[(scope["billing_type"] != "retainer").fillna(True)].set_index("project")["name"]
    table = joint.tasks.assign(name=joint.tasks["project"].map(names)).dropna(subset=["name"])
    return _some(table[table["critical"] > 0].sort_values("critical", ascending=False, kind="stable").head(most), "no task")


@requires(margins="name low margin high")
def margin_ranges(margins: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the margins of the projects as a chart wants them: label, low, value, high.

    >>> margin_ranges(pd.DataFrame({"name": ["Portal"], "low": [-5.0], "margin": [10.0], "high": [20.0]})).values.tolist()
    [['Portal', -5.0, 10.0, 20.0]]
    """
    known = margins.dropna(subset=["margin"]).rename(columns={"name": "label", "margin": "value"})
    return _some(known[["label", "low", "value", "high"]], "the margin of no project is known")


@requires(drivers="driver low high")
def swings(drivers: pd.DataFrame | Missing, most: int = 10) -> pd.DataFrame | Missing:
    """Return the ends of the total that the strongest drivers swing it to, the widest first: driver, low, high.

    >>> moved = pd.DataFrame({"driver": ["Build"], "kind": ["line"], "low": [1.0], "high": [2.0], "share": [1.0]})
    >>> swings(moved).values.tolist()
    [['Build', 1.0, 2.0]]
    """
    strongest = drivers.head(most)
    width = (strongest["high"] - strongest["low"]).abs()
    return strongest.loc[width.sort_values(ascending=False, kind="stable").index, ["driver", "low", "high"]].reset_index(
        drop=True
    )


@requires(tasks="project task state gap_hours by_progress_hours", scope="project name")
def under_way(tasks: pd.DataFrame | Missing, scope: pd.DataFrame | Missing, most: int = 10) -> pd.DataFrame | Missing:
    """Return the tasks under way with what remains, those first where judgement and progress lie furthest apart.

    >>> tasks = pd.DataFrame({"project": "p", "task": ["a", "b", "c"], "state": ["under way", "under way", "done"],
    ...     "gap_hours": [5.0, -60.0, None], "by_progress_hours": [25.0, 40.0, None]})
    >>> under_way(tasks, pd.DataFrame({"project": ["p"], "name": ["Portal"]}))[["name", "task"]].values.tolist()
    [['Portal', 'b'], ['Portal', 'a']]
    """
    rows = tasks[tasks["state"] == "under way"]
    rows = rows.assign(name=rows["project"].map(scope.set_index("project")["name"]).fillna(rows["project"]))
    furthest = rows["gap_hours"].abs().sort_values(ascending=False, na_position="last", kind="stable").index
    return _some(rows.loc[furthest].head(most), "no task is under way")


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


@requires(parts="driver share amount")
def shared_out(parts: pd.DataFrame | Missing, most: int = 10) -> pd.DataFrame | Missing:
    """Return the largest parts of an amount and all others as one row, in whole units that foot to the whole.

    >>> parts = {"driver": ["a", "b", "c"], "kind": "line", "share": [0.5, 0.3, 0.2], "amount": [50.4, 30.3, 20.3]}
    >>> shared_out(pd.DataFrame(parts), most=1)[["driver", "amount"]].values.tolist()
    [['a', 50.0], ['all 2 others', 51.0]]
    """
    shown, rest = parts.head(most), parts.iloc[most:]
    if len(rest):
        others = {"driver": f"all {len(rest)} others", "share": rest["share"].sum(), "amount": rest["amount"].sum()}
        shown = pd.concat([shown, pd.DataFrame([others])], ignore_index=True)
    return shown.assign(amount=rounded_to_foot(shown["amount"]))


def total(table: pd.DataFrame | Missing, amount: str) -> float | Missing:
    """Return the sum of a column, or `Missing` where none of its cells is known.

    >>> total(pd.DataFrame({"fees": [1.0, None]}), "fees"), total(pd.DataFrame({"fees": [None]}), "fees").reason
    (1.0, 'fees is not known')
    """
    if isinstance(table, Missing):
        return table
    known = table[amount].dropna()
    return float(known.sum()) if len(known) else Missing(f"{amount} is not known")


def column(table: pd.DataFrame | Missing, amount: str, by: str) -> pd.Series | Missing:
    """Return one column by the names in another, as `revenue.concentration` wants it.

    >>> column(pd.DataFrame({"service": ["design"], "fees": [9.0]}), "fees", "service").to_dict()
    {'design': 9.0}
    """
    return table if isinstance(table, Missing) else table.set_index(by)[amount]


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
    return _some(rows.drop(columns="order").rename(columns={"chance": "odds"}), "nothing is open: all that is known is certain")


@requires(moves="item chance difference")
def movers(moves: pd.DataFrame | Missing, most: int = 8) -> pd.DataFrame | Missing:
    """Return the deals and renewals that move the chance of a target, with the odds that they come.

    >>> moves = pd.DataFrame({"item": ["R1", "Small"], "chance": [0.7, 0.5], "difference": [0.2, 0.0001]})
    >>> movers(moves)["item"].tolist()
    ['R1']
    """
    rows = moves[moves["difference"].abs() >= 0.0005].head(most).rename(columns={"chance": "odds"})
    return _some(rows, "nothing that is open decides about the target")


@requires(bridge="step amount")
def steps_that_moved(bridge: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return a bridge without the steps that are nought; its two ends stay.

    >>> bridge = pd.DataFrame({"step": ["Q2", "churn", "expansion", "Q3"], "amount": [0.0, 0.0, 5.0, 5.0]})
    >>> steps_that_moved(bridge)["step"].tolist()
    ['Q2', 'expansion', 'Q3']
    """
    inner = pd.Series(range(len(bridge)), bridge.index).between(1, len(bridge) - 2)
    return bridge[~inner | (bridge["amount"].abs() >= 0.005)].reset_index(drop=True)

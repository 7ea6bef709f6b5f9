"""Tasks: which are done, what was worked on, and which of those under way need a look.

A report shows a few tasks of hundreds: those that put their project off most often, and those where the judgement of who does
the work and the progress written down lie furthest apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from acctlib.measures.undefined import some
from acctlib.missing import Missing, requires
from acctlib.periods import Quarter

__all__ = [
    "critical_tasks",
    "estimated_hours",
    "hours_by_period",
    "tasks_done",
    "under_way",
    "work_by_type",
]


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
    return some(work, "no task is planned")


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
    return some(rows.loc[furthest].head(most), "no task is under way")


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
    return some(table[table["critical"] > 0].sort_values("critical", ascending=False, kind="stable").head(most), "no task")

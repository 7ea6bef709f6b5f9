"""When the work will be finished, and how sure it is to hold cost and date together.

Tasks follow one another; each takes as long as it takes. The finish of a project is that of its last task, and since the
latest of several paths counts, it is later than the dates on the plan even where each single date is as likely early as late:
merging paths only ever add delay. A task is critical when a day more on it is a day more on its project; with uncertain
durations that is a share of the cases.

Cost and dates go together. What takes longer than estimated also takes more hours, a project's shared factor stretches both,
and a risk that happens costs money and days at once. They are therefore drawn together, and the chance of staying within
budget *and* date is read from the same draws: it is lower than either chance, and higher than their product.

Time is counted in days from the end of the as-of day: a task of one day that starts tomorrow ends at 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.distributions import pert, point
from acctlib.outlook.estimate_at_completion import BY_THE_MONTH, EstimateAtCompletion
from acctlib.outlook.families import Distribution, Point
from acctlib.outlook.model import CostModel, Line, Risk
from acctlib.outlook.simulate import simulate

__all__ = [
    "JointForecast",
    "Task",
    "drawn_outcomes",
    "finish_by_project",
    "forecast_of",
    "in_order",
    "joint_forecast",
    "planned_tasks",
]


@dataclass(frozen=True)
class Task:
    """A task on the calendar.

    Parameters
    ----------
    name : str
        Unique within its project.
    days : Distribution or float
        From its start to its finish, in calendar days. With a `line`: the days it takes if that line is at its likely value.
    after : tuple of str
        Names of tasks of the same project that must be finished before it starts.
    project, work_type : str, optional
        As for a `Line`: what shares a factor with what.
    earliest : float, default 0
        It does not start before so many days have passed.
    line : str, optional
        Name of a line of the same project in the cost model: the task takes as much longer as that line takes more.
    """

    name: str
    days: Distribution | float
    after: tuple[str, ...] = ()
    project: str = ""
    work_type: str = ""
    earliest: float = 0.0
    line: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.days, Distribution):
            object.__setattr__(self, "days", point(self.days))
        if isinstance(self.after, str):
            raise ValueError(f"task {self.name!r}: after must be names, got {self.after!r}; write ({self.after!r},)")
        object.__setattr__(self, "after", tuple(self.after))
        if self.days.low < 0:
            raise ValueError(
                f"task {self.name!r}: days must be 0 or more, got {self.days.low:g} at least; write pert(8, 10, 15)"
            )


@dataclass(frozen=True, eq=False)
class JointForecast:
    """Cost and finish of each project, drawn together.

    Attributes
    ----------
    model : CostModel
    start : date
        The day from whose end the days count.
    projects : tuple of str
        That have tasks still to finish.
    cost : array of float, shape (n_projects, n_draws)
        Of each project, in the unit of the model. Risks of no project are in `total` only.
    finish : array of float, shape (n_projects, n_draws)
        Days until the project's last task is finished.
    total : array of float, shape (n_draws,)
        Cost of the whole model.
    tasks : DataFrame
        A row a task: project, task, finish_low, finish (median), finish_high (dates; 8 of 10 between low and high) and
        critical (share of the cases in which a day more on it puts the project off). Before the delay of risks, which is
        that of the whole project.
    """

    model: CostModel
    start: date
    projects: tuple[str, ...]
    cost: np.ndarray
    finish: np.ndarray
    total: np.ndarray
    tasks: pd.DataFrame

    def confidence(self, budget: float, days: float, project: str | None = None) -> tuple[float, float, float]:
        """Return the chance to stay within the budget, within the days, and within both, of a project or of all together.

        The days are fractions; whoever finishes within the agreed day is in time.
        """
        place = None if project is None else self.projects.index(project)
        cost = self.total if place is None else self.cost[place]
        finish = self.finish.max(axis=0) if place is None else self.finish[place]
        within, in_time = cost <= budget, finish <= days + 1e-9
        return float(within.mean()), float(in_time.mean()), float((within & in_time).mean())

    def day(self, days: float) -> date:
        """Return the date on which so many days have passed."""
        return self.start + timedelta(days=math.ceil(days - 1e-9))

    def days(self, day: date) -> float:
        """Return how many days have passed at the end of a date."""
        return float((day - self.start).days)


def joint_forecast(
    model: CostModel | Missing, tasks: Sequence[Task] | Missing, start: date, draws: int = 16_384, seed: int = 1
) -> JointForecast | Missing:
    """Return cost and finish dates, drawn together.

    Parameters
    ----------
    model : CostModel or Missing
        Its correlation or factors hold for the durations too (a matrix holds for its lines only).
    tasks : sequence of Task or Missing
        Of one or more projects; the projects run side by side.
    start : date
        The day from whose end the days count.
    draws : int, default 16 384
    seed : int, default 1

    Returns
    -------
    JointForecast or Missing

    Raises
    ------
    ValueError
        If a task waits for one that is not there, tasks wait for each other, or a line is not in the model.

    Examples
    --------
    Design takes 20 to 40 days, build follows it with 30 to 60. When is the site live, with 8 of 10 chances?

    >>> from acctlib.outlook.distributions import uniform
    >>> model = CostModel([Line("build", uniform(100e3, 140e3), "site")], correlation=0.0)
    >>> tasks = [Task("design", uniform(20, 40), project="site"), Task("go live", uniform(30, 60), ("design",), "site")]
    >>> joint = joint_forecast(model, tasks, date(2026, 9, 30))
    >>> joint.day(np.quantile(joint.finish, 0.8))
    datetime.date(2026, 12, 24)
    >>> [round(chance, 1) for chance in joint.confidence(130e3, 75)]
    [0.8, 0.5, 0.4]
    """
    if isinstance(model, Missing) or isinstance(tasks, Missing):
        return model if isinstance(model, Missing) else tasks
    if not tasks:
        return Missing("no task is still to finish")
    tasks = in_order(tasks)
    _check_lines(model, tasks)
    projects = tuple(dict.fromkeys(task.project for task in tasks))
    own = [task for task in tasks if not task.line and not isinstance(task.days, Point)]
    drawn = simulate(_with_durations(model, own), draws, seed)
    delays = [Risk(risk.name, risk.probability, risk.delay or Point(0.0), risk.project) for risk in model.risks]
    blocks = [_block(model, tasks, own, projects, block) for block in drawn.parts(beside=delays)]
    cost, ends, total, finish, critical = (np.concatenate(rows, axis=-1) for rows in zip(*blocks, strict=True))
    joint = JointForecast(model, start, projects, cost, ends, total, pd.DataFrame())
    low, middle, high = np.quantile(finish, [0.1, 0.5, 0.9], axis=1)
    table = pd.DataFrame({"project": [task.project for task in tasks], "task": [task.name for task in tasks]})
    for column, amounts in (("finish_low", low), ("finish", middle), ("finish_high", high)):
        table[column] = pd.to_datetime([joint.day(days) for days in amounts])
    return replace(joint, tasks=table.assign(critical=critical.mean(axis=1)))


def forecast_of(work: EstimateAtCompletion | Missing, as_of: date, draws: int, seed: int) -> JointForecast | Missing:
    """Return cost and finish dates of an account's work, given what has been done."""
    if isinstance(work, Missing):
        return work
    return joint_forecast(work.model, planned_tasks(work.tasks, work.model, as_of), as_of, draws, seed)


@requires(joint="", scope="project name billing_type? end? budget_hours? budget_cost?")
def finish_by_project(
    joint: JointForecast | Missing, scope: pd.DataFrame | Missing, unit: str, confidence: float = 0.8
) -> pd.DataFrame | Missing:
    """Return when each project is finished, and how sure it is to hold its date, its budget, and both.

    Parameters
    ----------
    joint : JointForecast
    scope : DataFrame
        A row a project, approved changes included: project, name, billing_type, end, budget_hours, budget_cost.
    unit : str
        Of the model: "h" for hours, else money.
    confidence : float, default 0.8

    Returns
    -------
    DataFrame or Missing
        Without retainers: project, name, end (agreed), finish (median) and finish_sure (at `confidence`), dates; budget, in
        `unit`; in_time, in_budget and both, fractions, blank where there is no agreed end or budget. The least sure first.
    """
    budget = "budget_hours" if unit == "h" else "budget_cost"
    rows = []
    # A retainer has a term, which ends by itself.
    finite = scope["project"].isin(joint.projects) & (scope["billing_type"] != "retainer").fillna(True)
    for row in scope[finite].to_dict("records"):
        place = joint.projects.index(row["project"])
        end = math.nan if pd.isna(row["end"]) else joint.days(pd.Timestamp(row["end"]).date())
        limit = math.nan if pd.isna(row[budget]) else float(row[budget])
        chances = joint.confidence(limit, end, row["project"])
        known = np.array([not math.isnan(limit), not math.isnan(end), not math.isnan(limit + end)])
        in_budget, in_time, both = np.where(known, chances, np.nan)
        middle, sure = np.quantile(joint.finish[place], [0.5, confidence], method="inverted_cdf")
        told = {"project": row["project"], "name": row["name"], "end": row["end"], "finish": pd.Timestamp(joint.day(middle))}
        told |= {
            "finish_sure": pd.Timestamp(joint.day(sure)),
            "budget": limit,
            "in_time": in_time,
            "in_budget": in_budget,
            "both": both,
        }
        rows.append(told)
    if not rows:
        return Missing("no running project has a task still to finish")
    return pd.DataFrame(rows).sort_values("both", kind="stable", ignore_index=True)


@requires(joint="", finishes="project both")
def drawn_outcomes(joint: JointForecast | Missing, finishes: pd.DataFrame | Missing, most: int = 256) -> pd.DataFrame | Missing:
    """Return cost and finish of the least sure project in the first draws: columns cost and finish (dates).

    Parameters
    ----------
    joint : JointForecast
    finishes : DataFrame
        As from `finish_by_project`.
    most : int, default 256
        How many draws; the first ones are spread as evenly as all.
    """
    if finishes["both"].isna().all():
        return Missing("no project has both a budget and an agreed end")
    place = joint.projects.index(finishes["project"].iloc[0])
    days = [pd.Timestamp(joint.day(each)) for each in joint.finish[place][:most]]
    return pd.DataFrame({"cost": joint.cost[place][:most], "finish": days})


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks so that each stands behind those it waits for.

    Raises
    ------
    ValueError
        If two tasks share a name within a project, one waits for a task that is not there, or tasks wait for each other.

    Examples
    --------
    >>> [task.name for task in in_order([Task("build", 10, after=("design",)), Task("design", 5)])]
    ['design', 'build']
    """
    by_name = {(task.project, task.name): task for task in tasks}
    if len(by_name) < len(tasks):
        (project, name), count = Counter((task.project, task.name) for task in tasks).most_common(1)[0]
        raise ValueError(f"{count} tasks are called {name!r}{_of(project)}; give each a name of its own")
    waits = {key: [(task.project, name) for name in task.after] for key, task in by_name.items()}
    for (project, name), before in waits.items():
        for unknown in [key for key in before if key not in by_name]:
            raise ValueError(f"task {name!r}{_of(project)} waits for {unknown[1]!r}, which is not there; write a task's name")
    try:
        return [by_name[key] for key in TopologicalSorter(waits).static_order()]
    except CycleError as error:
        (project, _), *_ = cycle = error.args[1][::-1]
        names = " -> ".join(repr(name) for _, name in cycle)
        raise ValueError(f"tasks wait for each other{_of(project)}: {names}; take one of them out of `after`") from None


@requires(work="project task work_type state start low_days likely_days high_days depends_on")
def planned_tasks(work: pd.DataFrame | Missing, model: CostModel, as_of: date) -> list[Task] | Missing:
    """Return what is still to finish on the calendar, given what has been done.

    A task with a range of days is drawn from it. Without a range it takes as much longer than planned as its hours take more
    than is likely. A planned task starts after those it depends on, and not before the plan says; one under way has started.
    A project of which a task has neither days nor dates has no finish that could be told, and is left out.

    Parameters
    ----------
    work : DataFrame
        As in `EstimateAtCompletion.tasks`.
    model : CostModel
        The one that belongs to it.
    as_of : date

    Returns
    -------
    list of Task or Missing
        Done and cancelled tasks are left out. `Missing` where none is left.
    """
    rows = work[work["state"].isin(["under way", "planned"])]
    undated = rows.loc[rows["likely_days"].isna(), "project"]
    rows = rows[~rows["project"].isin(undated)]
    if rows.empty and len(undated):
        return Missing("no project has days or dates for all its tasks", "add start and finish, or likely_days, to tasks")
    lines = {(line.project, line.name) for line in model.lines}
    known = set(zip(rows["project"], rows["task"], strict=True))
    tasks = []
    for row in rows.to_dict("records"):
        name, project = row["task"], row["project"]
        waits = row["state"] == "planned" and not pd.isna(row["depends_on"])
        before = [other.strip() for other in row["depends_on"].split(";")] if waits else []
        ranged = row["low_days"] < row["high_days"]
        # A duration that is in the cost model already, by its cost a month or by its hours, must not be drawn twice.
        line = next((other for other in [name + BY_THE_MONTH] + [name] * (not ranged) if (project, other) in lines), "")
        begins = (
            (row["start"] - pd.Timestamp(as_of)).days - 1 if row["state"] == "planned" and row["start"] == row["start"] else 0
        )
        tasks.append(
            Task(
                name,
                pert(row["low_days"], row["likely_days"], row["high_days"]) if ranged and not line else row["likely_days"],
                tuple(other for other in before if (project, other) in known),
                project,
                row["work_type"],
                max(float(begins), 0.0),
                line,
            )
        )
    return tasks or Missing("no task is still to finish")


def _of(project: str) -> str:
    return f" of project {project!r}" if project else ""


def _check_lines(model: CostModel, tasks: Sequence[Task]) -> None:
    lines = {(line.project, line.name) for line in model.lines}
    for task in tasks:
        if task.line and (task.project, task.line) not in lines:
            raise ValueError(
                f"task {task.name!r} moves with line {task.line!r}{_of(task.project)}, which is not in the cost model; "
                "write the name of a line or leave it out"
            )


def _with_durations(model: CostModel, tasks: Sequence[Task]) -> CostModel:
    """Return the model with the tasks' durations as further lines, so that factors and correlation hold for them too."""
    durations = [Line(f"days of {task.name}", task.days, task.project, task.work_type) for task in tasks]
    correlation = model.correlation
    if isinstance(correlation, np.ndarray):
        correlation = np.eye(len(model.lines) + len(durations))
        correlation[: len(model.lines), : len(model.lines)] = model.correlation
    return CostModel((*model.lines, *durations), model.risks, correlation)


def _block(
    model: CostModel, tasks: Sequence[Task], own: Sequence[Task], projects: Sequence[str], block: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return cost and finish by project, total cost, each task's finish and whether it was critical, for a block of draws."""
    n_lines, n_risks = len(model.uncertain), len(model.risks)
    lines, durations, risks, delays = np.split(block, np.cumsum([n_lines, len(own), n_risks]))
    place = {(model.lines[i].project, model.lines[i].name): row for row, i in enumerate(model.uncertain)}
    # What has overrun its likely hours most likely needs none, but will need some: its days are those of the mean.
    likely = [model.lines[i].cost.likely or model.lines[i].cost.mean for i in model.uncertain]
    drawn = {id(task): row for task, row in zip(own, durations, strict=True)}
    days = np.empty((len(tasks), block.shape[1]))
    for i, task in enumerate(tasks):
        line = place.get((task.project, task.line)) if task.line else None
        stretch = 1.0 if line is None or not likely[line] else lines[line] / likely[line]
        days[i] = drawn.get(id(task), task.days.likely * stretch)
    finish = _finishes(tasks, days)
    ends = np.array([finish[[task.project == project for task in tasks]].max(axis=0) for project in projects])
    critical = _critical(tasks, days, finish, ends[[projects.index(task.project) for task in tasks]])
    costs = np.concatenate([lines, risks])
    owners = [model.lines[i].project for i in model.uncertain] + [risk.project for risk in model.risks]
    cost = np.array([costs[[owner == project for owner in owners]].sum(axis=0) for project in projects])
    for row, project in enumerate(projects):
        concerned = [risk.project in (project, "") for risk in model.risks]
        ends[row] += delays[concerned].sum(axis=0)
        cost[row] += math.fsum(x.cost.value for x in model.lines if isinstance(x.cost, Point) and x.project == project)
    total = costs.sum(axis=0) + model.fixed
    return cost, ends, total, finish.astype(np.float32), critical


def _finishes(tasks: Sequence[Task], days: np.ndarray) -> np.ndarray:
    """Return when each task is finished: it starts when the last one it waits for is."""
    finish = np.empty_like(days)
    row = {(task.project, task.name): i for i, task in enumerate(tasks)}
    for i, task in enumerate(tasks):
        before = [finish[row[task.project, name]] for name in task.after]
        finish[i] = np.max([np.full(days.shape[1], task.earliest), *before], axis=0) + days[i]
    return finish


def _critical(tasks: Sequence[Task], days: np.ndarray, finish: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return in which draws a day more on a task puts off the end of its project, shape of `days`."""
    latest = ends.copy()
    row = {(task.project, task.name): i for i, task in enumerate(tasks)}
    for i in range(len(tasks) - 1, -1, -1):
        for name in tasks[i].after:
            before = row[tasks[i].project, name]
            np.minimum(latest[before], latest[i] - days[i], out=latest[before])
    return latest - finish <= 1e-6

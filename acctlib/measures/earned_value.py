"""Earned value: what the work done was worth in the plan, beside what was planned by now and what it took.

Three figures per project, all on one basis. Planned value (PV) is the budget times the share of the work planned to be done
by now; earned value (EV) is the budget times the share that *is* done; actual (AC) is what it took. EV comes from progress,
never from spending: half the money gone says nothing about half the work.

The basis is part of the figure. On `cost` the index is our own margin and never leaves the agency; on `price` it sets fee
against hours at bill rate; on `hours` it is effort. CPI and SPI are good above 1, CV and SV good above 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires
from acctlib.periods import Month

__all__ = [
    "BASES",
    "EarnedValue",
    "done_shares",
    "earned_value",
    "earned_value_by_project",
    "planned_shares",
    "planned_spend",
    "planned_work",
    "task_progress",
    "with_earned_schedule",
    "work_done",
]

#: Basis -> columns of `budget.project_status` that hold the budget and the actual.
BASES = {"cost": ("budget_cost", "cost"), "price": ("contract_value", "value"), "hours": ("budget_hours", "billable_hours")}


@requires(tasks="project task")
def task_progress(tasks: pd.DataFrame | Missing, progress: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return how far each task was on a day.

    A finished task is done whatever its last assessment said; otherwise the newest assessment not after the day counts; a
    task with neither has earned nothing yet. Cancelled tasks are left out.

    Parameters
    ----------
    tasks : DataFrame
        `project`, `task`, and where kept `status`, `done_on`, `baseline_hours`, `likely_hours`.
    progress : DataFrame or Missing
        `project`, `task`, `as_of`, `percent_complete` as a fraction.
    as_of : date

    Returns
    -------
    DataFrame
        One row a task, in the order of tasks: `project`, `task`, `weight` (baseline hours, else likely hours; blank = none),
        `done` (fraction), `basis` ("finished", "assessed", "nothing reported").

    Examples
    --------
    >>> tasks = pd.DataFrame({"project": "app", "task": ["plan", "build"], "status": ["done", "in_progress"],
    ...                       "likely_hours": [10.0, 40.0]})
    >>> seen = pd.DataFrame({"project": "app", "task": ["build"], "as_of": pd.to_datetime(["2026-09-15"]),
    ...                      "percent_complete": [0.25]})
    >>> task_progress(tasks, seen, date(2026, 9, 30))[["task", "done", "basis"]].values.tolist()
    [['plan', 1.0, 'finished'], ['build', 0.25, 'assessed']]
    """
    tasks, weight = _weighed(tasks)
    assessed, finished = (on_days[:, 0] for on_days in _assessed_and_finished(tasks, progress, [as_of]))
    done = np.where(finished, 1.0, np.where(np.isnan(assessed), 0.0, assessed))
    basis = np.where(finished, "finished", np.where(np.isnan(assessed), "nothing reported", "assessed"))
    return pd.DataFrame(
        {
            "project": tasks["project"],
            "task": tasks["task"],
            "weight": weight,
            "done": done,
            "basis": pd.Series(basis, index=tasks.index, dtype="str"),
        }
    )


def _weighed(tasks: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the tasks that are not cancelled, and the hours that each weighs."""
    tasks = complete(tasks, "tasks", "status done_on baseline_hours likely_hours")
    tasks = tasks[tasks["status"].isna() | (tasks["status"] != "cancelled")].reset_index(drop=True)
    return tasks, tasks["baseline_hours"].fillna(tasks["likely_hours"])


def _assessed_and_finished(
    tasks: pd.DataFrame, progress: pd.DataFrame | Missing, days: Sequence[date]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the newest assessment of each task on each day, and whether it was finished by then: (n_tasks, n_days) each."""
    ends = np.array(days, "datetime64[us]")
    seen = complete(progress, "progress", "project task as_of percent_complete")
    seen = seen[seen["as_of"].notna() & seen["percent_complete"].notna()].sort_values("as_of", kind="stable")
    keys = pd.MultiIndex.from_frame(tasks[["project", "task"]])
    things = keys.unique()
    thing = things.get_indexer(pd.MultiIndex.from_frame(seen[["project", "task"]]))
    seen, thing = seen[thing >= 0], thing[thing >= 0]
    share = seen["percent_complete"].to_numpy(float)
    assessed = np.full((len(things), len(ends)), np.nan)
    for n, until in enumerate(np.searchsorted(seen["as_of"].to_numpy("datetime64[us]"), ends, side="right")):
        assessed[thing[:until], n] = share[:until]  # of several for one task the last, which is the newest, stays
    done_on = tasks["done_on"].to_numpy("datetime64[us]")[:, None]
    done = (tasks["status"] == "done").fillna(False).to_numpy(bool)[:, None]
    return assessed[things.get_indexer(keys)], (done_on <= ends) | (done & np.isnat(done_on))


@requires(tasks="project task")
def work_done(tasks: pd.DataFrame | Missing, progress: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the share of each project's work that is done, each task weighing as many hours as it was planned at.

    Parameters
    ----------
    tasks, progress, as_of
        As for `task_progress`.

    Returns
    -------
    DataFrame
        One row a project, sorted: `project`, `work_done` (fraction; blank where no task has hours), `tasks`, `tasks_done`,
        `without_hours` (tasks that have no hours and so no weight).

    Examples
    --------
    A project of 10 and 40 hours, the small task finished and the large one a quarter done:

    >>> tasks = pd.DataFrame({"project": "app", "task": ["plan", "build"], "status": ["done", "in_progress"],
    ...                       "likely_hours": [10.0, 40.0]})
    >>> seen = pd.DataFrame({"project": "app", "task": ["build"], "as_of": pd.to_datetime(["2026-09-15"]),
    ...                      "percent_complete": [0.25]})
    >>> work_done(tasks, seen, date(2026, 9, 30))["work_done"].tolist()
    [0.4]
    """
    each = task_progress(tasks, progress, as_of)
    counted = pd.DataFrame(
        {
            "project": each["project"],
            "earned": each["weight"] * each["done"],
            "weight": each["weight"],
            "tasks": 1,
            "tasks_done": (each["done"] >= 1).astype("int64"),
            "without_hours": each["weight"].isna().astype("int64"),
        }
    )
    sums = counted.groupby("project", sort=True).sum()
    sums.insert(0, "work_done", sums["earned"] / sums["weight"].where(sums["weight"] > 0))
    return sums.drop(columns=["earned", "weight"]).reset_index()


@requires(tasks="project task")
def done_shares(
    tasks: pd.DataFrame | Missing, progress: pd.DataFrame | Missing, days: Sequence[date]
) -> pd.DataFrame | Missing:
    """Return the `work_done` of each project on many days at once.

    Parameters
    ----------
    tasks, progress
        As for `task_progress`.
    days : sequence of date

    Returns
    -------
    DataFrame
        Index project, one column a day: the share done by the end of that day, blank where no task has hours.

    Examples
    --------
    >>> tasks = pd.DataFrame({"project": "app", "task": ["build"], "likely_hours": [40.0]})
    >>> seen = pd.DataFrame({"project": "app", "task": ["build"], "as_of": pd.to_datetime(["2026-09-15"]),
    ...                      "percent_complete": [0.25]})
    >>> done_shares(tasks, seen, [date(2026, 9, 14), date(2026, 9, 15)]).values.tolist()
    [[0.0, 0.25]]
    """
    tasks, weight = _weighed(tasks)
    assessed, finished = _assessed_and_finished(tasks, progress, days)
    done = np.where(finished, 1.0, np.where(np.isnan(assessed), 0.0, assessed))
    earned = pd.DataFrame(weight.to_numpy(float)[:, None] * done, index=tasks["project"], columns=list(days))
    whole = weight.groupby(tasks["project"].to_numpy(), sort=True).sum()
    return earned.groupby(level=0, sort=True).sum().div(whole.where(whole > 0), axis=0)


@requires(tasks="project task baseline_start baseline_finish")
def planned_work(tasks: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the share of each project's work that the original plan has done by a day.

    Each task is planned evenly over its days, from the first to the last inclusive.

    Parameters
    ----------
    tasks : DataFrame
        `project`, `task`, `baseline_start`, `baseline_finish`, and `baseline_hours` or `likely_hours` as weight.
    as_of : date
        The end of this day.

    Returns
    -------
    DataFrame
        One row a project, sorted: `project`, `planned` (fraction; blank where no task has both dates and hours).

    Examples
    --------
    Ten days from 1 to 10 September, at the end of the fourth:

    >>> tasks = pd.DataFrame({"project": ["app"], "task": ["build"], "baseline_hours": [80.0],
    ...     "baseline_start": pd.to_datetime(["2026-09-01"]), "baseline_finish": pd.to_datetime(["2026-09-10"])})
    >>> planned_work(tasks, date(2026, 9, 4))["planned"].tolist()
    [0.4]
    """
    return planned_shares(tasks, pd.DatetimeIndex([pd.Timestamp(as_of)])).iloc[:, 0].rename("planned").reset_index()


@requires(tasks="project task baseline_start baseline_finish")
def planned_shares(tasks: pd.DataFrame | Missing, days: pd.DatetimeIndex) -> pd.DataFrame | Missing:
    """Return `planned_work` for many days at once.

    Parameters
    ----------
    tasks : DataFrame
        As for `planned_work`.
    days : DatetimeIndex

    Returns
    -------
    DataFrame
        Index project, one column a day: the share planned by the end of that day, blank where not defined.

    Examples
    --------
    >>> tasks = pd.DataFrame({"project": ["app"], "task": ["build"], "baseline_hours": [80.0],
    ...     "baseline_start": pd.to_datetime(["2026-09-01"]), "baseline_finish": pd.to_datetime(["2026-09-10"])})
    >>> planned_shares(tasks, pd.date_range("2026-08-31", "2026-09-02")).values.tolist()
    [[0.0, 0.1, 0.2]]
    """
    tasks = complete(tasks, "tasks", "status baseline_hours likely_hours")
    tasks = tasks[tasks["status"].isna() | (tasks["status"] != "cancelled")]
    length = (tasks["baseline_finish"] - tasks["baseline_start"]).dt.days.to_numpy(float) + 1
    start = tasks["baseline_start"].to_numpy("datetime64[D]")
    past = (days.to_numpy("datetime64[D]")[None, :] - start[:, None]) / np.timedelta64(1, "D") + 1
    share = np.clip(past / length[:, None], 0, 1)
    hours = tasks["baseline_hours"].fillna(tasks["likely_hours"]).to_numpy(float)
    weight = pd.Series(np.where(np.isnan(length), np.nan, hours), index=tasks["project"])
    planned = pd.DataFrame(weight.to_numpy()[:, None] * share, index=tasks["project"], columns=days)
    whole = weight.groupby(level=0, sort=True).sum()
    return planned.groupby(level=0, sort=True).sum().div(whole.where(whole > 0), axis=0)


@requires(scope="project start end budget_hours? budget_cost?", tasks="project task baseline_start baseline_finish")
def planned_spend(
    scope: pd.DataFrame | Missing, tasks: pd.DataFrame | Missing, months: Sequence[Month], basis: str
) -> list[float] | Missing:
    """Return what was to be spent by the end of each month, all projects together.

    A project without dated tasks, and a retainer, spends its budget evenly from its start to its end.

    Parameters
    ----------
    scope : DataFrame
        As from `budget.approved_scope`.
    tasks : DataFrame
        As for `planned_work`.
    months : sequence of Month
    basis : {"cost", "hours"}

    Returns
    -------
    list of float
        Cumulated, money or hours by basis. `Missing` where a project has no budget.

    Examples
    --------
    >>> scope = pd.DataFrame({"project": ["care"], "name": "Care", "billing_type": "retainer", "budget_hours": [365.0],
    ...                       "start": pd.to_datetime(["2026-01-01"]), "end": pd.to_datetime(["2026-12-31"])})
    >>> tasks = pd.DataFrame({"project": [], "task": [], "baseline_start": pd.to_datetime([]),
    ...                       "baseline_finish": pd.to_datetime([])})
    >>> planned_spend(scope, tasks, [Month(date(2026, 10, 1)), Month(date(2026, 12, 1))], "hours")
    [304.0, 365.0]
    """
    budget = scope["budget_cost" if basis == "cost" else "budget_hours"].astype(float)
    if budget.isna().any():
        return Missing(f"{scope.loc[budget.isna(), 'name'].iloc[0]} has no budget in {basis}")
    days = pd.DatetimeIndex([pd.Timestamp(month.end) for month in months])
    length = (scope["end"] - scope["start"]).dt.days.to_numpy(float) + 1
    past = (days.to_numpy()[None, :] - scope["start"].to_numpy()[:, None]) / np.timedelta64(1, "D") + 1
    evenly = pd.DataFrame(np.clip(past / length[:, None], 0, 1), index=scope["project"], columns=days)
    dated = tasks.dropna(subset=["baseline_start", "baseline_finish"])
    by_task = planned_shares(dated, days).reindex(scope.loc[scope["billing_type"] != "retainer", "project"])
    shares = by_task.reindex(scope["project"]).fillna(evenly)
    return (shares.to_numpy() * budget.to_numpy()[:, None]).sum(axis=0).tolist()


@requires(earned="project ev bac", tasks="project task baseline_start baseline_finish")
def with_earned_schedule(earned: pd.DataFrame | Missing, tasks: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the earned-value set of each project with its earned schedule.

    SPI returns to 1 at the end of a project even where the end was late; the earned schedule does not. It is the day on which
    the plan would have earned what is earned now.

    Parameters
    ----------
    earned : DataFrame
        As from `earned_value_by_project`.
    tasks : DataFrame
        As for `planned_work`.
    as_of : date

    Returns
    -------
    DataFrame
        The columns of `earned`; `days_behind` (days from the earned schedule to as_of; minus = ahead) and `spi_t` (earned
        schedule over time gone, both from the first planned day). Blank where there is no dated plan, or nothing is earned.

    Notes
    -----
    With days as periods, ES = N + (EV − PV_N) / (PV_{N+1} − PV_N), after Lipke (2003), "Schedule is different".

    Examples
    --------
    Ten days were planned for 100; at the end of the fifth 40 are earned, which the plan had after four:

    >>> tasks = pd.DataFrame({"project": ["app"], "task": ["build"], "baseline_hours": [80.0],
    ...     "baseline_start": pd.to_datetime(["2026-09-01"]), "baseline_finish": pd.to_datetime(["2026-09-10"])})
    >>> earned = pd.DataFrame({"project": ["app"], "bac": [100.0], "ev": [40.0]})
    >>> with_earned_schedule(earned, tasks, date(2026, 9, 5))[["days_behind", "spi_t"]].round(6).values.tolist()
    [[1.0, 0.8]]
    """
    dated = tasks.dropna(subset=["baseline_start", "baseline_finish"])
    first, last = dated.groupby("project")["baseline_start"].min(), dated["baseline_finish"].max()
    blank = earned.assign(days_behind=np.nan, spi_t=np.nan)
    if dated.empty:
        return blank
    days = pd.date_range(first.min() - pd.Timedelta(days=1), last)
    shares = planned_shares(dated, days)
    behind, index = [], []
    for row in earned.itertuples():
        done = row.ev / row.bac if row.bac else np.nan
        begun = row.project in first.index and done > 0 and shares.loc[row.project].notna().all()
        gone = (pd.Timestamp(as_of) - first[row.project]).days + 1 if begun else 0
        planned = (
            shares.loc[row.project].to_numpy(float)[(first[row.project] - days[0]).days - 1 :] if gone > 0 else np.zeros(0)
        )
        reached = _days_planned_for(done, planned) if gone > 0 else np.nan
        behind.append(gone - reached)
        index.append(reached / gone if gone > 0 else np.nan)
    return blank.assign(days_behind=behind, spi_t=index)


def _days_planned_for(done: float, planned: np.ndarray) -> float:
    """Return after how many days the plan had done a share; `planned` begins with the day before the first."""
    if done >= planned[-1] - 1e-12:
        return float(np.argmax(planned >= planned[-1] - 1e-12))
    last = int(np.searchsorted(planned, done, side="right")) - 1
    return last + (done - planned[last]) / (planned[last + 1] - planned[last])


@dataclass(frozen=True)
class EarnedValue:
    """The earned-value set of one project or of several together.

    Parameters
    ----------
    basis : {"cost", "price", "hours"}
        What all amounts are counted in. Account currency, or hours.
    budget : float
        Budget at completion (BAC): the original plus approved changes.
    planned, earned, actual : float
        PV, EV and AC by the as-of date.
    projects : tuple of str
        Whose figures are inside.

    Examples
    --------
    A budget of 100, half of it planned by now, 40 earned and 45 spent. Where does it end?

    >>> ev = EarnedValue("cost", budget=100, planned=50, earned=40, actual=45)
    >>> round(ev.cpi, 4), ev.spi, round(ev.eac_typical, 1), ev.eac_atypical, round(ev.eac_combined, 3)
    (0.8889, 0.8, 112.5, 105.0, 129.375)
    >>> round(ev.vac, 1), round(ev.tcpi, 4)
    (-12.5, 1.0909)
    """

    basis: str
    budget: float
    planned: float
    earned: float
    actual: float
    projects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_basis(self.basis)

    @property
    def cv(self) -> float:
        """Return the cost variance EV − AC; minus = the work took more than it was worth in the plan."""
        return float(self.earned - self.actual)

    @property
    def sv(self) -> float:
        """Return the schedule variance EV − PV; minus = less is done than planned."""
        return float(self.earned - self.planned)

    @property
    def cpi(self) -> float | Missing:
        """Return the cost index EV / AC; below 1 = over cost."""
        return ratio(self.earned, self.actual, f"nothing was spent yet ({self.basis})")

    @property
    def spi(self) -> float | Missing:
        """Return the schedule index EV / PV; below 1 = late. It returns to 1 at the end even where the end was late."""
        return ratio(self.earned, self.planned, "no work was planned by this date")

    @property
    def eac_typical(self) -> float | Missing:
        """Return BAC / CPI: the rest of the work costs as the work so far did."""
        return ratio(self.budget, self.cpi, "no work is done yet")

    @property
    def eac_atypical(self) -> float:
        """Return AC + (BAC − EV): the rest of the work costs what was planned."""
        return float(self.actual + self.budget - self.earned)

    @property
    def eac_combined(self) -> float | Missing:
        """Return AC + (BAC − EV) / (CPI × SPI): the rest is as costly and as hurried as the work so far."""
        if isinstance(self.cpi, Missing) or isinstance(self.spi, Missing):
            return self.cpi if isinstance(self.cpi, Missing) else self.spi
        rest = ratio(self.budget - self.earned, self.cpi * self.spi, "no work is done yet")
        return rest if isinstance(rest, Missing) else float(self.actual + rest)

    def eac_bottom_up(self, to_complete: float | Missing) -> float | Missing:
        """Return AC + the estimate of the remaining work, made task by task, on the same basis."""
        return to_complete if isinstance(to_complete, Missing) else float(self.actual + to_complete)

    @property
    def vac(self) -> float | Missing:
        """Return BAC − EAC (typical); minus = it ends over budget."""
        return self.eac_typical if isinstance(self.eac_typical, Missing) else float(self.budget - self.eac_typical)

    @property
    def tcpi(self) -> float | Missing:
        """Return (BAC − EV) / (BAC − AC): the index the rest of the work must reach to end on budget."""
        if self.actual >= self.budget:
            return Missing("the budget is used up")
        return ratio(self.budget - self.earned, self.budget - self.actual, "the budget is used up")


def _check_basis(basis: str) -> None:
    if basis not in BASES:
        raise ValueError(f"basis must be cost, price or hours, got {basis!r}; write basis='hours'")


@requires(status="project billing_type work_done", planned="project planned")
def earned_value_by_project(
    status: pd.DataFrame | Missing, planned: pd.DataFrame | Missing, basis: str
) -> pd.DataFrame | Missing:
    """Return the earned-value set of each project.

    Parameters
    ----------
    status : DataFrame
        As from `budget.project_status`.
    planned : DataFrame
        As from `planned_work`.
    basis : {"cost", "price", "hours"}

    Returns
    -------
    DataFrame
        One row a project, retainers left out (theirs is an allowance, not a plan): `project`, `name`, `bac`, `pv`, `ev`,
        `ac`, `cv`, `sv`, `cpi`, `spi`, `eac` (typical), `vac`, `tcpi`, `eac_atypical`, `eac_combined`. Money or hours by
        basis; blank where not defined.

    Raises
    ------
    ValueError
        If `basis` is not one of the three.

    Examples
    --------
    >>> status = pd.DataFrame({"project": ["app"], "name": "App", "billing_type": "fixed_fee", "work_done": 0.4,
    ...                        "budget_cost": 100.0, "cost": 45.0})
    >>> plan = pd.DataFrame({"project": ["app"], "planned": [0.5]})
    >>> earned_value_by_project(status, plan, "cost")[["pv", "ev", "spi", "vac"]].round(3).values.tolist()
    [[50.0, 40.0, 0.8, -12.5]]
    """
    _check_basis(basis)
    budget, actual = BASES[basis]
    absent = [column for column in (budget, actual) if column not in status.columns]
    if absent:
        return Missing(f"there is no {absent[0].replace('_', ' ')} to count earned value in {basis}")
    rows = status[status["billing_type"] != "retainer"].merge(planned[["project", "planned"]], on="project", how="left")
    sets = [
        EarnedValue(basis, row.bac, row.bac * row.planned, row.bac * row.done, row.ac)
        for row in pd.DataFrame(
            {"bac": rows[budget], "planned": rows["planned"], "done": rows["work_done"], "ac": rows[actual]}
        ).itertuples()
    ]
    columns = {"bac": "budget", "pv": "planned", "ev": "earned", "ac": "actual"}
    columns |= {name: name for name in ("cv", "sv", "cpi", "spi")} | {"eac": "eac_typical", "vac": "vac", "tcpi": "tcpi"}
    columns |= {name: name for name in ("eac_atypical", "eac_combined")}
    figures = {name: pd.Series([_cell(getattr(each, of)) for each in sets], dtype=float) for name, of in columns.items()}
    return pd.concat([rows[["project", "name"]].reset_index(drop=True), pd.DataFrame(figures)], axis=1)


def _cell(figure: float | Missing) -> float:
    return float("nan") if isinstance(figure, Missing) else float(figure)


@requires(by_project="project bac pv ev ac")
def earned_value(by_project: pd.DataFrame | Missing, basis: str) -> EarnedValue | Missing:
    """Return the earned-value set of all projects together, and which ones are inside.

    Projects where one of the four amounts is not defined are left out, so that no index compares a part with a whole.

    Parameters
    ----------
    by_project : DataFrame or Missing
        As from `earned_value_by_project`.
    basis : {"cost", "price", "hours"}
        The basis it was made on.

    Returns
    -------
    EarnedValue or Missing

    Examples
    --------
    >>> each = pd.DataFrame({"project": ["app", "site"], "bac": [100.0, 50.0], "pv": [50.0, 50.0], "ev": [40.0, 50.0],
    ...                      "ac": [45.0, None]})
    >>> earned_value(each, "cost").projects
    ('app',)
    """
    known = by_project.dropna(subset=["bac", "pv", "ev", "ac"])
    if known.empty:
        return Missing(
            f"no project has a budget in {basis}, planned dates, progress and actuals",
            "add budget, baseline dates, progress and time entries",
        )
    sums = known[["bac", "pv", "ev", "ac"]].sum()
    return EarnedValue(basis, *(float(sums[name]) for name in ("bac", "pv", "ev", "ac")), tuple(known["project"]))

"""The estimate at completion, given what has been done: the account's plan, time and progress as a cost model.

Forecasts are wrong in a way that can be mended when they forget what is already known. So each task counts by its state:

- done: what was spent, and nothing more;
- under way: what was spent, plus the remaining hours times the ratio by which such estimates tend to be off. Remaining hours
  are best judged by those who do the work; without them they follow from percent complete (90 hours for 20 % are heading for
  450); with neither, the first estimate is drawn given that it exceeds what is spent, and the report says so;
- planned: its estimate, drawn in full;
- cancelled: what was spent.

A task's own range gives its ratio: low / likely to high / likely. Hours become money by an hourly cost rate for each project
and role; where no rates are known the forecast stays in hours. Projects tend to be off as a whole, so all that remains of a
project shares one factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.distributions import pert, point, truncated_below
from acctlib.outlook.families import Distribution
from acctlib.outlook.model import USUAL_FACTORS, CostModel, Factors, Line, Risk
from acctlib.periods import CALENDAR_PER_WORKING_DAY, DAYS_PER_MONTH

__all__ = ["USUAL_RANGE", "EstimateAtCompletion", "estimate_at_completion"]

#: Low and high as a multiple of likely for a task that was estimated as one number.
USUAL_RANGE = (0.5, 2.0)
#: How the line of what a task costs by the month is called, behind the task's name.
BY_THE_MONTH = " (by the month)"
#: What may be odd about a task, as the report says it before the tasks' names, and how many are named.
BEYOND = "Booked beyond the high estimate and without remaining hours"
UNESTIMATED = "Without estimate and therefore not in the forecast"
UNKNOWN_REST = "Under way without estimate or remaining hours, counted as spent only"
UNBOOKED = "Done, but no time was booked"
UNDATED = "Without days or dates, so that their project has no finish date and costs by the month are left out"
MOST_NAMED = 5


@dataclass(frozen=True, eq=False)
class EstimateAtCompletion:
    """The cost model of all work, done and to come, and how each task entered it.

    Attributes
    ----------
    model : CostModel
        Spent amounts are fixed lines called "(spent so far)"; what remains of each task is a line of the task's name.
    tasks : DataFrame
        A row a task: project, task, work_type, state (done, under way, planned, cancelled), spent_hours, spent (in the
        unit), low_hours, likely_hours, high_hours (remaining), by_progress_hours (remaining as percent complete has it),
        gap_hours (that less the remaining hours as judged), rate, cost_per_hour (with what it costs by the month), role, start,
        finish, depends_on, low_days, likely_days, high_days (remaining calendar days; low and high only where the plan has a
        range), basis and finding (words).
    unit : str
        "money" or "hours".
    findings : tuple of str
        What a reader must know, as sentences.
    hours : Series
        Hours spent by project, those on no task included.
    """

    model: CostModel
    tasks: pd.DataFrame
    unit: str
    findings: tuple[str, ...]
    hours: pd.Series

    @property
    def timing(self) -> pd.DataFrame:
        """Return when each remaining line is worked on, as `phasing` wants it: name, project, start, finish."""
        return self.tasks.rename(columns={"task": "name"})[["name", "project", "start", "finish"]]


@requires(
    tasks="project task likely_hours low_hours? high_hours? baseline_hours? work_type? role? status? done_on? start? finish? "
    "depends_on? low_days? likely_days? high_days? cost_per_month?"
)
def estimate_at_completion(
    tasks: pd.DataFrame | Missing,
    time_entries: pd.DataFrame | Missing,
    progress: pd.DataFrame | Missing,
    rate: pd.Series | Missing | None = None,
    risks: Sequence[Risk] | Missing = (),
    bought: pd.DataFrame | Missing | None = None,
    correlation: float | Factors = USUAL_FACTORS,
) -> EstimateAtCompletion | Missing:
    """Return the cost model of an account's work given what has been done.

    Parameters
    ----------
    tasks : DataFrame
        The plan: project, task, likely_hours; and low_hours, high_hours, baseline_hours, work_type, role, status, done_on,
        start, finish, depends_on, low_days, likely_days, high_days (working days) and cost_per_month where there are any. A
        task without likely hours counts with its baseline hours.
    time_entries : DataFrame or Missing
        project, task, hours; and date, role and cost_rate where there are any: the cost of an hour on its day goes before
        `rate`. Without time entries done tasks count at their likely hours.
    progress : DataFrame or Missing
        project, task, as_of; and percent_complete (fraction), remaining_hours. The latest row of a task counts.
    rate : Series, optional
        Cost of an hour to come, indexed by (project, role); a blank role takes its project's average. None or `Missing`: the
        forecast is in hours.
    risks : sequence of Risk, optional
        In money; left out of a forecast in hours, which says so.
    bought : DataFrame, optional
        project, cost: delivery that was bought, such as freelancers. It is spent, in money.
    correlation : float or Factors, default Factors(project=0.15)
        How the remaining lines hang together: whole projects have been seen to lie .12 to .17 off, as a log.

    Returns
    -------
    EstimateAtCompletion or Missing
        `Missing` where the plan has no hours, or a rate that is needed is not there.

    Examples
    --------
    A task was estimated at 80 to 150 hours, most likely 100. 90 hours are spent and it is 20 % complete:

    >>> tasks = pd.DataFrame({"project": ["site"], "task": ["build"], "status": ["in_progress"],
    ...                       "low_hours": [80.0], "likely_hours": [100.0], "high_hours": [150.0]})
    >>> time = pd.DataFrame({"project": ["site"], "task": ["build"], "hours": [90.0]})
    >>> progress = pd.DataFrame({"project": ["site"], "task": ["build"], "as_of": [pd.Timestamp("2026-09-30")],
    ...                          "percent_complete": [0.2]})
    >>> forecast = estimate_at_completion(tasks, time, progress)
    >>> forecast.model.sum_of_likely, forecast.unit, forecast.tasks["basis"][0]
    (450.0, 'hours', 'spent 90 h at 20 % complete')
    """
    rate = None if isinstance(rate, Missing) else rate
    table = _plan(tasks)
    time = _time(time_entries)
    if rate is not None:
        table, time, problem = _priced(table, time, rate)
        if problem is not None:
            return problem
    else:
        table, time = table.assign(rate=1.0), time.assign(cost=time["hours"])
    table = _with_spent(table, time)
    table = _with_progress(table, time, progress)
    table = _with_state(table)
    table = _with_cost_per_hour(_with_days(_with_remaining(table, has_time=not time.empty)), in_money=rate is not None)

    spent = time.groupby("project")["cost"].sum()
    if rate is not None and bought is not None and not isinstance(bought, Missing):
        spent = spent.add(bought.groupby("project")["cost"].sum(), fill_value=0.0)
    lines = [Line("(spent so far)", point(float(amount)), project) for project, amount in spent.items() if amount > 0]
    lines += [line for row in table.to_dict("records") for line in _lines(row)]
    findings = _findings(table, time)
    if risks and rate is None:
        findings.append("Risks are in money and left out of this forecast in hours; add rates to rate_card to count them.")
    counted = () if rate is None or not risks else tuple(risks)
    if not lines and not counted:
        return Missing("no task has hours, spent or estimated", "add likely_hours to tasks")
    model = CostModel(lines, counted, correlation)
    hours = time.groupby("project")["hours"].sum()
    return EstimateAtCompletion(model, _presented(table), "hours" if rate is None else "money", tuple(findings), hours)


def _plan(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return the tasks with their range filled in: likely from the baseline, low and high from the usual range."""
    names = "project task work_type role status low_hours likely_hours high_hours baseline_hours done_on start finish"
    table = tasks[[*names.split(), "depends_on", "low_days", "likely_days", "high_days", "cost_per_month"]].copy()
    for column in ("start", "finish"):
        table[column] = pd.to_datetime(table[column])
    for column in ("low_hours", "likely_hours", "high_hours", "baseline_hours", "cost_per_month"):
        table[column] = pd.to_numeric(table[column]).astype(float)
    for column in ("work_type", "role"):
        table[column] = _words(table[column])
    table["from_baseline"] = table["likely_hours"].isna() & table["baseline_hours"].notna()
    table["likely_hours"] = table["likely_hours"].fillna(table["baseline_hours"])
    table["one_number"] = table["low_hours"].isna() | table["high_hours"].isna()
    low, high = USUAL_RANGE
    table["low_hours"] = table["low_hours"].fillna(table["likely_hours"] * low).clip(upper=table["likely_hours"])
    table["high_hours"] = table["high_hours"].fillna(table["likely_hours"] * high).clip(lower=table["likely_hours"])
    return table.reset_index(drop=True)


def _time(time_entries: pd.DataFrame | Missing) -> pd.DataFrame:
    columns = ["project", "task", "role", "hours", "date", "cost_rate"]
    if isinstance(time_entries, Missing):
        numbers = ("hours", "cost_rate")
        return pd.DataFrame({name: pd.Series(dtype=float if name in numbers else object) for name in columns})
    time = time_entries.reindex(columns=columns)
    time["role"] = _words(time["role"])
    return time.dropna(subset=["hours"])


def _words(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str)


def _priced(table: pd.DataFrame, time: pd.DataFrame, rate: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame, Missing | None]:
    """Return plan and time with their hourly cost; a blank role takes the average of its project."""
    known = rate.dropna().rename("rate")
    known.index = known.index.set_names(["project", "role"])
    average = known.groupby(level="project").mean()

    def priced(frame: pd.DataFrame) -> pd.Series:
        wanted = pd.MultiIndex.from_arrays([frame["project"].astype(object), frame["role"].astype(object)])
        found = pd.Series(known.reindex(wanted).to_numpy(), index=frame.index)
        return found.where(frame["role"] != "", frame["project"].map(average).astype(float))

    time = time.assign(cost=time["hours"] * time["cost_rate"].astype(float).fillna(priced(time)))
    table = table.assign(rate=priced(table))
    needed = [(frame.loc[rates.isna(), ["project", "role"]]) for frame, rates in ((time, time["cost"]), (table, table["rate"]))]
    absent = pd.concat(needed).drop_duplicates().sort_values(["project", "role"])
    if absent.empty:
        return table, time, None
    project, role = absent.iloc[0]
    what = f"role {role!r} in project {project!r}" if role else f"project {project!r}"
    more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
    return table, time, Missing(f"{what} has no hourly cost rate{more}", "add the role and its cost_rate to rate_card")


def _with_spent(table: pd.DataFrame, time: pd.DataFrame) -> pd.DataFrame:
    spent = time.groupby(["project", "task"])[["hours", "cost"]].sum().rename(columns={"hours": "spent_hours", "cost": "spent"})
    table = table.merge(spent.reset_index(), on=["project", "task"], how="left")
    return table.assign(
        spent_hours=table["spent_hours"].astype(float).fillna(0.0), spent=table["spent"].astype(float).fillna(0.0)
    )


def _with_progress(table: pd.DataFrame, time: pd.DataFrame, progress: pd.DataFrame | Missing) -> pd.DataFrame:
    """Return the tasks with their latest assessment, and the hours that had been spent by then."""
    if isinstance(progress, Missing) or progress.empty:
        return table.assign(percent_complete=np.nan, remaining_hours=np.nan, spent_then=table["spent_hours"])
    columns = ["project", "task", "as_of", "percent_complete", "remaining_hours"]
    latest = (
        progress.reindex(columns=columns).sort_values("as_of", kind="stable").drop_duplicates(["project", "task"], keep="last")
    )
    table = table.merge(latest, on=["project", "task"], how="left")
    dated = time.dropna(subset=["date", "task"]).merge(latest, on=["project", "task"])
    later = dated[pd.to_datetime(dated["date"]) > dated["as_of"]].groupby(["project", "task"])["hours"].sum()
    since = (
        table.merge(later.rename("since").reset_index(), on=["project", "task"], how="left")["since"].astype(float).fillna(0.0)
    )
    for column in ("percent_complete", "remaining_hours"):
        table[column] = pd.to_numeric(table[column]).astype(float)
    return table.assign(spent_then=(table["spent_hours"] - since.to_numpy()).clip(lower=0.0))


def _with_state(table: pd.DataFrame) -> pd.DataFrame:
    status = _words(table["status"])
    begun = (table["spent_hours"] > 0) | (table["percent_complete"] > 0)
    state = np.select(
        [
            status == "cancelled",
            (status == "done") | ((status == "") & table["done_on"].notna()),
            (status == "in_progress") | begun,
        ],
        ["cancelled", "done", "under way"],
        "planned",
    )
    return table.assign(state=state)


def _with_remaining(table: pd.DataFrame, has_time: bool) -> pd.DataFrame:
    """Return the tasks with what remains of each (a distribution of hours, or None) and in words on what that rests."""
    rests = [_remaining(row, has_time) for row in table.itertuples(index=False)]
    table = table.assign(
        remaining=pd.Series([rest[0] for rest in rests], index=table.index, dtype=object),
        basis=[rest[1] for rest in rests],
        finding=[rest[2] for rest in rests],
    )
    under_way = table["state"] == "under way"
    progress = table["percent_complete"].where(table["percent_complete"] > 0)
    by_progress = (table["spent_then"] / progress - table["spent_hours"]).clip(lower=0.0)
    by_progress = by_progress.where(under_way & (table["spent_then"] > 0))
    judged = (table["remaining_hours"] + table["spent_then"] - table["spent_hours"]).clip(lower=0.0)
    return table.assign(by_progress_hours=by_progress, gap_hours=by_progress - judged)


def _remaining(row, has_time: bool) -> tuple[Distribution | None, str, str]:
    known = row.likely_hours > 0
    ratios = (row.low_hours / row.likely_hours, row.high_hours / row.likely_hours) if known else USUAL_RANGE
    usual = f"; no range given, {ratios[0]:g} to {ratios[1]:g} times taken" if row.one_number or not known else ""
    since = row.spent_hours - row.spent_then
    after = f", {since:g} h booked since" if since > 0 else ""
    if row.state == "cancelled":
        return None, "cancelled: what was spent", ""
    if row.state == "done" and (has_time or not known):
        return None, "done: what was spent", "" if row.spent_hours else UNBOOKED
    if row.state == "done":
        return point(row.likely_hours), "done; no time entries, so counted as estimated", ""
    if row.state == "planned":
        if not known:
            return None, "no estimate: not in the forecast", UNESTIMATED
        origin = "planned: baseline hours" if row.from_baseline else "planned: estimate drawn in full"
        return pert(row.low_hours, row.likely_hours, row.high_hours), origin + usual, ""
    if row.remaining_hours >= 0:
        return _ranged(row.remaining_hours - since, ratios), f"remaining hours as judged{after}{usual}", ""
    if row.percent_complete > 0 and row.spent_then > 0:
        total = row.spent_then / row.percent_complete
        basis = f"spent {row.spent_then:g} h at {row.percent_complete:.0%} complete".replace("%", " %")
        return _ranged(total - row.spent_hours, ratios), basis + after + usual, ""
    if not known:
        return None, "under way without estimate: what was spent", UNKNOWN_REST
    if row.percent_complete >= 0:
        left = 1 - row.percent_complete
        return (
            _ranged(row.likely_hours * left, ratios),
            f"the {left:.0%} of the estimate not complete".replace("%", " %") + usual,
            "",
        )
    estimate = pert(row.low_hours, row.likely_hours, row.high_hours)
    if row.spent_hours < row.high_hours:
        rest = truncated_below(estimate, row.spent_hours) + -row.spent_hours
        return rest, "no progress given: estimate, given what is spent" + usual, ""
    width = row.high_hours - row.low_hours
    return pert(0, 0, width), f"spent beyond the high estimate: 0 to {width:g} h more taken", BEYOND


def _with_days(table: pd.DataFrame) -> pd.DataFrame:
    """Return the tasks with the calendar days that remain: the part of all days that remaining hours are of all hours."""
    rest = _hours_to_come(table)
    hours = rest + table["spent_hours"]
    by_hours = (rest / hours.where(hours > 0)).fillna(1 - table["percent_complete"].fillna(0.0))
    left = by_hours.where(table["state"] == "under way", 1.0).where(table["state"].isin(["under way", "planned"]), 0.0)
    on_plan = ((table["finish"] - table["start"]) / pd.Timedelta(days=1) + 1).astype(float).clip(lower=1)
    days = table[["low_days", "likely_days", "high_days"]].apply(pd.to_numeric).astype(float) * CALENDAR_PER_WORKING_DAY
    days.loc[days.isna().any(axis=1), ["low_days", "high_days"]] = np.nan
    days["likely_days"] = days["likely_days"].fillna(on_plan)
    return table.assign(**days.mul(left, axis=0))


def _hours_to_come(table: pd.DataFrame) -> pd.Series:
    """Return the likely remaining hours; where nothing is the likeliest, though more may come, the expected ones."""
    return table["remaining"].map(lambda part: 0.0 if part is None else part.likely or part.mean).astype(float)


def _with_cost_per_hour(table: pd.DataFrame, in_money: bool) -> pd.DataFrame:
    """Return the tasks with what an hour costs, and what each costs by the month besides for as long as it lasts.

    A task without a range of days lasts as much longer as its hours take more: its cost by the month is then part of the
    cost of an hour.
    """
    monthly = (table["cost_per_month"] / DAYS_PER_MONTH * table["likely_days"]).fillna(0.0) * in_money
    rest = _hours_to_come(table)
    with_hours = ~(table["low_days"] < table["high_days"]) & (rest > 0) & (table["rate"] > 0)
    per_hour = table["rate"] + (monthly / rest.where(with_hours)).fillna(0.0)
    return table.assign(cost_per_hour=per_hour, by_the_month=monthly.where(~with_hours, 0.0))


def _lines(row: dict) -> list[Line]:
    """Return what remains of a task as lines: its work, and what it costs by the month."""
    place = row["project"], row["work_type"]
    lines = []
    if row["remaining"] is not None and row["cost_per_hour"] > 0:
        lines.append(Line(row["task"], row["remaining"] * row["cost_per_hour"], *place))
    if row["by_the_month"] and row["low_days"] < row["high_days"]:
        days = pert(row["low_days"], row["likely_days"], row["high_days"])
        lines.append(Line(f"{row['task']}{BY_THE_MONTH}", days * (row["by_the_month"] / row["likely_days"]), *place))
    elif row["by_the_month"]:
        lines.append(Line(f"{row['task']}{BY_THE_MONTH}", point(row["by_the_month"]), *place))
    return lines


def _ranged(likely: float, ratios: tuple[float, float]) -> Distribution | None:
    return pert(likely * ratios[0], likely, likely * ratios[1]) if likely > 0 else None


def _findings(table: pd.DataFrame, time: pd.DataFrame) -> list[str]:
    named = table["project"] + " / " + table["task"]
    findings = []
    for finding in (BEYOND, UNESTIMATED, UNKNOWN_REST, UNBOOKED):
        tasks = named[table["finding"] == finding].tolist()
        more = f" and {len(tasks) - MOST_NAMED} more" if len(tasks) > MOST_NAMED else ""
        if tasks:
            findings.append(f"{finding}: {', '.join(tasks[:MOST_NAMED])}{more}.")
    unfinished = table["state"].isin(["under way", "planned"])
    undated = named[table["likely_days"].isna() & unfinished].tolist()
    # A plan without any dates lacks them altogether, which is said where the dates would stand.
    if undated and (table.loc[unfinished, "likely_days"].notna().any() or (table["cost_per_month"] > 0).any()):
        more = f" and {len(undated) - MOST_NAMED} more" if len(undated) > MOST_NAMED else ""
        findings.append(f"{UNDATED}: {', '.join(undated[:MOST_NAMED])}{more}.")
    loose = time.loc[time["task"].isna(), "hours"].sum()
    if loose:
        findings.append(f"{loose:,.2f}".rstrip("0").rstrip(".") + " h are booked on no task; they count as spent.")
    if time.empty:
        findings.append("There are no time entries: nothing counts as spent, and done tasks count as estimated.")
    return findings


def _presented(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns a reader sees; the hours are those that remain."""
    rest = table["remaining"]
    for column, ask in (("low_hours", "low"), ("likely_hours", "likely"), ("high_hours", "high")):
        table = table.assign(**{column: [getattr(part, ask) if part is not None else 0.0 for part in rest]})
    names = "project task work_type state spent_hours spent low_hours likely_hours high_hours by_progress_hours gap_hours rate"
    days = "cost_per_hour role start finish depends_on low_days likely_days high_days basis finding"
    return table[[*names.split(), *days.split()]]

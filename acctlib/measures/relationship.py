"""The relationship: what the client wants to reach, and what each side owes the other.

A goal is judged by the way it has gone: from where it stood at the start to the target, against where a steady pace would be
by now. A goal due in a year that is a third of the way after four months is on track, though it is far from its target.

An action that nobody owns or that has no date is a wish. What is ahead is therefore listed with what it lacks, and what was
carried over with its age.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures import rag
from acctlib.measures.drift import FEWEST_FOR_RANGE, drift
from acctlib.measures.proportion import normal_score
from acctlib.measures.undefined import complete, some
from acctlib.missing import Missing, requires
from acctlib.periods import Month, Quarter

__all__ = [
    "actions_ahead",
    "actions_status",
    "agreed_before",
    "due_after",
    "objective_forecast",
    "objectives_status",
    "share_on_track",
]


#: What is told of a goal: the newest that was written down.
_TOLD = "measure unit baseline target due owner source served_by"


@requires(objectives="objective target as_of actual")
def objectives_status(
    objectives: pd.DataFrame | Missing, as_of: date, amber: float = 0.05, red: float = 0.10
) -> pd.DataFrame | Missing:
    """Return each goal with its target, where it stands and whether the pace is enough.

    Parameters
    ----------
    objectives : DataFrame
        Several dated rows a goal; the newest value of each column not after `as_of` counts.
    as_of : date
    amber, red : float
        How far the goal may lag behind a steady pace, as fractions of the whole way (see `rag`).

    Returns
    -------
    DataFrame
        In the order in which goals were first measured: `objective`, `measure`, `unit`, `baseline`, `target`, `actual`,
        `as_of` (of the newest value), `due`, `owner`, `source`, `served_by`; `variance` (how much better than target: actual −
        target, and target − actual of a goal that is better lower; minus is worse; of a goal whose target is its
        baseline, which has no direction, actual − target), `variance_share` (of the target); `better_when` ("higher" or
        "lower", from baseline to target); `share_of_way` and `expected_share` (of the
        way from baseline to target: gone, and at a steady pace from the first measurement to the due date; the whole way
        without one); `previous`, `change`, `trend` ("better", "worse", "level"), `last_four` (tuple of the last four
        values, the oldest first); `state`. Blank where not defined; without a baseline the first value stands for it.

    Examples
    --------
    Errors are to fall from 8 % to 4 % within the year and stand at 7 % after half of it:

    >>> goals = pd.DataFrame({"objective": "Fewer errors", "baseline": 8.0, "target": 4.0, "actual": [8.0, 7.0],
    ...     "as_of": pd.to_datetime(["2026-01-01", "2026-07-02"]), "due": pd.to_datetime(["2026-12-31"] * 2)})
    >>> goal = objectives_status(goals, date(2026, 9, 30))
    >>> goal[["variance", "better_when", "share_of_way", "expected_share", "trend", "state"]].values.tolist()
    [[-3.0, 'lower', 0.25, 0.5, 'better', 'off track']]
    """
    rows = complete(objectives, "objectives", "measure unit baseline due owner source served_by")
    rows = rows[rows["as_of"] <= pd.Timestamp(as_of)].sort_values(["as_of", "objective"], kind="stable")
    if rows.empty:
        return Missing(f"no goal was measured by {as_of}", "add rows to objectives")
    measured = rows[rows["actual"].notna()]
    goals = rows.groupby("objective", sort=False)[_TOLD.split()].last()
    values = measured.groupby("objective", sort=False)
    histories = {name: tuple(seen.iloc[-4:].astype(float).tolist()) for name, seen in values["actual"]}
    goals["last_four"] = [histories.get(name, ()) for name in goals.index]
    goals["actual"] = values["actual"].last()
    goals["as_of"] = values["as_of"].last()
    goals["previous"] = [seen[-2] if len(seen) > 1 else np.nan for seen in goals["last_four"]]
    start = goals["baseline"].fillna(values["actual"].first())
    way = goals["target"] - start
    goals["variance"] = (goals["actual"] - goals["target"]) * np.where(way < 0, -1.0, 1.0)
    goals["variance_share"] = goals["variance"] / goals["target"].abs().where(goals["target"] != 0)
    goals["better_when"] = pd.Series("higher", goals.index, dtype="str").mask(way < 0, "lower").where(way != 0)
    goals["share_of_way"] = (goals["actual"] - start) / way.where(way != 0)
    goals["expected_share"] = _steady_pace(goals, rows.groupby("objective", sort=False)["as_of"].first())
    goals["change"] = goals["actual"] - goals["previous"]
    move = np.sign(goals["change"] * way).where(way != 0)
    goals["trend"] = move.map({1.0: "better", -1.0: "worse", 0.0: "level"}).astype("str")
    behind = goals["expected_share"] - goals["share_of_way"]
    goals["state"] = rag.states(behind.round(9), amber, red)
    columns = "objective measure unit baseline target actual as_of due owner source served_by variance variance_share"
    columns += " better_when share_of_way expected_share previous change trend last_four state"
    return goals.reset_index()[columns.split()]


def _steady_pace(goals: pd.DataFrame, first: pd.Series) -> pd.Series:
    """Return the share of the way at the newest measurement, at an even pace from the first one to the due date."""
    planned = (goals["due"] - first).dt.days
    gone = (goals["as_of"] - first).dt.days
    return (gone / planned.where(planned > 0)).clip(0, 1).fillna(1.0).where(goals["as_of"].notna())


@requires(objectives="objective target as_of actual due")
def objective_forecast(objectives: pd.DataFrame | Missing, as_of: date, confidence: float = 0.8) -> pd.DataFrame | Missing:
    """Return where each goal will stand on its due date if it goes on as it went, with a range.

    Parameters
    ----------
    objectives : DataFrame
        Several dated rows a goal; those not after `as_of` count.
    as_of : date
    confidence : float, default 0.8
        Chance that the value measured on the due date lies in the range, as a fraction.

    Returns
    -------
    DataFrame
        In the order of `objectives_status`: `objective`, `measure`, `unit`, `baseline`, `target`, `actual`, `as_of` (of the
        newest value), `due`, `better_when` ("higher" or "lower": a target below the baseline is reached from above),
        `owner`, `source`, `served_by`; `measurements` (number); `forecast`, `low`, `high` (on the due date, in its unit);
        `outlook` ("reaches the target" or "misses the target" where the whole range says so, else "open"; without a range
        what the pace alone says, "on pace" or "behind pace"); `basis` in words. Forecast and range are blank where not
        defined, and `basis` says why.

    Raises
    ------
    ValueError
        If `confidence` does not lie between 0 and 1.

    Notes
    -----
    The newest value carried on at the average pace of all measurements, with the range of a random walk (see `drift`). It
    supposes that the pace holds. Below four measurements there is a pace and no range.

    Examples
    --------
    Errors fell from 8 % to 7, 6.5 and 5.5 % in three quarters and should be at 4 % by the end of the year:

    >>> days = pd.to_datetime(["2026-01-01", "2026-04-01", "2026-07-01", "2026-09-30"])
    >>> goal = pd.DataFrame({"objective": "Fewer errors", "baseline": 8.0, "target": 4.0, "actual": [8.0, 7.0, 6.5, 5.5],
    ...                      "as_of": days, "due": pd.Timestamp("2026-12-31")})
    >>> found = objective_forecast(goal, date(2026, 9, 30))[["better_when", "forecast", "low", "high", "outlook"]]
    >>> found.round(2).values.tolist()
    [['lower', 4.65, 4.01, 5.29, 'misses the target']]
    """
    normal_score(confidence)  # refuses a wrong confidence, whether or not a goal has a range
    goals = objectives_status(objectives, as_of)
    if isinstance(goals, Missing):
        return goals
    rows = objectives[(objectives["as_of"] <= pd.Timestamp(as_of)) & objectives["actual"].notna()].sort_values("as_of")
    measured = dict(list(rows.groupby("objective", sort=False)))
    lines = [_extrapolated(measured.get(goal.objective), goal.due, confidence) for goal in goals.itertuples()]
    goals = goals.join(pd.DataFrame(lines, columns=["measurements", "forecast", "low", "high", "basis"], index=goals.index))
    goals = _within_bounds(goals, measured)
    goals["outlook"] = _outlook(goals)
    columns = "objective measure unit baseline target actual as_of due better_when owner source served_by"
    return goals[f"{columns} measurements forecast low high outlook basis".split()]


def _extrapolated(rows: pd.DataFrame | None, due: pd.Timestamp, confidence: float) -> tuple[int, float, float, float, str]:
    """Return the number of measurements, forecast, low, high and in words what they rest on."""
    n = 0 if rows is None else len(rows)

    def without(reason: str) -> tuple[int, float, float, float, str]:
        return n, np.nan, np.nan, np.nan, reason

    if n == 0:
        return without("it was never measured")
    if pd.isna(due):
        return without("it has no due date")
    if due <= rows["as_of"].max():
        return without("its due date has come: the value measured stands")
    days = (rows["as_of"] - due).dt.days.to_numpy(float)
    if np.ptp(days) == 0:
        return without("one measurement has no pace")
    line = drift(days, rows["actual"].to_numpy(float), 0.0, confidence)
    ranged = n >= FEWEST_FOR_RANGE
    return (
        n,
        *line,
        f"pace of {n} measurements" if ranged else f"pace of {n} measurements; a range needs {FEWEST_FOR_RANGE}",
    )


def _within_bounds(goals: pd.DataFrame, measured: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return forecasts cut to what a value can be: a percentage from 0 to 100, and nothing below 0 that never was."""
    none = pd.Series(dtype=float)
    seen = [measured[name]["actual"].astype(float) if name in measured else none for name in goals["objective"]]
    told = goals[["baseline", "target"]].astype(float)
    least, most = (np.array([f(s) for s in seen]) for f in (lambda s: s.min(), lambda s: s.max()))
    least, most = np.fmin(least, told.min(axis=1)), np.fmax(most, told.max(axis=1))
    share = goals["unit"].astype(object).fillna("").astype(str).str.startswith("%") & (most <= 100)
    low, high = np.where(least >= 0, 0.0, -np.inf), np.where(share, 100.0, np.inf)
    return goals.assign(**{name: np.clip(goals[name].astype(float), low, high) for name in ("forecast", "low", "high")})


def _outlook(goals: pd.DataFrame) -> pd.Series:
    """Return what forecast and range say about the target; blank without a forecast or a way to go."""
    falls = goals["better_when"] == "lower"
    worst, best = goals["high"].where(falls, goals["low"]), goals["low"].where(falls, goals["high"])
    sign = np.where(falls, -1.0, 1.0)
    near = 1e-9 * goals[["target", "forecast"]].abs().max(axis=1)  # a straight record reaches its target to the last digit
    ahead = (goals["forecast"] - goals["target"]) * sign >= -near
    said = pd.Series("open", goals.index, dtype="str")
    said = said.mask((worst - goals["target"]) * sign >= -near, "reaches the target")
    said = said.mask((best - goals["target"]) * sign < -near, "misses the target")
    said = said.mask(goals["low"].isna() & ahead, "on pace").mask(goals["low"].isna() & ~ahead, "behind pace")
    return said.where(goals["forecast"].notna() & goals["better_when"].notna())


@requires(actions="action agreed_on status")
def actions_status(actions: pd.DataFrame | Missing, period: Quarter | Month, as_of: date) -> pd.DataFrame | Missing:
    """Return what was agreed and is open, or was closed since the period began, the most overdue first.

    Parameters
    ----------
    actions : DataFrame
    period : Quarter or Month
        What was agreed before its first day is carried over.
    as_of : date

    Returns
    -------
    DataFrame
        `action`, `kind`, `party`, `owner`, `agreed_on`, `due`, `closed_on`, `stage` ("done", "dropped", "overdue",
        "open"), `age_days` (from agreed to closed, or to `as_of`), `days_overdue` (0 = not), `carried_over` (agreed before
        the period), `state` (off track when overdue, else on track; blank once closed). Open ones come first.

    Examples
    --------
    >>> actions = pd.DataFrame({"action": ["Sign off the brief", "Send rates"], "status": ["open", "done"],
    ...     "agreed_on": pd.to_datetime(["2026-06-20", "2026-07-10"]), "due": pd.to_datetime(["2026-09-10", "2026-07-20"]),
    ...     "closed_on": pd.to_datetime([None, "2026-07-18"])})
    >>> actions_status(actions, Quarter(2026, 3), date(2026, 9, 30))[["stage", "days_overdue", "carried_over"]].values.tolist()
    [['overdue', 20, True], ['done', 0, False]]
    """
    day, start = pd.Timestamp(as_of), pd.Timestamp(period.start)
    rows = complete(actions, "actions", "kind owner party due closed_on")
    rows = rows[(rows["agreed_on"] <= day) & ~(rows["closed_on"] < start)]
    closed = _closed(rows, day)
    late = ((day - rows["due"]).dt.days.clip(lower=0).fillna(0)).mask(closed, 0).astype("int64")
    stage = pd.Series("open", rows.index, dtype="str").mask(late > 0, "overdue")
    stage = stage.mask(closed, "done").mask(closed & (rows["status"] == "dropped"), "dropped")
    state = pd.Series(rag.ON_TRACK, rows.index, dtype="str").mask(late > 0, rag.OFF_TRACK).where(~closed)
    listed = rows.assign(
        stage=stage,
        age_days=(rows["closed_on"].where(closed).fillna(day) - rows["agreed_on"]).dt.days,
        days_overdue=late,
        carried_over=rows["agreed_on"] < start,
        state=state,
        closed=closed,
    )
    listed = listed.sort_values(
        ["closed", "days_overdue", "due", "agreed_on", "action"], ascending=[True, False, True, True, True], kind="stable"
    )
    columns = "action kind party owner agreed_on due closed_on stage age_days days_overdue carried_over state"
    return listed[columns.split()].reset_index(drop=True)


def _closed(rows: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Return which actions were done or dropped by the day."""
    return (rows["closed_on"] <= day) | (rows["closed_on"].isna() & rows["status"].isin(["done", "dropped"]))


#: Up to so many days ahead -> what that is called.
_AHEAD = {30: "within 30 days", 60: "31 to 60 days", 90: "61 to 90 days"}


@requires(actions="action agreed_on status")
def actions_ahead(actions: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the open actions and decisions by when they are due, with what each still lacks.

    Parameters
    ----------
    actions : DataFrame
    as_of : date

    Returns
    -------
    DataFrame
        The open ones, the earliest due first, those without a date last: `action`, `kind`, `party`, `owner`, `agreed_on`,
        `due`; `when` ("overdue", "within 30 days", "31 to 60 days", "61 to 90 days", "later", "no date"; due on the day
        itself is within 30 days); `days_left` (minus = overdue; blank without a date); `age_days` (since it was agreed: how
        long it has been carried); `lacks` ("owner", "due date" or both; blank where it has both).

    Examples
    --------
    >>> actions = pd.DataFrame({"action": ["Send rates", "Sign off the brief"], "status": "open", "owner": ["Kim", None],
    ...     "agreed_on": pd.to_datetime(["2026-09-20", "2026-06-20"]), "due": pd.to_datetime(["2026-11-15", "2026-09-10"])})
    >>> actions_ahead(actions, date(2026, 9, 30))[["when", "days_left", "age_days", "lacks"]].values.tolist()
    [['overdue', -20, 102, 'owner'], ['31 to 60 days', 46, 10, nan]]
    """
    day = pd.Timestamp(as_of)
    rows = complete(actions, "actions", "kind owner party due closed_on")
    rows = rows[(rows["agreed_on"] <= day) & ~_closed(rows, day)]
    left = (rows["due"] - day).dt.days.astype("Int64")
    when = pd.Series("no date", rows.index, dtype="str").mask(rows["due"].notna(), "later")
    for days in sorted(_AHEAD, reverse=True):
        when = when.mask((left <= days).fillna(False).astype(bool), _AHEAD[days])
    when = when.mask((left < 0).fillna(False).astype(bool), "overdue")
    lacks = pd.Series([", ".join(what for what, blank in (("owner", no_owner), ("due date", no_due)) if blank) or None
                       for no_owner, no_due in zip(rows["owner"].isna(), rows["due"].isna(), strict=True)],
                      index=rows.index, dtype="str")  # fmt: skip
    listed = rows.assign(when=when, days_left=left, age_days=(day - rows["agreed_on"]).dt.days, lacks=lacks)
    listed = listed.sort_values(["due", "agreed_on", "action"], na_position="last", kind="stable")
    return listed["action kind party owner agreed_on due when days_left age_days lacks".split()].reset_index(drop=True)


@requires(actions="agreed_on stage")
def agreed_before(actions: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return what was agreed before the newest meeting, which is what that meeting reports on; all where there was but one.

    >>> days = pd.to_datetime(["2026-07-16", "2026-09-24"])
    >>> agreed_before(pd.DataFrame({"action": ["a", "b"], "agreed_on": days, "stage": "open"}))["action"].tolist()
    ['a']
    """
    newest = actions["agreed_on"].max()
    earlier = actions["agreed_on"] < newest
    return some(actions[earlier] if earlier.any() else actions, "nothing was agreed before")


@requires(actions="stage due")
def due_after(actions: pd.DataFrame | Missing, day: date) -> pd.DataFrame | Missing:
    """Return what is still open, by due date: the overdue first, then what comes.

    >>> open_ones = pd.DataFrame({"action": ["a", "b"], "stage": ["done", "open"], "due": pd.to_datetime(["2026-10-01"] * 2)})
    >>> due_after(open_ones, date(2026, 9, 30))["action"].tolist()
    ['b']
    """
    waiting = actions[actions["stage"].isin(["open", "overdue"])]
    return some(waiting.sort_values("due", na_position="last", kind="stable"), f"nothing is open on {day}")


@requires(objectives="state")
def share_on_track(objectives: pd.DataFrame | Missing) -> float | Missing:
    """Return the share of goals with a state that are on track, as a fraction.

    >>> share_on_track(pd.DataFrame({"state": ["on track", "off track", None]}))
    0.5
    """
    known = objectives["state"].dropna()
    return float((known == "on track").mean()) if len(known) else Missing("no goal has a state")

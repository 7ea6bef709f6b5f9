"""The relationship: what the client wants to reach, who they are to us, and what each side owes the other.

A goal is judged by the way it has gone: from where it stood at the start to the target, against where a steady pace would be
by now. A goal due in a year that is a third of the way after four months is on track, though it is far from its target.

People count by their influence. An account is covered where those who decide have somebody of ours who has spoken with them
lately, and it hangs by a thread where all of that is one person.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures import rag
from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires
from acctlib.periods import Month, Quarter

__all__ = [
    "actions_status",
    "days_since_contact",
    "objectives_status",
    "sponsor_left",
    "stakeholder_coverage",
    "stakeholder_gaps",
    "stakeholder_map",
]

#: A contact counts as recent for so many days.
RECENT_DAYS = 90
#: Influence from which a person's silence is a gap of its own, on the scale 1 to 5.
INFLUENTIAL = 4


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
        `as_of` (of the newest value), `due`, `owner`, `source`; `variance` (by how much it is better than the target: actual −
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
    rows = complete(objectives, "objectives", "measure unit baseline due owner source")
    rows = rows[rows["as_of"] <= pd.Timestamp(as_of)].sort_values(["as_of", "objective"], kind="stable")
    if rows.empty:
        return Missing(f"no goal was measured by {as_of}", "add rows to objectives")
    measured = rows[rows["actual"].notna()]
    goals = rows.groupby("objective", sort=False)[["measure", "unit", "baseline", "target", "due", "owner", "source"]].last()
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
    columns = "objective measure unit baseline target actual as_of due owner source variance variance_share better_when"
    columns += " share_of_way expected_share previous change trend last_four state"
    return goals.reset_index()[columns.split()]


def _steady_pace(goals: pd.DataFrame, first: pd.Series) -> pd.Series:
    """Return the share of the way at the newest measurement, at an even pace from the first one to the due date."""
    planned = (goals["due"] - first).dt.days
    gone = (goals["as_of"] - first).dt.days
    return (gone / planned.where(planned > 0)).clip(0, 1).fillna(1.0).where(goals["as_of"].notna())


def _current(stakeholders: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return those who have not left by the day."""
    return stakeholders[stakeholders["left_on"].isna() | (stakeholders["left_on"] > day)]


def _touched(people: pd.DataFrame, day: pd.Timestamp, days: int) -> pd.Series:
    """Return who has an owner on our side and a conversation within so many days."""
    recent = people["last_contact"].between(day - pd.Timedelta(days=days), day)
    return people["owner"].notna() & recent


_PEOPLE = "title business_unit decision_role influence sentiment owner last_contact reports_to left_on"


@requires(stakeholders="name")
def stakeholder_map(stakeholders: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the people at the client, the most influential first.

    Parameters
    ----------
    stakeholders : DataFrame
        One row a person.
    as_of : date

    Returns
    -------
    DataFrame
        Those who have not left: `name`, `title`, `business_unit`, `role` (in decisions), `influence` (1–5), `sentiment` (−2
        to 2), `owner`, `last_contact`, `days_since`, `reports_to`.

    Examples
    --------
    >>> people = pd.DataFrame({"name": ["Ama", "Ben"], "influence": [3, 5]})
    >>> stakeholder_map(people, date(2026, 9, 30))["name"].tolist()
    ['Ben', 'Ama']
    """
    day = pd.Timestamp(as_of)
    people = _current(complete(stakeholders, "stakeholders", _PEOPLE), day).rename(columns={"decision_role": "role"})
    people = people.assign(days_since=(day - people["last_contact"]).dt.days.astype("Int64"))
    ordered = people.sort_values(["influence", "name"], ascending=[False, True], na_position="last", kind="stable")
    columns = "name title business_unit role influence sentiment owner last_contact days_since reports_to"
    return ordered[columns.split()].reset_index(drop=True)


@requires(stakeholders="name influence owner last_contact")
def stakeholder_coverage(stakeholders: pd.DataFrame | Missing, as_of: date, days: int = RECENT_DAYS) -> float | Missing:
    """Return the share of the client's influence that we are in touch with.

    Parameters
    ----------
    stakeholders : DataFrame
        Those who left don't count; nor does a person without a stated influence.
    as_of : date
    days : int, default 90
        A contact counts for so long.

    Returns
    -------
    float or Missing
        Fraction: influence of people with an owner and a recent contact / influence of all.

    Examples
    --------
    >>> people = pd.DataFrame({"name": ["Ama", "Ben"], "influence": [4, 1], "owner": ["Kim", None],
    ...                        "last_contact": pd.to_datetime(["2026-09-01", "2026-09-01"])})
    >>> stakeholder_coverage(people, date(2026, 9, 30))
    0.8
    """
    day = pd.Timestamp(as_of)
    people = _current(complete(stakeholders, "stakeholders", _PEOPLE), day)
    influence = people["influence"].astype(float)
    return ratio(influence[_touched(people, day, days)].sum(), influence.sum(), "no current stakeholder has an influence")


@requires(stakeholders="name")
def stakeholder_gaps(stakeholders: pd.DataFrame | Missing, as_of: date, days: int = RECENT_DAYS) -> pd.DataFrame | Missing:
    """Return what the relationship lacks.

    Parameters
    ----------
    stakeholders : DataFrame
        What depends on a column that is not kept is not judged.
    as_of : date
    days : int, default 90
        A contact counts for so long.

    Returns
    -------
    DataFrame
        `gap` and `people` (names, separated by commas; blank where it is that there is nobody). Gaps: "no sponsor", "no
        decision maker", "no champion"; "a decider left"
        (sponsor or decision maker who left); "no owner" and "no recent contact" (of
        influence 4 or 5); "against us" (influence 4 or 5, sentiment below 0); "single-threaded" (fewer than
        two people were spoken with lately, or all of them by the same one of us). No row where nothing is lacking.

    Examples
    --------
    >>> people = pd.DataFrame({"name": ["Ama", "Ben"], "decision_role": ["sponsor", "decision_maker"], "influence": [4, 5],
    ...     "owner": "Kim", "last_contact": pd.to_datetime(["2026-09-01", "2026-03-01"])})
    >>> stakeholder_gaps(people, date(2026, 9, 30))["gap"].tolist()
    ['no champion', 'no recent contact', 'single-threaded']
    """
    day = pd.Timestamp(as_of)
    kept = set(stakeholders.columns)
    everyone = complete(stakeholders, "stakeholders", _PEOPLE)
    people = _current(everyone, day)
    influential = people[(people["influence"] >= INFLUENTIAL).fillna(False).astype(bool)]
    touched = people[_touched(people, day, days)]
    found: list[tuple[str, pd.Series]] = []
    if "decision_role" in kept:
        absent = [role for role in _NEEDED if not (people["decision_role"] == role).any()]
        found += [(f"no {role.replace('_', ' ')}", touched["name"].iloc[:0]) for role in absent]
        deciding = everyone["decision_role"].isin(["sponsor", "decision_maker"])
        found += _if_any("a decider left", everyone.loc[deciding & ~everyone.index.isin(people.index), "name"])
    if "owner" in kept:
        found += _if_any("no owner", influential.loc[influential["owner"].isna(), "name"])
    if "last_contact" in kept:
        recent = influential["last_contact"].between(day - pd.Timedelta(days=days), day)
        found += _if_any("no recent contact", influential.loc[~recent, "name"])
    if "sentiment" in kept:
        against = (influential["sentiment"] < 0).fillna(False).astype(bool)
        found += _if_any("against us", influential.loc[against, "name"])
    if {"owner", "last_contact"} <= kept and (len(touched) < 2 or touched["owner"].nunique() < 2):
        found.append(("single-threaded", touched["name"]))
    rows = [(gap, ", ".join(sorted(names)) or None) for gap, names in found]
    return pd.DataFrame(rows, columns=["gap", "people"], dtype="str")


#: The parts in a decision that somebody must play.
_NEEDED = ("sponsor", "decision_maker", "champion")


def _if_any(gap: str, names: pd.Series) -> list[tuple[str, pd.Series]]:
    return [(gap, names)] if len(names) else []


@requires(stakeholders="name decision_role left_on")
def sponsor_left(stakeholders: pd.DataFrame | Missing, as_of: date, days: int = 180) -> bool | Missing:
    """Return whether the client's sponsor left lately, or left and was not replaced.

    Parameters
    ----------
    stakeholders : DataFrame
    as_of : date
    days : int, default 180
        A new sponsor is not taken for granted for so long after the old one left.

    Returns
    -------
    bool or Missing
        Missing where no sponsor was ever named.

    Examples
    --------
    >>> people = pd.DataFrame({"name": ["Ama"], "decision_role": ["sponsor"], "left_on": pd.to_datetime(["2026-08-15"])})
    >>> sponsor_left(people, date(2026, 9, 30))
    True
    """
    day = pd.Timestamp(as_of)
    sponsors = stakeholders[stakeholders["decision_role"] == "sponsor"]
    if sponsors.empty:
        return Missing("no sponsor is named", "add a stakeholder with decision_role sponsor")
    gone = sponsors[sponsors["left_on"] <= day]
    lately = gone["left_on"] > day - pd.Timedelta(days=days)
    return bool(lately.any() or len(gone) == len(sponsors))


@requires(stakeholders="name last_contact")
def days_since_contact(stakeholders: pd.DataFrame | Missing, as_of: date) -> int | Missing:
    """Return how many days ago anybody of the client was last spoken with.

    >>> people = pd.DataFrame({"name": ["Ama"], "last_contact": pd.to_datetime(["2026-09-01"])})
    >>> days_since_contact(people, date(2026, 9, 30))
    29
    """
    day = pd.Timestamp(as_of)
    spoken = stakeholders.loc[stakeholders["last_contact"] <= day, "last_contact"]
    return (
        int((day - spoken.max()).days) if len(spoken) else Missing("no contact is recorded", "add last_contact to stakeholders")
    )


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
    closed = (rows["closed_on"] <= day) | (rows["closed_on"].isna() & rows["status"].isin(["done", "dropped"]))
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

"""The people at the client: who decides, where they stand, who of us speaks with them, and what changed.

People count by their influence. An account is covered where those who decide have somebody of ours who has spoken with them
lately, and it hangs by a thread where all of that is one person.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires

__all__ = [
    "PEOPLE",
    "current",
    "days_since_contact",
    "sponsor_left",
    "stakeholder_changes",
    "stakeholder_coverage",
    "stakeholder_gaps",
    "stakeholder_map",
]

#: A new sponsor is not taken for granted for so many days after the old one left.
SPONSOR_DAYS = 180
#: A contact counts as recent for so many days.
RECENT_DAYS = 90
#: Influence from which a person's silence is a gap of its own, on the scale 1 to 5.
INFLUENTIAL = 4


def current(stakeholders: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return those who have not left by the day."""
    return stakeholders[stakeholders["left_on"].isna() | (stakeholders["left_on"] > day)]


def _touched(people: pd.DataFrame, day: pd.Timestamp, days: int) -> pd.Series:
    """Return who has an owner on our side and a conversation within so many days."""
    recent = people["last_contact"].between(day - pd.Timedelta(days=days), day)
    return people["owner"].notna() & recent


PEOPLE = "title business_unit decision_role influence sentiment owner last_contact reports_to left_on"


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
    people = current(complete(stakeholders, "stakeholders", PEOPLE), day).rename(columns={"decision_role": "role"})
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
    people = current(complete(stakeholders, "stakeholders", PEOPLE), day)
    influence = people["influence"].astype(float)
    return ratio(influence[_touched(people, day, days)].sum(), influence.sum(), "no current stakeholder has an influence")


@requires(stakeholders="name")
def stakeholder_gaps(stakeholders: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return what the relationship lacks.

    Parameters
    ----------
    stakeholders : DataFrame
        What depends on a column that is not kept is not judged.
    as_of : date

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
    everyone = complete(stakeholders, "stakeholders", PEOPLE)
    people = current(everyone, day)
    influential = people[(people["influence"] >= INFLUENTIAL).fillna(False).astype(bool)]
    touched = people[_touched(people, day, RECENT_DAYS)]
    found: list[tuple[str, pd.Series]] = []
    if "decision_role" in kept:
        absent = [role for role in _NEEDED if not (people["decision_role"] == role).any()]
        found += [(f"no {role.replace('_', ' ')}", touched["name"].iloc[:0]) for role in absent]
        deciding = everyone["decision_role"].isin(["sponsor", "decision_maker"])
        found += _if_any("a decider left", everyone.loc[deciding & ~everyone.index.isin(people.index), "name"])
    if "owner" in kept:
        found += _if_any("no owner", influential.loc[influential["owner"].isna(), "name"])
    if "last_contact" in kept:
        recent = influential["last_contact"].between(day - pd.Timedelta(days=RECENT_DAYS), day)
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
def sponsor_left(stakeholders: pd.DataFrame | Missing, as_of: date) -> bool | Missing:
    """Return whether the client's sponsor left lately, or left and was not replaced.

    Parameters
    ----------
    stakeholders : DataFrame
    as_of : date

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
    lately = gone["left_on"] > day - pd.Timedelta(days=SPONSOR_DAYS)
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


#: What of a person may change from one quarter to the next: column -> what it is called.
_FOLLOWED = {
    "decision_role": "role",
    "influence": "influence",
    "sentiment": "sentiment",
    "owner": "owner",
    "reports_to": "superior",
}


@requires(before="name as_of", now="name as_of")
def stakeholder_changes(
    before: pd.DataFrame | Missing, now: pd.DataFrame | Missing, since: date, as_of: date
) -> pd.DataFrame | Missing:
    """Return who joined, who left and what is different about the others since an earlier day.

    Parameters
    ----------
    before, now : DataFrame
        The stakeholders as known on the two days: `account.at(quarter).stakeholders`. Without the column `as_of` only one
        state of each person is kept, and what changed is not defined.
    since, as_of : date
        The two days.

    Returns
    -------
    DataFrame
        `name`, `change` ("joined": first entered; "left"; "role", "influence", "sentiment", "owner", "superior"), `was` and
        `now` (as text; blank where not stated). The most influential person first. No row where nothing changed.

    Raises
    ------
    ValueError
        If `since` is after `as_of`.

    Examples
    --------
    >>> then = pd.DataFrame({"name": ["Ama"], "sentiment": [1], "as_of": pd.to_datetime(["2026-06-30"])})
    >>> today = pd.DataFrame({"name": ["Ama", "Ben"], "sentiment": [-1, 0], "as_of": pd.to_datetime(["2026-09-30"] * 2)})
    >>> stakeholder_changes(then, today, date(2026, 6, 30), date(2026, 9, 30)).values.tolist()
    [['Ama', 'sentiment', '1', '-1'], ['Ben', 'joined', nan, nan]]
    """
    if since > as_of:
        raise ValueError(f"since must not be after as_of, got {since} and {as_of}; exchange the two")
    then, today = (
        complete(table, "stakeholders", PEOPLE).drop_duplicates("name", keep="last").set_index("name")
        for table in (before, now)
    )
    then = current(then, pd.Timestamp(since))
    here = current(today, pd.Timestamp(as_of))
    influence = today["influence"].combine_first(then["influence"]).astype("Float64").fillna(0.0)
    rows: list[tuple[str, str, object, object]] = []
    for name in sorted(influence.index, key=lambda name: (-influence[name], name)):
        if name in then.index and name in here.index:
            pairs = [(word, then.at[name, column], here.at[name, column]) for column, word in _FOLLOWED.items()]
            rows += [(name, word, _said(was), _said(is_)) for word, was, is_ in pairs if _said(was) != _said(is_)]
        elif name in here.index:
            rows.append((name, "joined", None, None))
        elif name in then.index:
            rows.append((name, "left", None, None))
    return pd.DataFrame(rows, columns=["name", "change", "was", "now"], dtype="str")


def _said(value: object) -> str | None:
    """Return a cell as text, whatever type its column happens to have; None where it is blank."""
    if pd.isna(value):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

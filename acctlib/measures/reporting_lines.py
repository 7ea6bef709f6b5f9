"""Who reports to whom at the client, as a tree.

It is what somebody of us wrote down, and may be wrong: a person who reports to himself, people who report to each other in a
circle, a superior whom nobody has entered. Each such line is cut, drawn from the top and said in words.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.measures.stakeholders import PEOPLE, current
from acctlib.measures.undefined import complete
from acctlib.missing import Missing, requires
from acctlib.tables.reporting import circles

__all__ = ["reporting_lines"]


@requires(stakeholders="name reports_to")
def reporting_lines(stakeholders: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return who reports to whom, each person below the superior.

    A line that cannot be drawn is cut: the person stands on top, with a sentence that says why.

    Parameters
    ----------
    stakeholders : DataFrame
        One row a person.
    as_of : date

    Returns
    -------
    DataFrame
        Those who have not left, as a tree from the top, the more influential branch first: `name`, `title`,
        `business_unit`, `role`, `influence`, `sentiment`, `reports_to`; `depth` (0 = on top), `below` (people under this
        one, at any depth); `note`, a sentence where the person reports to himself, in a circle, to somebody who left or to
        somebody who is not among the stakeholders.

    Examples
    --------
    >>> people = pd.DataFrame({"name": ["Ama", "Ben", "Cat"], "reports_to": [None, "Ama", "Cat"]})
    >>> reporting_lines(people, date(2026, 9, 30))[["name", "depth", "below", "note"]].values.tolist()
    [['Ama', 0, 1, nan], ['Ben', 1, 0, nan], ['Cat', 0, 0, 'Cat is entered as reporting to Cat.']]
    """
    day = pd.Timestamp(as_of)
    everyone = complete(stakeholders, "stakeholders", PEOPLE).drop_duplicates("name", keep="last")
    people = current(everyone, day).rename(columns={"decision_role": "role"})
    people = people.sort_values(["influence", "name"], ascending=[False, True], na_position="last", kind="stable")
    superiors = people.dropna(subset=["reports_to"]).set_index("name")["reports_to"].to_dict()
    notes = _cut_lines(superiors, set(people["name"]), everyone.set_index("name")["left_on"].dropna().to_dict())
    under: dict[str | None, list[str]] = {}
    for name in people["name"]:
        under.setdefault(None if name in notes else superiors.get(name), []).append(name)
    depths: dict[str, int] = {}
    upward = [(name, 0) for name in reversed(under.get(None, []))]
    while upward:
        name, depth = upward.pop()
        depths[name] = depth
        upward += [(each, depth + 1) for each in reversed(under.get(name, []))]
    below = dict.fromkeys(depths, 0)
    for name in reversed(depths):  # from the bottom up
        if depths[name]:
            below[superiors[name]] += below[name] + 1
    drawn = people.set_index("name").loc[list(depths)].reset_index()
    columns = "name title business_unit role influence sentiment reports_to depth below note"
    note = pd.Series([notes.get(name) for name in depths], dtype="str")
    return drawn.assign(depth=list(depths.values()), below=list(below.values()), note=note)[columns.split()]


def _cut_lines(superiors: dict[str, str], here: set[str], left: dict[str, pd.Timestamp]) -> dict[str, str]:
    """Return a sentence for each person whose line to the superior cannot be drawn."""
    notes = {}
    for name, superior in superiors.items():
        if superior not in here:
            gone = f"left on {left[superior]:%Y-%m-%d}" if superior in left else "is not among the stakeholders"
            notes[name] = f"{name} reports to {superior}, who {gone}."
    for circle in circles({name: superior for name, superior in superiors.items() if name not in notes}):
        if len(circle) == 1:
            notes[circle[0]] = f"{circle[0]} is entered as reporting to {circle[0]}."
        else:
            others = ", who reports to ".join((*circle[1:], circle[0]))
            notes |= dict.fromkeys(circle, f"{circle[0]} reports to {others}: a circle.")
    return notes

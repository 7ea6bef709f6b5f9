"""Who reports to whom: circles, which would make a tree endless.

A circle is somebody's slip of the pen in a table that only we read. It is a warning and not an error: no figure depends on it,
the measure cuts it and says so in words, and a client's review must not fail because two names were exchanged.
"""

from __future__ import annotations

import contextlib
import graphlib
from collections.abc import Iterator, Mapping

import pandas as pd

from acctlib.tables.problems import Problem, shown
from acctlib.tables.typed import TypedTable

__all__ = ["circles", "reporting_circles"]


def circles(superiors: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return every circle of people of whom each reports to the next, and the last to the first.

    Parameters
    ----------
    superiors : mapping of str to str
        Name -> name of the superior. Those without one, or with one who is not a key, end a line.

    Returns
    -------
    list of tuple of str
        Each circle once, from its first name in the alphabet; one name where a person reports to himself.

    Examples
    --------
    >>> circles({"Ama": "Ben", "Ben": "Ama", "Cat": "Cat", "Dan": "Ama", "Eve": "Zed"})
    [('Ama', 'Ben'), ('Cat',)]
    """
    found, settled = [], set()
    for name in superiors:
        line: dict[str, None] = {}  # an ordered set: each step asks whether a name is in it
        while name in superiors and name not in settled and name not in line:
            line[name] = None
            name = superiors[name]
        if name in line:
            upward = list(line)
            circle = upward[upward.index(name) :]
            first = circle.index(min(circle))
            found.append(tuple(circle[first:] + circle[:first]))
        settled |= line.keys()
    return sorted(found)


def reporting_circles(tables: dict[str, TypedTable]) -> Iterator[Problem]:
    """Yield a warning for every circle of stakeholders, once, with the rows in which it first closes."""
    people = tables.get("stakeholders")
    if people is None or not {"name", "reports_to"} <= {*people.frame}:
        return
    rows = people.frame[people.sound("name", "reports_to")].dropna(subset=["name"])
    edges: dict[str, set[str]] = {}
    for name, superior in rows[["name", "reports_to"]].dropna().itertuples(index=False):
        edges.setdefault(name, set()).add(superior)
    with contextlib.suppress(graphlib.CycleError):  # as mostly: not even all days together make a circle
        graphlib.TopologicalSorter(edges).prepare()
        return
    dated = rows["as_of"] if "as_of" in rows else pd.Series(pd.NaT, rows.index)
    seen = set()
    for day in [None, *sorted(dated.dropna().unique())]:
        known = rows[dated.isna() | (False if day is None else dated <= day)]
        known = known.loc[dated[known.index].sort_values(na_position="first", kind="stable").index]
        known = known.drop_duplicates("name", keep="last").reset_index(names="row").set_index("name")
        for circle in circles(known["reports_to"].dropna().to_dict()):
            if circle not in seen:
                seen.add(circle)
                at = sorted(int(known.at[name, "row"]) for name in circle)
                lines = ", ".join(str(people.raw.lines[row]) for row in at)
                names = " reports to ".join(shown(name) for name in (*circle, circle[0]))
                where = f" (rows {lines})" if len(at) > 1 else ""
                remedy = "leave reports_to blank for the one on top"
                yield people.problem(at[0], "reports_to", f"{names}{where}: nobody is on top", remedy, "warning")

"""Where there is nothing to measure: a table nobody keeps, a ratio without a denominator.

A measure must not crash because a client has no change requests, and must not print 0 % because nobody has been asked. The
two cases are different: no change request recorded is an empty list, and sums over it are truly zero; no survey answered
leaves a score not defined. `complete` serves the first case and `ratio` the second.
"""

from __future__ import annotations

import math

import pandas as pd

from acctlib.missing import Missing
from acctlib.tables.dictionary import TABLES

__all__ = ["NOT_STATED", "complete", "ratio", "some"]

#: What a group is called whose name is blank, so that groups add up to the whole.
NOT_STATED = "not stated"

#: Kind of a column that is not text -> the type its blanks take.
_TYPES = {
    "date": "datetime64[us]",
    "number": "float64",
    "hours": "float64",
    "money": "float64",
    "percent": "float64",
    "whole": "Int64",
    "yes_no": "boolean",
}


def complete(table: pd.DataFrame | Missing, name: str, columns: str) -> pd.DataFrame:
    """Return the table with all named columns: blank where a column is absent, without rows where the table is.

    Parameters
    ----------
    table : DataFrame or Missing
        A table of an account.
    name : str
        Its name in the dictionary, which knows the type of each column.
    columns : str
        Columns the measure reads, separated by blanks.

    Returns
    -------
    DataFrame
        A copy where a column had to be added, else the table itself.

    Examples
    --------
    An account without change requests has had none approved:

    >>> changes = complete(Missing("there is no file change_requests"), "change_requests", "project fee")
    >>> len(changes), float(changes["fee"].sum())
    (0, 0.0)
    """
    spec = TABLES[name]
    frame = pd.DataFrame(index=pd.RangeIndex(0)) if isinstance(table, Missing) else table
    absent = [column for column in columns.split() if column not in frame.columns]
    if not absent:
        return frame
    blanks = {c: pd.Series(None, index=frame.index, dtype=_TYPES.get(spec.column(c).kind, "str")) for c in absent}
    return frame.assign(**blanks)


def ratio(part: float | Missing, whole: float | Missing, reason: str) -> float | Missing:
    """Return part / whole as a fraction, or `Missing` with the reason where the whole is zero or not known.

    Parameters
    ----------
    part, whole : float or Missing
        In the same unit. A `Missing` is passed on.
    reason : str
        Why there is no ratio when the whole is zero, as a clause: "nothing was invoiced".

    Returns
    -------
    float or Missing
        Negative where one of the two is.

    Examples
    --------
    How much of a fee of 40 000 was used, and how much of no fee at all?

    >>> ratio(30e3, 40e3, "no fee is agreed"), ratio(30e3, 0.0, "no fee is agreed")
    (0.75, Missing(reason='no fee is agreed', remedy=''))
    """
    for figure in (part, whole):
        if isinstance(figure, Missing):
            return figure
    quotient = float(part) / float(whole) if whole else math.nan
    return quotient if math.isfinite(quotient) else Missing(reason)


def some(rows: pd.DataFrame, reason: str) -> pd.DataFrame | Missing:
    """Return the rows numbered anew, or `Missing` with the reason where there is none.

    >>> some(pd.DataFrame({"project": []}), "no project is running")
    Missing(reason='no project is running', remedy='')
    """
    return rows.reset_index(drop=True) if len(rows) else Missing(reason)

"""A table as it stood on a day, so that a past report can be made again from today's files.

What became known later is taken away: rows by the date on which they came to be known, later facts of an older row, and of
several states of one thing all but the latest. The dictionary says for each table which columns that concerns.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.missing import Missing
from acctlib.tables.dictionary import Table

__all__ = ["known_on"]


def known_on(table: pd.DataFrame | Missing, spec: Table, day: date) -> pd.DataFrame | Missing:
    """Return a table as it stood on a day: later rows gone, later facts blank, of several states the latest.

    Examples
    --------
    A change approved in October was only submitted when September's report was made:

    >>> from acctlib.tables.dictionary import TABLES
    >>> changes = pd.DataFrame({"change": ["CR1"], "status": ["approved"],
    ...                         "raised": [pd.Timestamp("2026-09-01")], "decided": [pd.Timestamp("2026-10-09")]})
    >>> known_on(changes, TABLES["change_requests"], date(2026, 9, 30))[["status", "decided"]].values.tolist()
    [['submitted', NaT]]
    """
    if isinstance(table, Missing):
        return table
    last = pd.Timestamp(day)
    if spec.known_on and spec.known_on in table.columns:
        table = table[table[spec.known_on].isna() | (table[spec.known_on] <= last)]
    if spec.of_state and "as_of" in table.columns:
        table = table[table["as_of"].isna() | (table["as_of"] <= last)].sort_values("as_of", na_position="first", kind="stable")
        thing = [name for name in spec.key if name != "as_of"]
        table = table.drop_duplicates(thing, keep="last").sort_index()
    table = table.reset_index(drop=True)
    if spec.begins and set(spec.begins[:2]) <= set(table.columns):
        dated, column, before = spec.begins
        table = table.assign(**{column: table[column].mask((table[dated] > last) & table[column].notna(), before)})
    dates = table  # one date may settle several columns
    for dated, column, before in spec.settles:
        if dated not in dates.columns:
            continue
        later = dates[dated] > last
        if later.any():
            table = table.assign(**{dated: table[dated].mask(later)})
            if column in table.columns:
                table = table.assign(**{column: table[column].mask(later, before)})
    return table if len(table) else Missing(f"{spec.name} has no row that was known on {day}")

"""\"Not defined\" is a value of its own.

A quarter without invoices has no days-to-pay, a fixed-fee client sees no hours, a task nobody has booked time on has no
cost performance index. None of these is zero, and none is an error. Each is a `Missing` that says why, travels through the
measures untouched and is turned into a hint (internal edition) or into nothing (client edition) where a page is drawn.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Missing", "requires"]


@dataclass(frozen=True)
class Missing:
    """A figure or table that is not there, with the reason and what would supply it.

    Parameters
    ----------
    reason : str
        Why there is no value, as a clause a reader understands: "no invoice was paid in the period".
    remedy : str, optional
        What to add, as an instruction: "add data/harbour-foods/surveys.csv". Empty where nothing can be added.

    Examples
    --------
    >>> score = Missing("no survey was answered")
    >>> bool(score), str(score)
    (False, 'not defined: no survey was answered')
    """

    reason: str
    remedy: str = ""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"not defined: {self.reason}"


def requires(**columns: str) -> Callable:
    """Return a decorator that answers `Missing` when a table or column that the measure needs is not there.

    Parameters
    ----------
    **columns : str
        For each argument that must be a table, the columns it must have, separated by blanks. A column with a question
        mark is optional and filled with blanks when absent. An empty text asks for the table only.

    Examples
    --------
    Fees cannot be added up for a table that has none:

    >>> import pandas as pd
    >>> @requires(projects="project fee")
    ... def total_fee(projects):
    ...     return float(projects["fee"].sum())
    >>> total_fee(pd.DataFrame({"project": ["site"], "fee": [100.0]}))
    100.0
    >>> total_fee(pd.DataFrame({"project": ["site"]}))
    Missing(reason='projects has no column fee', remedy='add the column fee to projects')
    """

    def decorate(measure: Callable) -> Callable:
        signature = inspect.signature(measure)

        @functools.wraps(measure)
        def guarded(*args, **kwargs):
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            for table, names in columns.items():
                frame = given.arguments[table]
                if isinstance(frame, Missing):
                    return frame
                needed = [name for name in names.split() if not name.endswith("?")]
                absent = [name for name in needed if name not in frame.columns]
                if absent:
                    listed = ", ".join(absent)
                    noun = "column" if len(absent) == 1 else "columns"
                    return Missing(f"{table} has no {noun} {listed}", f"add the {noun} {listed} to {table}")
                optional = [name[:-1] for name in names.split() if name.endswith("?")]
                blank = [name for name in optional if name not in frame.columns]
                if blank:
                    from pandas import NA  # only tables need it, and the engines of the outlook do without

                    given.arguments[table] = frame.assign(**dict.fromkeys(blank, NA))
            return measure(*given.args, **given.kwargs)

        return guarded

    return decorate

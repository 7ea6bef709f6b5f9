"""On which days each prospect would bring its money.

An amount is spread evenly from its first day to its last. A deal waits for its decision: a late one moves the work by as many
days, and no work starts before its decision. White space is bought on any day of the year ahead.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.outlook.decision_dates import Slip
from acctlib.outlook.distributions import pert
from acctlib.outlook.prospect_totals import Part

__all__ = ["parts_of"]

#: Where a deal's dates are blank its work starts the day after the decision and takes so many days: half a year.
SPAN_DAYS = 182
#: White space is bought on any day of the year ahead, told in steps of so many days, and brings its value in the year after.
YEAR, STEP = 365, 5
#: What waits for a decision, and may come late.
DECIDED = ("deal", "white space")


def parts_of(prospects: pd.DataFrame, as_of: date, slip: Slip) -> list[Part]:
    """Return the items of an outlook with their days and delays.

    Parameters
    ----------
    prospects : DataFrame
        As in `prospects.Prospects.table`.
    as_of : date
    slip : Slip

    Returns
    -------
    list of Part
        In the order of the rows.

    Examples
    --------
    A decision that was due on 15 September comes on 1 October at the earliest, and moves the work by as many days:

    >>> deal = pd.DataFrame({"kind": ["deal"], "chance": 0.5, "low": 1.0, "likely": 1.0, "high": 1.0,
    ...                      "closes": pd.to_datetime(["2026-09-15"]), "starts": pd.to_datetime(["2026-10-01"]),
    ...                      "ends": pd.to_datetime(["2026-12-31"])})
    >>> parts_of(deal, date(2026, 9, 30), Slip((-5, 0, 20), "three decisions"))[0].delays.tolist()
    [16, 16, 36]
    """
    tomorrow = (np.datetime64(as_of, "D") + 1).astype(int)
    days = {name: prospects[name].to_numpy("datetime64[D]") for name in ("closes", "starts", "ends")}
    dated = {name: ~np.isnat(day) for name, day in days.items()}
    days = {name: day.astype(np.int64) for name, day in days.items()}
    slips, none, year = np.array(slip.days, dtype=np.int64), np.zeros(1, dtype=np.int64), np.arange(STEP // 2, YEAR, STEP)
    amounts = prospects[["chance", "low", "likely", "high"]].to_numpy(float)
    parts = []
    for row, kind in enumerate(prospects["kind"]):
        chance, low, likely, high = amounts[row]
        closes, starts, ends = (int(days[name][row]) for name in ("closes", "starts", "ends"))
        has_close, has_start, has_end = (bool(dated[name][row]) for name in ("closes", "starts", "ends"))
        delays = none
        if has_close and kind in DECIDED:
            # A decision that is overdue is expected tomorrow, and may slip from there.
            decided = np.maximum(max(closes, tomorrow) + slips, tomorrow)
            starts = starts if has_start else closes + 1
            # Work starts as planned, later by the days that the decision is late, and never before it.
            late = np.maximum(np.maximum(decided - closes, decided + 1 - starts), 0)
            ends = ends if has_end and ends >= starts else starts + SPAN_DAYS - 1
            delays = late
        elif kind == "white space" and not has_start:
            starts, ends, delays = tomorrow, tomorrow + YEAR - 1, year
        else:
            starts = starts if has_start else tomorrow
            ends = ends if has_end else starts + SPAN_DAYS - 1
        parts.append(Part(chance, pert(low, likely, high), starts, max(ends, starts), delays))
    return parts

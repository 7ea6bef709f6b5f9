"""How earlier forecasts came out.

A range that is never held against what happened is decoration. Each review states how many hours its projects will have used by
the end of the next quarter, as a range that should hold in eight of ten cases; later reviews find it, look up what happened to
the same projects, and say how often the ranges held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from acctlib.measures.proportion import Proportion
from acctlib.missing import Missing, requires

__all__ = ["held", "scored_hours"]


@requires(time_entries="date project hours")
def scored_hours(
    earlier: Sequence[Mapping[str, Any]], time_entries: pd.DataFrame | Missing, as_of: date
) -> pd.DataFrame | Missing:
    """Return the forecasts of earlier reviews that can be compared with what happened.

    Parameters
    ----------
    earlier : sequence of mapping
        The contents of earlier results, the oldest first. A forecast is the figure `hours_forecast` with its quantiles and
        the day on which it is due; the figure `hours_forecast_projects` names the projects.
    time_entries : DataFrame
        Of the kind that was forecast: billable ones.
    as_of : date
        Only forecasts due by then.

    Returns
    -------
    DataFrame or Missing
        made (as-of of the forecast), due, low, likely, high (its P10, P50 and P90), outcome (hours of the same projects to the
        due day) and held ("yes" or "no": the range contains it). `Missing` where no forecast is due yet.

    Examples
    --------
    In June 480 to 560 hours were expected by the end of September. It became 530.

    >>> said = {"as_of": "2026-06-30", "figures": {"hours_forecast_projects": {"value": "app"}, "hours_forecast": {
    ...     "value": 520.0, "due": "2026-09-30", "quantiles": {"0.1": 480.0, "0.5": 520.0, "0.9": 560.0}}}}
    >>> time = pd.DataFrame({"date": pd.to_datetime(["2026-09-01", "2026-10-01"]), "project": "app", "hours": [530.0, 99.0]})
    >>> scored_hours([said], time, date(2026, 9, 30))[["low", "high", "outcome", "held"]].values.tolist()
    [[480.0, 560.0, 530.0, 'yes']]
    """
    rows = []
    for said in earlier:
        figure = said.get("figures", {}).get("hours_forecast", {})
        names = said.get("figures", {}).get("hours_forecast_projects", {}).get("value")
        if not figure.get("quantiles") or not names or date.fromisoformat(figure["due"]) > as_of:
            continue
        quantiles = {float(p): value for p, value in figure["quantiles"].items()}
        if not {0.1, 0.5, 0.9} <= set(quantiles):
            continue
        due = pd.Timestamp(figure["due"])
        of_them = time_entries["project"].isin(names.split("; ")) & (time_entries["date"] <= due)
        actual = float(time_entries.loc[of_them, "hours"].sum())
        low, likely, high = (quantiles[p] for p in (0.1, 0.5, 0.9))
        rows.append((pd.Timestamp(said["as_of"]), due, low, likely, high, actual, "yes" if low <= actual <= high else "no"))
    columns = ["made", "due", "low", "likely", "high", "outcome", "held"]
    return pd.DataFrame(rows, columns=columns) if rows else Missing("no earlier forecast is due yet")


@requires(scored="held")
def held(scored: pd.DataFrame | Missing) -> Proportion | Missing:
    """Return how many of the ranges contained what happened.

    >>> str(held(pd.DataFrame({"held": ["yes", "no", "yes"]})))
    '2 of 3'
    """
    return Proportion(int(np.sum(scored["held"] == "yes")), len(scored))

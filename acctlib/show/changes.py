"""What moved since the last report: its named figures beside today's.

Only figures that both reports state in the same unit are compared; a figure that one of them could not give says so in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from acctlib.currencies import CURRENCIES
from acctlib.missing import Missing
from acctlib.periods import long_date
from acctlib.show.blocks import Figure
from acctlib.show.numerals import hours, number, percent, short_money

__all__ = ["moved", "since"]

#: How a figure that one of two reports does not state is printed.
UNKNOWN = "not known"


def moved(now: Mapping[str, object], last: Mapping[str, Any] | Missing, **labels: str) -> pd.DataFrame | Missing:
    """Return named figures of the last report beside today's.

    Parameters
    ----------
    now : mapping of str to Figure or plain value
        As given to `Report.results`.
    last : mapping or Missing
        The content of the last report's JSON.
    **labels : str
        Which figures, in this order, and what each is called.

    Returns
    -------
    DataFrame or Missing
        measure, then, now and change, as text. `Missing` where this is the first report, or no figure is in both.

    Examples
    --------
    >>> last = {"figures": {"reserve": {"value": 20e3, "unit": "GBP"}, "holds": {"value": 0.6, "unit": "fraction"}}}
    >>> now = {"reserve": Figure(32e3, "GBP"), "holds": Figure(0.45, "fraction")}
    >>> moved(now, last, reserve="Reserve", holds="Budget holds")["change"].tolist()
    ['+£12k', '−15 points']
    """
    if isinstance(last, Missing):
        return last
    rows = []
    for name, label in labels.items():
        figure = now[name] if isinstance(now[name], Figure) else Figure(now[name])
        before = last.get("figures", {}).get(name, {})
        then = before.get("value") if before.get("unit", "") == figure.unit else None
        value = None if isinstance(figure.value, Missing) else float(figure.value)
        if then is None and value is None:
            continue
        change = "" if then is None or value is None else _change(value - then, figure.unit)
        rows.append({"measure": label, "then": _told(then, figure.unit), "now": _told(value, figure.unit), "change": change})
    return pd.DataFrame(rows) if rows else Missing("the last report has no figure to compare with")


def since(last: Mapping[str, Any] | Missing) -> str:
    """Return the title of what moved, with the day of the last report.

    >>> since({"as_of": "2026-06-30", "period": "2026-Q2"})
    'What moved since the last report, as of 30 Jun 2026 (2026-Q2)'
    """
    if isinstance(last, Missing):
        return "What moved since the last report"
    return f"What moved since the last report, as of {long_date(date.fromisoformat(last['as_of']))} ({last['period']})"


def _told(value: float | None, unit: str) -> str:
    if value is None:
        return UNKNOWN
    if unit == "fraction":
        return percent(value)
    if unit in CURRENCIES:
        return short_money(value, unit)
    return hours(round(value, 1)) if unit == "h" else number(value)


def _change(by: float, unit: str) -> str:
    if unit == "fraction":
        by, told = round(100 * by), f"{abs(round(100 * by))} points"
    else:
        told = _told(abs(by), unit)
    return f"{'+' if by > 0 else '−' if by < 0 else '±'}{told}"

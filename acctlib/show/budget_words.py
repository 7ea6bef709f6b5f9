"""What the pages say of hours and prices against what was agreed: allowances, budgets, and what is to be paid.

The state at the day comes first, then what it is held against.
"""

from __future__ import annotations

import pandas as pd

from acctlib.missing import Missing
from acctlib.show.numerals import hours, short_money
from acctlib.show.sentences import nothing_in

__all__ = [
    "allowance",
    "held",
    "prices",
    "ranges",
    "spending",
]

Table = pd.DataFrame | Missing
_NONE = Missing("there is none")


def allowance(months: Table) -> str:
    """Return how the newest month or quarter of the retainers stands against what their fees include.

    >>> ends = pd.to_datetime(["2026-09-30"])
    >>> one = pd.DataFrame({"month": ["2026-09"], "ends": ends, "used": 55.0, "included": 50.0, "carried_in": 10.0})
    >>> one["over"] = 5.0
    >>> allowance(one)
    'September 2026 used 55\xa0h of 40\xa0h included and 10\xa0h carried over: 5\xa0h over'
    >>> allowance(one.assign(used=30.0, carried_in=0.0))
    'September 2026 used 30\xa0h of 50\xa0h included: 5\xa0h over, for unused hours of one retainer pay for none of another'
    """
    if nothing_in(months):
        return "Hours against the allowance"
    last = months.iloc[-1]
    carried = f" and {hours(last['carried_in'])} carried over" if last["carried_in"] > 0 else ""
    verdict = f": {hours(last['over'])} over" if last["over"] > 0 else ""
    if last["over"] > max(last["used"] - last["included"], 0) + 1e-9:
        verdict += ", for unused hours of one retainer pay for none of another"
    first, ends = pd.Timestamp(last["month"]), pd.Timestamp(last["ends"])
    period = f"{first:%B} to {ends:%B %Y}" if ends.month != first.month else f"{first:%B %Y}"
    return f"{period} used {hours(last['used'])} of {hours(last['included'] - last['carried_in'])} included{carried}{verdict}"


def spending(
    what: str, used: float | Missing, planned: float | Missing, budget: float | Missing, done: float | Missing = _NONE
) -> str:
    """Return the text of a curve of what was used.

    >>> spending("hours", 1200.0, 1100.0, 2000.0, 1150.0)
    'Used so far: 1,200 hours; planned by now: 1,100; budget of the work done: 1,150; budget: 2,000.'
    """
    if isinstance(used, Missing):
        return f"No {what} are recorded."
    beside = {"planned by now": planned, "budget of the work done": done, "budget": budget}
    known = [f"{name}: {value:,.0f}" for name, value in beside.items() if not isinstance(value, Missing) and not pd.isna(value)]
    return "; ".join([f"Used so far: {used:,.0f} {what}", *known]) + "."


def prices(pays: Table) -> str:
    """Return how to read the table of what is paid; nothing about a range where no price is known.

    >>> prices(pd.DataFrame({"low": [None], "expected": [None], "high": [None]}))
    ''
    """
    if nothing_in(pays) or pays["expected"].isna().all():
        return ""
    said = ["Low to high: 8 of 10 outcomes of the work agreed."]
    if (pays["expenses"] > 0).any():
        said.append("Expenses so far are in all three.")
    if (pays["pending"] > 0).any():
        said.append("High counts pending changes as well.")
    return " ".join(said)


def ranges(table: Table, currency: str) -> str:
    """Return the text of amounts with their ranges.

    >>> ranges(pd.DataFrame({"label": ["Site"], "low": [90e3], "value": [100e3], "high": [120e3]}), "GBP")
    'Site: £100k, between £90k and £120k.'
    """
    if nothing_in(table):
        return "There is nothing to show."
    rows = table.head(8).to_dict("records")
    return " ".join(
        f"{r['label']}: {short_money(r['value'], currency)}"
        + (
            "."
            if r["low"] == r["high"]
            else f", between {short_money(r['low'], currency)} and {short_money(r['high'], currency)}."
        )
        for r in rows
    )


def held(share: object) -> str:
    """Return how often the ranges of earlier forecasts held, as a title.

    >>> held(Missing("no earlier forecast is due yet"))
    'How earlier forecasts came out'
    """
    if isinstance(share, Missing):
        return "How earlier forecasts came out"
    return (
        f"Our 80\N{NO-BREAK SPACE}% ranges held {share} times"
        if share.n > 1
        else f"Our last range {'held' if share.count else 'did not hold'}"
    )

"""What the pages say of the money that came in: fees invoiced and earned, what moved them, how they are paid.

An amount alone tells little, so each is said beside the one before, or with the step that moved it most.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from acctlib.missing import Missing
from acctlib.periods import long_date
from acctlib.show.numerals import percent, short_money
from acctlib.show.sentences import count, nothing_in

__all__ = [
    "BRIDGE",
    "amounts",
    "begins_late",
    "bridged",
    "expected_fees",
    "last_expected",
    "payment",
    "quarters",
    "realised",
    "retained",
]

Table = pd.DataFrame | Missing


def quarters(by_quarter: Table, currency: str) -> str:
    """Return how the newest quarter's fees stand beside the one before, as a title.

    >>> quarters(pd.DataFrame({"period": ["2026-Q2", "2026-Q3"], "fees": [80e3, 95e3]}), "GBP")
    'Fees invoiced: £95k, £15k more than the quarter before'
    """
    if nothing_in(by_quarter) or len(by_quarter) < 2:
        return "Fees invoiced by quarter"
    before, last = by_quarter["fees"].iloc[-2:]
    if abs(last - before) < 0.01 * max(abs(before), 1.0):
        return f"Fees invoiced: {short_money(last, currency)}, as in the quarter before"
    moved = f"{short_money(abs(last - before), currency)} {'more' if last > before else 'less'}"
    return f"Fees invoiced: {short_money(last, currency)}, {moved} than the quarter before"


def amounts(table: Table, name: str, value: str, currency: str) -> str:
    """Return the text of columns or bars: the newest or last, and the largest.

    >>> fees = pd.DataFrame({"period": ["2026-Q2", "2026-Q3"], "fees": [80e3, 95e3]})
    >>> amounts(fees, "period", "fees", "GBP")
    '2026-Q2: £80k; 2026-Q3: £95k.'
    """
    if nothing_in(table):
        return "There is nothing to show."
    rows = table.dropna(subset=[value]).tail(8)
    return "; ".join(f"{n}: {short_money(v, currency)}" for n, v in zip(rows[name], rows[value], strict=True)) + "."


#: What the steps of the margin bridge mean.
BRIDGE = (
    "Dark: the quarter before and this one. Scope: hours, at the margin an hour of before. Mix: hours between projects. Price: "
    "fees an hour. Efficiency: cost an hour. Blue raises the margin, orange lowers it."
)


def bridged(bridge: Table, currency: str, what: str = "Margin") -> str:
    """Return how an amount moved and which step moved it most, as a title.

    >>> steps = {"step": ["2026-Q2", "scope", "price", "2026-Q3"], "amount": [4000.0, 1000.0, -2500.0, 2500.0]}
    >>> bridged(pd.DataFrame(steps), "GBP")
    'Margin fell by £1.5k to £2.5k, chiefly by price'
    """
    if nothing_in(bridge):
        return f"Why the {what.lower()} moved"
    moved = bridge["amount"].iloc[-1] - bridge["amount"].iloc[0]
    to = short_money(bridge["amount"].iloc[-1], currency)
    steps = bridge.iloc[1:-1]
    if abs(moved) < 0.005:
        return f"{what} stayed at {to}"
    # The largest step in the direction in which the margin went.
    chief = steps.loc[(steps["amount"] * (1 if moved > 0 else -1)).idxmax(), "step"]
    return f"{what} {'rose' if moved > 0 else 'fell'} by {short_money(abs(moved), currency)} to {to}, chiefly by {chief}"


def begins_late(projects: Table, start: date) -> str:
    """Return that the earlier of two periods is not whole, since the account's projects begin within it.

    >>> begins_late(pd.DataFrame({"start": pd.to_datetime(["2024-11-01"])}), date(2024, 8, 1))
    ' Projects are on record from 1 Nov 2024: the year before is not whole, and part of every step is that.'
    """
    if nothing_in(projects) or not projects["start"].min() > pd.Timestamp(start):
        return ""
    first = long_date(projects["start"].min())
    return f" Projects are on record from {first}: the year before is not whole, and part of every step is that."


def retained(kept: Any) -> str:
    """Return how much of the recurring base was kept and how it grew, as a sentence.

    >>> from types import SimpleNamespace
    >>> retained(SimpleNamespace(gross=0.96, net=1.12)), retained(Missing("no contract"))
    ('Of what recurred a year ago 96\xa0% was kept (GRR); with expansion it is 112\xa0% (NRR).', '')
    """
    if isinstance(kept, Missing) or isinstance(kept.gross, Missing):
        return ""
    gross, net = percent(kept.gross, 0), percent(kept.net, 0)
    return f"Of what recurred a year ago {gross} was kept (GRR); with expansion it is {net} (NRR)."


def expected_fees(ahead: Table, currency: str) -> str:
    """Return what the work at hand will earn in the next months, as a title.

    >>> expected_fees(pd.DataFrame({"month": ["2026-10", "2026-11"], "fees": [10e3, 5e3]}), "GBP")
    'The work at hand will earn about £15k in the next 2 months'
    """
    if nothing_in(ahead):
        return "What the work at hand will earn"
    months = count(len(ahead), "month")
    return f"The work at hand will earn about {short_money(ahead['fees'].sum(), currency)} in the next {months}"


def last_expected(last: Any, income: Table, currency: str) -> str:
    """Return what the last review expected of the quarter's fees, beside what was earned, as a caption.

    >>> income = pd.DataFrame({"fees": [100e3, 128e3]})
    >>> last_expected({"figures": {"fees_expected": {"value": 120e3, "unit": "GBP"}}}, income, "GBP")
    'The last review expected £120k of fees for this quarter; £128k were earned.'
    """
    said = {} if isinstance(last, Missing) else last.get("figures", {}).get("fees_expected", {})
    if said.get("value") is None or said.get("unit") != currency or nothing_in(income) or pd.isna(income["fees"].iloc[-1]):
        return ""
    then, earned = short_money(said["value"], currency), short_money(income["fees"].iloc[-1], currency)
    return f"The last review expected {then} of fees for this quarter; {earned} were earned."


def realised(billing: float | Missing, collection: float | Missing, as_of: date) -> str:
    """Return how much of the work's worth was earned and how much of the invoices was paid, as a caption.

    >>> realised(0.93, Missing("nothing was invoiced"), date(2026, 9, 30))
    'Fees earned are 93\xa0% of the hours at standard rates, since the start.'
    """
    parts = (
        []
        if isinstance(billing, Missing)
        else [f"Fees earned are {percent(billing)} of the hours at standard rates, since the start."]
    )
    if not isinstance(collection, Missing):
        parts.append(f"Of what was invoiced {percent(collection)} was paid by {long_date(as_of)}.")
    return " ".join(parts)


def payment(days: float | Missing, outstanding: float | Missing) -> str:
    """Return how the client pays, as a caption: weighted days to pay, and days of billing outstanding.

    >>> payment(41.4, 18.6)
    'Paid 41 days after issue, weighted by amount; 19 days of billing are outstanding (receivables over the last 90 days).'
    >>> payment(41.4, Missing("no invoice says what was paid")), payment(Missing("none"), Missing("none"))
    ('Paid 41 days after issue, weighted by amount.', '')
    """
    parts = [] if isinstance(days, Missing) else [f"Paid {days:.0f} days after issue, weighted by amount"]
    if not isinstance(outstanding, Missing):
        parts.append(f"{outstanding:.0f} days of billing are outstanding (receivables over the last 90 days)")
    return "; ".join(parts) + "." if parts else ""

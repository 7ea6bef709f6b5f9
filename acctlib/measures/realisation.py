"""How much of the work's worth reaches the invoice, and how much of the invoice reaches the bank."""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires

__all__ = ["billing_realisation", "collection_realisation"]


@requires(recognised="project billing_type recognised", time="project value")
def billing_realisation(recognised: pd.DataFrame | Missing, time: pd.DataFrame | Missing) -> float | Missing:
    """Return fees earned over the standard value of the recorded time, on all projects for which both are known.

    Below 1 time was given away: by a fee that did not grow with the hours, by a cap, by a retainer's allowance. A fixed fee
    counts at what of it is earned, not at what its hours would have brought.

    Parameters
    ----------
    recognised : DataFrame
        As from `revenue.recognised`.
    time : DataFrame
        As from `rates.time_by_project`: the value of billable time at bill rates.

    Returns
    -------
    float or Missing
        A ratio; `Missing` where no billable time has a rate.

    Examples
    --------
    Hours worth 50 000 went into what a fixed fee has earned 40 000 of:

    >>> earned = pd.DataFrame({"project": ["site"], "billing_type": "fixed_fee", "recognised": [40e3]})
    >>> billing_realisation(earned, pd.DataFrame({"project": ["site"], "value": [50e3]}))
    0.8
    """
    both = recognised.merge(time[["project", "value"]], on="project").dropna(subset=["recognised", "value"])
    return ratio(both["recognised"].sum(), both["value"].sum(), "no billable time has a rate")


@requires(invoices="issued amount paid_on")
def collection_realisation(invoices: pd.DataFrame | Missing, as_of: date) -> float | Missing:
    """Return what was paid over what was invoiced by a day, net of tax.

    Parameters
    ----------
    invoices : DataFrame
        In one currency. `paid` is gross; where it is blank an invoice with a date of payment was paid in full. A part that
        was paid without a date counts.
    as_of : date
        Payments after it do not count.

    Returns
    -------
    float or Missing
        A fraction; `Missing` where nothing was invoiced.

    Examples
    --------
    >>> invoices = pd.DataFrame({"issued": pd.to_datetime(["2026-07-01", "2026-08-01"]), "amount": [30e3, 10e3],
    ...                          "paid_on": pd.to_datetime(["2026-08-10", None])})
    >>> collection_realisation(invoices, date(2026, 9, 30))
    0.75
    """
    day = pd.Timestamp(as_of)
    rows = complete(invoices, "invoices", "tax paid")
    rows = rows[rows["issued"] <= day]
    gross = rows["amount"] + rows["tax"].fillna(0.0)
    share = (rows["paid"].fillna(gross) / gross.where(gross != 0)).fillna(1.0)
    part = rows["paid_on"].isna() & rows["paid"].notna()  # dated only once all of it came
    collected = (rows["amount"] * share).where((rows["paid_on"] <= day) | part, 0.0)
    return ratio(collected.sum(), rows["amount"].sum(), "nothing was invoiced")

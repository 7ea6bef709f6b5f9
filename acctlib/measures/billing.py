"""What to invoice now: what may be billed under each contract, less what was billed.

Earned and billable are two things. Time and materials may be billed as worked, capped work the same up to the cap, a retainer
month by month. A fixed fee is billed by its milestones: what the client has accepted, whatever share of the work is done.
Expenses are billed as charged. A credit note that takes back one invoice whole makes it as if it had never been: the amount may
be invoiced again. Any other was granted, and is not.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.receivables import billed_until
from acctlib.measures.undefined import complete
from acctlib.missing import Missing, requires

__all__ = ["to_invoice"]

#: Less than this is the noise of adding, not money.
PENNY = 0.01


@requires(recognised="project name billing_type recognised")
def to_invoice(
    recognised: pd.DataFrame | Missing,
    deliverables: pd.DataFrame | Missing,
    expenses: pd.DataFrame | Missing,
    invoices: pd.DataFrame | Missing,
    as_of: date,
) -> pd.DataFrame | Missing:
    """Return what may be invoiced on a day and was not, by project.

    Parameters
    ----------
    recognised : DataFrame
        As from `revenue.recognised`, on the day.
    deliverables : DataFrame or Missing
        project, accepted, amount: the milestones by which fixed fees are billed.
    expenses : DataFrame or Missing
        project, date, charged.
    invoices : DataFrame or Missing
        In the account's currency; fees are the amount less its pass-through. Without them nothing is known to be left.
    as_of : date

    Returns
    -------
    DataFrame or Missing
        project, name, what (milestones accepted, hours worked, retainer, expenses), billable and billed (to date, money) and
        amount (the difference, above zero). Ordered by amount. `Missing` where nothing is to be invoiced.

    Examples
    --------
    A milestone of 20 000 was accepted and a first one of 12 000 invoiced:

    >>> earned = pd.DataFrame({"project": ["app"], "name": ["App"], "billing_type": "fixed_fee", "recognised": [25e3]})
    >>> milestones = pd.DataFrame({"project": "app", "amount": [12e3, 20e3],
    ...                            "accepted": pd.to_datetime(["2026-08-01", "2026-09-20"])})
    >>> invoices = pd.DataFrame({"project": ["app"], "amount": [12e3], "issued": pd.to_datetime(["2026-08-05"])})
    >>> none = Missing("not kept")
    >>> to_invoice(earned, milestones, none, invoices, date(2026, 9, 30))[["what", "amount"]].values.tolist()
    [['milestones accepted', 20000.0]]
    """
    if isinstance(invoices, Missing):
        return invoices
    day = pd.Timestamp(as_of)
    bills = billed_until(invoices, as_of)
    bills = bills[~_granted(bills)]
    fees_billed, expenses_billed = (bills.groupby("project")[part].sum() for part in ("fees", "pass_through"))
    accepted = complete(deliverables, "deliverables", "project accepted amount")
    accepted = accepted[accepted["accepted"] <= day].groupby("project")["amount"].sum(min_count=1)
    bought = complete(expenses, "expenses", "date project charged")
    charged = bought[bought["date"] <= day].groupby("project")["charged"].sum()

    rows = recognised[["project", "name", "billing_type", "recognised"]]
    kinds = {"fixed_fee": "milestones accepted", "retainer": "retainer"}
    fees = rows.assign(what=rows["billing_type"].map(kinds).fillna("hours worked"))
    by_milestone = rows["project"].map(accepted).astype(float)
    fees["billable"] = rows["recognised"].mask(rows["billing_type"] == "fixed_fee", by_milestone)
    fees["billed"] = rows["project"].map(fees_billed).astype(float).fillna(0.0)
    costs = rows.assign(what="expenses", billable=rows["project"].map(charged).astype(float))
    costs["billed"] = rows["project"].map(expenses_billed).astype(float).fillna(0.0)
    both = pd.concat([fees, costs], ignore_index=True)
    both["amount"] = (both["billable"] - both["billed"]).where(lambda left: left >= PENNY)
    both = both.dropna(subset=["amount"]).sort_values("amount", ascending=False, kind="stable", ignore_index=True)
    if both.empty:
        return Missing("nothing is to be invoiced")
    return both[["project", "name", "what", "billable", "billed", "amount"]].assign(amount=np.round(both["amount"], 2))


def _granted(bills: pd.DataFrame) -> pd.Series:
    """Return which rows are credit notes that take back no invoice whole; each invoice is taken back once."""
    left = Counter(zip(bills["project"].astype(object), bills["amount"].round(2), strict=True))
    granted = []
    for project, amount in zip(bills["project"].astype(object), bills["amount"], strict=True):
        whole = amount < 0 and left[project, round(-amount, 2)] > 0
        left[project, round(-amount, 2)] -= whole
        granted.append(amount < 0 and not whole)
    return pd.Series(granted, index=bills.index, dtype=bool)

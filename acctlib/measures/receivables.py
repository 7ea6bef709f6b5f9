"""Invoices: what was billed, what is still owed, and how late.

Billing is net of tax, with credit notes as the minus they are typed as; pass-through is shown beside the fees. A deposit is
money ahead of work: it is billed and owed like an invoice, but it is no fee until the work is, so it has a column of its own
(and the row that sets it off later is a deposit with a minus). What is owed is gross, since that is what is paid.

Invoices in several currencies are never added: bring them into one with `in_currency` first, by dated rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps

import pandas as pd

from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires
from acctlib.money import convert
from acctlib.periods import Month, Quarter

__all__ = [
    "ageing",
    "billed_until",
    "days_sales_outstanding",
    "days_to_pay",
    "in_currency",
    "invoiced_by_period",
    "open_invoices",
    "overdue",
    "receivables",
]

_AMOUNTS = ("amount", "tax", "paid", "pass_through")
_COLUMNS = "invoice project kind issued due paid_on amount tax paid pass_through"
_BUCKETS = ("not due", "1–30 days", "31–60 days", "61–90 days", "over 90 days")
_UNDATED = "no due date"


def in_currency(
    invoices: pd.DataFrame | Missing, currency: str, exchange_rates: pd.DataFrame | Missing
) -> pd.DataFrame | Missing:
    """Return the invoices with all amounts in one currency, at the average rate of the month of issue.

    Parameters
    ----------
    invoices : DataFrame or Missing
        A blank currency is the wanted one.
    currency : str
        ISO code, usually the account's.
    exchange_rates : DataFrame or Missing

    Returns
    -------
    DataFrame or Missing
        Missing names the rate that is not there.

    Examples
    --------
    >>> invoices = pd.DataFrame({"amount": [100.0], "currency": ["EUR"], "issued": pd.to_datetime(["2026-08-05"])})
    >>> in_currency(invoices, "GBP", Missing("there is no file exchange_rates")).reason
    'there is no average rate from EUR to GBP for 2026-08-05'
    """
    if isinstance(invoices, Missing):
        return invoices
    return convert(invoices, [name for name in _AMOUNTS if name in invoices.columns], "issued", currency, exchange_rates)


def _one_currency(measure: Callable) -> Callable:
    """Answer `Missing` where the invoices, the first argument, are in more than one currency."""

    @wraps(measure)
    def guarded(invoices: pd.DataFrame | Missing, *args, **kwargs):
        if not isinstance(invoices, Missing) and "currency" in invoices.columns:
            found = invoices["currency"].fillna("the account's currency").unique()
            if len(found) > 1:
                return Missing(
                    f"the invoices are in {' and '.join(sorted(found))}",
                    "convert them with receivables.in_currency and exchange_rates",
                )
        return measure(invoices, *args, **kwargs)

    return guarded


@_one_currency
@requires(invoices="issued amount")
def invoiced_by_period(invoices: pd.DataFrame | Missing, periods: Sequence[Quarter | Month]) -> pd.DataFrame | Missing:
    """Return what was billed in each month or quarter, by date of issue.

    Parameters
    ----------
    invoices : DataFrame
    periods : sequence of Quarter or Month

    Returns
    -------
    DataFrame
        `period` (label), `ends`, `fees` (net, without pass-through), `pass_through`, `invoiced` (the two together),
        `deposits`. Credit notes reduce; a period without invoices is 0.

    Examples
    --------
    An invoice of 10 000, in it 2 000 of media, and a credit note of 1 000:

    >>> invoices = pd.DataFrame({"kind": ["invoice", "credit_note"], "amount": [10e3, -1e3], "pass_through": [2e3, None],
    ...                          "issued": pd.to_datetime(["2026-07-31", "2026-09-01"])})
    >>> invoiced_by_period(invoices, [Quarter(2026, 3)])[["fees", "pass_through", "invoiced"]].values.tolist()
    [[7000.0, 2000.0, 9000.0]]
    """
    rows = complete(invoices, "invoices", _COLUMNS)
    deposit = rows["kind"] == "deposit"
    through = rows["pass_through"].fillna(0.0)
    parts = pd.DataFrame(
        {
            "fees": (rows["amount"] - through).mask(deposit, 0.0),
            "pass_through": through.mask(deposit, 0.0),
            "invoiced": rows["amount"].mask(deposit, 0.0),
            "deposits": rows["amount"].where(deposit, 0.0),
        }
    )
    inside = [rows["issued"].between(pd.Timestamp(p.start), pd.Timestamp(p.end)) for p in periods]
    sums = pd.DataFrame([parts[mask].sum() for mask in inside], columns=parts.columns, dtype=float)
    sums.insert(0, "period", pd.Series([period.label for period in periods], dtype="str"))
    sums.insert(1, "ends", pd.Series([period.end for period in periods], dtype="datetime64[us]"))
    return sums


def billed_until(invoices: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame:
    """Return the invoices issued by a day, each with its `fees`: the amount without pass-through. An undated one counts.

    >>> invoices = pd.DataFrame({"amount": [12e3, 5e3], "pass_through": [2e3, None],
    ...                          "issued": pd.to_datetime(["2026-08-01", "2026-10-01"])})
    >>> billed_until(invoices, date(2026, 9, 30))["fees"].tolist()
    [10000.0]
    """
    rows = complete(invoices, "invoices", "project issued amount pass_through kind")
    rows = rows[rows["issued"].isna() | (rows["issued"] <= pd.Timestamp(as_of))]
    passed = rows["pass_through"].fillna(0.0)
    return rows.assign(pass_through=passed, fees=rows["amount"] - passed)


@_one_currency
@requires(invoices="issued amount")
def open_invoices(invoices: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return the invoices that are not settled on a day, the longest overdue first.

    Parameters
    ----------
    invoices : DataFrame
    as_of : date

    Returns
    -------
    DataFrame
        `invoice`, `project`, `kind`, `issued`, `due`, `outstanding` (gross less paid; minus = we owe), `days_overdue` (0 =
        not due; blank = no due date, so it can't be late). Missing where invoices keep neither `paid` nor `paid_on`: what
        nobody records as paid is not therefore owed.

    Notes
    -----
    An invoice with `paid_on` counts as paid in full from that day and as unpaid before it. Without `paid_on` it is open at
    its gross amount less what `paid` says.

    Examples
    --------
    >>> invoices = pd.DataFrame({"invoice": ["17"], "amount": [10e3], "tax": [2e3], "paid": [5e3],
    ...                          "issued": pd.to_datetime(["2026-07-01"]), "due": pd.to_datetime(["2026-07-31"])})
    >>> open_invoices(invoices, date(2026, 9, 30))[["outstanding", "days_overdue"]].values.tolist()
    [[7000.0, 61]]
    """
    if not {"paid", "paid_on"} & set(invoices.columns):
        return Missing("the invoices do not say what was paid", "add paid or paid_on to invoices")
    day = pd.Timestamp(as_of)
    rows = complete(invoices, "invoices", _COLUMNS)
    rows = rows[rows["issued"] <= day]
    gross = rows["amount"] + rows["tax"].fillna(0.0)
    paid = rows["paid"].fillna(0.0).mask(rows["paid_on"] <= day, gross).mask(rows["paid_on"] > day, 0.0)
    outstanding = (gross - paid).round(2)
    late = (day - rows["due"]).dt.days.clip(lower=0).astype("Int64")
    listed = rows[["invoice", "project", "kind", "issued", "due"]].assign(outstanding=outstanding, days_overdue=late)
    ordered = listed[outstanding != 0].sort_values(["days_overdue", "invoice"], ascending=[False, True], kind="stable")
    return ordered.reset_index(drop=True)


def receivables(invoices: pd.DataFrame | Missing, as_of: date) -> float | Missing:
    """Return all that is owed to us on a day, gross; credits that we owe are taken off.

    >>> invoices = pd.DataFrame({"amount": [10e3], "paid": [4e3], "issued": pd.to_datetime(["2026-07-01"])})
    >>> receivables(invoices, date(2026, 9, 30))
    6000.0
    """
    rows = open_invoices(invoices, as_of)
    return rows if isinstance(rows, Missing) else float(rows["outstanding"].sum())


def overdue(invoices: pd.DataFrame | Missing, as_of: date, days: int = 0) -> pd.DataFrame | Missing:
    """Return the open invoices that are more than so many days overdue, the longest first; credits are not overdue.

    Parameters
    ----------
    invoices : DataFrame
    as_of : date
    days : int, default 0
        Only those overdue by more.

    Returns
    -------
    DataFrame
        As from `open_invoices`.

    Examples
    --------
    >>> invoices = pd.DataFrame({"invoice": ["17", "18"], "amount": 10e3, "paid": 0.0,
    ...                          "issued": pd.to_datetime(["2026-05-01"] * 2),
    ...                          "due": pd.to_datetime(["2026-07-01", "2026-09-15"])})
    >>> overdue(invoices, date(2026, 9, 30), days=60)["invoice"].tolist()
    ['17']
    """
    rows = open_invoices(invoices, as_of)
    if isinstance(rows, Missing):
        return rows
    late = (rows["days_overdue"] > days).fillna(False).astype(bool)
    return rows[late & (rows["outstanding"] > 0)].reset_index(drop=True)


def ageing(invoices: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return what is owed by how long it is overdue.

    Parameters
    ----------
    invoices : DataFrame
    as_of : date

    Returns
    -------
    DataFrame
        `bucket` ("not due", "1–30 days", … "over 90 days": always all five; and "no due date" where there is one
        without), `invoices` (count), `outstanding` (gross). The
        amounts add up to `receivables`.

    Examples
    --------
    >>> invoices = pd.DataFrame({"amount": [10e3, 4e3], "paid": 0.0, "issued": pd.to_datetime(["2026-07-01", "2026-09-20"]),
    ...                          "due": pd.to_datetime(["2026-07-31", "2026-10-20"])})
    >>> ageing(invoices, date(2026, 9, 30)).query("outstanding != 0").values.tolist()
    [['not due', 1, 4000.0], ['61–90 days', 1, 10000.0]]
    """
    rows = open_invoices(invoices, as_of)
    if isinstance(rows, Missing):
        return rows
    bucket = pd.cut(rows["days_overdue"].astype(float), [-1, 0, 30, 60, 90, float("inf")], labels=list(_BUCKETS)).astype("str")
    bucket = bucket.where(rows["days_overdue"].notna(), _UNDATED)
    shown = [*_BUCKETS, *([_UNDATED] if (bucket == _UNDATED).any() else [])]
    by_bucket = rows.groupby(bucket)["outstanding"].agg(["size", "sum"]).reindex(shown)
    return pd.DataFrame(
        {
            "bucket": pd.Series(shown, dtype="str"),
            "invoices": by_bucket["size"].fillna(0).astype("int64").to_numpy(),
            "outstanding": by_bucket["sum"].fillna(0.0).to_numpy(float),
        }
    )


@_one_currency
@requires(invoices="issued amount paid_on")
def days_to_pay(invoices: pd.DataFrame | Missing, as_of: date, days: int = 365) -> float | Missing:
    """Return how long the client takes to pay, from issue to payment in full, each invoice weighing its amount.

    Parameters
    ----------
    invoices : DataFrame
    as_of : date
    days : int, default 365
        Payments of that many days up to `as_of` count. Credit notes don't.

    Returns
    -------
    float or Missing
        Days.

    Examples
    --------
    30 000 paid after 30 days and 10 000 after 70:

    >>> invoices = pd.DataFrame({"amount": [30e3, 10e3], "issued": pd.to_datetime(["2026-06-01", "2026-06-01"]),
    ...                          "paid_on": pd.to_datetime(["2026-07-01", "2026-08-10"])})
    >>> days_to_pay(invoices, date(2026, 9, 30))
    40.0
    """
    rows = complete(invoices, "invoices", _COLUMNS)
    last = pd.Timestamp(as_of)
    rows = rows[rows["paid_on"].between(last - pd.Timedelta(days=days - 1), last) & (rows["amount"] > 0)]
    gross = rows["amount"] + rows["tax"].fillna(0.0)
    took = (rows["paid_on"] - rows["issued"]).dt.days
    return ratio(float((gross * took).sum()), float(gross.sum()), f"no invoice was paid in the {days} days to {as_of}")


@_one_currency
@requires(invoices="issued amount")
def days_sales_outstanding(invoices: pd.DataFrame | Missing, as_of: date, days: int = 90) -> float | Missing:
    """Return what is owed as days of billing: receivables / (billing of the last 90 days / 90), both gross.

    Parameters
    ----------
    invoices : DataFrame
    as_of : date
    days : int, default 90
        The count-back variant is not this one: billing is averaged over all of these days.

    Returns
    -------
    float or Missing
        Days.

    Examples
    --------
    30 000 billed in the last 90 days, 20 000 of it still owed:

    >>> invoices = pd.DataFrame({"amount": [10e3, 20e3], "issued": pd.to_datetime(["2026-08-01", "2026-09-01"]),
    ...                          "paid_on": pd.to_datetime(["2026-09-01", None])})
    >>> days_sales_outstanding(invoices, date(2026, 9, 30))
    60.0
    """
    last = pd.Timestamp(as_of)
    rows = complete(invoices, "invoices", _COLUMNS)
    recent = rows[rows["issued"].between(last - pd.Timedelta(days=days - 1), last)]
    billed = float((recent["amount"] + recent["tax"].fillna(0.0)).sum())
    if billed <= 0:
        return Missing(f"nothing was billed in the {days} days to {as_of}")
    return ratio(receivables(invoices, as_of), billed / days, "nothing was billed")

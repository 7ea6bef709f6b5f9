"""Amounts with a currency: converted only by a dated rate with its source, rounded only so that totals foot.

Adding pounds to euros gives a number that means nothing, so nothing here does it in silence: amounts in another currency
are converted by a rate table that says its date, kind and source, or the answer is `Missing` with the row that has no rate.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from acctlib.missing import Missing

__all__ = ["convert", "exchange_rate", "rates_used", "rounded_to_foot"]

#: A rate older than so many days stands for the day no longer; a budget rate holds for its year.
_RATE_HOLDS = {"average": 62, "closing": 62, "budget": 366}


def rounded_to_foot(amounts: pd.Series | np.ndarray, digits: int = 0) -> np.ndarray:
    """Return amounts rounded so that they add up to the rounded total (largest remainder).

    Parameters
    ----------
    amounts : array of float, shape (n,)
        Parts of one total, in one currency. Blanks stay blank and count as nothing.
    digits : int, default 0
        Digits after the point; -3 rounds to thousands.

    Returns
    -------
    array of float, shape (n,)
        Each within one unit of the amount; their sum is the total, rounded once.

    Examples
    --------
    Three equal shares of 100 are printed in whole pounds and still foot:

    >>> rounded_to_foot(np.array([100 / 3] * 3)).tolist()
    [34.0, 33.0, 33.0]
    """
    scaled = np.asarray(amounts, dtype=float) * 10.0**digits
    known = np.flatnonzero(~np.isnan(scaled))
    floor = np.floor(scaled)
    # The target is rounded half up like every printed total; the tiny term undoes the error of adding binary fractions.
    spare = int(np.floor(scaled[known].sum() + 0.5 + 1e-9) - floor[known].sum())
    order = known[np.argsort(-(scaled - floor)[known], kind="stable")]
    floor[order[:spare]] += 1
    return floor / 10.0**digits


def exchange_rate(rates: pd.DataFrame | Missing, source: str, target: str, day: date, kind: str = "average") -> float | Missing:
    """Return how many units of `target` one unit of `source` is worth, by the newest rate not after `day`.

    An average rate stands for its whole month, so the one of the month of `day` is taken even when it is dated later in that
    month. A rate holds for two months after its day (a budget rate for a year), so that the newest month can be reported before
    its own rate is published; an older one is not used. Rates are used as they are written or turned round; they are never
    chained over a third currency.

    Parameters
    ----------
    rates : DataFrame or Missing
        The table exchange_rates.
    source, target : str
        ISO codes.
    day : date
        The day of the amount.
    kind : {"average", "closing", "budget"}

    Returns
    -------
    float or Missing
        Missing names the pair and the day, and the row to add.

    Examples
    --------
    What was a euro worth in pounds on 5 August?

    >>> table = pd.DataFrame({"date": pd.to_datetime(["2026-07-31", "2026-08-31"]), "from": "EUR", "to": "GBP",
    ...                       "kind": "average", "rate": [0.85, 0.86], "source": "central bank"})
    >>> exchange_rate(table, "EUR", "GBP", date(2026, 8, 5))
    0.86
    """
    if source == target:
        return 1.0
    absent = Missing(
        f"there is no {kind} rate from {source} to {target} for {day}",
        f"add a row to data/firm/exchange_rates: {day},{source},{target},{kind},<rate>,<source>",
    )
    used = None if isinstance(rates, Missing) else _row_used(rates, source, target, day, kind)
    if used is None:
        return absent
    return _read_from(used, source)


def _read_from(row: pd.Series, source: str) -> float:
    """Return what one unit of `source` is worth by a row, which is written either way round."""
    return float(row["rate"]) if row["from"] == source else 1 / float(row["rate"])


def _row_used(rates: pd.DataFrame, source: str, target: str, day: date, kind: str) -> pd.Series | None:
    """Return the row of the table that says the rate of a day; None where there is none that still holds."""
    last = pd.Timestamp(day)
    if kind == "average":
        last = last + pd.offsets.MonthEnd(0)
    oldest = last - timedelta(days=_RATE_HOLDS[kind])
    known = (rates["kind"] == kind) & rates["date"].between(oldest, last) & (rates["rate"] > 0)
    usable = rates[known].sort_values("date", kind="stable")
    direct = usable[(usable["from"] == source) & (usable["to"] == target)]
    turned = usable[(usable["from"] == target) & (usable["to"] == source)]
    rows = direct if len(direct) else turned
    return rows.iloc[-1] if len(rows) else None


def convert(
    table: pd.DataFrame | Missing,
    amounts: list[str],
    dated: str,
    to: str,
    rates: pd.DataFrame | Missing,
    kind: str = "average",
) -> pd.DataFrame | Missing:
    """Return the table with its amounts in one currency, or say which rate is missing.

    Parameters
    ----------
    table : DataFrame or Missing
        With a column `currency`; blank, or without the column, means `to`.
    amounts : list of str
        Columns to convert; those that the table does not have are passed over.
    dated : str
        Column with the day that chooses the rate.
    to : str
        ISO code of the wanted currency.
    rates : DataFrame or Missing
        The table exchange_rates.
    kind : {"average", "closing", "budget"}

    Returns
    -------
    DataFrame or Missing
        A copy whose `currency` is `to` everywhere. Missing where one rate or its date is missing: a partial sum would look
        whole.
    """
    if isinstance(table, Missing) or "currency" not in table.columns:
        return table
    currency = table["currency"].fillna(to)
    foreign = currency != to
    if not foreign.any():
        return table.assign(currency=to)
    if table.loc[foreign, dated].isna().any():
        return Missing(f"an amount in {currency[foreign].iloc[0]} has no date to choose a rate by", f"fill in {dated}")
    pairs = pd.DataFrame({"currency": currency.to_numpy(), "day": table[dated].to_numpy()})[foreign.to_numpy()]
    factor = np.ones(len(table))
    for (code, day), rows in pairs.groupby(["currency", "day"], sort=True):
        rate = exchange_rate(rates, code, to, day.date(), kind)
        if isinstance(rate, Missing):
            return rate
        factor[rows.index] = rate
    return table.assign(currency=to, **{name: table[name] * factor for name in amounts if name in table.columns})


def rates_used(table: pd.DataFrame | Missing, dated: str, to: str, rates: pd.DataFrame | Missing, kind: str = "average") -> str:
    """Return at which rates `convert` makes amounts one currency, as a caption: the newest of each pair, with day and source.

    Examples
    --------
    >>> table = pd.DataFrame({"date": pd.to_datetime(["2026-07-31", "2026-08-31"]), "from": "EUR", "to": "GBP",
    ...                       "kind": "average", "rate": [0.85, 0.86], "source": "central bank"})
    >>> invoices = pd.DataFrame({"currency": ["EUR", "EUR"], "issued": pd.to_datetime(["2026-07-03", "2026-08-05"])})
    >>> rates_used(invoices, "issued", "GBP", table)
    'EUR at the average rate of each month, last 0.86 GBP (31 Aug 2026, central bank).'
    """
    if isinstance(table, Missing) or isinstance(rates, Missing) or "currency" not in table.columns:
        return ""
    foreign = table[table["currency"].notna() & (table["currency"] != to) & table[dated].notna()]
    said = []
    for code, day in foreign.groupby("currency", sort=True)[dated].max().items():
        used = _row_used(rates, code, to, day.date(), kind)
        if used is not None:
            rate = _read_from(used, code)
            when = f"{used['date'].day} {used['date']:%b %Y}"
            said.append(f"{code} at the {kind} rate of each month, last {rate:.4g} {to} ({when}, {used['source']})")
    return f"{'; '.join(said)}." if said else ""

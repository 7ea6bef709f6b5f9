"""The list that the prospects of an account are written into, with the reason for each thing that is left out."""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.missing import Missing
from acctlib.money import exchange_rate

__all__ = ["ProspectList", "with_columns"]

_DATES = frozenset("start end starts ends close_date until".split())


class ProspectList:
    """The rows found so far, and what was left out."""

    def __init__(self, as_of: date, currency: str, exchange_rates: pd.DataFrame | Missing) -> None:
        self.day = pd.Timestamp(as_of)
        self.currency = currency
        self.exchange_rates = exchange_rates
        self.rows: list[tuple] = []
        self.left_out: list[tuple[str, str, str]] = []

    def add(self, item, kind, chance, amounts, why, closes=None, starts=None, ends=None) -> None:
        low, likely, high = amounts if isinstance(amounts, tuple) else (amounts,) * 3
        self.rows.append((item, kind, chance, low, likely, high, closes, starts, ends, why))

    def leave(self, item: str, kind: str, reason: str) -> None:
        self.left_out.append((item, kind, reason))

    def rate(self, currency: str) -> float | Missing:
        if pd.isna(currency) or currency == self.currency:
            return 1.0
        return exchange_rate(self.exchange_rates, currency, self.currency, self.day.date())


def with_columns(table: pd.DataFrame | Missing, names: str) -> pd.DataFrame:
    """Return the table with all named columns: blank where a column is absent, without rows where the table is.

    >>> len(with_columns(Missing("not kept"), "opportunity close_date"))
    0
    """
    frame = pd.DataFrame(index=pd.RangeIndex(0)) if isinstance(table, Missing) else table
    absent = [name for name in names.split() if name not in frame.columns]
    if not absent:
        return frame
    blanks = {name: pd.Series(None, index=frame.index, dtype="datetime64[us]" if name in _DATES else object) for name in absent}
    # Made in one go: columns added one by one would take most of the time of a small account.
    return pd.DataFrame({name: frame[name] for name in frame.columns} | blanks, index=frame.index)

"""Contracts: which terms hold on a day, what they commit the client to, and how the recurring base moves.

The contracts table has a row for each term or amendment. A fixed term commits the client to its end; a rolling one only for
as long as it would take to give notice. Only the recurring base, retainers and licences, has a retention: projects end by
design. Gross retention counts losses alone and can never exceed 1; net retention adds what the remaining contracts grew by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing, requires
from acctlib.tables.dictionary import RECURRING

__all__ = [
    "Retention",
    "committed_revenue",
    "contract_terms",
    "month_position",
    "months_between",
    "recurring_revenue",
    "renewal_calendar",
    "retention",
]

_TERMS = (
    "business_unit service_line kind end annual_value included_hours per rollover_cap rollover_periods overage "
    "notice_days auto_renew status renewal_call"
)


@requires(contracts="contract kind start")
def contract_terms(contracts: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the terms of all contracts, each with the days on which it is the one that holds.

    An amendment replaces the running term from its start on.

    Parameters
    ----------
    contracts : DataFrame
        A row for each term or amendment; at most one row a contract and start.

    Returns
    -------
    DataFrame
        The table, all its columns present, sorted by contract and start, with `holds_to`: its last day, or the day before
        the next row of the contract starts. Blank = rolling.

    Examples
    --------
    >>> contracts = pd.DataFrame({"contract": "R1", "kind": "retainer", "annual_value": [120e3, 150e3],
    ...                           "start": pd.to_datetime(["2026-01-01", "2026-07-01"]),
    ...                           "end": pd.to_datetime(["2026-12-31", "2026-12-31"])})
    >>> contract_terms(contracts)["holds_to"].dt.strftime("%d %b").tolist()
    ['30 Jun', '31 Dec']
    """
    terms = complete(contracts, "contracts", _TERMS).sort_values(["contract", "start"], kind="stable").reset_index(drop=True)
    replaced = terms.groupby("contract")["start"].shift(-1) - pd.Timedelta(days=1)
    return terms.assign(holds_to=pd.concat([terms["end"], replaced], axis=1).min(axis=1))


@requires(contracts="contract kind start annual_value")
def committed_revenue(contracts: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return what each contract commits the client to pay after a day.

    A fixed term counts to its end, a rolling one to the day plus its notice. A signed term that starts later counts whole.

    Parameters
    ----------
    contracts : DataFrame
        `annual_value` is the value of twelve months, in the account's currency.
    as_of : date
        Revenue from the day after it counts.

    Returns
    -------
    DataFrame
        One row a term that still runs: `contract`, `kind`, `starts` (its first day that counts), `until`, `months`,
        `committed`. A term without a value, or a
        rolling one without notice, is blank.

    Examples
    --------
    Twenty thousand a month to the end of December, as of the end of September:

    >>> contracts = pd.DataFrame({"contract": ["R1"], "kind": "retainer", "annual_value": [240e3], "notice_days": [90],
    ...                           "start": pd.to_datetime(["2026-01-01"]), "end": pd.to_datetime(["2026-12-31"])})
    >>> committed_revenue(contracts, date(2026, 9, 30))[["months", "committed"]].values.tolist()
    [[3.0, 60000.0]]
    """
    day = pd.Timestamp(as_of).as_unit("us")
    terms = contract_terms(contracts)
    terms = terms[(terms["status"] != "lost") | terms["end"].notna()]  # a lost renewal still runs to the end of its term
    notice = day + pd.to_timedelta(terms["notice_days"].astype(float), unit="D").astype("timedelta64[us]")
    until = terms["holds_to"].fillna(notice)
    running = terms[until.isna() | (until > day)]
    until = until[running.index]
    starts = (running["start"] - pd.Timedelta(days=1)).clip(lower=day)
    months = pd.Series(months_between(starts, until), index=running.index)
    return (
        running[["contract", "kind"]]
        .assign(
            starts=starts + pd.Timedelta(days=1), until=until, months=months, committed=months * running["annual_value"] / 12
        )
        .reset_index(drop=True)
    )


def months_between(after: pd.Series, until: pd.Series) -> pd.Series:
    """Return the months from the day after `after` to `until`, a part of a month as its share of that month's days.

    Whole calendar months count as one each whatever their length, so that a year of any monthly fee is twelve of it.

    Parameters
    ----------
    after, until : Series of datetime

    Returns
    -------
    Series of float
        Never negative; blank where a day is.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2026-09-30", "2026-12-31", "2026-10-15"]))
    >>> months_between(days[[0, 0]].reset_index(drop=True), days[[1, 2]].reset_index(drop=True)).round(3).tolist()
    [3.0, 0.484]
    """

    def position(days: pd.Series) -> pd.Series:
        return pd.Series(month_position(days.to_numpy("datetime64[us]")), index=days.index)

    return (position(until) - position(after)).clip(lower=0)


def month_position(days: np.ndarray) -> np.ndarray:
    """Return how many months have passed by the end of each day: whole ones, and the part of its own; blank where it is.

    >>> float(month_position(np.array("2026-01-31", "datetime64[D]")) - month_position(np.array("2025-12-31", "datetime64[D]")))
    1.0
    """
    month = days.astype("datetime64[M]")
    first, after = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
    day, length = ((days.astype("datetime64[D]") - first).astype(float) + 1, (after - first).astype(float))
    return np.where(np.isnat(days), np.nan, month.astype(int) + 12 * 1970 + day / length)


@requires(contracts="contract kind start annual_value")
def recurring_revenue(contracts: pd.DataFrame | Missing, on: date) -> pd.Series | Missing:
    """Return the annual value of each retainer and licence that holds on a day.

    Parameters
    ----------
    contracts : DataFrame
    on : date

    Returns
    -------
    Series of float
        Account currency a year, by contract, sorted; blank where a contract has no value.

    Examples
    --------
    >>> contracts = pd.DataFrame({"contract": ["P1", "R1"], "kind": ["project", "retainer"], "annual_value": [80e3, 240e3],
    ...                           "start": pd.to_datetime(["2026-01-01"] * 2), "end": pd.to_datetime(["2026-12-31"] * 2)})
    >>> recurring_revenue(contracts, date(2026, 9, 30)).to_dict()
    {'R1': 240000.0}
    """
    terms = contract_terms(contracts)
    day = pd.Timestamp(on)
    holding = terms["kind"].isin(RECURRING) & (terms["start"] <= day) & ~(terms["holds_to"] < day)
    return terms[holding].groupby("contract")["annual_value"].sum(min_count=1)


@dataclass(frozen=True)
class Retention:
    """How the recurring base moved between two days; amounts a year in the account's currency, each never negative.

    Examples
    --------
    A base of 240 000 of which 40 000 were lost, while another contract grew by 20 000:

    >>> moved = Retention(start=240e3, expansion=20e3, contraction=0.0, churn=40e3, new=0.0)
    >>> moved.end, round(moved.gross, 3), round(moved.net, 3)
    (220000.0, 0.833, 0.917)
    """

    start: float
    expansion: float
    contraction: float
    churn: float
    new: float

    @property
    def end(self) -> float:
        """Return the recurring base on the later day."""
        return self.start + self.expansion + self.new - self.contraction - self.churn

    @property
    def gross(self) -> float | Missing:
        """Return GRR, (start − contraction − churn) / start: a fraction from 0 to 1."""
        return ratio(self.start - self.contraction - self.churn, self.start, "there was no recurring revenue at the start")

    @property
    def net(self) -> float | Missing:
        """Return NRR, GRR plus expansion / start: above 1 the base grows by itself. New contracts are not in it."""
        kept = self.start - self.contraction - self.churn + self.expansion
        return ratio(kept, self.start, "there was no recurring revenue at the start")

    def bridge(self) -> pd.DataFrame:
        """Return how the base at the start becomes that at the end: `step`, `amount` with its sign; the last is the sum."""
        steps = {"start": self.start, "expansion": self.expansion, "new": self.new}
        steps |= {"contraction": -self.contraction, "churn": -self.churn, "end": self.end}
        return pd.DataFrame({"step": list(steps), "amount": list(steps.values())})


@requires(contracts="contract kind start annual_value")
def retention(contracts: pd.DataFrame | Missing, start: date, end: date) -> Retention | Missing:
    """Return how the recurring base moved from one day to another.

    A contract is followed by its number: one that is renewed under a new number counts as lost and new.

    Parameters
    ----------
    contracts : DataFrame
    start, end : date
        Days to compare.

    Returns
    -------
    Retention or Missing

    Examples
    --------
    >>> contracts = pd.DataFrame({"contract": "R1", "kind": "retainer", "annual_value": [120e3, 150e3],
    ...                           "start": pd.to_datetime(["2025-07-01", "2026-07-01"]), "end": [pd.NaT, pd.NaT]})
    >>> retention(contracts, date(2025, 9, 30), date(2026, 9, 30)).net
    1.25
    """
    before, after = recurring_revenue(contracts, start), recurring_revenue(contracts, end)
    unvalued = sorted({*before.index[before.isna()], *after.index[after.isna()]})
    if unvalued:
        return Missing(f"there is no annual_value for {', '.join(unvalued)}", "add annual_value to contracts")
    names = before.index.union(after.index)
    moved = after.reindex(names, fill_value=0.0) - before.reindex(names, fill_value=0.0)
    stayed = names.isin(before.index) & names.isin(after.index)
    return Retention(
        start=float(before.sum()),
        expansion=float(moved[stayed].clip(lower=0).sum()),
        contraction=float(-moved[stayed].clip(upper=0).sum()),
        churn=float(before[~before.index.isin(after.index)].sum()),
        new=float(after[~after.index.isin(before.index)].sum()),
    )


@requires(contracts="contract kind start")
def renewal_calendar(contracts: pd.DataFrame | Missing, as_of: date, days: int = 365) -> pd.DataFrame | Missing:
    """Return the contracts that end within so many days, the next notice first.

    Parameters
    ----------
    contracts : DataFrame
    as_of : date
    days : int, default 365

    Returns
    -------
    DataFrame
        The running last term of each contract that has an end: `contract`, `business_unit`, `service_line`, `kind`, `end`,
        `days_to_end`, `notice_by` (end less the notice; blank without notice), `days_to_notice` (minus = passed),
        `annual_value`, `auto_renew`, `status`, `renewal_call`.

    Examples
    --------
    >>> contracts = pd.DataFrame({"contract": ["R1"], "kind": "retainer", "annual_value": [240e3], "notice_days": [90],
    ...                           "start": pd.to_datetime(["2026-01-01"]), "end": pd.to_datetime(["2026-12-31"])})
    >>> renewal_calendar(contracts, date(2026, 9, 30))[["days_to_end", "days_to_notice"]].values.tolist()
    [[92, 2]]
    """
    day = pd.Timestamp(as_of).as_unit("us")
    terms = contract_terms(contracts).drop_duplicates("contract", keep="last")
    left = (terms["end"] - day).dt.days
    terms = terms[(left >= 0) & (left <= days)]
    notice_by = terms["end"] - pd.to_timedelta(terms["notice_days"].astype(float), unit="D").astype("timedelta64[us]")
    listed = terms.assign(
        days_to_end=left[terms.index].astype("Int64"),
        notice_by=notice_by,
        days_to_notice=(notice_by - day).dt.days.astype("Int64"),
    )
    columns = ["contract", "business_unit", "service_line", "kind", "end", "days_to_end", "notice_by", "days_to_notice"]
    columns += ["annual_value", "auto_renew", "status", "renewal_call"]
    return listed.sort_values(["notice_by", "end", "contract"], kind="stable")[columns].reset_index(drop=True)

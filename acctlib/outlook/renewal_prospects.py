"""The terms that may be renewed: once each, with the director's call as their chance and the signal beside it.

A renewal is not counted where the next term is signed already, and is worth nothing where it is lost. Where an offer for the
next term is open, its amount and dates are better than last year's. A rolling contract goes on after its notice as the call
says.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from acctlib.missing import Missing
from acctlib.outlook.prospect_list import ProspectList, with_columns

__all__ = ["add_renewals"]

#: A term that starts so many days around the end of another follows it.
FOLLOWS_WITHIN = 14
DAY = pd.Timedelta(days=1)


def _following(table: pd.DataFrame, row, start: str, name: str) -> pd.DataFrame:
    """Return the rows for the same unit and service that start when the term of `row` ends, the nearest first."""
    same = (table["service_line"] == row.service_line) & (
        (table["business_unit"] == row.business_unit) | (table["business_unit"].isna() & pd.isna(row.business_unit))
    )
    away = (pd.to_datetime(table[start]) - (row.end + DAY)).abs()
    near = same.fillna(False).astype(bool) & (away <= FOLLOWS_WITHIN * DAY)
    return table.assign(away=away)[near].sort_values(["away", name], kind="stable")


def add_renewals(
    listed: ProspectList,
    renewals: pd.DataFrame | Missing,
    committed: pd.DataFrame | Missing,
    contracts: pd.DataFrame | Missing,
    deals: pd.DataFrame,
    odds: Mapping[str, float],
) -> set[str]:
    """Add the renewals to the list, and return the deals that are the offer for one.

    Parameters
    ----------
    listed : ProspectList
    renewals, committed, contracts, deals, odds
        As for `prospects.prospects`; deals have all their columns.
    """
    if isinstance(contracts, Missing):
        return set()
    names = "contract kind start end annual_value renewal_call business_unit service_line"
    terms = with_columns(contracts, names).sort_values(["contract", "start"], kind="stable")
    offers: set[str] = set()
    names = "contract kind end annual_value status renewal_call signal auto_renew days_to_notice business_unit service_line"
    for row in with_columns(renewals, names).itertuples():
        if row.kind == "project" and pd.isna(row.renewal_call):
            continue  # it ends by design
        anew = terms[(terms["contract"] != row.contract) & (terms["kind"] == row.kind)]
        if len(_following(anew, row, "start", "contract")):
            continue  # signed under another number, and committed there
        start = terms.loc[(terms["contract"] == row.contract) & (terms["end"] == row.end), "start"].max()
        start = row.end - 365 * DAY + DAY if pd.isna(start) else start
        # The next term is as long as this one.
        amount = float(row.annual_value) * _months(start, row.end) / 12 if pd.notna(row.annual_value) else None
        starts, ends = row.end + DAY, row.end + DAY + (row.end - start)
        # A project has no next term that an offer would be for.
        offer = _following(deals, row, "starts", "opportunity").head(1 if row.kind != "project" else 0)
        chance, why = _chance(row, odds, offer)
        if row.status == "lost" or row.renewal_call == "lost":
            offers.update(offer["opportunity"])  # lost with it; after a notice it is a deal of its own
        elif len(offer) and not (isinstance(chance, float) and chance == 0):
            best = offer.iloc[0]
            offers.add(best["opportunity"])
            rate = listed.rate(best["currency"])
            if not isinstance(rate, Missing) and pd.notna(best["amount"]):
                amount, starts = float(best["amount"]) * rate, best["starts"]
                ends = best["ends"] if pd.notna(best["ends"]) else max(ends, starts)
                why += f"; amount of the open offer {best['opportunity']}"
        _add(listed, f"{row.contract} renewed", chance, amount, why, row.signal, starts, ends)
    _add_rolling(listed, committed, terms, odds)
    return offers


def _add_rolling(
    listed: ProspectList, committed: pd.DataFrame | Missing, terms: pd.DataFrame, odds: Mapping[str, float]
) -> None:
    """Add what rolling contracts bring in the year after their notice."""
    last = terms.drop_duplicates("contract", keep="last").set_index("contract")
    for row in with_columns(committed, "contract until committed").itertuples():
        if row.contract not in last.index or pd.notna(last.at[row.contract, "end"]) or pd.isna(row.committed):
            continue
        term = last.loc[row.contract]
        starts, ends = row.until + DAY, row.until + 365 * DAY
        call = "lost" if term["status"] in ("lost", "notice_given") else term["renewal_call"]
        known = pd.notna(call) and call in odds
        chance = float(odds[call]) if known else Missing(_no_odds(call))
        _add(listed, f"{row.contract} goes on", chance, float(term["annual_value"]),
             f"rolling; the call is {call}", None, starts, ends)  # fmt: skip


def _add(listed: ProspectList, item: str, chance, amount, why: str, signal, starts, ends) -> None:
    signal = "" if pd.isna(signal) else f"; the signal is {signal}"
    if isinstance(chance, Missing):
        listed.leave(item, "renewal", chance.reason + signal)
    elif amount is None:
        listed.leave(item, "renewal", f"there is no annual_value; {why}{signal}")
    else:
        listed.add(item, "renewal", chance, amount, why + signal, starts=starts, ends=ends)


def _months(first: pd.Timestamp, last: pd.Timestamp) -> float:
    """Return the months from one day to another, both included; a part of a month as its share of that month's days."""
    whole = (last.year - first.year) * 12 + last.month - first.month
    return whole + last.day / last.days_in_month - (first.day - 1) / first.days_in_month


def _no_odds(call) -> str:
    return "there is no renewal_call" if pd.isna(call) else f"firm.yaml has no renewal_odds for {call}"


def _chance(row, odds: Mapping[str, float], offer: pd.DataFrame) -> tuple[float | Missing, str]:
    call = row.renewal_call
    if row.status == "lost" or call == "lost":
        return 0.0, "already lost" if row.status == "lost" else "the call is lost"
    if row.status == "notice_given":
        return 0.0, "notice was given" + ("" if pd.isna(call) else f", although the call is {call}")
    if row.status == "renewed":
        return 1.0, "renewed; the new term is not in contracts yet"
    if pd.notna(row.auto_renew) and row.auto_renew and pd.notna(row.days_to_notice) and row.days_to_notice < 0:
        return 1.0, "it renews by itself and the day to give notice has passed"
    if pd.notna(call) and call in odds:
        return float(odds[call]), f"the call is {call}"
    if len(offer) and pd.notna(offer.iloc[0]["chance"]):
        return float(offer.iloc[0]["chance"]), f"no call; the offer's chance: {offer.iloc[0]['basis']}"
    return Missing(_no_odds(call), "add renewal_call to contracts and renewal_odds to firm.yaml"), ""

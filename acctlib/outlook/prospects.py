"""Everything that may bring revenue, in one table and each thing once.

Five kinds of money come with five kinds of certainty: what running projects will still earn (signed), what contracts commit the
client to (committed), terms that may be renewed, deals that may be won, and white space that nobody has offered for yet. The
same money often stands in two tables. One rule each keeps it from being counted twice:

- A project whose contract commits an amount is counted with the contract where that is recurring; a contract of any other kind
  is counted through its projects, and by itself only where no project carries its number.
- A term that was signed anew under the same number, or under another for the same unit and service from the day it ends, is
  signed and no renewal.
- An open deal for the same unit and service that would start when a term ends is the offer for its renewal: the renewal is
  counted, with the deal's amount and dates, and the director's call.
- White space where a deal is open, or a contract runs, is not white.

What cannot be counted is listed with the reason. The renewal's signal is never a chance; it stands beside the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.prospect_list import ProspectList, with_columns
from acctlib.outlook.renewal_prospects import add_renewals
from acctlib.tables.dictionary import RECURRING

__all__ = ["Prospects", "by_project", "prospects", "with_unpriced"]

COLUMNS = ("item", "kind", "chance", "low", "likely", "high", "closes", "starts", "ends", "why")


@dataclass(frozen=True, eq=False)
class Prospects:
    """What may bring revenue, and what could not be counted.

    Attributes
    ----------
    table : DataFrame
        `item`, `kind` (earned, signed, committed, renewal, deal, white space), `chance` (fraction), `low`, `likely`, `high`
        (account currency, over all its days), `closes` (expected decision; blank = none is awaited), `starts`, `ends`, `why`.
    left_out : DataFrame
        `item`, `kind`, `reason`.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame

    @property
    def counted(self) -> pd.DataFrame | Missing:
        """Return the table, or why no sum of it would mean anything: a quarter is not known, or nothing lies ahead."""
        unknown = self.left_out.loc[self.left_out["kind"] == "earned", "item"].str.removeprefix("Earned ")
        if len(unknown):
            return Missing(
                f"what was earned is not known: {', '.join(unknown)}", "add time_entries and the rate card, or invoices"
            )
        if (self.table["kind"] == "earned").all():
            return Missing("nothing is known of what may come", "add contracts, opportunities or white_space")
        return self.table


@requires(scope="project billing_type service_line")
def by_project(
    scope: pd.DataFrame | Missing, projects: pd.DataFrame | Missing, committed: pd.DataFrame | Missing
) -> pd.DataFrame | Missing:
    """Return the projects whose fees are counted by project: all but those of a recurring contract that commits an amount.

    Parameters
    ----------
    scope : DataFrame
        As from `budget.approved_scope`, to be passed on to `fees.fees_to_come`.
    projects : DataFrame or Missing
        With the number of each project's contract.
    committed : DataFrame
        As from `contracts.committed_revenue`; without it all projects are counted by project.

    Examples
    --------
    >>> scope = pd.DataFrame({"project": ["care", "site"], "billing_type": ["retainer", "capped"], "service_line": "Digital"})
    >>> committed = pd.DataFrame({"contract": ["R1"], "kind": ["retainer"], "committed": [60e3]})
    >>> by_project(scope, scope.assign(contract=["R1", "P1"]), committed)["project"].tolist()
    ['site']
    """
    if isinstance(committed, Missing) or isinstance(projects, Missing) or "contract" not in projects.columns:
        return scope
    counted = committed[committed["kind"].isin(RECURRING) & committed["committed"].notna()]["contract"]
    covered = projects[projects["contract"].isin(set(counted))]["project"]
    return scope[~scope["project"].isin(set(covered))].reset_index(drop=True)


def prospects(
    as_of: date,
    currency: str,
    earned: pd.DataFrame | Missing,
    signed: pd.DataFrame | Missing,
    committed: pd.DataFrame | Missing,
    renewals: pd.DataFrame | Missing,
    contracts: pd.DataFrame | Missing,
    projects: pd.DataFrame | Missing,
    deals: pd.DataFrame | Missing,
    white_space: pd.DataFrame | Missing,
    exchange_rates: pd.DataFrame | Missing,
    renewal_odds: Mapping[str, float],
) -> Prospects:
    """Return what may bring revenue, each thing once, and what could not be counted and why.

    Parameters
    ----------
    as_of : date
    currency : str
        ISO code of the account.
    earned : DataFrame or Missing
        As from `revenue.income_by_period`: the fees of periods up to the day; `basis` in words, where kept.
    signed : DataFrame or Missing
        As `by_month` from `fees.fees_to_come` of the projects that `by_project` leaves.
    committed : DataFrame or Missing
        As from `contracts.committed_revenue`.
    renewals : DataFrame or Missing
        As from `renewals.renewals`: the calendar with signal and call.
    contracts, projects, white_space : DataFrame or Missing
        The tables.
    deals : DataFrame or Missing
        Open deals with their chance, as from `win_odds.with_odds`.
    exchange_rates : DataFrame or Missing
        An amount in another currency is converted at the average rate of the day.
    renewal_odds : mapping of str to float
        From `firm.yaml`: the chance behind each call, as a fraction.

    Returns
    -------
    Prospects

    Examples
    --------
    A deal in dollars, and no rate for them:

    >>> none = Missing("not kept")
    >>> deals = pd.DataFrame({"opportunity": ["Website"], "amount": [50e3], "currency": ["USD"], "chance": [0.4],
    ...                       "basis": ["the owner's"], "close_date": pd.to_datetime(["2026-11-02"])})
    >>> found = prospects(date(2026, 9, 30), "GBP", none, none, none, none, none, none, deals, none, none, {})
    >>> found.left_out.values.tolist()
    [['Website', 'deal', 'there is no average rate from USD to GBP for 2026-09-30']]
    """
    listed = ProspectList(as_of, currency, exchange_rates)
    _earned(listed, earned)
    _signed(listed, signed)
    _committed(listed, committed, projects)
    deals = with_columns(
        deals, "opportunity amount currency chance owner_chance basis close_date starts ends business_unit service_line"
    )
    offers = add_renewals(listed, renewals, committed, contracts, deals, renewal_odds)
    _deals(listed, deals, offers)
    _white_space(listed, white_space, deals, contracts)
    table = pd.DataFrame(listed.rows, columns=list(COLUMNS))
    amounts = dict.fromkeys(("chance", "low", "likely", "high"), "float64")
    days = dict.fromkeys(("closes", "starts", "ends"), "datetime64[us]")
    left_out = pd.DataFrame(listed.left_out, columns=["item", "kind", "reason"])
    return Prospects(table.astype(amounts | days), left_out)


def _earned(listed: ProspectList, earned: pd.DataFrame | Missing) -> None:
    for row in with_columns(earned, "period ends fees basis").itertuples():
        if pd.isna(row.fees):
            if pd.notna(row.ends) and row.ends <= listed.day:
                listed.leave(f"Earned {row.period}", "earned", "what was earned is not known")
            continue
        last, why = min(row.ends, listed.day), "earned by the day" if pd.isna(row.basis) else row.basis
        listed.add(f"Earned {row.period}", "earned", 1.0, max(row.fees, 0.0), why, starts=last, ends=last)


def _signed(listed: ProspectList, signed: pd.DataFrame | Missing) -> None:
    for row in with_columns(signed, "month fees").itertuples():
        if row.fees == 0:
            continue
        start = pd.Timestamp(f"{row.month}-01")
        listed.add(f"Signed fees {row.month}", "signed", 1.0, row.fees, "running projects, with their likely hours",
                   starts=start, ends=start + pd.offsets.MonthEnd(0))  # fmt: skip


def _committed(listed: ProspectList, committed: pd.DataFrame | Missing, projects: pd.DataFrame | Missing) -> None:
    carried = set(with_columns(projects, "contract")["contract"].dropna())
    for row in with_columns(committed, "contract kind starts until committed").itertuples():
        if row.kind not in RECURRING and row.contract in carried:
            continue
        if pd.isna(row.committed):
            lacks = "rolling without notice_days" if pd.isna(row.until) else "there is no annual_value"
            listed.leave(row.contract, "committed", lacks)
        elif row.committed > 0:
            # A signed term that starts later is a row of its own.
            later = row.starts > listed.day + pd.Timedelta(days=1)
            item = f"{row.contract} from {row.starts:%d %b %Y}" if later else row.contract
            listed.add(item, "committed", 1.0, row.committed, f"committed to {row.until:%d %b %Y}",
                       starts=row.starts, ends=row.until)  # fmt: skip


def _deals(listed: ProspectList, deals: pd.DataFrame, offers: set[str]) -> None:
    for row in deals.itertuples():
        lacks = [name for name, value in (("amount", row.amount), ("probability", row.chance), ("close_date", row.close_date))
                 if pd.isna(value)]  # fmt: skip
        rate = listed.rate(row.currency)
        differs = pd.notna(row.owner_chance) and row.owner_chance != row.chance
        why = f"{row.basis}; the owner says {row.owner_chance:.0%}" if differs else row.basis
        if row.opportunity in offers:
            listed.leave(row.opportunity, "deal", "it is the offer for a renewal and counted there")
        elif lacks:
            listed.leave(row.opportunity, "deal", f"it has no {' and no '.join(lacks)}")
        elif isinstance(rate, Missing):
            listed.leave(row.opportunity, "deal", rate.reason)
        else:
            listed.add(row.opportunity, "deal", float(row.chance), float(row.amount) * rate, why,
                       row.close_date, row.starts, row.ends)  # fmt: skip


def _white_space(
    listed: ProspectList, white_space: pd.DataFrame | Missing, deals: pd.DataFrame, contracts: pd.DataFrame | Missing
) -> None:
    if isinstance(white_space, Missing):
        return
    cells = with_columns(white_space, "business_unit service_line state low_value likely_value high_value propensity")
    offered = set(zip(deals["business_unit"], deals["service_line"], strict=True))
    terms = with_columns(contracts, "business_unit service_line start end")
    running = terms[(terms["start"] <= listed.day) & ~(terms["end"] < listed.day)]
    owned = set(zip(running["business_unit"], running["service_line"], strict=True))
    for row in cells[cells["state"] == "gap"].itertuples():
        item, cell = f"{row.service_line} for {row.business_unit}", (row.business_unit, row.service_line)
        likely, propensity = row.likely_value, row.propensity
        if cell in offered or cell in owned:
            listed.leave(item, "white space", "a deal is open there" if cell in offered else "a contract runs there")
        elif pd.isna(likely) or pd.isna(propensity):
            listed.leave(item, "white space", f"it has no {'likely_value' if pd.isna(likely) else 'propensity'}")
        else:
            low = likely if pd.isna(row.low_value) else row.low_value
            high = likely if pd.isna(row.high_value) else row.high_value
            listed.add(item, "white space", float(propensity), (float(low), float(likely), float(high)),
                       "chance that they buy within a year; a year's value from then on")  # fmt: skip


def with_unpriced(found: Prospects, pending: pd.DataFrame | Missing, unknown: pd.DataFrame | Missing) -> Prospects:
    """Return the prospects with what else is not counted: change requests that wait, and work whose fees nobody can say.

    Parameters
    ----------
    found : Prospects
    pending : DataFrame or Missing
        change, title, raised, fee: as from `change_control.pending_changes`. Nobody wrote down how likely they are.
    unknown : DataFrame or Missing
        name, reason: as `unknown` from `fees.fees_to_come`.
    """
    waits = with_columns(pending, "title raised fee")
    rows = [(row.title, "change request", f"waits for a decision since {row.raised:%d %b %Y}; "
             + ("not priced" if pd.isna(row.fee) else f"{row.fee:,.0f}")) for row in waits.itertuples()]  # fmt: skip
    rows += [(row.name, "signed", row.reason) for row in with_columns(unknown, "name reason").itertuples(name="Row")]
    more = pd.DataFrame(rows, columns=["item", "kind", "reason"])
    return Prospects(found.table, pd.concat([found.left_out, more], ignore_index=True))

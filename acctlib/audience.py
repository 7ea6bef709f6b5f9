"""What a client may see of an account's tables.

It follows the contract, not only the column. The dictionary marks columns and rows as open to the client, as open book or as
ours; `client_sees` of a project says how far its book is open. What comes out is an allow-list: whatever is not marked for the
client is gone, a mark nobody knows counts as ours, and a row whose state was withdrawn does not come back in an older one.
Answers to surveys reach a client only as counts of five or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from acctlib.missing import Missing
from acctlib.periods import FiscalYear
from acctlib.tables.as_of import known_on
from acctlib.tables.dictionary import CLIENT, CLIENT_SEES, HOURS, HOURS_AND_RATES, INTERNAL, SEES_LEVELS, TABLES, Table

__all__ = ["HIDDEN", "Tables", "for_client", "open_levels", "survey_summary"]

#: Fewer answers than this would let a client guess who gave which.
FEWEST_ANSWERS = 5
HIDDEN = Missing("it is not shared with the client")

Tables = Mapping[str, pd.DataFrame | Missing]


def survey_summary(surveys: pd.DataFrame | Missing, fiscal_year: FiscalYear) -> pd.DataFrame | Missing:
    """Return counts by fiscal quarter and kind: all that a client may see of a survey, and enough for every score."""
    if isinstance(surveys, Missing):
        return surveys
    score = surveys["score"] if "score" in surveys.columns else pd.Series(pd.NA, index=surveys.index, dtype="Int64")
    nps, csat = surveys["kind"] == "nps", surveys["kind"] == "csat"
    counts = pd.DataFrame(
        {
            "quarter": [fiscal_year.quarter_of(day.date()).label for day in surveys["date"]],
            "kind": surveys["kind"],
            "last_answer": surveys["date"],
            "invited": 1,
            "answered": score.notna().astype(int),
            "promoters": (nps & (score >= 9)).fillna(False).astype(int),
            "passives": (nps & score.between(7, 8)).fillna(False).astype(int),
            "detractors": (nps & (score <= 6)).fillna(False).astype(int),
            "satisfied": (csat & (score >= 4)).fillna(False).astype(int),
        }
    )
    sums = dict.fromkeys(("invited", "answered", "promoters", "passives", "detractors", "satisfied"), "sum")
    return counts.groupby(["quarter", "kind"], sort=True, as_index=False).agg({"last_answer": "max", **sums})


def open_levels(tables: Tables) -> pd.Series:
    """Return for each project what the client sees, as a position in SEES_LEVELS; unknown words count as the least."""
    projects = tables["projects"]
    default = projects["billing_type"].map(CLIENT_SEES)
    chosen = projects["client_sees"].fillna(default) if "client_sees" in projects.columns else default
    rank = chosen.map({level: i for i, level in enumerate(SEES_LEVELS)}).fillna(0).astype(int)
    return pd.Series(rank.to_numpy(), index=projects["project"].astype(object))


def _row_levels(table: pd.DataFrame, name: str, tables: Tables, levels: pd.Series) -> pd.Series:
    """Return for each row the level of the project it belongs to; rows of no project count as the least."""
    if "project" in table.columns:
        return table["project"].map(levels).fillna(0).astype(int)
    if name == "contracts" and "contract" in tables["projects"].columns:
        by_contract = levels.groupby(tables["projects"]["contract"].to_numpy()).max()
        return table["contract"].map(by_contract).fillna(0).astype(int)
    if name == "rate_card":
        return table["role"].map(_role_levels(tables, levels)).fillna(0).astype(int)
    return pd.Series(0, index=table.index)


def _role_levels(tables: Tables, levels: pd.Series) -> pd.Series:
    """Return for each role the highest level of the projects it works on."""
    used = [
        tables[name][["project", "role"]].dropna()
        for name in ("tasks", "time_entries")
        if not isinstance(tables[name], Missing) and "role" in tables[name].columns
    ]
    if not used:
        return pd.Series(dtype=int)
    rows = pd.concat(used)
    return rows["project"].map(levels).groupby(rows["role"].to_numpy()).max()


def for_client(tables: Tables, account: str, day: date) -> dict[str, pd.DataFrame | Missing]:
    """Return what the client may see: an allow-list, so that whatever is not marked for him is gone."""
    levels = open_levels(tables)
    seen = {n: _table_for_client(t, TABLES[n], tables, levels, day) for n, t in tables.items() if n in TABLES}
    seen["rate_card"] = _agreed_rates(seen["rate_card"], account, seen["time_entries"])
    summary = tables["survey_summary"]
    if not isinstance(summary, Missing):
        enough = summary[summary["answered"] >= FEWEST_ANSWERS].reset_index(drop=True)
        summary = enough if len(enough) else Missing(f"a score needs {FEWEST_ANSWERS} answers or more")
    return {**seen, "survey_summary": summary, "firm_deals": HIDDEN}


def _table_for_client(
    table: pd.DataFrame | Missing, spec: Table, tables: Tables, levels: pd.Series, day: date
) -> pd.DataFrame | Missing:
    if isinstance(table, Missing):
        return Missing(table.reason)
    if spec.sees == INTERNAL:
        return HIDDEN
    rank = _row_levels(table, spec.name, tables, levels)
    needs = {CLIENT: 0, HOURS: SEES_LEVELS.index(HOURS), HOURS_AND_RATES: SEES_LEVELS.index(HOURS_AND_RATES)}
    keep = rank >= needs[spec.sees]
    if spec.client_rows:
        try:
            keep &= spec.client_rows.test(table) & _not_withdrawn(table, spec, day)
        except KeyError:  # the rule's column is not in the file, so no row is known to be for the client
            return HIDDEN
    table, rank = table[keep].reset_index(drop=True), rank[keep].reset_index(drop=True)
    if not len(table):
        return HIDDEN
    shown = {}
    for column in table.columns:
        level = spec.column(column).sees
        if level not in needs:
            continue
        allowed = rank >= needs[level]
        if allowed.any():
            shown[column] = table[column] if allowed.all() else table[column].where(allowed)
    return pd.DataFrame(shown)


def _not_withdrawn(table: pd.DataFrame, spec: Table, day: date) -> pd.Series:
    """Return which rows belong to a thing that the client may see as it stands on the day: an older row does not outlive it."""
    if not spec.of_state or "as_of" not in table.columns:
        return pd.Series(True, index=table.index)
    latest = known_on(table, spec, day)
    if isinstance(latest, Missing):
        return pd.Series(False, index=table.index)
    thing = [name for name in spec.key if name != "as_of"]
    seen = pd.MultiIndex.from_frame(latest.loc[spec.client_rows.test(latest), thing])
    return pd.Series(pd.MultiIndex.from_frame(table[thing]).isin(seen), index=table.index)


def _agreed_rates(rates: pd.DataFrame | Missing, account: str, time_entries: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the rates agreed with the account, and the standard ones of roles without, or for hours worked before."""
    if isinstance(rates, Missing) or "bill_rate" not in rates.columns:
        return HIDDEN
    rates = rates[rates["bill_rate"].notna()]
    own = rates["account"] == account if "account" in rates.columns else pd.Series(False, index=rates.index)
    if own.any():
        agreed_from = pd.to_datetime(rates["role"].map(rates[own].groupby("role")["valid_from"].min()))
        worked = pd.Series(pd.NaT, index=rates.index)
        if not isinstance(time_entries, Missing) and "role" in time_entries.columns:
            worked = pd.to_datetime(rates["role"].map(time_entries.groupby("role")["date"].min()))
        rates = rates[own | agreed_from.isna() | (worked < agreed_from)]
    agreed = rates.reset_index(drop=True)
    return agreed if len(agreed) else HIDDEN

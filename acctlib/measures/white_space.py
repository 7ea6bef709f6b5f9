"""White space: what each business unit of the client buys from us, might buy soon, does not buy yet, or never will.

Four states, from four sources. *Owned* is what a contract covers that runs today. *Pipeline* is what an open deal is about.
*Gap* and *not eligible* are what somebody has judged and entered in the table white_space. A cell that nobody has judged is
*unknown*: to call it a gap would invent an opportunity, and to leave it out would hide that nobody has asked.

A gap is worth its value times the chance that they buy within a year. "Not eligible" is no gap and worth nothing.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.contracts import contract_terms
from acctlib.measures.undefined import NOT_STATED, complete
from acctlib.missing import Missing, requires

__all__ = ["GAP", "NOT_ELIGIBLE", "OWNED", "PIPELINE", "UNKNOWN", "plays", "white_space_matrix"]

OWNED, PIPELINE, GAP, NOT_ELIGIBLE, UNKNOWN = "owned", "pipeline", "gap", "not eligible", "unknown"
_CELL = ["business_unit", "service_line"]
_VALUES = ["low_value", "likely_value", "high_value", "propensity"]
_LISTED = "business_unit service_line state low_value likely_value high_value propensity next_step owner"
_COLUMNS = "business_unit service_line state low_value likely_value high_value propensity weighted next_step owner note"


def white_space_matrix(
    white_space: pd.DataFrame | Missing,
    contracts: pd.DataFrame | Missing,
    opportunities: pd.DataFrame | Missing,
    as_of: date,
) -> pd.DataFrame | Missing:
    """Return each business unit with each service line, and in which of the states it is.

    Parameters
    ----------
    white_space, contracts, opportunities : DataFrame or Missing
        Of the account, amounts in its currency (see `money.convert`). Where a cell is in several of them a running contract
        goes before an open deal, and an open deal before the table.
    as_of : date
        The day on which a contract runs and a deal is open.

    Returns
    -------
    DataFrame or Missing
        A row for each pair of a unit and a line that occur in any of the tables, sorted: `business_unit`, `service_line`
        ("not stated" where a contract or deal names none), `state`; `low_value`, `likely_value`, `high_value` (money a year;
        of what is owned the annual value and of pipeline the amounts of the deals, both as likely value without a range);
        `propensity` (fraction; of pipeline, the share of its amount that is expected), `weighted` (likely value times
        propensity; blank where owned, not eligible or unknown), `next_step`, `owner` (of pipeline the stages and owners of its
        deals); `note` where the sources differ: "also an open deal", "listed as a gap", "listed as not eligible"; and where an
        unknown cell is "spelled like" a known one.
        `Missing` where none of the tables has a unit or a line.

    Examples
    --------
    Grocery has a design contract, Legal might buy data, and nobody has looked at the other two:

    >>> listed = pd.DataFrame({"business_unit": ["Legal"], "service_line": ["Data"], "state": ["gap"],
    ...                        "likely_value": [40e3], "propensity": [0.25]})
    >>> contracts = pd.DataFrame({"contract": ["R1"], "business_unit": ["Grocery"], "service_line": ["Design"],
    ...     "kind": ["retainer"], "start": pd.to_datetime(["2026-01-01"]), "annual_value": [90e3]})
    >>> cells = white_space_matrix(listed, contracts, Missing("none"), date(2026, 9, 30))
    >>> cells[["business_unit", "service_line", "state", "weighted"]].values.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['Grocery', 'Data', 'unknown', nan], ['Grocery', 'Design', 'owned', nan],
     ['Legal', 'Data', 'gap', 10000.0], ['Legal', 'Design', 'unknown', nan]]
    """
    owned, pipeline = _owned(contracts, pd.Timestamp(as_of)), _pipeline(opportunities, pd.Timestamp(as_of))
    judged = complete(white_space, "white_space", _LISTED)
    judged = judged.assign(state=judged["state"].str.replace("_", " "), **judged[_VALUES].astype(float))
    judged = judged.drop_duplicates(_CELL, keep="last").set_index(_CELL)
    named = pd.concat([part.index.to_frame(index=False) for part in (owned, pipeline, judged)], ignore_index=True)
    if named.empty:
        return Missing(
            "no contract, open deal or row of white_space names a business unit and a service line", "add rows to white_space"
        )
    units, lines = (sorted(named[column].unique(), key=_last_if_not_stated) for column in _CELL)
    cells = pd.DataFrame(index=pd.MultiIndex.from_product([units, lines], names=_CELL))
    cells["state"] = pd.Series(UNKNOWN, cells.index, dtype="str")
    for column in _VALUES:
        cells[column] = np.nan
    for column in ("next_step", "owner"):
        cells[column] = pd.Series(None, cells.index, dtype="str")
    for part in (judged, pipeline, owned):  # the later goes before the earlier
        cells.loc[part.index, part.columns.intersection(cells.columns)] = part
    fixed = cells["state"].isin([OWNED, NOT_ELIGIBLE, UNKNOWN])
    cells["weighted"] = (cells["likely_value"] * cells["propensity"]).mask(fixed)
    said = judged["state"].reindex(cells.index)
    deal = (cells["state"] == OWNED) & cells.index.isin(pipeline.index)
    differs = cells["state"].isin([OWNED, PIPELINE]) & said.notna()
    listed = ("listed as " + said.map({GAP: "a gap", NOT_ELIGIBLE: NOT_ELIGIBLE})).where(differs)
    notes = pd.concat([pd.Series("also an open deal", cells.index).where(deal), listed, _twins(cells["state"])], axis=1)
    cells["note"] = pd.Series([", ".join(row.dropna()) or None for _, row in notes.iterrows()], cells.index, dtype="str")
    return cells.reset_index()[_COLUMNS.split()]


def _twins(states: pd.Series) -> pd.Series:
    """Return for unknown cells the known one named alike but for blanks, case and signs: a slip splits a cell in two."""
    alike = [tuple("".join(filter(str.isalnum, name.casefold())) for name in cell) for cell in states.index]
    known = {key: cell for key, cell in zip(alike, states.index, strict=True) if states[cell] != UNKNOWN}
    said = [f"spelled like {', '.join(known[key])}" if state == UNKNOWN and key in known else None
            for key, state in zip(alike, states, strict=True)]  # fmt: skip
    return pd.Series(said, states.index, dtype="str")


def _last_if_not_stated(name: str) -> tuple[bool, str]:
    return name == NOT_STATED, name


def _owned(contracts: pd.DataFrame | Missing, day: pd.Timestamp) -> pd.DataFrame:
    """Return the cells that a contract covers on the day."""
    blank = complete(contracts, "contracts", "contract kind start")
    terms = complete(contract_terms(blank), "contracts", "annual_value")
    # A lost renewal is still ours to the end of its term; without an end it is over.
    over = (terms["holds_to"] < day) | ((terms["status"] == "lost") & terms["end"].isna())
    running = _placed(terms[(terms["start"] <= day) & ~over])
    value = running.groupby(_CELL)["annual_value"].sum(min_count=1).astype(float)
    return pd.DataFrame(
        {"state": OWNED, "likely_value": value, "low_value": np.nan, "high_value": np.nan, "propensity": np.nan}
    )


def _pipeline(opportunities: pd.DataFrame | Missing, day: pd.Timestamp) -> pd.DataFrame:
    """Return the cells that an open deal is about."""
    deals = complete(
        opportunities, "opportunities", "business_unit service_line stage amount probability created status closed_on owner"
    )
    still = (deals["status"] == "open") | (deals["closed_on"] > day)
    deals = _placed(deals[still & ~(deals["created"] > day)])
    deals = deals.assign(expected=deals["amount"] * deals["probability"])
    cells = deals.groupby(_CELL)
    amount = cells["amount"].sum(min_count=1).astype(float)
    whole = cells["expected"].count() == cells.size()  # a deal without a probability leaves the sum not defined
    expected = cells["expected"].sum().astype(float).where(whole)
    values = {"likely_value": amount, "low_value": np.nan, "high_value": np.nan}
    values |= {"propensity": expected / amount.where(amount > 0)}
    return pd.DataFrame({"state": PIPELINE, **values, "next_step": _named(cells["stage"]), "owner": _named(cells["owner"])})


def _placed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**{column: rows[column].astype("str").fillna(NOT_STATED) for column in _CELL})


def _named(column: pd.api.typing.SeriesGroupBy) -> pd.Series:
    return column.agg(lambda names: ", ".join(sorted(set(names.dropna()))) or None).astype("str")


@requires(white_space="business_unit service_line state likely_value? propensity? low_value? high_value? next_step? owner?")
def plays(white_space: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the gaps in what a client buys as plays to make, the one with the highest expected value first.

    Parameters
    ----------
    white_space : DataFrame
        As from `white_space_matrix`, which leaves out gaps that a contract or an open deal has filled since they were
        entered; or the table itself.

    Returns
    -------
    DataFrame
        The gaps with `weighted`, likely value times the chance of buying (money a year); a gap without either stands last.

    Examples
    --------
    >>> gaps = pd.DataFrame({"business_unit": ["Retail", "Legal"], "service_line": ["Data", "Design"], "state": ["gap", "gap"],
    ...                      "likely_value": [10e3, 50e3], "propensity": [0.5, 0.2]})
    >>> plays(gaps)["business_unit"].tolist()
    ['Legal', 'Retail']
    """
    gaps = white_space[white_space["state"] == GAP]
    gaps = gaps.assign(weighted=gaps["likely_value"].astype(float) * gaps["propensity"].astype(float))
    gaps = gaps.sort_values("weighted", ascending=False, na_position="last", kind="stable").reset_index(drop=True)
    return gaps if len(gaps) else Missing("there is no gap")

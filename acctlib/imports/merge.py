"""What stands in a table and what an export says -> the table afterwards, and the difference in words.

The same export twice changes nothing, and a corrected one replaces what it corrects. Things with a number (invoices, deals,
tasks, risks) are met by their number, and only the columns that the export has are written. Hours have no number: equal rows
are met one by one, as often as they occur; what the tool said before of the same days, people and projects and does not say
any more was corrected there. What somebody typed here is never taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from acctlib.tables.dictionary import CLIENT, Table
from acctlib.tables.raw import RawTable

__all__ = ["Coverage", "Merged", "merged_hours", "merged_things", "text_table"]

_SAME = ["date", "project", "task", "person", "hours", "billable", "note"]
_TYPED_SAME = ["date", "project", "person", "hours"]


@dataclass(frozen=True)
class Coverage:
    """What a time export speaks of: days, people and projects. What lies outside it says nothing about."""

    first: str
    last: str
    people: frozenset[str]
    projects: frozenset[str]
    whole: bool = False


@dataclass
class Merged:
    """A table afterwards, and what became of its rows.

    Parameters
    ----------
    table : DataFrame of text
        All rows, with the columns in the order of the file, then of the dictionary.
    new, same : int
        Rows that came, and rows that stood there already.
    changed : list of (str, str, str, str)
        Which thing, which column, before, after.
    gone : list of str
        Rows that the tool does not have any more.
    kept : list of str
        Rows of the same tool and days of which the export does not speak: other people or projects.
    adopted : int
        Rows that somebody had typed and the export has too.
    elsewhere : list of str
        Hours that stand there from another tool, which were not counted again.
    twice : list of str
        Hours of a day, person and project for which another tool has other hours: both stand, and one may be too much.
    withdrawn : list of str
        Things that the client could read and that say something else now: they are not shown until somebody says so again.
    came, stays : DataFrame of text
        Of hours: the rows that came, and those of `kept`. Where the two are alike, an entry was moved.
    """

    table: pd.DataFrame
    new: int = 0
    same: int = 0
    changed: list[tuple[str, str, str, str]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    adopted: int = 0
    elsewhere: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    came: pd.DataFrame = field(default_factory=pd.DataFrame)
    stays: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def differs(self) -> bool:
        return bool(self.new or self.changed or self.gone or self.adopted)


def text_table(raw: RawTable | None, columns: Sequence[str]) -> pd.DataFrame:
    """Return a table as text, with the columns of its file and then those of `columns` that it lacks, blank."""
    if raw is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    cells = {name.strip(): column.to_pylist() for name, column in zip(raw.header, raw.columns, strict=True) if name.strip()}
    frame = pd.DataFrame(cells, dtype=object)
    for name in columns:
        if name not in frame:
            frame[name] = ""
    return frame


def merged_hours(old: pd.DataFrame, new: pd.DataFrame, tool: str, covered: Coverage) -> Merged:
    """Return the hours of one account after an import.

    Parameters
    ----------
    old : DataFrame of text
        What stands in the account's time_entries; `imported_from` says which tool a row came from, blank = typed here.
    new : DataFrame of text
        What the export says, with the columns of time_entries.
    tool : str
        Its name.
    covered : Coverage
        What the export speaks of.

    Examples
    --------
    In June's export a day of 7.5 hours has become 6:

    >>> day = {"date": "2026-06-01", "project": "site", "task": "", "person": "Ana", "role": "", "billable": "yes", "note": ""}
    >>> old, new = (pd.DataFrame([{**day, "hours": hours, "imported_from": "harvest"}]) for hours in ("7.5", "6"))
    >>> covered = Coverage("2026-06-01", "2026-06-30", frozenset({"Ana"}), frozenset({"site"}))
    >>> merged_hours(old, new, "harvest", covered).changed
    [('2026-06-01 Ana site', 'hours', '7.5', '6')]
    """
    old, new = old.reset_index(drop=True), new.reset_index(drop=True)
    mine = (old["imported_from"] == tool).to_numpy(bool)
    met_new, met_old = _paired(new, old, _SAME, np.ones(len(new), bool), mine)
    typed_new, typed_old = _paired(
        new, old, _TYPED_SAME, ~np.isin(np.arange(len(new)), met_new), (old["imported_from"] == "").to_numpy(bool)
    )
    fresh = ~np.isin(np.arange(len(new)), np.concatenate([met_new, typed_new]))
    elsewhere, twice = _of_other_tools(new, old, fresh, tool)
    fresh &= ~elsewhere
    speaks = mine & old["date"].between(covered.first, covered.last).to_numpy(bool)
    asked = speaks & old["person"].isin(covered.people).to_numpy(bool) & old["project"].isin(covered.projects).to_numpy(bool)
    unmet = ~np.isin(np.arange(len(old)), met_old)
    away = unmet & (speaks if covered.whole else asked)
    left, gone = _paired(new, old, ["date", "person"], fresh, away)
    changed = [_difference(old.loc[b], new.loc[a]) for a, b in zip(left, gone, strict=True)]
    gone_rows = old[away & ~np.isin(np.arange(len(old)), gone)]
    table = old.copy()
    if len(typed_old):
        table.loc[typed_old, "imported_from"] = tool
    added = new[fresh].sort_values("date", kind="stable")
    return Merged(
        pd.concat([table[~away], added.reindex(columns=table.columns, fill_value="")], ignore_index=True),
        new=int(fresh.sum()) - len(left),
        same=len(met_new),
        changed=changed,
        gone=_listed(gone_rows),
        kept=_listed(old[speaks & unmet & ~away]),
        came=new[fresh],
        stays=old[speaks & unmet & ~away],
        adopted=len(typed_new),
        elsewhere=_listed(new[elsewhere]),
        twice=twice,
    )


def _of_other_tools(new: pd.DataFrame, old: pd.DataFrame, fresh: np.ndarray, tool: str) -> tuple[np.ndarray, list[str]]:
    """Return which new rows are hours that another tool brought already, and where two tools differ about a day.

    Who moves from one tool to another has the same week in both. A day of a person and project is the same where its hours sum
    to the same, however many entries they were; where they do not, both stand and are named.
    """
    by = ["date", "person", "project"]
    others = old[~old["imported_from"].isin(["", tool]).to_numpy(bool)]
    same, twice = np.zeros(len(new), bool), []
    if others.empty or not fresh.any():
        return same, twice
    theirs = (
        others.assign(_h=others["hours"].astype(float))
        .groupby(by, sort=True)
        .agg(h=("_h", "sum"), of=("imported_from", "first"))
    )
    ours = new[fresh].assign(_h=new.loc[fresh, "hours"].astype(float)).groupby(by, sort=True)["_h"].agg(["sum", "size"])
    both = ours.join(theirs, how="inner")
    equal = (both["sum"] - both["h"]).abs() <= 0.01 * (1 + both["size"])  # each entry may be rounded to hundredths
    keys = pd.MultiIndex.from_frame(new[by])
    same = fresh & keys.isin(both.index[equal])
    for (date, person, project), row in both[~equal].iterrows():
        twice.append(f"{date} {person} {project}: {row['sum']:g} h beside {row['h']:g} h of {row['of']}")
    theirs = _by_day(others[~pd.MultiIndex.from_frame(others[by]).isin(both.index)]).add_suffix("_other")
    named = _by_day(new[fresh & ~keys.isin(both.index)]).join(theirs, how="inner")
    for (date, project), row in named[(named["h"] - named["h_other"]).abs() <= 0.01].iterrows():
        twice.append(
            f"{date} {project}: {row['h']:g} h of {row['who']} beside as many of {row['who_other']}, from another tool"
        )
    return same, twice


def _by_day(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the hours of each day and project, and the people, who may be called otherwise in another tool."""
    if rows.empty:
        rows = rows.reindex(columns=["date", "project", "person", "hours"])
    by_day = rows.assign(h=rows["hours"].astype(float)).groupby(["date", "project"], sort=True)
    return by_day.agg(h=("h", "sum"), who=("person", lambda people: ", ".join(sorted(set(people)))))


def _paired(new: pd.DataFrame, old: pd.DataFrame, by: list[str], among_new, among_old) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of equal rows, each met once: the first with the first, the second with the second."""
    a, b = new.loc[among_new, by], old.loc[among_old, by]
    if a.empty or b.empty:
        return np.array([], int), np.array([], int)
    a, b = (side.assign(_turn=side.groupby(by, sort=False, dropna=False).cumcount(), _at=side.index) for side in (a, b))
    both = a.merge(b, on=[*by, "_turn"], suffixes=("_new", "_old"))
    return both["_at_new"].to_numpy(int), both["_at_old"].to_numpy(int)


def _difference(before: pd.Series, after: pd.Series) -> tuple[str, str, str, str]:
    column = next((name for name in ("hours", "project", "billable", "task", "note") if before[name] != after[name]), "note")
    return f"{before['date']} {before['person']} {before['project']}".strip(), column, before[column], after[column]


def _listed(rows: pd.DataFrame) -> list[str]:
    return [f"{r.date} {r.person} {r.project}: {r.hours} h" for r in rows.itertuples()]


def merged_things(
    old: pd.DataFrame,
    new: Iterable[dict[str, str]],
    table: Table,
    key: Sequence[str],
    tool: str,
    scope: set | None = None,
    day: str = "",
) -> Merged:
    """Return a table of things with keys after an import.

    Parameters
    ----------
    old : DataFrame of text
    new : iterable of dict
        Our column -> text; columns that are not there stay as they were.
    table : Table
        Where it is a table of state, a thing that has changed gets a row of its own as of `day`.
    key : sequence of str
        Columns that name a thing.
    tool : str
        Written into `imported_from` of what is new.
    scope : set, optional
        Values of the first column of the key of which the export is the whole (empty = of all): what this tool brought before
        and does not bring any more is gone.
    day : str
        On which the export was made.

    Examples
    --------
    >>> from acctlib.tables.dictionary import TABLES
    >>> old = pd.DataFrame([{"invoice": "A1", "amount": "900", "paid": "", "project": "site", "imported_from": "xero"}])
    >>> new = [{"invoice": "A1", "amount": "900", "paid": "1080"}]
    >>> merged_things(old, new, TABLES["invoices"], ["invoice"], "xero").changed
    [('A1', 'paid', '', '1080')]
    """
    rows = old.to_dict("records")
    by_day = sorted(range(len(rows)), key=lambda n: rows[n].get("as_of", "")) if table.of_state else range(len(rows))
    if table.of_state:  # an older export that comes late speaks of its own day
        by_day = [n for n in by_day if rows[n].get("as_of", "") <= day]
    at = {tuple(rows[n][name] for name in key): n for n in by_day}  # of a thing with several days the latest counts
    merged = Merged(old)
    met: set[tuple[str, ...]] = set()
    for cells in new:
        place = tuple(cells[name] for name in key)
        met.add(place)
        if place not in at:
            at[place] = len(rows)
            state = {"as_of": day} if table.of_state else {}
            rows.append({**dict.fromkeys(old.columns, ""), **cells, **state, "imported_from": tool})
            merged.new += 1
            continue
        row = rows[at[place]]
        cells = {name: value for name, value in cells.items() if not _alike(row.get(name, ""), value, table.column(name).kind)}
        differences = [(name, row.get(name, ""), value) for name, value in cells.items()]
        merged.changed += [(" ".join(filter(None, place)), *difference) for difference in differences]
        merged.same += not differences
        if any(table.column(column).sees == CLIENT for column, _, _ in differences) and row.get("client_visible"):
            merged.withdrawn.append(" ".join(filter(None, place)))
            cells = {**cells, "client_visible": ""}  # no client reads words that nobody here has read
        if differences and table.of_state and row.get("as_of", "") != day:
            at[place] = len(rows)
            rows.append({**row, **cells, "as_of": day, "imported_from": tool})
        else:
            row.update(cells)
    if scope is not None:
        away = [row for row in rows if row.get("imported_from") == tool and (row[key[0]] in scope or not scope)]
        away = [row for row in away if tuple(row[name] for name in key) not in met]
        merged.gone = [" ".join(row[name] for name in key) for row in away]
        rows = [row for row in rows if not any(row is other for other in away)]
    order = [*old.columns, *(name for name in table.names if name not in old.columns and any(name in row for row in rows))]
    merged.table = pd.DataFrame(rows, columns=order, dtype=object).fillna("")
    return merged


def _alike(before: str, after: str, kind: str) -> bool:
    """Return whether two cells say the same: 1200.00 was typed where an export's 1200 comes."""
    if before.strip() == after:
        return True
    try:
        return kind in ("money", "number", "percent", "hours", "whole") and float(before) == float(after)
    except ValueError:
        return False

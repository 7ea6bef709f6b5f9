"""Time exports -> hours: one row for a person, project and day.

The rows of a time tracker are nearly those of `time_entries`; what is not is what makes sums wrong: totals between the rows,
clocks beside decimals, entries that run past midnight, and flags in the language of the user. Columns are read as wholes and
each different cell once, since ten million rows hold few dates, people and projects.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.imports.conventions import Conventions, date_in, hours_in, number_in
from acctlib.imports.formats import Format
from acctlib.tables.raw import RawTable

__all__ = ["DATES", "NUMBERS", "TimeRows", "Total", "cells_of", "each", "is_total", "read_time"]

DATES = ("date",)
NUMBERS = ("hours", "billed_hours", "amount", "cost")
#: The columns of ours that a time export gives, beside the account and the project.
GIVEN = ("date", "task", "person", "role", "hours", "billable", "note")

_TOTAL = re.compile(
    r"(grand |sub-?)?(total|totals|totaal|totale|summe|gesamt\w*|insgesamt|somme|sous-total|suma)\b", re.IGNORECASE
)
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_YES_NO = {
    **dict.fromkeys("yes y true 1 ja j oui o si sí sim x billable abrechenbar facturable".split(), "yes"),
    **dict.fromkeys("no n false 0 nein non não nee non-billable".split(), "no"),
}


@dataclass(frozen=True)
class Total:
    """A total that the file itself states: its line, its words, and its value."""

    line: int
    label: str
    value: float


@dataclass
class TimeRows:
    """What a batch of a time export says.

    Parameters
    ----------
    rows : pyarrow Table of text
        client, project and code as the file names them, and our columns `GIVEN` as we write them.
    at : array of int
        Which row of the batch each of them came from; one that runs past midnight stands for two.
    waiting, set_aside : dict of int to str
        Row of the batch -> why it can't be taken, and why it is no entry at all.
    totals : list of Total
        Of the hours, as the file states them.
    amounts : dict of str to float
        What the file says the hours are worth, by currency: a control, since the rate card prices them.
    cut : int
        How many entries were cut at midnight.
    """

    rows: pa.Table
    at: np.ndarray
    waiting: dict[int, str] = field(default_factory=dict)
    set_aside: dict[int, str] = field(default_factory=dict)
    totals: list[Total] = field(default_factory=list)
    amounts: dict[str, float] = field(default_factory=dict)
    cut: int = 0


def cells_of(batch: RawTable, fields: Mapping[str, list[int]], field: str) -> pa.Array:
    """Return the cells of a field without blanks around them; where several columns hold it, the first that says anything."""
    columns = [pc.utf8_trim_whitespace(batch.columns[at].combine_chunks()) for at in fields.get(field, ())]
    if not columns:
        return pa.nulls(len(batch), pa.string()).fill_null("")
    found = columns[0]
    for column in columns[1:]:
        found = pc.if_else(pc.equal(found, ""), column, found)
    return found


def each(cells: pa.Array | pa.ChunkedArray, function: Callable[[str], object], kind: pa.DataType | None = None) -> pa.Array:
    """Return what a function makes of each cell, called once for each different one."""
    encoded = pc.dictionary_encode(cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells)
    return pa.array([function(value) for value in encoded.dictionary.to_pylist()], type=kind).take(encoded.indices)


def is_total(text: str) -> bool:
    """Return whether a cell says that its row is a total.

    >>> is_total("Total for Acme"), is_total("Gesamtsumme"), is_total("Totally new site")
    (True, True, False)
    """
    return bool(_TOTAL.match(text.strip()))


def read_time(batch: RawTable, fields: Mapping[str, list[int]], tool: Format, how: Conventions) -> TimeRows:
    """Return the entries in a batch of a time export.

    Parameters
    ----------
    batch : RawTable
    fields : mapping of str to positions
        Where the header says that each field stands.
    tool : Format
        For its words.
    how : Conventions
        How the whole file writes numbers and dates.
    """

    def cells(name: str) -> pa.Array:
        return cells_of(batch, fields, name)

    dates = each(cells("date"), lambda text: d.isoformat() if (d := date_in(text, how)) else None, pa.string())
    hours = _hours(cells, fields, how)
    read = TimeRows(pa.table({}), np.arange(len(batch)))
    _other_rows(batch, cells, dates, hours, read)
    billable, share = _billable(cells, fields, tool, how, hours, read)
    _amounts(cells, fields, how, dates, read)
    table = pa.table(
        {
            "client": cells("client") if "client" in fields else cells("account"),
            "project": cells("project"),
            "code": cells("code"),
            "date": dates,
            "task": cells("task"),
            "person": _person(cells, fields),
            "role": cells("role"),
            "hours": hours,
            "billable": billable,
            "note": pc.replace_substring_regex(_note(cells, fields), _CONTROL, " "),
        }
    )
    keep = np.ones(len(batch), bool)
    keep[[*read.waiting, *read.set_aside]] = False
    at = np.flatnonzero(keep)
    table, at = _billed_apart(table.take(at), at, share)
    table, at = _cut_at_midnight(table, at, cells, how, read)
    good = np.isin(at, list(read.waiting), invert=True)
    table, read.at = (table, at) if good.all() else (table.filter(pa.array(good)), at[good])
    read.rows = table.set_column(table.schema.get_field_index("hours"), "hours", each(table["hours"], _plain, pa.string()))
    return read


def _plain(hours: float) -> str:
    return f"{hours:.6f}".rstrip("0").rstrip(".")


def _hours(cells, fields, how: Conventions) -> pa.Array:
    """Return hours from the decimal column, or from the clock where that is blank or absent; null where neither can be read."""
    decimal = each(cells("hours"), lambda text: hours_in(text, how) if text else None, pa.float64())
    if "duration" not in fields:
        return decimal
    return pc.coalesce(decimal, each(cells("duration"), lambda text: hours_in(text, how) if text else None, pa.float64()))


def _person(cells, fields) -> pa.Array:
    if "first_name" not in fields:
        return each(cells("person"), _one_line, pa.string())
    whole = pc.binary_join_element_wise(cells("first_name"), cells("last_name"), " ")
    return each(whole, _one_line, pa.string())


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _note(cells, fields) -> pa.Array:
    """Return the words of an entry: its description, and before it the number and title of a ticket, where there is one."""
    parts = [cells(name) for name in ("issue", "summary", "note") if name in fields]
    if not parts:
        return cells("note")
    joined = parts[0]
    for part in parts[1:]:
        gap = pc.if_else(pc.or_(pc.equal(joined, ""), pc.equal(part, "")), "", ": ")
        joined = pc.binary_join_element_wise(joined, gap, part, "")
    return joined


def _other_rows(batch: RawTable, cells, dates: pa.Array, hours: pa.Array, read: TimeRows) -> None:
    """Tell totals and headings from entries that can't be read; each is looked at by itself, since there are few."""
    undated = pc.is_null(dates).to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(undated):
        texts = [text.strip() for column in batch.columns if (text := column[int(at)].as_py()).strip()]
        value = hours[int(at)].as_py()
        if any(is_total(text) for text in texts[:2]):
            read.set_aside[int(at)] = "a total"
            if value is not None:
                read.totals.append(Total(int(batch.lines[at]), next(text for text in texts if is_total(text)), value))
        elif value is None or len(texts) == 1:
            read.set_aside[int(at)] = "a heading or a remark"
        elif text := cells("date")[int(at)].as_py():
            read.waiting[int(at)] = f"its date {text!r} is no day of the calendar"
        else:
            read.waiting[int(at)] = "it has no date"
    off = pc.fill_null(pc.or_(pc.less(hours, 0), pc.is_null(hours)), True).to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(off & ~undated):
        text = cells("hours")[int(at)].as_py() or cells("duration")[int(at)].as_py()
        read.waiting[int(at)] = f"its hours {text!r} are " + (
            "less than none" if hours[int(at)].as_py() is not None else "no number"
        )


def _billable(cells, fields, tool: Format, how: Conventions, hours: pa.Array, read: TimeRows):
    """Return yes or no for each row, and the billed hours where the tool says how many of them were."""
    if "billed_hours" in fields:
        billed = each(cells("billed_hours"), lambda text: number_in(text, how) if text else None, pa.float64())
        if billed.null_count < len(billed):
            return each(
                pc.fill_null(pc.greater(billed, 0), True).cast(pa.string()), lambda t: {"true": "yes"}.get(t, "no")
            ), billed
    if "billable" not in fields:
        return pa.array(["yes"]).take(pa.array(np.zeros(len(hours), np.int64))), None
    words = each(cells("billable"), lambda text: tool.word("billable", text) or _YES_NO.get(text.casefold()), pa.string())
    for at in np.flatnonzero(pc.is_null(words).to_numpy(zero_copy_only=False)):
        if int(at) not in read.set_aside:
            text = cells("billable")[int(at)].as_py()
            read.waiting.setdefault(int(at), f"it says {text!r} where yes or no is asked for (billable)")
    return words, None


def _amounts(cells, fields, how: Conventions, dates: pa.Array, read: TimeRows) -> None:
    if "amount" not in fields:
        return
    amounts = each(cells("amount"), lambda text: number_in(text, how) or 0.0, pa.float64()).to_numpy()
    amounts = np.where(pc.is_valid(dates).to_numpy(zero_copy_only=False), amounts, 0)
    codes = each(cells("currency"), lambda text: (re.findall(r"\b[A-Z]{3}\b", text.upper()) or [""])[-1], pa.string())
    encoded = pc.dictionary_encode(codes)
    sums = np.bincount(encoded.indices.to_numpy(), amounts, len(encoded.dictionary))
    read.amounts = {code: float(total) for code, total in zip(encoded.dictionary.to_pylist(), sums, strict=True) if total}


def _billed_apart(table: pa.Table, at: np.ndarray, billed: pa.Array | None) -> tuple[pa.Table, np.ndarray]:
    """Cut rows of which only a part was billed into the part that was and the part that was not."""
    if billed is None:
        return table, at
    hours, charged = table["hours"].to_numpy(), billed.take(pa.array(at)).to_numpy(zero_copy_only=False)
    partly = (charged > 0) & (charged < hours)
    first = np.where(partly, charged, hours)
    rest = table.filter(pa.array(partly))
    whole = table.set_column(table.schema.get_field_index("hours"), "hours", pa.array(first))
    rest = rest.set_column(rest.schema.get_field_index("hours"), "hours", pa.array((hours - charged)[partly]))
    rest = rest.set_column(rest.schema.get_field_index("billable"), "billable", pa.array(["no"] * len(rest), pa.string()))
    return pa.concat_tables([whole, rest]), np.concatenate([at, at[partly]])


def _cut_at_midnight(table: pa.Table, at: np.ndarray, cells, how: Conventions, read: TimeRows) -> tuple[pa.Table, np.ndarray]:
    """Cut entries that run past midnight, so that each day holds the hours worked on it."""
    hours = table["hours"].to_numpy()
    starts = each(cells("start_time"), _time_of_day, pa.float64()).take(pa.array(at)).to_numpy(zero_copy_only=False)
    over = np.flatnonzero((np.nan_to_num(starts) + hours > 24 + 1e-6) & ((hours > 24) | (np.nan_to_num(starts) > 0)))
    rows, origins = [], []
    for row in over:
        if np.isnan(starts[row]):
            read.waiting[int(at[row])] = f"{_plain(hours[row])} hours do not fit into one day"
            continue
        cells_ = {name: table[name][int(row)].as_py() for name in table.column_names}
        day, start, left = dt.date.fromisoformat(cells_["date"]), float(starts[row]), float(hours[row])
        while left > 1e-6:
            worked = min(left, 24 - start)
            rows.append({**cells_, "date": day.isoformat(), "hours": worked})
            origins.append(int(at[row]))
            day, start, left = day + dt.timedelta(1), 0.0, left - worked
        read.cut += 1
    if not len(over):
        return table, at
    kept = np.ones(len(table), bool)
    kept[over] = False
    parts = [table.filter(pa.array(kept))] + ([pa.Table.from_pylist(rows, schema=table.schema)] if rows else [])
    return pa.concat_tables(parts), np.concatenate([at[kept], np.array(origins, int)])


def _time_of_day(text: str) -> float | None:
    """Return hours since midnight: 22:30, 10:00:00 PM; None where there is none."""
    match = re.fullmatch(r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?\s*([ap])?\.?m?\.?", text.strip(), re.IGNORECASE)
    if not match:
        return None
    hours, half = int(match[1]), (match[4] or "").lower()
    hours = hours % 12 + 12 * (half == "p") if half else hours
    return hours + int(match[2]) / 60 + int(match[3] or 0) / 3600

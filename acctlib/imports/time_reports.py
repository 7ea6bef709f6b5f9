"""Time exports -> hours: one row for a person, project and day.

The rows of a time tracker are nearly those of `time_entries`; what is not is what makes sums wrong: totals between the rows,
clocks beside decimals, seconds and parts of a day that look like hours, entries that run past midnight, breaks and absences,
and flags in the language of the user. Columns are read as wholes and each different cell once, since ten million rows hold few
dates, people and projects.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.imports.conventions import Conventions, date_in, hours_in, number_in
from acctlib.imports.exports import Export
from acctlib.imports.formats import Format, currency_in
from acctlib.tables.problems import Problem
from acctlib.tables.raw import RawTable

__all__ = [
    "DATES", "MONEY", "NUMBERS", "TimeRows", "Total", "Units", "cells_of", "each", "is_total", "parts_by_day", "read_time",
    "unrolled",
]  # fmt: skip

DATES = ("date", "end_date", "created")
NUMBERS = ("hours", "duration", "seconds", "time_spent", "rounded_hours", "billed_hours")
MONEY = ("amount",)
#: The columns of ours that a time export gives, beside the account and the project.
GIVEN = ("date", "task", "person", "role", "hours", "billable", "note")
#: Columns for what stands in a cell of Jira's Log Work.
_LOGGED = ("Log Work started", "Log Work author", "Log Work seconds", "Log Work comment")
_NO_WORK = "an issue without logged work"

_TOTAL = re.compile(
    r"(grand |sub-?)?(total|totals|totaal|totale|summe|gesamt\w*|insgesamt|somme|sous-total|suma|totaux|totales)\b",
    re.IGNORECASE,
)
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
_YES_NO = {
    **dict.fromkeys(
        "yes y true 1 ja j oui o si sí sì sim s x wahr vrai verdadero verdadeiro vero waar billable abrechenbar "
        "facturable faturável fatturabile".split(),
        "yes",
    ),
    **dict.fromkeys("no n false 0 nein non não nao nee falsch faux falso onwaar non-billable unbillable".split(), "no"),
}
#: A clock differs so much from begin to end when it was changed between them (half an hour on Lord Howe Island), in hours.
_CHANGE = (0.4, 1.1)
#: So much differ times that were rounded to minutes or to hundredths of an hour.
_ROUNDING = 0.02


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
    rounded, overbilled : float
        Hours that the tool's rounded hours are more than those worked, and its billed hours; neither is counted.
    """

    rows: pa.Table
    at: np.ndarray
    waiting: dict[int, str] = field(default_factory=dict)
    set_aside: dict[int, str] = field(default_factory=dict)
    totals: list[Total] = field(default_factory=list)
    amounts: dict[str, float] = field(default_factory=dict)
    cut: int = 0
    rounded: float = 0.0
    overbilled: float = 0.0


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


def read_time(
    batch: RawTable, fields: Mapping[str, list[int]], tool: Format, how: Conventions, money: Conventions | None = None
) -> TimeRows:
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
    money : Conventions, optional
        How it writes amounts; None where they are not to be added up.
    """

    def cells(name: str) -> pa.Array:
        return cells_of(batch, fields, name)

    def days(name: str) -> pa.Array:
        return each(cells(name), lambda text: d.isoformat() if (d := date_in(text, how)) else None, pa.string())

    times = _Times(days("date"), days("end_date"), *(each(cells(f"{end}_time"), _time_of_day, pa.float64()) for end in _ENDS))
    dates = pc.coalesce(times.first, times.last)
    hours = _hours(cells, fields, how, times)
    read = TimeRows(pa.table({}), np.arange(len(batch)))
    _other_rows(batch, cells, tool, fields, dates, hours, read)
    billable, share = _billable(cells, fields, tool, how, hours, read)
    _amounts(batch, fields, money, cells, dates, read)
    table = pa.table(
        {
            "client": cells("client") if "client" in fields else cells("account"),
            "project": _project(cells, fields),
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
    if "hours" in fields and "rounded_hours" in fields:
        rounded = each(cells("rounded_hours"), lambda text: hours_in(text, how, "rounded_hours"), pa.float64())
        read.rounded = float(np.nansum((_array(rounded) - _array(hours))[at]))
    table, at = _billed_apart(table.take(at), at, share, read)
    table, at = _cut_at_midnight(table, at, times, read)
    good = np.isin(at, list(read.waiting), invert=True)
    table, read.at = (table, at) if good.all() else (table.filter(pa.array(good)), at[good])
    read.rows = table.set_column(table.schema.get_field_index("hours"), "hours", each(table["hours"], _plain, pa.string()))
    return read


_ENDS = ("start", "end")
#: Fields that say how long an entry is, the first of them that does.
_SAID = ("hours", "duration", "seconds", "time_spent", "rounded_hours")


@dataclass(frozen=True)
class _Times:
    """Begin and end of each row: days as text, times of day as hours since midnight; null where the file does not say."""

    first: pa.Array
    last: pa.Array
    start: pa.Array
    end: pa.Array


def _array(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()


def _plain(hours: float) -> str:
    return f"{hours:.6f}".rstrip("0").rstrip(".")


def _hours(cells, fields, how: Conventions, times: _Times) -> pa.Array:
    """Return the hours of each row, from one of its columns only; null where none can be read.

    A clock counts before a decimal number, which is rounded to hundredths (36 seconds), and both before what was rounded for
    invoices. Begin and end are asked last, since breaks lie between them.
    """

    def read(name: str, wanted=bool) -> pa.Array:
        return each(cells(name), lambda text: hours_in(text, how, name) if wanted(text) else None, pa.float64())

    names = [name for name in _SAID if name in fields]
    said = [read("duration", lambda text: ":" in text)] if "duration" in fields else []
    found = pc.coalesce(*said, *(read(name) for name in names)) if names else pa.nulls(len(times.start), pa.float64())
    if not found.null_count:
        return found
    blank = np.ones(len(found), bool)
    for name in names:
        blank &= _array(pc.equal(cells(name), ""))
    return pc.coalesce(found, pa.array(np.where(blank, _wall(times), np.nan), pa.float64(), from_pandas=True))


def _wall(times: _Times) -> np.ndarray:
    """Return the hours from begin to end; without a day for the end, it is the next time at which the clock shows it."""
    start, end = _array(times.start), _array(times.end)
    days = _array(pc.days_between(*(pc.strptime(day, "%Y-%m-%d", "s") for day in (times.first, times.last))))
    known = ~np.isnan(days.astype(float))
    wall = np.where(known, np.where(known, days, 0) * 24 + end - start, (end - start) % 24)
    return np.where(wall < 0, np.nan, wall)


def _person(cells, fields) -> pa.Array:
    named = pc.binary_join_element_wise(cells("first_name"), cells("last_name"), " ")
    whole = each(named, _one_line, pa.string())
    return pc.if_else(pc.equal(whole, ""), each(cells("person"), _one_line, pa.string()), whole)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _project(cells, fields) -> pa.Array:
    """Return the project; where no column names it, the part of a ticket's number that does: PORTAL of PORTAL-12."""
    if "project" in fields or "issue" not in fields:
        return cells("project")
    return each(cells("issue"), lambda key: key.rpartition("-")[0], pa.string())


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


def _other_rows(batch: RawTable, cells, tool: Format, fields, dates: pa.Array, hours: pa.Array, read: TimeRows) -> None:
    """Tell totals, headings and what is no work from entries that can't be read."""
    for position in fields.get("kind", ()):
        kinds = each(
            pc.utf8_trim_whitespace(batch.columns[position].combine_chunks()), lambda t: tool.word("kind", t), pa.string()
        )
        for at in np.flatnonzero(_array(pc.not_equal(kinds, ""))):
            read.set_aside.setdefault(int(at), kinds[int(at)].as_py())
    undated = _array(pc.is_null(dates))
    logged = _LOGGED[2] in batch.header
    header = {name.strip() for name in batch.header}
    for at in (int(at) for at in np.flatnonzero(undated) if int(at) not in read.set_aside):
        texts = [text.strip() for column in batch.columns if (text := column[at].as_py()).strip()]
        value, day = hours[at].as_py(), cells("date")[at].as_py() or cells("end_date")[at].as_py()
        named = any(cells(name)[at].as_py() for name in ("client", "project", "person", "first_name"))
        if any(is_total(text) for text in texts[:2]) or (value is not None and not day and not named):
            read.set_aside[at] = "a total"
            if value is not None:
                label = next((text for text in texts if is_total(text)), "without a name")
                read.totals.append(Total(int(batch.lines[at]), label, value))
        elif len(texts) > 2 and header.issuperset(texts):
            read.set_aside[at] = "the column names again"
        elif logged and not day:
            read.set_aside[at] = _NO_WORK
        elif len(texts) == 1 or (value is None and (not day or len(texts) < 3)):
            read.set_aside[at] = "a heading or a remark"
        elif day:
            read.waiting[at] = f"its date {day!r} is no day of the calendar"
        else:
            read.waiting[at] = "it has no date"
    off = _array(pc.fill_null(pc.or_(pc.less(hours, 0), pc.is_null(hours)), True))
    for at in (int(at) for at in np.flatnonzero(off & ~undated) if int(at) not in read.set_aside):
        said = (cells(name)[at].as_py() for name in _SAID)
        text = next((text for text in said if text), "")
        if not text:
            read.waiting[at] = "it has no hours; its clock may still run"
        else:
            none = hours[at].as_py() is None
            read.waiting[at] = f"its hours {text[:40]!r} are {'no number' if none else 'less than none'}"


def _billable(cells, fields, tool: Format, how: Conventions, hours: pa.Array, read: TimeRows):
    """Return yes or no for each row, and the billed hours where the tool says how many of them were."""
    if "billed_hours" in fields:
        billed = each(cells("billed_hours"), lambda text: hours_in(text, how) if text else None, pa.float64())
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


def _amounts(batch: RawTable, fields, money: Conventions | None, cells, dates: pa.Array, read: TimeRows) -> None:
    """Add up what the file says the hours are worth, by the currency of the row or of the column's name."""
    if money is None:
        return
    dated = _array(pc.is_valid(dates)).copy()
    dated[list(read.set_aside)] = False
    for position in fields.get("amount", ()):
        said = pc.utf8_trim_whitespace(batch.columns[position].combine_chunks())
        amounts = np.where(dated, _array(each(said, lambda text: number_in(text, money) or 0.0, pa.float64())), 0)
        own = currency_in(batch.header[position])
        codes = each(cells("currency"), lambda text, own=own: (_CODE.findall(text.upper()) or [own])[-1], pa.string())
        encoded = pc.dictionary_encode(codes)
        sums = np.bincount(encoded.indices.to_numpy(), amounts, len(encoded.dictionary))
        for code, total in zip(encoded.dictionary.to_pylist(), sums, strict=True):
            if total:
                read.amounts[code] = read.amounts.get(code, 0.0) + float(total)


_CODE = re.compile(r"\b[A-Z]{3}\b")


def _billed_apart(table: pa.Table, at: np.ndarray, billed: pa.Array | None, read: TimeRows) -> tuple[pa.Table, np.ndarray]:
    """Cut rows of which only a part was billed into the part that was and the part that was not."""
    if billed is None:
        return table, at
    hours, charged = table["hours"].to_numpy(), _array(billed.take(pa.array(at)))
    read.overbilled = float(np.nansum(np.maximum(charged - hours, 0)))
    partly = (charged > 0) & (charged < hours)
    first = np.where(partly, charged, hours)
    rest = table.filter(pa.array(partly))
    whole = table.set_column(table.schema.get_field_index("hours"), "hours", pa.array(first))
    rest = rest.set_column(rest.schema.get_field_index("hours"), "hours", pa.array((hours - charged)[partly]))
    rest = rest.set_column(rest.schema.get_field_index("billable"), "billable", pa.array(["no"] * len(rest), pa.string()))
    return pa.concat_tables([whole, rest]), np.concatenate([at, at[partly]])


def _cut_at_midnight(table: pa.Table, at: np.ndarray, times: _Times, read: TimeRows) -> tuple[pa.Table, np.ndarray]:
    """Cut entries that run past midnight, so that each day holds the hours worked on it."""
    hours = table["hours"].to_numpy()
    taken = pa.array(at)
    first, last = times.first.take(taken), times.last.take(taken)
    start, end = (_array(column.take(taken)) for column in (times.start, times.end))
    apart = _array(pc.fill_null(pc.not_equal(first, last), False))
    only_end = np.isnan(start) & ~np.isnan(end)
    over = np.flatnonzero(
        apart
        | (hours > 24 + 1e-6)
        | (np.nan_to_num(start) + hours > 24 + 1e-6)
        | (only_end & (np.nan_to_num(end) < hours - 1e-6))
    )
    if not len(over):
        return table, at
    days = zip(first.take(pa.array(over)).to_pylist(), last.take(pa.array(over)).to_pylist(), strict=True)
    origins, dates, worked = [], [], []
    for row, (began, ended) in zip(over.tolist(), days, strict=True):
        clock = (None if np.isnan(time) else float(time) for time in (start[row], end[row]))
        parts = parts_by_day(began, ended, *clock, float(hours[row]))
        if not parts:
            read.waiting[int(at[row])] = f"{_plain(hours[row])} hours do not fit into one day"
            parts = [(began or ended, float(hours[row]))]
        origins += [row] * len(parts)
        dates += [day for day, _ in parts]
        worked += [part for _, part in parts]
        read.cut += len(parts) > 1
    kept = np.ones(len(table), bool)
    kept[over] = False
    cut = table.take(pa.array(origins))
    for name, column in (("date", pa.array(dates, pa.string())), ("hours", pa.array(worked, pa.float64()))):
        cut = cut.set_column(cut.schema.get_field_index(name), name, column)
    return pa.concat_tables([table.filter(pa.array(kept)), cut]), np.concatenate([at[kept], at[origins]])


def parts_by_day(
    first: str | None, last: str | None, start: float | None, end: float | None, hours: float
) -> list[tuple[str, float]]:
    """Return the hours of an entry on each of its days.

    Parameters
    ----------
    first, last : str or None
        Days on which it begins and ends, as 2026-06-01; one of them at least.
    start, end : float or None
        Time of day of its begin and end, in hours since midnight.
    hours : float
        How long it is. What the clock makes of begin and end may be an hour more or less, on the Sunday on which clocks are
        changed; or another number altogether, where breaks were taken out or somebody typed the hours: each day has its share.

    Returns
    -------
    list of (str, float)
        Day and hours, which sum to `hours`; none where a day would hold more than 24.

    Examples
    --------
    How much of a night's work falls into June?

    >>> parts_by_day("2026-05-31", "2026-06-01", 22.0, 2.5, 4.5)
    [('2026-05-31', 2.0), ('2026-06-01', 2.5)]

    On 29 March clocks were set forward, so that from 22:00 to 05:00 are six hours:

    >>> parts_by_day("2026-03-28", "2026-03-29", 22.0, 5.0, 6.0)
    [('2026-03-28', 2.0), ('2026-03-29', 4.0)]
    """
    if start is None and end is None:
        return [(first or last, hours)] if hours <= 24 + 1e-6 else []
    if first is None and end is not None:
        start = None  # it may have begun the day before
    ended = dt.date.fromisoformat(last or first)
    began = (
        dt.date.fromisoformat(first or last) if start is not None else ended
    )  # the day from whose midnight hours are counted
    if start is None:
        ends = end if end is not None else hours
        begins = ends - hours
    else:
        begins = ends = start
        if end is None:
            ends = start + hours
        elif last:
            ends = 24 * (ended - began).days + end
        else:  # the next time, or a day or more later, at which the clock shows the end
            ends = start + (end - start) % 24
            ends += 24 * max(round((hours - (ends - start)) / 24), 0)
    if ends <= begins:
        ends = begins + hours
    if ends <= begins:
        return [(began.isoformat(), hours)]
    days = range(int(begins // 24), int(-(-ends // 24)))
    walls = {began + dt.timedelta(n): min(ends, 24 * n + 24) - max(begins, 24 * n) for n in days}
    differs = hours - (ends - begins)
    if abs(differs) <= _ROUNDING * len(walls) or _CHANGE[0] < abs(differs) < _CHANGE[1]:
        sundays = [day for day in walls if day.weekday() == 6 and abs(differs) > _ROUNDING * len(walls)]
        day = sundays[0] if sundays else max(walls, key=walls.get)
        walls[day] += differs
    else:
        walls = {day: wall * hours / (ends - begins) for day, wall in walls.items()}
    if min(walls.values()) < -1e-6 or max(walls.values()) > 24 + 1e-6:
        return []
    return [(day.isoformat(), wall) for day, wall in walls.items() if wall > 1e-6]


def _time_of_day(text: str) -> float | None:
    """Return hours since midnight: 22:30, 10:00:00 PM, 2026-06-01 22:30; None where there are none."""
    match = _TIME.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not match:
        return None
    hours, half = int(match[1]), (match[4] or "").lower()
    hours = hours % 12 + 12 * (half == "p") if half else hours
    return hours + int(match[2]) / 60 + float(match[3] or 0) / 3600 if hours <= 24 else None


_TIME = re.compile(
    r"(?:\S.*[\sT])?(\d{1,2})[:.h](\d\d)(?:[:.](\d\d(?:\.\d+)?))?\s*(?:([ap])\.?\s*m\.?)?(?:Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)


class Units:
    """What the rows of a file say about the unit of its durations, since 5400 may be seconds and 0.0625 a part of a day."""

    _FACTORS = MappingProxyType({"hours": 1.0, "seconds": 1 / 3600, "days": 24.0})
    _FIELDS = ("hours", "duration", "time_spent", "rounded_hours")

    def __init__(self) -> None:
        self.seen = {name: _Seen() for name in self._FIELDS}

    def add(self, batch: RawTable, fields: Mapping[str, list[int]]) -> None:
        """Compare the plain numbers of a batch with begin and end, and with the clock that may stand beside them."""
        texts = {name: cells_of(batch, fields, name) for name in self._FIELDS if name in fields}
        if not texts:
            return
        said = cells_of(batch, fields, "date" if "date" in fields else "end_date")
        dated = _array(each(said, lambda text: bool(re.search(r"\d", text)), pa.bool_()))
        ends = (each(cells_of(batch, fields, f"{end}_time"), _time_of_day, pa.float64()) for end in _ENDS)
        start, end = map(_array, ends)
        wall = (end - start) % 24
        clocks = [
            each(t, lambda text: hours_in(text, Conventions()) if ":" in text else None, pa.float64()) for t in texts.values()
        ]
        for clock in clocks:
            wall = np.where(np.isnan(_array(clock)), wall, _array(clock) % 24)
        for name, cells in texts.items():
            numbers = np.where(dated, _array(each(cells, _bare_number, pa.float64())), np.nan)
            at = np.flatnonzero(numbers > 0)
            if len(at):
                self.seen[name].add(numbers[at], wall[at], cells, np.asarray(batch.lines), at)

    def decided(self, file: str, durations: str, typed: bool) -> tuple[tuple[tuple[str, str], ...], list[Problem]]:
        """Return (field, unit) for each field that is not in hours, and where that can't be told.

        Parameters
        ----------
        file : str
        durations : str
            "seconds" where the tool writes some of its exports so.
        typed : bool
            True for a workbook, which holds durations as parts of a day.
        """
        units, problems = [], []
        for name, seen in self.seen.items():
            if not seen.count:
                continue
            best = max(self._FACTORS, key=lambda unit: seen.agree.get(unit, 0))
            if seen.agree.get(best, 0) * 2 > seen.compared:
                units += [(name, best)] if best != "hours" else []
            elif durations == "seconds" and name in ("duration", "time_spent") and seen.whole and seen.large * 2 >= seen.count:
                units.append((name, "seconds"))
            elif typed and seen.fine and seen.most <= 1:
                line, text = seen.fine
                number = float(text)
                what = f"may be {number:.4f} hours or {number * 24:.2f} (a part of a day), and no row of the file decides"
                remedy = "format that column as [h]:mm, or export as CSV, or with begin and end"
                problems.append(Problem(file, what, remedy, row=line, column=name, value=text))
        return tuple(units), problems


@dataclass
class _Seen:
    """Of the numbers of a field: how many, how many could be compared and agree in a unit, and what they look like."""

    count: int = 0
    compared: int = 0
    agree: dict[str, int] = field(default_factory=dict)
    whole: bool = True
    large: int = 0
    most: float = 0.0
    fine: tuple[int, str] | None = None

    def add(self, numbers: np.ndarray, wall: np.ndarray, cells: pa.Array, lines: np.ndarray, at: np.ndarray) -> None:
        known = wall > _ROUNDING
        self.count += len(numbers)
        self.compared += int(known.sum())
        for unit, factor in Units._FACTORS.items():
            apart = np.abs((numbers[known] * factor - wall[known] + 12) % 24 - 12)
            self.agree[unit] = self.agree.get(unit, 0) + int((apart <= _ROUNDING).sum())
        self.whole = self.whole and bool((numbers == np.floor(numbers)).all())
        self.large += int((numbers >= 60).sum())
        self.most = max(self.most, float(numbers.max()))
        if self.fine is None and (fine := np.flatnonzero(np.abs(numbers * 1e4 - np.round(numbers * 1e4)) > 1e-6)).size:
            row = int(at[fine[0]])
            self.fine = int(lines[row]), cells[row].as_py()


def _bare_number(text: str) -> float | None:
    return float(text.replace(",", ".")) if re.fullmatch(r"\d{1,7}([.,]\d+)?", text) else None


def unrolled(export: Export, columns: list[int]) -> Export:
    """Return Jira's list of issues with a row for each piece of work instead of one for each issue.

    Parameters
    ----------
    export : Export
    columns : list of int
        Where its columns Log Work stand, one for each piece of work of the issue that has most.
    """
    kept = [at for at in range(len(export.header)) if at not in columns]
    header = tuple(export.header[at] for at in kept) + _LOGGED

    def batches(needed: object = None) -> Iterator[RawTable]:
        for batch in export.batches():
            cells = [batch.columns[at].to_pylist() for at in columns]
            pieces = [[text for column in cells if (text := column[row]).strip()] or [""] for row in range(len(batch))]
            origins = np.repeat(np.arange(len(batch)), [len(texts) for texts in pieces])
            logged = zip(*(_logged(text) for texts in pieces for text in texts), strict=True)
            parts = [batch.columns[at].combine_chunks().take(pa.array(origins)) for at in kept]
            parts += [pa.array(column, pa.string()) for column in logged] if len(origins) else [pa.array([], pa.string())] * 4
            records = None if batch.records is None else np.asarray(batch.records)[origins]
            yield RawTable(
                batch.file, header, tuple(pa.chunked_array([c]) for c in parts), np.asarray(batch.lines)[origins], records
            )

    return replace(export, header=header, batches=batches)


def _logged(text: str) -> tuple[str, str, str, str]:
    """Return day, author, seconds and comment of a piece of work; a comment may hold semicolons itself."""
    parts = text.rsplit(";", 3)
    if len(parts) < 3 or not parts[-1].strip().isdigit():
        return text, "", "", ""
    comment, day, author, seconds = ["", *parts] if len(parts) == 3 else parts
    return day, author, seconds, comment

"""The text of one column -> typed values, and what is wrong with the rest.

A column is read strictly by the dictionary: a value that can be read in two ways is refused, not guessed at. It is read as
a whole, and only once for each different value in it: a quarter of time entries holds few dates, few tasks and few lengths
of a day, so that 200,000 rows cost little more than the lists of what is in them.

What is accepted without a word, because it has one meaning only: blanks around a value; yes, no, y, n, true, false, 1 and
0 in any case, where yes or no is asked for; a date with the time 00:00; letters with accents in any Unicode form.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.currencies import CURRENCIES
from acctlib.tables.dictionary import KINDS, Column
from acctlib.tables.raw import nearest
from acctlib.tables.remedies import currency_remedy, date_remedy, number_remedy

__all__ = ["NEAREST_SOUGHT", "typed_column"]

#: Different wrong names in one column for which the nearest right one is looked up; the search is slow.
NEAREST_SOUGHT = 50

_STR = pd.StringDtype(na_value=np.nan)
_EARLIEST, _LATEST = np.datetime64("1990-01-01"), np.datetime64("2100-12-31")
#: Beyond it floats no longer hold whole cents, and no account has such sums.
_LARGEST = 1e13
_BLANK_WORDS = frozenset("- -- – — ? \\n n/a na n.a. nan none null nil tbc tbd tba".split())
_YES_NO = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
#: Kinds that take any text but what is named.
_FREE = ("text", "key", "list")
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"

#: Position of a value -> what is wrong with it, what to write.
Faults = dict[int, tuple[str, str]]


def typed_column(
    column: Column, cells: pa.ChunkedArray
) -> tuple[np.ndarray | pd.api.extensions.ExtensionArray, dict[int, tuple[str, str]]]:
    """Return a column's values, and for each row that cannot be read what is wrong and what to write.

    Parameters
    ----------
    column : Column
        Its entry in the dictionary.
    cells : chunked array of string, length n_rows
        The cells as they stand in the file; "" is a blank.

    Returns
    -------
    array, length n_rows
        Text, keys, choices, currencies and lists as `str`; dates as datetime64[us]; numbers as float64, percentages as
        fractions; whole numbers as Int64; yes and no as boolean. A cell that cannot be read is there in some form or
        as a blank, and its row is among the faults.
    dict of int to (str, str)
        Row -> what is wrong, what to write.

    Examples
    --------
    Was one person's day written by hand in a country of decimal commas?

    >>> hours = Column("hours", "hours", "hours worked that day", low=0, high=24)
    >>> values, faults = typed_column(hours, pa.chunked_array([["7.5", "7,5", ""]]))
    >>> faults
    {1: ('decimal comma', 'write 7.5')}
    """
    values, codes = _distinct(cells)
    array, faults = _READ[column.kind](column, values)
    for at in faults:
        if values[at].as_py().casefold() in _BLANK_WORDS:
            remedy = f"write {column.meaning}" if column.required else "leave the cell empty"
            faults[at] = ("a word for a blank", remedy)
    if faults or column.kind in _FREE:  # all other kinds refuse a control character as they refuse any other
        control = pc.match_substring_regex(values, _CONTROL).to_numpy(zero_copy_only=False)
        for at in np.flatnonzero(control):
            faults[int(at)] = ("a control character, which no page can show", "delete it")
    rows = np.flatnonzero(np.isin(codes, list(faults))) if faults else ()
    return _spread(array, codes), {int(row): faults[int(codes[row])] for row in rows}


def _numbers(column: Column, values: pa.Array) -> tuple[np.ndarray, Faults]:
    """Read numbers in the unit of the file; NaN where a value is none."""
    numbers = np.full(len(values), np.nan)
    good = pc.match_substring_regex(values, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$").to_numpy(zero_copy_only=False)
    numbers[good] = pc.cast(values.filter(pa.array(good)), pa.float64()).to_numpy()
    faults = {int(at): number_remedy(values[int(at)].as_py(), column) for at in np.flatnonzero(~good)}
    low, high = (-np.inf if column.low is None else column.low), (np.inf if column.high is None else column.high)
    whole = column.kind == "whole"
    with np.errstate(invalid="ignore"):
        fraction = whole & (numbers % 1 != 0)
    for wrong, fault in (
        (fraction, ("not a whole number", f"write {KINDS['whole']}")),
        ((numbers < low) | (numbers > high), _outside(column)),
        (np.abs(numbers) > _LARGEST, ("larger than any sum of money", f"write {KINDS[column.kind]}")),
    ):
        faults |= {int(at): fault for at in np.flatnonzero(good & wrong)}
    return numbers, faults


def _outside(column: Column) -> tuple[str, str]:
    low, high = column.low, column.high
    if low is None or high is None:  # no column has an upper bound only
        low = low or 0
        return f"must be at least {low:g}", f"write {KINDS[column.kind]}, not less than {low:g}"
    return f"must lie between {low:g} and {high:g}", f"write {KINDS[column.kind]}, from {low:g} to {high:g}"


def _as_number(column: Column, values: pa.Array) -> tuple[pd.api.extensions.ExtensionArray | np.ndarray, Faults]:
    numbers, faults = _numbers(column, values)
    if column.kind == "percent":
        return numbers / 100, faults
    if column.kind == "whole":
        numbers[list(faults)] = np.nan
        return pd.array(numbers, dtype="Int64"), faults
    return numbers, faults


def _as_date(column: Column, values: pa.Array) -> tuple[np.ndarray, Faults]:
    texts = values.to_pylist()
    with contextlib.suppress(ValueError):  # as most columns are: every value a date, and nothing else
        if all(len(text) == 10 and text[:1].isdigit() and text[4] == text[7] == "-" for text in texts):
            dates = np.array(texts, "datetime64[us]")
            if not len(dates) or (dates.min() >= _EARLIEST and dates.max() <= _LATEST):
                return dates, {}
    plain = pc.replace_substring_regex(values, r"[ T]00:00(:00(\.0+)?)?Z?$", "")
    shaped = pc.match_substring_regex(plain, r"^\d{4}-\d{2}-\d{2}$").to_numpy(zero_copy_only=False)
    texts = pd.Series(plain.to_pylist(), dtype=object).where(shaped)
    dates = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce").to_numpy("datetime64[us]")
    faults = {int(at): date_remedy(values[int(at)].as_py()) for at in np.flatnonzero(np.isnat(dates))}
    far = (dates < _EARLIEST) | (dates > _LATEST)
    faults |= {int(at): ("no date between 1990 and 2100", "write a date as 2026-09-30") for at in np.flatnonzero(far)}
    return dates, faults


def _as_yes_no(column: Column, values: pa.Array) -> tuple[pd.api.extensions.ExtensionArray, Faults]:
    read = [_YES_NO.get(value.casefold()) for value in values.to_pylist()]
    faults = {at: ("neither yes nor no", "write yes or no") for at, value in enumerate(read) if value is None}
    return pd.array(read, dtype="boolean"), faults


def _as_choice(column: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    right = pc.is_in(values, pa.array(column.choices)).to_numpy(zero_copy_only=False)
    faults: Faults = {}
    for at in np.flatnonzero(~right):
        near = nearest(values[int(at)].as_py(), column.choices) if len(faults) < NEAREST_SOUGHT else ""
        faults[int(at)] = ("not one of the listed words", f"write {near or ' or '.join(column.choices)}")
    return values, faults


def _as_currency(column: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    texts = values.to_pylist()
    return values, {at: currency_remedy(text, CURRENCIES) for at, text in enumerate(texts) if text not in CURRENCIES}


def _as_line(column: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    broken = pc.match_substring_regex(values, r"[\t\r\n]").to_numpy(zero_copy_only=False)
    return values, {int(at): ("a line break or tab", "write the name on one line") for at in np.flatnonzero(broken)}


def _as_text(column: Column, values: pa.Array) -> tuple[pa.Array, Faults]:
    return values, {}


_READ: dict[str, Callable] = {
    "text": _as_text,
    "key": _as_line,
    "list": _as_line,
    "date": _as_date,
    "number": _as_number,
    "whole": _as_number,
    "hours": _as_number,
    "money": _as_number,
    "percent": _as_number,
    "yes_no": _as_yes_no,
    "choice": _as_choice,
    "currency": _as_currency,
}


def _distinct(cells: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Return the different values of a column, cleaned of blanks around them, and for each row which it has; -1 = blank."""
    encoded = pc.dictionary_encode(cells).combine_chunks()
    raw, codes = encoded.dictionary, encoded.indices.to_numpy()
    values = pc.utf8_trim_whitespace(raw)
    if not pc.all(pc.string_is_ascii(values)).as_py():
        values = pa.array([unicodedata.normalize("NFC", value) for value in values.to_pylist()], type=pa.string())
    if not values.equals(raw):  # two that differed may be one now
        encoded = pc.dictionary_encode(values)
        values, codes = encoded.dictionary, encoded.indices.to_numpy()[codes]
    blank = pc.index(values, "").as_py()
    if blank < 0:
        return values, codes
    rest = pa.concat_arrays([values[:blank], values[blank + 1 :]])
    return rest, np.where(codes == blank, -1, codes - (codes > blank))


def _spread(array, codes: np.ndarray):
    """Return for each row the value that its code names; blank for -1."""
    if isinstance(array, pa.Array):
        return pd.array(array.take(pa.array(codes, mask=codes < 0)), dtype=_STR)
    return pd.api.extensions.take(array, codes, allow_fill=True)

"""The parts that charts share: axes with short ticks, names beside rows, labels at the things themselves.

A unit is a currency code, "h" for hours, "%" for fractions shown as per cent, or a word of its own. Dates are drawn as
milliseconds in UTC, months as their names in order, so that no chart depends on the time zone of the machine or the reader.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import altair as alt
import numpy as np
import pandas as pd

from acctlib.currencies import CURRENCIES, symbol
from acctlib.missing import Missing
from acctlib.show.numerals import number, percent, short_money
from acctlib.show.text import wrapped
from acctlib.show.theme import INK

__all__ = [
    "NAME_LINES",
    "date_axis",
    "figures_beside",
    "floats",
    "in_unit",
    "line_at",
    "milliseconds",
    "month_axis",
    "month_names",
    "named_rows",
    "note_at",
    "nothing_in",
    "row_axis",
    "row_height",
    "value_axis",
    "with_columns",
    "with_room",
]

_ROW = 40  # height of a row that has a name of two lines
NAME_LINES = "split(datum.label, '\\n')"  # a name of two lines
_SHORT = "replace(replace(format(abs(datum.value), '~s'), 'G', 'bn'), 'M', 'm')"  # 400k, 1.2m
_CENTRED = {"condition": {"test": "indexof(datum.label, '\\n') > 0", "value": "bottom"}, "value": "middle"}
_LABELS = 12  # months that stand side by side below a chart
#: Attribute of a chart that was drawn by a function of ours.
TESTED = "_acctlib_tested"


def tested(draw: Callable) -> Callable:
    """Return a function whose charts Altair does not hold against its schema again: the tests of this package do that.

    Holding every part and then the whole against the schema takes longer than all else about a chart. What others make, or
    make of ours, is held against it as ever.
    """

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        with alt.utils.schemapi.debug_mode(False):
            chart = draw(*args, **kwargs)
        if not isinstance(chart, Missing):
            object.__setattr__(chart, TESTED, True)  # beside its properties, so no copy with others has it
        return chart

    return drawn


def in_unit(unit: str, value: float) -> str:
    """Return a figure as a label in the chart's unit.

    >>> in_unit("GBP", 344e3), in_unit("%", 0.85), in_unit("h", 38.5), in_unit("points", 14.29)
    ('£344k', '85\\xa0%', '38.5\\xa0h', '14\\xa0points')
    """
    if unit == "%":
        return percent(value)
    if unit in CURRENCIES:
        return short_money(value, unit)
    if unit not in ("h", "") and abs(value) >= 10:
        value = round(value)  # points and the like: a figure of a few answers does not carry more
    figure = short_money(value, "") if abs(value) >= 1e4 else number(value)
    return f"{figure}\N{NO-BREAK SPACE}{unit}" if unit else figure


def _sign(unit: str) -> str:
    """Return what stands before an amount in this unit: nothing unless it is a currency."""
    return symbol(unit) if unit in CURRENCIES else ""


def value_axis(unit: str, **options: object) -> alt.Axis:
    """Return a value axis whose ticks are short: 400k, 1.2m, 80 %."""
    if unit == "%":
        ticks = "format(100 * datum.value, '~f') + '\N{NO-BREAK SPACE}%'"
    else:
        ticks = f"(datum.value < 0 ? '−' : '') + '{_sign(unit)}' + {_SHORT}"
    return alt.Axis(labelExpr=ticks, title=_unit_title(unit), tickCount=5, **options)


def _unit_title(unit: str) -> str | None:
    """Return the title of a value axis: the unit, unless the ticks say it."""
    return None if unit in CURRENCIES or unit in ("", "%") else {"h": "hours"}.get(unit, unit)


def month_names(months: pd.Series) -> list[str]:
    """Return months, written "2026-07" or given as dates, as the names that `month_axis` shortens.

    >>> month_names(pd.Series(["2026-12", "2027-01"]))
    ['Dec 2026', 'Jan 2027']
    """
    return [f"{moment:%b %Y}" for moment in pd.to_datetime(months.astype(str).str.slice(0, 7), format="%Y-%m")]


def month_axis(names: list[str]) -> alt.Axis:
    """Return an axis of at most twelve of these month names: "Jul", and the year below the first one shown of each year."""
    shown = list(dict.fromkeys(names))
    shown = shown[:: -(-len(shown) // _LABELS) or 1]
    first = {name[-4:]: name for name in reversed(shown)}
    label = f"indexof({sorted(first.values())}, datum.label) >= 0 ? split(datum.label, ' ') : slice(datum.label, 0, 3)"
    return alt.Axis(
        values=shown, labelExpr=label, title=None, labelAngle=0, labelOverlap="greedy", labelSeparation=3, labelAlign="center"
    )


def milliseconds(dates: pd.Series) -> list[int | None]:
    """Return dates as UTC milliseconds, so that a chart does not depend on the reader's time zone."""
    moments = pd.to_datetime(dates)
    return [None if pd.isna(moment) else int(moment.timestamp() * 1000) for moment in moments]


def date_axis(domain: list[int]) -> alt.Axis:
    """Return an axis of days in UTC with at most eight ticks, each at the start of a month, the first of a year with it."""
    first, last = (pd.Timestamp(moment, unit="ms") for moment in domain)
    starts = pd.date_range(first.normalize(), last, freq="MS")
    ticks = pd.Series(starts[:: -(-len(starts) // 8) or 1])
    years = milliseconds(ticks[~ticks.dt.year.duplicated()])
    year = "indexof({1}, datum.value) >= 0 ? [{0}, utcFormat(datum.value, '%Y')] : {0}"
    label = year.format("utcFormat(datum.value, '%b')", years)
    return alt.Axis(values=milliseconds(ticks), title=None, grid=True, labelExpr=label, labelFlush=False)


def named_rows(frame: pd.DataFrame, column: str, letters: int = 18) -> tuple[pd.DataFrame, list[str]]:
    """Return the frame with names that fit and differ, and their order from top to bottom."""
    names, seen = [], {}
    for name in frame[column]:
        label = wrapped("–" if pd.isna(name) else name, letters) or "–"
        seen[label] = seen.get(label, 0) + 1
        names.append(label + "\N{ZERO WIDTH SPACE}" * (seen[label] - 1))  # two rows may share a name, and stay two rows
    return frame.assign(**{column: names}), names


def row_axis(column: str, names: list[str]) -> alt.Y:
    """Return the places of rows, in this order from the top, each with its name in up to two lines."""
    axis = alt.Axis(labelExpr=NAME_LINES, title=None, labelColor=INK, labelBaseline=_CENTRED, minExtent=100)
    return alt.Y(f"{column}:N", sort=names, axis=axis, scale=alt.Scale(padding=0.3))


def row_height(names: list[str]) -> int:
    """Return the height of a chart of rows with an axis below; one without needs 40 less."""
    return _ROW * len(names) + 44


def with_room(low: float, high: float, share: float = 0.28) -> list[float]:
    """Return a scale's ends: zero and the values, with a share of room for the figure beside the longest bar.

    >>> with_room(-20, 80, share=0.1), with_room(0, 0)
    ([-30.0, 90.0], [0.0, 1.0])
    """
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    if low == high:
        return [0.0, 1.0]
    room = share * (high - low)
    return [low - room if low < 0 else 0.0, high + room if high > 0 else 0.0]


def line_at(value: float, colour: str, across: bool, **style: object) -> alt.Chart:
    """Return a straight line at a value: across the chart, or from its bottom to its top."""
    base = alt.Chart(pd.DataFrame({"level": [float(value)]})).mark_rule(stroke=colour, **style)
    return base.encode(y=alt.Y("level:Q", title=None)) if across else base.encode(x=alt.X("level:Q", title=None))


def note_at(text: str, x: alt.X, y: alt.Y, colour: str = INK, **place: object) -> list[alt.Chart]:
    """Return a label at one place of a chart, with a white edge that keeps it readable on lines."""
    return figures_beside(alt.Chart(pd.DataFrame({"note": [text]})).encode(x=x, y=y), "note", colour, **place)


def figures_beside(base: alt.Chart, text: str, colour: str = INK, **place: object) -> list[alt.Chart]:
    """Return the figures beside marks, with the same white edge."""
    # every channel is written as alt.Text, alt.X2 …: a bare text would be looked up among all of Altair's classes
    labelled = base.encode(text=alt.Text(f"{text}:N"))
    edge = labelled.mark_text(stroke="white", strokeWidth=4, strokeJoin="round", fill="white", **place)
    return [edge, labelled.mark_text(fill=colour, **place)]


def floats(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return those columns as floats, whatever stands for a blank in them."""
    return pd.DataFrame({name: frame[name].astype("Float64").to_numpy("float64", na_value=np.nan) for name in names})


def with_columns(frame: pd.DataFrame | Missing, *needed: str) -> pd.DataFrame | Missing:
    """Return those columns, or Missing where one is not there; for charts whose columns the caller names."""
    if isinstance(frame, Missing):
        return frame
    absent = [name for name in needed if name not in frame.columns]
    return Missing(f"the table has no column {', '.join(absent)}") if absent else frame[list(dict.fromkeys(needed))]


def nothing_in(frame: pd.DataFrame, *needed: str) -> Missing | None:
    """Say what is missing when none of the needed columns holds a value."""
    if len(frame) and frame[list(needed)].notna().any(axis=None):
        return None
    return Missing(f"there is no {' or '.join(needed)} to draw")

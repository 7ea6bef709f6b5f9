"""Frames become tables that look designed and read aloud well.

Great Tables writes the markup: every cell, label and title escaped, header cells marked for screen readers. The style stands
once in the page instead of once in every table. Each cell also carries its column's label, because on a telephone a row of
a wide table becomes a card in which every value is named and blanks are left out; a table of few short columns stays a table.
What is not defined is an en dash; a state is its word with a symbol and a colour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from acctlib.show.numerals import FORMATS, NOT_DEFINED, formatted
from acctlib.show.text import attribute, escape
from acctlib.show.theme import STATES

__all__ = ["state", "table_html"]

_LONGEST_WORD = 24
_TELEPHONE = 36  # letters that stand side by side in the columns of a table on a telephone
_LEFT = {"text", "word", "state", "month"}  # all other formats are figures, which stand right
_CELL = re.compile(rf'<td headers="table-c(\d+)" class="gt_row gt_(left|right)">({NOT_DEFINED}</td>)?')
_HEAD = re.compile(r'<th class="[^"]*gt_(left|right)" rowspan="1" colspan="1" scope="col" id="table-c(\d+)">c\d+</th>')
_GAP = re.compile(r"\n\s*")


def state(word: str) -> str:
    """Return a state as HTML: symbol, word and colour.

    Other words may take the place of the state's own after a colon: "off track: open 61 days". A text that begins with none of
    the three states is plain text.

    Examples
    --------
    >>> state("at risk")
    '<span class="at-risk state"><i aria-hidden="true">▲</i> At risk</span>'
    >>> state("on track: done 8 Jul")
    '<span class="on-track state"><i aria-hidden="true">●</i> Done 8 Jul</span>'
    """
    name, colon, words = word.partition(": ")
    if name not in STATES:
        return escape(word)
    shown = words if colon else name
    text = escape(shown[:1].upper() + shown[1:])
    return f'<span class="{name.replace(" ", "-")} state"><i aria-hidden="true">{STATES[name][0]}</i> {text}</span>'


def table_html(frame: pd.DataFrame, columns: Mapping[str, tuple[str, str]], currency: str) -> str:
    """Return a frame as one HTML table.

    Parameters
    ----------
    frame : DataFrame
        One row a line. Ratios as fractions, money in `currency`.
    columns : mapping of str to (label, format)
        The columns to show, in order, each with its label and one of `numerals.FORMATS`. Columns of the frame that are
        not named are not shown, and named ones that the frame lacks are left out: that is how an edition without
        a column stays whole.
    currency : str
        ISO code of the formats of money.

    Raises
    ------
    ValueError
        If a format does not exist.

    Examples
    --------
    >>> burn = pd.DataFrame({"project": ["site"], "used": [0.86]})
    >>> print(table_html(burn, {"project": ("Project", "text"), "used": ("Fee used", "percent")}, "GBP"))
    <table class="plain">
    <thead>
    <tr>
    <th class="left" scope="col">Project</th>
    <th class="right" scope="col">Fee used</th>
    </tr>
    </thead>
    <tbody>
    <tr>
    <td class="left" data-label="Project">site</td>
    <td class="right" data-label="Fee used">86 %</td>
    </tr>
    </tbody>
    </table>
    """
    shown = {name: spec for name, spec in columns.items() if name in frame.columns}
    labels = [label for label, _ in shown.values()]
    for label, how in shown.values():
        if how not in FORMATS:
            raise ValueError(f"the format of column {label!r} must be one of {', '.join(FORMATS)}; got {how!r}")
    aligned = ["left" if how in _LEFT else "right" for _, how in shown.values()]
    columns_of = [[_cell(value, how, currency) for value in frame[name]] for name, (_, how) in shown.items()]
    heads = [f'<th class="{side}" scope="col">{escape(label)}</th>' for side, label in zip(aligned, labels, strict=True)]
    opened = [f'{side}" data-label={attribute(label)}>' for side, label in zip(aligned, labels, strict=True)]
    rows = [
        [
            f'<td class="{"blank " if cell == NOT_DEFINED else ""}{open_}{cell}</td>'
            for open_, cell in zip(opened, row, strict=True)
        ]
        for row in zip(*columns_of, strict=True)
    ]
    lines = ["<thead>", "<tr>", *heads, "</tr>", "</thead>", "<tbody>"]
    for row in rows:
        lines += ["<tr>", *row, "</tr>"]
    kind = "plain" if len(labels) <= 2 or _fits_a_telephone(labels, columns_of) else "cards"
    return f'<table class="{kind}">\n{_GAP.sub(chr(10), chr(10).join(lines))}\n</tbody>\n</table>'


def _fits_a_telephone(labels: list[str], cells: list[list[str]]) -> bool:
    """Return whether columns stand side by side on a telephone: heads and names wrap between words, other cells do not."""

    def letters(text: str) -> int:
        return sum(1 + (character > "\u024f") for character in text)  # other scripts and symbols are wider

    names, *others = cells
    widths = [max((letters(word) for cell in names for word in cell.split(" ")), default=0)]
    widths += [max(map(letters, column), default=0) for column in others]
    heads = [max(map(letters, label.split(" "))) for label in labels]
    return sum(map(max, widths, heads)) <= _TELEPHONE


def _cell(value: object, how: str, currency: str) -> str:
    text = formatted(value, how, currency)
    if how == "state" and text != NOT_DEFINED:
        return state(text)
    # Only a word that no column could hold may break inside; a column of ordinary words is as wide as its widest.
    endless = any(len(word) > _LONGEST_WORD for word in text.split())
    return f'<span class="endless">{escape(text)}</span>' if endless else escape(text)

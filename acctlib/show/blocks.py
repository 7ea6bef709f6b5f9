"""Blocks: the only things a page is made of.

A notebook says what it found by the methods of a `Report`: a cover, headline tiles, tables, charts, words. Each returns a
`Block`, which shows itself in JupyterLab and carries its content in a form of its own for the page. The page renders blocks
and nothing else, so a stray print, frame or warning in a cell can never reach a reader.

Every block knows for which audience it was made. What is `Missing` draws a quiet hint how to add it in the internal edition
and nothing in the client's. The last block counts the others, so that a page can tell when one was made but never shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from acctlib.missing import Missing
from acctlib.periods import long_date
from acctlib.show.drawing import sparkline, specification, svg
from acctlib.show.tables import state, table_html
from acctlib.show.text import attribute, escape, paragraphs, visible
from acctlib.show.theme import STATES

__all__ = ["BLOCK", "RESULTS", "Block", "Figure", "Report", "Tile", "stylesheet"]

BLOCK = "application/vnd.acctlib.block.v1+json"
RESULTS = "application/vnd.acctlib.results.v1+json"
#: Environment variable of a run that makes pages only: nobody sees previews then, and charts of ours are drawn for them alone.
PAGE_ONLY = "ACCTLIB_PAGE_ONLY"
TEMPLATE = Path(__file__).parent / "template"


@dataclass(frozen=True)
class Tile:
    """One headline figure.

    Parameters
    ----------
    label : str
        Its name: "Fee used".
    value : str or Missing
        The figure as it is printed: "£344k". A Missing tile is left out for a client and says why in the internal edition.
    against : str, optional
        What it is held against: "of £400k agreed, plan £318k".
    trend : sequence of float, optional
        The last quarters of the figure, oldest first.
    state : str, optional
        "on track", "at risk" or "off track".
    """

    label: str
    value: str | Missing
    against: str = ""
    trend: Sequence[float] = ()
    state: str = ""

    def __post_init__(self) -> None:
        if self.state and self.state not in STATES:
            raise ValueError(f"the state of tile {self.label!r} must be one of {', '.join(STATES)}; got {self.state!r}")


@dataclass(frozen=True)
class Figure:
    """One named result: a value, its unit and, for a forecast, its quantiles and the day on which it can be checked.

    Parameters
    ----------
    value : float, int, str, bool, date or Missing
        The figure; ratios are fractions.
    unit : str, optional
        Currency code, "h", "fraction", "days".
    quantiles : mapping of float to float, optional
        Of a forecast: probability -> value.
    due : date, optional
        The day from which the forecast can be compared with what happened.
    """

    value: object
    unit: str = ""
    quantiles: Mapping[float, float] | None = None
    due: date | None = None


@dataclass(frozen=True, repr=False)
class Block:
    """One thing shown: for the page as `payload` under the type `mime`, for JupyterLab as what `preview` returns."""

    mime: str
    payload: Mapping[str, Any]
    preview: Callable[[], str]

    def with_words(self, words: str | Missing) -> Block:
        """Return the block with the director's own words at the head of its card; where nothing was written, as it is."""
        html = "" if isinstance(words, Missing) else paragraphs(words)
        if not html:
            return self
        said = f'<div class="words">{html}</div>'
        # as on the page: a headline opens with what the figures say, and the words follow it
        behind = self.payload["kind"] == "headline"
        preview = self.preview
        return Block(
            self.mime,
            dict(self.payload) | {"words": said},
            lambda: preview() + said if behind else said + preview(),
        )

    def __repr__(self) -> str:
        return f"<{self.payload['kind']} for {self.payload['audience']}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        shown = {self.mime: dict(self.payload), "text/plain": repr(self)}
        if os.environ.get(PAGE_ONLY):
            return shown
        preview = f'<div class="acct"><style>{stylesheet("blocks.css")}</style>{self.preview()}</div>'
        return shown | {"text/html": preview}


class Report:
    """The report that a notebook makes of one account for one audience.

    Parameters
    ----------
    account : Account
        Gives name, audience, currency, period, as_of and the agency's name.
    title : str
        What kind of document it is: "Quarterly business review".
    notebook : str
        Name of the notebook, without its ending.

    Examples
    --------
    A report of one sentence for a client:

    >>> from types import SimpleNamespace as Example
    >>> harbour = Example(name="Harbour Foods", audience="client", currency="GBP", firm=Example(name="Fern & Harrow"),
    ...                   period=Example(label="2026-Q3"), as_of=date(2026, 9, 30))
    >>> report = Report(harbour, "Quarterly business review", "quarterly_business_review")
    >>> block = report.text("Go-live **holds**.", section="In one page")
    >>> block, block.payload["html"]
    (<text for client>, '<p>Go-live <b>holds</b>.</p>')
    """

    def __init__(self, account: Any, title: str, notebook: str) -> None:
        self.account = account
        self.title = title
        self.notebook = notebook
        self._made: dict[tuple[str, str, str], int] = {}  # a cell run twice in JupyterLab makes its block again, not another

    def cover(self, eyebrow: str = "", one_sheet: bool = False) -> Block:
        """Return the head of the page: what it is, of whom, for which time and by whom.

        Parameters
        ----------
        eyebrow : str, optional
            The small line above the name; without it the report's title.
        one_sheet : bool, default False
            Set the page in two columns and small enough on paper that it fits one sheet.
        """
        facts = [("", str(self.account.period)), ("Data as of", long_date(self.account.as_of))]
        facts += [("Prepared by", self.account.firm.name), ("Amounts in", self.account.currency)]
        meta = "".join(f"<span>{f'{name} ' if name else ''}<b>{escape(fact)}</b></span>" for name, fact in facts)
        small = f'<p class="eyebrow">{escape(eyebrow or self.title)}</p>'
        html = f'{small}<h1>{escape(self.account.name)}</h1><p class="meta">{meta}</p>'
        heading = f"{self.title}: {self.account.name}, {self.account.period.label}"
        more = {"sheet": True} if one_sheet else {}
        return self._block("cover", "", heading, html, preview=lambda: f'<div class="band">{html}</div>', **more)

    def headline(self, tiles: Iterable[Tile], lead: str = "", section: str = "In one page") -> Block:
        """Return the headline: the sentence that matters most and at most four figures.

        Parameters
        ----------
        tiles : iterable of Tile
            Three to five figures.
        lead : str, optional
            One or two sentences, bad news first; may hold **bold**.
        section : str
            Title of the card.
        """
        drawn = "".join(self._tile(tile) for tile in tiles)
        html = (f'<div class="lead">{paragraphs(lead)}</div>' if lead else "") + (
            f'<div class="tiles">{drawn}</div>' if drawn else ""
        )
        return self._block("headline", section, "", html)

    def _tile(self, tile: Tile) -> str:
        value, against = tile.value, tile.against
        if isinstance(value, Missing):
            if self.account.audience != "internal":
                return ""
            value, against = "–", value.reason
        foot = sparkline(tile.trend, tile.state) + (state(tile.state) if tile.state and value != "–" else "")
        return (
            f'<div class="tile"><h3>{escape(tile.label)}</h3><p class="val">{escape(value)}</p>'
            f'<p class="sub">{escape(against)}</p><div class="row">{foot}</div></div>'
        )

    def table(
        self,
        frame: pd.DataFrame | Missing,
        title: str = "",
        section: str = "",
        columns: Mapping[str, tuple[str, str]] | None = None,
        caption: str = "",
        source: str = "",
        empty: str = "there are no rows",
    ) -> Block:
        """Return a table; without rows it is treated as Missing.

        Parameters
        ----------
        frame : DataFrame or Missing
            One row a line.
        title : str, optional
            The message of the table. Without a section it heads a card of its own.
        section : str, optional
            The card in which it stands; blocks of one section stand together.
        columns : mapping of str to (label, format)
            Columns to show, each with its label and one of `numerals.FORMATS`. By default all, as text. Those that the
            frame does not have, or that hold nothing at all, are left out.
        caption, source : str, optional
            How to read it, and what it rests on: file, rows, date.
        empty : str
            What a table without rows means, as a clause: "nothing is overdue".
        """
        if not isinstance(frame, Missing) and not len(frame):
            frame = Missing(empty)
        if isinstance(frame, Missing):
            return self._hint("table", section, title, frame)
        columns = columns or {name: (str(name).replace("_", " ").capitalize(), "text") for name in frame.columns}
        filled = {name: how for name, how in columns.items() if name in frame.columns and frame[name].notna().any()}
        # Names with nothing beside them say no more than an empty table.
        if not filled or (len(columns) > 1 and list(filled) == list(columns)[:1]):
            return self._hint("table", section, title, Missing("its columns are empty"))
        note = _note(caption, source)
        table = table_html(frame, filled, self.account.currency)
        html = f'<div class="table">{table}</div>' + (f'<p class="note">{note}</p>' if note else "")
        return self._block("table", section, title, html)

    def chart(
        self,
        chart: alt.TopLevelMixin | Missing,
        title: str = "",
        section: str = "",
        alt: str = "",
        caption: str = "",
        source: str = "",
    ) -> Block:
        """Return a chart, as a picture for a client and with hover in the internal edition.

        Parameters
        ----------
        chart : altair chart or Missing
            What a function of `charts` returned.
        title, section, caption, source : str
            As for `table`.
        alt : str
            What the chart says in words, for those who do not see it.

        Raises
        ------
        ValueError
            If there is no text alternative.
        """
        if isinstance(chart, Missing):
            return self._hint("chart", section, title, chart)
        if not alt.strip():
            raise ValueError(f"the chart {title or section!r} needs alt: what it says, in words")
        spec = specification(chart)
        note = _note(caption, source)
        figure = f"<figure>{{}}{f'<figcaption>{note}</figcaption>' if note else ''}</figure>"
        if self.account.audience == "client":
            return self._block("chart", section, title, figure.replace("{}", svg(spec, alt), 1))
        place = f'<div aria-label={attribute(alt)} class="vega" role="img"></div>'

        def preview() -> str:
            return figure.replace("{}", svg(spec, alt), 1)

        return self._block("chart", section, title, figure.replace("{}", place, 1), preview, spec=spec)

    def text(self, text: str | Iterable[str] | Missing, title: str = "", section: str = "") -> Block:
        """Return words: paragraphs, lists and **bold**.

        Parameters
        ----------
        text : str, iterable of str, or Missing
            As `text.paragraphs` takes it. An empty text is treated as Missing.
        title, section : str
            As for `table`.
        """
        if not isinstance(text, Missing):
            html = paragraphs(text)
            if html:
                return self._block("text", section, title, html)
            text = Missing("nothing was written")
        return self._hint("text", section, title, text)

    def results(self, figures: Mapping[str, object]) -> Block:
        """Return the named figures of this report, which later runs and other programs read.

        Parameters
        ----------
        figures : mapping of str to Figure or plain value
            Name -> figure. A Missing value is kept with its reason.

        Examples
        --------
        >>> from types import SimpleNamespace as Example
        >>> harbour = Example(name="Harbour Foods", audience="client", as_of=date(2026, 9, 30))
        >>> block = Report(harbour, "Budget", "budget_risk").results({"fee_used": Figure(np.float64(344120), "GBP")})
        >>> block.payload["figures"]
        {'fee_used': {'value': 344120.0, 'unit': 'GBP', 'as_of': '2026-09-30'}}
        """
        as_of = self.account.as_of.isoformat()
        named = {str(name): _result(figure, as_of) for name, figure in figures.items()}
        rows = pd.DataFrame([(name, str(entry.get("value", entry.get("missing")))) for name, entry in named.items()])

        def preview() -> str:
            return table_html(rows, {0: ("Result", "text"), 1: ("Value", "text")}, "") if len(rows) else ""

        payload = {"kind": "results", "audience": self.account.audience, "notebook": self.notebook, "figures": named}
        return Block(RESULTS, payload, preview)

    def end(self) -> Block:
        """Return the mark that the notebook ran to its end, with the number of blocks it made."""
        payload = {"kind": "end", "audience": self.account.audience, "notebook": self.notebook, "blocks": len(self._made)}
        return Block(BLOCK, payload, lambda: '<p class="note">End of the report.</p>')

    def _hint(self, kind: str, section: str, title: str, missing: Missing) -> Block:
        """Say what is missing and how to add it; to a client say nothing."""
        if self.account.audience == "client":
            return self._block(kind, section, title, "")
        if not missing.reason:  # left out on purpose, because this edition says it elsewhere
            return self._block(kind, section, title, "")
        reason = escape(missing.reason)
        html = f'<p class="hint">{reason[:1].upper()}{reason[1:]}.</p>'
        if missing.remedy:
            html = f'<p class="hint"><b>Not shown:</b> {reason}. To add it: {escape(missing.remedy)}.</p>'
        return self._block(kind, section, title, html)

    def _block(
        self, kind: str, section: str, title: str, html: str, preview: Callable[[], str] | None = None, **more: object
    ) -> Block:
        section, title = visible(section), visible(title)
        if kind != "cover" and not section:
            if not title:
                raise ValueError(f"a {kind} needs a section or a title, under which readers find it")
            section, title = title, ""
        self._made[kind, section, title] = 1
        head = "" if kind == "cover" else f"<h3>{escape(title or section)}</h3>"
        payload = {
            "kind": kind,
            "audience": self.account.audience,
            "notebook": self.notebook,
            "section": section,
            "title": title,
        }
        return Block(BLOCK, payload | {"html": html} | more, lambda: head + (preview() if preview else html) if html else "")


def _note(caption: str, source: str) -> str:
    said = f'<span class="source">Source: {escape(source)}</span>' if source else ""
    return " ".join(part for part in (escape(caption.strip()), said) if part)


def _result(figure: object, as_of: str) -> dict[str, object]:
    figure = figure if isinstance(figure, Figure) else Figure(figure)
    value = figure.value
    if isinstance(value, Missing):
        return {"missing": visible(value.reason), "unit": figure.unit, "as_of": as_of}
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (bool, int, float)) and hasattr(value, "__float__"):
        value = float(value)  # a share that prints as "5 of 7"
    if isinstance(value, (date, pd.Timestamp)):
        value = f"{value:%Y-%m-%d}"
    if value is None or pd.isna(value) or value in (float("inf"), float("-inf")):
        return {"missing": "not defined", "unit": figure.unit, "as_of": as_of}
    entry: dict[str, object] = {
        "value": visible(value) if isinstance(value, str) else value,
        "unit": figure.unit,
        "as_of": as_of,
    }
    if figure.quantiles:
        entry["quantiles"] = {f"{p:g}": float(amount) for p, amount in sorted(figure.quantiles.items())}
    if figure.due:
        entry["due"] = f"{figure.due:%Y-%m-%d}"
    return entry


@cache
def stylesheet(name: str) -> str:
    """Return a style sheet of the template folder."""
    return (TEMPLATE / name).read_text(encoding="utf-8")

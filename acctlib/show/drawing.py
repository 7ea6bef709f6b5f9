"""A chart as a picture: what is drawn and nothing more.

Altair carries every column of its data along, drawn or not, and its picture repeats the data in labels for screen readers.
Here a chart keeps only the columns it draws; its picture is plain SVG with one text alternative, short numbers and ids that
depend on its content alone, so that the same figures give the same bytes. Text from files is made drawable first: some
control characters would stop the drawing program, not just the drawing.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree

import altair as alt

from acctlib.show.axes import TESTED
from acctlib.show.pictures import drawn
from acctlib.show.text import attribute, visible
from acctlib.show.theme import BLUE, FONT, STATES

__all__ = ["sparkline", "specification", "svg"]

_SVG = "{http://www.w3.org/2000/svg}"
_DROPPED = {"class", "role", "pointer-events", "font-family", "stroke-miterlimit", "version"}
_DEFAULTS = {"opacity": "1", "font-weight": "normal", "transform": "translate(0,0)", "d": ""}
#: Vega keeps groups in plain objects, where a value with the name of one of their methods is taken for the method.
_METHODS = frozenset(
    "constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf __proto__".split()
)
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """Return the chart as a Vega-Lite specification in our theme, with the drawn columns only.

    Raises
    ------
    ValueError
        If the chart reads its data from an address.

    Examples
    --------
    A chart of fees leaves the costs behind:

    >>> import pandas as pd
    >>> fees = pd.DataFrame({"month": ["Jul"], "fee": [100.0], "cost": [61.35]})
    >>> drawn = specification(alt.Chart(fees).mark_bar().encode(x="month:N", y="fee:Q"))
    >>> drawn["datasets"]
    {'data': [{'month': 'Jul', 'fee': 100.0}]}
    """
    strict = not getattr(chart, TESTED, False)
    with alt.theme.enable("acctlib"), alt.utils.schemapi.debug_mode(strict):
        spec = _drawable(chart.to_dict(validate=strict))
    spec.pop("$schema", None)
    datasets = spec.pop("datasets", {})
    words = "\n".join(_strings(spec))
    renamed = {name: f"data{index or ''}" for index, name in enumerate(datasets)}
    spec = _renamed(spec, renamed)
    if datasets:
        spec["datasets"] = {renamed[name]: _drawn_columns(rows, words) for name, rows in datasets.items()}
    return spec


def svg(spec: dict[str, Any], alternative: str) -> str:
    """Return a specification drawn as inline SVG.

    Parameters
    ----------
    spec : dict
        What `specification` returned.
    alternative : str
        What the chart says, in words, for those who do not see it.

    Returns
    -------
    str
        One ``svg`` element, written as an HTML parser would write it.

    Examples
    --------
    >>> import pandas as pd
    >>> fees = pd.DataFrame({"month": ["Jul", "Aug"], "fee": [100.0, 120.0]})
    >>> spec = specification(alt.Chart(fees).mark_bar().encode(x="month:N", y="fee:Q"))
    >>> svg(spec, "Fees rose from 100 to 120.")[:48]
    '<svg aria-label="Fees rose from 100 to 120." fon'
    """
    root = ElementTree.fromstring(drawn(spec))
    digest = hashlib.sha256(json.dumps([spec, alternative], sort_keys=True).encode()).hexdigest()[:8]
    inner = re.sub(r'(id="|url\(#)clip(\d+)', rf"\1c{digest}-\2", "".join(_written(child) for child in root))
    size = f'height="{root.get("height")}" role="img" viewbox="{root.get("viewBox")}" width="{root.get("width")}"'
    return f"<svg aria-label={attribute(alternative)} font-family={attribute(FONT)} {size}>{inner}</svg>"


def sparkline(values: Sequence[float], state: str = "") -> str:
    """Return the last quarters of a figure as a line of 92 by 26 units with a dot at its end.

    It has no axis and claims no more than a direction, so it is hidden from screen readers: the tile says the figure and
    what it is held against. Fewer than two values draw nothing.

    Examples
    --------
    >>> sparkline([3, 3, 2, 2], "at risk")[:60]
    '<svg aria-hidden="true" height="34" viewbox="0 0 100 34" wid'
    >>> sparkline([3])
    ''
    """
    known = [(i, float(v)) for i, v in enumerate(values) if v is not None and v == v]
    if len(known) < 2:
        return ""
    low, high = min(v for _, v in known), max(v for _, v in known)
    spread, steps = (high - low) or 1.0, len(values) - 1
    points = [(4 + 92 * i / steps, 30 - 26 * (v - low) / spread if high > low else 17.0) for i, v in known]
    colour = STATES.get(state, ("", BLUE))[1]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        '<svg aria-hidden="true" height="34" viewbox="0 0 100 34" width="100">'
        f'<polyline fill="none" points="{path}" stroke="{colour}" stroke-width="2"></polyline>'
        f'<circle cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" fill="{colour}" r="3.2"></circle></svg>'
    )


def _drawable(part: Any) -> Any:
    """Return a copy whose texts can be drawn and whose marks link nowhere."""
    if isinstance(part, str):
        return f"{part}\N{ZERO WIDTH SPACE}" if part in _METHODS else visible(part)
    if isinstance(part, list):
        return [_drawable(item) for item in part]
    if not isinstance(part, dict):
        return part
    if "url" in part and isinstance(part["url"], str):
        raise ValueError(f"a chart must carry its data, got an address ({part['url'][:60]}); pass a frame")
    return {visible(key): _drawable(value) for key, value in part.items() if key != "href"}


def _strings(part: Any) -> Iterable[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for key, value in part.items():
            if key != "config":
                yield from _strings(value)
    elif isinstance(part, list):
        for item in part:
            yield from _strings(item)


def _renamed(part: Any, names: dict[str, str]) -> Any:
    """Replace the names of data sets, which Altair derives from all columns, by short ones."""
    if isinstance(part, list):
        return [_renamed(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {"name": names[value["name"]]} if key == "data" and value.get("name") in names else _renamed(value, names)
        for key, value in part.items()
    }


def _drawn_columns(rows: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """Return the rows with the columns that the rest of the chart names."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    drawn = {key for key in columns if re.search(rf"(?<!\w){re.escape(key)}(?!\w)", words.replace("\\", ""))}
    return [{key: value for key, value in row.items() if key in drawn} for row in rows]


def _written(element: ElementTree.Element) -> str:
    """Return one element as HTML, without what draws nothing; an empty text where nothing is left."""
    name = element.tag.removeprefix(_SVG).lower()
    if element.get("display") == "none" or (name == "text" and element.get("opacity") == "0"):
        return ""
    kept = {
        key.lower(): _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), value)
        for key, value in element.attrib.items()
        if key not in _DROPPED and not key.startswith(("aria-", "{")) and _DEFAULTS.get(key) != value
    }
    if name == "path" and ("d" not in kept or not kept.keys() & {"fill", "stroke"}):
        return ""
    inner = html.escape(element.text or "", quote=False) + "".join(_written(child) for child in element)
    if name == "g" and (not inner or not kept):
        return inner
    attributes = "".join(f" {key}={attribute(value)}" for key, value in sorted(kept.items()))
    return f"<{name}{attributes}>{inner}</{name}>"

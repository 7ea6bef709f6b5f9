"""One look for every chart: the colours, the sizes and the Altair theme made of them.

A chart is drawn 440 units wide with letters of 14, so that two stand side by side on a wide page and on paper, and one still
has readable letters on a telephone. Past is a firm line, plan a dashed one, forecast a pale area with a dotted middle.
Series are told apart by blue and orange, which the common forms of colour blindness keep apart; states are told by shape
and word as well as by colour. Labels stand at the things themselves, so there are no legends.

The theme is registered under the name "acctlib" and used only while one of our charts is drawn; charts made elsewhere in a
session keep their own.
"""

from __future__ import annotations

import altair as alt

__all__ = ["BLUE", "FONT", "GREY", "HEIGHT", "INK", "LETTERS", "MUTED", "ORANGE", "PALE", "RULE", "STATES", "WIDTH"]

INK, MUTED, GREY, RULE = "#1c2430", "#5c6776", "#8c97a5", "#e2e6ec"
BLUE, PALE, ORANGE = "#0b6e99", "#cfe3ec", "#b85c00"
#: The three states of a measure: word -> symbol and colour; each colour has a contrast of at least 4.5 on white.
STATES = {"on track": ("●", "#1a7f4b"), "at risk": ("▲", "#9a5200"), "off track": ("■", "#b3261e")}

FONT = "'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
WIDTH, HEIGHT, LETTERS = 440, 260, 14


@alt.theme.register("acctlib", enable=False)
def _theme() -> alt.theme.ThemeConfig:
    text = {"labelFontSize": LETTERS, "labelColor": MUTED, "titleFontSize": LETTERS, "titleColor": MUTED}
    return alt.theme.ThemeConfig(
        # names longer than the chart are cut by `text.wrapped`: a limit in pixels may cut an emoji in two and stop the drawing
        width=WIDTH,
        height=HEIGHT,
        autosize={"type": "fit", "contains": "padding"},
        background=None,
        padding=4,
        config={
            "aria": False,  # the figure carries the text alternative; the marks would only repeat their data
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                **text,
                "labelLimit": 0,
                "titleLimit": 0,
                "titleFontWeight": "normal",
                "domainColor": "#b8c0cb",
                "gridColor": RULE,
                "ticks": False,
                "labelPadding": 6,
            },
            "axisX": {"grid": False, "labelFlush": False},
            "axisY": {"domain": False, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -12},
            "text": {"fontSize": LETTERS, "fill": INK, "limit": 0},
            "line": {"stroke": BLUE, "strokeWidth": 2.5, "strokeJoin": "round"},
            "area": {"fill": PALE},
            "bar": {"fill": BLUE},
            "rule": {"stroke": GREY},
            "range": {"category": [BLUE, ORANGE, GREY, INK]},
        },
    )

"""Charts of what may happen: the curve of a total, what moves it, and cost and date together.

Like `charts`, each takes the frame that an outlook returns and gives an Altair chart, or `Missing` where nothing is to draw.
"""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.show.axes import (
    date_axis,
    floats,
    in_unit,
    line_at,
    milliseconds,
    named_rows,
    note_at,
    nothing_in,
    row_axis,
    row_height,
    tested,
    value_axis,
)
from acctlib.show.charts import bars
from acctlib.show.numerals import percent
from acctlib.show.text import shorten
from acctlib.show.theme import BLUE, GREY, MUTED, ORANGE, STATES

__all__ = ["cost_and_finish", "s_curve", "tornado"]

NO_BUDGET = Missing("there is no budget")
_LATE = STATES["off track"][1]


@tested
@requires(frame="value probability")
def s_curve(
    frame: pd.DataFrame | Missing,
    marks: Mapping[str, float | Missing],
    unit: str,
    confidence: float | None = None,
    budget: float | Missing = NO_BUDGET,
) -> alt.LayerChart | Missing:
    """Draw the chance that a total stays within each amount: value, probability.

    With a confidence there is a slider where the page has scripts: it moves a line along the curve and says the amount, and
    the reserve beyond the budget, for each confidence. Without scripts the line stands at the confidence given.

    Parameters
    ----------
    frame : DataFrame
        The distribution: amounts in `unit`, rising, with the chance (0-1) of costing that much or less.
    marks : mapping of str to float
        Amounts to point out on the curve, by name: budget, sum of the likely values, P80. Missing ones are left out.
    unit : str
        Currency code, or "h" for hours.
    confidence : float, optional
        Where the slider stands at first, a fraction.
    budget : float or Missing, optional
        What the reserve comes on top of.

    Examples
    --------
    >>> curve = pd.DataFrame({"value": [80e3, 100e3, 130e3], "probability": [0.0, 0.5, 1.0]})
    >>> type(s_curve(curve, {"Budget": 110e3}, unit="GBP")).__name__
    'LayerChart'
    """
    data = floats(frame, "value", "probability").dropna().sort_values("value", ignore_index=True)
    if (nothing := nothing_in(data, "value")) is not None:
        return nothing
    x = alt.X("value:Q", axis=value_axis(unit, grid=False), scale=alt.Scale(zero=False, nice=False, padding=8))
    head = 0.0 if confidence is None else 0.14
    y = alt.Y("probability:Q", axis=value_axis("%", values=[0, 0.2, 0.4, 0.6, 0.8, 1]), title=None)
    y = y.scale(domain=[0, 1 + head])
    layers = [alt.Chart(data).mark_line().encode(x=x, y=y, tooltip=[alt.Tooltip("value:Q"), alt.Tooltip("probability:Q")])]
    points = pd.DataFrame(
        [{"name": name, "value": float(amount)} for name, amount in marks.items() if not isinstance(amount, Missing)],
        columns=["name", "value"],
    ).sort_values("value")
    low, high = data["value"].iloc[0], data["value"].iloc[-1]
    left_end, at_foot = min([low, *points["value"]]), 0
    labels = []
    for name, amount in points.itertuples(index=False):
        # below and right of a rising curve is always free, and so is above and left of it
        chance = float(np.interp(amount, data["value"], data["probability"]))
        right = amount <= low + 0.55 * (high - low)
        x_at, y_at = alt.X(datum=amount), alt.Y(datum=chance)
        spot = alt.Chart(pd.DataFrame({"amount": [amount], "chance": [chance]}))
        drop = spot.mark_rule(strokeDash=[2, 2]).encode(
            x=alt.X("amount:Q", title=None), y=alt.Y("chance:Q", title=None), y2=alt.Y2Datum(0)
        )
        dot = spot.mark_point(filled=True, size=70, fill=ORANGE, opacity=1)
        layers += [drop, dot.encode(x=alt.X("amount:Q", title=None), y=alt.Y("chance:Q", title=None))]
        place = {"align": "left", "dx": 9, "dy": 9} if right else {"align": "right", "dx": -9, "dy": -9}
        if chance < 0.12:
            # beside the foot of the curve is the axis; above it is room, one line for each label
            near_left = amount < left_end + 0.35 * (high - left_end)
            place = {"align": "left" if near_left else "right", "dx": 0, "dy": -14 - 19 * at_foot}
            at_foot += 1
        labels += note_at(f"{shorten(name, 24)} {in_unit(unit, amount)}", x_at, y_at, **place)
    return alt.layer(*layers, *labels, *([] if confidence is None else _chosen_confidence(data, unit, confidence, budget)))


def _chosen_confidence(data: pd.DataFrame, unit: str, confidence: float, budget: float | Missing) -> list[alt.Chart]:
    """Return the line at the chosen confidence, and what it says above the curve."""
    slider = alt.binding_range(min=5, max=95, step=1, name="How sure, in per cent: ")
    chosen = alt.param(name="sure", value=round(100 * confidence), bind=slider)
    said = data[data["probability"].between(0.045, 0.955)].reset_index(drop=True)
    said = said.assign(per_cent=(100 * said["probability"]).round())
    reserve = [0.0 if isinstance(budget, Missing) else max(value - budget, 0.0) for value in said["value"]]
    beyond = [f": budget + {in_unit(unit, more)} reserve" if more else ": within the budget" for more in reserve]
    said["said"] = [
        f"{percent(chance)} sure at {in_unit(unit, value)}{'' if isinstance(budget, Missing) else more}"
        for chance, value, more in zip(said["probability"], said["value"], beyond, strict=True)
    ]
    here = alt.Chart(said).add_params(chosen).transform_filter("datum.per_cent == sure")
    x, y = alt.X("value:Q", title=None), alt.Y("probability:Q", title=None)
    start = float(data["value"].iloc[0])
    text = here.mark_text(align="left", baseline="top", fontWeight="bold", fill=ORANGE).encode(
        x=alt.XValue(0), y=alt.YValue(0), text=alt.Text("said:N")
    )
    return [
        here.mark_rule(stroke=ORANGE, strokeWidth=1.5).encode(x=x, y=y, y2=alt.Y2Datum(0)),
        here.mark_rule(stroke=ORANGE, strokeWidth=1.5).encode(x=x, x2=alt.X2Datum(start), y=y),
        here.mark_point(filled=True, size=90, fill=ORANGE, opacity=1).encode(x=x, y=y),
        text,
    ]


@tested
@requires(frame="cost finish", promised="budget end")
def cost_and_finish(frame: pd.DataFrame | Missing, promised: pd.DataFrame | Missing, unit: str) -> alt.LayerChart | Missing:
    """Draw cost and finish date of many drawn outcomes: cost, finish. Those within budget and date are blue discs.

    Parameters
    ----------
    frame : DataFrame
        One row an outcome: cost in `unit`, finish as a date.
    promised : DataFrame
        Its first row holds what was agreed: budget in `unit` and end as a date.
    unit : str
        Currency code, or "h" for hours.

    Examples
    --------
    >>> drawn = pd.DataFrame({"cost": [90e3, 120e3], "finish": pd.to_datetime(["2026-10-01", "2026-12-01"])})
    >>> agreed = pd.DataFrame({"budget": [100e3], "end": pd.to_datetime(["2026-11-01"])})
    >>> type(cost_and_finish(drawn, agreed, unit="GBP")).__name__
    'LayerChart'
    """
    if (nothing := nothing_in(frame, "cost")) is not None:
        return nothing
    data = pd.DataFrame({"cost": floats(frame, "cost")["cost"], "finish": milliseconds(frame["finish"])})
    limit, last = float(promised["budget"].iloc[0]), milliseconds(promised["end"].head(1))[0]
    data["within"] = np.where((data["cost"] <= limit) & (data["finish"] <= last), "within both", "not")
    moments = [*data["finish"], last]
    domain = [int(min(moments)) - 5 * 86_400_000, int(max(moments)) + 5 * 86_400_000]
    x = alt.X("finish:Q", scale=alt.Scale(domain=domain, nice=False, zero=False), axis=date_axis(domain))
    y = alt.Y("cost:Q", axis=value_axis(unit, grid=False), scale=alt.Scale(zero=False, padding=12), title=None)
    states = {"domain": ["within both", "not"]}
    points = alt.Chart(data).mark_point(filled=True, size=34, opacity=0.75)
    layers = [
        points.encode(
            x=x,
            y=y,
            fill=alt.Fill("within:N", scale=alt.Scale(**states, range=[BLUE, GREY]), legend=None),
            shape=alt.Shape("within:N", scale=alt.Scale(**states, range=["circle", "cross"]), legend=None),
            tooltip=[alt.Tooltip("cost:Q")],
        )
    ]
    layers += [line_at(limit, _LATE, across=True, strokeWidth=1.5), line_at(last, _LATE, across=False, strokeWidth=1.5)]
    budget = f"Budget {in_unit(unit, limit)}"
    layers += note_at(budget, alt.X(datum=domain[1]), alt.Y(datum=limit), _LATE, align="right", dy=-9)
    return alt.layer(*layers)


@tested
@requires(frame="driver share? low? high?")
def tornado(frame: pd.DataFrame | Missing, unit: str) -> alt.LayerChart | Missing:
    """Draw what moves a total most, the strongest on top: driver with its share, or driver, low, high.

    Parameters
    ----------
    frame : DataFrame
        Either ``share``, the fraction of the variance that a driver explains, or ``low`` and ``high``, the total when
        the driver alone goes to its ends. Drawn in the order given.
    unit : str
        Unit of low and high: currency code or "h".

    Examples
    --------
    >>> drivers = pd.DataFrame({"driver": ["Late content", "Build"], "share": [0.6, 0.4]})
    >>> type(tornado(drivers, unit="GBP")).__name__
    'LayerChart'
    """
    if frame["share"].notna().any():
        return bars(frame[["driver", "share"]], "driver", "share", "%")
    if (nothing := nothing_in(frame, "low", "high")) is not None:
        return nothing
    data, names = named_rows(floats(frame, "low", "high").assign(driver=frame["driver"].to_numpy()).dropna(), "driver")
    data["from"], data["to"] = [[in_unit(unit, value) for value in data[column]] for column in ("low", "high")]
    x = alt.X("low:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=60))
    base = alt.Chart(data, height=row_height(names) - 40).encode(y=row_axis("driver", names))
    return alt.layer(
        base.mark_bar(height=16).encode(
            x=x, x2=alt.X2("high:Q"), tooltip=[alt.Tooltip("driver:N"), alt.Tooltip("low:Q"), alt.Tooltip("high:Q")]
        ),
        base.mark_text(align="right", dx=-5, fill=MUTED).encode(x=x, text=alt.Text("from:N")),
        base.mark_text(align="left", dx=5, fill=MUTED).encode(x=alt.X("high:Q"), text=alt.Text("to:N")),
    )

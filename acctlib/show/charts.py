"""Frames become charts: one function for each thing an Account Director has to see at a glance.

Each takes the frame that a measure or an outlook returns, with the columns named in its first line, draws only those, and
returns an Altair chart in the one look of `theme`; what to say about it (title, caption, text alternative) belongs to the
block it is put into. A frame that is Missing, lacks a column or has nothing to draw gives `Missing`. Names stand beside
their rows, labels beside their lines; amounts on axes are short; a month is written "2026-07" or given as a date.
"""

from __future__ import annotations

from datetime import date

import altair as alt
import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.show.axes import (
    NAME_LINES,
    date_axis,
    figures_beside,
    floats,
    in_unit,
    line_at,
    milliseconds,
    month_axis,
    month_names,
    named_rows,
    note_at,
    nothing_in,
    row_axis,
    row_height,
    tested,
    value_axis,
    with_columns,
    with_room,
)
from acctlib.show.numerals import number
from acctlib.show.text import shorten
from acctlib.show.theme import BLUE, GREY, HEIGHT, INK, LETTERS, MUTED, ORANGE, PALE, RULE, STATES, WIDTH

__all__ = [
    "bars",
    "columns",
    "hours_against_allowance",
    "intervals",
    "milestones",
    "spend_curve",
    "stakeholder_grid",
    "waterfall",
    "white_space_grid",
]

_MOST_ROWS, _ROOMY_ROWS = 48, 10
_SEEN = 0.05  # a step of a twentieth of the total is a bar that can be seen
_IN_TIME, _LATE = STATES["on track"][1], STATES["off track"][1]


@tested
@requires(frame="month actual? plan? earned? low? likely? high?")
def spend_curve(
    frame: pd.DataFrame | Missing, limit: float | Missing | None, unit: str, limit_name: str = "Agreed"
) -> alt.LayerChart | Missing:
    """Draw what was spent by month against plan, work done and forecast: month, actual, plan, earned, low, likely, high.

    The past is a firm line, the plan a dashed one, the budget of the work done an orange one, the forecast a pale area with
    a dotted middle. Each is labelled where it ends. Columns that are absent or blank are left out.

    Parameters
    ----------
    frame : DataFrame
        One row a month in order; all amounts cumulative, in `unit`; actual is blank in the future, the forecast
        columns are blank in the past. To join them, give the last month of the past the forecast columns too.
    limit : float, Missing or None
        The agreed amount, drawn as a line across.
    unit : str
        Currency code, or "h" for hours.
    limit_name : str, default "Agreed"
        What stands at that line.

    Examples
    --------
    >>> spent = pd.DataFrame({"month": ["2026-07", "2026-08"], "actual": [40e3, 90e3], "plan": [50e3, 100e3]})
    >>> type(spend_curve(spent, limit=100e3, unit="GBP")).__name__
    'LayerChart'
    >>> spend_curve(spent.iloc[:0], limit=None, unit="GBP")
    Missing(reason='there is no actual or plan or earned or low or likely or high to draw', remedy='')
    """
    series = ["actual", "plan", "earned", "low", "likely", "high"]
    if (nothing := nothing_in(frame, *series)) is not None:
        return nothing
    data = floats(frame, *series)
    data.insert(0, "month", month_names(frame["month"]))
    x = alt.X("month:O", axis=month_axis(list(data["month"])), scale=alt.Scale(padding=0.2, domain=list(data["month"])))
    base = alt.Chart(data).encode(x=x)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", axis=value_axis(unit), title=None)

    layers = []
    if data["low"].notna().any():
        forecast = base.transform_filter("isValid(datum.high)")
        layers.append(forecast.mark_area(fill=PALE).encode(y=y("low"), y2=alt.Y2("high:Q")))
        layers.append(forecast.mark_line(strokeDash=[2, 3], strokeWidth=2, stroke=BLUE).encode(y=y("likely")))
    if data["plan"].notna().any():
        layers.append(base.mark_line(strokeDash=[6, 4], strokeWidth=2, stroke=GREY).encode(y=y("plan")))
    if data["earned"].notna().any():
        layers.append(base.mark_line(strokeWidth=2, stroke=ORANGE).encode(y=y("earned")))
    if data["actual"].notna().any():
        layers.append(
            base.mark_line(point=bool(data["actual"].notna().sum() == 1)).encode(
                y=y("actual"), tooltip=[alt.Tooltip("month:O"), alt.Tooltip("actual:Q")]
            )
        )
    if limit is not None and not isinstance(limit, Missing):
        layers.append(line_at(limit, _LATE, across=True, strokeWidth=1.5))
        start, level = alt.X(datum=data["month"].iloc[0]), alt.Y(datum=float(limit))
        layers += note_at(f"{limit_name} {in_unit(unit, limit)}", start, level, _LATE, align="left", dy=-10)
    return alt.layer(*layers, *_ends(data, unit))


def _ends(data: pd.DataFrame, unit: str) -> list[alt.Chart]:
    """Label each line where it ends: on the side of a rising line that is free, and apart from the other ends."""
    known = {name: data[name].dropna() for name in ("actual", "earned", "plan", "high") if data[name].notna().any()}
    text = {"actual": "Used {}", "earned": "Work done {}", "plan": "Plan", "high": "Forecast range"}
    colour = {"actual": INK, "earned": ORANGE}
    plan_above = "high" in known and "plan" in known and known["plan"].iloc[-1] > known["high"].iloc[-1]
    shift = {"plan": -12 if plan_above else 18, "high": 18 if plan_above else -12}
    done_above = "earned" in known and "actual" in known and known["earned"].iloc[-1] > known["actual"].iloc[-1]
    layers = []
    for name, values in known.items():
        at_end = values.index[-1] > 0.75 * (len(data) - 1)
        if name in colour:  # both end on the same day: the higher one is told above, the other below
            above = done_above if name == "earned" else at_end or not done_above
            place = {"dy": -14 if above and not (name == "actual" and done_above) else 24, "fontWeight": "bold"}
            place |= {"align": "right"} if above or at_end else {"align": "left", "dx": 3}
        else:
            place = {"align": "right", "dy": shift[name]} if at_end else {"align": "left", "dx": 3, "dy": shift[name]}
        x, y = alt.X(datum=data.at[values.index[-1], "month"]), alt.Y(datum=float(values.iloc[-1]))
        label = text[name].format(in_unit(unit, values.iloc[-1]))
        layers += note_at(label, x, y, colour.get(name, MUTED), **place)
    return layers


@tested
@requires(frame="deliverable due original_due? done?")
def milestones(frame: pd.DataFrame | Missing, as_of: date) -> alt.LayerChart | Missing:
    """Draw when each deliverable was first due, is due now and was done: deliverable, original_due, due, done.

    A bar stands at the first agreed date, a hollow diamond at the present one, a disc at delivery: green in time, red and
    square when late against the present date.

    Parameters
    ----------
    frame : DataFrame
        One row a deliverable, drawn in the order given; `done` is blank while it is open. Of more than 48 only those 48
        are drawn whose date lies nearest to `as_of`, since more are no picture; which are worth showing is chosen before.
    as_of : date
        The date the report looks from, drawn as a thin line.

    Examples
    --------
    >>> plan = pd.DataFrame({"deliverable": ["Beta"], "due": [pd.Timestamp("2026-09-01")]})
    >>> type(milestones(plan, as_of=date(2026, 9, 30))).__name__
    'LayerChart'
    """
    if (nothing := nothing_in(frame, "due", "done")) is not None:
        return nothing
    frame = frame[["deliverable", "original_due", "due", "done"]]
    if len(frame) > _MOST_ROWS:
        away = (frame["due"].fillna(frame["done"]) - pd.Timestamp(as_of)).abs()
        frame = frame.loc[away.sort_values(kind="stable").index[:_MOST_ROWS].sort_values()]
    close = len(frame) > _ROOMY_ROWS  # many rows stand close, each with its name on one line
    if close:
        frame = frame.assign(deliverable=[name if pd.isna(name) else shorten(name, 26) for name in frame["deliverable"]])
    data, names = named_rows(frame, "deliverable", 26 if close else 18)
    late = (pd.to_datetime(data["done"]) > pd.to_datetime(data["due"])).fillna(False)
    data["state"] = np.where(late, "late", "in time")
    for column in ("original_due", "due", "done"):
        data[column] = pd.array(milliseconds(data[column]), dtype="Int64")
    moments = pd.concat([data[column] for column in ("original_due", "due", "done")]).dropna()
    span = max(int(moments.max() - moments.min()), 30 * 86_400_000)
    month = pd.Timestamp(moments.min(), unit="ms").normalize().replace(day=1)
    domain = [milliseconds(pd.Series([month]))[0], int(moments.max() + span * 0.06)]
    axis = date_axis(domain)

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", scale=alt.Scale(domain=domain, nice=False, zero=False), axis=axis)

    height = 26 * len(names) + 44 if close else row_height(names)
    base = alt.Chart(data, height=height).encode(y=row_axis("deliverable", names))
    state = {"domain": ["in time", "late"]}
    layers = [
        base.transform_filter("isValid(datum.original_due) && isValid(datum.due)")
        .mark_rule(strokeWidth=2)
        .encode(x=x("original_due"), x2=alt.X2("due:Q")),
        base.mark_tick(thickness=3, height=16, color=GREY).encode(x=x("original_due")),
        base.mark_point(shape="diamond", size=110, stroke=INK, strokeWidth=2, fill="white", opacity=1).encode(x=x("due")),
        base.transform_filter("isValid(datum.done)")
        .mark_point(filled=True, size=120, opacity=1)
        .encode(
            x=x("done"),
            fill=alt.Fill("state:N", scale=alt.Scale(**state, range=[_IN_TIME, _LATE]), legend=None),
            shape=alt.Shape("state:N", scale=alt.Scale(**state, range=["circle", "square"]), legend=None),
            tooltip=[alt.Tooltip("deliverable:N"), alt.Tooltip("state:N")],
        ),
    ]
    today = milliseconds(pd.Series([pd.Timestamp(as_of)]))[0]
    if domain[0] <= today <= domain[1]:
        layers.append(line_at(today, BLUE, across=False, strokeDash=[2, 3]))
    return alt.layer(*layers)


@tested
def columns(
    frame: pd.DataFrame | Missing, x: str, y: str, unit: str, target: float | Missing | None = None
) -> alt.LayerChart | Missing:
    """Draw an amount by month, quarter or another ordered name as columns.

    Parameters
    ----------
    frame : DataFrame
        Columns `x` (months "2026-07", quarters "2026-Q3", names; in order) and `y` (amounts; may be negative).
    x, y : str
        The names of these columns.
    unit : str
        Currency code, "h" or "%".
    target : float, Missing or None
        An amount to reach in each period, drawn as a dashed line.

    Examples
    --------
    >>> revenue = pd.DataFrame({"quarter": ["2026-Q2", "2026-Q3"], "fees": [80e3, 95e3]})
    >>> type(columns(revenue, "quarter", "fees", unit="GBP")).__name__
    'LayerChart'
    """
    frame = with_columns(frame, x, y)
    if (nothing := frame if isinstance(frame, Missing) else nothing_in(frame, y)) is not None:
        return nothing
    monthly = frame[x].astype(str).str.fullmatch(r"\d{4}-\d{2}(-\d{2}.*)?").all()
    names = month_names(frame[x]) if monthly else named_rows(frame, x, 12)[1]
    data = pd.DataFrame({"x": names, "y": floats(frame, y)[y]})
    data["label"] = [in_unit(unit, value) if value == value else "" for value in data["y"]]
    axis = month_axis(names) if monthly else alt.Axis(labelExpr=NAME_LINES, title=None, labelAngle=0, labelOverlap="greedy")
    labelled = len(data) <= 8
    reached = data["y"] if isinstance(target, (Missing, type(None))) else [*data["y"].dropna(), float(target)]
    domain = with_room(np.nanmin(reached), np.nanmax(reached), share=0.1 if labelled else 0.0)
    base = alt.Chart(data).encode(
        x=alt.X("x:O", axis=axis, scale=alt.Scale(padding=0.25, domain=names)),
        y=alt.Y("y:Q", axis=None if labelled else value_axis(unit), scale=alt.Scale(domain=domain, nice=not labelled)),
    )
    layers = [base.mark_bar().encode(tooltip=[alt.Tooltip("x:O"), alt.Tooltip("y:Q")])]
    if data["y"].min() < 0:
        layers.append(line_at(0, GREY, across=True))
    if target is not None and not isinstance(target, Missing):
        layers.append(line_at(target, ORANGE, across=True, strokeDash=[6, 4], strokeWidth=2))
    if labelled:
        layers += figures_beside(base.transform_filter("datum.y >= 0"), "label", dy=-10)
        layers += figures_beside(base.transform_filter("datum.y < 0"), "label", dy=12)
    if target is not None and not isinstance(target, Missing):
        start = alt.X(value=0)
        layers += note_at(
            f"Target {in_unit(unit, target)}", start, alt.Y(datum=float(target)), ORANGE, align="left", dx=2, dy=-10
        )
    return alt.layer(*layers)


@tested
def bars(frame: pd.DataFrame | Missing, label: str, value: str, unit: str) -> alt.LayerChart | Missing:
    """Draw one amount a name as bars from the top, each with its figure.

    Parameters
    ----------
    frame : DataFrame
        Columns `label` and `value`, in the order to draw. Rows without a value are left out.
    label, value : str
        The names of these columns.
    unit : str
        Currency code, "h" or "%" (of fractions).

    Examples
    --------
    >>> fees = pd.DataFrame({"project": ["Site", "Care"], "fee": [90e3, -2e3]})
    >>> type(bars(fees, "project", "fee", unit="GBP")).__name__
    'LayerChart'
    """
    frame = with_columns(frame, label, value)
    if (nothing := frame if isinstance(frame, Missing) else nothing_in(frame, value)) is not None:
        return nothing
    kept = frame.dropna(subset=[value])
    data, names = named_rows(pd.DataFrame({"name": kept[label].to_numpy(), "amount": floats(kept, value)[value]}), "name")
    data["label"] = [in_unit(unit, amount) for amount in data["amount"]]
    domain = with_room(data["amount"].min(), data["amount"].max())
    base = alt.Chart(data, height=row_height(names) - 40).encode(
        y=row_axis("name", names),
        x=alt.X("amount:Q", axis=None, scale=alt.Scale(domain=domain, nice=False)),
    )
    return alt.layer(
        base.mark_bar(height=16).encode(tooltip=[alt.Tooltip("name:N"), alt.Tooltip("amount:Q")]),
        base.transform_filter("datum.amount >= 0").mark_text(align="left", dx=6).encode(text=alt.Text("label:N")),
        base.transform_filter("datum.amount < 0").mark_text(align="right", dx=-6).encode(text=alt.Text("label:N")),
    )


@tested
@requires(frame="label value low high note?")
def intervals(
    frame: pd.DataFrame | Missing, unit: str, target: float | Missing | None = None, target_name: str = "Target {}"
) -> alt.LayerChart | Missing:
    """Draw figures with their uncertainty, a dot on a pale range each: label, low, value, high.

    Parameters
    ----------
    frame : DataFrame
        One row a figure; a row without a range is a dot, a row without a value is left out, unless its `note` says why
        there is none: then it keeps its place and shows the note.
    unit : str
        Currency code, "h" or "%" (of fractions).
    target : float, Missing or None
        An amount to hold them against, drawn as a dashed line.
    target_name : str
        What stands at that line; {} is the amount.

    Examples
    --------
    Seven of eight answers were "satisfied":

    >>> csat = pd.DataFrame({"label": ["Q3"], "low": [0.53], "value": [0.875], "high": [0.98]})
    >>> type(intervals(csat, unit="%")).__name__
    'LayerChart'
    """
    if (nothing := nothing_in(frame, "value")) is not None:
        return nothing
    kept = frame[frame["value"].notna() | frame["note"].notna()]
    data, names = named_rows(floats(kept, "low", "value", "high").assign(label=kept["label"].to_numpy()), "label")
    data["text"] = [in_unit(unit, value) if value == value else "" for value in data["value"]]
    data["note"] = kept["note"].where(kept["value"].isna()).astype("str").fillna("").to_numpy()
    x = alt.X("value:Q", axis=value_axis(unit), scale=alt.Scale(zero=False, padding=24), title=None)
    base = alt.Chart(data, height=row_height(names)).encode(y=row_axis("label", names))
    dots, ranges = (base.transform_filter(f"isValid(datum.{name})") for name in ("value", "high"))
    layers = [
        ranges.mark_bar(height=12, fill=PALE, cornerRadius=6).encode(
            x=alt.X("low:Q", axis=value_axis(unit), title=None), x2=alt.X2("high:Q")
        ),
        dots.mark_point(filled=True, size=110, fill=BLUE, opacity=1).encode(
            x=x, tooltip=[alt.Tooltip("label:N"), alt.Tooltip("low:Q"), alt.Tooltip("value:Q"), alt.Tooltip("high:Q")]
        ),
        *figures_beside(dots.encode(x=x), "text", dy=-16),
    ]
    if data["note"].any():
        layers.append(base.mark_text(align="left", dx=6, fill=MUTED).encode(x=alt.XValue(0), text=alt.Text("note:N")))
    if target is not None and not isinstance(target, Missing):
        layers.insert(0, line_at(target, ORANGE, across=False, strokeDash=[6, 4], strokeWidth=2))
        ends = data[["low", "value", "high"]]
        near_left = target < ends.min(axis=None) + 0.4 * (ends.max(axis=None) - ends.min(axis=None))
        place = {"align": "left", "dx": 5} if near_left else {"align": "right", "dx": -5}
        place["baseline"] = "bottom"
        layers += note_at(
            target_name.format(in_unit(unit, target)), alt.X(datum=float(target)), alt.YValue("height"), ORANGE, **place
        )
    return alt.layer(*layers)


@tested
@requires(frame="name influence sentiment role?")
def stakeholder_grid(frame: pd.DataFrame | Missing) -> alt.LayerChart | Missing:
    """Draw who decides and where they stand: name, influence, sentiment.

    Parameters
    ----------
    frame : DataFrame
        One row a person. Influence grows upward, sentiment to the right; people at the same place are stacked, and
        those without either are left out.

    Examples
    --------
    >>> people = pd.DataFrame({"name": ["A. Reid"], "influence": [5], "sentiment": [1]})
    >>> type(stakeholder_grid(people)).__name__
    'LayerChart'
    """
    placed = frame.dropna(subset=["influence", "sentiment"]).sort_values("sentiment", kind="stable")
    if (nothing := nothing_in(placed, "name")) is not None:
        return nothing
    data = floats(placed, "influence", "sentiment")
    data["label"] = [shorten(name, 22) for name in placed["name"]]
    # Names are wider than a step of sentiment: neighbours of one row stand above and below their dots in turn.
    turn = data.groupby("influence")["sentiment"].rank(method="dense").astype(int) % 2
    stacked = data.groupby(["influence", "sentiment"]).cumcount()
    data["dy"] = np.where(turn == 1, -15 - 16 * stacked, 17 + 16 * stacked)
    layers = []
    for dy, group in data.groupby("dy"):
        base = alt.Chart(group[["influence", "sentiment", "label"]], height=330).encode(
            x=alt.X("sentiment:Q", title="sentiment →", axis=alt.Axis(tickMinStep=1, format="d", grid=True),
                    scale=alt.Scale(zero=False, padding=50)),
            y=alt.Y("influence:Q", title="influence ↑", axis=alt.Axis(tickMinStep=1, format="d"),
                    scale=alt.Scale(zero=False, padding=34)),
        )  # fmt: skip
        layers.append(base.mark_point(filled=True, size=90, fill=BLUE, opacity=1).encode(tooltip=[alt.Tooltip("label:N")]))
        layers += figures_beside(base, "label", dy=float(dy))
    return alt.layer(*layers)


#: State of a cell of the white space -> its lines, and its fill and edge: a word always, a colour beside it.
_CELLS = {
    "owned": ("owned", PALE, BLUE),
    "pipeline": ("pipeline", "#fbe6d2", ORANGE),
    "gap": ("gap", "white", BLUE),
    "not eligible": ("not\neligible", RULE, RULE),
    "unknown": ("unknown", "white", RULE),
}


@tested
@requires(frame="business_unit service_line state low_value? likely_value? high_value?")
def white_space_grid(frame: pd.DataFrame | Missing, unit: str) -> alt.LayerChart | Missing:
    """Draw what each business unit buys and might buy: business_unit, service_line, state, low_value, likely_value, high_value.

    Rows are units and columns services. Each cell says its state in a word, with its value below: a range where there is
    one, else the likely value.

    Parameters
    ----------
    frame : DataFrame
        One row a cell, in the order to draw. A state that is none of owned, pipeline, gap and not eligible is drawn as
        unknown, with its word.
    unit : str
        Currency code of the values.

    Examples
    --------
    >>> cells = pd.DataFrame({"business_unit": ["Grocery"], "service_line": ["Design"], "state": ["gap"],
    ...                       "low_value": [18e3], "high_value": [34e3]})
    >>> type(white_space_grid(cells, "GBP")).__name__
    'LayerChart'
    """
    placed = frame.dropna(subset=["business_unit", "service_line", "state"])
    if (nothing := nothing_in(placed, "state")) is not None:
        return nothing
    axes = {}
    for column, letters in (("business_unit", 10), ("service_line", 9)):
        own = placed[[column]].drop_duplicates()
        axes[column] = dict(zip(own[column], named_rows(own, column, letters)[1], strict=True))
    data = floats(placed, "low_value", "likely_value", "high_value")
    data = data.assign(**{column: placed[column].map(names).to_numpy() for column, names in axes.items()})
    data["state"] = [state if state in _CELLS else "unknown" for state in placed["state"]]
    words = [_CELLS[state][0] if state in _CELLS else shorten(state, 12) for state in placed["state"]]
    values = [_value_lines(row.low_value, row.likely_value, row.high_value, unit) for row in data.itertuples()]
    data["label"] = ["\n".join(filter(None, pair)) for pair in zip(words, values, strict=True)]
    names, services = (list(axes[column].values()) for column in ("business_unit", "service_line"))
    lift = LETTERS * max(name.count("\n") for name in services)  # a name of two lines hangs from its first one
    above = alt.Axis(orient="top", title=None, labelExpr=NAME_LINES, labelAngle=0, labelColor=INK,
                     labelPadding=6 + lift, domain=False)  # fmt: skip
    beside = row_axis("business_unit", names)
    beside.scale = alt.Scale(paddingInner=0.08)
    beside["axis"]["minExtent"] = 60  # as narrow as it goes: six services must be readable on a telephone
    base = alt.Chart(data, width=max(WIDTH, 84 + 64 * len(services)), height=66 * len(names) + 44).encode(
        x=alt.X("service_line:N", sort=services, axis=above, scale=alt.Scale(paddingInner=0.06)), y=beside
    )
    styles = [
        channel("state:N", scale=alt.Scale(domain=list(_CELLS), range=[style[at] for style in _CELLS.values()]), legend=None)
        for at, channel in ((1, alt.Fill), (2, alt.Stroke))
    ]
    layers = [base.mark_rect(strokeWidth=1.5, cornerRadius=4).encode(*styles, tooltip=[alt.Tooltip("label:N")])]
    # A text of several lines hangs from its first one: each count of lines is lifted by half of its height.
    for lines in sorted({label.count("\n") for label in data["label"]}):
        own = base.transform_filter(f"length(split(datum.label, '\\n')) == {lines + 1}")
        layers.append(
            own.mark_text(lineBreak="\n", lineHeight=LETTERS + 2, dy=-lines * (LETTERS + 2) / 2).encode(
                text=alt.Text("label:N")
            )
        )
    return alt.layer(*layers)


def _value_lines(low: float, likely: float, high: float, unit: str) -> str:
    """Return a value or a range in at most two short lines."""
    if low == low and high == high and low != high:
        return f"{in_unit(unit, low)}–\n{in_unit(unit, high)}"
    known = next((value for value in (likely, low, high) if value == value), None)
    return "" if known is None else in_unit(unit, known)


@tested
@requires(frame="step amount")
def waterfall(frame: pd.DataFrame | Missing, unit: str) -> alt.LayerChart | Missing:
    """Draw how one total becomes another: step, amount.

    Parameters
    ----------
    frame : DataFrame
        The first row is the total to start from, the rows between are changes with their sign, and the last row is the
        total reached, which must be the sum of the others. The axis starts at nought, unless all changes together move
        the total by less than a twentieth and could not be seen: then the bars of the totals are cut, with a mark, and
        the axis says so.
    unit : str
        Currency code or "h".

    Raises
    ------
    ValueError
        If the last row is not the sum of the others.

    Examples
    --------
    >>> steps = pd.DataFrame({"step": ["Q2", "price", "Q3"], "amount": [100e3, -5e3, 95e3]})
    >>> type(waterfall(steps, unit="GBP")).__name__
    'LayerChart'
    """
    kept = frame[frame["amount"].notna()]
    if len(kept) < 2:
        return Missing("a bridge needs two totals to draw")
    data, names = named_rows(floats(kept, "amount").assign(step=kept["step"].to_numpy()), "step")
    amounts = data["amount"].to_numpy()
    ends = np.cumsum(amounts[:-1])
    if not np.isclose(ends[-1], amounts[-1], rtol=1e-6, atol=0.01):
        raise ValueError(f"the last row of a waterfall must be the sum of the others, {ends[-1]:,.2f}; got {amounts[-1]:,.2f}")
    data["start"] = np.concatenate([[0.0], ends[:-1], [0.0]])
    data["end"] = np.concatenate([ends, amounts[-1:]])
    data["kind"] = ["total", *np.where(amounts[1:-1] < 0, "less", "more"), "total"]
    data["label"] = [in_unit(unit, amount) if kind == "total" or amount < 0 else f"+{in_unit(unit, amount)}"
                     for amount, kind in zip(amounts, data["kind"], strict=True)]  # fmt: skip
    data["edge"] = data[["start", "end"]].max(axis=1)
    levels = np.concatenate([ends, amounts[-1:]])
    cut = np.ptp(levels) < _SEEN * levels.max() and levels.min() > 0
    if cut:
        moved = np.ptp(levels) or 0.01 * levels.max()
        domain = [levels.min() - 1.5 * moved, levels.max() + 0.8 * moved]  # a total stays longer than any step
        data.loc[data["kind"] == "total", "start"] = domain[0]
    else:
        domain = with_room(data[["start", "end"]].min(axis=None), data[["start", "end"]].max(axis=None))
    said = alt.Axis(title="// cut: the axis does not start at 0", labels=False, domain=False, grid=False) if cut else None
    x = alt.X("start:Q", axis=said, scale=alt.Scale(domain=domain, nice=False), title=None if said is None else alt.Undefined)
    kinds = alt.Scale(domain=["total", "more", "less"], range=[INK, BLUE, ORANGE])
    base = alt.Chart(data, height=row_height(names) - (16 if cut else 40)).encode(y=row_axis("step", names))
    layers = [
        base.mark_bar(height=16).encode(
            x=x,
            x2=alt.X2("end:Q"),
            fill=alt.Fill("kind:N", scale=kinds, legend=None),
            tooltip=[alt.Tooltip("step:N"), alt.Tooltip("amount:Q")],
        ),
        base.mark_text(align="left", dx=6).encode(x=alt.X("edge:Q", axis=said), text=alt.Text("label:N")),
    ]
    if cut:
        totals = base.transform_filter("datum.kind == 'total'")
        layers.append(totals.mark_text(text="//", dx=16, fill="white", fontWeight="bold").encode(x=alt.XValue(0)))
    return alt.layer(*layers)


@tested
@requires(frame="month used included over")
def hours_against_allowance(frame: pd.DataFrame | Missing) -> alt.LayerChart | Missing:
    """Draw the hours of retainers by month against what the fees include: month, used, included, over.

    The part of a column that is over is orange; a mark across each column is the allowance.

    Parameters
    ----------
    frame : DataFrame
        One row a month in order, in hours; `included` counts valid roll-over where the contract has it.

    Examples
    --------
    >>> hours = pd.DataFrame({"month": ["2026-07", "2026-08"], "used": [30.0, 55.0], "included": 40.0, "over": [0.0, 15.0]})
    >>> type(hours_against_allowance(hours)).__name__
    'LayerChart'
    """
    if (nothing := nothing_in(frame, "used")) is not None:
        return nothing
    data = floats(frame, "used", "included", "over")
    data.insert(0, "month", month_names(frame["month"]))
    data["within"] = data["used"] - data["over"]
    data["top"] = data[["used", "included"]].max(axis=1)  # a figure on the mark of its allowance could not be read
    data["label"] = [number(value, 0) if value == value else "" for value in data["used"]]
    x = alt.X("month:O", sort=None, axis=month_axis(list(data["month"])), scale=alt.Scale(padding=0.25))
    base = alt.Chart(data, height=HEIGHT).encode(x=x)
    y = alt.Y("used:Q", axis=value_axis("h"), title=None)
    return alt.layer(
        base.mark_bar(fill=ORANGE).encode(
            y=y, tooltip=[alt.Tooltip("month:O"), alt.Tooltip("used:Q"), alt.Tooltip("included:Q")]
        ),
        base.mark_bar().encode(y=alt.Y("within:Q")),
        base.mark_tick(thickness=2.5, color=INK, bandSize=LETTERS * 3).encode(y=alt.Y("included:Q")),
        *(figures_beside(base.encode(y=alt.Y("top:Q")), "label", dy=-10) if len(data) <= 12 else []),
    )

import re
from datetime import date

import altair as alt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from example_pages import deliverables, example_charts, spend
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.show import charts, risk_charts
from acctlib.show.drawing import specification, svg


def drawn(chart) -> list[dict]:
    """Return the rows of every data set in the chart, which must keep to the schema."""
    chart.to_dict()
    return [row for rows in specification(chart)["datasets"].values() for row in rows]


def values(chart, column: str) -> list:
    return [row[column] for row in drawn(chart) if column in row]


def words(chart) -> list[str]:
    return [row[key] for row in drawn(chart) for key in ("note", "label", "text", "from", "to") if key in row]


def test_the_spend_curve_draws_what_it_was_given():
    chart = charts.spend_curve(spend(), 400e3, "GBP")
    assert values(chart, "actual") == [26e3, 57e3, 92e3, 133e3, 176e3, 219e3, 262e3, 304e3, 344e3, None, None, None]
    assert values(chart, "month")[:2] == ["Jan 2026", "Feb 2026"]
    assert values(chart, "level") == [400e3]
    assert words(chart) == ["Agreed £400k", "Used £344k", "Plan", "Forecast range"]


def test_the_spend_curve_draws_no_limit_where_none_is_agreed():
    for none in (None, Missing("no fee is agreed")):
        assert "Agreed" not in " ".join(words(charts.spend_curve(spend(), none, "GBP")))


def test_the_spend_curve_without_plan_or_forecast_draws_the_past():
    chart = charts.spend_curve(spend()[["month", "actual"]], None, "h")
    assert words(chart) == ["Used 344k\xa0h"]


def test_milestones_are_late_only_after_the_present_date():
    rows = drawn(charts.milestones(deliverables(), date(2026, 9, 30)))
    states = {row["deliverable"]: row["state"] for row in rows if "state" in row}
    assert states["Content model"] == "in time"
    assert states["Search beta"] == "late"


def test_milestones_stand_at_midnight_utc_whatever_the_reader_s_time_zone():
    # 8 July 2026 is 20,642 days after 1 January 1970
    assert 20_642 * 86_400_000 in values(charts.milestones(deliverables(), date(2026, 9, 30)), "done")


@pytest.mark.parametrize("rows", [24, 3_000])
def test_any_number_of_deliverables_draws_and_no_picture_is_endless(rows):
    plan = pd.DataFrame(
        {"deliverable": [f"Board report {i}" for i in range(rows)], "due": pd.date_range("2026-01-01", periods=rows)}
    )
    chart = charts.milestones(plan, date(2026, 9, 30))
    names = {row["deliverable"] for row in drawn(chart) if "deliverable" in row}
    assert len(names) == min(rows, 48)
    assert "Board report 272" in names or rows == 24  # due on 30 September
    assert specification(chart)["height"] < 1_300
    assert svg(specification(chart), "plan").count("<text") > 24


def test_marks_stand_on_the_curve():
    curve = pd.DataFrame({"value": [100.0, 200.0], "probability": [0.0, 1.0]})
    chart = risk_charts.s_curve(curve, {"Budget": 130.0, "P80": Missing("no risk")}, "GBP")
    assert values(chart, "amount") == [130.0]
    assert values(chart, "chance") == [pytest.approx(0.3)]
    assert words(chart) == ["Budget £130"]


def test_a_tornado_of_shares_is_in_per_cent():
    chart = risk_charts.tornado(pd.DataFrame({"driver": ["Build", "Content"], "share": [0.75, 0.25]}), "GBP")
    assert words(chart) == ["75\xa0%", "25\xa0%"]


def test_a_waterfall_starts_each_step_where_the_last_one_ended():
    steps = pd.DataFrame({"step": ["Q2", "Price", "Scope", "Q3"], "amount": [100.0, 8.0, -35.0, 73.0]})
    chart = charts.waterfall(steps, "GBP")
    assert list(zip(values(chart, "start"), values(chart, "end"), strict=True)) == [(0, 100), (100, 108), (108, 73), (0, 73)]
    assert words(chart) == ["£100", "+£8", "−£35", "£73"]


def bar_lengths(chart) -> list[float]:
    return [abs(end - start) for start, end in zip(values(chart, "start"), values(chart, "end"), strict=True)]


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_total_is_longer_than_its_steps_and_a_cut_axis_says_so(scale):
    """£31.9k, up by 5.4k and down by 1.9k, starts at nought; steps of a hundredth of that could not be seen and are cut."""
    steps = pd.DataFrame({"step": ["Q1", "price", "scope", "Q2"], "amount": [31.9e3, 5.4e3 / scale, -1.9e3 / scale, 0.0]})
    steps.loc[3, "amount"] = steps["amount"].sum()
    chart = charts.waterfall(steps, "GBP")
    first, *moves, last = bar_lengths(chart)
    assert min(first, last) > max(moves)
    low, high = specification(chart)["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert min(moves) > 0.02 * (high - low)
    picture = svg(specification(chart), "margin")
    cut = scale > 1
    assert (low > 0) == cut
    assert ("the axis does not start at 0" in picture) == cut
    assert picture.count(">//<") == (2 if cut else 0)


def test_a_waterfall_of_a_total_that_did_not_move_draws():
    chart = charts.waterfall(pd.DataFrame({"step": ["Q1", "price", "Q2"], "amount": [100.0, 0.0, 100.0]}), "GBP")
    assert "NaN" not in svg(specification(chart), "margin")


def test_a_waterfall_that_does_not_foot_is_refused():
    with pytest.raises(ValueError, match=r"must be the sum of the others, 108\.00; got 110\.00"):
        charts.waterfall(pd.DataFrame({"step": ["a", "b", "c"], "amount": [100, 8, 110]}), "GBP")


def test_hours_above_the_allowance_are_told_apart():
    months = pd.DataFrame({"month": ["2026-07", "2026-08"], "used": [30, 55], "included": [40, 40], "over": [0, 15]})
    chart = charts.hours_against_allowance(months)
    assert values(chart, "within") == [30, 40]
    assert values(chart, "used") == [30, 55]


def below(chart) -> list[str]:
    """Return the labels of the months below a chart, as they are drawn."""
    picture = BeautifulSoup(svg(specification(chart), "months"), "html.parser")
    drawn_below = [text.get_text(" ") for text in picture("text")]
    return [label for label in drawn_below if re.fullmatch(r"[A-Z][a-z]{2}( \d{4})?", label)]


def test_each_year_is_said_at_its_first_label_though_no_january_is_drawn():
    quarters = ["2024-11", "2025-02", "2025-05", "2025-08", "2025-11", "2026-02", "2026-05"]
    hours = charts.hours_against_allowance(pd.DataFrame({"month": quarters, "used": 30.0, "included": 40.0, "over": 0.0}))
    assert below(hours) == ["Nov 2024", "Feb 2025", "May", "Aug", "Nov", "Feb 2026", "May"]
    two_years = pd.period_range("2025-04", periods=24, freq="M").astype(str)
    spent = charts.spend_curve(pd.DataFrame({"month": two_years, "actual": 1.0}), None, "GBP")
    assert below(spent) == "Apr 2025,Jun,Aug,Oct,Dec,Feb 2026,Apr,Jun,Aug,Oct,Dec,Feb 2027".split(",")


def test_a_year_is_said_in_the_calendar_of_deliverables_too():
    plan = pd.DataFrame({"deliverable": ["a", "b"], "due": pd.to_datetime(["2025-11-05", "2027-03-20"])})
    assert below(charts.milestones(plan, date(2026, 9, 30))) == "Nov 2025,Feb 2026,May,Aug,Nov,Feb 2027".split(",")


def test_a_quarter_without_a_score_keeps_its_place_and_says_so():
    rows = {"label": ["Q1", "Q2", "Q3"], "low": [0.2, None, 0.3], "value": [0.5, None, 0.6], "high": [0.8, None, 0.9]}
    chart = charts.intervals(pd.DataFrame(rows | {"note": [None, "no score", "never shown"]}), "%")
    picture = svg(specification(chart), "scores")
    assert [row["label"] for row in drawn(chart)] == ["Q1", "Q2", "Q3"]
    assert (picture.count(">no score<"), picture.count(">never shown<")) == (1, 0)
    assert "NaN" not in picture
    assert values(charts.intervals(pd.DataFrame(rows), "%"), "label") == ["Q1", "Q3"]


def test_people_at_one_place_are_written_below_each_other_and_those_without_a_place_left_out():
    people = pd.DataFrame({"name": ["A", "B", "C"], "influence": [4, 4, None], "sentiment": [1, 1, 2]})
    chart = charts.stakeholder_grid(people)
    assert sorted(set(words(chart))) == ["A", "B"]
    offsets = {layer["mark"].get("dy") for layer in specification(chart)["layer"] if layer["mark"]["type"] == "text"}
    assert offsets == {-15, -31}


def white_space():
    return pd.DataFrame(
        {
            "business_unit": ["Grocery"] * 3 + ["Legal"] * 3,
            "service_line": ["Brand and content", "Data", "Design"] * 2,
            "state": ["owned", "pipeline", "gap", "not eligible", "unknown", "resting"],
            "low_value": [None, None, 18e3, None, None, None],
            "likely_value": [263e3, 58e3, 26e3, None, None, None],
            "high_value": [None, None, 34.5e3, None, None, None],
        }
    )


def test_every_cell_of_the_white_space_says_its_state_and_its_value_in_words():
    chart = charts.white_space_grid(white_space(), "GBP")
    cells = [row for row in drawn(chart) if "label" in row]
    assert [row["label"] for row in cells] == [
        "owned\n£263k", "pipeline\n£58k", "gap\n£18k–\n£34.5k", "not\neligible", "unknown", "resting"
    ]  # fmt: skip
    assert [row["service_line"] for row in cells[:3]] == ["Brand and\ncontent", "Data", "Design"]
    picture = svg(specification(chart), "white space")
    for word in ("owned", "pipeline", "gap", "eligible", "unknown", "resting", "Grocery", "£34.5k"):
        assert picture.count(f">{word}<") >= 1, word


def test_colours_of_the_white_space_follow_the_state():
    picture = svg(specification(charts.white_space_grid(white_space().iloc[:3], "GBP")), "white space")
    alone = svg(specification(charts.white_space_grid(white_space().iloc[4:], "GBP")), "white space")
    assert charts.PALE in picture
    assert charts.PALE not in alone


@pytest.mark.parametrize(("services", "width"), [(1, 440), (5, 440), (6, 468), (9, 660)])
def test_the_white_space_widens_with_more_services_than_fit(services, width):
    cells = pd.DataFrame({"business_unit": "Grocery", "service_line": [f"S{i}" for i in range(services)], "state": "gap"})
    assert specification(charts.white_space_grid(cells, "GBP"))["width"] == width


def test_a_unit_and_a_service_stand_where_the_frame_puts_them():
    chart = charts.white_space_grid(white_space().iloc[::-1], "GBP")
    encoding = specification(chart)["layer"][0]["encoding"]
    assert encoding["y"]["sort"] == ["Legal", "Grocery"]
    assert encoding["x"]["sort"] == ["Design", "Data", "Brand and\ncontent"]


def test_rows_of_one_name_stay_two_rows():
    chart = charts.bars(pd.DataFrame({"name": ["Site", "Site"], "fee": [1.0, 2.0]}), "name", "fee", "GBP")
    names = [row["name"] for row in drawn(chart) if "name" in row]
    assert len(set(names)) == 2
    assert {name.strip("\N{ZERO WIDTH SPACE}") for name in names} == {"Site"}


@pytest.mark.parametrize("name", sorted(example_charts()))
def test_every_chart_keeps_to_the_schema_that_reports_do_not_hold_it_against(name):
    chart = example_charts()[name]
    assert chart.to_dict()["layer"]  # this holds it against the schema, and raises


def test_what_others_make_of_a_chart_is_held_against_the_schema():
    chart = charts.bars(pd.DataFrame({"name": ["Site"], "fee": [1.0]}), "name", "fee", "GBP")
    assert specification(chart)["layer"]
    chart = chart.copy()
    chart.layer[0].mark.type = "barr"
    with pytest.raises(alt.utils.schemapi.SchemaValidationError):
        specification(chart)


@pytest.mark.parametrize("name", sorted(example_charts()))
def test_no_chart_has_a_title_or_a_legend(name):
    spec = specification(example_charts()[name])
    channels = [channel for layer in spec["layer"] for channel in layer["encoding"].values() if isinstance(channel, dict)]
    coloured = [channel for channel in channels if "range" in channel.get("scale", {})]
    assert "title" not in spec
    assert all(channel["legend"] is None for channel in coloured)


EMPTY = {
    "spend_curve": lambda frame: charts.spend_curve(frame, None, "GBP"),
    "s_curve": lambda frame: risk_charts.s_curve(frame, {}, "GBP"),
    "tornado": lambda frame: risk_charts.tornado(frame, "GBP"),
    "milestones": lambda frame: charts.milestones(frame, date(2026, 9, 30)),
    "columns": lambda frame: charts.columns(frame, "month", "value", "GBP"),
    "bars": lambda frame: charts.bars(frame, "label", "value", "GBP"),
    "intervals": lambda frame: charts.intervals(frame, "GBP"),
    "stakeholder_grid": lambda frame: charts.stakeholder_grid(frame),
    "waterfall": lambda frame: charts.waterfall(frame, "GBP"),
    "white_space_grid": lambda frame: charts.white_space_grid(frame, "GBP"),
    "hours_against_allowance": lambda frame: charts.hours_against_allowance(frame),
}
COLUMNS = (
    "month actual plan low likely high value probability driver share deliverable original_due due done label name"
    " influence sentiment role step amount used included over business_unit service_line state"
    " low_value likely_value high_value"
)


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_nothing_to_draw_is_missing(name):
    empty = pd.DataFrame({column: [] for column in COLUMNS.split()})
    blank = pd.DataFrame({column: [pd.NA] for column in COLUMNS.split()})
    for nothing in (Missing("no data"), pd.DataFrame(), empty, blank):
        assert isinstance(EMPTY[name](nothing), Missing)


def one_row(amount: float) -> pd.DataFrame:
    numbers = "actual plan low likely high value probability share influence sentiment amount used included over".split()
    numbers += ["low_value", "likely_value", "high_value"]
    dates = dict.fromkeys(["original_due", "due", "done"], pd.Timestamp("2026-09-01"))
    texts = dict.fromkeys(
        ["driver", "deliverable", "label", "name", "role", "step", "business_unit", "service_line", "state"], "Site"
    )
    return pd.DataFrame([{"month": "2026-07", **dict.fromkeys(numbers, amount), **dates, **texts}])


@pytest.mark.parametrize("name", sorted(set(EMPTY) - {"waterfall"}))
@pytest.mark.parametrize("amount", [0.0, -1250.0, 1e9])
def test_one_row_of_nothing_less_than_nothing_or_a_billion_draws(name, amount):
    picture = svg(specification(EMPTY[name](one_row(amount))), "one row")
    assert "NaN" not in picture
    assert picture.count("<path") + picture.count("<line") > 0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1e7, 1e7).map(lambda x: round(x, 2)), min_size=1, max_size=12))
def test_columns_draw_every_amount_unchanged_and_in_order(amounts):
    months = [f"2026-{i:02d}" for i in range(1, len(amounts) + 1)]
    chart = charts.columns(pd.DataFrame({"month": months, "fee": amounts}), "month", "fee", "GBP")
    assert values(chart, "y") == amounts
    assert "NaN" not in svg(specification(chart), "fees")


def test_a_column_that_is_not_there_is_named():
    answer = charts.bars(pd.DataFrame({"name": ["a"]}), "name", "fee", "GBP")
    assert answer == Missing("the table has no column fee")


def test_blanks_of_every_kind_are_left_out():
    frame = pd.DataFrame({"name": ["a", "b", None], "fee": pd.array([1.5, pd.NA, 2], dtype="Float64")})
    chart = charts.bars(frame, "name", "fee", "GBP")
    assert values(chart, "amount") == [1.5, 2.0]
    assert np.isfinite(values(chart, "amount")).all()

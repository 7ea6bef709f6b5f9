"""What moved since the last report."""

import pytest

from acctlib.missing import Missing
from acctlib.show.blocks import Figure
from acctlib.show.changes import moved, since

LAST = {
    "as_of": "2026-06-30",
    "period": "2026-Q2",
    "figures": {
        "forecast": {"value": 400e3, "unit": "GBP"},
        "holds": {"value": 0.6, "unit": "fraction"},
        "hours": {"missing": "no time"},
        "tasks": {"value": 3},
    },
}


@pytest.mark.parametrize(
    ("name", "figure", "row"),
    [
        ("forecast", Figure(413e3, "GBP"), ("£400k", "£413k", "+£13k")),
        ("forecast", Figure(400e3, "GBP"), ("£400k", "£400k", "±£0")),
        ("forecast", Figure(Missing("no plan"), "GBP"), ("£400k", "not known", "")),
        ("holds", Figure(0.45, "fraction"), ("60\xa0%", "45\xa0%", "−15 points")),
        ("hours", Figure(12.0, "h"), ("not known", "12\xa0h", "")),
        ("tasks", 5, ("3", "5", "+2")),
    ],
)
def test_a_figure_stands_beside_what_it_was(name, figure, row):
    assert tuple(moved({name: figure}, LAST, **{name: "It"}).loc[0, ["then", "now", "change"]]) == row


def test_amounts_in_another_unit_are_not_compared():
    # Hours until somebody added rates: 400 k hours less 400 k pounds is nothing.
    assert moved({"forecast": Figure(900.0, "h")}, LAST, forecast="It")["then"].tolist() == ["not known"]


def test_a_figure_that_neither_report_knows_is_left_out():
    assert (
        moved({"hours": Figure(Missing("no time"), "h")}, LAST, hours="It").reason
        == "the last report has no figure to compare with"
    )


def test_the_first_report_says_so():
    first = Missing("there is no earlier report to compare with")
    assert moved({"tasks": 5}, first, tasks="It") is first
    assert since(first) == "What moved since the last report"

"""How a file writes numbers, dates and durations is found from all of its cells, and refused where none decides."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.imports.conventions import Conventions, Seen, conventions, date_in, hours_in, number_in

POINT, COMMA = Conventions(decimal="."), Conventions(decimal=",")


def found(dates=(), numbers=()):
    seen = Seen(
        dates={text: (n, "Date") for n, text in enumerate(dates, start=2)},
        numbers={text: (n, "Hours") for n, text in enumerate(numbers, start=2)},
    )
    how, problems = conventions("june.csv", seen)
    return how.dates, how.decimal, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["03/04/2026", "26/01/2026"], "day-first"),
        (["03/04/2026", "01/26/2026"], "month-first"),
        (["03.04.2026"], "day-first"),  # with points the day stands first
        (["2026-04-03"], ""),
        (["04/04/2026"], ""),  # one day in both
        (["01/Jun/26 9:00 AM"], ""),
        (["03/04/2026 10:00:00 PM", "13/04/2026 09:00"], "day-first"),
    ],
)
def test_one_row_decides_the_order_of_dates(dates, order):
    assert found(dates) == (order, "", [])


def test_dates_that_no_row_decides_are_refused_with_both_readings():
    _, _, (problem,) = found(["03/04/2026", "05/06/2026"])
    assert "4 March 2026" in problem
    assert "3 April 2026" in problem
    assert "--dates day-first" in problem
    said = conventions("june.csv", Seen(dates={"03/04/2026": (2, "Date")}), dates="month-first")
    assert said == (Conventions(dates="month-first"), [])


def test_dates_that_clash_are_refused_with_both_rows():
    _, _, (problem,) = found(["26/01/2026", "01/27/2026"])
    assert "'01/27/2026' in row 3" in problem


@pytest.mark.parametrize(
    ("numbers", "mark"),
    [
        (["7,5"], ","),
        (["1.234,50"], ","),
        (["1,234.50"], "."),
        (["1,234,567"], "."),
        (["1\xa0234,5"], ","),
        (["8", "7"], ""),
        (["01:30:00"], ""),
        (["0.333"], "."),
        (["1.333", "7.5"], "."),
    ],
)
def test_one_number_decides_the_decimal_mark(numbers, mark):
    assert found(numbers=numbers) == ("", mark, [])


def test_numbers_that_no_row_decides_are_refused():
    assert "--decimal point" in found(numbers=["1,234"])[2][0]
    assert "decimal comma" in found(numbers=["7,5", "7.5"])[2][0]


@pytest.mark.parametrize(
    ("text", "how", "value"),
    [
        ("$1,234.00", POINT, 1234.0),
        ("(420.81)", POINT, -420.81),
        ("1 234,50", COMMA, 1234.5),
        ("1\u202f234,50\xa0€", COMMA, 1234.5),
        (" EUR 1,947.99 ", POINT, 1947.99),
        ("12-", POINT, -12.0),
        ("1.234", COMMA, 1234.0),
        ("seven", POINT, None),
        ("", POINT, None),
        ("1.2.3", POINT, None),
    ],
)
def test_numbers(text, how, value):
    assert number_in(text, how) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("01:30:00", 1.5),
        ("0:06", 0.1),
        ("26:15:00", 26.25),
        ("1 day, 2:15:00", 26.25),  # a duration of a workbook
        ("2 days, 12:00:00", 60.0),
        ("-1 day, 23:00:00", -1.0),
        ("1900-01-01 02:15:00", 26.25),
        ("1900-01-01", 24.0),
        ("0:05:59.999999", 0.1),
        ("47:06 min", 0.785),
        ("0.79 h", 0.79),
        ("1h 30m", 1.5),
        ("1 h 30 min", 1.5),
        ("45 min", 0.75),
        ("30 sec", 30 / 3600),
        ("2 Std. 15 Min.", 2.25),
        ("-1:30", -1.5),
        ("1d 4h", None),  # a day of how many hours?
        ("01:75", None),
        ("x", None),
        ("", None),
    ],
)
def test_hours(text, value):
    assert hours_in(text, POINT) == (None if value is None else pytest.approx(value, abs=1e-6))


def test_plain_numbers_are_hours_but_in_columns_of_seconds_or_of_parts_of_a_day():
    how = Conventions(decimal=".", units=(("duration", "days"),))
    assert (hours_in("0.0625", how, "duration"), hours_in("0.0625", how, "hours")) == (1.5, 0.0625)
    assert hours_in("5400", how, "seconds") == 1.5
    assert hours_in("01:30", how, "duration") == 1.5
    assert how.words == "decimal point, duration in days"


@given(st.integers(0, 400 * 3600))
def test_every_clock_of_whole_seconds_is_read_as_it_was_written(seconds):
    whole = dt.timedelta(seconds=seconds)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    assert hours_in(clock, POINT) == pytest.approx(seconds / 3600)
    assert hours_in(str(whole), POINT) == pytest.approx(seconds / 3600)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-01", dt.date(2026, 6, 1)),
        ("2026-06-01 09:00", dt.date(2026, 6, 1)),
        ("2026-06-01T09:00:00Z", dt.date(2026, 6, 1)),
        ("01/Jun/26 9:00 AM", dt.date(2026, 6, 1)),
        ("1. Juni 2026", dt.date(2026, 6, 1)),
        ("26.01.2015", dt.date(2015, 1, 26)),
        ("46174", dt.date(2026, 6, 1)),  # a day of a workbook without its format
        ("46174.375", dt.date(2026, 6, 1)),
        ("20260601", dt.date(2026, 6, 1)),
        ("36526", dt.date(2000, 1, 1)),
        ("36525", None),
        ("12345", None),
        ("2026-13-01", None),
        ("Total", None),
        ("", None),
    ],
)
def test_days(text, day):
    assert date_in(text, Conventions(dates="day-first")) == day

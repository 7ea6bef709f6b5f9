"""Fiscal quarters against calendars worked out by hand."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.periods import FiscalYear, add_months, date_range, quarter

YEARS = st.builds(FiscalYear, st.integers(1, 12), st.sampled_from(["start", "end"]))
DAYS = st.dates(date(1995, 1, 1), date(2095, 1, 1))


@pytest.mark.parametrize(
    ("label", "month", "named_by", "start", "end"),
    [
        ("2026-Q3", 1, "start", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-Q3", 1, "end", date(2026, 7, 1), date(2026, 9, 30)),
        ("2027-Q2", 4, "end", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-Q2", 4, "start", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-Q4", 4, "end", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-Q4", 2, "start", date(2026, 11, 1), date(2027, 1, 31)),
        ("2027-Q1", 12, "end", date(2026, 12, 1), date(2027, 2, 28)),
        ("2028-Q1", 12, "end", date(2027, 12, 1), date(2028, 2, 29)),
    ],
)
def test_quarter_has_the_dates_of_the_calendar(label, month, named_by, start, end):
    q = quarter(label, FiscalYear(month, named_by))
    assert (q.start, q.end) == (start, end)


@given(YEARS, DAYS)
def test_every_day_lies_in_exactly_one_quarter_and_labels_read_back(year, day):
    q = year.quarter_of(day)
    assert q.start <= day <= q.end
    assert quarter(q.label, year) == q
    assert q.next.start == q.end + timedelta(days=1)
    assert q.next.previous == q
    assert q.start <= q.end


@given(YEARS, DAYS)
def test_three_months_make_the_quarter_and_four_quarters_the_year(year, day):
    q = year.quarter_of(day)
    assert q.months[0].start == q.start
    assert q.months[2].end == q.end
    assert len({m.label for m in q.months}) == 3
    assert q.next.next.next.next.start == add_months(q.start, 12)


@pytest.mark.parametrize("label", ["2026-Q5", "2026Q3", "Q3 2026", "2026-q3", "", "2026-Q3 ", "0000-Q1", None, "../x"])
def test_a_malformed_period_is_refused_with_the_form_to_write(label):
    with pytest.raises(
        ValueError, match=r"period must be a fiscal quarter such as 2026-Q3, got .*; write year, hyphen, Q1 to Q4"
    ):
        quarter(label)


def test_a_fiscal_year_without_such_a_month_is_refused():
    with pytest.raises(ValueError, match="from 1 to 12, got 13; write 4 for April"):
        FiscalYear(13)
    with pytest.raises(ValueError, match="must be start or end, got 'middle'"):
        FiscalYear(1, "middle")


def test_a_range_across_the_year_end_says_both_years():
    assert date_range(date(2026, 11, 1), date(2027, 1, 31)) == "1 Nov 2026 – 31 Jan 2027"
    assert str(quarter("2026-Q4", FiscalYear(2, "start"))) == "Q4 FY2026 (1 Nov 2026 – 31 Jan 2027)"

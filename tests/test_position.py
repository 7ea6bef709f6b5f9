"""The plain sums, against sums made by hand."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.measures.position import invoiced, recorded_hours, with_billed
from acctlib.missing import Missing

DAYS = pd.to_datetime(["2026-06-30", "2026-07-01", "2026-09-30", "2026-10-01"])


def test_first_and_last_day_count_and_the_days_around_do_not():
    entries = pd.DataFrame({"date": DAYS, "hours": [1.0, 2.0, 4.0, 8.0], "billable": [True, False, True, True]})
    assert recorded_hours(entries, date(2026, 9, 30), date(2026, 7, 1)) == 6.0
    assert recorded_hours(entries, date(2026, 9, 30)) == 7.0
    assert recorded_hours(entries, date(2020, 1, 1)) == 0.0


def test_credit_notes_reduce_what_was_invoiced():
    bills = pd.DataFrame({"issued": DAYS, "amount": [100.0, 50.0, -20.0, 5.0]})
    assert invoiced(bills, date(2026, 9, 30), date(2026, 7, 1)) == 30.0
    assert invoiced(bills, date(2026, 9, 30)) == 130.0


@given(st.lists(st.floats(0, 24), min_size=1, max_size=20), st.randoms())
def test_order_does_not_matter_and_quarters_sum_to_the_whole(hours, random):
    days = pd.date_range("2026-05-01", periods=len(hours), freq="9D")
    entries = pd.DataFrame({"date": days, "hours": hours})
    shuffled = entries.sample(frac=1, random_state=random.randint(0, 9))
    whole = recorded_hours(shuffled, date(2026, 12, 31))
    parts = recorded_hours(entries, date(2026, 6, 30)) + recorded_hours(entries, date(2026, 12, 31), date(2026, 7, 1))
    assert whole == pytest.approx(parts)


def test_what_is_not_recorded_is_not_zero():
    assert recorded_hours(Missing("no file"), date(2026, 9, 30)) == Missing("no file")
    assert invoiced(Missing("no file"), date(2026, 9, 30)) == Missing("no file")


def test_pass_through_is_no_fee_and_a_project_without_a_bill_has_billed_nothing():
    bills = pd.DataFrame({"project": ["a"], "issued": DAYS[:1], "amount": [80.0], "pass_through": [30.0]})
    assert with_billed(pd.DataFrame({"project": ["a", "b"]}), bills, date(2026, 9, 30))["billed"].tolist() == [50.0, 0.0]


def test_an_invoice_of_a_later_day_is_not_billed_yet():
    bills = pd.DataFrame({"project": ["a"], "issued": DAYS[3:], "amount": [80.0]})
    assert with_billed(pd.DataFrame({"project": ["a"]}), bills, date(2026, 9, 30))["billed"].tolist() == [0.0]


def test_without_invoices_nothing_is_said_about_billing():
    assert with_billed(pd.DataFrame({"project": ["a"]}), Missing("no file"), date(2026, 9, 30))["billed"].isna().all()
    assert with_billed(Missing("no project"), Missing("no file"), date(2026, 9, 30)) == Missing("no project")

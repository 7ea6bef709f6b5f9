from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.receivables import (
    ageing,
    days_sales_outstanding,
    days_to_pay,
    in_currency,
    invoiced_by_period,
    open_invoices,
    overdue,
    receivables,
)
from acctlib.missing import Missing
from acctlib.periods import Quarter

DAY = date(2026, 9, 30)
THIRD = Quarter(2026, 3)
COLUMNS = ["invoice", "project", "kind", "issued", "due", "paid_on", "amount", "tax", "paid", "pass_through"]


def invoices(*rows):
    frame = pd.DataFrame(rows, columns=COLUMNS)
    money = dict.fromkeys(["amount", "tax", "paid", "pass_through"], float)
    return frame.astype(money).assign(**{c: pd.to_datetime(frame[c]) for c in ("issued", "due", "paid_on")})


def bill(number="1", issued="2026-07-01", due="2026-07-31", amount=10_000, **changes):
    row = {"invoice": number, "project": "app", "kind": "invoice", "issued": issued, "due": due, "paid_on": None}
    row |= {"amount": amount, "tax": 0, "paid": 0, "pass_through": 0} | changes
    return tuple(row[c] for c in COLUMNS)


def test_a_quarter_of_billing_by_hand():
    # net 10 000 with 2 000 media, credit -1 000, a deposit of 5 000 apart; 30 June and 1 October lie outside
    bills = invoices(
        bill(issued="2026-07-01", pass_through=2_000, tax=2_000),
        bill(issued="2026-09-30", amount=-1_000, kind="credit_note"),
        bill(issued="2026-08-01", amount=5_000, kind="deposit"),
        bill(issued="2026-06-30"),
        bill(issued="2026-10-01"),
    )
    row = invoiced_by_period(bills, [THIRD]).iloc[0]
    assert row[["fees", "pass_through", "invoiced", "deposits"]].tolist() == [7_000, 2_000, 9_000, 5_000]


def test_a_quarter_of_credit_notes_only_is_negative():
    bills = invoices(bill(amount=-1_000, kind="credit_note"))
    assert invoiced_by_period(bills, [THIRD])["fees"].tolist() == [-1_000]


def test_months_add_up_to_their_quarter():
    bills = invoices(bill(issued="2026-07-31"), bill(issued="2026-08-01"), bill(issued="2026-09-30", amount=-500))
    months, quarter = invoiced_by_period(bills, THIRD.months), invoiced_by_period(bills, [THIRD])
    assert months["invoiced"].sum() == quarter["invoiced"].sum() == 19_500


@pytest.mark.parametrize(
    ("changes", "outstanding"),
    [
        ({"paid": 5_000}, 7_000),
        ({"paid_on": "2026-09-01", "paid": 12_000}, 0),
        ({"paid_on": "2026-09-01"}, 0),
        ({"paid_on": "2026-10-05", "paid": 12_000}, 12_000),  # paid after the day: still open on it
        ({"paid": 12_000}, 0),
        ({"issued": "2026-10-01"}, 0),  # not issued yet
    ],
)
def test_what_is_owed_is_gross_less_what_was_paid_by_the_day(changes, outstanding):
    assert receivables(invoices(bill(tax=2_000, **changes)), DAY) == outstanding


def test_a_credit_note_reduces_what_is_owed_and_is_never_overdue():
    bills = invoices(bill(), bill("2", amount=-4_000, kind="credit_note"))
    assert receivables(bills, DAY) == 6_000
    assert overdue(bills, DAY)["invoice"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("due", "days", "bucket"),
    [
        ("2026-10-01", 0, "not due"),
        ("2026-09-30", 0, "not due"),
        ("2026-09-29", 1, "1–30 days"),
        ("2026-08-31", 30, "1–30 days"),
        ("2026-08-30", 31, "31–60 days"),
        ("2026-07-31", 61, "61–90 days"),
        ("2026-07-01", 91, "over 90 days"),
    ],
)
def test_an_invoice_ages_from_its_due_date(due, days, bucket):
    bills = invoices(bill(issued="2026-06-01", due=due))
    assert open_invoices(bills, DAY)["days_overdue"].tolist() == [days]
    buckets = ageing(bills, DAY)
    assert buckets.loc[buckets["invoices"] == 1, "bucket"].tolist() == [bucket]


def test_an_invoice_without_due_date_is_owed_and_never_overdue():
    bills = invoices(bill(issued="2026-01-20", due=None))
    assert ageing(bills, DAY).iloc[-1].tolist() == ["no due date", 1, 10_000]
    assert overdue(bills, DAY).empty


def test_invoices_that_say_nothing_of_payment_are_not_all_owed():
    bills = invoices(bill()).drop(columns=["paid", "paid_on"])
    assert receivables(bills, DAY) == Missing("the invoices do not say what was paid", "add paid or paid_on to invoices")
    assert not ageing(bills, DAY)
    assert not days_sales_outstanding(bills, DAY)


def test_overdue_by_more_than_a_number_of_days():
    bills = invoices(bill("1", due="2026-08-01"), bill("2", due="2026-07-31"))
    assert overdue(bills, DAY, 60)["invoice"].tolist() == ["2"]


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 250), st.integers(-5_000, 20_000)), min_size=1, max_size=10))
def test_the_buckets_add_up_to_what_is_owed(rows):
    start = pd.Timestamp("2026-02-01")
    bills = invoices(*(bill(str(i), due=start + pd.Timedelta(days=d), amount=a, issued=start) for i, (d, a) in enumerate(rows)))
    assert ageing(bills, DAY)["outstanding"].sum() == receivables(bills, DAY) == sum(a for _, a in rows)


def test_days_to_pay_weigh_by_amount():
    # (30 000 x 30 + 10 000 x 70) / 40 000 = 40; the open, the credited and the long past one don't count
    bills = invoices(
        bill(issued="2026-06-01", paid_on="2026-07-01", amount=25_000, tax=5_000),
        bill(issued="2026-06-01", paid_on="2026-08-10"),
        bill(issued="2026-06-01"),
        bill(issued="2026-06-01", paid_on="2026-09-01", amount=-5_000, kind="credit_note"),
        bill(issued="2024-06-01", paid_on="2024-12-01"),
    )
    assert days_to_pay(bills, DAY) == 40


def test_nothing_paid_has_no_days_to_pay():
    assert days_to_pay(invoices(bill()), DAY) == Missing("no invoice was paid in the 365 days to 2026-09-30")


def test_days_sales_outstanding_by_hand():
    # 12 000 gross owed of 36 000 gross billed in the 90 days to 30 September: 12 000 / 400 a day
    bills = invoices(
        bill(issued="2026-07-03", amount=20_000, tax=4_000, paid_on="2026-08-01"),
        bill(issued="2026-09-01", tax=2_000),
        bill(issued="2026-07-02", amount=99_000, paid_on="2026-08-01"),
    )
    assert days_sales_outstanding(bills, DAY) == 30


def test_nothing_billed_has_no_days_sales_outstanding():
    assert not days_sales_outstanding(invoices(bill(issued="2026-01-01")), DAY)
    assert not days_sales_outstanding(invoices(bill(amount=-10)), DAY)


@pytest.mark.parametrize(
    "measure",
    [
        lambda bills: receivables(bills, DAY),
        lambda bills: ageing(bills, DAY),
        lambda bills: overdue(bills, DAY),
        lambda bills: days_to_pay(bills, DAY),
        lambda bills: days_sales_outstanding(bills, DAY),
        lambda bills: invoiced_by_period(bills, [THIRD]),
    ],
)
def test_two_currencies_are_never_added(measure):
    bills = invoices(bill(), bill("2")).assign(currency=["GBP", "EUR"])
    assert measure(bills).reason == "the invoices are in EUR and GBP"
    assert measure(Missing("there is no file invoices")) == Missing("there is no file invoices")


def test_in_one_currency_by_the_average_rate_of_the_month_of_issue():
    rates = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-07-31", "2026-08-31"]),
            "from": "EUR",
            "to": "GBP",
            "kind": "average",
            "rate": [0.80, 0.90],
            "source": "invented",
        }
    )
    bills = invoices(bill(tax=2_000), bill("2")).assign(currency=["EUR", None])
    assert receivables(in_currency(bills, "GBP", rates), DAY) == 12_000 * 0.80 + 10_000
    assert "no average rate from EUR to GBP" in str(receivables(in_currency(bills, "GBP", Missing("none")), DAY))


def test_the_order_of_invoices_does_not_matter():
    bills = invoices(bill("1", due="2026-08-01"), bill("2", due="2026-08-01"), bill("3", due="2026-07-01"))
    pd.testing.assert_frame_equal(open_invoices(bills, DAY), open_invoices(bills.iloc[::-1], DAY))
    assert open_invoices(bills, DAY)["invoice"].tolist() == ["3", "1", "2"]

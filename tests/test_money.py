"""Amounts: never added across currencies in silence, never rounded so that a total does not foot."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.currencies import CURRENCIES
from acctlib.missing import Missing
from acctlib.money import convert, exchange_rate, rounded_to_foot

RATES = pd.DataFrame(
    {
        "date": pd.to_datetime(["2026-07-31", "2026-08-31", "2026-08-31"]),
        "from": ["EUR", "EUR", "EUR"],
        "to": ["GBP", "GBP", "GBP"],
        "kind": ["average", "average", "closing"],
        "rate": [0.80, 0.90, 0.95],
        "source": ["invented", "invented", "invented"],
    }
)


@given(st.lists(st.floats(-1e7, 1e7, allow_nan=False), min_size=1, max_size=40), st.integers(-3, 2))
def test_rounded_parts_foot_to_the_rounded_total_and_move_less_than_one_unit(amounts, digits):
    parts = rounded_to_foot(np.array(amounts), digits)
    unit = 10.0**-digits
    assert abs(parts.sum() - sum(amounts)) <= unit * 0.5 + 1e-6
    assert np.all(np.abs(parts - amounts) <= unit * (1 + 1e-9))


def test_a_blank_part_stays_blank_and_counts_as_nothing():
    assert rounded_to_foot(np.array([1.5, np.nan, 1.5]))[[0, 2]].sum() == 3
    assert np.isnan(rounded_to_foot(np.array([1.5, np.nan]))[1])


@pytest.mark.parametrize(
    ("day", "kind", "rate"),
    [
        (date(2026, 7, 2), "average", 0.80),  # the month's average is known by its last day
        (date(2026, 8, 31), "average", 0.90),
        (date(2026, 10, 1), "average", 0.90),  # the newest one
        (date(2026, 9, 1), "closing", 0.95),
    ],
)
def test_the_rate_is_the_newest_not_after_the_day(day, kind, rate):
    assert exchange_rate(RATES, "EUR", "GBP", day, kind) == rate
    assert exchange_rate(RATES, "GBP", "EUR", day, kind) == pytest.approx(1 / rate)


def test_a_missing_rate_names_the_row_to_add():
    answer = exchange_rate(RATES, "EUR", "USD", date(2026, 8, 1))
    assert answer.reason == "there is no average rate from EUR to USD for 2026-08-01"
    assert "2026-08-01,EUR,USD,average,<rate>,<source>" in answer.remedy
    assert not exchange_rate(RATES, "EUR", "GBP", date(2026, 8, 1), "closing")
    assert not exchange_rate(Missing("no table"), "EUR", "GBP", date(2026, 8, 1))


@pytest.mark.parametrize(
    ("kind", "last", "first_without"),
    [("average", "2026-03-31", "2026-04-01"), ("closing", "2026-04-02", "2026-04-03"), ("budget", "2027-01-31", "2027-02-01")],
)
def test_a_rate_holds_two_months_and_a_budget_rate_its_year(kind, last, first_without):
    rates = pd.DataFrame(
        {"date": pd.to_datetime(["2026-01-30"]), "from": "EUR", "to": "GBP", "kind": kind, "rate": [0.8], "source": "bank"}
    )
    assert exchange_rate(rates, "EUR", "GBP", date.fromisoformat(last), kind) == 0.8
    assert isinstance(exchange_rate(rates, "EUR", "GBP", date.fromisoformat(first_without), kind), Missing)


def test_foreign_rows_are_converted_and_own_rows_untouched():
    invoices = pd.DataFrame(
        {"issued": pd.to_datetime(["2026-08-10", "2026-08-11"]), "amount": [100.0, 50.0], "currency": ["EUR", None]}
    )
    same = convert(invoices, ["amount"], "issued", "GBP", RATES)
    assert same["amount"].tolist() == [90.0, 50.0]
    assert same["currency"].tolist() == ["GBP", "GBP"]
    assert invoices["amount"].tolist() == [100.0, 50.0]


def test_one_rate_missing_means_no_sum_at_all():
    invoices = pd.DataFrame({"issued": pd.to_datetime(["2026-08-10"] * 2), "amount": [1.0, 2.0], "currency": ["EUR", "USD"]})
    assert isinstance(convert(invoices, ["amount"], "issued", "GBP", RATES), Missing)


def test_a_foreign_amount_without_a_date_is_never_passed_on_as_converted():
    deals = pd.DataFrame({"close_date": [pd.NaT], "amount": [1.0], "currency": ["EUR"]})
    answer = convert(deals, ["amount"], "close_date", "GBP", RATES)
    assert answer == Missing("an amount in EUR has no date to choose a rate by", "fill in close_date")


def test_a_rate_of_zero_is_no_rate_and_absent_columns_are_passed_over():
    assert not exchange_rate(RATES.assign(rate=0.0), "GBP", "EUR", date(2026, 8, 1))
    invoices = pd.DataFrame(
        {"issued": pd.to_datetime(["2026-08-10"] * 2), "amount": [1.0, 2.0], "currency": ["EUR", None]}, index=[7, 7]
    )
    assert convert(invoices, ["amount", "tax"], "issued", "GBP", RATES)["amount"].tolist() == [0.9, 2.0]


def test_codes_are_iso_4217():
    assert {"GBP", "EUR", "USD", "JPY", "CHF"} <= CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert "DEM" not in CURRENCIES

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.show.numerals import (
    FORMATS,
    day,
    formatted,
    hours,
    money,
    money2,
    money_range,
    number,
    percent,
    percent_range,
    printed_forms,
    short_money,
)

AMOUNTS = st.floats(-1e9, 1e9, allow_nan=False)


@pytest.mark.parametrize("blank", [None, np.nan, pd.NA, pd.NaT, float("inf"), -float("inf"), "", Missing("no data")])
@pytest.mark.parametrize("how", sorted(FORMATS))
def test_what_is_not_defined_is_an_en_dash_in_every_format(blank, how):
    assert formatted(blank, how, "GBP") == "–"


@pytest.mark.parametrize(
    ("amount", "short"),
    [
        (0, "£0"),
        (-0.2, "£0"),
        (999.4, "£999"),
        (999.5, "£1k"),
        (12_345, "£12.3k"),
        (999_499, "£999k"),
        (999_500, "£1m"),
        (2.5e9, "£2.5bn"),
    ],
)
def test_a_short_amount_steps_up_after_rounding(amount, short):
    assert short_money(amount, "GBP") == short


@given(AMOUNTS)
def test_a_short_amount_is_within_half_of_its_last_digit(amount):
    text = short_money(amount, "").replace("−", "-")
    factor = {"k": 1e3, "m": 1e6, "n": 1e9}.get(text[-1], 1)
    value = float(text.rstrip("kmbn")) * factor
    assert abs(value - amount) <= max(0.5, 0.00501 * abs(amount))


@given(AMOUNTS)
def test_a_full_amount_reads_back_to_the_unit(amount):
    assert float(money(amount, "").replace(",", "").replace("−", "-")) == pytest.approx(amount, abs=0.5)


def test_a_range_says_its_letter_once_and_never_runs_backwards_with_a_minus():
    assert money_range(1.0e6, 1.2e6, "EUR") == "€1–1.2m"
    assert money_range(950, 1_200, "GBP") == "£950–£1.2k"
    assert money_range(-5e3, -2e3, "GBP") == "−£5k to −£2k"
    assert money_range(400e3, 400.1e3, "GBP") == "£400k"
    assert money_range(100, 900, "CHF") == "CHF\xa0100–900"


def test_small_percentages_keep_one_digit():
    assert [percent(value) for value in (0.024, 0.06, 0.0996, 0.1, 1.5, -0.004, 0)] == [
        f"{text}\xa0%" for text in ("2.4", "6", "10", "10", "150", "−0.4", "0")
    ]


def test_a_range_of_fractions_is_in_per_cent():
    assert percent_range(0.526, 0.978) == "53–98\xa0%"


def test_dates_of_every_kind_read_alike():
    assert day(date(2026, 7, 8)) == day(pd.Timestamp("2026-07-08 13:00")) == "8\xa0Jul\xa02026"


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"must be one of text, word, state, date, .*; got 'pounds'"):
        formatted(1, "pounds", "GBP")


@given(AMOUNTS)
def test_every_way_an_amount_is_printed_is_among_its_printed_forms(amount):
    forms = printed_forms(amount)
    bare = [money(amount, ""), money2(amount, ""), short_money(amount, ""), number(amount), hours(amount).removesuffix("\xa0h")]
    assert {text.lstrip("−") for text in bare} <= forms


@given(st.floats(-99, 99))
def test_every_way_a_fraction_is_printed_is_among_its_printed_forms(fraction):
    printed = [percent(fraction, digits) for digits in (None, 0, 1, 2)]
    assert {text.lstrip("−").removesuffix("\xa0%") for text in printed} <= printed_forms(fraction)


def test_printed_forms_of_a_date_a_pair_and_nothing():
    assert {"8 Jul 2026", "2026-07-08"} <= printed_forms(pd.Timestamp("2026-07-08"))
    assert {"422k", "465k"} <= printed_forms((422e3, 465e3))
    assert printed_forms(np.nan) == printed_forms(None) == set()

"""One column: what is accepted, as which type, and what is refused."""

import unicodedata

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.tables.columns import typed_column
from acctlib.tables.dictionary import Column


def read(kind, *cells, **options):
    values, faults = typed_column(Column("cell", kind, "what it is", **options), pa.chunked_array([cells], type=pa.string()))
    return pd.Series(values), faults


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("text", "str"),
        ("key", "str"),
        ("list", "str"),
        ("choice", "str"),
        ("currency", "str"),
        ("date", "datetime64[us]"),
        ("number", "float64"),
        ("hours", "float64"),
        ("money", "float64"),
        ("percent", "float64"),
        ("whole", "Int64"),
        ("yes_no", "boolean"),
    ],
)
def test_a_column_of_blanks_has_its_type_and_no_faults(kind, dtype):
    values, faults = read(kind, "", "  ", "\xa0", choices=("a",))
    assert values.dtype == dtype
    assert values.isna().all()
    assert faults == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [("7.5", 7.5), (" 7.5 ", 7.5), ("-0.5", -0.5), (".5", 0.5), ("5.", 5.0), ("007", 7.0), ("+5", 5.0), ("1E+05", 100000.0)],
)
def test_a_number_has_one_reading(text, value):
    values, faults = read("number", text)
    assert (values[0], faults) == (value, {})


def test_a_percentage_becomes_a_fraction():
    values, _ = read("percent", "80", "12.5", "0", "100", low=0, high=100)
    assert list(values) == [0.8, 0.125, 0.0, 1.0]


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("-2", -2), ("3.0", 3)])
def test_a_whole_number_is_whole(text, value):
    assert read("whole", text)[0][0] == value


@pytest.mark.parametrize("text", ["yes", "Yes", "Y", "TRUE", "true", "1", "no", "N", "False", "0"])
def test_yes_and_no_in_their_usual_spellings(text):
    values, faults = read("yes_no", text)
    assert faults == {}
    assert values[0] == (text.casefold()[0] in "yt1")


@pytest.mark.parametrize("text", ["2026-09-30", "2026-09-30 00:00", "2026-09-30T00:00:00", "2026-09-30 00:00:00.000000"])
def test_a_date_may_carry_midnight(text):
    values, faults = read("date", text)
    assert (values[0], faults) == (pd.Timestamp("2026-09-30"), {})


NUMBER, TIME = {"low": 0}, {"low": 0, "high": 24}


@pytest.mark.parametrize(
    ("kind", "text", "options", "fault"),
    [
        ("hours", "7,5", TIME, ("decimal comma", "write 7.5")),
        ("hours", "25", TIME, ("must lie between 0 and 24", "write hours as 7.5, from 0 to 24")),
        ("hours", "-1", TIME, ("must lie between 0 and 24", "write hours as 7.5, from 0 to 24")),
        ("number", "-1", NUMBER, ("must be at least 0", "write a number as 1234.5, not less than 0")),
        ("percent", "101", {"low": 0, "high": 100}, (
            "must lie between 0 and 100", "write a percentage 0-100, no sign, from 0 to 100")),
        ("whole", "2.5", {}, ("not a whole number", "write a whole number")),
        ("hours", "1e14", {}, ("larger than any sum of money", "write hours as 7.5")),
        ("hours", "1" * 400, {}, ("larger than any sum of money", "write hours as 7.5")),
        ("money", "nan", {}, ("a word for a blank", "leave the cell empty")),
        ("money", "n/a", {}, ("a word for a blank", "leave the cell empty")),
        ("date", "TBC", {"required": True}, ("a word for a blank", "write what it is")),
        ("date", "1899-12-30", {}, ("no date between 1990 and 2100", "write a date as 2026-09-30")),
        ("date", "2206-09-30", {}, ("no date between 1990 and 2100", "write a date as 2026-09-30")),
        ("date", "2026-09-30 14:30", {}, ("a date with a time of day", "write 2026-09-30")),
        ("yes_no", "ja", {}, ("neither yes nor no", "write yes or no")),
        ("choice", "Fixed fee", {"choices": ("fixed_fee", "capped")}, ("not one of the listed words", "write fixed_fee")),
        ("choice", "xyz", {"choices": ("fixed_fee", "capped")}, ("not one of the listed words", "write fixed_fee or capped")),
        ("currency", "gbp", {}, ("not an ISO currency code", "write GBP")),
        ("key", "two\nlines", {}, ("a line break or tab", "write the name on one line")),
        ("text", "bell\x07", {}, ("a control character, which no page can show", "delete it")),
        ("text", "nul\x00", {}, ("a control character, which no page can show", "delete it")),
        ("text", "\x1b[31m", {}, ("a control character, which no page can show", "delete it")),
        ("text", "\x85 in the middle\x9f of text", {}, ("a control character, which no page can show", "delete it")),
    ],
)  # fmt: skip
def test_a_cell_with_no_sure_reading_is_refused(kind, text, options, fault):
    good = {"hours": "8", "choice": "capped", "currency": "GBP", "yes_no": "no", "date": "2026-01-01"}.get(kind, "1")
    _, faults = read(kind, good, text, "", text, **options)
    assert faults == {1: fault, 3: fault}


def test_blanks_around_a_value_and_the_form_of_accents_make_no_difference():
    composed, decomposed = "Zo\u00eb", unicodedata.normalize("NFD", "Zo\u00eb")
    values, faults = read("key", composed, f" {decomposed}\u00a0", "Zo")
    assert list(values) == [composed, composed, "Zo"]
    assert faults == {}


def test_text_keeps_its_line_breaks_and_leading_signs():
    texts = ["two\nlines", "=1+1", "-5", "@home", "<script>", "a  b"]
    assert list(read("text", *texts)[0]) == texts


def test_values_in_several_chunks_keep_their_rows():
    cells = pa.chunked_array([["1", "x"], [], ["2"], ["x", "1"]], type=pa.string())
    values, faults = typed_column(Column("cell", "number", "what it is"), cells)
    np.testing.assert_array_equal(values, [1, np.nan, 2, np.nan, 1])
    assert list(faults) == [1, 3]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1))
def test_every_number_python_writes_is_read_back_exactly(numbers):
    values, faults = read("number", *map(repr, numbers))
    assert faults == {}
    assert list(values) == numbers


@given(st.lists(st.dates(min_value=pd.Timestamp("1990-01-01").date(), max_value=pd.Timestamp("2100-12-31").date()), min_size=1))
def test_every_date_is_read_back(dates):
    values, faults = read("date", *map(str, dates))
    assert faults == {}
    assert [value.date() for value in values] == dates


@given(st.text(max_size=12), st.sampled_from(["date", "number", "whole", "yes_no"]))
def test_any_text_is_a_blank_a_value_or_a_fault(text, kind):
    values, faults = read(kind, text)
    if text.strip():
        assert bool(faults) == bool(values.isna()[0])
    else:
        assert (bool(values.isna()[0]), faults) == (True, {})


@given(st.text(max_size=12) | st.sampled_from(["gap", "not_eligible", "GAP", " gap"]))
def test_only_the_listed_words_are_choices(text):
    _, faults = read("choice", text, choices=("gap", "not_eligible"))
    assert bool(faults) == (text.strip() not in ("", "gap", "not_eligible"))

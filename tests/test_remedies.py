"""Bad text -> what is wrong, what to write. Each line is a habit seen in an export, a spreadsheet or a country."""

import pytest

from acctlib.currencies import CURRENCIES
from acctlib.tables.dictionary import Column
from acctlib.tables.remedies import currency_remedy, date_remedy, number_remedy

COST = Column("cost", "money", "what it cost us")
HOURS = Column("hours", "hours", "hours worked that day")
MONEY_FORM = "write an amount as 1234.50, no currency sign, no thousands separator"
MINUS = "a minus written as brackets, behind the number or as a dash"


@pytest.mark.parametrize(
    ("text", "what", "write"),
    [
        ("7,5", "decimal comma", "write 7.5"),
        ("-7,5", "decimal comma", "write -7.5"),
        (",5", "decimal comma", "write .5"),
        ("1234,5678", "decimal comma", "write 1234.5678"),
        ("0,125", "decimal comma", "write 0.125"),
        ("1,234", "a comma that may stand for thousands or for decimals", "write 1234 or 1.234"),
        ("1,234.50", "thousands separator", "write 1234.50"),
        ("1,234,567", "thousands separator", "write 1234567"),
        ("12,34,567.00", "thousands separator", "write 1234567.00"),  # lakh and crore
        ("1.234,50", "thousands separator, decimal comma", "write 1234.50"),
        ("1.234.567", "thousands separator", "write 1234567"),
        ("1 234", "thousands separator", "write 1234"),
        ("1 234,50", "thousands separator, decimal comma", "write 1234.50"),
        ("1\xa0234,50", "thousands separator, decimal comma", "write 1234.50"),
        ("1\u202f234,50", "thousands separator, decimal comma", "write 1234.50"),
        ("1'234.50", "thousands separator", "write 1234.50"),
        ("£1,234.50", "currency sign, thousands separator", "write 1234.50"),
        ("$125000", "currency sign", "write 125000"),
        ("1234.50 €", "currency sign", "write 1234.50"),
        ("GBP 1234", "currency sign", "write 1234"),
        ("1234 EUR", "currency sign", "write 1234"),
        ("30%", "percent sign", "write 30"),
        ("30 %", "percent sign", "write 30"),
        ("(420.81)", MINUS, "write -420.81"),
        ("420.81-", MINUS, "write -420.81"),
        ("−5", MINUS, "write -5"),
        ("$(420.81)", f"currency sign, {MINUS}", "write -420.81"),
        ("180 hrs", "the unit hrs", "write 180"),
        ("7.5h", "the unit h", "write 7.5"),
        ("£12k", "not a number", MONEY_FORM),
        ("1:30", "hours and minutes", "write 1.5"),
        ("07:30:00", "hours and minutes", "write 7.5"),
        ("26:10", "hours and minutes", "write 26.17"),
        ("seven", "not a number", MONEY_FORM),
        ("1e", "not a number", MONEY_FORM),
        ("1.2.3", "not a number", MONEY_FORM),
        ("inf", "not a number", MONEY_FORM),
        ("7/8", "not a number", MONEY_FORM),
        ("=1+1", "not a number", MONEY_FORM),
        ("٧", "not a number", MONEY_FORM),
    ],
)
def test_a_number_in_another_habit_is_put_into_ours(text, what, write):
    assert number_remedy(text, COST) == (what, write)


def test_the_form_of_a_number_follows_its_unit():
    assert number_remedy("long", HOURS) == ("not a number", "write hours as 7.5")


@pytest.mark.parametrize(
    ("text", "what", "write"),
    [
        ("03/04/2026", "an ambiguous date", "write 2026-04-03 or 2026-03-04"),
        ("3.4.2026", "an ambiguous date", "write 2026-04-03 or 2026-03-04"),
        ("03-04-26", "an ambiguous date", "write 2026-04-03 or 2026-03-04"),
        ("26.01.2015", "a date with the day in front", "write 2015-01-26"),
        ("01/26/2015", "a date with the month in front", "write 2015-01-26"),
        ("05/05/2026", "a date with the day in front", "write 2026-05-05"),
        ("2026/9/3", "not in the form 2026-09-30", "write 2026-09-03"),
        ("2026-9-3", "not in the form 2026-09-30", "write 2026-09-03"),
        ("20260930", "not in the form 2026-09-30", "write 2026-09-30"),
        ("30 Sep 2026", "a date in words", "write 2026-09-30"),
        ("30-Sep-26", "a date in words", "write 2026-09-30"),
        ("September 30, 2026", "a date in words", "write 2026-09-30"),
        ("2026-09-30 14:30", "a date with a time of day", "write 2026-09-30"),
        ("2026-09-30T14:30:00Z", "a date with a time of day", "write 2026-09-30"),
        ("46295", "a spreadsheet's number of a day", "write 2026-09-30"),
        ("46295.6", "a spreadsheet's number of a day", "write 2026-09-30"),
        ("2026-02-30", "no day of the calendar", "write a date as 2026-09-30"),
        ("31/02/2026", "no day of the calendar", "write a date as 2026-09-30"),
        ("2026-13-01", "no day of the calendar", "write a date as 2026-09-30"),
        ("Q3 2026", "not a date", "write a date as 2026-09-30"),
        ("2026-Q3", "not a date", "write a date as 2026-09-30"),
        ("end of May", "not a date", "write a date as 2026-09-30"),
        ("99 Sep 2026", "not a date", "write a date as 2026-09-30"),
        ("soon", "not a date", "write a date as 2026-09-30"),
    ],
)
def test_a_date_in_another_habit_is_put_into_ours_and_both_readings_are_named(text, what, write):
    assert date_remedy(text) == (what, write)


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("British Pound - GBP", "write GBP"),
        ("gbp", "write GBP"),
        ("£", "write GBP"),
        ("€", "write EUR"),
        ("$", "write three letters such as GBP"),
        ("USD/EUR", "write three letters such as GBP"),
        ("Euro", "write three letters such as GBP"),
        ("XXZ", "write three letters such as GBP"),
    ],
)
def test_a_currency_is_named_where_only_one_can_be_meant(text, write):
    assert currency_remedy(text, CURRENCIES) == ("not an ISO currency code", write)

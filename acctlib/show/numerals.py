"""How numbers, dates and ranges are written: the one place where a figure becomes letters.

Ratios are fractions everywhere else and become per cent only here. Amounts are short in headlines (£344k) and full in
tables (£344,120). A minus is a true minus (−), figures and their units never part at a line's end, and what is not defined is
an en dash, because a blank could be read as zero. `printed_forms` lists every way in which a value can stand on a page; the
check that keeps internal values out of a client's page searches for exactly these.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date

from acctlib.currencies import CURRENCIES, symbol
from acctlib.missing import Missing
from acctlib.periods import long_date

__all__ = [
    "FORMATS",
    "NOT_DEFINED",
    "amount",
    "chance",
    "day",
    "formatted",
    "hours",
    "money",
    "money2",
    "money_range",
    "number",
    "percent",
    "percent_range",
    "printed_forms",
    "short_money",
]

NOT_DEFINED = "–"
_HARD_BLANK = "\N{NO-BREAK SPACE}"


def _blank(value: object) -> bool:
    """Tell whether there is no value: None, Missing, NaN, NaT, NA or an infinity, which no reader can use."""
    if value is None or isinstance(value, Missing):
        return True
    if isinstance(value, (list, tuple)):
        return not value or any(_blank(part) for part in value)
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (int, float)):
        return isinstance(value, float) and not math.isfinite(value)
    from pandas import isna  # only tables hold anything else

    return bool(isna(value))


def _signed(amount: float, digits: int) -> str:
    text = f"{abs(amount):,.{digits}f}"
    return f"−{text}" if amount < 0 and text.strip("0.,") else text


def _with_symbol(text: str, currency: str) -> str:
    sign = symbol(currency) if currency else ""
    return f"−{sign}{text[1:]}" if text.startswith("−") else f"{sign}{text}"


def number(value: float, digits: int | None = None) -> str:
    """Return a plain number, with thousands parted by commas.

    Parameters
    ----------
    value : float
        The number, or what stands for none.
    digits : int, optional
        Digits after the point. Without it a whole number has none, one of at least 100 has none, others up to two.

    Examples
    --------
    >>> number(1412), number(6.25), number(-0.5), number(float("nan"))
    ('1,412', '6.25', '−0.5', '–')
    """
    if _blank(value):
        return NOT_DEFINED
    value = float(value)
    if digits is not None:
        return _signed(value, digits)
    if value == int(value) or abs(value) >= 100:
        return _signed(value, 0)
    text = _signed(value, 2)
    return text.rstrip("0").rstrip(".")


def money(value: float, currency: str) -> str:
    """Return a full amount in whole units, as tables show it.

    Examples
    --------
    >>> money(-12345.4, "GBP"), money(900, "CHF")
    ('−£12,345', 'CHF\\xa0900')
    """
    return NOT_DEFINED if _blank(value) else _with_symbol(_signed(float(value), 0), currency)


def money2(value: float, currency: str) -> str:
    """Return a full amount with two decimals: rates per hour, invoice totals.

    Examples
    --------
    >>> money2(95, "EUR")
    '€95.00'
    """
    return NOT_DEFINED if _blank(value) else _with_symbol(_signed(float(value), 2), currency)


def short_money(value: float, currency: str) -> str:
    """Return an amount in three significant digits at most, as headlines and axes show it.

    Examples
    --------
    >>> short_money(344120, "GBP"), short_money(1.25e6, "EUR"), short_money(-980, "USD")
    ('£344k', '€1.25m', '−$980')
    """
    return NOT_DEFINED if _blank(value) else _with_symbol(_short(float(value)), currency)


def _short(value: float) -> str:
    for power, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        # 999,950 is 1m, not 1,000k: the step is chosen after rounding
        if abs(value) >= 0.9995 * power:
            scaled = value / power
            text = _signed(scaled, 0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2)
            return (text.rstrip("0").rstrip(".") if "." in text else text) + letter
    return _signed(value, 0)


def amount(value: float | Missing, unit: str) -> str | Missing:
    """Return a figure as a tile prints it: short money for a currency, hours for ``h``; what is not defined stays so.

    >>> amount(344120, "GBP"), amount(14.88, "h"), amount(Missing("no rate"), "GBP")
    ('£344k', '14.9\\xa0h', Missing(reason='no rate', remedy=''))
    """
    if isinstance(value, Missing):
        return value
    # A hundredth of an hour is more than any estimate carries.
    return short_money(value, unit) if unit in CURRENCIES else hours(round(value, 1))


def percent(value: float, digits: int | None = None) -> str:
    """Return a fraction as per cent, the sign held by a no-break space.

    Parameters
    ----------
    value : float
        A fraction, or what stands for none.
    digits : int, optional
        Digits after the point. Without it 10 % and more have none, less has one where it is not whole.

    Examples
    --------
    >>> percent(0.7061), percent(0.0243), percent(-0.06), percent(Missing("no hours were planned"))
    ('71\\xa0%', '2.4\\xa0%', '−6\\xa0%', '–')
    """
    if _blank(value):
        return NOT_DEFINED
    scaled = 100 * float(value)
    if digits is None:
        digits = 1 if abs(scaled) < 9.95 and f"{scaled:.1f}"[-1] != "0" else 0
    return f"{_signed(scaled, digits)}{_HARD_BLANK}%"


def chance(value: float) -> str:
    """Return a probability in whole per cent, and no surer than a forecast can be.

    >>> chance(0.306), chance(0.0), chance(0.9999)
    ('31\xa0%', '<\xa01\xa0%', '>\xa099\xa0%')
    """
    if _blank(value):
        return NOT_DEFINED
    if not 0.005 <= value < 0.995:
        return f"{'<' if value < 0.5 else '>'}{_HARD_BLANK}{1 if value < 0.5 else 99}{_HARD_BLANK}%"
    return percent(value, 0)


def hours(value: float) -> str:
    """Return working hours, in quarters only where there are any.

    Examples
    --------
    >>> hours(1240), hours(7.25)
    ('1,240\\xa0h', '7.25\\xa0h')
    """
    return NOT_DEFINED if _blank(value) else f"{number(value)}{_HARD_BLANK}h"


def day(value: date | str) -> str:
    """Return a date as readers write it; a text such as "2026-Q3" stays as it is.

    Examples
    --------
    >>> day(date(2026, 7, 8)), day(None)
    ('8\\xa0Jul\\xa02026', '–')
    """
    if _blank(value):
        return NOT_DEFINED
    return str(value) if isinstance(value, str) else long_date(value).replace(" ", _HARD_BLANK)


def money_range(low: float, high: float, currency: str) -> str:
    """Return two amounts as a short range; the letter is said once where both share it.

    Examples
    --------
    >>> money_range(422e3, 465e3, "GBP"), money_range(980e3, 1.2e6, "GBP"), money_range(-5e3, 2e3, "GBP")
    ('£422–465k', '£980k–£1.2m', '−£5k to £2k')
    """
    if _blank([low, high]):
        return NOT_DEFINED
    first, last = short_money(low, currency), short_money(high, currency)
    if first == last:
        return first
    if "−" in first or "−" in last:
        return f"{first} to {last}"
    letter = re.search(r"[a-z]*$", last)[0]
    if (letter and first.endswith(letter)) or not re.search(r"[a-z]$", first + last):
        return f"{first.removesuffix(letter)}–{last.removeprefix(symbol(currency) if currency else '')}"
    return f"{first}–{last}"


def percent_range(low: float, high: float) -> str:
    """Return two fractions as a range in per cent.

    Examples
    --------
    >>> percent_range(0.53, 0.98), percent_range(-0.1, 0.05)
    ('53–98\\xa0%', '−10 to 5\\xa0%')
    """
    if _blank([low, high]):
        return NOT_DEFINED
    first, last = _signed(100 * float(low), 0), _signed(100 * float(high), 0)
    if first == last:
        return f"{first}{_HARD_BLANK}%"
    return f"{first}{' to ' if low < 0 else '–'}{last}{_HARD_BLANK}%"


def _series(values: tuple[float, ...]) -> str:
    """Return values in order; where a column is narrow the line breaks after every second one."""
    pairs = ["\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}".join(map(number, values[i : i + 2])) for i in range(0, len(values), 2)]
    return "\N{NO-BREAK SPACE}→ ".join(pairs)


def _month(text: str) -> str:
    from pandas import Timestamp  # only tables hold months

    return f"{Timestamp(text):%b %Y}"


#: The formats a table column can have -> how a cell is written, given the account's currency. A range is a pair.
FORMATS: dict[str, Callable[[object, str], str]] = {
    "text": lambda value, currency: NOT_DEFINED if _blank(value) else str(value),
    "word": lambda value, currency: NOT_DEFINED if _blank(value) else str(value).replace("_", " "),
    "state": lambda value, currency: NOT_DEFINED if _blank(value) else str(value),
    "date": lambda value, currency: day(value),
    "series": lambda value, currency: _series(value) if isinstance(value, tuple) and value else NOT_DEFINED,
    "month": lambda value, currency: NOT_DEFINED if _blank(value) else _month(str(value)),
    "number": lambda value, currency: number(value),
    "whole": lambda value, currency: number(value, 0),
    "hours": lambda value, currency: hours(value),
    "percent": lambda value, currency: percent(value),
    "chance": lambda value, currency: chance(value),
    "money": money,
    "money2": money2,
    "short money": short_money,
    "range": lambda value, currency: NOT_DEFINED if _blank(value) else money_range(*value, currency),
    "percent range": lambda value, currency: NOT_DEFINED if _blank(value) else percent_range(*value),
}


def formatted(value: object, how: str, currency: str) -> str:
    """Return a table cell as text.

    Parameters
    ----------
    value : object
        The cell. None, Missing, NaN, NaT and infinities are written as an en dash.
    how : str
        One of `FORMATS`.
    currency : str
        ISO code for the formats of money.

    Raises
    ------
    ValueError
        If there is no such format.

    Examples
    --------
    >>> formatted(True, "text", "GBP"), formatted((1e3, 2e3), "range", "GBP")
    ('yes', '£1–2k')
    """
    if how not in FORMATS:
        raise ValueError(f"a column's format must be one of {', '.join(FORMATS)}; got {how!r}")
    if how == "text" and (isinstance(value, bool) or str(getattr(value, "dtype", "")) == "bool"):
        return "yes" if value else "no"
    return FORMATS[how](value, currency)


def printed_forms(value: object) -> set[str]:
    """Return every way in which a page may show this value, without currency sign and unit.

    Numbers are listed as amounts and as fractions turned per cent, with and without commas, in zero to two digits after the
    point and shortened; dates in the forms of tables and of files; other values as their text. The sign is left out: a leak
    of −1,234 shows the letters 1,234.

    Examples
    --------
    An internal cost rate, and a margin:

    >>> sorted(printed_forms(61.35))
    ['6,135', '6,135.0', '6,135.00', '61', '61.35', '61.4', '6135', '6135.0', '6135.00']
    >>> "38.2" in printed_forms(0.3817), "12.3k" in printed_forms(12345.0)
    (True, True)
    """
    if _blank(value):
        return set()
    if isinstance(value, date):
        return {long_date(value), day(value), f"{value:%Y-%m-%d}"}
    if isinstance(value, (list, tuple)):
        return set().union(*(printed_forms(part) for part in value))
    if isinstance(value, str) or not hasattr(value, "__float__"):
        return {str(value).strip()}
    amount = abs(float(value))
    scales = (amount, 100 * amount) if amount < 100 else (amount,)
    forms = {f"{scaled:{comma}.{digits}f}" for scaled in scales for comma in (",", "") for digits in (0, 1, 2)}
    return forms | {number(amount), _short(amount)}

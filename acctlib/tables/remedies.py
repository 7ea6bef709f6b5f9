"""What to write instead of a cell that cannot be read.

"Not a number" sends a person hunting; "write 7.5" does not. Almost every bad cell is a good value in the habit of some
country, spreadsheet or export: a decimal comma, a thousands separator, a currency sign, a date with the day in front.
Here the habit is named and the value put into the workbook's form. It is a proposal only. Where a cell can be read in two
ways, both are named and the reader chooses: no figure of a report rests on a guess.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from acctlib.tables.dictionary import KINDS, Column

__all__ = ["currency_remedy", "date_remedy", "number_remedy"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Longer cells are no number or date in any habit, and patterns would search them for long.
_LONGEST = 60
_EXCEL_DAY_ZERO = dt.date(1899, 12, 30)

_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d))?")
_UNIT = re.compile(r"\s*(h|hr|hrs|hours?|d|days?|k|m)\.?$", re.IGNORECASE)
_GAPS = re.compile(r"(?<=\d)[\s'’](?=\d{3})")
_COMMA_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{2,3})+\.\d+|-?\d{1,3}(,\d{3}){2,}")
_POINT_THOUSANDS = re.compile(r"-?\d{1,3}(\.\d{3})+,\d+|-?\d{1,3}(\.\d{3}){2,}")
_NUMBER = re.compile(r"-?\d*\.?\d+")


def number_remedy(text: str, column: Column) -> tuple[str, str]:
    """Return what is wrong with a cell that should be a number, and what to write.

    Examples
    --------
    >>> cost = Column("cost", "money", "what it cost us")
    >>> number_remedy("£1.234,50", cost)
    ('currency sign, thousands separator, decimal comma', 'write 1234.50')

    One comma before three digits is read differently in London and in Berlin:

    >>> number_remedy("1,234", cost)
    ('a comma that may stand for thousands or for decimals', 'write 1234 or 1.234')
    """
    if len(text) > _LONGEST:
        return "not a number", f"write {KINDS[column.kind]}"
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return "hours and minutes", f"write {round(hours + minutes / 60 + seconds / 3600, 2):g}"
    plain, faults = _without_signs(text)
    if re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", plain):
        faults.append("a comma that may stand for thousands or for decimals")
        return ", ".join(faults), f"write {plain.replace(',', '')} or {plain.replace(',', '.')}"
    if _COMMA_THOUSANDS.fullmatch(plain):
        faults.append("thousands separator")
        plain = plain.replace(",", "")
    elif _POINT_THOUSANDS.fullmatch(plain):
        faults += ["thousands separator"] + ["decimal comma"] * ("," in plain)
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d*,\d+", plain):
        faults.append("decimal comma")
        plain = plain.replace(",", ".")
    if not faults or not _NUMBER.fullmatch(plain):
        return "not a number", f"write {KINDS[column.kind]}"
    return ", ".join(faults), f"write {plain}"


def _without_signs(text: str) -> tuple[str, list[str]]:
    """Return a number without what surrounds it, and the names of what was taken away."""
    faults = []
    plain = "".join(char for char in text if unicodedata.category(char) != "Sc")
    plain = re.sub(r"^[A-Z]{3}\s+|\s*[A-Z]{3}$", "", plain.strip()).strip()
    if plain != text:
        faults.append("currency sign")
    if plain.endswith("%"):
        faults.append("percent sign")
        plain = plain[:-1].strip()
    if unit := _UNIT.search(plain):
        faults.append(f"the unit {unit[1]}")
        # A k or an m may be a thousand or a million or a metre: the sign is named, the number not worked out.
        plain = plain[: unit.start()] if unit[1].lower() not in "km" else plain
    if bracketed := re.fullmatch(r"\((.+)\)|(\d.*)-|[−–](.+)", plain):
        faults.append("a minus written as brackets, behind the number or as a dash")
        plain = "-" + next(group for group in bracketed.groups() if group)
    closed = _GAPS.sub("", plain)
    if closed != plain:
        faults.append("thousands separator")
    return closed, faults


def date_remedy(text: str) -> tuple[str, str]:
    """Return what is wrong with a cell that should be a date, and what to write.

    Examples
    --------
    >>> date_remedy("03/04/2026")
    ('an ambiguous date', 'write 2026-04-03 or 2026-03-04')
    >>> date_remedy("26.01.2015")
    ('a date with the day in front', 'write 2015-01-26')
    """
    if len(text) > _LONGEST:
        return "not a date", "write a date as 2026-09-30"
    if timed := re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T]\d\d:\d\d.*", text):
        return "a date with a time of day", f"write {timed[1]}"
    if serial := re.fullmatch(r"([3-5]\d{4})(\.\d+)?", text):
        return "a spreadsheet's number of a day", f"write {_EXCEL_DAY_ZERO + dt.timedelta(int(serial[1]))}"
    if parts := re.fullmatch(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})|(\d{4})(\d\d)(\d\d)", text):
        year, month, day = (int(part) for part in parts.groups() if part)
        if date := _date(year, month, day):
            return "not in the form 2026-09-30", f"write {date}"
        return "no day of the calendar", "write a date as 2026-09-30"
    if parts := re.fullmatch(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d\d)", text):
        first, second, year = int(parts[1]), int(parts[2]), _year(parts[3])
        day_first, month_first = _date(year, second, first), _date(year, first, second)
        if day_first and month_first and day_first != month_first:
            return "an ambiguous date", f"write {day_first} or {month_first}"
        if day_first or month_first:
            front = "day" if day_first else "month"
            return f"a date with the {front} in front", f"write {day_first or month_first}"
        return "no day of the calendar", "write a date as 2026-09-30"
    return _worded_date(text)


def _worded_date(text: str) -> tuple[str, str]:
    words = re.findall(r"[^\W\d_]+|\d+", text.casefold())
    months = [_MONTHS.index(word[:3]) + 1 for word in words if word[:3] in _MONTHS]
    numbers = [word for word in words if word.isdigit()]
    if len(months) == 1 and len(numbers) == 2 and len(words) <= 4:
        day, year = sorted(numbers, key=len) if len(numbers[0]) == 4 or len(numbers[1]) == 4 else numbers
        if date := _date(_year(year), months[0], int(day)):
            return "a date in words", f"write {date}"
    return "not a date", "write a date as 2026-09-30"


def _year(digits: str) -> int:
    return int(digits) + 2000 * (len(digits) == 2)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def currency_remedy(text: str, codes: frozenset[str]) -> tuple[str, str]:
    """Return what is wrong with a cell that should be a currency, and what to write.

    Examples
    --------
    >>> currency_remedy("British Pound - GBP", frozenset({"EUR", "GBP"}))
    ('not an ISO currency code', 'write GBP')
    """
    text = text[:_LONGEST]
    signs = {"£": "GBP", "€": "EUR"}  # a $ or a ¥ is used by several countries
    named = [
        code for code in re.findall(r"[A-Z]{3}", text.upper()) if code in codes and re.search(rf"\b{code}\b", text.upper())
    ]
    code = signs.get(text) or (named[0] if len(named) == 1 else "")
    return "not an ISO currency code", f"write {code or 'three letters such as GBP'}"

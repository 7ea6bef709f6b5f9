"""How a file writes its numbers and dates, found from all of its cells.

"03/04/2026" is two days and "1,234" two numbers. One row decides for its file where it can be read in one way only: 26/01/2026
has its day first, "7,5" its decimals behind a comma. So the cells are judged together before one of them is read. Where two
rows contradict each other, or none decides, the file is refused and the rows are quoted; a guess would be wrong by months or by
a factor of a thousand, and nobody would see it.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.tables.problems import Problem, shown

__all__ = ["Conventions", "Seen", "conventions", "date_in", "hours_in", "number_in"]

_NUMERIC_DATE = re.compile(r"(?:[^\W\d]{2,10}\.?,?\s+)?(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4}|\d\d)\b(.*)", re.DOTALL)
_ISO_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(.*)", re.DOTALL)
_TIME_OF_DAY = re.compile(
    r"[T,\s]*(\d{1,2}[:.]\d\d([:.]\d\d(\.\d+)?)?\s*([ap]\.?m\.?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_WORDED = re.compile(r"[^\W\d_]+|\d+")
_CLOCK = re.compile(r"(?:(-?\d+) days?,? )?(-?)(\d{1,6}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")
_SPOKEN = re.compile(
    r"(?:(\d+(?:[.,]\d+)?)\s*(?:h(?:rs?|ours?|eures?|oras?|ore)?|std\.?|stunden?|u(?:ur)?)\.?)?\s*"
    r"(?:(\d+(?:[.,]\d+)?)\s*m(?:in(?:ut(?:e|en|es|os|i)?)?s?)?\.?)?\s*(?:(\d+)\s*s(?:ec(?:ond)?s?)?\.?)?",
    re.IGNORECASE,
)
#: Toggl's "classic" way: minutes and seconds below an hour.
_MINUTES = re.compile(r"(\d+):([0-5]\d) min", re.IGNORECASE)
#: How a workbook holds a duration of a day and more in a cell that is formatted as a time of day: days after 31 December 1899.
_SHEET_DAYS = re.compile(r"(1899|1900)-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d(?:\.\d+)?))?")
#: A day as a workbook counts them: 2000 to 2099.
_SERIAL = re.compile(r"(3652[6-9]|365[3-9]\d|36[6-9]\d\d|3[7-9]\d{3}|[4-6]\d{4}|7[0-2]\d{3}|730[0-4]\d)(\.\d+)?")
#: First letters of the months in the languages that tools are used in; where two months share them, more letters are given.
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan ene gen", "feb fév fev", "mar mär maa mrt", "apr avr abr", "mai may maj mei mag", "jun juin giu",
            "jul juil lug", "aug aoû aou ago", "sep set", "oct okt ott out", "nov", "dec dez déc dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True)
class Conventions:
    """How a file writes.

    `dates` is "day-first" or "month-first", `decimal` "." or ","; "" where nothing depends on it. `units` says of which columns
    the plain numbers are no hours: (field, "seconds" or "days").
    """

    dates: str = ""
    decimal: str = ""
    units: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def words(self) -> str:
        """Return both in words, for people who check them."""
        said = [self.dates.replace("-", " ") + " in dates"] if self.dates else []
        said += [f"decimal {'comma' if self.decimal == ',' else 'point'}"] if self.decimal else []
        return ", ".join(said + [f"{field.replace('_', ' ')} in {unit}" for field, unit in self.units])


@dataclass
class Seen:
    """The different dates and numbers of a file, each with the line and the column in which it stands first.

    Money that is a control only is kept apart, since a tool may write it in another way than its hours.
    """

    dates: dict[str, tuple[int, str]] = field(default_factory=dict)
    numbers: dict[str, tuple[int, str]] = field(default_factory=dict)
    money: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, kind: str, column: str, cells: pa.ChunkedArray, lines) -> None:
        """Add the cells of one column; `kind` is dates, numbers or money."""
        found = getattr(self, kind)
        encoded = pc.dictionary_encode(cells.combine_chunks())
        codes = encoded.indices.to_numpy()
        first = np.zeros(len(encoded.dictionary), int)
        first[codes[::-1]] = np.arange(len(codes))[::-1]  # of equal cells the first is written last
        for value, at in zip(encoded.dictionary.to_pylist(), first, strict=True):
            if value.strip() and value not in found:
                found[value] = (int(lines[at]), column)


def conventions(file: str, seen: Seen, dates: str = "", decimal: str = "") -> tuple[Conventions, list[Problem]]:
    """Return how a file writes its dates and numbers, and where that can't be told.

    Parameters
    ----------
    file : str
        Its name, for the problems.
    seen : Seen
        All its dates and numbers.
    dates, decimal : str
        What the user says: "day-first" or "month-first"; "comma" or "point"; "" = find out.

    Examples
    --------
    Is the third of April meant, or the fourth of March? The second row decides:

    >>> seen = Seen(dates={"03/04/2026": (2, "Date"), "26/01/2026": (9, "Date")}, numbers={"7,5": (2, "Hours")})
    >>> conventions("june.csv", seen)
    (Conventions(dates='day-first', decimal=','), [])
    """
    problems: list[Problem] = []
    if not dates:
        dates, found = _date_order(file, seen.dates)
        problems += found
    if not decimal:
        decimal, found = _decimal_mark(file, seen.numbers)
        problems += found
    return Conventions(dates, {"comma": ",", "point": "."}.get(decimal, decimal)), problems


def _date_order(file: str, cells: dict[str, tuple[int, str]]) -> tuple[str, list[Problem]]:
    day_first, month_first, either = [], [], []
    for text, place in cells.items():
        if match := _NUMERIC_DATE.fullmatch(text.strip()):
            first, mark, second = int(match[1]), match[2], int(match[3])
            if first > 12 >= second or (mark == "." and first <= 31 and second <= 12):  # with points the day stands first
                day_first.append((*place, text))
            elif second > 12 >= first:
                month_first.append((*place, text))
            elif first != second:
                either.append((*place, text))
    if day_first and month_first:
        a, b = min(day_first), min(month_first)
        what = f"has its day first, and {shown(b[2].strip())} in row {b[0]} has its month first"
        remedy = "one of the two is wrong; export the file again with dates as 2026-09-30"
        return "", [Problem(file, what, remedy, row=a[0], column=a[1], value=a[2].strip())]
    if day_first or month_first:
        return ("day-first" if day_first else "month-first"), []
    if not either:
        return "", []
    line, column, text = min(either)
    parts = _NUMERIC_DATE.fullmatch(text.strip())
    days = [_day(parts[4], parts[a], parts[b]) for a, b in ((3, 1), (1, 3))]
    read = " or ".join(f"{day.day} {day:%B %Y}" for day in days if day)
    last = max(either)
    other = f", and {shown(last[2].strip())} in row {last[0]} no less" if last[0] != line else ""
    what = f"may be {read}{other}; no row of the file decides"
    remedy = "add --dates day-first or --dates month-first"
    return "", [Problem(file, what, remedy, row=line, column=column, value=text.strip())]


def _decimal_mark(file: str, cells: dict[str, tuple[int, str]]) -> tuple[str, list[Problem]]:
    comma, point, either = [], [], []
    for text, place in cells.items():
        plain = _bare(text)
        if not re.fullmatch(r"-?[\d.,]+", plain) or not re.search(r"[.,]", plain) or not re.search("[1-9]", plain):
            continue  # nothing is nothing with either mark: rates that a tool hides stand as 0.0 beside hours of 7,5
        marks = re.findall(r"[.,]", plain)
        last, behind = marks[-1], len(plain) - 1 - max(plain.rfind("."), plain.rfind(","))
        grouped = len(marks) > 1 and len(set(marks)) == 1  # 1,234,567: the mark stands for thousands
        if grouped:
            (point if last == "," else comma).append((*place, text))
        elif len(marks) > 1 or behind != 3 or not re.match(r"-?[1-9]\d{0,2}[.,]", plain):
            (comma if last == "," else point).append((*place, text))
        else:
            either.append((*place, text))
    if comma and point:
        a, b = min(comma), min(point)
        what = f"has a decimal comma, and {shown(b[2].strip())} in row {b[0]} a decimal point"
        return "", [
            Problem(file, what, "one of the two is wrong; export the file again", row=a[0], column=a[1], value=a[2].strip())
        ]
    if comma or point or not either:
        return ("," if comma else "." if point else ""), []
    line, column, text = min(either)
    plain = _bare(text)
    what = f"may be {re.sub('[.,]', '', plain)} or {plain.replace(',', '.')}, and no row of the file decides"
    return "", [Problem(file, what, "add --decimal point or --decimal comma", row=line, column=column, value=text.strip())]


def _bare(text: str) -> str:
    """Return a number without currency, blanks between thousands, and with its minus in front."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Sc", "Cf"))
    plain = re.sub(r"^[A-Z]{2,3}\s*(?=[\d(-])|(?<=[\d)])\s*[A-Z]{3}$", "", plain.strip()).strip()
    plain = re.sub(r"(?<=\d)[\s'’](?=\d{3})", "", plain)
    if bracketed := re.fullmatch(r"\((.+)\)|(\d.*)-|[−–](.+)", plain):
        plain = "-" + next(group for group in bracketed.groups() if group)
    return plain.removesuffix("%").strip()


def number_in(text: str, how: Conventions) -> float | None:
    """Return the number in a cell; None where it is none.

    >>> number_in("(1.234,50 €)", Conventions(decimal=",")), number_in("$1,234.00", Conventions(decimal="."))
    (-1234.5, 1234.0)
    """
    plain = _bare(text)
    if how.decimal == ",":
        if not re.fullmatch(r"-?(\d{1,3}(\.\d{3})+|\d+)?(,\d+)?", plain):
            return None
        plain = plain.replace(".", "").replace(",", ".")
    else:
        if not re.fullmatch(r"-?(\d{1,3}(,\d{2,3})+|\d+)?(\.\d*)?([eE][+-]?\d{1,2})?", plain):
            return None
        plain = plain.replace(",", "")
    try:
        return float(plain)
    except ValueError:
        return None


def hours_in(text: str, how: Conventions, field: str = "") -> float | None:
    """Return the hours in a cell: a number, a clock as 26:15:00, or words as 1h 30m; None where there are none.

    >>> hours_in("01:30:00", Conventions()), hours_in("1h 15m", Conventions()), hours_in("7,5", Conventions(decimal=","))
    (1.5, 1.25, 7.5)

    In a workbook a duration may be 26.25 hours shown as a time of day, and in Kimai's older exports it is in seconds:

    >>> old = Conventions(units=(("duration", "seconds"),))
    >>> hours_in("1900-01-01 02:15:00", Conventions()), hours_in("5400", old, "duration")
    (26.25, 1.5)
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if clock := _CLOCK.fullmatch(plain):
        days, sign, hours, minutes, seconds = clock.groups()
        time = int(hours) + int(minutes) / 60 + float(seconds or 0) / 3600
        return int(days or 0) * 24 + (-time if sign else time)
    if short := _MINUTES.fullmatch(plain):
        return int(short[1]) / 60 + int(short[2]) / 3600
    if sheet := _SHEET_DAYS.fullmatch(plain):
        year, month, day, hours, minutes, seconds = (float(part or 0) for part in sheet.groups())
        days = (dt.date(int(year), int(month), int(day)) - dt.date(1899, 12, 31)).days
        return days * 24 + hours + minutes / 60 + seconds / 3600
    if plain and (spoken := _SPOKEN.fullmatch(plain)) and any(spoken.groups()):
        hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in spoken.groups())
        return hours + minutes / 60 + seconds / 3600
    number = number_in(plain, how)
    factor = {"seconds": 1 / 3600, "days": 24}.get(dict(how.units).get(field, field), 1)
    return None if number is None else number * factor


def date_in(text: str, how: Conventions) -> dt.date | None:
    """Return the day in a cell, whatever time of day stands behind it; None where there is none.

    >>> print(date_in("Mon 03/04/26 09:00", Conventions(dates="day-first")), date_in("3 avr. 2026", Conventions()))
    2026-04-03 2026-04-03

    A day of a workbook that has lost its format is a number:

    >>> print(date_in("46115.375", Conventions()))
    2026-04-03
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > 60:
        return None
    if iso := _ISO_DATE.fullmatch(plain):
        return _day(iso[1], iso[2], iso[3]) if _TIME_OF_DAY.fullmatch(iso[4]) else None
    if match := _NUMERIC_DATE.fullmatch(plain):
        if not _TIME_OF_DAY.fullmatch(match[5]):
            return None
        month, day = (match[1], match[3]) if how.dates == "month-first" else (match[3], match[1])
        return _day(match[4], month, day)
    if compact := re.fullmatch(r"(\d{4})(\d\d)(\d\d)", plain):
        return _day(*compact.groups())
    if serial := _SERIAL.fullmatch(plain):
        return dt.date(1899, 12, 30) + dt.timedelta(int(serial[1]))
    return _worded(plain)


def _worded(text: str) -> dt.date | None:
    words = _WORDED.findall(re.sub(r"\d{1,2}:\d\d.*", "", text.casefold()))
    months = [_MONTHS[word[:n]] for word in words for n in (3, 4) if word[:n] in _MONTHS][-1:]
    # The last one: before it "mar." may be a Tuesday, and "maa" a Monday.
    numbers = [word for word in words if word.isdigit()]
    if not months or len(numbers) != 2 or len(words) > 5:
        return None
    long = [number for number in numbers if len(number) == 4]
    day, year = (numbers[1 - numbers.index(long[0])], long[0]) if long else numbers
    return _day(year, str(months[0]), day)


def _day(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year) + 2000 * (len(year) == 2), int(month), int(day))
    except ValueError:
        return None

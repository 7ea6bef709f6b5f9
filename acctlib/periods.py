"""Fiscal quarters: the time an account is planned and reviewed in.

A client's fiscal year may start in any month, and firms name it by the year it starts in or the year it ends in. "Q2 2027"
therefore means nothing until the dates stand beside it, so a quarter always prints with its range. The label in files and
parameters is ``2027-Q2``; everything else follows from the account's start month and naming.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = [
    "CALENDAR_PER_WORKING_DAY",
    "DAYS_PER_MONTH",
    "FiscalYear",
    "Month",
    "Quarter",
    "add_months",
    "date_range",
    "long_date",
    "months_after",
    "quarter",
]

#: Tables count working days where calendars count all of them; the mean month of 365.25 / 12 days.
CALENDAR_PER_WORKING_DAY, DAYS_PER_MONTH = 7 / 5, 365.25 / 12

_LABEL = re.compile(r"([0-9]{4})-Q([1-4])")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def add_months(day: date, months: int) -> date:
    """Return the first day of the month that lies `months` after the month of `day`.

    >>> add_months(date(2026, 11, 24), 3)
    datetime.date(2027, 2, 1)
    """
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def long_date(day: date) -> str:
    """Return a date as readers write it, without leading zero.

    >>> long_date(date(2026, 9, 3))
    '3 Sep 2026'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def date_range(start: date, end: date) -> str:
    """Return two dates as one range; the year is said once where both share it.

    >>> date_range(date(2026, 7, 1), date(2026, 9, 30)), date_range(date(2026, 11, 1), date(2027, 1, 31))
    ('1 Jul – 30 Sep 2026', '1 Nov 2026 – 31 Jan 2027')
    """
    first = long_date(start) if start.year != end.year else long_date(start).rsplit(" ", 1)[0]
    return f"{first} – {long_date(end)}"


@dataclass(frozen=True, order=True)
class Month:
    """One calendar month, with its first and last day."""

    start: date

    @property
    def end(self) -> date:
        """Return the last day."""
        return add_months(self.start, 1) - timedelta(days=1)

    @property
    def label(self) -> str:
        """Return the label used in tables, such as ``2026-07``."""
        return f"{self.start:%Y-%m}"


@dataclass(frozen=True)
class FiscalYear:
    """How an account's year is cut: the month it starts in, and whether it is named by its start or its end.

    Parameters
    ----------
    start_month : int
        1 for January to 12 for December.
    named_by : {"start", "end"}
        "end" names April 2026 to March 2027 "2027"; "start" names it "2026". Without effect for a January start.
    """

    start_month: int = 1
    named_by: str = "start"

    def __post_init__(self) -> None:
        if not isinstance(self.start_month, int) or self.start_month not in range(1, 13):
            raise ValueError(f"fiscal_year_start must be a month from 1 to 12, got {self.start_month}; write 4 for April")
        if self.named_by not in ("start", "end"):
            raise ValueError(f"fiscal_year_named_by must be start or end, got {self.named_by!r}; write start or end")

    @property
    def _shift(self) -> int:
        return 1 if self.named_by == "end" and self.start_month > 1 else 0

    def first_day(self, year: int) -> date:
        """Return the first day of the year of that name."""
        return date(year - self._shift, self.start_month, 1)

    def quarter_of(self, day: date) -> Quarter:
        """Return the fiscal quarter in which a day lies.

        Examples
        --------
        An account whose year runs from April and is named by its end:

        >>> FiscalYear(4, "end").quarter_of(date(2026, 9, 30)).label
        '2027-Q2'
        """
        months = day.year * 12 + day.month - self.start_month
        return Quarter(months // 12 + self._shift, months % 12 // 3 + 1, self)

    @property
    def is_calendar(self) -> bool:
        """Return True where the fiscal year is the calendar year."""
        return self.start_month == 1


@dataclass(frozen=True)
class Quarter:
    """One fiscal quarter.

    Examples
    --------
    The quarter before the first one of a year that starts in February:

    >>> first = Quarter(2026, 1, FiscalYear(2, "start"))
    >>> str(first), first.previous.label
    ('Q1 FY2026 (1 Feb – 30 Apr 2026)', '2025-Q4')
    """

    year: int
    number: int
    fiscal_year: FiscalYear = FiscalYear()

    @property
    def start(self) -> date:
        """Return the first day."""
        return add_months(self.fiscal_year.first_day(self.year), 3 * (self.number - 1))

    @property
    def end(self) -> date:
        """Return the last day."""
        return add_months(self.start, 3) - timedelta(days=1)

    @property
    def label(self) -> str:
        """Return the label written in parameters: ``2026-Q3``."""
        return f"{self.year}-Q{self.number}"

    @property
    def name(self) -> str:
        """Return the name that readers see: "Q3 2026", or "Q2 FY2027" where the fiscal year is not the calendar year."""
        return f"Q{self.number} {'' if self.fiscal_year.is_calendar else 'FY'}{self.year}"

    def __str__(self) -> str:
        return f"{self.name} ({date_range(self.start, self.end)})"

    @property
    def previous(self) -> Quarter:
        """Return the quarter before."""
        return self.fiscal_year.quarter_of(self.start - timedelta(days=1))

    @property
    def next(self) -> Quarter:
        """Return the quarter after."""
        return self.fiscal_year.quarter_of(self.end + timedelta(days=1))

    @property
    def months(self) -> list[Month]:
        """Return its three months."""
        return [Month(add_months(self.start, i)) for i in range(3)]

    def last(self, quarters: int) -> list[Quarter]:
        """Return so many quarters up to this one, the oldest first.

        >>> [q.label for q in Quarter(2026, 2).last(3)]
        ['2025-Q4', '2026-Q1', '2026-Q2']
        """
        steps = [self]
        while len(steps) < quarters:
            steps.insert(0, steps[0].previous)
        return steps

    @property
    def year_so_far(self) -> list[Quarter]:
        """Return the quarters of the fiscal year up to this one."""
        return self.last(self.number)

    @property
    def year_so_far_months(self) -> list[Month]:
        """Return the months of the fiscal year up to the end of this quarter."""
        return [month for quarter in self.year_so_far for month in quarter.months]

    @property
    def two_years(self) -> list[Quarter]:
        """Return the quarters of the fiscal year and of the next one.

        >>> [q.label for q in Quarter(2026, 3).two_years][::7]
        ['2026-Q1', '2027-Q4']
        """
        steps = [self.year_so_far[0]]
        while len(steps) < 8:
            steps.append(steps[-1].next)
        return steps

    @property
    def a_year_before(self) -> date:
        """Return the last day of the quarter four quarters earlier."""
        return self.last(5)[0].end


def months_after(day: date, last: date) -> list[Month]:
    """Return the months of which something is left after a day, up to the one that holds the last.

    >>> [month.label for month in months_after(date(2026, 9, 30), date(2026, 12, 1))]
    ['2026-10', '2026-11', '2026-12']
    >>> [month.label for month in months_after(date(2026, 10, 15), date(2026, 12, 1))]
    ['2026-10', '2026-11', '2026-12']
    """
    start, months = (day + timedelta(days=1)).replace(day=1), []
    while start <= last:
        months.append(Month(start))
        start = add_months(start, 1)
    return months


def quarter(label: str, fiscal_year: FiscalYear = FiscalYear()) -> Quarter:
    """Return the quarter that a label such as ``2026-Q3`` names.

    Raises
    ------
    ValueError
        If the label is not four digits, ``-Q`` and a digit from 1 to 4.

    Examples
    --------
    >>> str(quarter("2027-Q2", FiscalYear(4, "end")))
    'Q2 FY2027 (1 Jul – 30 Sep 2026)'
    """
    found = _LABEL.fullmatch(str(label))
    if not found or not 1990 <= int(found[1]) <= 2100:
        raise ValueError(f"period must be a fiscal quarter such as 2026-Q3, got {label!r}; write year, hyphen, Q1 to Q4")
    return Quarter(int(found[1]), int(found[2]), fiscal_year)

"""Deals of a CRM -> opportunities.

A deal has a number in its tool and a title that people change. The plan prints what we call it, so it is called by both,
"Member portal phase 2 (12345)", as it came first: it is met again by the number in brackets, and keeps its name here when its
title changes. What the tool says of a deal is written over what stands; the columns that it does not have (what we would do,
when the work starts and ends) stay as somebody typed them.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Sequence

import pandas as pd

from acctlib.imports.clients import met
from acctlib.imports.conventions import Conventions, date_in, number_in
from acctlib.imports.formats import Format
from acctlib.imports.readings import (
    UNNAMED,
    About,
    Asked,
    Found,
    Met,
    Reading,
    Row,
    currency_in,
    currency_notes,
    header_currency,
    one_line,
    plain,
)
from acctlib.imports.time_reports import Total, is_total
from acctlib.tables.problems import shown

__all__ = ["DATES", "NUMBERS", "meet", "read"]

DATES = ("created", "close_date", "won_on", "lost_on", "closed_on")
NUMBERS = ("amount", "converted", "probability")

#: What a deal has and a total, a heading or a footer has not.
_OF_A_DEAL = ("stage", "status", "client", "close_date", "created", "owner")
_TRUE = frozenset("true yes 1 wahr ja vrai oui sí si verdadero sim waar vero".split())
_LONGEST = 100


def read(rows: Sequence[Row], tool: Format, how: Conventions, about: About) -> Reading:
    """Return the deals of an export.

    Parameters
    ----------
    rows : sequence of Row
    tool : Format
        Its `values.status` say which stages, or which words, mean won, lost and deleted.
    how : Conventions
    about : About

    Returns
    -------
    Reading
        Amounts in the currency of each deal; chances in per cent. A deal without an amount waits. The day on which it was
        opened is left out where the export does not say it; `meet` fills it.

    Examples
    --------
    A deal of 125 000 dollars is worth that, whatever is called weighted beside it:

    >>> from acctlib.imports.formats import Format
    >>> hubspot = Format("hubspot", "HubSpot", "opportunities", {}, (), values={"status": {"closedwon": "won"}})
    >>> cells = {"id": "77", "title": "Portal", "stage": "closedwon", "amount": "$125000", "close_date": "2026-03-04"}
    >>> deal = read([Row(0, 2, cells)], hubspot, Conventions(), About((), "", Asked())).found[0]
    >>> deal.cells["opportunity"], deal.cells["amount"], deal.cells["currency"], deal.cells["status"], deal.cells["closed_on"]
    ('Portal (77)', '125000', 'USD', 'won', '2026-03-04')
    """
    reader = _Reader(tool, how, about, _scale(rows, how, about.header))
    deals: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if reader.is_deal(row):
            number, title = reader.number(row), one_line(row["title"])
            deals.setdefault((number,) if number else ("", met(row["client"]), met(title)), []).append(row)
    for same in deals.values():
        reader.add(same)
    reader.note()
    return reader.reading


class _Reader:
    """The deals of one file in the making."""

    def __init__(self, tool: Format, how: Conventions, about: About, scale: float) -> None:
        self.tool, self.how, self.about, self.scale = tool, how, about, scale
        self.reading = Reading()
        self.header = header_currency(about.header, tool.columns.get("amount", ()))
        self.open_stages: collections.Counter[str] = collections.Counter()
        self.no_days: collections.Counter[str] = collections.Counter()
        self.repeated = self.dollars = self.nowhere = self.converted = 0

    def is_deal(self, row: Row) -> bool:
        """Return whether a row is a deal; what it is otherwise is set down."""
        aside = self.reading.set_aside
        texts = [text for text in row.texts or tuple(row.cells.values()) if text]
        value = number_in(row["amount"], self.how) if row["amount"] else None
        if self.about.header and [*row.texts] == [cell.strip() for cell in self.about.header]:
            aside[row.at] = "the column names again"
        elif any(row[name] for name in _OF_A_DEAL) and (row["title"] or row["id"]) and not self._is_total(row):
            if value is not None:
                self.reading.stated[row.at] = (value, self._currency(row) or UNNAMED)
            return True
        elif texts and any(is_total(text) for text in texts[:2]):
            aside[row.at] = "a total"
            if value is not None:
                self.reading.totals.append(Total(row.line, next(text for text in texts if is_total(text)), value))
        elif (
            len(texts) <= 1
            or not any(row[name] for name in ("title", "id", *_OF_A_DEAL))
            or not (row["amount"] or row["stage"])
        ):
            aside[row.at] = "a heading or a remark"
        else:
            self.reading.waiting[row.at] = "it has neither a title nor a number" if not row["title"] else "it has no stage"
        return False

    @staticmethod
    def _is_total(row: Row) -> bool:
        return not any(row[name] for name in ("id", "stage", "status")) and is_total(row["title"] or row["client"])

    def number(self, row: Row) -> str:
        """Return the tool's own number, in the shorter of its forms."""
        number = one_line(row["id"]).removesuffix(".0")
        return number[:15] if re.fullmatch(r"006[A-Za-z0-9]{15}", number) else number

    def add(self, rows: list[Row]) -> None:
        """Add one deal, which a row for each of its products may repeat."""
        row, at = rows[0], tuple(other.at for other in rows)
        if len(rows) > 1:
            said = {
                tuple(other[name] for name in ("title", "stage", "status", "amount", "converted", "close_date"))
                for other in rows
            }
            if len(said) > 1:
                called = self.number(row) or one_line(row["title"])
                why = (
                    f"{len(rows)} rows are called {shown(called)} and differ; export the deals' numbers, or leave out products"
                )
                return self.wait(at, why)
            self.repeated += len(rows) - 1
        if not any(row[name] for name in ("stage", "status", "won", "lost", "closed")):
            return self.wait(
                at, "it has no stage; in a report with groups it stands on their first row only: export the details"
            )
        amount, currency, why = self._money(row)
        if why:
            return self.wait(at, why)
        status = self._status(row)
        if status == "deleted":
            self.reading.set_aside.update(dict.fromkeys(at, "a deal that was deleted there"))
            return None
        if not status:
            return self.wait(at, f"its status {shown(row['status'])} is not known; {self._line(row['status'], 'open')}")
        number = self.number(row)
        title = one_line(row["title"])
        name = title if len(title) <= _LONGEST else title[: _LONGEST - 1].rstrip() + "…"
        cells = {
            "opportunity": f"{name} ({number})" if name and number else name or number,
            "stage": one_line(row["stage"]) or status,
            "amount": plain(amount),
            **({"currency": currency} if currency else {}),
            "status": status,
            **self._dates(row, status),
        }
        if "owner" in row:
            cells["owner"] = one_line(row["owner"])
        if "probability" in row:
            cells["probability"] = self._probability(row["probability"])
        unit = currency or UNNAMED
        self.reading.found.append(Found(one_line(row["client"]), cells, at, amount=amount, unit=unit, number=number))
        return None

    def wait(self, at: Iterable[int], why: str) -> None:
        self.reading.waiting.update(dict.fromkeys(at, why))

    def _money(self, row: Row) -> tuple[float, str, str]:
        """Return the amount, its currency, and why there is none: never the converted one where there is the deal's own."""
        own = "amount" in row
        text = row["amount"] if own else row["converted"]
        if not text:
            what = "amount" if own else "converted amount"
            return 0.0, "", f"its {what} is blank; a deal must be worth something here: enter it there, or 0"
        amount = number_in(text, self.how)
        if amount is None:
            return 0.0, "", f"its amount {shown(text)} is no number"
        said = (row["amount_currency"] or row["currency"]) if own else row["converted_currency"]
        sign = re.sub(r"[\d\s.,'’()%-]+", "", text)
        currency = self._currency(row) if own else currency_in(said, self.tool) or currency_in(text, self.tool)
        if said and not currency:
            return 0.0, "", f"its currency {shown(said)} is not known; write its code, as EUR"
        self.dollars += not said and not self.header and sign == "$"
        self.nowhere += not currency
        self.converted += not own
        return amount, currency, ""

    def _currency(self, row: Row) -> str:
        """Return the currency of a deal's own amount: of its cell, else of the column, else of the sign."""
        said = currency_in(row["amount_currency"] or row["currency"], self.tool)
        return said or self.header or currency_in(row["amount"], self.tool)

    def _status(self, row: Row) -> str:
        """Return open, won, lost or deleted; "" where the file has a word for it that is not known."""
        if row["status"]:
            return self._word(row["status"])
        won, lost, closed = (row[name].casefold() in _TRUE if row[name] else None for name in ("won", "lost", "closed"))
        if won:
            return "won"
        if lost or (closed and won is False):
            return "lost"
        if closed is False or (won is False and lost is False):
            return "open"
        known = self._word(row["stage"])
        if not known:
            self.open_stages[one_line(row["stage"])] += 1
        return known or "open"

    def _word(self, text: str) -> str:
        """Return what a word means, as the firm or we have written it: Closed/Won (Sales Pipeline) is closed won."""
        simple = re.sub(r"[^\w]+", " ", re.sub(r"\([^)]*\)\s*$", "", text)).strip()
        return self.tool.word("status", one_line(text)) or self.tool.word("status", simple)

    def _line(self, word: str, ours: str) -> str:
        return (
            f"write into data/firm/imports.yaml: {self.tool.name}: {{values: {{status: {{{shown(one_line(word))}: {ours}}}}}}}"
        )

    def _dates(self, row: Row, status: str) -> dict[str, str]:
        """Return the days of a deal that the export gives; an open one was not decided on any."""
        days = {name: self._day(row[name]) for name in DATES if name in row}
        cells = {}
        if days.get("created"):
            cells["created"] = days["created"]
        if "close_date" in row and (days["close_date"] or not row["close_date"]):
            cells["close_date"] = days["close_date"]
        if status == "open":
            return cells | {"closed_on": ""}
        decided = days.get("won_on" if status == "won" else "lost_on") or days.get("closed_on")
        timed = {"won_on", "lost_on", "closed_on"} & {*row.cells}
        if decided or (
            not timed and days.get("close_date")
        ):  # without a time of its own, a decided deal's close date is that day
            cells["closed_on"] = decided or days["close_date"]
        return cells

    def _day(self, text: str) -> str:
        day = date_in(text, self.how) if text else None
        if text and day is None:
            self.no_days[one_line(text)[:40]] += 1
        return day.isoformat() if day else ""

    def _probability(self, text: str) -> str:
        """Return a chance in per cent; what is none is left to the checks, which say so."""
        value = number_in(text, self.how) if text else None
        if value is None:
            return one_line(text)
        return f"{value * (1 if '%' in text else self.scale):.4f}".rstrip("0").rstrip(".")

    def note(self) -> None:
        """Say what whoever imports must know of the file as a whole."""
        notes = self.reading.notes
        if self.open_stages:
            first = next(iter(sorted(self.open_stages)))
            listed = ", ".join(shown(stage) for stage in sorted(self.open_stages)[:12])
            notes.append(f"stages taken as open: {listed}; if one means won or lost, {self._line(first, 'won or lost')}")
        if self.no_days:
            listed = ", ".join(shown(text) for text in sorted(self.no_days)[:4])
            notes.append(f"{sum(self.no_days.values())} dates are no days of the calendar ({listed}): what stands here stays")
        if self.repeated:
            notes.append(f"{self.repeated} rows repeat a deal, as for each of its products: each deal was taken once")
        notes += currency_notes(self.tool, self.dollars, self.nowhere)
        if self.converted:
            notes.append("the export has converted amounts only; export the amount of each deal in its own currency too")


def _scale(rows: Sequence[Row], how: Conventions, header: Sequence[str]) -> float:
    """Return what makes plain chances per cents: a file in which none is above 1 writes shares, unless its header says %."""
    texts = [row["probability"] for row in rows if row["probability"] and "%" not in row["probability"]]
    values = [value for text in texts if (value := number_in(text, how)) is not None]
    fractions = any(0 < value < 1 for value in values) or not any("%" in name and "robab" in name for name in header)
    return 100.0 if values and max(values) <= 1 and fractions else 1.0


def meet(found: list[Found], old: pd.DataFrame, asked: Asked) -> Met:
    """Give deals the names by which they stand already, and the day on which they were opened where the export has none.

    Parameters
    ----------
    found : list of Found
        Of one account; their cells are changed.
    old : DataFrame of text
        The account's opportunities.
    asked : Asked
        With the day of the export.

    Examples
    --------
    A deal that was renamed in the tool keeps its name here:

    >>> old = pd.DataFrame([{"opportunity": "Portal (77)", "created": "2026-01-05", "imported_from": "hubspot"}])
    >>> deal = Found("", {"opportunity": "Member portal (77)"}, (0,), number="77")
    >>> meet([deal], old, Asked()).notes
    ["deals whose title has changed there keep their name here: 'Portal (77)' is now 'Member portal'"]
    >>> deal.cells["opportunity"]
    'Portal (77)'
    """
    result = Met()
    rows = {row["opportunity"]: row for row in old.to_dict("records")}
    by_number = {match[2]: name for name in rows if (match := re.fullmatch(r"(.*) \(([^()]+)\)", name, re.DOTALL))}
    by_title: dict[str, list[str]] = {}
    for name in rows:
        by_title.setdefault(met(name), []).append(name)
    bare: dict[str, list[str]] = {}
    for number, name in by_number.items():
        bare.setdefault(met(name.removesuffix(f" ({number})")), []).append(name)
    titles = collections.Counter(met(_title(thing)) for thing in found)
    changed, undated = [], 0
    for thing in found:
        key, title = thing.cells["opportunity"], _title(thing)
        if thing.number and (thing.number in by_number or thing.number in rows):
            stands = by_number.get(thing.number, thing.number)
            if stands != key and stands.removesuffix(f" ({thing.number})") != title:
                changed.append(f"{stands!r} is now {title!r}")
            thing.cells["opportunity"] = stands
        elif thing.number and len(typed := by_title.get(met(title), [])) == 1 and titles[met(title)] == 1:
            result.renamed[typed[0]] = key
            rows[key] = rows[typed[0]]
        elif (
            not thing.number
            and met(key) not in by_title
            and len(known := bare.get(met(title), [])) == 1
            and titles[met(title)] == 1
        ):
            thing.cells["opportunity"] = known[0]
        elif not thing.number and len(by_title.get(met(key), [])) == 1:
            thing.cells["opportunity"] = by_title[met(key)][0]
        stands = rows.get(thing.cells["opportunity"], {})
        if not thing.cells.get("created") and not stands.get("created", ""):
            days = (asked.as_of.isoformat(), thing.cells.get("close_date"), thing.cells.get("closed_on"))
            thing.cells["created"] = min(day for day in days if day)
            undated += 1
        opened = thing.cells.get("created") or stands.get("created", "")
        if thing.cells.get("closed_on") and opened > thing.cells["closed_on"] and "created" not in thing.cells:
            thing.cells["created"] = thing.cells["closed_on"]  # the day of an earlier export, which is later than the decision
    if changed:
        more = f", and {len(changed) - 3} more" if len(changed) > 3 else ""
        result.notes.append(f"deals whose title has changed there keep their name here: {'; '.join(changed[:3])}{more}")
    if undated:
        what = "the day of the export, or of the decision if that is earlier"
        result.notes.append(
            f"{undated} deals have no day on which they were opened: {what}, stands for it; export the create date"
        )
    if result.renamed:
        result.notes.append(
            f"{len(result.renamed)} deals that were typed here by title were met, and have the tool's number now"
        )
    return result


def _title(thing: Found) -> str:
    key = thing.cells["opportunity"]
    return key.removesuffix(f" ({thing.number})") if thing.number else key

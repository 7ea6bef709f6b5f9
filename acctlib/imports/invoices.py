"""Invoices of a ledger -> invoices: one row for a document, however many lines it has.

A ledger exports a row for each line and repeats on it what is true of the whole document: its total, its tax, what is paid or
open. Whoever sums the column counts an invoice as often as it has lines. So rows are gathered by client, kind and number
first, what repeats is taken once, and the lines are held against it. Drafts, voided documents, bills and payments are no
invoices; they are set aside and counted.
"""

from __future__ import annotations

import functools
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

#: What a line is worth where nothing else says so.
_PRICED = ("quantity", "unit_amount", "discount")
DATES = ("issued", "due", "paid_on")
NUMBERS = ("total", "tax", "net", "paid", "outstanding", "line_amount", "line_tax", "amount", "foreign", *_PRICED)

#: Kinds of documents that are no invoices of ours -> why they are set aside.
_ASIDE = {
    "bill": "a bill, an expense or a cheque of ours",
    "overpayment": "an overpayment: money, not a document",
    "prepayment": "a prepayment: money, not a document",
    "payment": "a payment: money, not a document",
    "estimate": "an estimate, a quote or an order",
    "quote": "an estimate, a quote or an order",
    "journal": "a journal entry",
    "draft": "a draft, or not approved yet",
    "voided": "voided or deleted",
}
_CREDIT = ("credit_note", "refund")
_OPENING = re.compile(r"(beginning|opening) balance\b", re.IGNORECASE)
_CENT = 0.011


def read(rows: Sequence[Row], tool: Format, how: Conventions, about: About) -> Reading:
    """Return the documents of an export.

    Parameters
    ----------
    rows : sequence of Row
    tool : Format
        Its `values.type` and `values.status` say which rows are invoices, credit notes or neither.
    how : Conventions
    about : About

    Returns
    -------
    Reading
        Amounts net of tax where the export knows the tax, in the currency of each document; credit notes with a minus, whatever
        sign the file gives them. Paid = the gross amount less what is open, where the export says what is open: so a credit
        note that was set against an invoice settles both.

    Examples
    --------
    An invoice of 1,200 with tax has two lines, and the total stands on both:

    >>> from acctlib.imports.formats import Format
    >>> lines = [{"number": "7", "issued": "2026-03-04", "total": "1200", "tax": "200", "outstanding": "0"}] * 2
    >>> rows = [Row(n, n + 2, line) for n, line in enumerate(lines)]
    >>> invoice, = read(rows, Format("xero", "Xero", "invoices", {}, ()), Conventions(), About((), "", Asked())).found
    >>> invoice.cells["amount"], invoice.cells["tax"], invoice.cells["paid"]
    ('1000', '200', '1200')
    """
    reader = _Reader(tool, how, about, any(_closes(row) for row in rows))
    documents: dict[tuple[str, ...], list[tuple[Row, str, str]]] = {}
    grouped = not any("client" in row for row in rows[:1])
    for row in rows:
        kind = reader.kind(row)
        if kind:
            whole = row["client"] or (":".join(reader.groups) if grouped else "")
            client, _, project = one_line(whole).partition(":")
            side = "credit" if kind in _CREDIT else "debit"
            place = (met(client), side, one_line(row["number"]))
            documents.setdefault(place, []).append((row, kind, f"{client.strip()}:{project.strip()}"))
    for lines in documents.values():
        reader.add(lines)
    reader.note()
    return reader.reading


def _words(row: Row) -> list[str]:
    return [text for text in row.texts or tuple(row.cells.values()) if text]


def _closes(row: Row) -> bool:
    """Return whether a row is the total of a group: Total for Acme."""
    return any(is_total(text) and len(text.split()) > 1 for text in _words(row)[:1]) and len(_words(row)) > 1


class _Reader:
    """The documents of one file in the making."""

    def __init__(self, tool: Format, how: Conventions, about: About, closed: bool) -> None:
        self.tool, self.how, self.about = tool, how, about
        self.closed = closed  # groups end with a total of their own, and may lie in one another
        self.groups: list[str] = []  # names above the rows that follow
        self.begun = False  # whether rows have come since the last of them
        self.counted: set[tuple[str, ...]] = set()
        self.reading = Reading()
        names = [name for field in ("foreign", "amount", "total", "net", "line_amount") for name in tool.columns.get(field, ())]
        self.header = header_currency(about.header, tuple(names))
        self.unlike: list[str] = []
        self.number_in = functools.lru_cache(4096)(functools.partial(number_in, how=how))  # what repeats is read once
        self.date_in = functools.lru_cache(4096)(functools.partial(date_in, how=how))
        self.gross = self.nowhere = self.dollars = self.priced = 0

    def number_of(self, row: Row, field: str) -> float | None:
        return self.number_in(row[field]) if row[field] else None

    def kind(self, row: Row) -> str:
        """Return the kind of a row's document, "" where it is none that is taken; what it is then is set down."""
        reading = self.reading
        if self.about.header and [*row.texts] == [cell.strip() for cell in self.about.header]:
            reading.set_aside[row.at] = "the column names again"
            return ""
        dated = self.date_in(row["issued"]) is not None
        if not dated and (not row["issued"] or len(_words(row)) == 1 or is_total(row["issued"])):
            self._undated(row)
            return ""
        self.begun = True
        self._count(row)
        word = self.tool.word("type", one_line(row["type"]))
        state = self.tool.word("status", one_line(row["status"]).split(" (")[0])
        if why := _ASIDE.get(state) or _ASIDE.get(word):
            reading.set_aside[row.at] = why
        elif row["type"] and not word:
            reading.waiting[row.at] = self._strange("type", row["type"], "invoice")
        elif row["status"] and not state and not self._dated_status(row["status"]):
            reading.waiting[row.at] = self._strange("status", row["status"], "issued")
        elif not dated:
            reading.waiting[row.at] = f"its date {shown(row['issued'])} is no day of the calendar"
        elif not row["number"]:
            reading.waiting[row.at] = "it has no number; give it one there, since it could not be met again"
        else:
            return word or ("credit_note" if self._negative(row) else "invoice")
        return ""

    def _stated(self, row: Row) -> float | None:
        """Return the amount that a total of the file adds or states."""
        values = (self.number_of(row, name) for name in ("foreign", "amount", "total"))
        return next((value for value in values if value is not None), None)

    def _count(self, row: Row) -> None:
        """Set down what a row adds to the totals of the file; a total of a document counts once, on whichever row."""
        document = tuple(one_line(row[name]) for name in ("client", "number", "type"))
        if (amount := self._stated(row)) is not None and (row["amount"] or row["foreign"] or document not in self.counted):
            self.counted.add(document)
            self.reading.stated[row.at] = (amount, self.currency(row) or UNNAMED)

    def _undated(self, row: Row) -> None:
        """Set down a row without a date: a total, the name of a group, or a document that lacks it."""
        texts = _words(row)
        amount = self._stated(row)
        words = [text for text in texts if self.number_in(text) is None]
        label = next((text for text in words[:2] if is_total(text)), "")
        if (label and len(texts) > 1) or (texts and not words):
            self.reading.set_aside[row.at] = "a total"
            if amount is not None:
                self.reading.totals.append(Total(row.line, label or "a total", amount))
            ends = [n for n, name in enumerate(self.groups) if met(name) in met(label)]
            del self.groups[max(ends, key=lambda n: len(self.groups[n]), default=len(self.groups)) :]
        elif len(texts) == 1 or not (row["number"] or amount is not None) or any(_OPENING.match(text) for text in words[:2]):
            self.reading.set_aside[row.at] = "a heading or a remark"
            if len(texts) == 1:
                if not self.closed and self.begun:
                    self.groups.clear()  # the next name takes the place of the last
                self.groups.append(one_line(texts[0]))
                self.begun = False
        else:
            self.reading.waiting[row.at] = "it has no date"

    def _dated_status(self, text: str) -> bool:
        """Return whether a status is a sentence about money or days: Overdue 3 days, Paid, Partially paid, $20 due."""
        first = re.split(r"[\s,(]", text.strip())[0]
        return bool(self.tool.word("status", first) or self.tool.word("status", re.split(r"[,(]|\d", text)[0]))

    def _negative(self, row: Row) -> bool:
        values = [self.number_of(row, name) for name in ("total", "net", "foreign", "amount")]
        return next((value < 0 for value in values if value is not None), False)

    def _strange(self, field: str, word: str, ours: str) -> str:
        line = f"{self.tool.name}: {{values: {{{field}: {{{shown(one_line(word))}: {ours}}}}}}}"
        return f"its {field} {shown(word)} is not known; write into data/firm/imports.yaml: {line}"

    def currency(self, row: Row) -> str:
        shown_amount = next((row[name] for name in ("foreign", "amount", "total", "net", "line_amount") if row[name]), "")
        return currency_in(row["currency"], self.tool) or self.header or currency_in(shown_amount, self.tool)

    def wait(self, lines: Iterable[tuple[Row, str, str]], why: str) -> None:
        self.reading.waiting.update((row.at, why) for row, _, _ in lines)

    def add(self, lines: list[tuple[Row, str, str]]) -> None:
        """Add one document."""
        rows = [row for row, _, _ in lines]
        first, kinds = rows[0], [kind for _, kind, _ in lines]
        if why := self._unreadable(rows) or self._contrary(rows):
            return self.wait(lines, why)
        sign = -1 if kinds[0] in _CREDIT else 1
        net, tax, gross, included = self._amounts(rows, sign)
        if net is None:
            return self.wait(lines, "it has no amount")
        currency = self.currency(first)
        if first["currency"] and not currency:
            return self.wait(lines, f"its currency {shown(first['currency'])} is not known; write its code, as EUR")
        self.nowhere += not currency
        self.dollars += currency == "USD" and not first["currency"] and not self.header
        issued = self.date_in(first["issued"]).isoformat()
        due = self.date_in(first["due"]) if first["due"] else None
        cells = {
            "invoice": one_line(first["number"]),
            "kind": "credit_note" if sign < 0 else "invoice",
            "issued": issued,
            "amount": plain(net),
            **({"tax": plain(tax)} if tax is not None else {"tax": ""} if included else {}),  # blank: `meet` settles it
            **({"currency": currency} if currency else {}),
        }
        if due and not (sign < 0 and due.isoformat() < issued):  # what is owed to the client falls due on no day of theirs
            cells["due"] = due.isoformat()
        paid, paid_on = self._paid(rows, kinds[0], gross, sign, issued)
        cells |= ({"paid": plain(paid)} if paid is not None else {}) | ({"paid_on": paid_on} if paid_on else {})
        client = lines[0][2].partition(":")[0]
        projects = self._projects(rows, {whole.partition(":")[2] for _, _, whole in lines})
        unit = currency or UNNAMED
        at = tuple(row.at for row in rows)
        project, *also = projects or [""]
        self.reading.found.append(Found(client, cells, at, project=project, also=tuple(also), amount=net, unit=unit))
        return None

    def _unreadable(self, rows: list[Row]) -> str:
        """Return which cell of a document is no number or no day."""
        priced = self._priced(rows)
        for row in rows:
            for name in NUMBERS if priced else (name for name in NUMBERS if name not in _PRICED):
                if row[name] and self.number_of(row, name) is None:
                    return f"its {name.replace('_', ' ')} {shown(row[name])} is no number"
            for name in ("due", "paid_on"):
                if row[name] and self.date_in(row[name]) is None:
                    return f"its {name.replace('_', ' ')} date {shown(row[name])} is no day of the calendar"
        return ""

    @staticmethod
    def _priced(rows: list[Row]) -> bool:
        """Return whether only quantities and prices say what a document is worth."""
        return not any(row[name] for row in rows for name in ("total", "net", "line_amount", "amount", "foreign"))

    def _line(self, row: Row) -> float | None:
        """Return quantity times price less discount in per cent; None where there is no price."""
        price, quantity, discount = (self.number_of(row, name) for name in ("unit_amount", "quantity", "discount"))
        if price is None:
            return None
        return round((1.0 if quantity is None else quantity) * price * (1 - (discount or 0) / 100), 2)

    def _contrary(self, rows: list[Row]) -> str:
        """Return what the rows of one document must say alike, and do not."""
        for name in ("issued", "total", "tax", "net", "currency"):
            values = {row[name]: None for row in rows if row[name]}
            if len({self.number_of(row, name) if name in NUMBERS else row[name] for row in rows if row[name]}) > 1:
                said = " and ".join(shown(value) for value in [*values][:2])
                return (
                    f"the rows of {shown(one_line(rows[0]['number']))} say {said} for its {name}: two documents have one number"
                )
        return ""

    def _amounts(self, rows: list[Row], sign: int) -> tuple[float | None, float | None, float, bool]:
        """Return net, tax (None = the export does not say) and gross of a document, and whether its net still holds the tax."""

        def once(name: str) -> float | None:
            return next((value for row in rows if (value := self.number_of(row, name)) is not None), None)

        def summed(name: str) -> float | None:
            values = [value for row in rows if (value := self.number_of(row, name)) is not None]
            return sum(values) if values else None

        def signed(value: float | None) -> float | None:
            return value if value is None or sign > 0 else -abs(value)

        lines, line_tax = signed(summed("line_amount")), signed(summed("line_tax"))
        if lines is None and self._priced(rows):
            values = [value for row in rows if (value := self._line(row)) is not None]
            lines = signed(sum(values)) if values else None
            self.priced += bool(values)
        total, net, tax = signed(once("total")), signed(once("net")), signed(once("tax"))
        if total is None and net is None and lines is None:
            by_line = signed(summed("foreign") if any(row["foreign"] for row in rows) else summed("amount"))
            if by_line is None:
                return None, None, 0.0, False
            self.gross += line_tax is None
            return by_line - (line_tax or 0), line_tax, by_line, line_tax is None
        if total is not None and tax is None:
            if net is not None:
                tax = total - net
            elif line_tax is not None:
                tax = line_tax
            elif lines is not None and abs(total) - abs(lines) > _CENT:
                tax = total - lines
            else:
                self.gross += 1
        if total is None:
            tax = tax if tax is not None else line_tax
            base = net if net is not None else lines
            self.gross += (included := net is None and tax is None)
            return base, tax, base + (tax or 0), included
        net = total - (tax or 0)
        if lines is not None and min(abs(lines - net), abs(lines - total)) > 0.01 * len(rows) + _CENT:
            self.unlike.append(f"{one_line(rows[0]['number'])} (lines {lines:,.2f}, document {net:,.2f} net)")
        return net, tax, total, tax is None

    def _paid(self, rows: list[Row], kind: str, gross: float, sign: int, issued: str) -> tuple[float | None, str]:
        """Return what is paid, with tax, and the day on which all of it was, where the export says so."""
        day = next((self.date_in(row["paid_on"]).isoformat() for row in rows if row["paid_on"]), "")
        if kind in ("receipt", "refund"):
            return gross, issued
        said = [value for row in rows if (value := self.number_of(row, "outstanding")) is not None]
        if said:
            several = len({round(value, 2) for value in said}) > 1
            is_open = sum(said) if several else said[0]  # each line's own, or the document's on every line
            is_open = is_open if sign > 0 else -abs(is_open)
            paid = gross - is_open
            return paid, day if abs(is_open) < _CENT else ""
        paid = next((abs(value) for row in rows if (value := self.number_of(row, "paid")) is not None), None)
        if paid is None:
            return None, day
        return sign * paid, day if abs(paid) >= abs(gross) - _CENT else ""

    def _projects(self, rows: list[Row], named: set[str]) -> list[str]:
        """Return names by which the project may go that all lines have in common."""
        names = [*named] if len(named) == 1 else []
        for field in ("tracking1", "tracking2", "reference"):
            said = {one_line(row[field]) for row in rows}
            names += said if len(said) == 1 else ()
        return [
            part for name in names if name for part in ((name, name.rpartition(":")[2].strip()) if ":" in name else (name,))
        ]

    def note(self) -> None:
        """Say what whoever imports must know of the file as a whole."""
        notes = self.reading.notes
        if self.priced:
            notes.append(
                f"{self.priced} documents have no amounts but prices: quantity x price less discount was taken for each line"
            )
        if self.gross:
            notes.append(
                f"documents that do not say their tax: {self.gross}; their amounts were taken as gross, and tax is left blank; "
                "type it here, and the next import takes it off"
            )
        if self.unlike:
            more = f" and {len(self.unlike) - 4} more" if len(self.unlike) > 4 else ""
            listed = "; ".join(self.unlike[:4])
            notes.append(f"documents whose lines make neither their net nor their total, taken by their totals: {listed}{more}")
        notes += currency_notes(self.tool, self.dollars, self.nowhere)


def meet(found: list[Found], old: pd.DataFrame, asked: Asked) -> Met:
    """Tell an invoice from a credit note of the same number, and take off tax that was typed here where the export has none.

    Of an invoice and a credit note of one number, whichever stands here first keeps the bare number.

    Examples
    --------
    >>> invoice, credit = (Found("", {"invoice": "12", "kind": kind}, ()) for kind in ("invoice", "credit_note"))
    >>> _ = meet([credit, invoice], pd.DataFrame(columns=["invoice", "kind"]), Asked())
    >>> invoice.cells["invoice"], credit.cells["invoice"]
    ('12', '12 (credit note)')
    """
    stands = dict(zip(old["invoice"], old["kind"], strict=True))
    typed = zip(old["invoice"], old["tax"], strict=True) if "tax" in old else ()
    taxes = {name: tax for name, text in typed if (tax := number_in(text, Conventions(decimal=".")))}
    invoices = {thing.cells["invoice"] for thing in found if thing.cells["kind"] != "credit_note"}
    for thing in found:
        number, kind = thing.cells["invoice"], thing.cells["kind"]
        other = f"{number} ({'credit note' if kind == 'credit_note' else 'invoice'})"
        before = stands.get(number)
        taken = before is not None and (before == "credit_note") != (kind == "credit_note")
        if other in stands or taken or (before is None and kind == "credit_note" and number in invoices):
            thing.cells["invoice"] = other
        elif before == "deposit":
            del thing.cells["kind"]  # somebody said here that it is one; the ledger does not know
        if not thing.cells.get("tax", "-"):
            del thing.cells["tax"]
            if tax := taxes.get(thing.cells["invoice"]):
                thing.amount -= tax
                thing.cells["amount"] = plain(thing.amount)
    return Met()

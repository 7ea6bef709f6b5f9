"""Invoices of a ledger -> invoices: one row for a document, however many lines it has."""

from __future__ import annotations

from collections.abc import Sequence

from acctlib.imports.conventions import Conventions
from acctlib.imports.formats import Format
from acctlib.imports.readings import About, Reading, Row

__all__ = ["DATES", "NUMBERS", "read"]

DATES = ("issued", "due")
NUMBERS = ("total", "tax", "paid", "line_amount")


def read(rows: Sequence[Row], tool: Format, how: Conventions, about: About) -> Reading:
    raise NotImplementedError

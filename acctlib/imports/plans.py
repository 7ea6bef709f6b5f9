"""A plan -> tasks."""

from __future__ import annotations

from collections.abc import Sequence

from acctlib.imports.conventions import Conventions
from acctlib.imports.formats import Format
from acctlib.imports.readings import About, Reading, Row

__all__ = ["DATES", "NUMBERS", "read"]

DATES = ("start", "finish")
NUMBERS = ()


def read(rows: Sequence[Row], tool: Format, how: Conventions, about: About) -> Reading:
    raise NotImplementedError

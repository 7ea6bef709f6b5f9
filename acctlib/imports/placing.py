"""Where the rows of an export end: in a table, in a file where they wait, or aside.

What imports of hours and of things share: how the file writes numbers and dates, which account a client's name means, the names
that are not met, and the rows that wait for them.
"""

from __future__ import annotations

import collections
import csv
import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc

from acctlib.imports import time_reports
from acctlib.imports.clients import Clients
from acctlib.imports.conventions import Conventions, Seen, conventions
from acctlib.imports.exports import Export
from acctlib.imports.formats import Format
from acctlib.imports.merge import Merged
from acctlib.imports.readings import Asked, one_line
from acctlib.imports.workbench import Workbench
from acctlib.tables.problems import Problem, TableErrors
from acctlib.tables.raw import RawTable

__all__ = ["Import", "Outcome", "Unmet", "ask_about", "slug"]

#: A correction may take away so many rows, or this share of those it speaks of; more is asked about.
_FEW, _SHARE = 5, 0.05


@dataclass
class Unmet:
    """A name that no account or project is called by: how many rows wait for it, and what would settle it."""

    name: str
    account: str = ""
    rows: int = 0
    quantity: collections.Counter[str] = field(default_factory=collections.Counter)
    near: str = ""
    line: str = ""


@dataclass
class Outcome:
    """What an import made of one file.

    Parameters
    ----------
    file, tool, reason, how : str
        The file; the format's name; why it is that; how it writes numbers and dates.
    unit : str
        Of the quantities: h, a currency, or what is counted; where a file has several currencies each has its own.
    read : int
        Rows below the header that are not blank.
    accounts : dict of str to (rows, quantities, Merged)
        The quantities by unit: two currencies are never added.
    parts : int
        Rows in accounts beyond those of the file, since an entry cut at midnight, or billed in part, stands for several.
    unmet : list of Unmet
        Names that are not met, each once.
    waiting : dict of int to (str, list of str)
        Line -> why the row waits, and its cells.
    set_aside : Counter of str
        Why rows are nothing of ours -> how many.
    notes : list of str
        Sentences that whoever imports must read.
    wrong_totals : list of str
        Totals of the file that its rows do not make.
    right_totals : int
        Totals of the file that its rows make.
    waiting_file : Path or None
    """

    file: str
    tool: str
    reason: str
    how: str
    unit: str
    table: str
    read: int = 0
    parts: int = 0
    accounts: dict[str, tuple[int, collections.Counter[str], Merged]] = field(default_factory=dict)
    unmet: dict[tuple[str, str], Unmet] = field(default_factory=dict)
    waiting: list[tuple[int, str, list[str]]] = field(default_factory=list)
    set_aside: collections.Counter = field(default_factory=collections.Counter)
    notes: list[str] = field(default_factory=list)
    wrong_totals: list[str] = field(default_factory=list)
    right_totals: int = 0
    amounts: collections.Counter = field(default_factory=collections.Counter)
    waiting_file: Path | None = None

    @property
    def kept(self) -> int:
        return sum(rows for rows, _, _ in self.accounts.values())


class Import:
    """What both kinds of import share: conventions, names, and rows that wait."""

    def __init__(
        self,
        export: Export,
        tool: Format,
        fields: dict,
        reason: str,
        clients: Clients,
        bench: Workbench,
        asked: Asked,
        progress,
        path: Path,
    ) -> None:
        self.path = path.resolve()
        self.export, self.tool, self.fields, self.asked, self.progress = export, tool, fields, asked, progress
        self.clients, self.bench = clients, bench
        self.names: set[str] = set()
        self.how = self._conventions()
        self.out = Outcome(export.file, tool.name, reason, self.how.words, "h", tool.table)

    #: Fields that hold dates and numbers, by which the conventions of the file are found.
    dates: Sequence[str] = ()
    numbers: Sequence[str] = ()
    #: Fields of money that is a control only: where it can't be read, the file is read without.
    money: Sequence[str] = ()

    def _look(self, batch: RawTable) -> None:
        """Note what else of a batch tells how the file is written."""

    def _conventions(self) -> Conventions:
        words = ("note", "task", "unused")  # which say nothing of how the file is written
        how, money, problems = self._surveyed({at for name, ats in self.fields.items() if name not in words for at in ats})
        if problems and self.export.large:  # once more with all columns: their line breaks count in the numbers of lines
            how, money, problems = self._surveyed(None)
        if problems:
            raise TableErrors(tuple(problems))
        self.money_how = money
        return how

    def _surveyed(self, needed: set[int] | None) -> tuple[Conventions, Conventions | None, list[Problem]]:
        """Read the whole file for how it writes numbers, dates and money, and for the clients it names."""
        seen = Seen()
        client = "client" if "client" in self.fields else "account"
        for batch in self.export.batches(needed):
            self._look(batch)
            for kind, names in (("dates", self.dates), ("numbers", self.numbers), ("money", self.money)):
                for at in (at for name in names for at in self.fields.get(name, ())):
                    seen.add(kind, self.export.header[at].strip(), batch.columns[at], batch.lines)
            self.names |= set(pc.unique(time_reports.cells_of(batch, self.fields, client)).to_pylist()) - {""}
        decimal = "point" if self.export.typed else self.asked.decimal or self.tool.decimal
        how, problems = conventions(self.export.file, seen, self.asked.dates or self.tool.dates, decimal)
        money, unclear = conventions(self.export.file, Seen(numbers=seen.money), decimal=decimal)
        return how, None if unclear else money, problems

    def account_of(self, client: str) -> tuple[str, str]:
        """Return the account that a client's name means, or "" and why there is none."""
        found = self.clients.account(client) if client else ""
        own = self.asked.account
        if not own:
            return (found, "") if found else ("", f"no account is called {client!r}" if client else "it names no client")
        if found in ("", own) and (found or not client or self._stranger == client):
            return own, ""
        return "", f"it is of {found}, not of {own}" if found else f"{client!r} is not known to be {own}"

    @property
    def _stranger(self) -> str:
        """Return the one unknown client of a file that was said to be of one account, if there is no other."""
        strangers = [name for name in self.names if not self.clients.account(name)]
        return strangers[0] if len(strangers) == 1 and len(self.names) == 1 else ""

    def unmet_client(self, client: str, quantity: float, rows: int = 1, unit: str = "") -> None:
        unmet = self.out.unmet.get((client, ""))
        if unmet is None:
            near = self.clients.near(client) if client else ""
            place = f"data/{near or 'ACCOUNT'}/account.yaml"
            alias = "'" + one_line(client).replace("'", "''") + "'"  # whole, and as YAML reads it, since it will be copied
            line = f"add {alias} to aliases in {place}" if client else "add --account ACCOUNT if all rows are of one"
            unmet = self.out.unmet[(client, "")] = Unmet(client, "", near=near, line=line)
        unmet.rows += rows
        unmet.quantity[unit or self.out.unit] += quantity

    def unmet_project(self, account: str, project: str, quantity: float, first: str, last: str, rows: int = 1) -> None:
        unmet = self.out.unmet.get((project, account))
        if unmet is None:
            near = self.clients.near_project(account, project) if project else ""
            unmet = self.out.unmet[(project, account)] = Unmet(project, account, near=near)
            unmet.line = (
                f"add to data/{account}/projects.csv:  {slug(project)},{_quoted(project)},BILLING_TYPE,{first},{last}"
                if project
                else ""
            )
        unmet.rows += rows
        unmet.quantity[self.out.unit] += quantity

    def wait(self, batch: RawTable, at: int, why: str) -> None:
        self.out.waiting.append((int(batch.lines[at]), why, [column[at].as_py() for column in batch.columns]))

    def put_waiting(self) -> None:
        """Write the rows that wait into a file of their own, and clear that of an earlier import of the same file."""
        place = self._waiting_place()
        if self.out.waiting:
            rows = ([str(self.path), str(line), why, *cells] for line, why, cells in sorted(self.out.waiting))
            self.bench.put_rows(place, ["file", "line", "why it waits", *self.export.header], rows)
            if place.is_file() and place.read_bytes() == self.bench.ready[place].read_bytes():
                del self.bench.ready[place]
            self.out.waiting_file = place
        else:
            self.bench.clear(place)

    def _waiting_place(self) -> Path:
        """Return where this file's rows wait: a name of its own beside the rows of files that are called alike elsewhere."""
        stem = self.tool.name + "-" + re.sub(r"[^\w.-]+", "-", self.path.stem)
        names = (stem if n == 1 else f"{stem}-{n}" for n in itertools.count(1))
        places = (self.bench.journal.waiting / f"{name}.csv" for name in names)
        return next(place for place in places if self._source(place) in ("", str(self.path)))

    def _source(self, place: Path) -> str:
        """Return the file whose rows wait in a place; "" where none do."""
        ready = self.bench.ready.get(place, place)
        if ready is None or not ready.is_file():
            return ""
        with ready.open(encoding="utf-8-sig") as file:
            file.readline()
            return next(csv.reader([file.readline()[:10_000]]), [""])[0]


def slug(name: str) -> str:
    """Return a short key for a name.

    >>> slug("Website – phase 2 (Köln)")
    'website-phase-2-koln'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "project"


def _quoted(name: str) -> str:
    """Return a name as it stands in a cell of a CSV file."""
    plain = one_line(name)
    return '"' + plain.replace('"', '""') + '"' if re.search('[,"]', plain) else plain


def ask_about(file: str, account: str, gone: list[str], stood: int, of: str) -> None:
    """Refuse a file that would take away more than a correction does."""
    if len(gone) <= max(_FEW, _SHARE * stood):
        return
    what = f"{account} has {len(gone)} rows {of} that this file lacks, though it names their people and projects ({gone[0]})"
    remedy = "add --whole if the tool does not have them any more, or --part if the file is only a part of that time"
    raise TableErrors((Problem(file, what, remedy),))

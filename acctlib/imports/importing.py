"""One import: files -> accounts, with the fate of every row.

Every row of an export ends in one of three places: in a table of an account, in a named file where it waits for an alias or
a project, or aside, because it is a total, a heading or a draft. The three are counted against the rows read, and hours and
money against the totals that the file itself states.
"""

from __future__ import annotations

import collections
import csv
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.imports import deals, invoices, plans, risk_registers, time_reports
from acctlib.imports.clients import Clients, met
from acctlib.imports.conventions import Conventions, Seen, conventions
from acctlib.imports.exports import Export, parts_of
from acctlib.imports.formats import Format, recognised
from acctlib.imports.merge import Coverage, Merged, merged_hours, merged_things, text_table
from acctlib.imports.readings import UNNAMED, About, Asked, Found, Met, Reading, one_line, rows_of
from acctlib.imports.workbench import Workbench
from acctlib.tables.checks import between_rows
from acctlib.tables.columns import typed_column
from acctlib.tables.dictionary import TABLES
from acctlib.tables.problems import Problem, TableErrors, shown
from acctlib.tables.raw import RawTable
from acctlib.tables.read import read_table
from acctlib.tables.typed import TypedTable, typed_table

__all__ = ["Outcome", "import_file"]

#: Rows of an import above which new tables are Parquet files.
_LARGE = 100_000
#: Rows kept in memory before they are laid down by account.
_HELD = 500_000
#: Longest note and name of hours, and longest cell of anything else, in characters. Our tables refuse cells that are longer
#: still, since most are quotes that never close.
_LONG_NOTE, _LONG_NAME, _LONG_CELL = 10_000, 1_000, 100_000
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


def import_file(
    path: Path,
    formats: Iterable[Format],
    clients: Clients,
    bench: Workbench,
    asked: Asked,
    progress: Callable[[int], object] = lambda rows: None,
) -> Outcome:
    """Read one export into the tables on the workbench.

    Raises
    ------
    TableErrors
        If the file is in no known format, or its numbers or dates can be read in two ways, or it would take away much.
    """
    parts = parts_of(path)
    export, tool, reason = recognised(parts, formats)
    fields = tool.fields(export.header)
    if "log_work" in fields:
        export = time_reports.unrolled(export, fields["log_work"])
        fields = tool.fields(export.header)
        fields.pop("time_spent", None)  # of the whole issue
    reader = _Hours if tool.table == "time_entries" else _Things
    outcome = reader(export, tool, fields, reason, clients, bench, asked, progress, path).outcome()
    outcome.notes += [
        f"{part.file} looks like a table of this tool too, and was not read: save it as a file of its own"
        for part in parts
        if part.file != export.file and any(not tool.lacks(tool.fields(row)) for row in part.first)
    ]
    return outcome


class _Import:
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


class _Hours(_Import):
    """A time export: read in batches, laid down by account, then met with what each account has."""

    dates, numbers, money = time_reports.DATES, time_reports.NUMBERS, time_reports.MONEY

    def _look(self, batch: RawTable) -> None:
        self.units.add(batch, self.fields)

    def _conventions(self) -> Conventions:
        self.units = time_reports.Units()
        how = super()._conventions()
        units, problems = self.units.decided(self.export.file, self.tool.durations, self.export.typed)
        if problems:
            raise TableErrors(tuple(problems))
        return replace(how, units=units)

    def outcome(self) -> Outcome:
        self.stage = _Stage(self.bench.folder)
        self.first, self.last, self.people = "9999", "", set()
        self.made: dict[tuple[str, str], str] = {}
        self.places: dict[tuple[str, str, str, str], tuple[str, str, str, str]] = {}
        self.spans: dict[tuple[str, str], tuple[str, str]] = {}
        self.totals, self.cut, self.long, self.billable, self.rounded, self.overbilled = [], 0, 0, 0, 0.0, 0.0
        running = broken = 0.0
        for batch in self.export.batches():
            read = time_reports.read_time(batch, self.fields, self.tool, self.how, self.money_how)
            self.out.read += len(batch)
            running, broken = self._note_totals(batch, read, running, broken)
            self._lay_down(batch, read)
            self.progress(len(batch))
        if self.cut:
            self.out.notes.append(
                f"entries that run past midnight: {self.cut:,}; they were cut there, so that each day holds its own hours"
            )
        self.out.notes += self._notes()
        self._close_totals(running)
        large = self.out.read > _LARGE
        for account in self.stage.accounts():
            self._merge(account, large)
        self._look_elsewhere()
        self._add_projects()
        self.put_waiting()
        return self.out

    def _notes(self) -> list[str]:
        """Return what of the hours was not counted, or was taken as said though it looks odd."""
        notes = []
        if "billable" not in self.fields and "billed_hours" not in self.fields:
            notes.append("the export does not say what is billable: every hour was taken as billable")
        elif self.out.read and not self.billable:
            notes.append("the export calls not one hour billable; some plans of a tool say so of every hour")
        if "hours" in self.fields and "rounded_hours" in self.fields:
            notes.append(f"hours as worked were taken; as rounded for invoices they are {self.rounded:+,.2f} h")
        elif "rounded_hours" in self.fields:
            notes.append("the export has no hours but those rounded for invoices, which were taken as worked")
        if self.long:
            notes.append(f"notes longer than {_LONG_NOTE:,} characters: {self.long:,}; they were cut there")
        if self.overbilled > 0.005:
            notes.append(f"billed hours are {self.overbilled:,.2f} h more than those worked; hours as worked were taken")
        if self.money_how is None:
            notes.append("its amounts can be read in two ways, so that they are no control; add --decimal comma or point")
        return notes

    def _note_totals(self, batch: RawTable, read, running: float, broken: float) -> tuple[float, float]:
        hours = time_reports.each(read.rows["hours"], float, pa.float64()).to_numpy() if len(read.rows) else np.array([])
        if read.totals:
            lines = np.asarray(batch.lines)[read.at]
            for total in read.totals:
                before = running + hours[lines < total.line].sum()
                self.totals.append((total, before, before - broken))
                broken = before
        self.cut += read.cut
        self.rounded += read.rounded
        self.overbilled += read.overbilled
        self.billable += int(pc.sum(pc.equal(read.rows["billable"], "yes")).as_py() or 0)
        self.out.set_aside.update(read.set_aside.values())
        self.out.amounts.update(read.amounts)
        return running + float(hours.sum()), broken

    def _close_totals(self, whole: float) -> None:
        tolerance = 0.01 + 0.005 * self.out.read
        for total, before, since in self.totals:
            if min(abs(total.value - sum_) for sum_ in (before, since, whole)) <= tolerance:
                self.out.right_totals += 1
            else:
                made = min((before, since), key=lambda sum_: abs(total.value - sum_))
                self.out.wrong_totals.append(
                    f"row {total.line} says {shown(total.label)} {total.value:,.2f} h, its rows make {made:,.2f} h"
                )

    def _unfit(self, rows: pa.Table) -> dict[int, str]:
        """Return which rows the checks of our table would refuse, and why: a single one would lock the account's reports."""
        faults: dict[int, str] = {}
        for name in ("client", "project", "task", "person", "role"):
            for row in np.flatnonzero(pc.greater(pc.utf8_length(rows[name]), _LONG_NAME)):
                faults.setdefault(int(row), f"its {name} is longer than {_LONG_NAME:,} characters; shorten it there")
        for name in ("date", "person", "role", "hours", "billable"):
            for row, (what, _) in typed_column(TABLES["time_entries"].column(name), rows[name])[1].items():
                faults.setdefault(row, f"its {name} {shown(rows[name][row].as_py())}: {what}")
        return faults

    def _lay_down(self, batch: RawTable, read) -> None:
        rows = read.rows
        if faults := self._unfit(rows) if len(rows) else {}:
            for row, why in faults.items():
                read.waiting.setdefault(int(read.at[row]), why)
            fit = np.isin(read.at, list(read.waiting), invert=True)
            read.at, rows = read.at[fit], rows.filter(pa.array(fit))
        for at, why in read.waiting.items():
            self.wait(batch, at, why)
        if not len(rows):
            return
        codes, placed = self._placed(rows)
        stays = np.array([not why for _, _, _, why in placed])[codes]
        away, first = np.unique(read.at[~stays], return_index=True)  # the parts of a row that was cut wait as one row
        for at, n in zip(away, np.flatnonzero(~stays)[first], strict=True):
            self.wait(batch, int(at), placed[codes[n]][3])
        self.out.parts += int(stays.sum()) - len(np.unique(read.at[stays]))
        self._note_unmet(rows, codes, placed)
        account, project, task, _ = (
            pa.array(column, pa.string()).take(pa.array(codes)) for column in zip(*placed, strict=True)
        )
        columns = {
            "account": account,
            "date": rows["date"],
            "project": project,
            "task": task,
            "person": rows["person"],
            "role": self._roles(rows),
            "hours": rows["hours"],
            "billable": rows["billable"],
            "note": self._cut(_note(rows, task)),
        }
        table = pa.table(columns) if stays.all() else pa.table(columns).filter(pa.array(stays))
        if len(table):
            self.first = min(self.first, pc.min(table["date"]).as_py())
            self.last = max(self.last, pc.max(table["date"]).as_py())
            self.people |= set(pc.unique(table["person"]).to_pylist())
            self.stage.add(table)

    def _cut(self, notes: pa.Array) -> pa.Array:
        """Return notes as long as a page can show."""
        self.long += int(pc.sum(pc.greater(pc.utf8_length(notes), _LONG_NOTE)).as_py() or 0)
        return pc.utf8_slice_codeunits(notes, 0, _LONG_NOTE)

    def _placed(self, rows: pa.Table) -> tuple[np.ndarray, list[tuple[str, str, str, str]]]:
        """Return for each row the position of its place, and the places: account, project, task, or why there is none."""
        codes = np.zeros(len(rows), np.int64)
        words = []
        for name in ("client", "project", "code", "task"):
            encoded = pc.dictionary_encode(rows[name]).combine_chunks()
            words.append(encoded.dictionary.to_pylist())
            codes = codes * len(words[-1]) + encoded.indices.to_numpy()
        distinct, codes = np.unique(codes, return_inverse=True)
        positions = np.unravel_index(distinct, [len(known) for known in words])
        named = zip(*([known[at] for at in axis] for known, axis in zip(words, positions, strict=True)), strict=True)
        return codes, [self.places[names] if names in self.places else self._place(names) for names in named]

    def _place(self, names: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
        self.places[names] = place = self._looked_up(*names)
        return place

    def _looked_up(self, client: str, project: str, code: str, task: str) -> tuple[str, str, str, str]:
        account, why = self.account_of(client)
        if not account:
            return "", "", "", why
        key = self.clients.project(account, code, project) or self.made.get((account, project), "")
        if not key and self.asked.new_projects and project:
            made = {name for (owner, _), name in self.made.items() if owner == account}
            key = self.made[account, project] = _free(slug(project), {*self.clients.projects(account), *made})
        if not key:
            return account, "", "", f"{account} has no project called {project!r}" if project else "it names no project"
        return account, key, self.clients.tasks(account).get((key, met(task)), ""), ""

    def _note_unmet(self, rows: pa.Table, codes: np.ndarray, placed: list) -> None:
        """Count what waits by name, and over which days it runs."""
        strange = [n for n, (_, _, _, why) in enumerate(placed) if why]
        made = {key: name for (_, name), key in self.made.items()}
        fresh = [n for n, (_, key, _, _) in enumerate(placed) if key in made]
        if not strange and not fresh:
            return
        hours = time_reports.each(rows["hours"], float, pa.float64()).to_numpy()
        for n in (*strange, *fresh):
            mine = np.flatnonzero(codes == n)
            dates = rows["date"].take(pa.array(mine))
            first, last = pc.min(dates).as_py(), pc.max(dates).as_py()
            account, key, _, why = placed[n]
            client, project = (rows[name][int(mine[0])].as_py() for name in ("client", "project"))
            if not why:
                known = self.spans.get((account, key), (first, last))
                self.spans[account, key] = min(first, known[0]), max(last, known[1])
            elif account:
                self.unmet_project(account, project, float(hours[mine].sum()), first, last, len(mine))
            else:
                self.unmet_client(client, float(hours[mine].sum()), len(mine))

    def _roles(self, rows: pa.Table) -> pa.Array:
        """Return roles that the rate card prices: as the export says, else as the firm's list of people does."""
        usual = time_reports.each(rows["person"], lambda person: self.clients.roles.get(met(person), ""), pa.string())
        said = time_reports.each(rows["role"], self._rated, pa.string())
        known = pc.if_else(pc.equal(said, ""), usual, said)
        return pc.if_else(pc.equal(known, ""), rows["role"].combine_chunks(), known)

    def _rated(self, roles: str) -> str:
        """Return the one role of a cell that the rate card prices; "" where there is none, or where it is one of several."""
        rated = {self.clients.rated[met(role)] for role in re.split(r"[,;]", roles) if met(role) in self.clients.rated}
        return self.clients.rated.get(met(roles), rated.pop() if len(rated) == 1 else "")

    def _merge(self, account: str, large: bool) -> None:
        rows = self.stage.rows(account)
        folder = self.clients.data / account
        worked = collections.Counter(h=float(pc.sum(pc.cast(rows["hours"], pa.float64())).as_py()))
        rows = rows.append_column("imported_from", pa.array([self.tool.name] * len(rows), pa.string()))
        if large:
            rows = rows.sort_by([(name, "ascending") for name in ("date", "project", "person")])
            if self.bench.is_new(folder, "time_entries"):
                self.bench.put_parquet(folder / "time_entries.parquet", rows)
                self.out.accounts[account] = (len(rows), worked, Merged(pd.DataFrame(), new=len(rows)))
                return
            if self.bench.holds(folder / "time_entries.parquet", rows):
                self.out.accounts[account] = (len(rows), worked, Merged(pd.DataFrame(), same=len(rows)))
                return
        old = self.bench.table(folder, "time_entries")
        new = rows.to_pandas().astype(object)
        covered = Coverage(self.first, self.last, frozenset(self.people), frozenset(new["project"]), self.asked.whole)
        merged = merged_hours(old, new, self.tool.name, covered)
        if merged.gone and not (self.asked.whole or self.asked.part):
            _ask_about(self.export.file, account, merged.gone, len(old), f"of {self.first} to {self.last}")
        if self.asked.part and merged.gone:
            nobody = Coverage(self.first, self.last, frozenset(), frozenset())
            merged = merged_hours(old, new, self.tool.name, nobody)
        if merged.differs:
            self.bench.put(folder, "time_entries", merged.table, large)
        self.out.accounts[account] = (len(rows), worked, merged)

    def _look_elsewhere(self) -> None:
        """Meet hours that were moved in the tool: from one project or client to another, they would stand in both."""
        came = [merged.came for _, _, merged in self.out.accounts.values() if len(merged.came)]
        stays = {account: merged.stays for account, (_, _, merged) in self.out.accounts.items() if len(merged.stays)}
        whole = self.asked.whole and not self.out.waiting
        for account in () if self.asked.account or not (came or whole) else self.clients.ids:
            if account not in self.out.accounts and len(rows := self._said_before(account)):
                stays[account] = rows
                if whole:
                    covered = Coverage(self.first, self.last, frozenset(), frozenset(), whole=True)
                    old = self.bench.table(self.clients.data / account, "time_entries")
                    merged = merged_hours(old, old.iloc[:0], self.tool.name, covered)
                    self.bench.put(self.clients.data / account, "time_entries", merged.table)
                    self.out.accounts[account] = (0, collections.Counter(h=0.0), merged)
                    del stays[account]
        by = ["date", "person", "hours"]
        counts = collections.Counter(row for rows in came for row in rows[by].itertuples(index=False, name=None))
        moved = []
        for account, rows in sorted(stays.items()):
            for *entry, project in rows[[*by, "project"]].itertuples(index=False, name=None):
                if counts[tuple(entry)]:
                    counts[tuple(entry)] -= 1
                    moved.append(f"{entry[0]} {entry[1]} {entry[2]} h in {account} {project}")
        if moved:
            more = f" and {len(moved) - 3:,} more" if len(moved) > 3 else ""
            self.out.notes.append(
                f"MAY BE COUNTED TWICE, because the file has as many hours of the same person and day elsewhere: "
                f"{'; '.join(moved[:3])}{more}; if they were moved there and the file is all that {self.tool.name} has of its "
                "days, import it again with --whole"
            )

    def _said_before(self, account: str) -> pd.DataFrame:
        """Return the rows that stand in an account from this tool and the days of this file."""
        try:
            raw = read_table(self.clients.data / account, "time_entries")
        except TableErrors:  # what can't be read is no matter of this file
            return pd.DataFrame()
        if raw is None or "imported_from" not in raw.header:
            return pd.DataFrame()
        rows = text_table(raw, ("date", "person", "project", "hours"))
        return rows[rows["date"].between(self.first, self.last) & (rows["imported_from"] == self.tool.name)]

    def _add_projects(self) -> None:
        """Enter the projects that the user said to enter, with the days on which hours fall."""
        for (account, name), key in self.made.items():
            if (account, key) not in self.spans:
                continue
            first, last = self.spans[account, key]
            folder = self.clients.data / account
            cells = {
                "project": key,
                "name": one_line(name),
                "billing_type": self.asked.new_projects,
                "start": first,
                "end": last,
                "status": "active",
            }
            merged = merged_things(self.bench.table(folder, "projects"), [cells], TABLES["projects"], ["project"], "")
            self.bench.put(folder, "projects", merged.table)
            self.out.notes.append(
                f"{account}: entered project {key} ({one_line(name)}, {self.asked.new_projects}, {first} to {last}); "
                "complete its row in projects, for the client may read its name"
            )


class _Things(_Import):
    """An export of deals, invoices, tasks or risks: read at once, met by number."""

    def __init__(self, export: Export, tool: Format, *rest) -> None:
        self.kind = KINDS[tool.table]
        self.dates, self.numbers = self.kind.reader.DATES, self.kind.reader.NUMBERS
        super().__init__(export, tool, *rest)

    def outcome(self) -> Outcome:
        batch = _joined(list(self.export.batches()))
        rows = list(rows_of(batch, self.fields))
        names = {name: self.export.header[at[0]].strip() for name, at in self.fields.items()}
        about = About(self.export.above, self.export.file, self.asked, self.export.header, names)
        read = self.kind.reader.read(rows, self.tool, self.how, about)
        self.out.read, self.out.unit, self.out.notes = len(batch), read.unit, read.notes
        self.out.set_aside.update(read.set_aside.values())
        for at, why in read.waiting.items():
            self.wait(batch, at, why)
        self._reconcile(read, batch)
        self.names = collections.Counter({thing.client for thing in read.found if thing.client})
        placed = self._placed(read.found, batch)
        for account, found in sorted(placed.items()):
            self._merge(account, found, batch)
        self.put_waiting()
        return self.out

    def _reconcile(self, read: Reading, batch: RawTable) -> None:
        """Compare each total of the file with its rows since some heading or total above it, in each of their currencies."""
        lines = np.asarray(batch.lines)
        stated = read.stated or {thing.at[0]: (thing.amount, thing.unit) for thing in read.found}
        order = sorted(stated)
        places = lines[order]
        units = sorted({unit for _, unit in stated.values()})
        starts = [-1, *sorted(int(lines[at]) for at in read.set_aside)]
        above = {start: int(np.searchsorted(places, start)) for start in starts}
        sums = {unit: np.cumsum([0.0, *(stated[at][0] * (stated[at][1] == unit) for at in order)]) for unit in units}
        for total in read.totals:
            end = int(np.searchsorted(places, total.line))
            parts = [(float(sums[unit][end] - sums[unit][above[s]]), unit) for unit in units for s in starts if s < total.line]
            parts += [(float(sums[unit][-1]), unit) for unit in units]
            near, unit = min(parts, key=lambda part: abs(total.value - part[0]), default=(0.0, ""))
            first = max((above[s] for s in starts if s < total.line and above[s] < end), default=0)
            mixed = {stated[at][1] for at in order[first:end]}
            says = f"row {total.line} says {shown(total.label)} {total.value:,.2f}"
            if abs(total.value - near) <= 0.01 + 0.005 * len(stated):
                self.out.right_totals += 1
            elif len(mixed) > 1:
                which = " and ".join(sorted(mixed))
                self.out.notes.append(f"{says} over rows of {which}: two currencies have no sum, it was not compared")
            else:
                self.out.wrong_totals.append(f"{says} {unit or read.unit}".rstrip() + f", its rows make {near:,.2f}")
        for total, made in read.foots:
            if abs(total.value - made) <= 0.01 + 0.005 * len(read.found):
                self.out.right_totals += 1
            else:
                says = f"row {total.line} says {shown(total.label)} {total.value:,.2f} {read.unit}"
                self.out.wrong_totals.append(f"{says}, its rows make {made:,.2f}")

    def _placed(self, found: list[Found], batch: RawTable) -> dict[str, list[Found]]:
        """Return the things by account; what has no account, or needs a project and has none, waits."""
        placed: dict[str, list[Found]] = {}
        days = sorted(day for thing in found for name in ("start", "finish") if (day := thing.cells.get(name)))
        for thing in found:
            account, why = self._account(thing.client)
            if account and self.kind.project:
                project = self.asked.project or thing.project
                key = self.clients.project(account, *([project] if self.asked.project else [project, *thing.also]))
                if key:
                    thing.cells["project"] = key
                elif self.kind.project == "needed":
                    first, last = days[0] if days else "START", days[-1] if days else "END"
                    self.unmet_project(account, project, thing.amount, first, last, len(thing.at))
                    unmet = self.out.unmet[project, account]
                    if not unmet.line.startswith("add --project"):
                        known = unmet.near or " or ".join(self.clients.projects(account)[:3])
                        unmet.line = f"add --project {known}" + f"; or {unmet.line}" * bool(unmet.line)
                    why = f"{account} has no project called {project!r}"
            if account and thing.currencies and self.clients.currency(account) not in thing.currencies:
                ours = self.clients.currency(account)
                why = f"its money is in {' or '.join(thing.currencies)}, and {account} is kept in {ours}; convert it there"
            if why:
                if not account and not self.clients.account(thing.client):
                    self.unmet_client(thing.client, thing.amount, len(thing.at), thing.unit)
                for at in thing.at:
                    self.wait(batch, at, why)
                continue
            placed.setdefault(account, []).append(thing)
        return placed

    def _account(self, client: str) -> tuple[str, str]:
        """Return the account of a client, or of the only known one among several that share a cell; or why there is none."""
        names = [name.strip() for name in client.split(";") if name.strip()]
        known = sorted({account for name in names if (account := self.clients.account(name))})
        if len(names) < 2 or not known or self.clients.account(client):
            return self.account_of(client)
        if len(known) > 1:
            return "", f"it is of several accounts of ours: {', '.join(known)}"
        return self.account_of(next(name for name in names if self.clients.account(name)))

    def _sound(self, found: list[Found], batch: RawTable) -> list[Found]:
        """Return the things whose cells the checks of the tables accept, and whose key is theirs alone; the others wait."""
        table = TABLES[self.tool.table]
        keys = collections.Counter(
            tuple(thing.cells.get(name, "") for name in self.kind.key) for thing in found
        )  # of one account
        names = [name for name in table.names if any(name in thing.cells for thing in found)]
        columns = tuple(pa.chunked_array([[thing.cells.get(name, "") for thing in found]], pa.string()) for name in names)
        numbers = np.arange(len(found))
        typed, _ = typed_table(table, RawTable(self.export.file, tuple(names), columns, numbers, None))
        faults: dict[int, str] = {}
        for n, thing in enumerate(found):
            key = tuple(thing.cells.get(name, "") for name in self.kind.key)
            if keys[key] > 1:
                faults[n] = f"{keys[key]} of them are called {shown(' '.join(filter(None, key)))}; give each a name of its own"
        for n, thing in enumerate(found):
            long = [name for name, text in thing.cells.items() if len(text) > _LONG_CELL]
            if long:
                faults.setdefault(n, f"its {long[0]} is longer than {_LONG_CELL:,} characters; shorten it there")
        for name in names:
            for row, (what, write) in typed_column(table.column(name), columns[names.index(name)])[1].items():
                faults.setdefault(row, f"{name} {shown(found[row].cells[name])}: {what}; {write}")
        for ordered in table.ordered:
            known = [name for name in ordered if name in typed.frame]
            for left, right in itertools.pairwise(known):
                for row in np.flatnonzero((typed.frame[right] < typed.frame[left]).fillna(False).to_numpy(bool)):
                    faults.setdefault(int(row), f"{right} {found[row].cells[right]} is before {left} {found[row].cells[left]}")
        for row, why in faults.items():
            for at in found[row].at:
                self.wait(batch, at, why)
        return [thing for n, thing in enumerate(found) if n not in faults]

    def _merge(self, account: str, found: list[Found], batch: RawTable) -> None:
        table, key = TABLES[self.tool.table], self.kind.key
        folder = self.clients.data / ("firm" if table.firm else account)
        old = self.bench.table(folder, table.name)
        renamed = []
        if self.kind.meet:
            mine = (old["account"] == account).to_numpy(bool) if table.firm else np.ones(len(old), bool)
            known = self.kind.meet(found, old[mine], self.asked)
            self.out.notes += [f"{account}: {note}" for note in known.notes]
            renamed = [(name, key[-1], before, name) for before, name in known.renamed.items()]
            if renamed:
                old = old.copy()
                old.loc[mine, key[-1]] = old.loc[mine, key[-1]].replace(known.renamed)
        found = self._sound(found, batch)
        while found:
            merged = self._merged(account, found, old)
            refused = self._refused(account, found, merged.table)
            for n, why in refused.items():
                for at in found[n].at:
                    self.wait(batch, at, why)
            if not refused:
                break
            found = [thing for n, thing in enumerate(found) if n not in refused]
        if not found:
            return
        if merged.gone and not self.asked.whole:
            _ask_about(self.export.file, account, merged.gone, len(old), f"of {self.tool.title}")
        if self.kind.whole:
            self._note_typed(account, found, old)
        if merged.withdrawn:
            self.out.notes.append(
                f"{account}: {len(merged.withdrawn)} of {table.name} say something else than the client could read "
                f"({', '.join(merged.withdrawn[:3])}); read them, and write client_visible yes again"
            )
        merged.changed = renamed + merged.changed
        if merged.differs:
            self.bench.put(folder, table.name, merged.table)
        quantity: collections.Counter[str] = collections.Counter()
        for thing in found:
            unit = self.clients.currency(account) if thing.unit == UNNAMED else thing.unit or self.out.unit
            quantity[unit] += thing.amount
        self.out.accounts[account] = (sum(len(thing.at) for thing in found), quantity, merged)

    def _scope(self, account: str, cells: list[dict[str, str]]) -> set | None:
        """Return of what the file is the whole; None where it takes nothing away."""
        key = self.kind.key
        if self.asked.part or not (self.kind.whole or self.asked.whole):
            return None
        if self.out.waiting:
            note = f"{account}: rows wait, and may be of what stands here; so nothing was taken away in spite of --whole"
            if self.asked.whole and note not in self.out.notes:
                self.out.notes.append(note)
            return None
        return {cell[key[0]] for cell in cells} | ({account} if key[0] == "account" else set()) if len(key) > 1 else set()

    def _note_typed(self, account: str, found: list[Found], old: pd.DataFrame) -> None:
        key = self.kind.key
        said = {tuple(thing.cells[name] for name in key) for thing in found}
        typed = old[(old["imported_from"] == "") & old[key[0]].isin({place[0] for place in said})]
        others = [place for place in typed[list(key)].itertuples(index=False, name=None) if place not in said]
        if others:
            self.out.notes.append(
                f"{account}: {len(others)} of {self.tool.table} were typed here and are not in the file, as {others[0][-1]}; "
                "they stay and count too: delete those that the file has under another name"
            )

    def _merged(self, account: str, found: list[Found], old: pd.DataFrame) -> Merged:
        table, key = TABLES[self.tool.table], self.kind.key
        cells = [{**thing.cells, **({"account": account} if table.firm else {})} for thing in found]
        scope = self._scope(account, cells)
        if scope is not None:
            cells += self._left_behind(account, old, cells, scope)
        return merged_things(old, cells, table, key, self.tool.name, scope, self.asked.as_of.isoformat())

    def _left_behind(self, account: str, old: pd.DataFrame, cells: list[dict[str, str]], scope: set) -> list[dict[str, str]]:
        """Return what the file lacks but other rows of ours name: it stays, cancelled unless it is done."""
        table, key = TABLES[self.tool.table], self.kind.key
        named = _named(self.clients.data / account, table.name, key, self.tool.name)
        said = {tuple(cell[name] for name in key) for cell in cells}
        left = []
        for row in old.to_dict("records") if named else ():
            place = tuple(row[name] for name in key)
            if row["imported_from"] == self.tool.name and place in named - said and (row[key[0]] in scope or not scope):
                cancelled = "status" in row and row["status"] != "done"
                left.append({**dict(zip(key, place, strict=True)), **({"status": "cancelled"} if cancelled else {})})
        if left:
            names = ", ".join(shown(cell[key[-1]]) for cell in left[:3])
            self.out.notes.append(
                f"{account}: {len(left)} of {table.name} that the file lacks are named by hours or other rows here, and stay "
                f"({names}); if one was renamed, write its new name into those rows"
            )
        return left

    def _refused(self, account: str, found: list[Found], merged: pd.DataFrame) -> dict[int, str]:
        """Return which things the checks between rows would refuse, and why: they would lock the account's reports."""
        table, key = TABLES[self.tool.table], self.kind.key
        typed = {table.name: _typed(table.name, merged)}
        for other in {column.refers.split(".")[0] for column in table.columns} - {"", table.name}:
            raw = read_table(self.clients.data / account, other)
            if raw is not None:
                typed[other] = typed_table(TABLES[other], raw)[0]
        places = {tuple({**thing.cells, "account": account}[name] for name in key): n for n, thing in enumerate(found)}
        refused: dict[int, str] = {}
        for problem in between_rows(typed):
            if problem.file == table.name and problem.severity == "error":
                place = tuple(merged.iloc[problem.row][name] for name in key)
                if place in places:
                    refused.setdefault(
                        places[place], f"{problem.column} {shown(problem.value)}: {problem.what}; {problem.write}"
                    )
        return refused


@dataclass(frozen=True)
class _Kind:
    """How a table of things is imported.

    Parameters
    ----------
    reader : module
        With `DATES`, `NUMBERS` (fields by which the file's conventions are found) and `read`.
    key : tuple of str
        What names a thing.
    project : str
        "needed", "known" (written where it is met), or "" (the table has none).
    whole : bool
        True where an export is all there is of what it speaks of, as a plan is of its project.
    meet : function, optional
        Gives the things of an account the keys by which they stand already; called with them, what stands, and what was asked.
    """

    reader: ModuleType
    key: tuple[str, ...]
    project: str = ""
    whole: bool = False
    meet: Callable[[list[Found], pd.DataFrame, Asked], Met] | None = None


#: Table -> how its exports are imported.
KINDS: dict[str, _Kind] = {
    "opportunities": _Kind(deals, ("account", "opportunity"), meet=deals.meet),
    "invoices": _Kind(invoices, ("invoice",), project="known", meet=invoices.meet),
    "tasks": _Kind(plans, ("project", "task"), project="needed", whole=True),
    "risks": _Kind(risk_registers, ("risk",), project="known"),
}


def _typed(name: str, frame: pd.DataFrame) -> TypedTable:
    columns = tuple(pa.chunked_array([frame[column].tolist()], pa.string()) for column in frame.columns)
    return typed_table(TABLES[name], RawTable(name, tuple(frame.columns), columns, np.arange(len(frame)), None))[0]


def _named(folder: Path, name: str, key: Sequence[str], tool: str) -> set[tuple[str, ...]]:
    """Return the keys of a table's rows that other rows of an account name, but those of the same import."""
    named: set[tuple[str, ...]] = set()
    for table in TABLES.values():
        for column in table.columns:
            if column.refers != f"{name}.{'+'.join(key)}":
                continue
            raw = read_table(folder, table.name) if not table.firm else None
            frame = text_table(raw, (*key[:-1], column.name, "imported_from"))
            if table.name == name:
                frame = frame[frame["imported_from"] != tool]
            for *parents, cell in frame[[*key[:-1], column.name]].drop_duplicates().itertuples(index=False, name=None):
                parts = cell.split(";") if column.kind == "list" else [cell]
                named |= {(*parents, part.strip()) for part in parts if part.strip()}
    return named


def _joined(batches: list[RawTable]) -> RawTable:
    if len(batches) == 1:
        return batches[0]
    columns = tuple(
        pa.chunked_array([chunk for c in cs for chunk in c.chunks]) for cs in zip(*(b.columns for b in batches), strict=True)
    )
    return RawTable(batches[0].file, batches[0].header, columns, np.concatenate([b.lines for b in batches]), None)


class _Stage:
    """Rows laid down by account, in memory while they are few, on disk when they are many."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "stage"
        self.held: dict[str, list[pa.Table]] = {}
        self.laid: dict[str, list[tuple[int, int]]] = {}
        self.files: list[pa.ipc.RecordBatchFileReader] = []
        self.count = 0

    def add(self, table: pa.Table) -> None:
        """Add rows of many accounts."""
        encoded = pc.dictionary_encode(table["account"]).combine_chunks()
        codes = encoded.indices.to_numpy()
        order = np.argsort(codes, kind="stable")
        table = table.drop_columns("account").take(pa.array(order)).combine_chunks()
        starts = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
        for n, account in enumerate(encoded.dictionary.to_pylist()):
            self.held.setdefault(account, []).append(table.slice(starts[n], starts[n + 1] - starts[n]))
        self.count += len(table)
        if self.count > _HELD:
            self._lay_down()

    def _lay_down(self) -> None:
        """Write the rows held in memory into one file, a batch for each account."""
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{len(self.files)}.arrow"
        schema = next(iter(self.held.values()))[0].schema
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as file:
            for n, (account, tables) in enumerate(self.held.items()):
                self.laid.setdefault(account, []).append((len(self.files), n))
                file.write_batch(pa.concat_tables(tables).combine_chunks().to_batches()[0])
        self.files.append(pa.ipc.open_file(pa.OSFile(str(path))))
        self.held, self.count = {}, 0

    def accounts(self) -> list[str]:
        """Return the accounts that have rows, sorted."""
        return sorted({*self.held, *self.laid})

    def rows(self, account: str) -> pa.Table:
        """Return an account's rows, in the order of the export."""
        laid = [pa.Table.from_batches([self.files[file].get_batch(n)]) for file, n in self.laid.get(account, ())]
        return pa.concat_tables([*laid, *self.held.get(account, ())])


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


def _free(key: str, taken: set[str]) -> str:
    return next(name for n in range(1, len(taken) + 2) if (name := key if n == 1 else f"{key}-{n}") not in taken)


def _note(rows: pa.Table, task: pa.Array) -> pa.Array:
    """Return the notes; the name of a task that the plan does not have stands before them, so that it is not lost."""
    words, note = rows["task"].combine_chunks(), rows["note"].combine_chunks()
    planned = pc.or_(pc.not_equal(task, ""), pc.equal(words, ""))
    gap = pc.if_else(pc.or_(planned, pc.equal(note, "")), "", ": ")
    return pc.binary_join_element_wise(pc.if_else(planned, "", words), gap, note, "")


def _ask_about(file: str, account: str, gone: list[str], stood: int, of: str) -> None:
    """Refuse a file that would take away more than a correction does."""
    if len(gone) <= max(_FEW, _SHARE * stood):
        return
    what = f"{account} has {len(gone)} rows {of} that this file lacks, though it names their people and projects ({gone[0]})"
    remedy = "add --whole if the tool does not have them any more, or --part if the file is only a part of that time"
    raise TableErrors((Problem(file, what, remedy),))

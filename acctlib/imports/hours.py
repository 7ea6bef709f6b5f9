"""Hours: a time export, read in batches, laid down by account, then met with what each account has."""

from __future__ import annotations

import collections
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.imports import time_reports
from acctlib.imports.clients import met
from acctlib.imports.conventions import Conventions
from acctlib.imports.merge import Coverage, Merged, merged_hours, merged_things, text_table
from acctlib.imports.placing import Import, Outcome, ask_about, slug
from acctlib.imports.readings import one_line
from acctlib.tables.columns import typed_column
from acctlib.tables.dictionary import TABLES
from acctlib.tables.problems import TableErrors, shown
from acctlib.tables.raw import RawTable
from acctlib.tables.read import read_table

__all__ = ["Hours"]

#: Rows of an import above which new tables are Parquet files.
_LARGE = 100_000
#: Rows kept in memory before they are laid down by account.
_HELD = 500_000
#: Longest note and name of hours, in characters. Our tables refuse cells that are longer still, since most are quotes that
#: never close.
_LONG_NOTE, _LONG_NAME = 10_000, 1_000


class Hours(Import):
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
            ask_about(self.export.file, account, merged.gone, len(old), f"of {self.first} to {self.last}")
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


def _free(key: str, taken: set[str]) -> str:
    return next(name for n in range(1, len(taken) + 2) if (name := key if n == 1 else f"{key}-{n}") not in taken)


def _note(rows: pa.Table, task: pa.Array) -> pa.Array:
    """Return the notes; the name of a task that the plan does not have stands before them, so that it is not lost."""
    words, note = rows["task"].combine_chunks(), rows["note"].combine_chunks()
    planned = pc.or_(pc.not_equal(task, ""), pc.equal(words, ""))
    gap = pc.if_else(pc.or_(planned, pc.equal(note, "")), "", ": ")
    return pc.binary_join_element_wise(pc.if_else(planned, "", words), gap, note, "")

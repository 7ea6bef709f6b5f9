"""Things: an export of deals, invoices, tasks or risks, read at once and met by number."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa

from acctlib.imports import deals, invoices, plans, risk_registers
from acctlib.imports.exports import Export
from acctlib.imports.formats import Format
from acctlib.imports.merge import Merged, merged_things, text_table
from acctlib.imports.placing import Import, Outcome, ask_about
from acctlib.imports.readings import UNNAMED, About, Asked, Found, Met, Reading, rows_of
from acctlib.tables.checks import between_rows
from acctlib.tables.columns import typed_column
from acctlib.tables.dictionary import TABLES
from acctlib.tables.problems import shown
from acctlib.tables.raw import RawTable
from acctlib.tables.read import read_table
from acctlib.tables.typed import TypedTable, typed_table

__all__ = ["Things"]

#: Longest cell of a thing, in characters; our tables refuse cells that are longer still.
_LONG_CELL = 100_000


class Things(Import):
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
            ask_about(self.export.file, account, merged.gone, len(old), f"of {self.tool.title}")
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

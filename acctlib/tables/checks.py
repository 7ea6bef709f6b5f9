"""Raw tables -> checked tables, or every problem at once.

A report is as good as the worst cell beneath it, and a wrong cell that passes is worse than one that stops the run. Checking
therefore stops at nothing: a person who mends a file sees all of its faults in one list, each with its place and its remedy.

Columns are read one by one first (`typed`). Then come the things that only rows and tables show: a key used twice, an
end before its start, hours on a project that nobody has entered. A row of the wrong width is named as such and judged no
further, since its cells may have slipped; a reference into a table that is absent, empty or unreadable is not judged
either, since all tables but `projects` are optional. Time outside its project's dates and percentages that look like
fractions are warnings: both may be right.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import numpy as np
import pandas as pd

from acctlib.missing import Missing
from acctlib.places import RESTED, looks
from acctlib.tables.columns import NEAREST_SOUGHT
from acctlib.tables.dictionary import TABLES, Column
from acctlib.tables.problems import Problem, TableErrors, shown
from acctlib.tables.queries import Query
from acctlib.tables.raw import nearest
from acctlib.tables.read import RawFolder, add_answer, read_folder
from acctlib.tables.reporting import reporting_circles
from acctlib.tables.typed import TypedTable, typed_table

__all__ = ["Checked", "Source", "between_rows", "keep_firm", "read_checked"]

#: A read that meets an import at work waits for it so many tenths of a second: replacing takes some hundredths.
_PATIENCE = 50
_UNFINISHED = "unfinished"
#: Bytes of the firm's tables beyond which each report reads them by itself, within its own limit of memory.
_LARGEST_KEPT = 200_000_000
#: The firm's folder -> how its files looked, and its tables.
_kept_firm: dict[Path, tuple[list, _Judged]] = {}


@dataclass(frozen=True)
class Source:
    """Where a table came from: the name of its file, and its number of rows."""

    file: str
    rows: int


@dataclass(frozen=True)
class Checked:
    """All tables of an account and of the firm, typed.

    Parameters
    ----------
    tables : dict of str to DataFrame or Missing
        Every table of the dictionary. Columns stand in the order of the dictionary, and only those that the file has.
    sources : dict of str to Source
        Of the tables that are there.
    warnings : tuple of Problem
        What is odd but can be read in one way only.
    """

    tables: dict[str, pd.DataFrame | Missing]
    sources: dict[str, Source]
    warnings: tuple[Problem, ...]


def read_checked(account_folder: Path, firm_folder: Path | None, queries: Iterable[Query] = ()) -> Checked:
    r"""Return the typed tables of one account and of the firm.

    Parameters
    ----------
    account_folder : Path
        The account's folder, with CSV or Parquet files or a workbook.
    firm_folder : Path, optional
        The folder of the tables that serve all accounts. None, or a folder that is not there: they are `Missing`.
    queries : iterable of Query, optional
        The tables of either that come from a database.

    Returns
    -------
    Checked
        Every table of the dictionary; `Missing` where there is no file, or a header only.

    Raises
    ------
    TableErrors
        If anything in the files cannot be used as it stands. It holds every problem, not the first.

    Examples
    --------
    An account is one file at least. This one has a decimal comma in its fee:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = "project,name,billing_type,start,end,fee\nsite,Web site,fixed_fee,2026-07-01,2026-09-30,\"9000,50\"\n"
    ...     _ = Path(folder, "projects.csv").write_text(table)
    ...     read_checked(Path(folder), None)
    Traceback (most recent call last):
    acctlib.tables.problems.TableErrors: projects.csv:2: column 'fee' (cell F2): got '9000,50' (decimal comma); write 9000.50
    """
    if not account_folder.is_dir():
        remedy = f"make it with: acctlib new {account_folder.name}"
        raise TableErrors((Problem(account_folder.name, "the account has no folder", remedy),))
    queries = tuple(queries)
    read_firm = _firm_as_kept if not any(TABLES[query.table].firm for query in queries) else _firm_folder
    own, firm = _of_one_moment(account_folder, firm_folder, read_firm)
    own = _judged(own, [query for query in queries if not TABLES[query.table].firm])
    if isinstance(firm, RawFolder):
        firm = _judged(firm, [query for query in queries if TABLES[query.table].firm])
    both = {**own.typed, **firm.typed}
    typed = {name: both[name] for name in TABLES if name in both}
    problems = [*own.problems, *firm.problems]
    if "projects" not in typed and "projects" not in own.unreadable:
        remedy = f"make it with: acctlib new {account_folder.name}"
        problems.append(Problem("projects.csv", "there is no table projects, which every account needs", remedy))
    elif "projects" in typed and not len(typed["projects"].raw):
        problems.append(Problem(typed["projects"].raw.file, "has no rows", "enter one project at least"))
    problems = _sorted(problems, [table.raw.file for table in typed.values()])
    if any(problem.severity == "error" for problem in problems):
        raise TableErrors(problems)
    tables = {name: _frame_or_missing(name, typed, account_folder) for name in TABLES}
    sources = {name: Source(table.raw.file, len(table.raw)) for name, table in typed.items() if len(table.raw)}
    return Checked(tables, sources, problems)


@dataclass(frozen=True)
class _Judged:
    """The typed tables of one folder, and all that is wrong in them: no table refers to one of the other folder."""

    typed: dict[str, TypedTable]
    problems: list[Problem]
    unreadable: set[str]


def _judged(raw: RawFolder, queries: Iterable[Query]) -> _Judged:
    for query in queries:
        add_answer(raw, query)
    typed: dict[str, TypedTable] = {}
    problems = list(raw.problems)
    for name in (name for name in TABLES if name in raw.tables):
        typed[name], found = typed_table(TABLES[name], raw.tables[name])
        problems += found
    return _Judged(typed, [*problems, *between_rows(typed)], raw.unreadable)


def keep_firm(firm_folder: Path) -> None:
    """Read and check the firm's tables once for all reports of which this process is the beginning.

    They hold the rows of all accounts: read anew for each, a thousand accounts would cost a thousand times a thousand. What is
    kept serves while the files look as they did. Young files, whose next change might not show, and large ones are not kept.
    """
    kept, seen = _kept_firm.get(firm_folder), _files(firm_folder)
    if kept and kept[0] == seen:
        return
    _kept_firm.clear()
    young = any(max(times) > time.time_ns() - RESTED for _, _, *times, _ in seen)
    if young or sum(size for _, size, *_ in seen) > _LARGEST_KEPT or _last_import(firm_folder) == _UNFINISHED:
        return
    judged = _judged(_firm_folder(firm_folder), ())
    if _files(firm_folder) == seen:
        _kept_firm[firm_folder] = seen, judged


def _firm_as_kept(firm_folder: Path) -> RawFolder | _Judged:
    kept = _kept_firm.get(firm_folder)
    return kept[1] if kept and kept[0] == _files(firm_folder) else _firm_folder(firm_folder)


def _firm_folder(firm_folder: Path) -> RawFolder:
    return read_folder(firm_folder, firm=True)


def _files(folder: Path) -> list[tuple]:
    """Return the names of a folder's files, and how each looks."""
    with os.scandir(folder) as entries:
        return sorted((entry.name, *looks(entry.stat())) for entry in entries if entry.is_file())


def _of_one_moment(
    account_folder: Path, firm_folder: Path | None, read_firm: Callable[[Path], RawFolder | _Judged]
) -> tuple[RawFolder, RawFolder | _Judged]:
    """Return both folders as no import had half replaced them; refuse where one was interrupted."""
    if firm_folder is None or not firm_folder.is_dir():
        return read_folder(account_folder), RawFolder()
    for _ in range(_PATIENCE):
        before = _last_import(firm_folder)
        if before != _UNFINISHED:
            folders = read_folder(account_folder), read_firm(firm_folder)
            if _last_import(firm_folder) == before:
                return folders
        time.sleep(0.1)
    what = "an import is replacing these tables, or was interrupted while it did"
    raise TableErrors(
        (Problem(account_folder.name, what, "wait until it has ended, or put back what stood before: acctlib import --undo"),)
    )


def _last_import(firm_folder: Path) -> object:
    """Return what tells one state of the journal of imports from another."""
    path = firm_folder / "imports" / "last" / "journal.json"
    try:
        state = path.stat()
        finished = json.loads(path.read_text(encoding="utf-8"))["finished"]
    except FileNotFoundError:
        return None
    return (state.st_ino, state.st_mtime_ns) if finished else _UNFINISHED


def between_rows(typed: dict[str, TypedTable]) -> Iterator[Problem]:
    """Yield what only rows and tables show together: a key used twice, a circle, a reference to nothing."""
    for table in typed.values():
        if len(table.raw):
            for check in (_duplicates, _falling, _fractions):
                yield from check(table)
            yield from _dangling(table, typed)
    for rule in (_outside_project, _circles, reporting_circles, _signs, _scores):
        yield from rule(typed)


def _frame_or_missing(name: str, typed: dict[str, TypedTable], account_folder: Path) -> pd.DataFrame | Missing:
    if name not in typed:
        folder = "firm" if TABLES[name].firm else account_folder.name
        return Missing(f"there is no table {name}", f"add {name}.csv to the folder {folder}")
    table = typed[name]
    return table.frame if len(table.raw) else Missing(f"{table.raw.file} has no rows", f"enter rows into {table.raw.file}")


def _sorted(problems: list[Problem], files: list[str]) -> tuple[Problem, ...]:
    """Put files that are no table first, then the tables in the order of the dictionary, each from top to bottom."""
    rank = {file: at for at, file in enumerate(files)}
    return tuple(sorted(problems, key=lambda problem: (rank.get(problem.file, -1), problem.file, problem.row or 0)))


def _duplicates(typed: TypedTable) -> Iterator[Problem]:
    """Yield every row whose key stands in an earlier row; a blank in an optional part of the key counts as a value."""
    keys = [name for name in typed.table.key if name in typed.frame]
    if any(typed.table.column(name).required for name in typed.table.key if name not in keys) or not keys:
        return
    rows = np.flatnonzero(typed.sound(*keys) & typed.frame.duplicated(keys, keep=False).to_numpy())
    if not len(rows):
        return
    # Dates are no names: of project + task + as_of it is the task that a person looks for.
    name = next((key for key in reversed(keys) if typed.table.column(key).kind != "date"), keys[0])
    first: dict[tuple, int] = {}
    for row, key in zip(rows, typed.frame.loc[rows, keys].astype(str).itertuples(index=False, name=None), strict=True):
        earlier = first.setdefault(key, row)
        if earlier != row:
            what = f"the same {' and '.join(keys)} as in row {typed.raw.lines[earlier]}"
            yield typed.problem(int(row), name, what, "delete one of the two rows, or tell them apart")


def _falling(typed: TypedTable) -> Iterator[Problem]:
    """Yield every cell that is below one to its left in `ordered`: high below likely, an end before its start."""
    for ordered in typed.table.ordered:
        names = [name for name in ordered if name in typed.frame]
        sound = typed.sound(*names)
        for left, right in ((names[i], names[j]) for j in range(len(names)) for i in range(j)):
            between = names[names.index(left) + 1 : names.index(right)]
            # Where a value stands between the two, it is compared with each of them instead.
            alone = typed.frame[between].isna().all(axis=1).to_numpy() if between else True
            fallen = (typed.frame[right] < typed.frame[left]).fillna(False).to_numpy(bool)
            for row in np.flatnonzero(sound & alone & fallen):
                bound = typed.raw.columns[typed.positions[left]][int(row)].as_py().strip()
                lies = "lies before" if typed.table.column(left).kind == "date" else "is less than"
                yield typed.problem(int(row), right, f"{lies} {left}, {bound}", f"write {' <= '.join(ordered)}")


def _fractions(typed: TypedTable) -> Iterator[Problem]:
    """Yield a warning for a column of percentages that looks as if it held fractions."""
    for column in typed.table.columns:
        if column.kind == "percent" and column.name in typed.frame:
            percent = typed.frame[column.name] * 100
            fractions = np.flatnonzero((percent > 0) & (percent < 1))
            if len(fractions) and percent.max() <= 1:
                what = "every value of this column is 1 or less: are they fractions?"
                yield typed.problem(int(fractions[0]), column.name, what, "write 30 for 30 %", "warning")


def _dangling(typed: TypedTable, tables: dict[str, TypedTable]) -> Iterator[Problem]:
    """Yield every cell that names a thing which its table does not have."""
    for column in typed.table.columns:
        target_name, _, path = column.refers.partition(".")
        *parents, field = path.split("+")
        target = tables.get(target_name)
        if _has(target, *parents, field) and len(target.raw) and _has(typed, *parents, column.name):
            yield from _dangling_column(typed, column, target, parents, field)


def _dangling_column(
    typed: TypedTable, column: Column, target: TypedTable, parents: list[str], field: str
) -> Iterator[Problem]:
    known = dict.fromkeys(path for path in _paths(target, *parents, field) if all(isinstance(name, str) for name in path))
    homes = [{path[at] for path in known} for at in range(len(parents))]
    sound = typed.sound(column.name, *parents)
    sought: dict[tuple, str] = {}
    for row, (*home, cell) in enumerate(_paths(typed, *parents, column.name)):
        if not sound[row] or not isinstance(cell, str):
            continue
        for name in map(str.strip, cell.split(";")) if column.kind == "list" else [cell]:
            path = (*home, name)
            # an unknown project is named once, in its own column, not again for each of its tasks
            if not name or path in known or any(at not in there for at, there in zip(home, homes, strict=True)):
                continue
            near = sought.get(path)
            if near is None:
                siblings = (other[-1] for other in known if other[:-1] == path[:-1])
                near = sought[path] = nearest(name, siblings) if len(sought) < NEAREST_SOUGHT else ""
            of = "".join(f" of {parent} {shown(value)}" for parent, value in zip(parents, home, strict=True))
            quoted = f" {shown(name)}" if column.kind == "list" else ""
            what = f"no such {field}{quoted}{of} in {target.raw.file}"
            add = f"write {near}, or add {shown(name)}" if near else "mend it, or add it"
            yield typed.problem(row, column.name, what, f"{add} to {target.raw.file}")


def _paths(typed: TypedTable, *columns: str) -> Iterator[tuple]:
    return zip(*(typed.frame[column].to_list() for column in columns), strict=True)


# Rules of single tables


def _has(typed: TypedTable | None, *columns: str) -> bool:
    return typed is not None and {*columns} <= {*typed.frame}


def _outside_project(tables: dict[str, TypedTable]) -> Iterator[Problem]:
    """Yield a warning for each project with time outside its dates; overruns and early starts do happen."""
    time, projects = tables.get("time_entries"), tables.get("projects")
    if not _has(time, "date", "project") or not _has(projects, "project", "start", "end"):
        return
    dates = projects.frame.drop_duplicates("project").set_index("project")[["start", "end"]]
    dates = dates[dates["start"] <= dates["end"]]
    entries = time.frame[["date", "project"]].join(dates, on="project")
    outside = (entries["date"] < entries["start"]) | (entries["date"] > entries["end"])
    outside &= time.sound("date", "project")
    for project, rows in entries[outside].groupby("project", sort=True).groups.items():
        start, end = (f"{dates.at[project, side]:%Y-%m-%d}" for side in ("start", "end"))
        entry = "entry" if len(rows) == 1 else "entries"
        what = (
            f"{len(rows):,} {entry} of project {shown(project)} outside its dates {start} to {end}, of which this is the first"
        )
        yield time.problem(int(rows[0]), "date", what, "mend the date, or the dates of the project", "warning")


def _circles(tables: dict[str, TypedTable]) -> Iterator[Problem]:
    """Yield every circle of tasks of which each waits for the next: none of them could ever begin."""
    tasks = tables.get("tasks")
    if not _has(tasks, "project", "task", "depends_on"):
        return
    sound = tasks.frame.loc[tasks.sound("project", "task", "depends_on"), ["project", "task", "depends_on"]]
    sound = sound.dropna(subset=["project", "task"])
    rows = {(project, task): int(row) for row, project, task, _ in sound.itertuples(name=None)}
    waits = {
        (project, task): [(project, name.strip()) for name in before.split(";")]
        for project, task, before in sound.dropna().itertuples(name=None, index=False)
    }
    while waits:
        try:
            TopologicalSorter(waits).prepare()
            return
        except CycleError as error:
            circle = error.args[1][::-1]
        first = min(circle[:-1], key=lambda task: rows.get(task, 0))
        names = " waits for ".join(shown(task) for _, task in circle)
        yield tasks.problem(rows[first], "depends_on", f"{names}", "take one of them out of depends_on")
        waits = {task: before for task, before in waits.items() if task not in circle}


def _signs(tables: dict[str, TypedTable]) -> Iterator[Problem]:
    """Yield every credit note with a positive amount: it would be added where it must be taken off."""
    invoices = tables.get("invoices")
    if not _has(invoices, "kind", "amount"):
        return
    wrong = (invoices.frame["kind"] == "credit_note") & (invoices.frame["amount"] > 0)
    for row in np.flatnonzero(wrong & invoices.sound("kind", "amount")):
        yield invoices.problem(int(row), "amount", "a credit note takes money off", "write it with a minus")


def _scores(tables: dict[str, TypedTable]) -> Iterator[Problem]:
    """Yield every csat score off its scale of 1 to 5."""
    surveys = tables.get("surveys")
    if not _has(surveys, "kind", "score"):
        return
    off = (surveys.frame["kind"] == "csat") & ~surveys.frame["score"].between(1, 5).fillna(True).to_numpy(bool)
    for row in np.flatnonzero(off & surveys.sound("kind", "score")):
        yield surveys.problem(int(row), "score", "csat is scored from 1 to 5", "write 1 to 5, or the kind nps")

"""The tables that an import changes: read from where they stand, written beside, put in place together at the end.

A table is written in the kind of file in which it stands: rows that an import does not touch stay as they were typed. New
tables are CSV files, which people can read; those of a large import are Parquet files, of which a report reads only its own.
"""

from __future__ import annotations

import csv
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from acctlib.imports.journal import Journal
from acctlib.imports.merge import text_table
from acctlib.profile import queries_in
from acctlib.tables.dictionary import TABLES
from acctlib.tables.problems import Problem, TableErrors
from acctlib.tables.read import WORKBOOK, read_table

__all__ = ["Workbench", "workbench"]


@contextmanager
def workbench(journal: Journal) -> Iterator[Workbench]:
    """Give an import a place for its files, and clear it afterwards, also after a failure."""
    folder = journal.folder.with_name("work")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield Workbench(journal, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Workbench:
    """The tables in the making.

    Parameters
    ----------
    journal : Journal
        Of the workbook whose tables are changed.
    folder : Path
        For unfinished files, on the disk of the tables.
    """

    def __init__(self, journal: Journal, folder: Path) -> None:
        self.journal = journal
        self.folder = folder
        self.ready: dict[Path, Path | None] = {}

    def table(self, folder: Path, name: str) -> pd.DataFrame:
        """Return a table as text, as it stands or as an earlier file of this import left it.

        Raises
        ------
        TableErrors
            If it can't be read, or stands in a workbook, whose sheets are never rewritten.
        """
        try:
            return self._table(folder, name)
        except TableErrors as error:  # of which account: one file of an export speaks of many
            problems = (replace(problem, file=f"{folder.name}/{problem.file}") for problem in error.problems)
            raise TableErrors(tuple(problems)) from None

    def _table(self, folder: Path, name: str) -> pd.DataFrame:
        columns = TABLES[name].names
        if any(query.table == name for query in queries_in(self.journal.data, folder.name) if folder.name != "firm"):
            what = f"says that {name} comes from a database"
            remedy = f"bring the rows into the database, or delete tables.{name} there"
            raise TableErrors((Problem("account.yaml", what, remedy),))
        for ending in (".csv", ".parquet"):
            made = self.ready.get(folder / f"{name}{ending}")
            if made is not None:
                return _read_back(made, columns)
        raw = read_table(folder, name)
        if raw is not None and raw.file.startswith(WORKBOOK):
            what = f"holds the rows of {name}, and an import does not rewrite a workbook"
            raise TableErrors(
                (Problem(raw.file, what, f"save that sheet as {name}.csv in the same folder and delete its rows"),)
            )
        return text_table(raw, columns)

    def is_new(self, folder: Path, name: str) -> bool:
        """Return whether nothing stands in the place of a table, not even in this import."""
        return (
            not any(
                folder / f"{name}{ending}" in self.ready or (folder / f"{name}{ending}").is_file()
                for ending in (".csv", ".parquet")
            )
            and not (folder / WORKBOOK).is_file()
        )

    def put(self, folder: Path, name: str, table: pd.DataFrame, large: bool = False) -> None:
        """Write a table beside its place. Columns that are blank throughout and in no file yet are left out."""
        place = self._place(folder, name, large)
        known = set() if not place.is_file() else {*text_table(read_table(folder, name), ()).columns}
        needed = {column.name for column in TABLES[name].columns if column.required}
        keep = [c for c in table.columns if c in known | needed or (table[c] != "").any()]
        made = self.ready.get(place) or self._new(place)
        if place.suffix == ".parquet":
            self.put_parquet(place, pa.table({c: pa.array(table[c].tolist(), pa.string()) for c in keep}))
            return
        self.put_rows(place, keep, table[keep].itertuples(index=False, name=None), made)

    def put_rows(self, place: Path, header: Sequence[str], rows, made: Path | None = None) -> None:
        """Write a CSV file beside its place."""
        made = made or self._new(place)
        with made.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        self.ready[place] = made

    def put_parquet(self, place: Path, table: pa.Table) -> None:
        """Write a Parquet file beside its place."""
        import pyarrow.parquet as pq

        made = self.ready.get(place) or self._new(place)
        pq.write_table(table, made, compression="zstd")
        self.ready[place] = made

    def holds(self, place: Path, table: pa.Table) -> bool:
        """Return whether exactly these rows stand in a Parquet file already, in this order."""
        import pyarrow.parquet as pq

        return place not in self.ready and place.is_file() and pq.read_table(place).equals(table)

    def clear(self, place: Path) -> None:
        """Leave nothing in a place."""
        if place.is_file():
            self.ready[place] = None

    def commit(self, what: str) -> None:
        """Put all tables in their places, all or none."""
        if self.ready:
            self.journal.commit(what, self.ready)

    def _place(self, folder: Path, name: str, large: bool) -> Path:
        csv_file, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
        if parquet in self.ready or parquet.is_file():
            return parquet
        has_rows = csv_file in self.ready or (csv_file.is_file() and read_table(folder, name) is not None)
        return parquet if large and not has_rows else csv_file

    def _new(self, place: Path) -> Path:
        """Return an empty file that whoever could read the old one can read."""
        descriptor, made = tempfile.mkstemp(prefix=f"{len(self.ready):05}-", suffix=place.suffix, dir=self.folder)
        os.close(descriptor)
        if place.is_file():
            os.chmod(made, stat.S_IMODE(place.stat().st_mode))
        else:
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(made, 0o666 & ~umask)
        return Path(made)


def _read_back(made: Path, columns: Sequence[str]) -> pd.DataFrame:
    if made.suffix == ".parquet":
        import pyarrow.parquet as pq

        frame = pq.read_table(made, use_threads=False).to_pandas().astype(object).fillna("")
    else:
        frame = pd.read_csv(made, dtype=str, keep_default_na=False).astype(object)
    for name in columns:
        if name not in frame:
            frame[name] = ""
    return frame

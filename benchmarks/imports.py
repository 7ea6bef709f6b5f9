"""A firm's time entries, imported once: time, memory, and beside DuckDB partitioning the same file.

    python benchmarks/imports.py                        ten million rows of a thousand accounts, CSV and Parquet
    python benchmarks/imports.py --rows 1000000         fewer
    python benchmarks/imports.py --scratch FOLDER       where the files may lie (two gigabytes)

Each measurement is a process of its own: wall time, CPU time, peak memory. DuckDB (pip install duckdb) reads the same file and
writes a Parquet file for each account, without checking a cell; without it the comparison is left out.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

ACCOUNTS, PROJECTS, PEOPLE = 1000, 5, 400
_BATCH = 500_000


def make_workbook(root: Path) -> None:
    """Write a workbook with a thousand accounts and their projects, but no hours."""
    for name in ("notebooks", "parameters", "data/firm"):
        (root / name).mkdir(parents=True)
    for n in range(ACCOUNTS):
        folder = root / f"data/client-{n:04}"
        folder.mkdir()
        (folder / "account.yaml").write_text(f"name: Client {n:04}\ncurrency: EUR\n")
        rows = (f"p{k},Project {k},time_and_materials,2024-01-01,2026-12-31\n" for k in range(PROJECTS))
        (folder / "projects.csv").write_text("project,name,billing_type,start,end\n" + "".join(rows))
    people = "".join(f"Person {n:03},Designer\n" for n in range(PEOPLE))
    (root / "data/firm/people.csv").write_text("person,role\n" + people)


def batches(rows: int):
    """Yield the firm's hours in the order of their days, as a warehouse would give them."""
    random = np.random.default_rng(1)
    days = np.datetime64("2024-01-01") + np.arange(1000)
    words = pa.array([f"{verb} {thing}" for verb in ("drew", "built", "tested", "discussed") for thing in range(500)])
    for first in range(0, rows, _BATCH):
        n = min(_BATCH, rows - first)
        pick = random.integers
        day = np.sort(pick(0, 1000, n)) if rows <= _BATCH else np.minimum(999, (first + np.arange(n)) * 1000 // rows)
        yield pa.table(
            {
                "account": pa.array([f"client-{a:04}" for a in range(ACCOUNTS)]).take(pa.array(pick(0, ACCOUNTS, n))),
                "date": pa.array(days.astype(str)).take(pa.array(day)),
                "project": pa.array([f"p{k}" for k in range(PROJECTS)]).take(pa.array(pick(0, PROJECTS, n))),
                "task": pa.array(["design", "build", "test", "lead"]).take(pa.array(pick(0, 4, n))),
                "person": pa.array([f"Person {p:03}" for p in range(PEOPLE)]).take(pa.array(pick(0, PEOPLE, n))),
                "role": pa.array(["Designer"]).take(pa.array(np.zeros(n, int))),
                "hours": pa.array([f"{q / 4:g}" for q in range(1, 33)]).take(pa.array(pick(0, 32, n))),
                "billable": pa.array(["yes", "yes", "no"]).take(pa.array(pick(0, 3, n))),
                "note": words.take(pa.array(pick(0, len(words), n))),
            }
        )


def write_files(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write the hours as CSV and as Parquet, the latter with dates and numbers as such."""
    text, binary = folder / "hours.csv", folder / "hours.parquet"
    parquet = None
    with pa.csv.CSVWriter(text, next(batches(1)).schema, write_options=pa.csv.WriteOptions(quoting_style="needed")) as out:
        for table in batches(rows):
            out.write_table(table)
            table = table.set_column(1, "date", table["date"].cast(pa.date32()))
            table = table.set_column(6, "hours", table["hours"].cast(pa.float64()))
            parquet = parquet or pq.ParquetWriter(binary, table.schema)
            parquet.write_table(table)
    parquet.close()
    return text, binary


def measured(command: list[str], cwd: Path) -> tuple[float, float, float]:
    """Return wall seconds, CPU seconds and peak megabytes of a process."""
    script = (
        "import os,resource,subprocess,sys;"
        "r=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL);u=resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(u.ru_utime+u.ru_stime,u.ru_maxrss/1024);sys.exit(r.returncode)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script, *command], cwd=cwd, capture_output=True, text=True)
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    cpu, peak = map(float, done.stdout.split())
    return wall, cpu, peak


_DUCKDB = """
import duckdb, sys
duckdb.sql("SET memory_limit='1GB'")
duckdb.sql("SET partitioned_write_max_open_files=2000")
read = "read_parquet" if sys.argv[1].endswith("parquet") else "read_csv"
duckdb.sql(f"COPY (SELECT * FROM {read}('{sys.argv[1]}')) TO '{sys.argv[2]}' (FORMAT parquet, PARTITION_BY (account))")
"""
_SLICE = """
import sys, time
from pathlib import Path
from acctlib.tables.checks import read_checked
start = time.perf_counter()
table = read_checked(Path("data/client-0042"), Path("data/firm")).tables["time_entries"]
print(f"{len(table)} rows, {table['hours'].sum():.2f} h, {time.perf_counter() - start:.2f}", file=sys.stderr)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    said = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="imports-", dir=said.scratch))
    try:
        text, binary = write_files(scratch, said.rows)
        sizes = ", ".join(f"{file.name} {file.stat().st_size / 1e6:,.0f} MB" for file in (text, binary))
        print(f"{said.rows:,} rows of {ACCOUNTS:,} accounts: {sizes}\n")
        print("| what | wall s | CPU s | peak MB |\n|---|---|---|---|")
        acctlib = str(Path(sys.executable).with_name("acctlib"))
        for file in (text, binary):
            book = scratch / f"book-{file.suffix[1:]}"
            make_workbook(book)
            row(f"acctlib import, {file.suffix[1:]}", measured([acctlib, "import", "plain", str(file)], book))
            row(f"DuckDB, {file.suffix[1:]}, partitioned by account", peer(file, scratch))
        row(
            "the same file once more, nothing to change",
            measured([acctlib, "import", "plain", str(text)], scratch / "book-csv"),
        )
        row(
            "one account's tables read and checked (the process)",
            measured([sys.executable, "-c", _SLICE], scratch / "book-csv"),
        )
        done = subprocess.run([sys.executable, "-c", _SLICE], cwd=scratch / "book-csv", capture_output=True, text=True)
        print(f"\none account's slice, after imports: {done.stderr.strip()} s")
    finally:
        shutil.rmtree(scratch)


def peer(file: Path, scratch: Path) -> tuple[float, float, float] | None:
    try:
        import duckdb  # noqa: F401
    except ImportError:
        return None
    target = scratch / "duckdb"
    try:
        return measured([sys.executable, "-c", _DUCKDB, str(file), str(target)], scratch)
    finally:
        shutil.rmtree(target, ignore_errors=True)


def row(what: str, figures: tuple[float, float, float] | None) -> None:
    print(
        f"| {what} | " + (" | ".join(f"{figure:,.1f}" for figure in figures) if figures else "not installed | |  ") + " |",
        flush=True,
    )


if __name__ == "__main__":
    main()

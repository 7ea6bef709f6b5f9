"""How long does it take to read and check a year of time entries, and how does it grow?

Makes a folder with time entries of 50,000 to 400,000 rows, and reads and checks each in a process of its own, so that peak
memory is that of a report. The peer is the usual way, csv and one pydantic model a row, measured in the same
run. The exponent is the slope of log time over log rows: 1 is linear. To run: ``python benchmarks/tables.py``.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = (50_000, 100_000, 200_000, 400_000)

OURS_IMPORTS = """
from pathlib import Path
from acctlib.tables.checks import read_checked
"""
OURS = """
checked = read_checked(Path(folder), None)
rows = len(checked.tables["time_entries"])
"""

PEER_IMPORTS = """
import csv, datetime as dt
from typing import Literal
from pydantic import BaseModel, Field
class Entry(BaseModel):
    date: dt.date
    project: str
    task: str | None
    person: str | None
    role: str | None
    hours: float = Field(ge=0, le=24)
    billable: Literal["yes", "no"]
    note: str | None
"""
PEER = """
with open(folder + "/projects.csv", newline="") as file:
    projects = {row["project"] for row in csv.DictReader(file)}
with open(folder + "/tasks.csv", newline="") as file:
    tasks = {(row["project"], row["task"]) for row in csv.DictReader(file)}
with open(folder + "/time_entries.csv", newline="") as file:
    entries = [Entry.model_validate(row) for row in csv.DictReader(file)]
assert all(entry.project in projects and (entry.project, entry.task) in tasks for entry in entries)
rows = len(entries)
"""

TIMED = """
import json, resource, sys, time
folder, start = sys.argv[1], time.perf_counter()
{imports}
imported = time.process_time()
{work}
seconds, cpu = time.perf_counter() - start, time.process_time() - imported
print(json.dumps([rows, seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def write_account(folder: Path, rows: int) -> None:
    """Write an account of 20 projects with 30 tasks each and the given number of time entries, each with its own note."""
    rng = random.Random(20261124)
    projects = [f"p{n}" for n in range(20)]
    tasks = [f"t{n}" for n in range(30)]
    lines = [f"{p},Project {p},retainer,2020-01-01,2027-12-31\n" for p in projects]
    (folder / "projects.csv").write_text("project,name,billing_type,start,end\n" + "".join(lines))
    (folder / "tasks.csv").write_text("project,task\n" + "".join(f"{p},{t}\n" for p in projects for t in tasks))
    with (folder / "time_entries.csv").open("w") as file:
        file.write("date,project,task,person,role,hours,billable,note\n")
        for row in range(rows):
            day = f"{rng.randint(2020, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
            who = f"Person {rng.randrange(60)},{rng.choice(['Designer', 'Developer', 'Strategist'])}"
            hours = f"{rng.randrange(1, 48) / 4},{rng.choice(['yes', 'no'])}"
            file.write(f'{day},{rng.choice(projects)},{rng.choice(tasks)},{who},{hours},"worked on thing {row}, part two"\n')


def measured(imports: str, work: str, folder: Path) -> tuple[int, float, float, float]:
    """Return rows, seconds with imports, CPU seconds without, and peak megabytes, of a process of its own."""
    command = [sys.executable, "-c", TIMED.format(imports=imports, work=work), str(folder)]
    root = Path(__file__).resolve().parents[1]
    return tuple(json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout))


def main() -> None:
    """Print the table, a line for each number of rows."""
    print(f"{'rows':>8} {'seconds':>8} {'CPU s':>7} {'MB':>6}   {'peer s':>7} {'CPU s':>7} {'MB':>6}   {'CPU ratio':>9}")
    points = []
    for rows in ROWS:
        with tempfile.TemporaryDirectory() as name:
            write_account(Path(name), rows)
            read, seconds, cpu, peak = measured(OURS_IMPORTS, OURS, Path(name))
            _, peer_seconds, peer_cpu, peer_peak = measured(PEER_IMPORTS, PEER, Path(name))
        points.append((math.log(read), math.log(cpu)))
        peer = f"{peer_seconds:7.2f} {peer_cpu:7.2f} {peer_peak:6.0f}"
        print(f"{read:8,} {seconds:8.2f} {cpu:7.2f} {peak:6.0f}   {peer}   {peer_cpu / cpu:8.1f}x")
    (first, low), (last, high) = points[0], points[-1]
    print(f"exponent {(high - low) / (last - first):.2f} of CPU (1 is linear); seconds include imports, CPU does not")


if __name__ == "__main__":
    main()

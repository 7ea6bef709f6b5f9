"""Accounts for the tests of the review: one with a canary in every cell that a client may not see, and small ones by hand.

Which cells those are follows from the dictionary, so a new internal column is planted without another line here: columns that
are ours, rows that are ours, and open-book cells of projects whose book is closed that far. Every such cell is changed. Most
get a value that can occur nowhere else: a made-up word, a number above seven million (or with a long tail of decimals where
the column has a bound), a day of the 1990s. Where a column knows a few words or grades only, the cell gets another of them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from acctlib.profile import read_yaml
from acctlib.tables.dictionary import CLIENT, CLIENT_SEES, INTERNAL, SEES_LEVELS, TABLES, Column, Table

#: What makes a row ours, as it is written: a table that hides rows and is not named here fails the tests.
HIDE = {
    "time_entries": {"billable": "no"},
    "expenses": {"charged": ""},
    "change_requests": {"status": "draft"},
    "risks": {"client_visible": "no"},
    "issues": {"client_visible": "no"},
    "actions": {"client_visible": "no"},
}
#: Columns that decide whose row it is, or of which the client sees the counts: changed in added rows only.
STEERING = {("surveys", "date"), ("surveys", "kind"), ("surveys", "score")}
#: Columns with few words or grades: a cell is changed, but no value is distinctive.
CLOSED_KINDS = ("choice", "yes_no", "currency")
SMALLEST = 7_000_000


@dataclass
class Canaries:
    """Values that occur nowhere else, by what they look like, each with the column in which it was planted."""

    words: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    days: dict[date, str] = field(default_factory=dict)
    planted: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    _renamed: dict[tuple[str, str], str] = field(default_factory=dict)

    def word(self, where: str) -> str:
        """Return a new word of letters only; no language has it."""
        n, letters = len(self.words) + 1, ""
        while n:
            n, letter = divmod(n, 17)
            letters += "bcdfghjklmnprstvw"[letter]
        made = f"Zqx{letters.rjust(4, 'y')}qzx"
        self.words[made] = where
        return made

    def renamed(self, where: str, value: str) -> str:
        """Return the word that stands for a name wherever it is written; referring columns share it."""
        if (where, value) not in self._renamed:
            self._renamed[where, value] = self.word(where)
        return self._renamed[where, value]

    def number(self, where: str, low: float = SMALLEST, step: float = 13.0) -> str:
        """Return a new number, larger than all before it."""
        made = (
            f"{low + step * (len(self.numbers) + 1):.2f}" if low >= SMALLEST else f"{low + step * (len(self.numbers) + 1):.7f}"
        )
        self.numbers[made] = where
        return made

    def day(self, where: str) -> str:
        """Return a new day, later than all before it but long past."""
        made = date(1990, 1, 2) + timedelta(days=len(self.days))
        self.days[made] = where
        return made.isoformat()

    def cell(self, table: Table, column: Column, old: str) -> str:
        """Return what is written into a cell instead of `old`."""
        where = f"{table.name}.{column.name}"
        self.changed.add(where)
        if column.kind in CLOSED_KINDS or (column.kind == "whole" and column.high is not None):
            return _another(column, old)
        self.planted.add(where)
        if column.kind in ("text", "list"):
            name = old and (column.name in table.key or column.refers)
            return self.renamed(column.refers or where, old) if name else self.word(where)
        if column.kind == "key":
            return self.renamed(column.refers or where, old) if old else self.word(where)
        if column.kind == "date":
            return self.day(where)
        if column.kind == "whole":
            return self.number(where).split(".")[0]
        if column.high is None:
            return self.number(where)
        return self.number(where, low=column.high / 2, step=column.high / 4_000_000)


def _another(column: Column, old: str) -> str:
    values = {"yes_no": ("yes", "no"), "currency": ("EUR", "GBP"), "choice": column.choices}.get(
        column.kind, [str(n) for n in range(int(column.low or 0), int(column.high or 0) + 1)]
    )
    return next(value for value in values if value != old)


def hidden_columns() -> set[str]:
    """Return each `table.column` that is ours, from the dictionary alone."""
    return {f"{t.name}.{c.name}" for t in TABLES.values() for c in t.columns if INTERNAL in (t.sees, c.sees)}


def plant(data: Path, account: str) -> Canaries:
    """Change every cell of an account and of the firm that its client may not see; return what was planted.

    Parameters
    ----------
    data : Path
        The data folder, which is written to.
    account : str
        The account's id.
    """
    made = Canaries()
    files = {t.name: data / ("firm" if t.firm else account) / f"{t.name}.csv" for t in TABLES.values()}
    rows = {name: _read(path) for name, path in files.items()}
    level = _closed_levels(rows, account)
    for table in TABLES.values():
        closed = level(table.name)
        for row in rows[table.name]:
            ours = table.sees == INTERNAL or _is_hidden(table, row)
            shut = closed(row)
            for column in table.columns:
                old = row.get(column.name, "")
                if column.sees == INTERNAL or (ours and _may_change(table, column)) or (_shut(table, column, shut)):
                    row[column.name] = made.cell(table, column, old)
        if table.sees == INTERNAL or table.client_rows:
            rows[table.name].append(_added(made, table, rows[table.name]))
    for name, path in files.items():
        write_table(path, rows[name])
    _plant_profiles(made, data, account)
    return made


def _may_change(table: Table, column: Column) -> bool:
    """Return whether a row that is ours stays a row of this account, and ours, when the cell is changed."""
    if (table.name, column.name) in STEERING or (table.firm and column.name == "account"):
        return False
    if table.sees == INTERNAL:
        return not column.refers or column.kind == "text"
    if table.of_state and column.name in table.key:  # of several states of one thing, which is the latest
        return False
    return not column.refers and column.name not in HIDE[table.name]


def _shut(table: Table, column: Column, level: int) -> bool:
    """Return whether a cell lies in a book that is open less far than its column asks."""
    if column.refers or column.name in (*table.key, *HIDE.get(table.name, ())):
        return False
    wants = table.sees if table.sees != CLIENT else column.sees
    return wants in SEES_LEVELS and level < SEES_LEVELS.index(wants)


def _is_hidden(table: Table, row: dict[str, str]) -> bool:
    if table.client_rows is None:
        return False
    (name, hides), *_ = HIDE[table.name].items()
    written = row.get(name, "")
    return written in (hides, "") or (name == "charged" and float(written) == 0)


def _added(made: Canaries, table: Table, rows: list[dict[str, str]]) -> dict[str, str]:
    """Return one more row that is ours, with a canary in each of its cells that refers to nothing."""
    row = dict(rows[-1]) | {column.name: "" for column in table.columns if column.name not in rows[-1]}
    for column in table.columns:
        if not column.refers and column.name not in HIDE.get(table.name, ()):
            row[column.name] = made.cell(table, column, "" if column.kind in ("key", "text") else row[column.name])
    return row | HIDE.get(table.name, {})


def _closed_levels(rows: dict[str, list[dict]], account: str) -> Callable[[str], Callable[[dict], int]]:
    """Return table -> row -> how far its book is open, as a position in SEES_LEVELS; the most where nobody could say."""
    most = len(SEES_LEVELS) - 1
    levels = {p["project"]: SEES_LEVELS.index(p["client_sees"] or CLIENT_SEES[p["billing_type"]]) for p in rows["projects"]}
    of_contract: dict[str, int] = {}
    for project in rows["projects"]:
        known = of_contract.get(project["contract"], 0)
        of_contract[project["contract"]] = max(known, levels[project["project"]])
    of_role: dict[str, int] = {}
    for name in ("tasks", "time_entries"):
        for row in rows[name]:
            of_role[row["role"]] = max(of_role.get(row["role"], 0), levels[row["project"]])
    own = {row["role"] for row in rows["rate_card"] if row["account"] == account}

    def of_rate(row: dict[str, str]) -> int:
        if row["account"] not in ("", account):
            return 0
        return of_role.get(row["role"], 0) if row["account"] or row["role"] not in own else most

    def of(table: str) -> Callable[[dict], int]:
        if table == "rate_card":
            return of_rate
        if table == "contracts":
            return lambda row: of_contract.get(row["contract"], 0)
        return lambda row: levels.get(row.get("project", ""), most)

    return of


def _plant_profiles(made: Canaries, data: Path, account: str) -> None:
    """Plant in what the two profiles and the director's own notes keep from the client."""
    path = data / account / "account.yaml"
    profile, _ = read_yaml(path)
    profile["targets"] = {
        "revenue": float(made.number("targets.revenue")),
        "margin": float(made.number("targets.margin", low=0.5, step=1e-6)),
        "nps": float(made.number("targets.nps", low=50, step=1e-5)),
        "csat": float(made.number("targets.csat", low=0.5, step=1e-6)),
    }
    factors = ("delivery", "relationship", "results", "commercial", "satisfaction", "growth")
    profile["health_weights"] = {factor: float(made.number(f"health_weights.{factor}")) for factor in factors}
    profile["response_budget"] = float(made.number("response_budget"))
    write_profile(path, **profile)
    path = data / "firm" / "firm.yaml"
    firm, _ = read_yaml(path)
    calls = ("commit", "likely", "doubtful", "lost")
    firm["renewal_odds"] = {call: float(made.number(f"renewal_odds.{call}", low=0.5, step=1e-6)) for call in calls}
    write_profile(path, **firm)
    for path in (data / account / "commentary").glob("*.internal.md"):
        lines = path.read_text(encoding="utf-8").splitlines()
        words = [line if line.startswith("#") or not line else made.word(f"commentary/{path.name}") for line in lines]
        path.write_text("\n".join(words) + "\n", encoding="utf-8")


def plant_in_client_columns(data: Path, account: str) -> Canaries:
    """Put a canary into cells that the client does see: what the tests above must then find.

    A word, an amount and a day; each in every row of its column that the client sees.
    """
    made = Canaries()
    for table, column in (("deliverables", "deliverable"), ("change_requests", "fee"), ("risks", "review_on")):
        path = data / account / f"{table}.csv"
        rows = _read(path)
        for row in rows:
            if not _is_hidden(TABLES[table], row):
                row[column] = made.cell(TABLES[table], TABLES[table].column(column), "")
        write_table(path, rows)
    return made


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, rows: list[dict]) -> None:
    """Write rows as a CSV file with the columns that any of them has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_profile(path: Path, **profile: object) -> None:
    """Write a profile; a JSON value is a YAML value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in profile.items()]
    path.write_text("".join(lines), encoding="utf-8")

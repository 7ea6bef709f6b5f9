"""Real input as account folders: one consultancy's task log, and what suppliers billed their customers by month.

Neither source knows the workbook's tables. `sip_account` turns a project of the task log (one row per task and developer,
with an estimate and the hours it took) into projects, tasks and time entries; there is no rate and no client, so such an
account has hours only. `gcloud_account` turns what one supplier billed one customer into projects and invoices; there are
no hours. Both leave blank what the source does not say: a sparse account is what most firms begin with.

The sources stay where they are. Nothing of them is copied into the project: accounts are built into a temporary folder and
chosen by a rule, never by a name typed here.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT / os.environ.get("ACCTLIB_SHARED", "../shared")
SIP_TASKS = SHARED / "data/sip_first60/Sip-task-info.csv"
SIP_DATES = SHARED / "data/sip_first60/est-act-dates.csv"
GCLOUD = SHARED / "data/gcloud2013/G-Cloud-Total-Spend-13-12-13.csv"

#: The source's status -> ours. A CHRONICLE task is a bucket for time that never completes.
STATUS = {
    "FINISHED": "done",
    "COMPLETED": "done",
    "RELEASED": "done",
    "CHRONICLE": "in_progress",
    "CANCELLED": "cancelled",
    "ESTIMATED": "planned",
    "TEMPLATE": "planned",
    "AUTHORISE": "planned",
}
#: Hours in one row of time entries: the source has up to several hundred for a task and developer, a day has 24.
DAY = Decimal(8)


def sip_rows() -> list[dict[str, str]]:
    """Return the task log: one row per task and developer, with the dates of the task, all as written."""
    dates = {row["TaskNumber"]: row for row in _read(SIP_DATES, "cp1252")}
    return [row | dates[row["TaskNumber"]] for row in _read(SIP_TASKS, "cp1252")]


def gcloud_rows() -> list[dict[str, str]]:
    """Return one row per charge, all as written but the letter that follows each month."""
    return [row | {"For_Month": row["For_Month"].rstrip("l")} for row in _read(GCLOUD, "mac_roman")]


def sip_account(project_code: str, folder: Path) -> None:
    """Write one project of the task log as an account folder.

    Parameters
    ----------
    project_code : str
        The source's ProjectCode.
    folder : Path
        The account's folder; made if it is not there.
    """
    rows = [row for row in sip_rows() if row["ProjectCode"] == project_code]
    tasks = {row["TaskNumber"]: row for row in rows}
    entries = [
        {
            "date": day,
            "project": project_code,
            "task": row["TaskNumber"],
            "person": row["DeveloperID"],
            "hours": hours,
            "billable": "yes",
            "note": row["Summary"],
        }
        for row in rows
        for day, hours in workdays(first_day(row), Decimal(row["DeveloperHoursActual"]))
    ]
    days = [entry["date"] for entry in entries] + [sip_date(row["CompletedOn"]) for row in rows if row["CompletedOn"]]
    _write_profile(folder, name=f"Client {project_code}", currency="GBP")
    _write(
        folder / "projects.csv",
        [
            {
                "project": project_code,
                "name": f"Project {project_code}",
                "billing_type": "time_and_materials",
                "start": min(days),
                "end": max(days),
            }
        ],
    )
    _write(
        folder / "tasks.csv",
        [
            {
                "project": project_code,
                "task": number,
                "work_type": row["Category"],
                "likely_hours": row["HoursEstimate"],
                "start": sip_date(row["StartedOn"]),
                "status": STATUS[row["StatusCode"]],
                "done_on": sip_date(row["CompletedOn"]) if STATUS[row["StatusCode"]] == "done" else None,
            }
            for number, row in tasks.items()
        ],
    )
    _write(folder / "time_entries.csv", entries)


def gcloud_account(supplier: str, customer: str, folder: Path) -> None:
    """Write what one supplier billed one customer as an account folder.

    A project is one service in one lot. Its charges of a month make one invoice at the month's end, and its negative charges
    one credit note.

    Parameters
    ----------
    supplier, customer : str
        As written in the source.
    folder : Path
        The account's folder; made if it is not there.
    """
    rows = [row for row in gcloud_rows() if (row["Supplier"], row["Customer"]) == (supplier, customer)]
    services = sorted({(row["Lot"], row["Product_Service_Description"]) for row in rows})
    number = {service: f"S{i}-lot{service[0]}" for i, service in enumerate(services, start=1)}
    documents: dict[tuple[str, str, bool], Decimal] = defaultdict(Decimal)
    for row in rows:
        charge = Decimal(row["Total_Charge"])
        documents[number[row["Lot"], row["Product_Service_Description"]], row["For_Month"], charge < 0] += charge
    # An April fiscal year, as these customers have; none of them says anything else about itself.
    _write_profile(folder, name=customer, currency="GBP", fiscal_year_start=4)
    _write(
        folder / "projects.csv",
        [
            {
                "project": project,
                "name": service,
                "service_line": f"Lot {lot}",
                "billing_type": "time_and_materials",
                "start": min(months),
                "end": month_end(max(months)),
            }
            for (lot, service), project in number.items()
            for months in [[month for name, month, _ in documents if name == project]]
        ],
    )
    _write(
        folder / "invoices.csv",
        [
            {
                "invoice": f"{project}-{month[:7]}{'-credit' if credit else ''}",
                "project": project,
                "kind": "credit_note" if credit else "invoice",
                "issued": month_end(month),
                "amount": amount,
                "currency": "GBP",
            }
            for (project, month, credit), amount in sorted(documents.items())
        ],
    )


def sip_projects() -> dict[str, str]:
    """Return what each chosen project of the task log stands for -> its code.

    The smallest, the middle and the largest by number of tasks, and of those with twenty or more the one with the largest
    share of tasks that were cancelled or never began.
    """
    states: dict[str, dict[str, str]] = defaultdict(dict)
    for row in sip_rows():
        states[row["ProjectCode"]][row["TaskNumber"]] = STATUS[row["StatusCode"]]
    by_size = sorted(states, key=lambda code: (len(states[code]), code))

    def unfinished(code: str) -> float:
        return sum(state in ("cancelled", "planned") for state in states[code].values()) / len(states[code])

    return {
        "small": by_size[0],
        "middle": by_size[len(by_size) // 2],
        "large": by_size[-1],
        "unfinished": max((code for code in by_size if len(states[code]) >= 20), key=unfinished),
    }


def gcloud_pairs() -> dict[str, tuple[str, str]]:
    """Return what each chosen pair stands for -> (supplier, customer), a different customer in each.

    In this order: the most months, the most negative charges, the most charges in one month only, the most services, and the
    most service names with letters beyond ASCII.
    """
    rows = sorted(gcloud_rows(), key=_pair)
    charges = {pair: list(group) for pair, group in groupby(rows, key=_pair)}
    rules = {
        "months": lambda pair: len(_months(charges[pair])),
        "credits": lambda pair: sum(Decimal(row["Total_Charge"]) < 0 for row in charges[pair]),
        "one-month": lambda pair: len(charges[pair]) if len(_months(charges[pair])) == 1 else 0,
        "services": lambda pair: len({row["Product_Service_Description"] for row in charges[pair]}),
        "letters": lambda pair: sum(not row["Product_Service_Description"].isascii() for row in charges[pair]),
    }
    chosen: dict[str, tuple[str, str]] = {}
    for name, most in rules.items():
        taken = {customer for _, customer in chosen.values()}
        chosen[name] = max((pair for pair in charges if pair[1] not in taken), key=most)
    return chosen


def first_day(row: dict[str, str]) -> date:
    """Return the day from which a task's hours are booked: started, else completed, else estimated."""
    return sip_date(row["StartedOn"] or row["CompletedOn"] or row["EstimateOn"])


def sip_date(text: str) -> date | None:
    """Return a date of the task log, None where it is blank.

    >>> sip_date("02-Nov-04")
    datetime.date(2004, 11, 2)
    """
    return datetime.strptime(text, "%d-%b-%y").date() if text else None


def workdays(first: date, hours: Decimal) -> Iterator[tuple[date, Decimal]]:
    """Yield hours as rows of at most eight on successive working days, from the first one that is not before `first`.

    Twenty hours from a Friday end on the Tuesday after:

    >>> [(str(day), str(part)) for day, part in workdays(date(2004, 11, 5), Decimal(20))]
    [('2004-11-05', '8'), ('2004-11-08', '8'), ('2004-11-09', '4')]
    """
    day = first
    while hours > 0:
        if day.weekday() < 5:
            part = min(hours, DAY)
            yield day, part
            hours -= part
        day += timedelta(days=1)


def month_end(month: str) -> date:
    """Return the last day of the month that an ISO date lies in.

    >>> month_end("2012-02-01")
    datetime.date(2012, 2, 29)
    """
    return (date.fromisoformat(month).replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _pair(row: dict[str, str]) -> tuple[str, str]:
    return row["Supplier"], row["Customer"]


def _months(rows: Iterable[dict[str, str]]) -> set[str]:
    return {row["For_Month"] for row in rows}


def _read(path: Path, encoding: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(encoding), newline="")))


def _write(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_profile(folder: Path, **profile: str | int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # A JSON value is a YAML value, whatever signs stand in a name.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in profile.items()]
    (folder / "account.yaml").write_text("".join(lines), encoding="utf-8")

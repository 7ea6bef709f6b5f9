"""Make the demo accounts' figures from their story.

Fern & Harrow, its three clients and everybody in these folders are invented. The story is written by hand, as files: who
the people are, what was sold at which rate, how each task was planned and when it was finished, which milestones were
accepted, what changed, what was bought. From it follows what is drawn or added up here, so that the figures agree with
each other:

- time_entries: the hours that each task took, on days when somebody who does such work was there;
- progress: at each month's end, the hours so far as a share of those it takes in the end, as people would judge it;
- invoices: a retainer's monthly fee, hours times rate up to the cap, accepted milestones, pass-through, and who paid when;
- bookings: leave, the hours worked in the last two quarters, and the hours still to do;
- history and exchange_rates: older tasks and months, of the shape that real ones have.

Run ``python data/make_demo.py`` after a change to a hand-written file. The same files and seed give the same bytes.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SEED = 20260930
FIRST, LAST = dt.date(2024, 10, 1), dt.date(2026, 9, 30)  # the first and the last day on which anybody worked

COLUMNS = {
    "time_entries": "date project task person role hours billable note",
    "progress": "project task as_of percent_complete remaining_hours",
    "invoices": "invoice project kind issued due paid_on amount tax paid pass_through currency",
    "bookings": "person role account project start end hours_per_week status",
    "history": "project task work_type estimate_hours actual_hours estimated_on done_on status",
    "exchange_rates": "date from to kind rate source",
}


@dataclass(frozen=True)
class Story:
    """What is special about one account.

    Parameters
    ----------
    currency, prefix : str
        ISO code of the account, and the letters before its invoice numbers.
    tax : float
        Tax on top of each invoice, as a fraction.
    pays_after : int
        Days from the due date to the payment; negative for a client who pays early.
    hope : float
        Remaining hours as people judge them, as a share of the hours that really remain.
    staff : mapping of role to people
        Who does the account's work.
    hours : mapping of project to (first, last)
        Hours that a task takes as a share of the likely estimate, at the project's start and at the end of the data.
    unpaid : mapping of (project, month issued) to (paid so far, day paid in full)
        Invoices that the client does not pay as usual.
    letters : sequence of (day, project, kind, amount)
        Deposits and credit notes. A deposit is taken off the project's first milestones.
    """

    currency: str
    prefix: str
    tax: float
    pays_after: int
    hope: float
    staff: dict[str, list[str]]
    hours: dict[str, tuple[float, float]]
    unpaid: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    letters: tuple[tuple[str, str, str, float], ...] = ()


STORIES = {
    "harbour-foods": Story(
        currency="GBP",
        prefix="HF",
        tax=0.20,
        pays_after=-2,
        hope=1.0,
        staff={
            "Account Director": ["Imogen Vale"],
            "Project Manager": ["Callum Reyes"],
            "Strategist": ["Hugo Ferrand"],
            "Designer": ["Mei Tanaka", "Leila Haddad"],
            "Copywriter": ["Joan Pritchard"],
            "Developer": ["Diego Arroyo", "Sanna Virtanen"],
            "Data Analyst": ["Farida Noor"],
            "Test Engineer": ["Bram de Wit"],
        },
        hours={
            "retainer-2024": (0.93, 1.00),
            "packaging-refresh": (1.02, 1.02),
            "retainer-2025": (0.98, 1.04),
            "insight-support": (0.95, 1.12),
            "recipe-hub": (0.97, 1.03),
            "retainer-2026": (1.10, 1.16),
        },
    ),
    "kestrel-mutual": Story(
        currency="EUR",
        prefix="KM",
        tax=0.23,
        pays_after=9,
        hope=0.85,
        staff={
            "Project Manager": ["Ines Carvalho"],
            "Strategist": ["Wanjiru Kamau", "Hugo Ferrand"],
            "Designer": ["Oskar Brandt", "Leila Haddad"],
            "Copywriter": ["Joan Pritchard", "Abel Moreau"],
            "Developer": ["Diego Arroyo", "Kofi Mensah", "Sanna Virtanen"],
            "Data Analyst": ["Farida Noor", "Pavel Horak"],
            "Test Engineer": ["Bram de Wit"],
        },
        hours={
            "discovery": (1.00, 1.04),
            "care-2025": (0.94, 1.02),
            "reporting": (0.95, 1.05),
            "member-portal": (1.12, 1.34),
            "care-2026": (0.98, 1.10),
            "accessibility": (1.02, 1.10),
        },
        letters=(("2025-10-06", "member-portal", "deposit", 39600),),
    ),
    "sorrel-health": Story(
        currency="USD",
        prefix="SH",
        tax=0.0,
        pays_after=6,
        hope=0.95,
        staff={
            "Account Director": ["Renata Oyelaran"],
            "Project Manager": ["Priya Nambiar"],
            "Strategist": ["Wanjiru Kamau"],
            "Designer": ["Oskar Brandt", "Leila Haddad"],
            "Copywriter": ["Abel Moreau"],
            "Developer": ["Kofi Mensah", "Sanna Virtanen"],
            "Data Analyst": ["Pavel Horak", "Farida Noor"],
            "Media Planner": ["Greta Lowe"],
            "Test Engineer": ["Bram de Wit"],
        },
        hours={
            "paid-search": (1.00, 0.85),
            "retainer-2024": (1.03, 0.98),
            "patient-guide": (1.14, 1.20),
            "retainer-2025": (0.96, 0.68),
            "clinic-finder": (1.05, 1.14),
        },
        unpaid={
            ("clinic-finder", "2026-03"): (0, ""),
            ("retainer-2025", "2026-04"): (0, "2026-09-10"),
            ("retainer-2025", "2026-05"): (8000, ""),
            ("clinic-finder", "2026-06"): (0, ""),
            ("retainer-2025", "2026-06"): (0, ""),
            ("retainer-2025", "2026-07"): (0, ""),
        },
        letters=(("2026-06-30", "retainer-2025", "credit_note", -3200),),
    ),
}

NOTES = {
    "strategy": ("prepared interviews", "wrote up findings", "reviewed the draft with Imogen"),
    "design": ("first pass", "second pass after comments", "cleaned up the source files"),
    "content": ("drafts for next week", "second pass after comments", "waited half a day for facts"),
    "build": ("pair work on the hard part", "mended what broke on the test copy", "reviewed a colleague's code"),
    "test": ("wrote the test list", "repeated last week's tests"),
    "analysis": ("cleaned the data", "checked totals by hand"),
    "media": ("moved bids", "checked spend against the limit"),
    "management": ("weekly status", "re-planned after a late approval", "prepared the call"),
}
UNBILLED = ("our own mistake, mended", "handover between colleagues", "not asked for, done anyway")


# ---------------------------------------------------------------------------------------------- files, days and rates


def read(folder: Path, table: str) -> list[dict[str, str]]:
    """Return the rows of a hand-written file."""
    with open(folder / f"{table}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(folder: Path, table: str, rows: list[tuple]) -> None:
    """Write a made file; numbers without needless decimals."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{table}.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS[table].split())
        writer.writerows([number(c) if isinstance(c, int | float) else str(c) for c in row] for row in rows)


def number(value: float) -> str:
    """Return 40 as ``40``, 7.5 as ``7.5`` and 1.1873 as ``1.1873``."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def money(value: float) -> str:
    """Return 14500 as ``14500`` and 423.2 as ``423.20``."""
    return f"{value:.2f}".removesuffix(".00")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def workdays(start: dt.date, end: dt.date) -> list[dt.date]:
    days = (start + dt.timedelta(n) for n in range((end - start).days + 1))
    return [d for d in days if d.weekday() < 5]


def month_ends(start: dt.date, end: dt.date) -> list[dt.date]:
    """Return the last day of every month from that of `start` to that of `end`."""
    months = range(start.year * 12 + start.month, end.year * 12 + end.month + 1)
    return [dt.date(m // 12, m % 12 + 1, 1) - dt.timedelta(1) for m in months]


def month_end(date: dt.date) -> dt.date:
    return month_ends(date, date)[0]


def evenly(rng: np.random.Generator, items: list) -> list:
    """Return the items in an order whose every beginning is spread over the whole list, as work is over a month."""
    steps = (rng.random() + np.arange(4 * len(items)) * (np.sqrt(5) - 1) / 2) % 1
    return [items[n] for n in dict.fromkeys((steps * len(items)).astype(int).tolist())]


def weeks(start: dt.date, end: dt.date) -> float:
    return len(workdays(start, end)) / 5


def rate(card: list[dict], account: str, currency: str, role: str, on: str) -> float:
    """Return the price of an hour: the account's own rate before the standard one, the newest that is valid."""
    valid = [r for r in card if r["role"] == role and r["currency"] == currency and r["valid_from"] <= on]
    own = [r for r in valid if r["account"] == account] or [r for r in valid if not r["account"]]
    return float(max(own, key=lambda r: r["valid_from"])["bill_rate"])


# ------------------------------------------------------------------------------------------------------ time, progress


class Calendar:
    """Who is free on which day, in quarters of an hour; everybody works for several accounts."""

    def __init__(self, people: list[dict], leave: list[tuple]) -> None:
        self._daily = {p["person"]: int(float(p["weekly_hours"]) / 5 * 4) for p in people}
        self._used: dict[tuple[str, dt.date], int] = defaultdict(int)
        for person, *_, start, end, _, _ in leave:
            for away in workdays(start, end):
                self._used[person, away] = self._daily[person]

    def book(self, rng: np.random.Generator, quarters: int, days: list[dt.date], people: list[str]) -> list[tuple]:
        """Return (day, person, quarters) that add up to `quarters`, on days when those people are free."""
        slots = [(d, p) for d in days for p in people]
        booked: dict[tuple, int] = defaultdict(int)
        for _ in range(3):  # a short task in a busy week fills its days on the second or third round
            for slot in evenly(rng, slots):
                free = self._daily[slot[1]] - self._used[slot[1], slot[0]]
                size = min(quarters, free, int(rng.integers(10, 31)))
                if size >= min(quarters, 4) and size > 0:  # nobody books less than an hour, but for the rest of a task
                    booked[slot] += size
                    self._used[slot[1], slot[0]] += size
                    quarters -= size
        if quarters:
            raise ValueError(f"{people} have no {quarters / 4} hours left between {days[0]} and {days[-1]}: name more")
        return sorted((d, p, q) for (d, p), q in booked.items())


def hours_in_the_end(rng: np.random.Generator, story: Story, project: dict, task: dict) -> int:
    """Return the hours that a task takes when it is finished, in quarters of an hour."""
    first, last = story.hours[project["project"]]
    start, end = day(project["start"]), min(day(project["end"]), LAST)
    passed = np.clip((day(task["start"]) - start) / max(end - start, dt.timedelta(1)), 0, 1)
    ratio = (first + (last - first) * passed) * rng.lognormal(0, 0.06)
    return round(float(task["likely_hours"]) * ratio * 4)


def time_and_progress(rng: np.random.Generator, folder: Path, story: Story, calendar: Calendar) -> tuple[list, list]:
    """Return the rows of time_entries and progress, and so how much of each task is left."""
    projects = {p["project"]: p for p in read(folder, "projects")}
    entries, progress = [], []
    for task in read(folder, "tasks"):
        key = task["project"], task["task"]
        if task["status"] not in ("done", "in_progress"):
            continue
        total = hours_in_the_end(rng, story, projects[key[0]], task)
        days = workdays(day(task["start"]), day(task["done_on"] or task["finish"]))
        booked = calendar.book(rng, total, days, story.staff[task["role"]])
        worked = [b for b in booked if b[0] <= LAST]
        for date, person, quarters in worked:
            billable = rng.random() > 0.04
            note = str(rng.choice(NOTES[task["work_type"]])) if rng.random() < 0.3 else ""
            note = note if billable else str(rng.choice(UNBILLED))
            row = (date, *key, person, task["role"], quarters / 4, "yes" if billable else "no", note)
            entries.append(row)
        progress += assessments(key, task["done_on"], worked, total, story.hope)
    entries.sort(key=lambda r: (r[0], r[1], r[2], r[3]))
    progress.sort(key=lambda r: (r[0], r[1], r[2]))
    return entries, progress


def assessments(key: tuple, done_on: str, worked: list[tuple], total: int, hope: float) -> list[tuple]:
    """Return one row a month for a task, until it is done. `hope` below 1 sees less work left than there is."""
    rows, percent = [], 5
    for end in month_ends(worked[0][0], LAST):
        if done_on and day(done_on) <= end:
            return [*rows, (*key, end, 100, 0)]
        left = total - sum(quarters for date, _, quarters in worked if date <= end)
        spent = total - left
        percent = max(percent, min(95, 5 * round(20 * spent / (spent + hope * left))))
        rows.append((*key, end, percent, max(round(hope * left / 2) / 2, 0.5)))
    return rows


# ------------------------------------------------------------------------------------------------------------ invoices


def fees(folder: Path, account: str, story: Story, card: list[dict], entries: list[tuple]) -> dict[tuple, float]:
    """Return what each project's fee comes to on each day on which it is invoiced: (day, project) -> amount."""
    due: dict[tuple, float] = defaultdict(float)
    value = value_of_time(account, story, card, entries)
    for p in read(folder, "projects"):
        name, term = p["project"], month_ends(day(p["start"]), day(p["end"]))
        months = [m for m in term if m <= LAST]
        if p["billing_type"] == "retainer":
            due.update({(m, name): float(p["fee"]) / len(term) for m in months})
        elif p["billing_type"] == "time_and_materials":
            due.update({(m, name): value[m, name] for m in months})
        elif p["billing_type"] == "capped":
            left = float(p["cap"])
            for m in months:
                left += raised(folder, name, m)
                due[m, name] = min(value[m, name], left)
                left -= due[m, name]
    for d in read(folder, "deliverables"):
        if d["amount"] and d["accepted"]:
            due[day(d["accepted"]), d["project"]] += float(d["amount"])
    terms = {(c["contract"], c["start"]): c for c in read(folder, "contracts") if c["kind"] == "licence"}
    for licence in terms.values():  # a year in advance, for the whole account
        due[day(licence["start"]), ""] += float(licence["annual_value"])
    return due


def value_of_time(account: str, story: Story, card: list[dict], entries: list[tuple]) -> dict[tuple, float]:
    """Return billable hours times rate by month and project."""
    value: dict[tuple, float] = defaultdict(float)
    for date, project, _, _, role, hours, billable, _ in entries:
        if billable == "yes":
            value[month_end(date), project] += hours * rate(card, account, story.currency, role, date.isoformat())
    return value


def raised(folder: Path, project: str, month: dt.date) -> float:
    """Return by how much the changes approved in a month raise a project's cap."""
    changes = [c for c in read(folder, "change_requests") if c["project"] == project and c["status"] == "approved"]
    return sum(float(c["fee"]) for c in changes if month_end(day(c["decided"])) == month)


def passed_on(folder: Path) -> dict[tuple, float]:
    """Return what was bought for the client and charged on, by month and project."""
    charged: dict[tuple, float] = defaultdict(float)
    for e in read(folder, "expenses"):
        if e["kind"] == "pass_through":
            charged[month_end(day(e["date"])), e["project"]] += float(e["charged"])
    return charged


def documents(story: Story, due: dict[tuple, float], charged: dict[tuple, float]) -> list[tuple]:
    """Return (day, project, kind, fee, pass-through), one for a project and day, in order of issue."""
    fee = {key: amount for key, amount in due.items() if amount}
    letters = []
    for date, project, kind, amount in story.letters:
        letters.append((day(date), project, kind, amount, 0))
        for key in sorted(k for k in fee if k[1] == project and kind == "deposit"):
            part = min(amount, fee[key])  # a deposit is taken off the first milestones until it is used up
            fee[key], amount = fee[key] - part, amount - part
    invoiced = [(*key, "invoice", fee.get(key, 0), charged.get(key, 0)) for key in fee.keys() | charged.keys()]
    return sorted(letters + [d for d in invoiced if d[3] or d[4]])


def invoices(rng: np.random.Generator, story: Story, issued: list[tuple]) -> list[tuple]:
    """Return the documents with their numbers and tax, and when and how far they were paid."""
    rows = []
    for n, (date, project, kind, fee, charged) in enumerate(issued):
        amount = fee + charged
        gross = round(amount * (1 + story.tax), 2)
        due_on = date + dt.timedelta(30)
        pays = due_on + dt.timedelta(story.pays_after + int(rng.integers(0, 6)))
        paid, paid_on = (gross, pays.isoformat()) if pays <= LAST else (0, "")
        if kind == "credit_note":
            paid, paid_on = gross, date.isoformat()
        elif (project, f"{date:%Y-%m}") in story.unpaid:
            part, paid_on = story.unpaid[project, f"{date:%Y-%m}"]
            paid = gross if paid_on else part
        amounts = map(money, (amount, round(gross - amount, 2), paid, charged))
        rows.append((f"{story.prefix}-{1001 + n}", project, kind, date, due_on, paid_on, *amounts, story.currency))
    return rows


# ------------------------------------------------------------------------------------------------------------ bookings


def leave(rng: np.random.Generator, people: list[dict]) -> list[tuple]:
    """Return when people are away: a fortnight each summer, the days when the house is closed, some weeks to come."""
    rows = []
    for n, p in enumerate(people):
        spans = [(dt.date(y, 12, 24), dt.date(y + 1, 1, 1)) for y in (2024, 2025, 2026)]
        for monday in (dt.date(2025, 7, 7), dt.date(2026, 7, 6)):
            start = monday + dt.timedelta(7 * int(rng.integers(0, 7)))
            spans.append((start, start + dt.timedelta(11)))
        if n % 3 == 0:
            start = dt.date(2026, 10, 12) + dt.timedelta(7 * int(rng.integers(0, 6)))
            spans.append((start, start + dt.timedelta(4)))
        rows += [(p["person"], "", "", "", start, end, float(p["weekly_hours"]), "leave") for start, end in spans]
    return rows


def past_bookings(folder: Path, account: str, entries: list[tuple]) -> list[tuple]:
    """Return the bookings of the last two quarters: what was worked, evened out over the weeks."""
    rows = []
    projects = {p["project"]: p for p in read(folder, "projects")}
    for first, last in ((dt.date(2026, 4, 1), dt.date(2026, 6, 30)), (dt.date(2026, 7, 1), LAST)):
        worked: dict[tuple, float] = defaultdict(float)
        for date, project, _, person, role, hours, _, _ in entries:
            if first <= date <= last:
                worked[person, role, project] += hours
        for (person, role, project), hours in worked.items():
            start = max(first, day(projects[project]["start"]))
            end = min(last, day(projects[project]["end"]))
            a_week = round(2 * hours / weeks(start, end)) / 2
            rows.append((person, role, account, project, start, end, max(a_week, 0.5), "confirmed"))
    return rows


def coming_bookings(folder: Path, account: str, story: Story, progress: list[tuple]) -> list[tuple]:
    """Return the bookings for what is left: confirmed where work has begun, tentative where it is still planned."""
    left = {(p, t): hours for p, t, _, _, hours in progress}  # the newest row of a task stands last
    wanted: dict[tuple, list] = defaultdict(list)
    for task in read(folder, "tasks"):
        if task["status"] not in ("in_progress", "planned"):
            continue
        status = "confirmed" if task["status"] == "in_progress" else "tentative"
        hours = left.get((task["project"], task["task"]), float(task["likely_hours"]))
        start = max(LAST + dt.timedelta(1), day(task["start"]))
        people = story.staff[task["role"]]
        for person in people:
            wanted[person, task["role"], account, task["project"], status].append(
                (start, day(task["finish"]), hours / len(people))
            )
    rows = []
    for (person, role, account_, project, status), parts in wanted.items():
        start, end = min(p[0] for p in parts), max(p[1] for p in parts)
        a_week = round(2 * sum(p[2] for p in parts) / weeks(start, end)) / 2
        rows.append((person, role, account_, project, start, end, max(a_week, 0.5), status))
    return rows


# ------------------------------------------------------------------------------------------------------- older records


def history(rng: np.random.Generator, projects: int = 40, tasks: int = 11) -> list[tuple]:
    """Return estimates and actuals of older tasks, of the shape that public records of real firms have.

    Small tasks take longer than estimated and large ones less; one in five comes out at exactly its estimate; the tasks
    of a project share a common factor, whose log has a standard deviation of 0.15.
    """
    rows = []
    kinds = list(NOTES)
    for n in range(projects):
        begun = dt.date(2021, 3, 1) + dt.timedelta(int(1180 * n / projects))
        shared = rng.normal(0, 0.15)
        for t in range(tasks):
            kind = kinds[int(rng.integers(len(kinds)))]
            estimate = float(rng.choice([0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 60, 80]))
            centre, spread = (0.12, 0.8) if estimate <= 1 else (-0.38, 0.5) if estimate > 35 else (-0.05, 0.72)
            ratio = 1.0 if rng.random() < 0.2 else float(np.exp(rng.normal(centre + shared, spread)))
            cancelled = rng.random() < 0.07
            actual = estimate * ratio * (float(rng.uniform(0.1, 0.7)) if cancelled else 1)
            asked = begun + dt.timedelta(int(rng.integers(0, 60)))
            done = asked + dt.timedelta(7 + int(estimate * ratio / 3) + int(rng.integers(0, 45)))
            status = "cancelled" if cancelled else "done"
            row = (f"P{21 + n // 11}-{n + 1:02d}", f"{kind}-{t + 1:02d}", kind, estimate)
            rows.append((*row, max(0.25, round(actual * 4) / 4), asked, done, status))
    return rows


def exchange_rates(rng: np.random.Generator) -> list[tuple]:
    """Return rates between three currencies both ways: closing and average by month, budget by year."""
    rows = []
    worth = {"EUR": 1.17, "GBP": 1.0, "USD": 1.32}  # of one pound

    def add(date: dt.date, kind: str, of_a_pound: dict[str, float]) -> None:
        for a in sorted(of_a_pound):
            for b in sorted(of_a_pound):
                if a != b:
                    rows.append((date, a, b, kind, round(of_a_pound[b] / of_a_pound[a], 4), "invented for the demo"))

    for end in month_ends(FIRST, LAST):
        if end.month == 10:
            add(end.replace(day=1), "budget", worth)
        step = {"EUR": rng.normal(0, 0.008), "GBP": 0.0, "USD": rng.normal(0, 0.012)}
        closing = {c: worth[c] * float(np.exp(step[c])) for c in worth}
        add(end, "average", {c: (worth[c] + closing[c]) / 2 for c in worth})
        add(end, "closing", closing)
        worth = closing
    return rows


# ---------------------------------------------------------------------------------------------------------- the whole


def make(source: Path, target: Path) -> None:
    """Read the hand-written files under `source` and write the made ones under `target`."""
    people, card = read(source / "firm", "people"), read(source / "firm", "rate_card")
    away = leave(np.random.default_rng([SEED, 0]), people)
    calendar, bookings = Calendar(people, away), list(away)
    for n, (account, story) in enumerate(STORIES.items(), start=1):
        rng, folder = np.random.default_rng([SEED, n]), source / account
        entries, progress = time_and_progress(rng, folder, story, calendar)
        issued = documents(story, fees(folder, account, story, card, entries), passed_on(folder))
        write(target / account, "time_entries", entries)
        write(target / account, "progress", progress)
        write(target / account, "invoices", invoices(rng, story, issued))
        bookings += past_bookings(folder, account, entries) + coming_bookings(folder, account, story, progress)
    write(target / "firm", "bookings", sorted(bookings))
    write(target / "firm", "history", history(np.random.default_rng([SEED, 8])))
    write(target / "firm", "exchange_rates", exchange_rates(np.random.default_rng([SEED, 9])))


if __name__ == "__main__":
    here = Path(__file__).parent
    make(here, Path(sys.argv[1]) if len(sys.argv) > 1 else here)

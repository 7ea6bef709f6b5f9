"""A plan -> tasks.

A plan is a list with an outline: a phase repeats the hours and days of its parts, so that a sum over all rows counts everything
twice or more. Rows with deeper rows below them are therefore set aside, and their hours are what the parts must make.

Duration and work are two things: "180 hrs" of duration is 22.5 working days of the calendar, "180 hrs" of work is what somebody
has to do. Days come from the one, hours from the other, never crosswise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePath

from acctlib.imports.clients import met
from acctlib.imports.conventions import Conventions, Seen, conventions, date_in, number_in
from acctlib.imports.formats import Format
from acctlib.imports.readings import About, Found, Reading, Row
from acctlib.imports.time_reports import Total, is_total
from acctlib.tables.problems import TableErrors, shown

__all__ = ["DATES", "NUMBERS", "read", "span_in"]

DATES = ("start", "finish", "baseline_start", "baseline_finish", "actual_start", "actual_finish")
NUMBERS = ()

#: Hours of a unit in the calendar of a plan that nobody has changed: 8 hours a day, 5 days a week, 20 days a month.
_UNITS = {
    unit: hours
    for hours, units in {
        1 / 60: "m min mins minute minutes minuto minutos minuten minuti",
        1.0: "h hr hrs hour hours std stunde stunden heure heures hora horas hs uur uren u ora ore",
        8.0: "d dy dys day days t tag tage tagen j jr jrs jour jours día días dia dias dag dagen dgn g gg giorno giorni",
        40.0: "w wk wks week weeks woche wochen weken s sem sems semaine semaines semana semanas sett settimana settimane",
        160.0: "mo mon mons month months monat monate mois mes meses maand maanden mnd mese mesi mês",
    }.items()
    for unit in units.split()
}
#: Elapsed time runs day and night: hours of a unit.
_ELAPSED = {8.0: 24.0, 40.0: 168.0, 160.0: 720.0}
_SPAN = re.compile(r"([-+]?[\d.,\s]*\d)\s*([^\W\d_]+)?\.?\s*\??")
_LAG = re.compile(r"\s*[+-]\s*\d+(?:[.,]\d+)?\s*(?:%|[^\W\d]+\.?)?\??")
_LINK = re.compile(r"(\d+)\s*([^\W\d]{2})?")
_NO_DATE = frozenset("na n/a nv n.v. nd nc nod n/d nb nvt n.v.t.".split())


@dataclass
class _Line:
    """A row of a plan in its outline: the rows above it that it is a part of, and whether it has parts itself."""

    row: Row
    name: str
    above: tuple[int, ...] = ()
    phase: bool = False
    links: list[int] = field(default_factory=list)


def span_in(text: str, how: Conventions, unit: str) -> tuple[float, bool] | None:
    """Return the working hours in a cell of a plan, and whether it was elapsed time; None where there are none.

    Parameters
    ----------
    text : str
        As "180 hrs", "5 days?", "2 wks", "3 edays", "1,5 Std.".
    how : Conventions
    unit : str
        What a number without a unit counts.

    Returns
    -------
    (float, bool)
        Hours of work; of elapsed time (7 days of 24 hours) its share of 5 days of 8.

    Examples
    --------
    >>> span_in("180 hrs", Conventions(), "d"), span_in("2 Wochen?", Conventions(), "d"), span_in("7 edays", Conventions(), "d")
    ((180.0, False), (80.0, False), (40.0, True))
    """
    match = _SPAN.fullmatch(text.strip())
    if not match:
        return None
    number, name = number_in(match[1].strip(), how), (match[2] or unit).casefold()
    if number is None:
        return None
    if name in _UNITS:
        return number * _UNITS[name], False
    plain = name[1:] if name[0] in "ef" else ""  # elapsed, in German fortlaufend
    if plain in _UNITS:
        hours = _UNITS[plain]
        return number * _ELAPSED.get(hours, hours) * 40 / 168, True
    return None


def read(rows: Sequence[Row], tool: Format, how: Conventions, about: About) -> Reading:
    """Return the tasks of a plan.

    Hours and days are those of the rows without parts. A task's key is its name, or "Phase / Name" where two phases have one of
    that name: the ID of a plan is the number of a line, which the next insertion changes. So a task that was renamed is a new
    task, and the old one is gone.
    """
    reading = Reading(unit="h" if rows and "work" in rows[0] else "")
    how = _with_decimals(rows, tool, how, about)
    lines = _outlined(rows, tool, reading)
    _link(lines, tool, reading)
    keys = _keys(lines, reading)
    projects = _projects(lines, about)
    share = _shares(lines)
    for line in lines.values():
        if not line.phase and line.row.at not in reading.waiting:
            found = _task(line, lines, keys, tool, how, share, reading)
            if found:
                found.project, found.also = (line.row["project"] or projects[0], () if line.row["project"] else projects[1:])
                reading.found.append(found)
    _depend(reading, lines, keys)
    _foot(lines, how, reading)
    return reading


def _with_decimals(rows: Sequence[Row], tool: Format, how: Conventions, about: About) -> Conventions:
    """Return the conventions with the decimal mark of the durations: their units hide them from the search in the file."""
    seen = Seen()
    for row in rows:
        for name in ("duration", "work", "baseline_work"):
            if match := _SPAN.fullmatch(row[name]):
                seen.numbers.setdefault(match[1].strip(), (row.line, about.names.get(name, name)))
    found, problems = conventions(about.file, Seen(numbers=seen.numbers), "day-first", about.asked.decimal or tool.decimal)
    if problems:
        raise TableErrors(tuple(problems))
    return Conventions(how.dates, found.decimal or how.decimal)


def _outlined(rows: Sequence[Row], tool: Format, reading: Reading) -> dict[int, _Line]:
    """Return the rows that are tasks or phases, by position."""
    lines: dict[int, _Line] = {}
    levels: dict[int, int] = {}
    last = 1
    for row in rows:
        name = _one_line(row["task"])
        said = [row[f] for f in ("duration", "work", "start", "finish") if row[f]]
        if not name and not said:
            reading.set_aside[row.at] = "a blank line of the plan"
        elif not name:
            reading.waiting[row.at] = "it has no name"
        elif is_total(name) and not row["start"] and not row["finish"]:
            reading.set_aside[row.at] = "a total"
        elif name.casefold() == (tool.columns["task"][0].casefold()) and row["duration"] in tool.columns["duration"]:
            reading.set_aside[row.at] = "the column names once more"
        else:
            lines[row.at] = _Line(row, name)
            last = levels[row.at] = _level(row, last)
    open_: list[int] = []
    for at, line in lines.items():
        while open_ and levels[open_[-1]] >= levels[at]:
            open_.pop()
        line.above = tuple(open_)
        for phase in open_[-1:]:
            lines[phase].phase = True
        open_.append(at)
    for at, line in lines.items():
        said = tool.word("flag", line.row["summary"])
        line.phase = line.phase or said == "yes"
        if line.phase:
            reading.set_aside[at] = "phases, which repeat their parts"
    if lines and not any(f in next(iter(lines.values())).row for f in ("level", "number", "summary")):
        reading.notes.append(
            "the plan has no outline level: a phase can't be told from a task; add the column Outline Level to the export, or "
            "phases are counted beside their parts"
        )
    return lines


def _level(row: Row, last: int) -> int:
    """Return how deep a row lies; as deep as the one above it where the plan does not say."""
    if re.fullmatch(r"\d{1,2}(\.0)?", row["level"]):
        return int(float(row["level"]))
    if row["number"]:
        return len([part for part in row["number"].split(".") if part])
    return last


def _link(lines: Mapping[int, _Line], tool: Format, reading: Reading) -> None:
    """Find the rows that each row waits for; a link that is not there, and a circle, make tasks wait."""
    by_id = {line.row["id"]: at for at, line in lines.items() if line.row["id"]}
    other = lagged = 0
    for line in lines.values():
        text = line.row["before"]
        plain = _LAG.sub("", text)
        lagged += plain != text
        for part in filter(None, re.split(r"\s*[;,]\s*", plain.strip())):
            match = _LINK.fullmatch(part)
            known = match and by_id.get(match[1])
            if known is None or known is False:
                reading.waiting.setdefault(
                    line.row.at, f"its predecessor {shown(part)} is no ID in this file; export the whole plan, or mend the link"
                )
            elif match[2] and not tool.word("link", match[2]):
                other += 1
            else:
                line.links.append(known)
    for at in [at for at in reading.waiting if at in lines and lines[at].phase]:  # a phase's lost link holds back its parts
        why = reading.waiting.pop(at)
        for part in _parts(lines, at):
            reading.waiting.setdefault(part, f"of its phase {shown(lines[at].name)}: {why}")
    if other:
        reading.notes.append(f"links other than finish to start: {other}; ours have no such kind, and they were left out")
    if lagged:
        reading.notes.append(f"tasks with a lag or lead behind a link: {lagged}; the link was taken, the lag is not known here")
    _stop_circles(lines, reading)


def _parts(lines: Mapping[int, _Line], at: int) -> list[int]:
    """Return the tasks of a phase, or the task itself."""
    if not lines[at].phase:
        return [at]
    return [other for other, line in lines.items() if at in line.above and not line.phase]


def _waits_for(lines: Mapping[int, _Line], at: int) -> list[int]:
    """Return the tasks that a task waits for: those of its own links and of the links of its phases."""
    linked = [link for place in (*lines[at].above, at) for link in lines[place].links]
    return list(dict.fromkeys(part for link in linked for part in _parts(lines, link)))


def _stop_circles(lines: Mapping[int, _Line], reading: Reading) -> None:
    graph = {at: _waits_for(lines, at) for at, line in lines.items() if not line.phase and at not in reading.waiting}
    while graph:
        try:
            TopologicalSorter(graph).prepare()
            return
        except CycleError as error:
            circle = error.args[1][::-1]
        names = " waits for ".join(shown(lines[at].name) for at in circle)
        for at in circle[:-1]:
            reading.waiting[at] = f"{names}; take one of the links out"
        graph = {at: before for at, before in graph.items() if at not in circle}


def _keys(lines: Mapping[int, _Line], reading: Reading) -> dict[int, str]:
    """Return for each task a name that no other has: its own, or with the names of its phases before it."""
    tasks = [at for at, line in lines.items() if not line.phase]
    often = Counter(met(lines[at].name) for at in tasks)
    keys: dict[int, str] = {}
    taken: dict[str, int] = {}
    for at in tasks:
        line = lines[at]
        names = [lines[place].name for place in line.above[-1:]] if often[met(line.name)] > 1 else []
        keys[at] = " / ".join([*names, line.name])
    again = Counter(met(key) for key in keys.values())
    for at in tasks:
        if again[met(keys[at])] > 1:  # phases of the same name too: the whole way from the top
            keys[at] = " / ".join([*(lines[place].name for place in lines[at].above), lines[at].name])
        first = taken.setdefault(met(keys[at]), at)
        if first != at:
            row = lines[first].row.line
            reading.waiting.setdefault(at, f"row {row} is called {shown(keys[at])} too; tell the two apart in the plan")
    return keys


def _projects(lines: Mapping[int, _Line], about: About) -> tuple[str, ...]:
    """Return what may be the project's name: that of the file, of a title line, or of the one row above all others."""
    names = [PurePath(about.file.partition(", sheet ")[0]).stem]
    for text in about.above:
        names += [text, text.partition(":")[2].strip()]
    tops = [line for line in lines.values() if not line.above]
    if len(tops) == 1 and tops[0].phase:
        names.append(tops[0].name)
    return tuple(dict.fromkeys(filter(None, names)))


def _shares(lines: Mapping[int, _Line]) -> float:
    """Return what a percentage is multiplied with: 100 where the column holds fractions, as workbooks do."""
    cells = [line.row["complete"] for line in lines.values() if line.row["complete"]]
    numbers = [number_in(cell, Conventions(decimal="." if "." in cell else ",")) for cell in cells if "%" not in cell]
    fractions = len(numbers) == len(cells) and all(n is not None and 0 <= n <= 1 for n in numbers)
    return 100.0 if fractions else 1.0


def _task(
    line: _Line,
    lines: Mapping[int, _Line],
    keys: Mapping[int, str],
    tool: Format,
    how: Conventions,
    share: float,
    reading: Reading,
) -> Found | None:
    row, cells, faults = line.row, {"task": keys[line.row.at]}, []
    for name in (*DATES,):
        text = row[name]
        if name not in row:
            continue
        day = "" if text.casefold() in _NO_DATE else text and (date_in(text, how) or None)
        if day is None:
            faults.append(f"{name} {shown(text)} is no date")
        if day or name == "actual_finish":
            cells[name] = str(day or "")
    hours: dict[str, float | None] = {}
    for name, unit, ours in (
        ("duration", "d", "likely_days"),
        ("work", "h", "likely_hours"),
        ("baseline_work", "h", "baseline_hours"),
    ):
        if name not in row:
            continue
        span = span_in(row[name], how, unit) if row[name] else None
        if row[name] and span is None:
            faults.append(f"{name} {shown(row[name])} is no time; write it as 5 days or 40 hrs")
        hours[name] = span and span[0]
        if span is not None:  # as with dates, a blank says nothing, and what was typed here stays
            cells[ours] = _number(span[0] / 8 if unit == "d" else span[0])
        if span and span[1]:
            _note_once(reading, "elapsed days were counted as 5 working days in 7")
    for start, finish in (("start", "finish"), ("baseline_start", "baseline_finish")):
        if cells.get(start) and cells.get(finish) and cells[finish] < cells[start]:
            faults.append(f"{finish} {cells[finish]} is before {start} {cells[start]}")
    began, ended = cells.pop("actual_start", ""), cells.pop("actual_finish", "")
    done = number_in(row["complete"], Conventions(decimal="," if "," in row["complete"] else ".")) if row["complete"] else None
    if row["complete"] and (done is None or not 0 <= done * share <= 100):
        faults.append(f"% complete {shown(row['complete'])} is no percentage")
    if faults:
        reading.waiting[row.at] = "; ".join(faults)
        return None
    if tool.word("flag", row["active"]) == "no":
        cells["status"] = "cancelled"
    elif done is not None or ended or began:
        finished = ended or (done is not None and done * share == 100)
        cells["status"] = "done" if finished else "in_progress" if done or began else "planned"
    if "actual_finish" in row:
        cells["done_on"] = ended
    return Found(row["client"], cells, (row.at,), amount=(hours.get("work") or 0.0) if reading.unit else 1.0)


def _depend(reading: Reading, lines: Mapping[int, _Line], keys: Mapping[int, str]) -> None:
    """Write which tasks each task waits for; a link to a task that waits itself is left out until it is there."""
    if not lines or "before" not in next(iter(lines.values())).row:
        return
    there = {found.at[0] for found in reading.found}
    lost = 0
    for found in reading.found:
        before = _waits_for(lines, found.at[0])
        lost += any(at not in there for at in before)
        found.cells["depends_on"] = ";".join(keys[at] for at in before if at in there and at != found.at[0])
    if lost:
        reading.notes.append(f"tasks whose predecessor waits: {lost}; they were taken without that link until it is there")


def _foot(lines: Mapping[int, _Line], how: Conventions, reading: Reading) -> None:
    """Compare the hours of each phase with those of its parts."""
    hours = {at: span[0] for at, line in lines.items() if (span := span_in(line.row["work"], how, "h"))}
    for at, line in lines.items():
        if line.phase and at in hours:
            made = sum(hours.get(part, 0.0) for part in _parts(lines, at))
            reading.foots.append((Total(line.row.line, line.name, hours[at]), made))


def _note_once(reading: Reading, note: str) -> None:
    if note not in reading.notes:
        reading.notes.append(note)


def _one_line(text: str) -> str:
    """Return a name on one line; a semicolon would end it in a list of names."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).replace(";", ",").strip()


def _number(value: float) -> str:
    return f"{round(value, 4):.4f}".rstrip("0").rstrip(".")

"""One import: files -> accounts, with the fate of every row.

Every row of an export ends in one of three places: in a table of an account, in a named file where it waits for an alias or
a project, or aside, because it is a total, a heading or a draft. The three are counted against the rows read, and hours and
money against the totals that the file itself states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from acctlib.imports import time_reports
from acctlib.imports.clients import Clients
from acctlib.imports.exports import parts_of
from acctlib.imports.formats import Format, recognised
from acctlib.imports.hours import Hours
from acctlib.imports.placing import Outcome
from acctlib.imports.readings import Asked
from acctlib.imports.things import Things
from acctlib.imports.workbench import Workbench

__all__ = ["import_file"]


def import_file(
    path: Path,
    formats: Iterable[Format],
    clients: Clients,
    bench: Workbench,
    asked: Asked,
    progress: Callable[[int], object] = lambda rows: None,
) -> Outcome:
    """Read one export into the tables on the workbench.

    Raises
    ------
    TableErrors
        If the file is in no known format, or its numbers or dates can be read in two ways, or it would take away much.
    """
    parts = parts_of(path)
    export, tool, reason = recognised(parts, formats)
    fields = tool.fields(export.header)
    if "log_work" in fields:
        export = time_reports.unrolled(export, fields["log_work"])
        fields = tool.fields(export.header)
        fields.pop("time_spent", None)  # of the whole issue
    reader = Hours if tool.table == "time_entries" else Things
    outcome = reader(export, tool, fields, reason, clients, bench, asked, progress, path).outcome()
    outcome.notes += [
        f"{part.file} looks like a table of this tool too, and was not read: save it as a file of its own"
        for part in parts
        if part.file != export.file and any(not tool.lacks(tool.fields(row)) for row in part.first)
    ]
    return outcome

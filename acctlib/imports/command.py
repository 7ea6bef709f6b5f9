"""`acctlib import`: some files, one change of the tables, one account of what was done."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from acctlib.imports.clients import Clients
from acctlib.imports.formats import formats_of
from acctlib.imports.importing import import_file
from acctlib.imports.journal import held
from acctlib.imports.readings import Asked
from acctlib.imports.summary import lines_of
from acctlib.imports.workbench import workbench

__all__ = ["run_import", "undo_import"]

#: Rows of an import above which its progress is shown.
_LONG = 200_000


def run_import(data: Path, tool: str, files: Sequence[Path], dry_run: bool, say: Callable[[str], object], **said) -> bool:
    """Import files, and say what became of each; True where every row was taken and every total foots.

    Parameters
    ----------
    data : Path
        Folder with one folder per account.
    tool : str
        A format's name, or auto.
    files : sequence of Path
    dry_run : bool
        Say it only.
    say : function
        Prints a line.
    **said
        The fields of `Asked`.

    Raises
    ------
    ValueError
        If a file can't be taken as it is; then nothing is changed, also not by the other files.
    """
    formats = formats_of(data / "firm")
    asked = Asked(**said)
    if tool not in ("auto", *formats):
        near = difflib.get_close_matches(tool, formats, n=1)
        remedy = f"did you mean {near[0]}?" if near else "write auto to find out, or one of them"
        if Path(tool).suffix:  # the file stands where its format should
            remedy = f"write acctlib import auto {tool}"
        got = f"got {tool!r}" if tool else "got none"
        raise ValueError(f"the format must be auto or one of {', '.join(formats)}, {got}; {remedy}")
    if not files:
        raise ValueError(f"there must be a file to import, got none; write acctlib import {tool} FILE")
    if asked.whole and asked.part:
        raise ValueError(
            "--whole and --part must not stand together: the file is all of its days or a part of them; leave one out"
        )
    clients = Clients(data)
    if asked.account and asked.account not in clients.ids:
        near = difflib.get_close_matches(asked.account, clients.ids, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"make it with: acctlib new {asked.account}"
        raise ValueError(f"--account must be one of {', '.join(clients.ids)}, got {asked.account!r}; {remedy}")
    chosen = list(formats.values()) if tool == "auto" else [formats[tool]]
    right = True
    with held(data) as journal, workbench(journal) as bench:
        if journal.interrupted:
            say(f"Put back first, because it had been interrupted: {journal.interrupted}")
        for path in files:
            with _progress(path) as tick:
                outcome = import_file(path, chosen, clients, bench, asked, tick)
            for line in lines_of(outcome, data):
                say(line)
            right = right and not outcome.waiting and not outcome.wrong_totals
        if dry_run:
            say("Nothing was changed: this was a dry run.")
        elif bench.ready:
            bench.commit(f"{tool} {', '.join(path.name for path in files)}")
            say("To put back what stood before: acctlib import --undo")
        else:
            say("Nothing had to be changed.")
    return right


def undo_import(data: Path, say: Callable[[str], object]) -> None:
    """Put back what stood before the last import, and say which files."""
    with held(data) as journal, workbench(journal):
        if journal.interrupted:
            say(f"Undone: {journal.interrupted}, which had been interrupted; all tables are as before")
            return
        what, places = journal.undo()
    say(f"Undone: {what}")
    for place in places:
        say(f"  {place.relative_to(data.parent).as_posix()} is as before")


class _progress:
    """A bar for long imports on a terminal."""

    def __init__(self, path: Path) -> None:
        self.shown = sys.stderr.isatty() and path.is_file() and path.stat().st_size > 20_000_000
        self.name = path.name

    def __enter__(self) -> Callable[[int], object]:
        if not self.shown:
            return lambda rows: None
        from tqdm import tqdm

        self.bar = tqdm(desc=self.name, unit=" rows", unit_scale=True, leave=False)
        return self.bar.update

    def __exit__(self, *error) -> None:
        if self.shown:
            self.bar.close()

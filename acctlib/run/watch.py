"""Reports made again whenever something they are made from is saved.

Whoever mends a table or writes a notebook wants to see the page, not the command. So the files are looked at twice a second
(which works on network drives too, where nobody tells of a change), and when they have come to rest, what is not up to date
is made again by a process that is ready. A mistake shows its sentence, and the last good page stays until it is mended. The
outputs are held only while pages are made, so that a schedule may run while somebody watches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from acctlib.places import looks, visible
from acctlib.run.batch import Maker, run_all, sole_run
from acctlib.run.known_files import KnownFiles
from acctlib.run.orders import Outcome, Workbook
from acctlib.run.results import Edition, facts
from acctlib.tables.queries import asked_once

__all__ = ["watched"]

#: Seconds between two looks, and seconds without a change after which a file is taken to be whole.
_LOOK, _REST = 0.4, 0.2
_State = dict[Path, list[int]]


def watched(
    book: Workbook,
    accounts: list[str],
    planned: Callable[[], tuple[list[Edition], list[Outcome]]],
    maker: Maker,
    known: KnownFiles,
) -> Iterator[Outcome | None]:
    """Yield what becomes of the reports of some accounts, now and after each change; None when all is up to date.

    Parameters
    ----------
    book : Workbook
    accounts : list of str
        Whose files are looked at.
    planned : function
        Returns the reports to be made, and the accounts whose parameters are wrong; asked anew after each change.
    maker : Maker
        Keeps its process ready between two changes.
    known : KnownFiles
        Spares reading files that did not change.
    """
    before: _State | None = None
    waits_for = ""
    while True:
        now = _settled(book, accounts, before)
        if now == before:
            time.sleep(_LOOK)
            continue
        before = now
        known.look_again()
        try:
            orders, wrong = planned()
        except (ValueError, OSError) as error:  # a notebook that is half written, a notebook that was renamed
            yield Outcome(", ".join(accounts), "failed", str(error))
            continue
        try:
            with sole_run(book.out), asked_once(book.out / ".tmp"):
                yield from wrong
                yield from run_all(orders, maker, known=known)
                yield None
        except ValueError as error:  # a run of many accounts, which must not wait for who watches one; a full disk
            if str(error) != waits_for:
                yield Outcome(", ".join(accounts), "failed", str(error))
            waits_for, before = str(error), None
            time.sleep(_LOOK)


def _settled(book: Workbook, accounts: list[str], before: _State | None) -> _State:
    """Return the state of the files, once it holds still where it has changed."""
    now = _state(book, accounts)
    while now != before:
        time.sleep(_REST)
        later = _state(book, accounts)
        if later == now:
            break
        now = later
    return now


def _state(book: Workbook, accounts: list[str]) -> _State:
    files = [path for folder in (*accounts, "firm") for path in facts(book.data / folder)]
    files += [*visible(book.root / "notebooks", "*.ipynb"), *(book.parameters / f"{name}.yaml" for name in accounts)]
    state: _State = {}
    for path in files:
        try:
            state[path] = looks(path.stat())
        except OSError:  # between two names, as when a spreadsheet saves
            continue
    return state

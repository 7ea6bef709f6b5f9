"""Queries of `account.yaml` and `firm.yaml`, and where their answers are kept while a run lasts.

While `asked_once` holds, each query is asked once, and what it returned lies in a folder for the processes that make the
reports: all reports of a run see the same rows, and those processes need no password.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from acctlib.tables.problems import Problem

__all__ = ["ANSWERS", "EMBEDDED", "Query", "asked_once", "interruptible", "stop_asking"]

#: The database that is meant where an entry of `tables` has no url: a file in the firm's folder.
EMBEDDED = "tables.sqlite"
#: Environment variable with the folder of what the queries of this run returned.
ANSWERS = "ACCTLIB_ANSWERS"


@dataclass(frozen=True)
class Query:
    """One entry of `tables`: which table, asked how, of which database.

    Parameters
    ----------
    table : str
        A table of the dictionary.
    sql : str
        One SELECT; `:account` in it is the account's id.
    url : str or None
        Address of the database with ${NAME} for what comes from the environment; None = the embedded one.
    account : str
        The account's id.
    embedded : Path
        The SQLite file that None means.
    file : str
        The file that holds the entry: "account.yaml".
    lines : (int, int)
        Lines of its `url` and of its `sql`.
    """

    table: str
    sql: str
    url: str | None = field(repr=False)
    account: str
    embedded: Path
    file: str = "account.yaml"
    lines: tuple[int, int] = (1, 1)

    def url_problem(self, what: str, write: str) -> Problem:
        """Return what is wrong with the address or the database."""
        return Problem(self.file, f"tables.{self.table}: {what}", write, self.lines[0])

    def sql_problem(self, what: str, write: str, severity: str = "error") -> Problem:
        """Return what is wrong with the query."""
        return Problem(self.file, f"tables.{self.table}: {what}", write, self.lines[1], severity=severity)


#: What ends each query that is being asked.
_interrupts: set[Callable[[], None]] = set()


@contextlib.contextmanager
def interruptible(interrupt: Callable[[], None]) -> Iterator[None]:
    """Let `stop_asking` end, from another thread, what goes on inside."""
    _interrupts.add(interrupt)
    try:
        yield
    finally:
        _interrupts.discard(interrupt)


def stop_asking() -> None:
    """End the queries that are being asked: nobody waits for their answers any more."""
    for interrupt in list(_interrupts):
        with contextlib.suppress(Exception):  # it has just ended by itself
            interrupt()


@contextlib.contextmanager
def asked_once(parent: Path | None = None) -> Iterator[None]:
    """Keep what queries return until the end, for this process and those that it starts.

    Parameters
    ----------
    parent : Path, optional
        Where the folder of answers is made, readable by its owner only; default the folder for temporary files.

    Raises
    ------
    ValueError
        If it can't be made.
    """
    if os.environ.get(ANSWERS):
        yield
        return
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        kept = tempfile.TemporaryDirectory(prefix="answers-", dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        where = f"{parent.parent.name}/" if parent else "the folder for temporary files"
        raise ValueError(f"{where} must be a folder that can be written, got: {error.strerror}") from None
    with kept as folder:
        os.environ[ANSWERS] = folder
        try:
            yield
        finally:
            del os.environ[ANSWERS]

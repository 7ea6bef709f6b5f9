"""Many reports, made by several workers, each on its own.

What stands in an account's own files stops that account only: its last good reports stay, and it is named with its reason at
the end. What would come out the same is not made again. Only one run at a time may write to a folder of outputs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from acctlib.profile import queries_in
from acctlib.run.known_files import KnownFiles
from acctlib.run.orders import Outcome, WrongUse, names_of_accounts
from acctlib.run.preloaded import Ended, Ready
from acctlib.run.report import (
    MEMORY,
    SECONDS,
    AccountRefused,
    ReportDied,
    ReportFailed,
    clear_unfinished,
    common_variables,
    run_report,
    stop_all,
)
from acctlib.run.results import Edition, why_stale
from acctlib.tables.problems import TableErrors
from acctlib.tables.queries import stop_asking

__all__ = ["Maker", "run_all", "sole_run", "unanswered"]


@contextlib.contextmanager
def sole_run(out: Path) -> Iterator[None]:
    """Hold the folder of outputs alone, and clear what a killed run left behind.

    Raises
    ------
    WrongUse
        If another run holds it, or it can't be written. The lock goes with its process, however that ends.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = (out / ".lock").open("a+")
    except OSError as error:
        raise _not_writable(out, error) from None
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read().strip()
            raise WrongUse(
                f"another run is writing to {out.name}/ (process {owner or 'unknown'}); wait until it ends, "
                "or write to another folder with --out"
            ) from None
        scratch = out / ".tmp"
        try:
            lock.truncate(0)
            os.write(lock.fileno(), str(os.getpid()).encode())
            if scratch.exists():  # it is there while a run lasts, so that one was killed; it goes last, lest this one is too
                clear_unfinished(path for depth in ("", "*/*/", "*/*/*/") for path in out.glob(f"{depth}.*.tmp"))
                shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(exist_ok=True)
        except OSError as error:
            raise _not_writable(out, error) from None
        try:
            yield
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _not_writable(out: Path, error: OSError) -> WrongUse:
    return WrongUse(f"{out.name}/ must be a folder that can be written, got: {error.strerror}; or choose another with --out")


def run_all(orders: Sequence[Edition], maker: Maker, force: bool = False, known: KnownFiles | None = None) -> Iterator[Outcome]:
    """Make the reports, and yield what became of each as soon as it is known.

    Parameters
    ----------
    orders : sequence of Edition
        All from one folder of data.
    maker : Maker
        Makes as many at one time as it has slots. It is closed by who made it.
    force : bool
        Make those that are up to date as well.
    known : KnownFiles, optional
        Spares reading files that did not change.
    """
    known = known or KnownFiles()
    by_account: dict[str, list[Edition]] = {}
    for order in orders:
        if not force and _up_to_date(order, known):
            yield Outcome(str(order), "up to date", order=order)
        else:
            by_account.setdefault(order.account, []).append(order)
    names = names_of_accounts(orders[0].data, known) if by_account else {}
    maker.names = names
    # the first report of an account tells whether its files can be read; only then the others follow
    waiting = deque((wanted[0], wanted[1:]) for wanted in by_account.values())
    reports: dict[Future, tuple[Edition, list[Edition]]] = {}
    slots = maker.slots
    with ThreadPoolExecutor(slots) as pool:
        try:
            while waiting or reports:
                while waiting and len(reports) < slots:  # no more than can be made: a thousand that wait cost nothing
                    order, others = waiting.popleft()
                    reports[pool.submit(maker.make, order)] = order, others
                done, _ = wait(reports, return_when=FIRST_COMPLETED)
                for future in done:
                    order, others = reports.pop(future)
                    error = future.exception()
                    if isinstance(error, AccountRefused):
                        yield Outcome(order.account, "failed", str(error))
                        continue
                    waiting.extendleft((other, []) for other in reversed(others))
                    yield _outcome(order, error)
        except BaseException:  # an interrupt, or a reader who has seen enough: leave no process behind
            maker.stop()
            maker.close()
            while wait(reports, timeout=0.2).not_done:  # one may have begun meanwhile
                maker.stop()
            raise


class Maker:
    """Makes reports one way or the other, and once more where a second try may pass.

    Parameters
    ----------
    workers : int
        Reports in the making at one time.
    engine : {"", "copy", "kernel"}
        Begin each report as a copy of a process that is ready, or start a kernel for it; "" = the first where it is safe.
    seconds, memory : float, int
        Limits of each report: wall time, and bytes of memory beyond what it begins with.
    """

    def __init__(self, workers: int, engine: str = "", seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._engine = engine or ("copy" if sys.platform == "linux" else "kernel")
        self._slots, self._seconds, self._memory = workers, seconds, memory
        self.names: Mapping[str, Sequence[str]] = {}
        #: What is to be done with a report that was made, such as sending it on; `ReportFailed` where that fails.
        self.deliver: Callable[[Edition], None] = lambda _: None
        self._lock = threading.Lock()
        self._ready = Ready(common_variables, workers)
        self._stopped = False

    @property
    def slots(self) -> int:
        """Return how many reports to have in the making at one time."""
        return self._slots

    def make(self, order: Edition) -> None:
        """Make one report; `ReportFailed` says why it is not there."""
        others = {account: names for account, names in self.names.items() if account != order.account}
        if order.audience == "client" and (nameless := [account for account, names in others.items() if not names]):
            raise ReportFailed(
                f"{nameless[0]}/account.yaml can't be read, not even the client's name, which must not stand on this page; "
                f"acctlib check {nameless[0]} says what is wrong"
            )
        if silent := unanswered(order.data, order.account):  # asked here: the report's process gets no password
            raise AccountRefused(silent)
        alone = False
        for last in (False, True):
            try:
                self.attempt(order, others, alone)
                break
            except Ended:
                if last or self._stopped:
                    raise ReportFailed("the process from which reports are made ended twice; try --engine kernel") from None
                alone = True  # any report that was in the making may have ended it: each is tried again by itself
            except ReportDied:
                if last or self._stopped:
                    raise
        self.deliver(order)

    def attempt(self, order: Edition, others: Mapping[str, Sequence[str]], alone: bool) -> None:
        """Try once to make a report, from a process of its own where that is asked."""
        with self._ready.taken(alone) if self._engine == "copy" else contextlib.nullcontext() as preloaded:
            run_report(order, others, self._seconds, preloaded, self._memory)

    def stop(self) -> None:
        """Begin nothing more, and end what is in the making."""
        with self._lock:
            self._stopped = True
        stop_all()
        stop_asking()

    def close(self) -> None:
        """End the process that is ready, and all that comes of it."""
        self._ready.close()


def unanswered(data: Path, account: str) -> str:
    """Return why a database does not answer an account's queries, or why they can't be read; empty where all is well."""
    try:
        queries = queries_in(data, account)
        if not queries:
            return ""
        from acctlib.tables.sql import answer  # few accounts have a query

        problems = [problem for query in queries for problem in answer(query)[1]]
    except ValueError as error:
        return str(error)
    return str(TableErrors(tuple(problems))) if problems else ""


def _up_to_date(order: Edition, known: KnownFiles) -> bool:
    try:
        return not why_stale(order, known)
    except (OSError, ValueError):  # what can't be read, or does not answer, is named when the account is checked
        return False


def _outcome(order: Edition, error: BaseException | None) -> Outcome:
    if error is None:
        return Outcome(str(order), "made", order=order)
    reason = str(error) if isinstance(error, ReportFailed) else f"{type(error).__name__}: {error}"
    return Outcome(str(order), "failed", reason, order)

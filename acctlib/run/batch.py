"""Many accounts: what is to be made, by several workers, each report on its own.

A schedule runs every account. What the person typed is checked before anything runs, and stops everything. What stands in
an account's own files stops that account only: its last good reports stay, and it is named with its reason at the end. What
would come out the same is not made again. Only one run at a time may write to a folder of outputs.
"""

from __future__ import annotations

import codecs
import contextlib
import difflib
import fcntl
import os
import re
import shutil
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from acctlib.periods import quarter
from acctlib.places import visible
from acctlib.profile import ACCOUNT_ID, account_ids, queries_in, read_profile
from acctlib.run.known_files import KnownFiles
from acctlib.run.parameters import LATEST, checked_parameters, declared_parameters, editions, valid_date
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

__all__ = [
    "Maker",
    "Outcome",
    "Workbook",
    "WrongUse",
    "edition_of",
    "names_of_accounts",
    "plan",
    "run_all",
    "sentence",
    "sole_run",
    "unanswered",
]


class WrongUse(ValueError):
    """The command can't be carried out as it was typed; nothing ran."""


@dataclass(frozen=True)
class Outcome:
    """What became of one report, or of a whole account whose files are wrong.

    `state` is "made", "up to date" or "failed"; `reason` says why it failed; `order` is the report, None for an account.
    """

    what: str
    state: str
    reason: str = ""
    order: Edition | None = field(default=None, compare=False)


def sentence(reason: str) -> tuple[str, int]:
    """Return the first line of a reason that is no mere warning, and how many more there are.

    >>> sentence("tasks.csv:2: warning: is not UTF-8\\ntasks.csv:3: has no task\\ntasks.csv:4: has no task")
    ('tasks.csv:3: has no task', 2)
    """
    lines = reason.splitlines() or [""]
    return next((line for line in lines if ": warning: " not in line), lines[0]), len(lines) - 1


@dataclass(frozen=True)
class Workbook:
    """Where the workbook's parts lie."""

    root: Path
    data: Path
    parameters: Path
    out: Path

    @property
    def notebooks(self) -> list[Path]:
        """Return the notebooks, sorted; WrongUse where there are none."""
        found = visible(self.root / "notebooks", "*.ipynb")
        if not found:
            raise WrongUse("notebooks/ must hold at least one notebook, got none; take those of the workbook")
        return found

    @property
    def accounts(self) -> list[str]:
        """Return the accounts that have a parameters file."""
        return [path.stem for path in visible(self.parameters, "*.yaml")]


def _nearest(what: str, given: str, known: Sequence[str], remedy: str) -> WrongUse:
    near = difflib.get_close_matches(given, known, n=1)
    advice = f"did you mean {near[0]}?" if near else remedy
    return WrongUse(f"{what} must be one of {_listed(known)}, got {given!r}; {advice}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (", ".join(names[:10]) or "(there are none yet)") + more


def _check_typed(book: Workbook, accounts: Sequence[str], notebooks: Sequence[str], said: Mapping[str, str]) -> None:
    there = book.accounts if accounts else []
    for account in accounts:
        if not ACCOUNT_ID.fullmatch(account):
            raise WrongUse(
                f"an account must be lower-case letters, digits, - and _ (at most 63), got {account!r}; "
                "write the name of a file in parameters/ without its ending"
            )
        if account not in there:
            raise _nearest("an account", account, there, f"make it with: acctlib new {account}")
    known = [path.stem for path in book.notebooks]
    for name in notebooks:
        if name not in known:
            raise _nearest("a notebook", name, known, "put it into notebooks/")
    if said.get("period", LATEST) != LATEST:
        try:
            quarter(said["period"])
        except ValueError as error:
            raise WrongUse(f"{error}, or {LATEST} for the last one that is complete") from None
    if "as_of" in said and not valid_date(said["as_of"]):
        raise WrongUse(f"--as-of must be a date, got {said['as_of']!r}; write year-month-day such as 2026-09-30")


def plan(
    book: Workbook,
    accounts: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    audience: str = "",
    said: Mapping[str, str] | None = None,
    today: date | None = None,
    known: KnownFiles | None = None,
) -> tuple[list[Edition], list[Outcome]]:
    """Return the reports to be made, and the accounts whose parameters are wrong.

    Parameters
    ----------
    book : Workbook
    accounts, notebooks : sequence of str
        Which; empty = all.
    audience : {"", "client", "internal", "both"}
        Which editions; empty = as the parameters say, else both. A notebook has only those that its metadata names.
    said : mapping of str to str, optional
        Parameters given on the command line: they win over the file's. With another period the file's `as_of` falls away.
        The period "latest" is each account's last fiscal quarter that was over at the end of `as_of`.
    today : date, optional
        The day that stands for an `as_of` that is not given, for "latest" only; the report is then as of its period's end.
    known : KnownFiles, optional
        Spares reading files that did not change.

    Raises
    ------
    WrongUse
        If an account, notebook, period or date that was typed does not exist.
    """
    said, known = dict(said or {}), known or KnownFiles()
    _check_typed(book, accounts, notebooks, said)
    latest = said.get("period") == LATEST
    if latest and not (said.get("as_of") or today):
        raise WrongUse(f"--period {LATEST} must have a day; add --as-of 2026-09-30")
    day = date.fromisoformat(said["as_of"]) if said.get("as_of") else today
    chosen = [path for path in book.notebooks if not notebooks or path.stem in notebooks]
    takes = {path: (declared_parameters(path), editions(path)) for path in chosen}
    declares = [declared for declared, _ in takes.values()]
    orders, wrong = [], []
    for account in sorted(set(accounts) or book.accounts):
        try:
            own = checked_parameters(book.parameters / f"{account}.yaml", declares, known.yaml)
            if latest:
                said["period"] = _last_complete(book.data / account / "account.yaml", day, known)
        except ValueError as error:
            wrong.append(Outcome(account, "failed", str(error)))
            continue
        if said.get("period", own["period"]) != own["period"]:
            own["as_of"] = ""  # the file's day belongs to the file's period
        for path, (declared, made_for) in takes.items():
            parameters = {name: own.get(name, default) for name, default in declared.items()} | said
            orders += [edition_of(book, path, parameters, one) for one in _wanted(audience, own, made_for)]
    return orders, wrong


def _last_complete(profile: Path, day: date, known: KnownFiles) -> str:
    """Return the label of the account's last fiscal quarter that was over at the end of a day."""
    return read_profile(profile, known.yaml).fiscal_year.quarter_of(day + timedelta(days=1)).previous.label


def _wanted(audience: str, own: Mapping[str, Any], made_for: Sequence[str]) -> list[str]:
    audience = audience or own.get("audience", "both")
    return [one for one in made_for if audience in (one, "both")]


def edition_of(book: Workbook, notebook: Path, parameters: Mapping[str, Any], audience: str) -> Edition:
    """Return a report of the workbook, which knows the places of data and earlier results."""
    places = {"data": _from(book.root, book.data), "results": _from(book.root, book.out)}
    return Edition(book.root, notebook, {**parameters, **places, "audience": audience}, book.out)


def _from(root: Path, folder: Path) -> str:
    """Return a folder as seen from the root, so that no path of this machine stands in a parameter where it can be helped."""
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def names_of_accounts(data: Path, known: KnownFiles | None = None) -> dict[str, list[str]]:
    """Return each account's id -> its name and aliases.

    A profile with a mistake must not unlock the gate: what follows `name:` or stands in the lines of `aliases:` counts as a
    name then, and where not even its name can be told, there is none.
    """
    known = known or KnownFiles()
    names: dict[str, list[str]] = {}
    for account in account_ids(data):
        file = data / account / "account.yaml"
        try:
            profile = read_profile(file, known.yaml)
            names[account] = [profile.name, *profile.aliases]
        except ValueError:
            names[account] = _names_in(file)
    return names


_OF_NAMES = re.compile(r"""^[\s{]*(?:["']?(name|aliases)["']?\s*:|-)(.+)$""", re.MULTILINE)


def _names_in(wrong: Path) -> list[str]:
    """Return the names in a profile that is wrong; empty where its name can't be told."""
    try:
        content = wrong.read_bytes()
    except OSError:
        return []
    text = content.decode("utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8", "replace")
    names, told = [], False
    for key, said in _OF_NAMES.findall(text):
        said = re.sub(r"\s#.*", "", said)
        parts = [said] if key == "name" and "}" not in said else said.split(",")
        found = [part.strip(" \t\r\"'[]{}") for part in parts if re.search(r"\w", part)]
        told |= key == "name" and bool(found)
        names += found
    return names if told else []


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
                stop_all()
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

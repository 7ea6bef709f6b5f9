"""The commands: `acctlib run`, `watch`, `status`, `check`, `new` and `import`.

A Director types these, so each says what it did, where the result is and, where something is wrong, what to write instead.
Exit codes for schedules: 0 all made or up to date, 1 some failed, 2 the command can't be carried out as typed, 128 and the
signal's number when stopped: 130 by Ctrl-C, 143 by a request to end, 129 by a closed terminal.
Nothing heavy is imported before a command needs it: `acctlib --help` answers at once.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from acctlib.run.cluster import ClusterMaker
    from acctlib.run.known_files import KnownFiles
    from acctlib.run.mirror import Mirror
    from acctlib.run.orders import Outcome, Workbook
    from acctlib.run.results import Edition

__all__ = ["main"]


class _Place(click.Path):
    """A folder, or the address of one in a store."""

    name = "folder"

    def convert(self, value, param, ctx):
        from acctlib.places import is_address

        return value if is_address(value) else super().convert(value, param, ctx)


_FOLDER = _Place(file_okay=False, path_type=Path)
#: What stops a command: Ctrl-C, a request to end (of a service, a build, a schedule), a terminal that was closed.
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Turn our errors into one sentence and exit code 2."""
    try:
        yield
    except BrokenPipeError:  # who reads our lines has left; click ends the command without a word
        raise
    except (ValueError, OSError) as error:
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        wrong = click.ClickException(said)
        wrong.exit_code = 2
        raise wrong from None


def _places(command):
    """Add the options that say where things lie."""
    for name, what in (
        (
            "--out",
            "Folder of the reports; default outputs/ of the workbook. Of this and the next two, run, status and check "
            "take addresses too, such as s3://bucket/outputs.",
        ),
        ("--parameters", "Folder with one YAML per account; default parameters/."),
        ("--data", "Folder with one folder per account; default data/."),
    ):
        command = click.option(name, type=_FOLDER, help=what)(command)
    return command


def _workbook(
    data: Path | str | None, parameters: Path | str | None, out: Path | str | None, mirrors: dict[str, Mirror] | None = None
) -> Workbook:
    """Return where the workbook's parts lie; of addresses, which a command without mirrors refuses, the copies here."""
    from acctlib.places import workbook_root
    from acctlib.run.orders import Workbook, WrongUse

    root = workbook_root(Path.cwd())
    if root is None:
        raise WrongUse(
            "a workbook (a folder with notebooks/ and parameters/) must lie here, in a folder above, or where ACCTLIB_HOME "
            "says; change into one, or set ACCTLIB_HOME"
        )
    for other in (data, parameters):
        ours, theirs = f"{out}/", f"{other}/"
        if isinstance(out, str) and isinstance(other, str) and (ours.startswith(theirs) or theirs.startswith(ours)):
            raise WrongUse(f"--out must be an address of its own, apart from {other}, got {out}; give reports another folder")
    chosen = []
    for place, name in ((data, "data"), (parameters, "parameters"), (out, "outputs")):
        if isinstance(place, str):
            if mirrors is None:
                raise WrongUse(
                    f"this command must have folders of this machine, got {place}; addresses are for run, status and check"
                )
            from acctlib.run.mirror import Mirror

            mirrors[name] = Mirror(place)
            chosen.append(mirrors[name].bring())
        else:
            chosen.append(place.resolve() if place else root / name)
    book = Workbook(root, *chosen)
    for other in (root / "notebooks", book.data, book.parameters):
        if book.out.is_relative_to(other) or other.is_relative_to(book.out):
            said = os.path.relpath(book.out)
            raise WrongUse(f"--out must be a folder of its own, apart from {other.name}/, got {said}; write --out outputs")
    return book


def _which(command):
    """Add the argument and options that choose reports."""
    for option in (
        click.option("--as-of", metavar="DATE", help="Use only what was known on this day; default the period's end."),
        click.option(
            "--period",
            metavar="QUARTER",
            help="Fiscal quarter, such as 2026-Q3, or latest: the last one over on the "
            "day --as-of, or today by the clock and time zone (TZ) of this machine.",
        ),
        click.option("--audience", type=click.Choice(["client", "internal", "both"]), help="Which editions; default both."),
        click.option("--notebook", "notebooks", multiple=True, metavar="NAME", help="Only this notebook; may be repeated."),
        click.argument("accounts", nargs=-1, metavar="[ACCOUNT]..."),
    ):
        command = option(command)
    return command


def _planned(
    book: Workbook,
    accounts: tuple[str, ...],
    notebooks: tuple[str, ...],
    audience: str | None,
    period: str | None,
    as_of: str | None,
    known: KnownFiles,
) -> tuple[list[Edition], list[Outcome]]:
    from acctlib.run.orders import plan

    said = {name: value for name, value in (("period", period), ("as_of", as_of)) if value is not None}
    names = [name.removesuffix(".ipynb") for name in notebooks]
    return plan(book, accounts, names, audience or "", said, date.today(), known)


def _processors() -> int:
    """Return how many processors this command may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _known(book: Workbook) -> KnownFiles:
    from acctlib.run.known_files import KNOWN, KnownFiles
    from acctlib.run.results import made_with

    return KnownFiles(book.out / KNOWN, made_with())


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acctlib")
def main() -> None:
    """Account plans, budget risk and quarterly reviews: one command, one HTML file each.

    \b
    acctlib new harbour-foods       start an account: its parameters, profile and table templates
    acctlib check harbour-foods     say everything that is wrong with its files
    acctlib run                     make every report that is not up to date
    acctlib watch harbour-foods     make its reports again whenever something is saved
    acctlib status                  say which reports would be made, and why
    acctlib import auto june.csv    take what other tools export into the tables

    Run these in the workbook's folder (the one with notebooks/ and parameters/) or below it, or set ACCTLIB_HOME.
    """
    with contextlib.suppress(AttributeError):  # a name with letters that the log's encoding lacks ends nothing
        sys.stdout.reconfigure(errors="backslashreplace")


@main.command()
@_which
@click.option("--force", is_flag=True, help="Make reports that are up to date as well.")
@click.option("--workers", type=click.IntRange(1, 4096), help="Reports made at one time; default one per processor.")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Make them at the workers of this Dask scheduler, such as tcp://10.0.0.5:8786; --workers is then the number of "
    "reports submitted at one time, by default as many as keep all workers busy.",
)
@click.option(
    "--engine",
    type=click.Choice(["copy", "kernel"]),
    help="Begin each report as a copy of a process that is ready (the default on Linux), or start a kernel for it.",
)
@click.option("--timeout", type=click.IntRange(1), metavar="SECONDS", help="Longest time for one report; default 900.")
@click.option("--memory", type=click.IntRange(100), metavar="MB", help="Most memory for one report; default 4000.")
@_places
def run(
    accounts, notebooks, audience, period, as_of, force, workers, cluster, engine, timeout, memory, data, parameters, out
) -> None:
    """Make reports: for all accounts, or for those named.

    \b
    acctlib run                                            all accounts, all notebooks
    acctlib run harbour-foods --audience client            what the client will read
    acctlib run --notebook budget_risk --period 2026-Q4    one notebook, another quarter
    acctlib run harbour-foods --as-of 2026-08-31 --force   as known in August, made anew
    acctlib run --period latest                            of each account the last quarter that is complete

    A report is made whole or not at all: a failure leaves the last good one in place and never stops the others. Exit code
    0: all made or up to date; 1: some failed; 2: nothing ran, since the command can't be carried out as typed; 128 and the
    signal's number: stopped (130 Ctrl-C, 143 asked to end). With >/dev/null only failures are said: they go to standard error.
    """
    from acctlib.run.batch import Maker, run_all, sole_run
    from acctlib.run.index import note_failures, write_index
    from acctlib.tables.queries import asked_once

    outcomes: list[Outcome] = []
    mirrors: dict[str, Mirror] = {}
    index, unlisted = None, ""
    with _sentences(), _stoppable(outcomes):
        book = _workbook(data, parameters, out, mirrors)
        known = _known(book)
        orders, wrong = _planned(book, accounts, notebooks, audience, period, as_of, known)
        if not orders and not wrong:
            raise ValueError(
                f"there is nothing to make: {', '.join(notebooks)} has no {audience} edition; leave out --audience"
                if book.accounts
                else "parameters/ must hold one file per account, got none; make one with: acctlib new ACCOUNT"
            )
        limits = {"seconds": timeout} if timeout else {}
        limits |= {"memory": memory * 1_000_000} if memory else {}
        sent = mirrors.get("outputs")
        with contextlib.ExitStack() as stack:
            if cluster is not None and orders:
                maker = _at_cluster(cluster, orders, workers or 0, engine or "", limits, str(data) if "data" in mirrors else "")
            else:
                maker = Maker(workers or _processors(), engine or "", **limits)
            stack.enter_context(contextlib.closing(maker))
            if sent:
                maker.deliver = sent.send_report
            stack.enter_context(sole_run(book.out))
            stack.enter_context(asked_once(book.out / ".tmp"))
            if sent:
                sent.send_unsent()
            making = run_all(orders, maker, force, known)
            try:
                with contextlib.closing(making):
                    for outcome in _shown(itertools.chain(wrong, making), len(wrong) + len(orders)):
                        outcomes.append(outcome)
            finally:  # a run that was stopped is listed as far as it came
                try:
                    note_failures(book.out, outcomes, book.accounts)
                    index = os.path.relpath(write_index(book.out, known, book, outcomes))
                except OSError as error:
                    unlisted = f"the lists of reports could not be written: {error.strerror or error}"
                known.save()
            if sent and index:
                index = f"{sent.address}/index.html"
                try:
                    sent.send_unsent()
                except OSError as error:
                    index, unlisted = None, f"the lists of reports were not sent: {error}; the next run sends them"
    _summary(outcomes, index, unlisted)


def _at_cluster(
    address: str, orders: list[Edition], workers: int, engine: str, limits: dict[str, float], data: str
) -> ClusterMaker:
    """Return what makes reports at a cluster whose workers are all fit for it."""
    from acctlib.run.cluster import ClusterMaker

    maker = ClusterMaker(address, workers, engine, **limits, data=data)
    try:
        maker.check(orders[0])
    except BaseException:
        maker.close()
        raise
    return maker


@contextlib.contextmanager
def _interrupted() -> Iterator[list[int]]:
    """Let each signal that stops a command interrupt it as Ctrl-C does, and yield where its number will stand.

    Only the first does: no second one disturbs the clearing up and the way out. Under nohup a closed terminal stops nothing.
    """
    came: list[int] = []

    def stop(number: int, _: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        came.append(number)
        raise KeyboardInterrupt

    ours = [each for each in _STOPS if each == signal.SIGINT or signal.getsignal(each) != signal.SIG_IGN]
    before = {each: signal.signal(each, stop) for each in ours}
    try:
        yield came
    finally:
        for each, handler in () if came else before.items():
            signal.signal(each, handler)


@contextlib.contextmanager
def _stoppable(outcomes: list[Outcome]) -> Iterator[None]:
    """Let a signal end the command with a sentence and the exit code that shells give to it."""
    with _interrupted() as came:
        try:
            yield
        except KeyboardInterrupt:
            _say(f"stopped: {_counted(outcomes)}; what was in the making is not there, run again to go on", err=True)
            sys.exit(128 + (came or [signal.SIGINT])[0])


def _say(text: str, err: bool = False) -> None:
    """Print at once. Reports are made also where nobody reads on: a pipe to head, a terminal that is gone, a full disk."""
    try:
        click.echo(text, err=err)
    except OSError:
        with open(os.devnull, "w") as nowhere:  # the rest, and what stands in the buffer
            os.dup2(nowhere.fileno(), (sys.stderr if err else sys.stdout).fileno())


def _shown(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """Pass outcomes on and say each: as a bar on a terminal, above which failures stand as they come, as lines in a log."""
    if not sys.stderr.isatty():
        for outcome in outcomes:
            _say(_line(outcome))
            yield outcome
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="report", leave=False) as bar:
        for outcome in outcomes:
            if outcome.state == "failed":
                with bar.external_write_mode(file=sys.stderr):
                    _say(_line(outcome), err=True)
            bar.update()
            bar.set_postfix_str(outcome.what)
            yield outcome


def _line(outcome: Outcome) -> str:
    from acctlib.run.orders import sentence

    first, more = sentence(outcome.reason)
    reason = f": {first}{f' (and {more} more)' if more else ''}" if first else ""
    return f"{outcome.state:<11} {outcome.what}{reason}"


def _counted(outcomes: list[Outcome]) -> str:
    return ", ".join(f"{sum(o.state == state for o in outcomes)} {state}" for state in ("made", "up to date", "failed"))


def _summary(outcomes: list[Outcome], index: str | None, unlisted: str) -> None:
    failed = sorted((o for o in outcomes if o.state == "failed"), key=lambda o: o.what)
    _say(_counted(outcomes))
    for outcome in failed:
        _say(f"\n{outcome.what}:\n  " + outcome.reason.replace("\n", "\n  "), err=True)
    if index:
        _say(f"Open {index}")
    else:
        _say(unlisted, err=True)
    if failed or unlisted:
        sys.exit(1)


@main.command()
@_which
@_places
def status(accounts, notebooks, audience, period, as_of, data, parameters, out) -> None:
    """Say of each report whether it is up to date, and else why it would be made."""
    from acctlib.run.batch import unanswered
    from acctlib.run.index import read_failures
    from acctlib.run.orders import Outcome, sentence
    from acctlib.run.results import why_stale
    from acctlib.tables.queries import asked_once

    with _sentences(), asked_once():
        book = _workbook(data, parameters, out, {})
        known = _known(book)
        orders, wrong = _planned(book, accounts, notebooks, audience, period, as_of, known)
        silent = {account: unanswered(book.data, account) for account in dict.fromkeys(order.account for order in orders)}
        failures = read_failures(book.out)
        wrong += [Outcome(account, "failed", reason) for account, reason in silent.items() if reason]
        for order in orders:
            if not silent[order.account]:
                reason = why_stale(order, known)
                said = failures.get(order.key) or failures.get(order.account)
                failed = f"; the last try failed: {sentence(said)[0]}" if said else ""
                click.echo(f"{order}: {f'would be made, {reason}{failed}' if reason else 'up to date'}")
    for outcome in wrong:
        click.echo(f"{outcome.what}: can't be made:\n  " + outcome.reason.replace("\n", "\n  "), err=True)
    if wrong:
        sys.exit(1)


@main.command()
@click.argument("accounts", nargs=-1, metavar="[ACCOUNT]...")
@_places
def check(accounts, data, parameters, out) -> None:
    """Say everything that is wrong with an account's files, with place and remedy.

    \b
    acctlib check                    all accounts
    acctlib check harbour-foods      one
    """
    from acctlib.profile import account_ids
    from acctlib.run.orders import WrongUse
    from acctlib.run.parameters import declared_parameters
    from acctlib.tables.queries import asked_once

    with _sentences():
        book = _workbook(data, parameters, out, {})
        declared = [declared_parameters(path) for path in book.notebooks]
        known = sorted({*account_ids(book.data), *book.accounts})
        if unknown := [account for account in accounts if account not in known]:
            raise WrongUse(
                f"an account must be one of {', '.join(known)}, got {unknown[0]!r}; make it with: acctlib new ACCOUNT"
            )
    with asked_once():
        results = [_checked(book, account, declared) for account in accounts or known]
    sys.exit(0 if all(results) else 1)


def _checked(book: Workbook, account: str, declared: list[dict]) -> bool:
    """Say what is wrong with one account; True where nothing is."""
    from acctlib.account import Account
    from acctlib.missing import Missing
    from acctlib.profile import queries_in, read_profile
    from acctlib.run.parameters import checked_parameters
    from acctlib.tables.checks import read_checked

    folder, firm = book.data / account, book.data / "firm"
    problems: list[str] = []

    def tried(step, *arguments):
        try:
            return step(*arguments)
        except ValueError as error:
            problems.extend(str(error).splitlines())
        except OSError as error:
            problems.append(f"{os.path.basename(error.filename or folder)} can't be read: {error.strerror or error}")
        return None

    said = tried(checked_parameters, book.parameters / f"{account}.yaml", declared)
    profile = tried(read_profile, folder / "account.yaml")
    queries = tried(queries_in, book.data, account) if profile else None
    checked = tried(read_checked, folder, firm, queries or ()) if folder.is_dir() else None
    if not problems:  # what is left needs all of them together, such as a period without work
        tried(Account.read, account, said["period"], said.get("as_of", ""), "internal", book.data)
    for line in (*problems, *(f"{warning} (a warning)" for warning in (checked.warnings if checked else ()))):
        click.echo(f"{account}: {line}")
    if not problems:
        present = [table for table in checked.tables.values() if not isinstance(table, Missing)]
        click.echo(f"{account}: {len(present)} tables, {sum(map(len, present)):,} rows, no problem")
    return not problems


@main.command()
@click.argument("account")
@_places
def new(account, data, parameters, out) -> None:
    """Start an account: parameters, profile and a template of each table, as CSV files and as one Excel workbook.

    \b
    acctlib new harbour-foods

    Nothing that exists is overwritten.
    """
    from acctlib.run.start import start_account

    with _sentences():
        book = _workbook(data, parameters, out)
        made = start_account(book, account, date.today())
    for path in made:
        click.echo(f"made {os.path.relpath(path)}")
    click.echo(
        f"\nNext:\n  1. Fill in {os.path.relpath(book.data / account / 'account.yaml')}.\n"
        "  2. Fill in projects (each row: project, name, billing_type, start, end), in the CSV file or in tables.xlsx; then\n"
        "     tasks and time_entries. The other tables may wait: a section without data says what it needs.\n"
        f"  3. acctlib check {account}\n  4. acctlib run {account}"
    )


@main.command()
@_which
@_places
def watch(accounts, notebooks, audience, period, as_of, data, parameters, out) -> None:
    """Make reports again whenever a table, a notebook or the parameters are saved; Ctrl-C ends it.

    \b
    acctlib watch harbour-foods --notebook budget_risk --audience internal

    A mistake shows its sentence, and the last good page stays. Reload the page in the browser to see the new one.
    """
    from acctlib.run.batch import Maker
    from acctlib.run.index import note_failures, write_index
    from acctlib.run.orders import WrongUse
    from acctlib.run.watch import watched

    with _sentences():
        if not accounts:
            raise WrongUse("watch needs an account, got none; write acctlib watch ACCOUNT")
        book = _workbook(data, parameters, out)
        known, outcomes = _known(book), []
        planned = functools.partial(_planned, book, accounts, notebooks, audience, period, as_of, known)
        planned()  # what is typed wrong is said before anything begins
        maker = Maker(_processors())
        click.echo(f"Watching {', '.join(accounts)}; Ctrl-C ends it.")
        with _interrupted(), contextlib.suppress(KeyboardInterrupt), contextlib.closing(maker):
            for outcome in watched(book, list(accounts), planned, maker, known):
                if outcome is None:
                    with contextlib.suppress(OSError):  # the pages are there; the next round lists them
                        note_failures(book.out, outcomes, book.accounts)
                        write_index(book.out, known, book, outcomes)
                    outcomes.clear()
                    known.save()
                    continue
                outcomes.append(outcome)
                if outcome.state == "failed":
                    click.echo(f"{outcome.what}:\n  " + outcome.reason.replace("\n", "\n  "), err=True)
                elif outcome.state == "made":
                    click.echo(f"made {outcome.what}")


@main.command("import")
@click.argument("tool", metavar="FORMAT", required=False)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--account", default="", help="All rows are of this account; rows of others are left alone.")
@click.option("--project", default="", help="The project of a plan, or of rows that name none.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--undo", is_flag=True, help="Put back what stood before the last import.")
@click.option("--whole", is_flag=True, help="The file is all that the tool has of its days: what it lacks is taken away.")
@click.option("--part", is_flag=True, help="The file is a part only: nothing is taken away.")
@click.option(
    "--new-projects",
    type=click.Choice(["fixed_fee", "time_and_materials", "capped", "retainer"]),
    help="Enter unknown projects, billed so.",
)
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), help="How dates are written, where no row decides.")
@click.option("--decimal", type=click.Choice(["comma", "point"]), help="How decimals are written, where no row decides.")
@click.option("--as-of", metavar="DATE", help="The day on which the export was made; default today.")
@_places
def import_(
    tool, files, account, project, dry_run, undo, whole, part, new_projects, dates, decimal, as_of, data, parameters, out
) -> None:
    """Take what other tools export into the accounts' tables.

    \b
    acctlib import auto june.csv                    find out whose export it is
    acctlib import harvest june.csv --dry-run       say what would be done
    acctlib import xero invoices.csv --account harbour-foods
    acctlib import --undo                           put back what stood before the last import

    FORMAT is auto or one of: harvest, toggl, clockify, kimai, tempo (hours); hubspot, pipedrive, salesforce (deals); xero,
    quickbooks (invoices); msproject (plans); risks (registers); plain (a table of ours with a column account).

    A client's name is met with the accounts' ids, names and aliases. Rows of unknown clients and projects wait in
    data/firm/imports/waiting/ until the name is known and the file is imported again. The same file twice changes nothing; a
    corrected export replaces its rows. Exit code 0: every row was taken;
    1: some wait, or a total does not foot; 2: nothing was done.
    """
    from acctlib.imports.command import run_import, undo_import
    from acctlib.run.parameters import valid_date

    with _sentences():
        book = _workbook(data, parameters, out)
        if undo:
            undo_import(book.data, click.echo)
            return
        if as_of and not valid_date(as_of):
            raise ValueError(f"--as-of must be a date, got {as_of!r}; write year-month-day such as 2026-09-30")
        day = date.fromisoformat(as_of) if as_of else date.today()
        asked = {"account": account, "project": project, "whole": whole, "part": part, "new_projects": new_projects or ""}
        right = run_import(
            book.data, tool or "", files, dry_run, click.echo, dates=dates or "", decimal=decimal or "", as_of=day, **asked
        )
    sys.exit(0 if right else 1)

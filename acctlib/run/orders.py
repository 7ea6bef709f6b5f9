"""What is to be made: accounts x notebooks x editions, of what was typed and of what stands in the parameters files.

What the person typed is checked before anything runs, and stops everything; what is wrong with an account's own parameters is
said of that account only.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from acctlib.periods import quarter
from acctlib.places import visible
from acctlib.profile import ACCOUNT_ID, account_ids, read_profile
from acctlib.run.known_files import KnownFiles
from acctlib.run.parameters import LATEST, checked_parameters, declared_parameters, editions, valid_date
from acctlib.run.results import Edition

__all__ = ["Outcome", "Workbook", "WrongUse", "edition_of", "names_of_accounts", "plan", "sentence"]


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

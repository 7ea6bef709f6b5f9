"""What stands beside each report: its named figures, where they came from, and whether it would still come out the same.

A report is two files that belong together. The page is for people. The JSON holds the figures by name, so that the next
report can say what changed and whether a forecast came true, and the fingerprints of everything the page was made from:
data, answers of databases, parameters, notebook, package, versions, earlier results. Where all fingerprints still agree,
running again would give the same bytes, and is not done. The JSON also holds the page's own fingerprint: a page that was
changed, or that a crash left beside another run's figures, is noticed and made again.

There is no time of day and no path in it: the same input gives the same bytes on any machine on any day.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import acctlib
from acctlib.missing import Missing
from acctlib.places import from_root
from acctlib.profile import queries_in
from acctlib.run.known_files import KnownFiles, sha_of

if TYPE_CHECKING:
    from acctlib.account import Account
    from acctlib.tables.queries import Query

__all__ = [
    "Edition",
    "brief_results",
    "document",
    "earlier_results",
    "facts",
    "fingerprints",
    "last_results",
    "made_with",
    "past_files",
    "programs",
    "read_results",
    "shared_fingerprints",
    "why_stale",
]

#: The libraries that decide what a page looks like and which figures stand in it.
VERSIONED = ("numpy", "pandas", "scipy", "altair", "papermill", "great-tables", "vl-convert-python")
#: Parameters that say where things lie; what lies there counts by its content.
PLACES = ("data", "results")


@dataclass(frozen=True)
class Edition:
    """One report for one audience: the notebook, all its parameters, and where its files lie.

    Parameters
    ----------
    root : Path
        The workbook's folder, in which the notebook runs.
    notebook : Path
        The notebook file.
    parameters : mapping of str to str, int or float
        All parameters, `account`, `period`, `audience` and `data` among them.
    out : Path
        Folder of all reports.

    Examples
    --------
    >>> review = Edition(Path("."), Path("notebooks/budget_risk.ipynb"),
    ...     {"account": "harbour-foods", "period": "2026-Q3", "audience": "client"}, Path("outputs"))
    >>> review.html.as_posix(), str(review)
    ('outputs/client/harbour-foods/2026-Q3/budget_risk.html', 'harbour-foods 2026-Q3 budget_risk (client)')
    """

    root: Path
    notebook: Path
    parameters: Mapping[str, Any]
    out: Path

    @property
    def account(self) -> str:
        """Return the account's id."""
        return self.parameters["account"]

    @property
    def audience(self) -> str:
        """Return "client" or "internal"."""
        return self.parameters["audience"]

    @property
    def name(self) -> str:
        """Return the notebook's name without ending."""
        return self.notebook.stem

    @property
    def data(self) -> Path:
        """Return the folder with one folder per account."""
        return self.root / self.parameters["data"]

    @property
    def html(self) -> Path:
        """Return where the page lies."""
        return self.out / self.audience / self.account / self.parameters["period"] / f"{self.name}.html"

    @property
    def json(self) -> Path:
        """Return where the figures lie."""
        return self.html.with_suffix(".json")

    @property
    def key(self) -> str:
        """Return what names the report in a folder of reports: audience/account/period/notebook."""
        return f"{self.audience}/{self.account}/{self.parameters['period']}/{self.name}"

    def __str__(self) -> str:
        return f"{self.account} {self.parameters['period']} {self.name} ({self.audience})"


def _sha_of_lines(files: Iterable[tuple[str, str]]) -> str:
    """Return one fingerprint of names and contents, the same wherever they lie."""
    return sha_of("\n".join(sorted(f"{Path(name).as_posix()} {content}" for name, content in files)))


def facts(folder: Path) -> Iterator[Path]:
    """Yield the files that hold facts; editors' lock and swap files (~$…, .~lock…) and what imports keep are none."""
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name != "imports"]
        found = (os.path.join(place, name) for name in names if not name.startswith((".", "~$")))
        yield from (Path(path) for path in found if os.path.isfile(path))


def shared_fingerprints() -> None:
    """Take the fingerprints that all reports of a process share: of the package and of the libraries."""
    _package()
    _versions()


@functools.lru_cache(maxsize=1)
def _package() -> str:
    folder = Path(acctlib.__file__).parent
    files = (path for path in facts(folder) if "__pycache__" not in path.parts)
    return _sha_of_lines((os.path.relpath(path, folder), sha_of(path.read_bytes())) for path in files)


@functools.lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in VERSIONED}}


def programs() -> dict[str, str]:
    """Return the package and the libraries of which reports are made -> fingerprint or version."""
    return {"acctlib": _package(), **_versions(), "ruamel.yaml": importlib.metadata.version("ruamel.yaml")}


def made_with() -> str:
    """Return one fingerprint of the package and the libraries, with which all that was made by them goes."""
    return sha_of(json.dumps(programs()))


def _answer(query: Query) -> str:
    from acctlib.tables.sql import fingerprint  # few accounts have a query

    return fingerprint(query)


def fingerprints(edition: Edition, as_of: str, known: KnownFiles | None = None, ask: bool = True) -> dict[str, str]:
    """Return what a report depends on -> a fingerprint of it.

    Parameters
    ----------
    edition : Edition
    as_of : str
        The report's ISO date, as resolved from parameters and profile: earlier results count up to it.
    known : KnownFiles, optional
        Spares reading what did not change; without it every file is read.
    ask : bool
        Ask databases as well; else nothing is said of what their queries return.

    Raises
    ------
    ValueError
        If a database does not answer, or a file that holds its queries can't be read: nobody can say then what changed.
    """
    known = known or KnownFiles()
    own = {name: value for name, value in edition.parameters.items() if name not in PLACES}
    # A database may hold every account's rows; those of this one count by what the queries return.
    own_files = [
        (f"{folder}/{name}", content)
        for folder in (edition.account, "firm")
        for name, content in known.folder(edition.data / folder, facts)
        if ".sqlite" not in os.path.basename(name)
    ]
    answers = [_answer(query) for query in queries_in(edition.data, edition.account, known.yaml)] if ask else []
    where = edition.out, edition.account, edition.name, edition.audience, as_of, edition.parameters["period"]
    past = [(os.path.relpath(path, edition.out), known.sha(path)) for path, _ in _earlier(*where, known)]
    return {
        "data": _sha_of_lines(own_files),
        **({"database": sha_of(json.dumps(answers))} if answers else {}),
        "parameters": sha_of(json.dumps(own, sort_keys=True)),
        "notebook": known.sha(edition.notebook),
        "package": _package(),
        "versions": sha_of(json.dumps(_versions(), sort_keys=True)),
        "earlier results": _sha_of_lines(past),
    }


def document(edition: Edition, account: Account, figures: Mapping[str, Any], made_from: Mapping[str, str], html: str) -> str:
    """Return the text of the JSON beside a page.

    Parameters
    ----------
    edition : Edition
    account : Account
        As the edition's audience sees it: gives name, as-of, and file and number of rows behind each table.
    figures : mapping
        Named figures as the notebook recorded them.
    made_from : mapping of str to str
        The `fingerprints` taken before the notebook ran.
    html : str
        The page.

    Returns
    -------
    str
        JSON with sorted keys, indented, with one newline at its end.

    Raises
    ------
    ValueError
        If a figure is infinite or not a number.
    """
    content = {
        "account": edition.account,
        "as_of": account.as_of.isoformat(),
        "audience": edition.audience,
        "figures": figures,
        "html_sha256": sha_of(html),
        "key": sha_of(json.dumps(made_from, sort_keys=True)),
        "made_from": made_from,
        "name": account.name,
        "notebook": edition.name,
        "parameters": {name: value for name, value in edition.parameters.items() if name not in PLACES},
        "period": edition.parameters["period"],
        "sources": {table: {"file": source.file, "rows": source.rows} for table, source in account.sources.items()},
        "versions": _versions(),
    }
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_results(path: Path) -> dict[str, Any]:
    """Return the content of a report's JSON; empty where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


#: Of a report's JSON, what tells whether it is up to date and what the index says of it; its figures are left out.
_BRIEF = ("account", "as_of", "audience", "html_sha256", "made_from", "name", "notebook", "period")


def brief_results(path: Path, known: KnownFiles) -> dict[str, Any]:
    """Return what a report's JSON says of the report itself; empty where there is none that can be read."""
    try:
        return known.value(path, "results", _brief)
    except OSError:
        return {}


def _brief(path: Path) -> dict[str, Any]:
    said = read_results(path)
    return {name: said[name] for name in _BRIEF if name in said}


def why_stale(edition: Edition, known: KnownFiles | None = None, ask: bool = True) -> str:
    """Return why a report would be made again, as a clause; empty where it is up to date, as far as databases are asked."""
    known = known or KnownFiles()
    if not edition.html.is_file():
        return "it was never made"
    stored = brief_results(edition.json, known)
    made_from = stored.get("made_from")
    if not isinstance(made_from, dict) or "as_of" not in stored:
        return "its figures are not there"
    if stored.get("html_sha256") != known.sha(edition.html):
        return "its page and its figures do not belong together"
    now = fingerprints(edition, stored["as_of"], known, ask)
    parts = [part for part in dict.fromkeys((*now, *made_from)) if ask or part != "database"]
    changed = [part for part in parts if made_from.get(part) != now.get(part)]
    return f"changed: {', '.join(changed)}" if changed else ""


def _earlier(
    out: Path, account: str, notebook: str, audience: str, as_of: str, period: str, known: KnownFiles
) -> list[tuple[Path, dict[str, Any]]]:
    """Return the results with an earlier as-of and of another period, in brief, the oldest first."""
    found = [(path, brief_results(path, known)) for path in (out / audience / account).glob(f"*/{notebook}.json")]
    past = [(path, said) for path, said in found if said.get("as_of", "9") < as_of and said.get("period") != period]
    return sorted(past, key=lambda pair: (pair[1]["as_of"], pair[0].as_posix()))


def past_files(edition: Edition) -> dict[str, Path]:
    """Return the figures of all other periods of this kind of report, by their names within the folder of reports."""
    found = (edition.out / edition.audience / edition.account).glob(f"*/{edition.name}.json")
    return {path.relative_to(edition.out).as_posix(): path for path in found if path != edition.json}


def earlier_results(results: str | Path, account: Account, notebook: str) -> list[dict[str, Any]]:
    """Return what all earlier reports of this kind said, the oldest first: those that `last_results` is the newest of."""
    where = from_root(results), account.id, notebook, account.audience, account.as_of.isoformat(), account.period.label
    return [read_results(path) for path, _ in _earlier(*where, KnownFiles())]


def last_results(results: str | Path, account: Account, notebook: str) -> dict[str, Any] | Missing:
    """Return what the last report of this kind said.

    "Last" is the newest one with an earlier as-of and of another period, so that a second run of the same period reads the
    same past and gives the same bytes.

    Parameters
    ----------
    results : path
        Folder of all reports, from the workbook's root.
    account : Account
        As the report that is being made sees it.
    notebook : str

    Returns
    -------
    dict or Missing
        The content of its JSON; `Missing` where this is the first.
    """
    past = earlier_results(results, account, notebook)
    return past[-1] if past else Missing("there is no earlier report to compare with")

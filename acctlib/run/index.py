"""The lists of reports: static pages for people who do not know the folders, which open and are searched with no server.

`index.html` of the outputs is ours: a row for each account with its newest reports, what failed on top with its sentence. Each
account has a page of its own with all its periods, and the client's folder one that tells of that client's pages only, with
no figure, no failure, no script and no way back to ours, since a whole folder is soon mailed.

They are made from the figures beside the reports and from what failed, so that they show what is there and nothing else. How
old a report is stands there as the day it is as of, never as an age: a page does not know what day it is read on. Whether it
is out of date is told by fingerprints: of each kind the newest is marked where it would come out otherwise by the files as
the run found them. No database is asked for that: a list of a thousand accounts must not wait for one.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from acctlib.currencies import CURRENCIES
from acctlib.places import visible
from acctlib.run.known_files import KnownFiles
from acctlib.run.orders import Outcome, Workbook, edition_of, sentence
from acctlib.run.parameters import checked_parameters, declared_parameters, valid_date
from acctlib.run.results import Edition, read_results, why_stale
from acctlib.show.numerals import NOT_DEFINED, chance, day, hours, number, percent, short_money
from acctlib.show.text import attribute, escape

__all__ = ["FAILED", "note_failures", "read_failures", "write_index"]

#: Name of the file in the folder of outputs that holds what failed last; who deletes it forgets that until the next run.
FAILED = ".failed.json"
#: Named figures that stand beside a report in the list, at most two of each report, the first of these that it has.
_HEADLINES = {
    "budget_holds": "budget holds",
    "contingency": "reserve",
    "target_chance": "target odds",
    "year_expected": "year",
    "overdue": "overdue",
    "decisions": "decisions",
    "on_time": "on time",
    "fees_in_period": "fees",
}
#: Account, notebook and audience of what failed; the latter two are empty where it is the whole account.
_Kind = tuple[str, str, str]
_MARK = '<b class="failed">✕ failed</b>'
_OLD = '<b class="old">↻ out of date</b>'
_CHANCES = ("budget_holds", "target_chance")
_SEARCH_FIELD = (
    '<div role="search" hidden><label for="q">Find</label><input id="q" type="search" autocomplete="off" spellcheck="false" '
    'aria-describedby="h"><output id="n" for="q" aria-live="polite"></output><br><small id="h">Words of a name, an id, a '
    "quarter, a figure, “failed” or “out of date”. <span>Press / to come here, Esc to clear, Enter for the first that is "
    "found.</span></small></div>"
)


@functools.cache
def _beside(name: str) -> str:
    """Return a file that lies beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class _Report:
    """A page that is there: where it lies, what its figures say of it, and why it is out of date where it is.

    `asked` is the day that its parameters gave, empty for the period's end; `as_of` the one that came of it.
    """

    audience: str
    account: str
    period: str
    notebook: str
    name: str
    as_of: str
    figures: tuple[str, ...]
    asked: str = ""
    old: str = ""

    @property
    def title(self) -> str:
        return _title(self.notebook)

    @property
    def kind(self) -> tuple[str, str]:
        return self.notebook, self.audience

    @property
    def when(self) -> tuple[str, str]:
        return self.period, self.as_of

    @property
    def key(self) -> str:
        return f"{self.audience}/{self.account}/{self.period}/{self.notebook}"

    @property
    def day(self) -> str:
        return _day(self.as_of)

    def href(self, up: str = "") -> str:
        """Return the page's address, as seen from so many folders below the outputs."""
        return up + quote(f"{self.key}.html")


def _reports(out: Path, known: KnownFiles) -> list[_Report]:
    found = []
    for path in sorted(out.glob("*/*/*/*.json")):
        if path.with_suffix(".html").is_file():
            with contextlib.suppress(OSError):
                name, as_of, asked, *figures = known.value(path, "index", _said) or ("", "", "")
                if name and valid_date(as_of):
                    audience, account, period = path.relative_to(out).parts[:3]
                    found.append(_Report(audience, account, period, path.stem, name, as_of, tuple(figures), asked))
    return found


def _said(path: Path) -> list[str]:
    """Return of a report: name, as-of, the day asked for, headline figures; nothing where it is not ours."""
    try:
        return _told(path)
    except (ArithmeticError, AttributeError, TypeError, ValueError):  # somebody else's figures, or written by hand
        return []


def _told(path: Path) -> list[str]:
    said = read_results(path)
    place = {"audience": path.parts[-4], "account": path.parts[-3], "period": path.parts[-2], "notebook": path.stem}
    if any(said.get(key) != value for key, value in place.items()) or not {"name", "as_of"} <= said.keys():
        return []
    figures = said.get("figures") or {}
    shown = [_figure(name, figures[name]) for name in _HEADLINES if name in figures]
    asked = (said.get("parameters") or {}).get("as_of", "")
    return [str(said["name"]), str(said["as_of"]), str(asked), *[text for text in shown if text][:2]]


def _figure(name: str, figure: Mapping[str, Any]) -> str:
    value, unit = figure.get("value"), figure.get("unit", "")
    if type(value) not in (int, float):
        return ""
    if unit == "fraction":
        text = chance(value) if name in _CHANCES else percent(value)
    else:
        text = short_money(value, unit) if unit in CURRENCIES else hours(value) if unit == "h" else number(value)
    return "" if text == NOT_DEFINED else f"{_HEADLINES[name]} {text}"


def _page(title: str, body: str, look: str = "", script: str = "") -> str:
    style = _beside("index.css") + look
    allowed = f"script-src {_allowed(script)}; " if script else ""
    policy = f"default-src 'none'; {allowed}style-src {_allowed(style)}; base-uri 'none'; form-action 'none'"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n<body>{body}"
        f"{f'<script>{script}</script>' if script else ''}</body></html>\n"
    )


def _allowed(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _by_account(reports: Iterable[_Report]) -> dict[str, list[_Report]]:
    accounts: dict[str, list[_Report]] = {}
    for report in reports:
        accounts.setdefault(report.account, []).append(report)
    return accounts


def _name(account: str, reports: Sequence[_Report]) -> str:
    """Return the account's name as its newest report says it, or its id where there is none."""
    return max(reports, key=lambda report: (report.as_of, report.period)).name if reports else account


def _index(accounts: Mapping[str, Sequence[_Report]], failures: Mapping[str, str]) -> str:
    """Return our page of all accounts: by name, of each kind of report the newest, what failed before all."""
    total = sum(map(len, accounts.values()))
    names = {account: _name(account, accounts.get(account, ())) for account in {*accounts, *map(_account_of, failures)}}
    columns = sorted({report.notebook for reports in accounts.values() for report in reports})
    failing = Counter(_account_of(key) for key in failures)
    order = sorted(accounts, key=lambda account: (not failing[account], names[account].casefold(), account))
    said = f"{_count(total, 'report')} of {_count(len(accounts), 'account')}" if total else "No report yet"
    said += f"; {_count(len(failing), 'account')} with failures" if failing else ""
    failed = set(map(_kind_of, failures))
    shown = (report for account, reports in accounts.items() if (account, "", "") not in failed for report in reports)
    old = sum(bool(report.old) and (report.account, *report.kind) not in failed for report in shown)
    said += f"; {_count(old, 'report')} out of date" if old else ""
    heads = "".join(f'<th scope="col">{escape(_title(notebook))}</th>' for notebook in columns)
    rows = "".join(_row(account, names[account], accounts[account], columns, failed) for account in order)
    body = (
        '<p class="edition"><b>Internal</b> This list names every account: never send it to a client.</p>'
        f"<header><h1>Reports</h1><p>{said}.</p>{_SEARCH_FIELD if rows else ''}</header><main>"
        f"{_failed(failures, names, accounts) if failures else ''}"
    )
    if rows:
        body += (
            f'<section aria-labelledby="a"><h2 id="a">Accounts</h2><table><thead><tr><th scope="col">Account</th>{heads}</tr>'
            f"</thead><tbody>\n{rows}</tbody></table></section>"
        )
    labels = "".join(f"td:nth-child({at}){{--of:{_css(_title(name))}}}" for at, name in enumerate(columns, start=2))
    look = f"{labels}@media screen and (max-width:44rem){{td::before{{content:var(--of)}}}}\n"
    return _page("Reports", f"{body}</main>", look, _beside("index.js") if rows else "")


def _day(iso: str) -> str:
    return day(date.fromisoformat(iso))


def _title(notebook: str) -> str:
    return notebook.replace("_", " ").capitalize()


def _css(text: str) -> str:
    """Return a text as CSS may hold it, whatever a file was named."""
    return '"{}"'.format(re.sub(r"[^\w ]", lambda sign: f"\\{ord(sign[0]):x} ", text))


def _newest(reports: Iterable[_Report]) -> dict[tuple[str, str], _Report]:
    return {report.kind: report for report in sorted(reports, key=lambda report: (report.as_of, report.period))}


def _row(account: str, name: str, reports: Sequence[_Report], columns: Sequence[str], failed: Collection[_Kind]) -> str:
    newest = _newest(reports)
    usual = Counter(report.when for report in newest.values()).most_common(1)[0][0]
    mark, why = "", ""
    if (account, "", "") in failed:
        mark, newest = f" {_MARK}", {kind: replace(report, old="") for kind, report in newest.items()}
    elif len(reasons := {report.old for report in newest.values()}) == 1 and (why := reasons.pop()):  # once for all of them
        mark, newest = f" {_OLD}", {kind: replace(report, old="") for kind, report in newest.items()}
    cells = "".join(_cell([newest.get((column, a)) for a in ("internal", "client")], usual, failed) for column in columns)
    about = " · ".join(map(escape, filter(None, (account, usual[0], f"as of {_day(usual[1])}", why))))
    return (
        f'<tr><th scope="row"><a href="internal/{quote(account)}/index.html">{escape(name)}</a>{mark}'
        f"<small>{about}</small></th>{cells}</tr>\n"
    )


def _cell(editions: Sequence[_Report | None], usual: tuple[str, str], failed: Collection[_Kind]) -> str:
    there = [report for report in editions if report]
    links = "".join(f"<a href={report.href()}>{report.audience}</a>" for report in there)  # needs no quotes: it is quoted
    notes = list(there[0].figures) if there else []
    notes += [f"{report.period}, as of {report.day}" for report in there[:1] if report.when != usual]
    mark = ""
    if any((report.account, *report.kind) in failed for report in there):
        mark = _MARK
    elif old := [report for report in there if report.old]:
        which = "" if old == there else f"{old[0].audience}: "
        mark, notes = _OLD, [*notes, which + old[0].old]
    small = f"<small>{escape(' · '.join(notes))}</small>" if notes else ""
    return f"<td>{links}{mark}{small}</td>"


def _failed(failures: Mapping[str, str], names: Mapping[str, str], accounts: Mapping[str, Sequence[_Report]]) -> str:
    rows = []
    for key in sorted(failures, key=lambda key: (names[_account_of(key)].casefold(), key)):
        account, (first, more) = _account_of(key), sentence(failures[key])
        what = "" if key == account else f": {_title(_kind_of(key)[1])} {key.split('/')[2]} ({_kind_of(key)[2]})"
        rest = f"and {_count(more, 'line')} more; acctlib check {account} says all"
        rest = f"<br><small>{escape(rest)}</small>" if more else ""
        link = f'<a href="internal/{quote(account)}/index.html">{escape(names[account])}</a>'
        link = link if account in accounts else f"<b>{escape(names[account])}</b>"
        rows.append(
            f'<li>{link} <span class="quiet">{escape(account)}{escape(what)}</span><br>{_MARK} {escape(first)}{rest}</li>\n'
        )
    return (
        '<section id="failed" aria-labelledby="f"><h2 id="f">Failed</h2><p class="quiet">The last good pages stand as they '
        f"were.</p><ul>\n{''.join(rows)}</ul></section>"
    )


def _about(report: _Report) -> list[str]:
    return [report.period, f"as of {report.day}", *report.figures, report.old]


def _account(account: str, reports: Sequence[_Report], failures: Mapping[str, str]) -> str:
    """Return our page of one account: all its reports, the newest first, with the way back to the list of all."""
    mine = {key: said for key, said in failures.items() if _account_of(key) == account}
    rows = "".join(
        f"<li><a href={attribute(report.href('../../'))}>{escape(report.title)}</a>{report.audience}"
        f"{f' {_OLD}' if report.old else ''} <small>{escape(' · '.join(filter(None, _about(report))))}</small></li>\n"
        for report in _ordered(reports)
    )
    name = _name(account, reports)
    body = (
        '<p class="edition"><b>Internal</b> not for the client</p>'
        f'<header><p><a href="../../index.html">All accounts</a></p><h1>{escape(name)}</h1>'
        f"<p>{_count(len(reports), 'report')}.</p></header><main>"
        f"{_failed(mine, {account: name}, {}) if mine else ''}"
        f'<section aria-labelledby="r"><h2 id="r">Reports</h2><ul>\n{rows}</ul></section></main>'
    )
    return _page(f"{name}: reports", body)


def _client(reports: Sequence[_Report]) -> str:
    """Return the page of the client's folder: the client's own pages by name, period and as-of, and nothing of ours."""
    rows = "".join(
        f"<li><a href={attribute(quote(f'{report.period}/{report.notebook}.html'))}>{escape(report.title)}</a>"
        f"<small>{escape(report.period)} · as of {report.day}</small></li>\n"
        for report in _ordered(reports)
    )
    name = _name("", reports)
    return _page(
        f"{name}: reports", f"<header><h1>{escape(name)}</h1></header><main><section><ul>\n{rows}</ul></section></main>"
    )


def _ordered(reports: Iterable[_Report]) -> list[_Report]:
    by_name = sorted(reports, key=lambda report: (report.notebook, report.audience))
    return sorted(by_name, key=lambda report: (report.period, report.as_of), reverse=True)


def write_index(
    out: Path, known: KnownFiles | None = None, book: Workbook | None = None, outcomes: Iterable[Outcome] = ()
) -> Path:
    """Write the lists where they would change, and return the path of our list of all accounts.

    Parameters
    ----------
    out : Path
        Folder with ``<audience>/<account>/<period>/<notebook>.html`` and ``.json``.
    known : KnownFiles, optional
        Spares reading files that did not change.
    book : Workbook, optional
        Where that lies which the reports are made from; without it none is found out of date.
    outcomes : iterable of Outcome
        What became of a run's reports: those that it made or found up to date are not looked at again.

    Examples
    --------
    Which reports are there in a new workbook?

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as out:
    ...     "No report yet." in write_index(Path(out)).read_text(encoding="utf-8")
    True
    """
    known = known or KnownFiles()
    accounts, failures = _by_account(_reports(out, known)), read_failures(out)
    if book:
        fresh = {outcome.order.key for outcome in outcomes if outcome.order and outcome.state != "failed"}
        accounts = _examined(accounts, book, fresh, known)
    out.mkdir(parents=True, exist_ok=True)
    for account, reports in accounts.items():
        if theirs := [report for report in reports if report.audience == "client"]:
            _write(out / "client" / account / "index.html", _client(theirs))
        (out / "internal" / account).mkdir(parents=True, exist_ok=True)
        _write(out / "internal" / account / "index.html", _account(account, reports, failures))
    _write(out / "index.html", _index(accounts, failures))
    return out / "index.html"


def _examined(
    accounts: Mapping[str, Sequence[_Report]], book: Workbook, fresh: Collection[str], known: KnownFiles
) -> dict[str, list[_Report]]:
    """Return the reports; of each kind the newest says why it is out of date, where it is. Earlier ones are records."""
    takes = {}
    for path in visible(book.root / "notebooks", "*.ipynb"):
        with contextlib.suppress(ValueError):  # one that is being written, under the eyes of `acctlib watch`
            takes[path] = declared_parameters(path)
    there = set(book.accounts)

    def why(report: _Report) -> str:
        if report.key in fresh:
            return ""
        if report.account not in there:
            return "no parameters file any more"
        path = book.root / "notebooks" / f"{report.notebook}.ipynb"
        if path not in takes:
            return "its notebook is not there"
        # the quarter and the day that it was asked for; all else as a run would have it now
        asked = {"account": report.account, "period": report.period, "as_of": report.asked}
        try:
            own = checked_parameters(book.parameters / f"{report.account}.yaml", list(takes.values()), known.yaml)
            parameters = {name: own.get(name, default) for name, default in takes[path].items()} | asked
            reason = why_stale(edition_of(book, path, parameters, report.audience), known, ask=False)
        except (ValueError, OSError):
            return "its parameters or its files can't be read"
        return reason.replace("changed: ", "changed since: ")

    def examined(reports: Sequence[_Report]) -> list[_Report]:
        newest = _newest(reports)
        return [replace(report, old=why(report)) if newest[report.kind] is report else report for report in reports]

    return {account: examined(reports) for account, reports in accounts.items()}


def _write(path: Path, text: str) -> None:
    """Write a file whole, and only where it would change."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == text.encode():
            return
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")  # a file's name need not be UTF-8
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


# -- what failed ------------------------------------------------------------------------------------------------------
# A failure is kept by account, or by audience/account/period/notebook where it is one report's.


def _account_of(key: str) -> str:
    return key.split("/")[1] if "/" in key else key


def _kind_of(key: str) -> _Kind:
    account, notebook, audience = key, "", ""
    if "/" in key:
        audience, account, _, notebook = key.split("/")
    return account, notebook, audience


def _is_over(key: str, report: Edition) -> bool:
    """Tell whether a failure is over now that a report was seen to: of the same kind, and not of an earlier quarter."""
    kind, period = (report.account, report.name, report.audience), key.split("/")[2]
    return _kind_of(key) == kind and period <= report.parameters["period"]


def read_failures(out: Path) -> dict[str, str]:
    """Return what failed when it was last tried -> why; empty where that can't be read."""
    said = read_results(out / FAILED)
    return {key: why for key, why in said.items() if key.count("/") in (0, 3) and isinstance(why, str)}


def note_failures(out: Path, outcomes: Iterable[Outcome], accounts: Collection[str]) -> None:
    """Keep what failed, and forget what was made since or has no parameters file any more.

    Parameters
    ----------
    out : Path
        Folder of the reports.
    outcomes : iterable of Outcome
        What became of a run's reports. Others keep the state that they had.
    accounts : collection of str
        The accounts that there are.
    """
    failures = read_failures(out)
    for outcome in outcomes:
        order = outcome.order
        account = order.account if order else outcome.what
        for key in list(failures):
            if _account_of(key) == account and ("/" not in key or order is None or _is_over(key, order)):
                del failures[key]
        if outcome.state == "failed":
            failures[order.key if order else account] = outcome.reason
    kept = {key: why for key, why in failures.items() if _account_of(key) in accounts}
    if kept:
        out.mkdir(parents=True, exist_ok=True)
        _write(out / FAILED, json.dumps(kept, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
    else:
        (out / FAILED).unlink(missing_ok=True)

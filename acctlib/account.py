"""One account as one audience may see it.

A client page cannot leak what it never had. `Account.read` checks all tables of an account, takes them back to what was
known on the report's as-of date and, for the client edition, removes everything that the contract does not open: internal
columns and rows, and open-book cells of every project whose `client_sees` does not allow them. What notebooks, measures
and pages receive is what is left. A table that is not there, for the audience or for want of data, is a `Missing`.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from acctlib.audience import HIDDEN, Tables, for_client, open_levels, survey_summary
from acctlib.missing import Missing
from acctlib.periods import Quarter, long_date, quarter
from acctlib.places import from_root
from acctlib.profile import ACCOUNT_ID, Firm, Profile, account_ids, queries, read_firm, read_profile
from acctlib.tables.as_of import known_on
from acctlib.tables.checks import Source, read_checked
from acctlib.tables.dictionary import AUDIENCES, SEES_LEVELS, TABLES

__all__ = ["Account", "read_once"]

#: Environment variable that says for whom a page is being made.
MADE_FOR = "ACCTLIB_AUDIENCE"
#: Headings of the director's commentary that a report of ours shows; words under another one stand in no report.
SECTIONS = (
    "Attendees", "Budget", "Decisions", "Delivery", "Growth", "Next quarter", "Next steps", "Not to say", "Results", "Risks",
    "Satisfaction", "Stakeholders", "Strategy", "Summary", "What we learned",
)  # fmt: skip
#: Tables that are made of others: answers counted by quarter, and the firm's deals of all accounts without their names.
_MADE = ("survey_summary", "firm_deals")
#: Headings whose words are never the client's: they stand in `<period>.internal.md` only.
OURS_ONLY = ("Not to say",)
#: What was read while `read_once` holds: by folder as it stands, by all that was asked for as its audience sees it.
_kept: ContextVar[dict[object, Any] | None] = ContextVar("kept", default=None)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@contextlib.contextmanager
def read_once() -> Iterator[None]:
    """Read and check the files of an account once, however often they are asked for: both editions from one moment.

    For the process of one report; who edits files and reads them again, as in JupyterLab, reads without it.
    """
    before = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(before)


def _once(asked: object, read: Callable[[], Any]) -> Any:
    kept = _kept.get()
    if kept is None:
        return read()
    if asked not in kept:
        kept[asked] = read()
    return kept[asked]


@dataclass(frozen=True)
class Account:
    """One account, one period, one audience.

    Tables are attributes: ``account.projects`` is a typed DataFrame or a `Missing`.

    Parameters
    ----------
    id : str
        Name of the account's folder.
    profile, firm : Profile, Firm
        What `account.yaml` and `firm.yaml` say.
    period : Quarter
        The fiscal quarter under review.
    as_of : date
        Nothing that became known later is in the tables.
    audience : {"client", "internal"}
        For whom the tables were made.
    tables : mapping of str to DataFrame or Missing
        Tables as known on `as_of`.
    sources : mapping of str to Source
        File and rows that each table came from, counted as this audience sees them.
    commentary : mapping of str to str
        The director's words: heading -> text.
    recorded : mapping of str to DataFrame or Missing
        The audience's tables with everything recorded to date, from which earlier days are made again.
    """

    id: str
    profile: Profile
    firm: Firm
    period: Quarter
    as_of: date
    audience: str
    tables: Tables
    sources: Mapping[str, Source]
    commentary: Mapping[str, str]
    recorded: Tables

    @classmethod
    def read(cls, account: str, period: str, as_of: str = "", audience: str = "internal", data: str | Path = "data") -> Account:
        """Read and check one account.

        Parameters
        ----------
        account : str
            Name of a folder in `data`.
        period : str
            Fiscal quarter of the account, such as ``2026-Q3``.
        as_of : str, default ""
            ISO date; empty = the last day of the period.
        audience : {"client", "internal"}
        data : path
            Folder with one folder per account and ``firm``, from the workbook's root.

        Raises
        ------
        ValueError
            If a parameter, the profile or a table is wrong; the text names each place and what to write instead. Also if
            a client's page is being made and the notebook asks for the internal tables.
        """
        if audience not in AUDIENCES:
            raise ValueError(f"audience must be client or internal, got {audience!r}; write audience: internal")
        if os.environ.get(MADE_FOR) == "client" != audience:
            raise ValueError(
                "this run makes a client's page, so what is ours may not be read, not even to say it in other words; "
                "write Account.read(account, period, as_of, audience, data)"
            )
        root = from_root(data)
        asked = (account, period, as_of, audience, root)
        return _once(asked, lambda: cls._read(*asked))._apart()

    @classmethod
    def _read(cls, account: str, period: str, as_of: str, audience: str, root: Path) -> Account:
        folder = _folder(root, account)
        profile = read_profile(folder / "account.yaml")
        firm = read_firm(root / "firm" / "firm.yaml") if (root / "firm" / "firm.yaml").is_file() else Firm(name="Our agency")
        when = quarter(period, profile.fiscal_year)
        day = _as_of(as_of, when)
        checked = _once(folder, lambda: read_checked(folder, root / "firm", queries(profile, firm, account, root)))
        sources = dict(checked.sources)
        tables = _of_account(checked.tables, account)
        _must_run(account, tables, when)
        tables["firm_deals"] = _firm_deals(checked.tables["opportunities"])
        tables["survey_summary"] = survey_summary(known_on(tables["surveys"], TABLES["surveys"], day), profile.fiscal_year)
        if audience == "client":
            profile, firm, tables = profile.for_client(), firm.for_client(), for_client(tables, account, day)
            for name, source in checked.sources.items():
                if " (SQL, " in source.file:  # where our database is, is no client's business
                    sources[name] = replace(source, file=f"{name} (SQL)")
        commentary = _commentary(folder / "commentary", when, audience)
        return cls(account, profile, firm, when, day, audience, {}, sources, commentary, tables)

    def __getattr__(self, name: str) -> pd.DataFrame | Missing:
        if name in TABLES or name in _MADE:
            return self.tables[name]
        raise AttributeError(f"an account has no {name!r}; its tables are {', '.join(TABLES)}")

    @property
    def name(self) -> str:
        """Return the client's name."""
        return self.profile.name

    @property
    def currency(self) -> str:
        """Return the ISO code in which the account is kept."""
        return self.profile.currency

    def words(self, section: str) -> str | Missing:
        """Return what the director wrote under a heading of the period's commentary."""
        path = f"data/{self.id}/commentary/{self.period.label}.md"
        return self.commentary.get(section) or Missing(f"nothing is written under {section}", f"add `## {section}` to {path}")

    def source(self, *tables: str) -> str:
        """Return where tables came from, as a reader may trace it: file, rows and as-of date."""
        known = [self.sources[name] for name in tables if name in self.sources]
        return "; ".join(f"{s.file}, {s.rows:,} row{'' if s.rows == 1 else 's'}" for s in known) + (
            f", as of {long_date(self.as_of)}" if known else ""
        )

    def traced(self) -> str:
        """Return what this edition rests on: every file with the rows that it sees, and the as-of date of all of them."""
        files = ", ".join(f"{source.file} ({source.rows:,})" for source in self.sources.values())
        unread = ", ".join(heading for heading in self.commentary if heading not in SECTIONS)
        lost = f" No report shows the words under {unread}; headings that one shows: {', '.join(SECTIONS)}." if unread else ""
        return (
            f"Figures rest on these tables, each with its number of rows in this edition: {files}. "
            f"Nothing that became known after {long_date(self.as_of)} is inside.{lost if self.audience == 'internal' else ''}"
        )

    def ours(self, table: Any) -> Any:
        """Return a table or figure in the internal edition, and `Missing` in the client's."""
        return table if self.audience == "internal" else HIDDEN

    def theirs(self, table: Any) -> Any:
        """Return a table or figure in the client's edition, and in ours a `Missing` of which nothing is said."""
        return table if self.audience == "client" else Missing("")

    def open_projects(self, level: str) -> pd.DataFrame | Missing:
        """Return the running projects whose book is open to the audience down to `level`: hours, or hours_and_rates."""
        running = self.projects
        if "status" in running.columns:
            running = running[running["status"].fillna("active") != "closed"]
        if self.audience == "client":
            rank = open_levels(self.tables).reindex(running["project"].astype(object)).to_numpy()
            running = running[rank >= SEES_LEVELS.index(level)]
        return running.reset_index(drop=True) if len(running) else Missing(f"no running project is open down to {level}")

    def at(self, earlier: Quarter) -> Account:
        """Return the account as it stood at the end of another quarter, but never later than this report's as-of."""
        return replace(self, period=earlier)._known_on(min(earlier.end, self.as_of))

    def on(self, day: date) -> Account:
        """Return the account as it stood on another day of the same quarter's report, but never later than its as-of."""
        return self._known_on(min(day, self.as_of))

    def trend(self, measure: Callable[[Account], float | Missing], quarters: int = 4) -> tuple[float, ...]:
        """Return a measure at the end of the last quarters, the oldest first; NaN where it is not defined."""
        values = [measure(self.at(step)) for step in self.period.last(quarters)[:-1]] + [measure(self)]
        return tuple(float("nan") if isinstance(v, Missing) else float(v) for v in values)

    def _apart(self) -> Account:
        """Return the account with parts of its own, so that what is done to one of them is not done to the next reader's."""
        profile, firm = self.profile.model_copy(deep=True), self.firm.model_copy(deep=True)
        tables = {
            name: table if isinstance(table, Missing) else table.copy(deep=False) for name, table in self.recorded.items()
        }
        own = replace(self, profile=profile, firm=firm, commentary=dict(self.commentary), recorded=tables)
        return own._known_on(self.as_of)

    def _known_on(self, day: date) -> Account:
        tables = _OnDemand(lambda: self.recorded, lambda name: _as_known(name, self.recorded[name], day))
        sources = _OnDemand(
            lambda: (name for name in self.sources if not isinstance(tables[name], Missing)),
            lambda name: replace(self.sources[name], rows=len(tables[name])),
        )
        return replace(self, as_of=day, tables=tables, sources=sources)


def _as_known(name: str, table: pd.DataFrame | Missing, day: date) -> pd.DataFrame | Missing:
    """Return one of an account's tables as it stood on a day."""
    if name != "survey_summary":
        return known_on(table, TABLES["opportunities" if name == "firm_deals" else name], day)
    if isinstance(table, Missing):
        return table
    known = table[table["last_answer"] <= pd.Timestamp(day)].reset_index(drop=True)
    return known if len(known) else Missing(f"nobody had answered a survey on {day}")


class _OnDemand(Mapping):
    """A mapping whose values are made when they are asked for: a trend looks at few tables of each earlier quarter."""

    def __init__(self, names: Callable[[], Iterable[str]], make: Callable[[str], Any]) -> None:
        self._names, self._make, self._made = names, make, {}

    @cached_property
    def _keys(self) -> dict[str, None]:
        return dict.fromkeys(self._names())

    def __getitem__(self, name: str) -> Any:
        if name not in self._keys:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return repr(dict(self))


def _folder(data: Path, account: str) -> Path:
    if not isinstance(account, str) or not ACCOUNT_ID.fullmatch(account):
        raise ValueError(
            f"account must be lower-case letters, digits, - and _ (at most 63), got {account!r}; write a folder name of data/"
        )
    folder = data / account
    if account == "firm":
        raise ValueError("account must not be firm: data/firm/ holds the tables of all accounts; write an account's folder")
    if not folder.is_dir():
        known = account_ids(data)
        near = difflib.get_close_matches(account, known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"make it with: acctlib new {account}"
        raise ValueError(f"account must be a folder of data/, got {account!r}; {remedy}")
    return folder


def _as_of(text: str, period: Quarter) -> date:
    if text in ("", None):
        return period.end
    try:
        day = date.fromisoformat(text if _DAY.fullmatch(str(text)) else "")
    except (TypeError, ValueError):
        raise ValueError(f"as_of must be a date such as {period.end}, got {text!r}; write year-month-day") from None
    if day < period.start:
        raise ValueError(f"as_of must not be before the period {period}, got {day}; write {period.end} or a later day")
    return day


def _must_run(account: str, tables: Tables, period: Quarter) -> None:
    """Refuse a quarter in which no project ran and nothing was invoiced: it is a slip in the parameter."""
    projects, invoices = tables["projects"], tables["invoices"]
    if isinstance(projects, Missing):
        raise ValueError(f"{account} must have at least one project: {projects.reason}; {projects.remedy}")
    first, last = projects["start"].min().date(), projects["end"].max().date()
    late = not isinstance(invoices, Missing) and invoices["issued"].between(str(period.start), str(period.end)).any()
    if (period.end < first or period.start > last) and not late:
        a, b = period.fiscal_year.quarter_of(first).label, period.fiscal_year.quarter_of(last).label
        raise ValueError(
            f"period must lie within the account's projects, which run from {first} to {last}, or hold an invoice, got "
            f"{period.label} ({period.start} to {period.end}); write a quarter from {a} to {b}"
        )


def _of_account(tables: Tables, account: str) -> dict[str, pd.DataFrame | Missing]:
    """Return the tables without the rows of other accounts that firm tables hold."""
    own = dict(tables)
    for name, table in tables.items():
        if isinstance(table, Missing) or not TABLES[name].firm or "account" not in table.columns:
            continue
        shared = table["account"].isna()  # standard rates, and leave of people who may be booked here
        rows = table[(table["account"] == account) | shared].reset_index(drop=True)
        own[name] = (
            rows if len(rows) else Missing(f"{name} has no row for {account}", f"add rows with account = {account} to {name}")
        )
    return own


def _firm_deals(opportunities: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return all accounts' deals as a record of how deals go: nothing says whose they are."""
    kept = ["stage", "status", "probability", "created", "close_date", "closed_on"]
    if isinstance(opportunities, Missing):
        return opportunities
    return opportunities[[name for name in kept if name in opportunities.columns]]


def _commentary(folder: Path, period: Quarter, audience: str) -> dict[str, str]:
    """Return heading -> text of the director's words for the period; ours are added in the internal edition only."""
    names = [f"{period.label}.md"] + ([f"{period.label}.internal.md"] if audience == "internal" else [])
    words: dict[str, str] = {}
    for path in (folder / name for name in names):
        if not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError(f"commentary/{path.name} must be UTF-8; save it as UTF-8") from None
        before, *parts = re.split(r"^##[ \t]+", text, flags=re.MULTILINE)
        if re.sub(r"^#[ \t].*$", "", before, flags=re.MULTILINE).strip():
            raise ValueError(f"commentary/{path.name}: text must stand under a heading; write `## Summary` above it")
        for part in parts:
            heading, _, body = part.partition("\n")
            if heading.strip() in OURS_ONLY and not path.name.endswith(".internal.md"):
                raise ValueError(
                    f"commentary/{path.name} must not hold `## {heading.strip()}`, for the client's edition reads that file; "
                    f"write it in commentary/{period.label}.internal.md"
                )
            words[heading.strip()] = "\n\n".join(filter(None, (words.get(heading.strip(), ""), body.strip())))
    return words

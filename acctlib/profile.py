"""Who the account and the firm are: `account.yaml` and `firm.yaml`, read strictly.

A profile is typed by hand, so its mistakes are human: a misspelt key, a month named "April", a currency called "pounds".
Each is answered with file and line and what to write instead. YAML's surprises are refused rather than understood: no
aliases, no duplicate keys, one document, and the words yes and no are words.

Either file may say which tables come from a database (`tables`). What an address holds could be a password, so nothing that
stands under `tables` is repeated in a message.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

from acctlib.currencies import CURRENCIES
from acctlib.periods import FiscalYear
from acctlib.places import from_root
from acctlib.tables.dictionary import TABLES
from acctlib.tables.queries import EMBEDDED, Query

__all__ = [
    "ACCOUNT_ID",
    "Firm",
    "Profile",
    "ProfileError",
    "account_ids",
    "queries",
    "queries_in",
    "read_firm",
    "read_profile",
    "read_yaml",
    "unreadable",
]

#: What the name of an account's folder looks like.
ACCOUNT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LARGEST = 1_000_000


class ProfileError(ValueError):
    """A YAML file that can't be read or says something impossible; the text lists every place and its remedy."""


def read_yaml(path: Path) -> tuple[dict, dict[tuple, int]]:
    """Return the mapping in a YAML file and the line of each of its keys.

    Parameters
    ----------
    path : Path
        A file with one YAML 1.2 mapping.

    Returns
    -------
    (dict, dict of tuple to int)
        The content in plain types, and path of keys -> line, counted from 1.

    Raises
    ------
    ProfileError
        If the file is absent, not UTF-8, not one mapping, uses aliases or repeats a key.
    """
    try:
        if not path.is_file():
            raise ProfileError(f"{path.name} must exist in {path.parent.name}/; make it with: acctlib new {path.parent.name}")
        if path.stat().st_size > _LARGEST:
            raise ProfileError(
                f"{path.name} must be smaller than 1 MB, got {path.stat().st_size:,} bytes; tables belong into CSV files"
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path.name} must be UTF-8, got byte {error.start} that is not; save it as UTF-8") from None
    if re.search(r"^%", text, flags=re.MULTILINE):
        raise ProfileError(f"{path.name} must not hold % directives; delete the line that starts with %")
    reader = YAML(typ="rt", pure=True)
    try:
        # parsing takes as long as reading, so it is done only where a sign of either stands in the text
        for event in YAML(typ="rt", pure=True).parse(text) if re.search(r"[&*]", text) else ():
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1
                raise ProfileError(f"{path.name}:{line}: must not use anchors or aliases (& and *); write the value out")
        content = reader.load(text)
        lines: dict[tuple, int] = {}
        plain = _plain(content, (), lines)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", "") or "it can't be read").splitlines()[0]
        raise ProfileError(f"{path.name}{line}: must be valid YAML: {problem}; write one `key: value` a line") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # The reader itself stumbles over hostile tags, depth and digits; whatever it is, it is no profile.
        if isinstance(error, ProfileError):
            raise
        raise ProfileError(f"{path.name}: must be plain YAML: {type(error).__name__}; write one `key: value` a line") from None
    if not isinstance(content, CommentedMap):
        got = "nothing" if content is None else "a list" if isinstance(content, list) else "text without a key"
        raise ProfileError(f"{path.name}:1: must hold `key: value` lines, got {got}; write for example `name: …`")
    return plain, lines


def unreadable(path: Path, error: OSError) -> ProfileError:
    """Return the error for a file that is there and can't be read."""
    said = error.strerror or error
    return ProfileError(f"{path.name} must be a file that you may read, got: {said}; let its owner give you the right to")


def _plain(node: object, at: tuple, lines: dict[tuple, int]) -> object:
    if isinstance(node, CommentedMap):
        for key in node:
            lines[(*at, str(key))] = node.lc.key(key)[0] + 1
        return {str(key): _plain(value, (*at, str(key)), lines) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, (*at, i), lines) for i, value in enumerate(node)]
    plain = {int: int, float: float, str: str}.get(next((t for t in (int, float, str) if isinstance(node, t)), None))
    return plain(node) if plain and not isinstance(node, bool) else node


def _is_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("must be an ISO 4217 code such as GBP, EUR or USD")
    return code


def _is_name(text: str) -> str:
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ValueError("must be one line of visible letters without blanks at its ends")
    return text


def _is_not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _belongs(firm: bool, name: str) -> str:
    if name not in TABLES:
        near = difflib.get_close_matches(name, TABLES, n=1)
        raise ValueError(f"must be a table; did you mean {near[0]}?" if near else f"must be one of {', '.join(TABLES)}")
    if TABLES[name].firm != firm:
        file, of = (
            ("data/firm/firm.yaml", "the firm") if TABLES[name].firm else ("the account.yaml of an account", "an account")
        )
        raise ValueError(f"must stand under tables of {file}, for it is a table of {of}; move it there")
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(max_length=120), AfterValidator(_is_name)]
Factor = Literal["delivery", "relationship", "results", "commercial", "satisfaction", "growth"]


class TableQuery(_Strict):
    """Where a table comes from that is no file: the query, and the address of the database (none = the embedded one)."""

    url: Annotated[str | None, Field(repr=False), AfterValidator(lambda url: url if url is None else _is_not_blank(url))] = None
    sql: Annotated[str, AfterValidator(_is_not_blank)]
    _lines: tuple[int, int] = PrivateAttr((1, 1))


AccountTable = Annotated[str, AfterValidator(lambda name: _belongs(False, name))]
FirmTable = Annotated[str, AfterValidator(lambda name: _belongs(True, name))]


class Targets(_Strict):
    """What is aimed at in a fiscal year: revenue in the account's currency, margin and CSAT as fractions, NPS as points."""

    revenue: float | None = Field(None, ge=0)
    margin: Fraction | None = None
    nps: float | None = Field(None, ge=-100, le=100)
    csat: Fraction | None = None


class Rag(_Strict):
    """How far from plan a figure may be before it is amber or red, as a fraction of the plan."""

    amber: Fraction = 0.05
    red: Fraction = 0.10

    @model_validator(mode="after")
    def _rises(self) -> Rag:
        if self.amber > self.red:
            raise ValueError(f"must have amber no higher than red, got amber {self.amber} and red {self.red}")
        return self


class Profile(_Strict):
    """`account.yaml`: who the client is, and how the account is counted."""

    name: Name
    aliases: list[Name] = []
    parent_group: str = ""
    industry: str = ""
    currency: Annotated[str, AfterValidator(_is_currency)]
    fiscal_year_start: int = Field(1, ge=1, le=12)
    fiscal_year_named_by: Literal["start", "end"] = "start"
    targets: Targets = Targets()
    rag: Rag = Rag()
    health_weights: dict[Factor, Annotated[float, Field(ge=0)]] = {}
    response_days: dict[Literal["critical", "high", "medium", "low"], Annotated[float, Field(ge=0)]] = {}
    response_budget: float | None = Field(None, ge=0)
    agi_label: Literal["net revenue", "gross profit", "agency gross income"] = "net revenue"
    tables: dict[AccountTable, TableQuery] = {}

    @property
    def fiscal_year(self) -> FiscalYear:
        """Return how the account's year is cut and named."""
        return FiscalYear(self.fiscal_year_start, self.fiscal_year_named_by)

    def for_client(self) -> Profile:
        """Return the profile without what we aim at, how we judge and where tables lie: targets, weights, money, queries."""
        return self.model_copy(update={"targets": Targets(), "health_weights": {}, "response_budget": None, "tables": {}})


class Firm(_Strict):
    """`firm.yaml`: the agency and its house policies."""

    name: Name
    freelancers_in: Literal["agi", "delivery_cost"] = "delivery_cost"
    renewal_odds: dict[Literal["commit", "likely", "doubtful", "lost"], Fraction] = {}
    #: Stages of a deal from first to last; without them their order is taken from the owners' probabilities.
    deal_stages: list[Name] = []
    tables: dict[FirmTable, TableQuery] = {}

    def for_client(self) -> Firm:
        """Return the firm without its renewal odds, the stages of its deals and where its tables lie."""
        return self.model_copy(update={"renewal_odds": {}, "deal_stages": [], "tables": {}})


def account_ids(data: str | Path) -> list[str]:
    """Return the names of the account folders in `data`, sorted."""
    root = from_root(data)
    folders = (p.name for p in root.iterdir() if (p / "account.yaml").is_file()) if root.is_dir() else ()
    return sorted(name for name in folders if name != "firm")


def read_profile(path: Path, read: Callable[[Path], tuple[dict, dict]] = read_yaml) -> Profile:
    """Return the checked `account.yaml`, read as `read_yaml` does; ProfileError lists every mistake with its line."""
    return _checked(path, Profile, read)


def read_firm(path: Path, read: Callable[[Path], tuple[dict, dict]] = read_yaml) -> Firm:
    """Return the checked `firm.yaml`, read as `read_yaml` does; ProfileError lists every mistake with its line."""
    return _checked(path, Firm, read)


def queries(profile: Profile, firm: Firm, account: str, data: Path) -> list[Query]:
    """Return the queries behind an account's tables: its own, then the firm's.

    Parameters
    ----------
    profile, firm : Profile, Firm
    account : str
        The account's id, the value of `:account`.
    data : Path
        Folder with one folder per account and `firm`.
    """
    return [
        Query(table, said.sql, said.url, account, data / "firm" / EMBEDDED, file, said._lines)
        for file, tables in (("account.yaml", profile.tables), ("firm.yaml", firm.tables))
        for table, said in tables.items()
    ]


def queries_in(data: Path, account: str, read: Callable[[Path], tuple[dict, dict]] = read_yaml) -> list[Query]:
    """Return the queries behind an account's tables, as its files say; nothing is parsed where no file speaks of tables.

    The files are read as `read_yaml` does.

    Raises
    ------
    ProfileError
        If a file that may hold queries can't be read.
    """
    files = data / account / "account.yaml", data / "firm" / "firm.yaml"
    if not any(_speaks_of_tables(file) for file in files):
        return []
    firm = read_firm(files[1], read) if files[1].is_file() else Firm(name="-")
    return queries(read_profile(files[0], read), firm, account, data)


def _speaks_of_tables(file: Path) -> bool:
    try:
        return file.is_file() and b"tables" in file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from None


def _checked(path: Path, model: type[_Strict], read: Callable[[Path], tuple[dict, dict]]) -> _Strict:
    content, lines = read(path)
    try:
        # A key with nothing behind it is left when its lines were commented out: it says nothing.
        checked = model.model_validate({key: value for key, value in content.items() if value is not None})
        for name, query in getattr(checked, "tables", {}).items():
            at = ("tables", name)
            query._lines = lines.get((*at, "url"), lines[at]), lines[(*at, "sql")]
        return checked
    except ValidationError as error:
        raise ProfileError("\n".join(_sentence(path, model, e, lines) for e in error.errors())) from None


def _sentence(path: Path, model: type[_Strict], error: dict, lines: dict[tuple, int]) -> str:
    at = tuple(part for part in error["loc"] if part != "[key]")
    line = next((lines[at[:n]] for n in range(len(at), 0, -1) if at[:n] in lines), 1)
    key = ".".join(str(part) for part in at)
    place = f"{path.name}:{line}: {key}"
    if error["type"] == "missing":
        return f"{place} must be given; add a line `{at[-1]}: …`"
    if error["type"] == "extra_forbidden":
        inner = _model_at(model, at[:-1])
        near = difflib.get_close_matches(str(at[-1]), inner, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(inner)}"
        return f"{place} is not a key of this file; {remedy}"
    what = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    what = what if what.startswith("must") else f"must be right: {what}"
    if at[0] == "tables":  # what stands there may be a password
        if error["type"] in ("dict_type", "model_type"):
            what = "must have keys of its own"
        example = "`sql: SELECT … FROM … WHERE client = :account`"
        where = f"`tables:`, then `time_entries:`, then {example}" if len(at) == 1 else f"{example} beneath it"
        return f"{place} {what}" if "; " in what or " one of " in what else f"{place} {what}; write {where}"
    what = "must hold `key: value` lines" if error["type"] in _OF_KEYS else what
    remedy = _remedy(error, at)
    return f"{place} {what}, got {error['input']!r}" + (f"; {remedy}" if remedy else "")


#: Key -> what may be written behind it, for whoever wrote something that no number can be read from.
_EXAMPLES = {
    "revenue": "520000",
    "margin": "0.35",
    "nps": "40",
    "csat": "0.9",
    "amber": "0.05",
    "red": "0.1",
    "health_weights": "20",
    "response_days": "2",
    "response_budget": "20000",
    "renewal_odds": "0.7",
    "fiscal_year_start": "4",
}
_OF_KEYS = ("dict_type", "model_type")
_MONTHS = "january february march april may june july august september october november december".split()
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "%": 0.01}


def _remedy(error: dict, at: tuple) -> str:
    """Return what to write instead, where the sentence does not say it already."""
    kind, given = error["type"], error["input"]
    if kind == "string_type":
        return f'write "{given}" in quotation marks' if isinstance(given, (int, float)) else "write one line of text"
    if kind == "list_type":
        return f"write [{given}]"
    if kind in _OF_KEYS:
        return "write its keys on lines of their own, indented below it"
    example = next((_EXAMPLES[part] for part in reversed(at) if part in _EXAMPLES), None)
    if example is None or kind == "value_error":
        return ""
    if at[-1] == "fiscal_year_start":
        month = next((i for i, name in enumerate(_MONTHS, 1) if len(str(given)) > 2 and name.startswith(str(given).lower())), 0)
        return f"write {month}" if month else "write the number of the month, such as 4 for April"
    if error.get("ctx", {}).get("le") == 1 and 1 < given <= 100:
        return f"write {given:g} % as {given / 100:g}"
    meant = _number(given) if isinstance(given, str) else None
    if meant is None:
        return f"write for example {example}"
    # Of a fraction more than 1 can only be meant in per cent.
    meant = meant / 100 if float(example) < 1 < meant else meant
    return f"write {meant:.10f}".rstrip("0").rstrip(".")


def _number(text: str) -> float | None:
    """Return the number that was meant; None where it could be read in two ways or not at all.

    >>> [_number(text) for text in ("520k", "£1,250,000", "50 %", "520.000 EUR", "a lot")]
    [520000.0, 1250000.0, 0.5, None, None]
    """
    bare = re.sub(r"^(?:[A-Z]{3}|[^\w.,-])?\s*|\s*(?:[A-Z]{3}|[^\w.,%-])?$", "", text)
    found = re.fullmatch(r"(\d{1,3}(?:([, ])\d{3})(?:\2\d{3})*|\d+)(\.\d+)?\s*(%|k|m|mn|million|)", bare, re.IGNORECASE)
    if not found or (found[3] and len(found[3]) == 4 and not found[2]):
        return None
    return float(re.sub("[, ]", "", found[1]) + (found[3] or "")) * _TIMES[found[4].lower()]


def _model_at(model: type[_Strict], at: tuple) -> list[str]:
    for part in at:
        # A mapping's own keys are names; what stands behind each is its second type.
        model = model.model_fields[part].annotation if hasattr(model, "model_fields") else get_args(model)[1]
    return list(model.model_fields)

"""Whose export is it? The tools, what they call their columns, and how a file is recognised by its header.

Tools translate their headers, users choose columns, and firms rename them. So what a column is called is data:
a file for each tool in `headers/`, to which a firm adds spellings of its own in ``data/firm/imports.yaml``:

    harvest:
      dates: day-first            # or month-first, where no row of a file decides
      decimal: comma              # or point
      columns: {client: [Kunde, Auftraggeber]}
      values: {billable: {"abrechenbar": "yes"}}
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ruamel.yaml import YAML

from acctlib.imports.exports import Export, Part
from acctlib.profile import ProfileError, read_yaml
from acctlib.tables.problems import Problem, TableErrors, shown

__all__ = ["Format", "currency_in", "formats_of", "plain_name", "recognised"]

#: A currency behind a name: "Amount (USD)", "Amount ()", "Billable Amount (EURO)", "Amount [€]".
_CURRENCY = re.compile(r"\s*[(\[]\s*([A-Z]{3}|EUROS?|(?:[A-Z]{1,2})?[$€£¥₹]|)\s*[)\]]$", re.IGNORECASE)
_SIGNS = {"€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "US$": "USD", "A$": "AUD", "C$": "CAD"}
_KEYS = ("dates", "decimal", "columns", "values")


@dataclass(frozen=True)
class Format:
    """The export of one tool.

    Parameters
    ----------
    name, title : str
        As typed on the command line, and in words.
    table : str
        The table of ours that it fills.
    columns : mapping of str to tuple of str
        Field -> the names that its column may have. The field `unused` lists those that are known and not read.
    needs : tuple of str
        Fields without which no row can be read; "a|b" = either.
    tells : tuple of str
        Column names that hardly another tool writes.
    values : mapping of str to mapping of str to str
        Field -> word in the file, in lower case -> our word.
    dates, decimal : str
        What the firm says of this tool's files: "day-first" or "month-first"; "comma" or "point"; "" = find out.
    durations : str
        "seconds" where the tool writes durations as whole seconds in some of its exports.
    hints : mapping of str to str
        Need -> what to do where its column is not there.
    """

    name: str
    title: str
    table: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    tells: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: str = ""
    decimal: str = ""
    durations: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)

    def fields(self, header: Iterable[str]) -> dict[str, list[int]]:
        """Return for each field the positions of its columns, the name that is listed first before the others.

        There are several where a tool repeats a name, or has two columns for a thing: Kimai's Name beside User.
        """
        found: dict[str, list[tuple[int, int]]] = {}
        for at, cell in enumerate(header):
            for field_, n in self._names.get(plain_name(cell), ()):
                found.setdefault(field_, []).append((n, at))
        return {name: [at for _, at in sorted(places)] for name, places in found.items()}

    @functools.cached_property
    def _names(self) -> dict[str, list[tuple[str, int]]]:
        """Name as it is compared -> its fields (Jira's project may be the client too), and its place among their names."""
        places: dict[str, list[tuple[str, int]]] = {}
        for field_, names in self.columns.items():
            for n, name in enumerate(names):
                places.setdefault(plain_name(name), []).append((field_, n))
        return places

    def lacks(self, fields: Iterable[str]) -> list[str]:
        """Return the needs that these fields do not meet."""
        return [need for need in self.needs if not {*need.split("|")} & {*fields}]

    def word(self, field: str, text: str) -> str:
        """Return our word for a word of the file; "" where it is not known."""
        return self.values.get(field, {}).get(text.strip().casefold(), "")


def plain_name(cell: str) -> str:
    """Return a column's name as it is compared.

    >>> plain_name("\\ufeffBillable Amount (USD)"), plain_name("Duration (decimal)")
    ('billable amount', 'duration (decimal)')
    """
    text = unicodedata.normalize("NFKC", cell.replace("\ufeff", ""))
    return re.sub(r"\s+", " ", _CURRENCY.sub("", text.strip())).casefold()


def currency_in(header: str) -> str:
    """Return the currency that stands in brackets behind a column's name; "" where none does.

    >>> currency_in("Billable Amount (USD)"), currency_in("Amount ()"), currency_in("Duration (h)"), currency_in("Betrag [€]")
    ('USD', '', '', 'EUR')
    """
    match = _CURRENCY.search(unicodedata.normalize("NFKC", header).strip())
    code = match[1].upper() if match else ""
    return _SIGNS.get(code, code if code.isalpha() else "")


def formats_of(firm: Path) -> dict[str, Format]:
    """Return the formats by name, with what the firm adds to them in `imports.yaml`.

    Raises
    ------
    ProfileError
        If the firm's file names a tool, a key or a field that there is not.
    """
    known = {path.stem: _read(path) for path in sorted(Path(__file__).with_name("headers").glob("*.yaml"))}
    path = firm / "imports.yaml"
    if not path.is_file():
        return known
    added, lines = read_yaml(path)
    wrong: list[str] = []
    for name, said in added.items():
        place = f"{path.name}:{lines[(name,)]}"
        if name not in known or not isinstance(said, dict):
            wrong.append(f"{place}: {name} must be a tool with keys of its own, got {said!r}; the tools are {', '.join(known)}")
        else:
            known[name] = _extended(
                known[name], said, path.name, {at[1:]: line for at, line in lines.items() if at[0] == name}, wrong
            )
    if wrong:
        raise ProfileError("\n".join(wrong))
    return known


@functools.cache
def _read(path: Path) -> Format:
    said = YAML(typ="safe", pure=True).load(path)  # ours, so nobody asks for its lines: half the time of read_yaml
    return Format(
        name=path.stem,
        title=said["title"],
        table=said["table"],
        columns={field: tuple(names) for field, names in said["columns"].items()},
        needs=tuple(said["needs"]),
        tells=tuple(said.get("tells", ())),
        values={
            field: {word.casefold(): ours for word, ours in words.items()} for field, words in said.get("values", {}).items()
        },
        dates=said.get("dates", ""),
        durations=said.get("durations", ""),
        hints=said.get("hints", {}),
    )


def _extended(tool: Format, said: dict, file: str, lines: dict, wrong: list[str]) -> Format:
    """Return a tool with the firm's spellings; what is wrong with them is added to `wrong`."""
    columns, values = {f: list(names) for f, names in tool.columns.items()}, {f: dict(w) for f, w in tool.values.items()}
    for key, value in said.items():
        place = f"{file}:{lines[(key,)]}: {tool.name}.{key}"
        if key not in _KEYS:
            wrong.append(f"{place} is not a key; write one of {', '.join(_KEYS)}")
        elif key == "dates" and value not in ("day-first", "month-first"):
            wrong.append(f"{place} must be day-first or month-first, got {value!r}")
        elif key == "decimal" and value not in ("comma", "point"):
            wrong.append(f"{place} must be comma or point, got {value!r}")
        elif key in ("columns", "values"):
            for field, names in value.items() if isinstance(value, dict) else ():
                if key == "columns" and field in tool.columns and not isinstance(names, list):
                    wrong.append(f"{place}.{field} must be a list of names, got {names!r}; write {field}: [{names}]")
                elif key == "columns" and field not in tool.columns:
                    near = difflib.get_close_matches(str(field), tool.columns, n=1)
                    remedy = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(tool.columns)}"
                    wrong.append(f"{place}.{field} must be a field, got {field!r}; {remedy}")
                elif key == "columns":
                    said_of = {plain_name(str(name)) for name in names}  # the firm's word counts before ours, also elsewhere
                    columns = {f: [n for n in known if plain_name(n) not in said_of] for f, known in columns.items()}
                    columns[field] = [*map(str, names), *columns[field]]
                elif field not in {*tool.columns, *tool.values}:
                    near = difflib.get_close_matches(str(field), {**tool.columns, **tool.values}, n=1)
                    remedy = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(tool.columns)}"
                    wrong.append(f"{place}.{field} must be a field, got {field!r}; {remedy}")
                elif isinstance(names, dict):
                    values.setdefault(field, {}).update({str(w).casefold(): str(ours) for w, ours in names.items()})
                else:
                    wrong.append(f'{place}.{field} must be words with ours behind them, got {names!r}; write {{"ja": "yes"}}')
            if not isinstance(value, dict):
                wrong.append(f"{place} must hold fields, got {value!r}; write for example client: [Kunde]")
    return replace(
        tool,
        columns={f: tuple(names) for f, names in columns.items()},
        values=values,
        dates=said.get("dates", "") or tool.dates,
        decimal=said.get("decimal", "") or tool.decimal,
    )


def recognised(parts: list[Part], formats: Iterable[Format]) -> tuple[Export, Format, str]:
    """Return the table of an export, whose it is, and the reason in words.

    Parameters
    ----------
    parts : list of Part
        The ways in which the file could be a table.
    formats : iterable of Format
        Those it may be: all of them, or the one that was named.

    Raises
    ------
    TableErrors
        If the header is that of none of them, or of two equally well.
    """
    formats = list(formats)
    scored = []
    for part in parts:
        for at, row in enumerate(part.first):
            for tool in formats:
                fields = tool.fields(row)
                known = _known(fields)
                telling = _telling(tool, row)
                scored.append((not tool.lacks(fields), known + 2 * len(telling), -at, part, tool))
    fitting = [score for score in scored if score[0]] or [score for score in scored if score[1] > 1]
    if not fitting:
        titles = "; ".join(f"{tool.name} ({tool.title})" for tool in formats)
        what = "no row among its first 40 holds the column names of " + (
            "this tool" if len(formats) == 1 else "a tool that is known"
        )
        raise TableErrors((Problem(parts[0].file, what, f"check the file, or name its tool: {titles}"),))
    best = max(fitting, key=lambda score: score[:3])
    _, points, above, part, tool = best
    row = part.first[-above]
    lacking = tool.lacks(tool.fields(row))
    if len(lacking) > 1 and len(formats) > 1:
        lacks = " and ".join(tool.columns[need.split("|")[0]][0] for need in lacking)
        what = f"this is no export that is known: it comes nearest to {tool.title}, and has no column {lacks}"
        hint = next((f"; {tool.hints[need]}" for need in lacking if need in tool.hints), "")
        remedy = f"if it is one, acctlib import {tool.name} FILE says what each column may be called{hint}"
        raise TableErrors((Problem(part.file, what, remedy, row=-above + 1),))
    if lacking:
        raise TableErrors(tuple(_lacking(part.file, -above + 1, row, tool, need) for need in lacking))
    rivals = {other.name for fits, p, _, _, other in fitting if fits and p == points} - {tool.name}
    if rivals:
        what = f"may be of {' or of '.join(sorted({tool.name, *rivals}))}: its column names are known to each of them"
        raise TableErrors((Problem(part.file, what, f"name the tool: acctlib import {tool.name} {part.file}"),))
    names = [cell for cell in row if cell.strip()]
    known = _known(tool.fields(row))
    telling = _telling(tool, row) or [name for name in names if plain_name(name) in tool._names]
    quoted = ", ".join(shown(name.strip()) for name in telling[:3])
    return part.opened(-above), tool, f"{known} of {len(names)} column names are its own, among them {quoted}"


def _known(fields: Mapping[str, list[int]]) -> int:
    return len({at for positions in fields.values() for at in positions})


def _telling(tool: Format, row: list[str]) -> list[str]:
    tells = {plain_name(name) for name in tool.tells}
    return [cell for cell in row if plain_name(cell) in tells]


def _lacking(file: str, row: int, header: list[str], tool: Format, need: str) -> Problem:
    """Say which column is not there, what it may be called, and which of the file's names comes near."""
    names = [name for field in need.split("|") for name in tool.columns[field]]
    strange = [cell for cell in header if cell.strip() and plain_name(cell) not in tool._names]
    near = [cell for cell in strange if difflib.get_close_matches(plain_name(cell), map(plain_name, names), n=1, cutoff=0.82)]
    field = need.split("|")[0]
    known = ", ".join(names[:4])
    what = f"no column is called {known}, and {tool.title} can't be read without"
    candidates = f"of these: {', '.join(shown(cell) for cell in strange[:6])}" if strange else "if it has another name"
    word = near[0].strip() if near else "the name"
    return Problem(
        file,
        what,
        f"{tool.hints.get(need, 'export that column too')}; or, {candidates}, write into data/firm/imports.yaml: "
        f"{tool.name}: {{columns: {{{field}: [{word}]}}}}",
        row=row,
    )

"""What to run an account with: `parameters/<account>.yaml`, checked against the notebook before anything runs.

papermill only warns about a parameter that the notebook does not have, and runs a *key* as code. Here a notebook's own
cell tagged `parameters` says which keys there are and of which type, and a file that disagrees is refused with file, line
and the key that was probably meant.
"""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from acctlib.periods import quarter
from acctlib.profile import read_yaml
from acctlib.tables.dictionary import AUDIENCES

__all__ = ["LATEST", "ParameterError", "checked_parameters", "declared_parameters", "editions", "valid_date"]

#: On the command line: the last quarter of each account that is complete.
LATEST = "latest"
_REQUIRED = ("account", "period")
_TYPES = {str: "text in quotes", int: "a whole number", float: "a number"}
_EXAMPLES = {"period": '"2026-Q3"', "as_of": '"2026-09-30"', "confidence": "0.8", "draws": "16384", "seed": "1"}


class ParameterError(ValueError):
    """Parameters that can't be run; the text lists every place and its remedy, one a line."""


def _notebook(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["cells"], content["metadata"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ParameterError(f"{path.name} must be a notebook that can be read: {error}") from None
    return content


def editions(notebook: Path) -> list[str]:
    """Return the audiences a notebook is made for, as its metadata says (`acctlib.editions`); both where it says nothing."""
    said = _notebook(notebook)["metadata"].get("acctlib", {}).get("editions", list(AUDIENCES))
    return [audience for audience in AUDIENCES if audience in said]


def declared_parameters(notebook: Path) -> dict[str, Any]:
    """Return the names and defaults in the notebook's cell tagged `parameters`.

    Raises
    ------
    ParameterError
        If there is not exactly one such cell, or it holds more than literal texts and numbers.
    """
    cells = [c for c in _notebook(notebook)["cells"] if "parameters" in c.get("metadata", {}).get("tags", [])]
    if len(cells) != 1:
        raise ParameterError(f"{notebook.name} must have one cell tagged parameters, got {len(cells)}; tag the first code cell")
    source = "".join(cells[0]["source"])
    try:
        return {line.targets[0].id: ast.literal_eval(line.value) for line in ast.parse(source).body}
    except (AttributeError, ValueError, SyntaxError):
        raise ParameterError(
            f"{notebook.name}: the cell tagged parameters must hold lines such as seed = 1 only; compute in the next cell"
        ) from None


def valid_date(text: str) -> bool:
    """Return True for an ISO date such as 2026-09-30 of which quarters before and after can be told.

    >>> valid_date("2026-09-30"), valid_date("30/09/2026"), valid_date("9999-12-31")
    (True, False, False)
    """
    try:
        return date.fromisoformat(text).isoformat() == text and 1900 <= date.fromisoformat(text).year < 2900
    except ValueError:
        return False


def checked_parameters(
    file: Path, declared: Iterable[Mapping[str, Any]], read: Callable[[Path], tuple[dict, dict]] = read_yaml
) -> dict[str, Any]:
    """Return the parameters in a file, or say everything that is wrong with it.

    Parameters
    ----------
    file : Path
        ``parameters/<account>.yaml``: flat `key: value` lines.
    declared : iterable of mappings of str to default
        What each notebook that is to run takes, from `declared_parameters`.
    read : function of Path
        Reads the file as `read_yaml` does.

    Returns
    -------
    dict
        The keys in the file; those it leaves out have the notebook's defaults.

    Raises
    ------
    ValueError
        If the file can't be read, a key is unknown or missing, or a value is of the wrong type or out of range.
    """
    if not file.is_file():
        raise ParameterError(
            f"{file.parent.name}/{file.name} must exist; write account: {file.stem} and period: {_EXAMPLES['period']}"
        )
    given, lines = read(file)
    problems = [
        f"{file.name}: {key} must be given; add a line `{key}: {_EXAMPLES.get(key, file.stem)}`"
        for key in _REQUIRED
        if key not in given
    ]
    defaults = {name: default for one in declared for name, default in one.items()}
    for key, value in given.items():
        place = f"{file.name}:{lines.get((key,), 1)}: "
        if key not in defaults:
            near = difflib.get_close_matches(key, defaults, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"the parameters are {', '.join(defaults)}"
            problems.append(f"{place}{key} is not a parameter; {remedy}")
        elif problem := _wrong_type(key, value, defaults[key]) or _wrong_value(key, value, file.stem):
            problems.append(place + problem)
    if problems:
        raise ParameterError("\n".join(problems))
    return given


def _wrong_type(key: str, value: Any, default: Any) -> str:
    wanted = type(default)
    if type(value) is wanted or (wanted is float and type(value) is int):
        return ""
    example = _EXAMPLES.get(key, repr(default))
    got = "nothing" if value is None else repr(value) if isinstance(value, (str, int, float)) else str(value)
    return f"{key} must be {_TYPES.get(wanted, wanted.__name__)}, got {got}; write {key}: {example}"


def _wrong_value(key: str, value: Any, account: str) -> str:
    if key == "account" and value != account:
        return f"account must be the file's name, got {value!r}; write account: {account}"
    if key == "period":
        try:
            quarter(value)
        except ValueError as error:
            return f"{error}; for the last complete one: acctlib run --period latest" if value == LATEST else str(error)
    if key == "as_of" and value and not valid_date(value):
        return f"as_of must be a date, or empty for the period's end, got {value!r}; write as_of: {_EXAMPLES['as_of']}"
    if key == "audience" and value not in AUDIENCES:
        return f"audience must be client or internal, got {value!r}; write audience: internal"
    if key == "confidence" and not 0 < value < 1:
        return f"confidence must lie between 0 and 1, got {value}; write 80 % as 0.8"
    if key == "draws" and not 1 <= value <= 2**24:
        return f"draws must lie between 1 and 16,777,216, got {value:,}; write draws: 16384"
    if key == "seed" and value < 0:
        return f"seed must not be negative, got {value}; write seed: 1"
    return ""

"""What is known of files from the last look at them, so that a thousand accounts are not read to find that nothing changed.

A file whose size, times and inode are as they were is taken to hold what it held. Two writes within one tick of a clock can
leave all of them equal, so a file that was young when it was read is read again: only one that had rested for a while is
remembered. What was made of a file's content (a parsed YAML, the few facts of a report's figures) is remembered with the
fingerprint of that content and of the code that made it, and never without both.

All of it lies in one hidden file of the outputs, which may be deleted at any time: it saves time and decides nothing.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from acctlib.places import RESTED, looks
from acctlib.profile import read_yaml, unreadable

__all__ = ["KNOWN", "KnownFiles", "sha_of"]

#: Name of the file in the folder of outputs.
KNOWN = ".known.json"


def sha_of(content: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of a text in UTF-8, in hexadecimal."""
    # a name of a file need not be UTF-8
    return hashlib.sha256(content.encode(errors="surrogateescape") if isinstance(content, str) else content).hexdigest()


class KnownFiles:
    """Fingerprints and contents of files, remembered between runs.

    Parameters
    ----------
    file : Path, optional
        Where they are remembered; without it only what this object saw is known. What can't be read there counts as nothing.
    code : str
        Fingerprint of the code that makes values of contents: with other code they are made anew.

    Examples
    --------
    >>> KnownFiles().sha(Path("no-such-file"))
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-file'
    """

    def __init__(self, file: Path | None = None, code: str = "") -> None:
        self._file, self._code = file, code
        self._files: dict[str, dict[str, list]] = {}  # folder -> name -> size, times, inode, fingerprint
        self._values: dict[str, dict[str, list]] = {}  # what -> path -> fingerprint of the content, value
        self._folders: dict[Path, list[tuple[str, str]]] = {}
        self._changed = False
        said = _said(file) if file else {}
        if isinstance(said.get("files"), dict):
            self._files = {folder: names for folder, names in said["files"].items() if isinstance(names, dict)}
        if said.get("code") == code and isinstance(said.get("values"), dict):
            self._values = {what: values for what, values in said["values"].items() if isinstance(values, dict)}

    def sha(self, path: Path) -> str:
        """Return the fingerprint of a file's content; it is read where anything about it differs from the last look."""
        folder, name = os.path.split(path)
        before = looks(os.stat(path))
        names = self._files.get(folder, {})
        match names.get(name):
            case [*then, str(known)] if then == before:
                return known
        now = time.time_ns()
        found = sha_of(path.read_bytes())
        if before == looks(os.stat(path)) and max(before[1], before[2]) < now - RESTED:
            self._files.setdefault(folder, {})[name] = [*before, found]
            self._changed = True
        elif names.pop(name, None):
            self._changed = True
        return found

    def value(self, path: Path, what: str, make: Callable[[Path], Any]) -> Any:
        """Return what is made of a file's content: a value of dicts with text keys, lists, texts, numbers, booleans and None.

        Parameters
        ----------
        path : Path
        what : str
            Names the kind of value.
        make : function of Path
            Its errors are passed on, and not remembered; nor is a value that JSON would change.
        """
        values = self._values.setdefault(what, {})
        content = self.sha(path)
        match values.get(str(path)):
            case [known, value] if known == content:
                return value
        value = make(path)
        # made of what was fingerprinted? the file may have been written in between
        if _survives(value) and sha_of(path.read_bytes()) == content:
            values[str(path)] = [content, value]
            self._changed = True
        return value

    def yaml(self, path: Path) -> tuple[dict, dict[tuple, int]]:
        """Return what `read_yaml` returns."""
        if not path.is_file():
            return read_yaml(path)
        try:
            content, lines = self.value(path, "yaml", _yaml)
        except OSError as error:
            raise unreadable(path, error) from None
        return copy.deepcopy(content), {tuple(key): line for key, line in lines}  # what the caller does to it stays with him

    def folder(self, folder: Path, files: Callable[[Path], Iterable[Path]]) -> list[tuple[str, str]]:
        """Return path within the folder and fingerprint of each of its files; looked at once by this object."""
        if folder not in self._folders:
            self._folders[folder] = [(os.path.relpath(path, folder), self.sha(path)) for path in files(folder)]
        return self._folders[folder]

    def look_again(self) -> None:
        """Look at folders again that were looked at; what is known of their files stays known."""
        self._folders.clear()

    def save(self) -> None:
        """Write what is known, whole, where it differs from what was there; a full disk costs time in the next run only."""
        if self._file is None or not self._changed:
            return
        files = {
            folder: kept
            for folder, names in self._files.items()
            if (kept := {name: entry for name, entry in names.items() if os.path.lexists(os.path.join(folder, name))})
        }
        values = {
            what: {path: entry for path, entry in known.items() if os.path.lexists(path)}
            for what, known in self._values.items()
        }
        text = json.dumps({"code": self._code, "files": files, "values": values}, separators=(",", ":"))
        temporary = self._file.with_name(f"{self._file.name}.tmp")
        with contextlib.suppress(OSError):
            try:
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(self._file)
            finally:
                temporary.unlink(missing_ok=True)
        self._changed = False


def _said(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _yaml(path: Path) -> list:
    content, lines = read_yaml(path)
    return [content, [[list(key), line] for key, line in lines.items()]]


def _survives(value: Any) -> bool:
    """Tell whether JSON gives a value back as it is, of the same types."""
    if type(value) is dict:
        return all(type(key) is str and _survives(inner) for key, inner in value.items())
    if type(value) is list:
        return all(map(_survives, value))
    if type(value) is float:
        return value == value and value not in (float("inf"), float("-inf"))
    return value is None or type(value) in (str, bool) or (type(value) is int and abs(value) < 10**300)

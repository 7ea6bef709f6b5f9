"""Folders that lie in a store (s3://bucket/data and what else fsspec reaches), as copies on this machine.

Reports are made from files that lie still, and are put in place by renaming; a store has neither. So each address has a copy
here, to which only what changed is brought, and from which what was made is sent. A page goes first and its figures last, as on
a disk: whatever ends in between, the store holds the last good page or the new one, and figures that tell which. Where a store
takes an object whole or not at all, that is how it gets it; elsewhere a file is sent beside its place and renamed.

What could not be sent stays here as unsent and goes with the next run. What another machine changed since in the store wins.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from acctlib.run.orders import WrongUse
from acctlib.run.report import ReportFailed
from acctlib.run.results import Edition

__all__ = ["INSTALL", "Mirror", "first_line"]

#: What to do where a library of clusters or stores is missing.
INSTALL = "install it with: pip install 'acctlib[cluster]'"
#: Stores that take an object whole or not at all.
_WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "memory"}
#: By which of these, the first that a store tells, a file is known from a changed one.
_VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "updated", "created")
#: Files of a folder of reports that are this machine's own.
_OURS = (".lock", ".known.json")


class Mirror:
    """The copy of a folder that lies in a store.

    Parameters
    ----------
    address : str
        Such as s3://bucket/outputs.
    home : Path, optional
        Where copies lie; default the user's folder for caches. Only the user may read them.

    Raises
    ------
    WrongUse
        If the store can't be spoken to from here.
    """

    def __init__(self, address: str, home: Path | None = None) -> None:
        if urlsplit(address).password:
            raise WrongUse("an address must hold no password, for it is printed; put user and password into the environment")
        self.address = address.rstrip("/")
        try:
            import fsspec
        except ImportError:
            raise WrongUse(f"{address} needs fsspec, which is missing; {INSTALL}") from None
        try:
            self._store, self._root = fsspec.core.url_to_fs(self.address, use_listings_cache=False)
        except ImportError as error:
            raise WrongUse(f"{address} needs a library that is missing ({first_line(error)}); {INSTALL}") from None
        except Exception as error:  # each store has its own
            raise WrongUse(f"{address} must be an address such as s3://bucket/data, got: {first_line(error)}") from None
        home = home or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "acctlib" / "mirrors"
        self._home = home / hashlib.sha256(self.address.encode()).hexdigest()[:16]
        self.folder = self._home / (PurePosixPath(self._root).name or "files")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._home.chmod(0o700)

    def bring(self, *parts: str, without: str = "") -> Path:
        """Bring what changed in the store, take away here what is gone there, and return the folder.

        Parameters
        ----------
        *parts : str
            Folders within; none = all.
        without : str
            Files with this in their name stay there.

        Raises
        ------
        WrongUse
            If the store does not answer as it must.
        """
        with self._held() as known:
            try:
                there = {name: seen for part in parts or ("",) for name, seen in self._listed(part).items()}
                there = {name: seen for name, seen in there.items() if not (without and without in name)}
                wanted = [name for name, version in there.items() if self._is_older(name, version, known)]
                self._fetch(wanted)
            except WrongUse:
                raise
            except Exception as error:  # each store has its own
                raise WrongUse(f"{self.address} can't be read: {first_line(error)}") from None
            for name in wanted:
                known[name] = [there[name], self._looks(name)]
            for name in [name for name in known if name not in there and _within(name, parts)]:
                if self._looks(name) == known.pop(name)[1]:  # else it was made here since, and not sent
                    (self.folder / name).unlink(missing_ok=True)
        return self.folder

    def _listed(self, part: str) -> dict[str, str]:
        """Return the files of a folder in the store, and by what each is told from a changed one."""
        place = f"{self._root}/{part}".rstrip("/")
        found = {}
        for path, said in self._store.find(place, detail=True).items():
            name = path[len(self._root) :].strip("/")
            if said.get("type") == "directory" or path.endswith("/") or name.endswith(".tmp"):
                continue
            if not name or ".." in PurePosixPath(name).parts:
                raise WrongUse(f"{self.address} must hold files with plain names, got {path!r}; rename it")
            found[name] = _version(said)
        return found

    def _is_older(self, name: str, version: str, known: Mapping[str, list]) -> bool:
        return not version or known.get(name, [""])[0] != version or not (self.folder / name).is_file()

    def _fetch(self, names: list[str]) -> None:
        places = [self.folder / name for name in names]
        beside = [place.with_name(f".{place.name}.tmp") for place in places]
        for folder in {place.parent for place in places}:
            folder.mkdir(parents=True, exist_ok=True)
        try:
            if names:
                self._store.get([f"{self._root}/{name}" for name in names], list(map(str, beside)))
            for temporary, place in zip(beside, places, strict=True):
                temporary.replace(place)
        finally:
            for temporary in beside:
                temporary.unlink(missing_ok=True)

    def send(self, *files: Path) -> None:
        """Send files, one after the other, whole or not at all.

        Raises
        ------
        OSError
            If the store does not take one; it and those after it are sent by the next run.
        """
        for file in files:
            name, looks = file.relative_to(self.folder).as_posix(), self._looks(file)
            place = f"{self._root}/{name}"
            try:
                if self._protocols & _WHOLE:
                    self._store.put_file(str(file), place)
                else:
                    self._store.makedirs(place.rpartition("/")[0], exist_ok=True)
                    beside = f"{place.rpartition('/')[0]}/.{file.name}.{os.urandom(4).hex()}.tmp"
                    try:
                        self._store.put_file(str(file), beside)
                        self._store.mv(beside, place)
                    except Exception:
                        with contextlib.suppress(Exception):
                            self._store.rm_file(beside)
                        raise
                version = _version(self._store.info(place))
            except Exception as error:  # each store has its own
                raise OSError(f"{self.address}/{name} could not be written: {first_line(error)}") from None
            self._note(name, [version, looks])

    def send_report(self, report: Edition) -> None:
        """Send a report that was made: the page first, its figures last.

        Raises
        ------
        ReportFailed
            If it is not there whole; the store has the page before, or the new one without its figures.
        """
        try:
            self.send(report.html, report.json)
        except OSError as error:
            raise ReportFailed(f"it was made but not sent: {error}; the next run sends it") from None

    def send_unsent(self) -> None:
        """Send all that was made here and is not there.

        Raises
        ------
        OSError
            If the store does not take it.
        """
        self.send(*self.unsent())

    def unsent(self) -> list[Path]:
        """Return the files that were made here and are not there: pages before their figures, lists last."""
        with self._held() as known:
            ours = [path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file()]
            names = [p.as_posix() for p in ours if p.name not in _OURS and p.parts[0] != ".tmp" and p.suffix != ".tmp"]
            new = [name for name in names if known.get(name, ["", None])[1] != self._looks(name)]
        return [self.folder / name for name in sorted(new, key=lambda name: (name.count("/") != 3, name))]

    @property
    def _protocols(self) -> set[str]:
        said = self._store.protocol
        return {said} if isinstance(said, str) else set(said)

    def _looks(self, file: str | Path) -> list[int] | None:
        try:
            seen = os.stat(self.folder / file)
        except OSError:
            return None
        return [seen.st_size, seen.st_mtime_ns]

    # -- what is known of the files that are both here and there ------------------------------------------------------
    # A line for each file that was brought or sent; the last one of a file counts.

    @contextlib.contextmanager
    def _held(self) -> Iterator[dict[str, list]]:
        """Let no other process bring at the same time, and keep what is known in the end."""
        with (self._home / "known").open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            known = dict(_lines(file))
            yield known
            file.seek(0)
            file.truncate()
            file.writelines(json.dumps([name, entry]) + "\n" for name, entry in known.items())

    def _note(self, name: str, entry: list) -> None:
        with (self._home / "known").open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(json.dumps([name, entry]) + "\n")


def _lines(file: Iterable[str]) -> Iterator[tuple[str, list]]:
    for line in file:
        with contextlib.suppress(ValueError):  # one that was cut off is not known
            name, entry = json.loads(line)
            yield name, entry


def _within(name: str, parts: Iterable[str]) -> bool:
    return not parts or any(name.startswith(f"{part}/") for part in parts)


def _version(said: Mapping[str, Any]) -> str:
    told = next((said[key] for key in _VERSIONS if said.get(key)), "")
    told = told.timestamp() if isinstance(told, datetime) else told  # some stores tell it in two ways
    return f"{said.get('size')} {told}" if told else ""


def first_line(error: BaseException) -> str:
    """Return what an error says, in a line; its kind where it says nothing."""
    return (str(error) or type(error).__name__).splitlines()[0][:200]

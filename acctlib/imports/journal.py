"""Files changed together or not at all, and the last import undone.

An import writes into the tables of many accounts. All new files are written beside their places first; then the journal is,
which names them and keeps what stood there before; then they are renamed. Whoever finds a journal that is not finished puts
everything back: a kill or a full disk leaves the tables as they were. A finished journal stays, and is what `acctlib import
--undo` reads.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Journal", "held"]

_FOLDER = "imports"


@contextlib.contextmanager
def held(data: Path) -> Iterator[Journal]:
    """Hold the tables of a workbook alone, with an interrupted import put back; `Journal.interrupted` says which.

    Raises
    ------
    ValueError
        If another import holds them. The lock goes with its process, however that ends.
    """
    folder = data / "firm" / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError("another import is writing to these tables; wait until it ends") from None
        journal = Journal(data)
        journal.interrupted = journal.put_back_unfinished()
        yield journal


class Journal:
    """The last import of a workbook.

    Parameters
    ----------
    data : Path
        Folder with one folder per account; the journal lies in ``firm/imports/last/``.
    """

    #: The import that was found interrupted and was put back.
    interrupted = ""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.folder = data / "firm" / _FOLDER / "last"
        self.waiting = data / "firm" / _FOLDER / "waiting"

    def commit(self, what: str, files: dict[Path, Path | None]) -> None:
        """Put new files in the places of old ones, all or none.

        Parameters
        ----------
        what : str
            The import in words, for whoever undoes it.
        files : dict of Path to Path or None
            Place -> the finished file that is to stand there, on the same disk; None = nothing is to stand there.
        """
        self._clear()
        self.folder.mkdir(parents=True)
        try:
            entries = self._kept(files)
            self._write(what, entries, finished=False)
            for place, ready in files.items():
                if ready is None:
                    place.unlink(missing_ok=True)
                else:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(ready, place)
            for place in {place.parent for place in files}:
                _synced(place)
            self._write(what, entries, finished=True)
        except BaseException:  # a folder that can't be written, a full disk, Ctrl-C: nothing of it may stay
            self.put_back_unfinished()
            raise

    def _kept(self, files: dict[Path, Path | None]) -> list[dict]:
        """Keep what stands in the places, see the new files to the disk, and return what the journal says of each."""
        entries = []
        for n, (place, ready) in enumerate(files.items()):
            kept = ""
            if place.exists():
                kept = f"{n:05}"
                _linked(place, self.folder / kept)
            if ready is not None:
                _synced(ready)
            entries.append({"file": str(place.relative_to(self.data)), "kept": kept, "after": _hash(ready) if ready else ""})
        return entries

    def undo(self) -> tuple[str, list[Path]]:
        """Put back what stood before the last import; return what it was, and the files.

        Raises
        ------
        ValueError
            If there is none, or if a file was changed since: then nothing is put back.
        """
        said = self._read()
        if said is None:
            raise ValueError("there must be an import to undo, got none; every import can be undone once, until the next one")
        for entry in said["files"]:
            place = self.data / entry["file"]
            now = _hash(place) if place.is_file() else ""
            if now != entry["after"]:
                before = f"firm/{_FOLDER}/last/{entry['kept']}" if entry["kept"] else "nothing"
                raise ValueError(
                    f"{entry['file']} must be as the import left it, but was changed since; undo your change there first, or "
                    f"mend it by hand: what stood there before the import is {before}"
                )
        self._write(said["what"], said["files"], finished=False)  # so that an undo that is interrupted is ended by the next
        self.put_back_unfinished()
        return said["what"], [self.data / entry["file"] for entry in said["files"]]

    def put_back_unfinished(self) -> str:
        """Put back what an import that was interrupted has begun to replace, and return what it was; "" where none was."""
        said = self._read()
        if said is None:
            self._clear()  # it was interrupted before it had begun to replace
        if said is None or said["finished"]:
            (self.folder / "journal.part").unlink(missing_ok=True)
            return ""
        self._put_back(said)
        return said["what"]

    def _put_back(self, said: dict) -> None:
        for entry in said["files"]:
            place = self.data / entry["file"]
            beside = place.with_name(f".{place.name}.back")
            beside.unlink(missing_ok=True)
            now = _hash(place) if place.is_file() else ""
            if now != entry["after"]:  # not replaced yet, or put back already; or somebody has mended it since
                continue
            if not entry["kept"]:
                place.unlink(missing_ok=True)
            else:
                _linked(self.folder / entry["kept"], beside)
                os.replace(beside, place)
        for folder in {(self.data / entry["file"]).parent for entry in said["files"]}:
            if folder.is_dir():
                _synced(folder)
        self._clear()

    def _clear(self) -> None:
        """Take the journal away, itself first: what it keeps is worth nothing without it, and it nothing without that."""
        if self.folder.is_dir():
            (self.folder / "journal.json").unlink(missing_ok=True)
            _synced(self.folder)
            shutil.rmtree(self.folder)

    def _read(self) -> dict | None:
        path = self.folder / "journal.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def _write(self, what: str, entries: list[dict], finished: bool) -> None:
        temporary = self.folder / "journal.part"
        temporary.write_text(json.dumps({"what": what, "finished": finished, "files": entries}, indent=1), encoding="utf-8")
        _synced(temporary)
        os.replace(temporary, self.folder / "journal.json")
        _synced(self.folder)


def _linked(path: Path, other: Path) -> None:
    """Keep a file under a second name: its place is never written into, only replaced."""
    try:
        os.link(path, other)
    except OSError:  # a disk without links
        shutil.copy2(path, other)
        _synced(other)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

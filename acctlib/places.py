"""Where the workbook lies, from wherever it is used; which files there are ours, and whether one is still what was read.

A notebook runs in the workbook's folder when a schedule runs it, in `notebooks/` when JupyterLab opens it, and anywhere under
plain papermill. Paths in parameters are therefore meant from the workbook's root: the nearest folder upward that has
`notebooks/` and `parameters/`, or the one that `ACCTLIB_HOME` names.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["RESTED", "from_root", "is_address", "looks", "visible", "workbook_root"]

#: Nanoseconds that a file must have rested before its looks tell whether it changed: more than any clock is coarse.
RESTED = 2_000_000_000


def workbook_root(start: Path) -> Path | None:
    """Return the workbook's folder, as seen from `start`; None where there is none.

    Parameters
    ----------
    start : Path
        A folder in or below the workbook. `ACCTLIB_HOME` wins over it.
    """
    home = os.environ.get("ACCTLIB_HOME")
    for folder in [Path(home)] if home else [start, *start.parents]:
        if (folder / "notebooks").is_dir() and (folder / "parameters").is_dir():
            return folder.resolve()
    return None


def looks(seen: os.stat_result) -> list[int]:
    """Return by what a file is told from a changed one: its size, times and inode.

    Two writes within one tick of a clock can leave all of them equal, so the looks of a young file tell nothing.
    """
    # the time of the change of the inode as well: a copy that keeps its times, and a time that was set, do not escape it
    return [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino]


def is_address(place: object) -> bool:
    """Tell the address of a folder in a store from a folder of this machine.

    >>> is_address("s3://bucket/data"), is_address("data")
    (True, False)
    """
    return "://" in str(place)


def visible(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern, sorted; without those that other programs hide beside ours, such as ._plan.ipynb."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def from_root(path: str | Path) -> Path:
    """Return a path that a parameter gives, from the workbook's root; from the working directory where there is no workbook.

    Examples
    --------
    >>> from_root("/srv/data").as_posix()
    '/srv/data'
    """
    return (workbook_root(Path.cwd()) or Path()) / path

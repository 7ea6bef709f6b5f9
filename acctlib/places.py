"""Where the workbook lies, from wherever it is used.

A notebook runs in the workbook's folder when a schedule runs it, in `notebooks/` when JupyterLab opens it, and anywhere under
plain papermill. Paths in parameters are therefore meant from the workbook's root: the nearest folder upward that has
`notebooks/` and `parameters/`, or the one that `ACCTLIB_HOME` names.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["from_root", "workbook_root"]


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


def from_root(path: str | Path) -> Path:
    """Return a path that a parameter gives, from the workbook's root; from the working directory where there is no workbook.

    Examples
    --------
    >>> from_root("/srv/data").as_posix()
    '/srv/data'
    """
    return (workbook_root(Path.cwd()) or Path()) / path

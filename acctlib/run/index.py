"""The list of all reports: one static page that links to each, for people who do not know the folders.

It is made from the figures beside the reports alone, so that it shows what is there and nothing else. It belongs to us: client
pages are mailed one by one, never with this list, which names every account.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acctlib.run.results import read_results
from acctlib.show.text import escape

__all__ = ["index_page", "write_index"]

_LOOK = """
:root{--ink:#1c2733;--quiet:#5b6875;--line:#dfe4ea;--accent:#1f5fa8}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:#f5f7f9}
main{max-width:960px;margin:0 auto;padding:32px 20px 64px}h1{font-size:28px;margin:0 0 4px}p{margin:0 0 24px;color:var(--quiet)}
section{background:#fff;border:1px solid var(--line);border-radius:10px;padding:18px 22px;margin:0 0 18px}
h2{font-size:19px;margin:0 0 8px}h2 small{font-weight:400;color:var(--quiet);font-size:14px;margin-left:8px}
ul{list-style:none;margin:0;padding:0}li{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;padding:7px 0}
li+li{border-top:1px solid var(--line)}a{color:var(--accent);font-weight:600}time,.when{color:var(--quiet);font-size:14px}
.tag{font-size:12px;font-weight:700;border-radius:4px;padding:1px 8px;letter-spacing:.02em}
.internal{background:#7a1f2b;color:#fff}.client{background:#e3edf8;color:#174a85}
@media print{body{background:#fff}section{break-inside:avoid}}
"""
_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reports</title><style>{look}</style></head>
<body><main><h1>Reports</h1><p>{count}. This list is internal: it names every account.</p>
"""


def index_page(out: Path) -> str:
    """Return the page that lists the reports in a folder of outputs.

    Parameters
    ----------
    out : Path
        Folder with ``<audience>/<account>/<period>/<notebook>.html`` and ``.json``.

    Returns
    -------
    str
        HTML with relative links; by account, the newest period first, the client's edition before ours.

    Examples
    --------
    >>> "No report yet." in index_page(Path("no-such-folder"))
    True
    """
    reports = [(path, read_results(path)) for path in sorted(out.glob("*/*/*/*.json"))]
    accounts: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for path, said in reports:
        if (
            path.with_suffix(".html").is_file()
            and {"account", "as_of", "audience", "name", "notebook", "period"} <= said.keys()
        ):
            accounts.setdefault(said["account"], []).append((path, said))
    total = sum(map(len, accounts.values()))
    count = (
        "No report yet"
        if not total
        else f"{total} report{'s' if total > 1 else ''} of {len(accounts)} account{'s' if len(accounts) > 1 else ''}"
    )
    body = "".join(_section(out, account, accounts[account]) for account in sorted(accounts))
    return f"{_HEAD.format(look=_LOOK, count=count)}{body}</main></body></html>\n"


def _section(out: Path, account: str, reports: list[tuple[Path, dict[str, Any]]]) -> str:
    ordered = sorted(reports, key=lambda pair: (pair[1]["notebook"], pair[1]["audience"]))
    ordered.sort(key=lambda pair: pair[1]["period"], reverse=True)
    rows = "".join(_row(out, path, said) for path, said in ordered)
    heading = f"{escape(ordered[0][1]['name'])}<small>{escape(account)}</small>"
    return f'<section><h2 id="{escape(account)}">{heading}</h2><ul>{rows}</ul></section>\n'


def _row(out: Path, path: Path, said: dict[str, Any]) -> str:
    link = path.with_suffix(".html").relative_to(out).as_posix()
    title = said["notebook"].replace("_", " ").capitalize()
    audience = said["audience"]
    return (
        f'<li><span class="when">{escape(said["period"])}</span><a href="{escape(link)}">{escape(title)}</a>'
        f'<span class="tag {escape(audience)}">{escape(audience)}</span><time>data as of {escape(said["as_of"])}</time></li>'
    )


def write_index(out: Path) -> Path:
    """Write ``index.html`` into the folder of outputs where it would change, and return its path."""
    page, path = index_page(out), out / "index.html"
    if not path.is_file() or path.read_text(encoding="utf-8") != page:
        temporary = path.with_name(".index.html.tmp")
        temporary.write_text(page, encoding="utf-8")
        temporary.replace(path)
    return path

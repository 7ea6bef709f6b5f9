"""One page made of the blocks in a notebook's outputs.

`render` takes an executed notebook and returns one HTML file that opens with no network. It looks at blocks only: prints,
frames, warnings, Markdown and code never reach the page. A client's page is static, with charts as pictures and a policy,
first in its head, that lets nothing run or load. The internal page adds a band, a list of contents and charts that
answer to the pointer; its one script is allowed by its hash.

A notebook that did not run to its end still renders, under a red band that says what is wrong: a person who renders by hand
sees it, and the gate refuses it. `jupyter nbconvert --to html --template acctlib` calls `PagePreprocessor` and gives the same
bytes: the markup is written as nbconvert's parser would write it back.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from acctlib.show.blocks import BLOCK, TEMPLATE, stylesheet
from acctlib.show.text import attribute, escape

__all__ = ["PagePreprocessor", "block_payloads", "bundle", "incomplete", "render"]

_POLICY = "default-src 'none'; {}style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
_LACKING = '<p class="hint"><b>Not shown:</b>'  # begins a block that says what is missing and how to add it


def block_payloads(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the blocks in a notebook's outputs carry, in order, the end mark included.

    Examples
    --------
    A notebook that only printed has no blocks:

    >>> block_payloads({"cells": [{"cell_type": "code", "outputs": [{"output_type": "stream", "text": "hello"}]}]})
    []
    """
    outputs = (output for cell in notebook["cells"] if cell["cell_type"] == "code" for output in cell.get("outputs", ()))
    return [dict(output["data"][BLOCK]) for output in outputs if BLOCK in output.get("data", ())]


def incomplete(notebook: Mapping[str, Any]) -> list[str]:
    """Return why an executed notebook is not a whole report, a clause each; an empty list where it is.

    Examples
    --------
    >>> incomplete({"cells": [{"cell_type": "code", "source": "1", "execution_count": None, "outputs": []}]})
    ['cell 1 was not run', 'the report does not reach its end', 'it has no cover']
    """
    found = []
    for position, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
            continue
        if cell.get("execution_count") is None:
            found.append(f"cell {position} was not run")
        errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
        found += [f"cell {position} stopped with an error" for _ in errors]
    blocks = block_payloads(notebook)
    shown = {(block["kind"], block["section"], block["title"]) for block in blocks if block["kind"] != "end"}
    ends = [block for block in blocks if block["kind"] == "end"]
    if not ends:
        found.append("the report does not reach its end")
    elif ends[-1]["blocks"] != len(shown):
        found.append(f"it made {ends[-1]['blocks']} blocks and shows {len(shown)}")
    if not any(block["kind"] == "cover" for block in blocks):
        found.append("it has no cover")
    if len({block["audience"] for block in blocks}) > 1:
        found.append("it mixes blocks for a client with internal ones, which are left out")
    return found


def render(notebook: Mapping[str, Any]) -> str:
    """Return the page of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode or mapping
        With its outputs.

    Returns
    -------
    str
        The HTML of the whole page. Only blocks are shown, only those made for the page's audience, and a page with one
        block for a client is a client's page.

    Examples
    --------
    >>> page = render({"cells": [{"cell_type": "markdown", "source": "# Secret"}]})
    >>> "Secret" in page, "the report does not reach its end; it has no cover." in page
    (False, True)
    """
    return _page(notebook).replace("<!DOCTYPE html>", "<!DOCTYPE html>\n", 1)


class PagePreprocessor:
    """Hands the page to nbconvert's template, as ``resources.acctlib_page``."""

    def __init__(self, **options: object) -> None:
        self.enabled = True

    def __call__(self, notebook: Mapping[str, Any], resources: dict[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
        resources["acctlib_page"] = _page(notebook)
        return notebook, resources


def _page(notebook: Mapping[str, Any]) -> str:
    blocks = block_payloads(notebook)
    audience = "internal" if blocks and all(block["audience"] == "internal" for block in blocks) else "client"
    blocks = [block for block in blocks if block["audience"] == audience and block["kind"] != "end"]
    cover = next((block for block in blocks if block["kind"] == "cover"), {"title": "Report", "html": "<h1>Report</h1>"})
    cards = [
        (section, _card(number, section, cards_blocks))
        for number, (section, cards_blocks) in enumerate(_gaps_last(_sections(blocks)).items(), start=1)
    ]
    problems = incomplete(notebook)
    interactive = any("spec" in block for block in blocks)
    script = bundle() if interactive else ""
    allowed = f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'; " if script else ""
    parts = [
        '<!DOCTYPE html><html lang="en"><head>',
        f'<meta content={attribute(_POLICY.format(allowed))} http-equiv="Content-Security-Policy"/><meta charset="utf-8"/>',
        '<meta content="width=device-width, initial-scale=1" name="viewport"/>',
        f"<title>{escape(cover['title'])}</title><style>{stylesheet('blocks.css')}{stylesheet('page.css')}</style></head>\n",
        f'<body class="acct {audience}{" sheet" if cover.get("sheet") else ""}">',
        '<p class="edition"><b>Internal</b> not for the client</p>' if audience == "internal" else "",
        f'<p class="broken"><b>Incomplete:</b> {escape("; ".join(problems))}.</p>' if problems else "",
        f'\n<header class="band"><div class="wrap">{cover["html"]}</div></header>\n',
        _contents([section for section, _ in cards]) if audience == "internal" else "",
        f'<main class="wrap">\n{"".join(card for _, card in cards)}</main>',
        f"<script>{script}</script>" if script else "",
        "</body></html>\n",
    ]
    return "".join(parts)


def _sections(blocks: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Group blocks by section, in the order in which sections first appear; a section with nothing in it vanishes.

    What several blocks of a section lack alike is said once, under all their titles.
    """
    sections: dict[str, list[dict[str, Any]]] = {}
    for block in blocks:
        if block["kind"] == "cover" or not (block["html"] or block.get("words")):
            continue
        card = sections.setdefault(block["section"], [])
        twin = next((other for other in card if _lacks(block) and other["html"] == block["html"]), None)
        if twin and twin["title"] and block["title"]:
            twin["title"] += f"; {block['title']}"
        elif not twin:
            card.append(block)
    return sections


def _gaps_last(sections: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Put the sections that only say what they lack into one card at the end: a page is read for what it holds."""
    kept: dict[str, list[dict[str, Any]]] = {}
    gaps: dict[str, list[str]] = {}
    for section, blocks in sections.items():
        if not all(_lacks(block) for block in blocks):
            kept[section] = blocks
            continue
        for block in blocks:
            gaps.setdefault(block["html"], []).append(section)
    if gaps:
        kept["Not in this report yet"] = [
            {"kind": "text", "title": ", ".join(names), "html": html} for html, names in gaps.items()
        ]
    return kept


def _lacks(block: Mapping[str, Any]) -> bool:
    return block["html"].startswith(_LACKING) and not block.get("words")


def _contents(sections: list[str]) -> str:
    links = "".join(f'<li><a href="#s{number}">{escape(section)}</a></li>' for number, section in enumerate(sections, start=1))
    return f'<nav aria-label="Contents" class="wrap"><ol>{links}</ol></nav>\n'


def _card(number: int, section: str, blocks: list[dict[str, Any]]) -> str:
    """Return one section: its blocks below each other, charts that follow one another side by side."""
    # The director's words head a card, but a headline opens with what the figures say, and the words follow it.
    parts = [block["words"] for block in blocks if block.get("words") and block["kind"] != "headline"]
    for charts, run in groupby(
        (block for block in blocks if block["html"] or block["kind"] == "headline"),
        key=lambda block: block["kind"] == "chart" and "<figure>" in block["html"],
    ):
        items = [_item(block) for block in run]
        rows = "solo" if len(items) == 1 else "pair trio" if len(items) == 3 else "pair"
        parts.append(f'<div class="{rows}">\n{"".join(items)}</div>\n' if charts else "".join(items))
    return f'<section aria-labelledby="s{number}">\n<h2 id="s{number}">{escape(section)}</h2>\n{"".join(parts)}</section>\n'


def _item(block: dict[str, Any]) -> str:
    html = block["html"]
    if "spec" in block:
        data = json.dumps(block["spec"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        data = data.replace("</", "<\\/").replace("<!--", "<\\u0021--")  # nothing in the data may end the element it stands in
        html = html.replace('role="img"></div>', f'role="img"></div><script type="application/json">{data}</script>', 1)
    title = f"<h3>{escape(block['title'])}</h3>\n" if block["title"] else ""
    words = block.get("words", "") if block["kind"] == "headline" else ""
    return f'<div class="item">{title}{html}{words}</div>\n'


@cache
def bundle() -> str:
    """Return Vega with the lines that draw our charts, made once for each version and kept in the user's cache."""
    snippet = (TEMPLATE / "draw.js").read_text(encoding="utf-8")
    made_of = hashlib.sha256(snippet.encode()).hexdigest()[:12]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = root / "acctlib" / f"vega-{version('vl-convert-python')}-{made_of}.js"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    import vl_convert  # starts threads, so it is loaded only where the bundle is made

    bundle = (
        vl_convert.javascript_bundle(snippet).replace("</script", "<\\/script").replace("\r", "\n").replace("<!--", "<\\!--")
    )
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False, encoding="utf-8", newline="") as unfinished:
            unfinished.write(bundle)
        os.replace(unfinished.name, kept)
    except OSError:
        return bundle  # a home that cannot be written costs three seconds a run, not the report
    return bundle

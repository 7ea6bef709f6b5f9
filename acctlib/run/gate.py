r"""May this page be published to this audience?

A client page cannot leak what its notebook never had: `Account` removes that before any cell runs. The gate is the second
lock on the same door. It does not ask how the page was made; it reads the finished page the way a curious client would, with
every wrapping undone (entities, percent signs, \u escapes, base64, comments, hover texts, labels of drawings), and looks for
what must not stand there: another account's name, a value from our internal tables, a path of our machines, a traceback,
script. The lines of a drawing are the one thing that it does not read as numbers.

An internal value counts as found when it stands there as it would be printed and is distinctive: a text of at least four
letters, or a number of at least four significant digits. What the client's own tables hold as well gives nothing away.

Every page, ours included, must be whole: each cell ran, none failed, and the end marker says that the last one was reached.
Whatever goes wrong in here refuses the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbformat import NotebookNode

from acctlib.run.channels import PageReader, Piece, decodings, plain
from acctlib.run.confidential import internal_values, names_of, numbers_in, words_in
from acctlib.show.blocks import BLOCK, RESULTS
from acctlib.show.page import block_payloads, incomplete

if TYPE_CHECKING:
    from acctlib.account import Account

__all__ = ["Finding", "GateRefused", "examine"]

_PATH = re.compile(
    r"(?<![\w:/.<])/(?:home|Users|root|tmp|var|work|mnt|opt|srv|private|usr|etc|Volumes)/[\w.-]+|\b[A-Za-z]:\\\w|\\\\[\w.-]+\\\w|file://"
)
_FILE = re.compile(r"\b[\w.-]+/[\w./-]*\.(?:csv|xlsx|parquet|ipynb|py|ya?ml|md)\b")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+|\x1b\[[0-9;]*m|\[0;3\dm")
_REMEDY = (
    "take it out of the notebook, commentary or table it came from; an alias that is an ordinary word is better left out of "
    "account.yaml"
)
#: A line shorter than this may stand on a page by chance.
_SHORTEST_PRINT = 8


@dataclass(frozen=True)
class Finding:
    """What must not be on a page, and where it is."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what} ({self.where})"


class GateRefused(RuntimeError):
    """The page may not be published; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        more = [f"and {len(findings) - 20} more"] if len(findings) > 20 else []
        super().__init__("\n".join(["the page must not be published, for it holds:", *map(str, findings[:20]), *more, _REMEDY]))


def examine(
    html: str,
    notebook: NotebookNode,
    audience: str,
    client: Account | None = None,
    internal: Account | None = None,
    others: Mapping[str, Iterable[str]] | None = None,
) -> list[Finding]:
    """Return everything that keeps a page from being published; empty where it may be.

    Parameters
    ----------
    html : str
        The finished page.
    notebook : NotebookNode
        The executed notebook it was made from.
    audience : {"client", "internal"}
        Who is to read it.
    client, internal : Account
        The same account as the client and as we see it; needed for a client's page.
    others : mapping of str to names
        Other accounts' ids -> their names and aliases; needed for a client's page.

    Returns
    -------
    list of Finding
        An error in here is a finding as well.

    Examples
    --------
    A notebook that stopped half way is published to nobody:

    >>> import nbformat.v4 as v4
    >>> for finding in examine("<p>Spend</p>", v4.new_notebook(cells=[v4.new_code_cell("1")]), "internal"):
    ...     print(finding)
    cell 1 was not run (notebook)
    the report does not reach its end (notebook)
    it has no cover (notebook)
    """
    try:
        found = list(_unfinished(notebook, audience))
        reader = PageReader(html, scripts=audience == "client")
        if audience == "client":
            if client is None or internal is None or others is None:
                raise ValueError("a client page is examined against both views of the account and the other accounts' names")
            found += [Finding(what, where) for what, where in reader.forbidden]
            pieces = reader.pieces + list(_results(notebook))
            found += _printed(notebook, reader.pieces)
            found += _machines(pieces, client=True)
            found += _names(pieces, others, client)
            found += _values(pieces, internal, client)
        else:
            found += _machines(reader.pieces, client=False)
        return list(dict.fromkeys(found))
    except Exception as error:  # whatever it is: a page that could not be examined is not published
        return [Finding(f"the page could not be examined: {type(error).__name__}: {error}", "gate")]


def _code(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    return ((n, cell) for n, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code")


def _unfinished(notebook: NotebookNode, audience: str) -> Iterator[Finding]:
    yield from (Finding(problem, "notebook") for problem in incomplete(notebook))
    for n, cell in _code(notebook):
        for output in cell.outputs:
            for mime in (BLOCK, RESULTS):
                block = output.get("data", {}).get(mime)
                if block is not None and block.get("audience") != audience:
                    yield Finding(f"a block made for {block.get('audience')!r}", f"cell {n}")


def _results(notebook: NotebookNode) -> Iterator[Piece]:
    """Yield the named figures, which are published beside the page."""
    for n, cell in _code(notebook):
        for output in cell.outputs:
            for name, figure in output.get("data", {}).get(RESULTS, {}).get("figures", {}).items():
                texts = (name, *_leaves(figure, figure.get("unit", "")))
                yield from (Piece(plain(d), f"results of cell {n}") for text in texts for d in decodings(text))


def _leaves(value: object, unit: str) -> Iterator[str]:
    """Yield what a figure holds as a page would print it."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner, unit)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        shown = f"{100 * value:.6f} %" if unit == "fraction" else f"{value:.6f} h" if unit == "h" else f"{unit} {value:.6f}"
        yield shown.strip()
    else:
        yield str(value)


def _printed(notebook: NotebookNode, pieces: list[Piece]) -> Iterator[Finding]:
    """Yield what the page shows though no block says it: prints, bare frames, the text of cells."""
    page = "\n".join(piece.text for piece in pieces)
    shown = [
        (Finding(f"{what} on the page: {line[:60]!r}", f"cell {n}"), line)
        for n, cell in enumerate(notebook.cells, start=1)
        for what, text in _loose_texts(cell)
        for line in map(plain, text.splitlines())
        if len(line) >= _SHORTEST_PRINT and line in page
    ]
    if shown:
        blocks = "\n".join(
            text
            for block in block_payloads(notebook)
            for text in (
                plain(block.get("section", "")),
                plain(block.get("title", "")),
                *(piece.text for piece in PageReader(block.get("html", "")).pieces),
            )
        )
        yield from (finding for finding, line in shown if line not in blocks)


def _loose_texts(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    yield f"the text of a {cell.cell_type} cell", cell.source
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            yield "printed text", output.text
        elif BLOCK not in output.get("data", {}) and RESULTS not in output.get("data", {}):
            yield "an output that is no block", "\n".join(str(v) for k, v in output.get("data", {}).items() if "text" in k)


def _machines(pieces: list[Piece], client: bool) -> Iterator[Finding]:
    for piece in pieces:
        if piece.where.startswith("script"):  # of a client's page, where a script is forbidden by itself
            continue
        if found := _PATH.search(piece.text) or (client and _FILE.search(piece.text)):
            yield Finding(f"a path: {found[0]!r}", piece.where)
        if _TRACEBACK.search(piece.text):
            yield Finding("a traceback", piece.where)


def _names(pieces: list[Piece], others: Mapping[str, Iterable[str]], client: Account) -> Iterator[Finding]:
    theirs, ours = names_of(others, (client.id, client.profile.name, *client.profile.aliases, client.firm.name))
    for piece in pieces:
        words = words_in(piece.text)
        own = [(i, j) for i, j, _ in ours.matches(words)]
        for i, j, source in theirs.matches(words):
            if not any(first <= i and j <= last for first, last in own):
                yield Finding(f"{source}: {' '.join(words[i:j])!r}", piece.where)


def _values(pieces: list[Piece], internal: Account, client: Account) -> Iterator[Finding]:
    secret = internal_values(internal, client)
    for piece in pieces:
        for text, column in secret.texts.within(piece.text):
            yield Finding(f"an internal value of {column}: {text!r}", piece.where)
        for number in numbers_in(piece.text) if piece.figures else ():
            if column := secret.numbers.get(number):
                yield Finding(f"an internal value of {column}: {number[0]}", piece.where)

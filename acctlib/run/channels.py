r"""All the ways in which a page can carry a text, undone.

What a reader sees is the smallest part of a page. Hover texts, labels for screen readers, comments, style sheets, addresses
and embedded pictures travel with it, and a text in them may be wrapped in entities, percent signs, \u escapes or base64. A
page is taken apart here into `Piece`s: plain text, with the place where it was found.

The same reading notes what a client page must not be made of. That is an allow-list of elements: whatever this file does not
name is refused.
"""

from __future__ import annotations

import base64
import binascii
import functools
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import acctlib

__all__ = ["CLIENT_POLICY", "PageReader", "Piece", "decodings", "plain", "shared_words"]

#: What a client page may do: nothing but show itself.
CLIENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)

_ELEMENTS = frozenset(
    "html head meta title style body header main footer nav section article aside div span p h1 h2 h3 h4 h5 h6 ul ol li dl dt "
    "dd table caption colgroup col thead tbody tfoot tr th td b strong i em u s small sub sup br hr wbr a abbr time mark code "
    "pre blockquote figure figcaption img details summary svg g path rect circle ellipse line polyline polygon text tspan "
    "textpath desc defs symbol use clippath mask pattern marker lineargradient radialgradient stop".split()
)
#: Elements that do not part a word: a name may run through them.
_INLINE = frozenset("span b strong i em u s small sub sup wbr a abbr time mark code tspan".split())
_ADDRESSES = frozenset(
    "href src xlink:href srcset poster action formaction data background cite ping manifest longdesc".split()
)
#: Where a drawing or a layout keeps its measures; names still count there, numbers do not.
_MEASURES = frozenset(
    "d points transform x y x1 x2 y1 y2 cx cy r rx ry fx fy dx dy width height viewbox offset style stroke-width "
    "stroke-dasharray stroke-dashoffset stroke-miterlimit font-size opacity fill-opacity stroke-opacity gradienttransform "
    "patterntransform markerwidth markerheight refx refy textlength startoffset colspan rowspan span".split()
)
#: Attributes that are written by the template: where all their words are the template's own, they say nothing.
_OF_TEMPLATE = frozenset("class id style role scope type lang for headers aria-labelledby name content charset".split())
_PLAIN = re.compile(r"(?:[^\W\d]|(?<!\d)\d{1,3}(?!\d)|[\s:;#%()=',-]|\.(?=\d{1,2}\b))*")
_EMBEDDED = re.compile(r"data:(?:image/(?:png|jpeg|gif|webp|svg\+xml)|font/[\w.+-]+)[;,]", re.IGNORECASE)
_NAMESPACES = frozenset(
    (
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/XML/1998/namespace",
    )
)
_INVISIBLE = dict.fromkeys([0x00AD, 0x034F, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_INVISIBLE |= {0x2212: "-", 0x2010: "-", 0x2011: "-", 0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'"}

_CSS_WORD = re.compile(r"[^\W\d_]+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_BACKSLASH = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-9A-Fa-f]{1,6}) ?)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_CSS_TEXT = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|/\*(.*?)\*/|url\(([^)'\"]*)\)", re.DOTALL)
_CSS_ADDRESS = re.compile(r"@import|url\(\s*['\"]?(?!#|data:)|expression\(|-moz-binding", re.IGNORECASE)
_LIVE = re.compile(
    r"<\s*/?\s*(script|iframe|frame|object|embed|applet|form|input|button|base|link|foreignobject|animate|set)\b", re.I
)


def shared_words() -> None:
    """Read the words that all pages of a process share: those of the template."""
    _template_words()


@functools.lru_cache(maxsize=1)
def _template_words() -> frozenset[str]:
    files = (path for path in (Path(acctlib.__file__).parent / "show").rglob("*") if path.suffix in (".py", ".css", ".j2"))
    return frozenset(word for path in files for word in _CSS_WORD.findall(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Piece:
    """A text found on a page, where it stood, and whether a number in it is a figure rather than a measure of a drawing."""

    text: str
    where: str
    figures: bool = True


def plain(text: str) -> str:
    r"""Return a text as it looks: one form for look-alike signs, invisible characters gone, blanks single.

    >>> plain("Aur\u00adora\u00a0 Ltd")
    'Aurora Ltd'
    """
    return " ".join(unicodedata.normalize("NFKC", text).translate(_INVISIBLE).split())


def decodings(text: str, depth: int = 3) -> Iterator[str]:
    r"""Yield a text and all that it becomes when its wrappings are undone, one inside another up to `depth`.

    >>> sorted(decodings("%41urora \\u0026 QXVyb3JhIExpbWl0ZWQ="))[0]
    '%41urora & QXVyb3JhIExpbWl0ZWQ='
    >>> "Aurora Limited" in list(decodings("QXVyb3JhIExpbWl0ZWQ="))
    True
    """
    seen = {text}
    layer = [text]
    yield text
    for _ in range(depth):
        layer = [inner for outer in layer for inner in _unwrapped(outer) if inner not in seen]
        seen.update(layer)
        yield from layer


def _unwrapped(text: str) -> Iterator[str]:
    if text.startswith("data:"):
        yield text.partition(",")[2]
    if "&" in text:
        yield html.unescape(text)
    if _PERCENT.search(text):
        yield unquote(text, errors="replace")
    if "\\" in text:
        yield _BACKSLASH.sub(_character, text)
    for run in _BASE64.findall(text):
        yield from _from_base64(run)


def _character(found: re.Match) -> str:
    code = int(next(group for group in found.groups() if group), 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"


def _from_base64(run: str) -> Iterator[str]:
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(run) % 4 == 1:
        return
    try:
        content = base64.b64decode(run + "=" * (-len(run) % 4))
    except binascii.Error:
        return
    if content.startswith((b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF", b"wOF")):
        yield content.decode("latin-1")  # a picture's text chunks are plain letters among its bytes
        return
    for encoding in ("utf-8", "utf-16-le"):
        try:
            decoded = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(letter.isprintable() or letter in "\t\r\n" for letter in decoded):
            yield decoded


class PageReader(HTMLParser):
    """Take one page apart.

    Parameters
    ----------
    page : str
        The HTML.
    scripts : bool, default True
        Read what stands in scripts too: in our own edition that is a drawing program of half a megabyte, which is allowed by
        its hash.

    Attributes
    ----------
    pieces : list of Piece
        Every text of the page, decoded.
    forbidden : list of (str, str)
        What a client page must not be made of, and where.
    """

    def __init__(self, page: str, scripts: bool = True) -> None:
        super().__init__(convert_charrefs=True)
        self._scripts = scripts
        self.pieces: list[Piece] = []
        self.forbidden: list[tuple[str, str]] = []
        self._heading = ""
        self._open: list[str] = []
        self._run: list[str] = []
        self._drawing: list[str] = []
        self._first: list[str] = []
        self._policy_seen = False
        for found in _LIVE.finditer(page):
            self.forbidden.append((f"element {found[1].lower()}", f"line {page.count(chr(10), 0, found.start()) + 1}"))
        self.feed(page)
        self.close()
        self._flush()
        if not self._policy_seen:
            self.forbidden.append(("no strict Content-Security-Policy as first element of the head", "head"))

    # -- places ---------------------------------------------------------------------------------------------------------

    def _where(self, what: str) -> str:
        return f'{what} in section "{self._heading}"' if self._heading else f"{what} before the first heading"

    def _add(self, text: str, what: str, figures: bool = True) -> None:
        where = self._where(what)
        self.pieces.extend(Piece(shown, where, figures) for d in decodings(text) if (shown := plain(d)))

    def _flush(self) -> None:
        if len(self._run) > 1:  # a word may run through inline elements
            self._add("".join(self._run), "text")
        self._run = []

    # -- what the parser meets ------------------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self._flush()
        self._check_policy(tag, dict(reversed(attrs)))  # of an attribute given twice a browser takes the first
        if tag not in _ELEMENTS:
            self.forbidden.append((f"element {tag}", self._where("page")))
        for name, value in attrs:
            self._attribute(tag, name, value or "")
        if tag not in ("meta", "br", "hr", "wbr", "img", "col"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self._flush()
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "svg":  # a label that was broken into lines is one text again
            self._add(" ".join(self._drawing), "text of a drawing", figures=False)
            self._drawing = []

    def handle_data(self, data: str) -> None:
        here = self._open[-1] if self._open else ""
        if here == "style":
            if _CSS_ADDRESS.search(data):
                self.forbidden.append(("external address in a style sheet", self._where("style sheet")))
            if not _template_words().issuperset(_CSS_WORD.findall(data)):
                self._add(data, "style sheet", figures=False)
            for found in _CSS_TEXT.finditer(data):
                self._add(next(group for group in found.groups() if group is not None), "style sheet")
            return
        if here == "script" and not self._scripts:
            return
        if not data.strip():
            self._run.append(data)
            return
        if here in ("h1", "h2", "h3") or any(tag in ("h1", "h2", "h3") for tag in self._open):
            self._heading = plain(data)[:60]
        self._run.append(data)
        if "svg" in self._open:
            self._drawing.append(data)
        self._add(data, {"title": "title", "desc": "description of a drawing", "script": "script"}.get(here, "text"))

    def handle_comment(self, data: str) -> None:
        self._add(data, "comment")

    def handle_decl(self, decl: str) -> None:
        if decl.lower() != "doctype html":
            self._add(decl, "declaration")

    def unknown_decl(self, data: str) -> None:
        self._add(data, "declaration")

    def handle_pi(self, data: str) -> None:
        self._add(data, "processing instruction")

    # -- attributes -----------------------------------------------------------------------------------------------------

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.forbidden.append((f"event handler {name}", self._where(f"element {tag}")))
        if name == "http-equiv" and value.lower() != "content-security-policy":
            self.forbidden.append((f"meta {value}", self._where("page")))
        if name.startswith("xmlns") and value in _NAMESPACES:
            return
        if name in _ADDRESSES and value and not value.startswith("#") and not _EMBEDDED.match(value):
            self.forbidden.append((f"address {value[:60]}", self._where(f"attribute {name} of {tag}")))
        if name in ("srcdoc", "is") or (name == "style" and _CSS_ADDRESS.search(value)):
            self.forbidden.append((f"attribute {name} = {value[:60]}", self._where(f"element {tag}")))
        if name in _OF_TEMPLATE and _PLAIN.fullmatch(value) and _template_words().issuperset(_CSS_WORD.findall(value)):
            return
        self._add(value, f"attribute {name} of {tag}", figures=name not in _MEASURES and not value.startswith("data:image/png"))

    def _check_policy(self, tag: str, attributes: dict[str, str | None]) -> None:
        """See whether the third element, after html and head, is the policy."""
        if len(self._first) == 2 and [*self._first, tag] == ["html", "head", "meta"]:
            is_policy = (attributes.get("http-equiv") or "").lower() == "content-security-policy"
            self._policy_seen = is_policy and attributes.get("content") == CLIENT_POLICY
        if len(self._first) < 3:
            self._first.append(tag)

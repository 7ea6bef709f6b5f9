r"""Text that came from a file, made safe to show.

Names, notes and titles are written by people and by other programs. On their way to a page they may carry markup, a NUL
byte, half an emoji or five hundred characters without a blank. Markup is escaped, never interpreted; what cannot be drawn is
made visible; what does not fit is shortened by whole characters. Every text passes through here once, when a block is
made, so that nothing after it has to ask where a text came from.

All markup of this package is written in the form that an HTML parser writes back unchanged, so that `jupyter nbconvert`, which
parses and re-writes its pages, gives the same bytes as our own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

__all__ = ["attribute", "escape", "paragraphs", "shorten", "visible", "wrapped"]

_CONTROL = {code: 0x2400 + code for code in range(32) if code not in (9, 10, 13)}  # ESC is drawn as the sign ␛
_CONTROL |= {9: 32, 13: 32, 127: 0x2421}
_CONTROL |= dict.fromkeys([*range(128, 160), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], 0xFFFD)
_CONTROL |= dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], None)  # would turn their neighbours around
_UNIT = re.compile(r"(?<=\d) (?=%)")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_BULLET = re.compile(r"\s*[-*•]\s+(.*)")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s+(.*)")


def visible(text: object) -> str:
    r"""Return `text` with every character that cannot be drawn replaced by a sign for it.

    Control characters become their pictures, halves of a character and undefined ones become �, a tab becomes a blank, and
    the marks that reverse the writing direction of their neighbours are dropped. Letters of every script stay as they are.

    Examples
    --------
    A project name pasted from a terminal:

    >>> visible("Web\x1b[31m site\x00")
    'Web␛[31m site␀'
    """
    return str(text).translate(_CONTROL)


def escape(text: object) -> str:
    """Return `text` as HTML that shows exactly that text, with "80 %" held together at a line's end.

    Examples
    --------
    >>> escape("R&D <script>")
    'R&amp;D &lt;script&gt;'
    """
    return html.escape(_UNIT.sub("\N{NO-BREAK SPACE}", visible(text)), quote=False)


def attribute(text: object) -> str:
    """Return `text` as a quoted attribute value, with the quotes.

    Examples
    --------
    >>> attribute('5" screen'), attribute("R&D")
    ('\\'5" screen\\'', '"R&amp;D"')
    """
    value = escape(text).replace("\n", " ")
    if '"' not in value:
        return f'"{value}"'
    return f"'{value}'" if "'" not in value else '"{}"'.format(value.replace('"', "&quot;"))


def shorten(text: object, letters: int) -> str:
    """Return `text` on one line, cut with an ellipsis where it is longer than `letters`.

    Examples
    --------
    >>> shorten("Content model and migration plan", 16)
    'Content model a…'
    """
    line = " ".join(visible(text).split())
    return line if len(line) <= letters else line[: letters - 1].rstrip() + "…"


def wrapped(text: object, letters: int = 20, lines: int = 2) -> str:
    r"""Return `text` broken into at most `lines` lines of `letters`, shortened where it needs more.

    Examples
    --------
    The name of a deliverable beside its row in a chart:

    >>> wrapped("Booking flow, first release with payment by card")
    'Booking flow, first\nrelease with paymen…'
    """
    rows = [""]
    for word in visible(text).split():
        if rows[-1] and len(rows[-1]) + 1 + len(word) > letters:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    kept = [shorten(row, letters) for row in rows[:lines]]
    if len(rows) > lines:
        kept[-1] = shorten(f"{kept[-1]} {rows[lines]}", letters)
    return "\n".join(kept)


def paragraphs(text: str | Iterable[str]) -> str:
    """Return prose as HTML: paragraphs, lists and **bold**, and nothing else.

    Blank lines part paragraphs; lines that start with "- " or "1. " are lists; a list of texts is one
    paragraph, or list item, each. Links, images, headings and HTML are shown as the letters they are.

    Parameters
    ----------
    text : str or iterable of str
        The words, unescaped.

    Examples
    --------
    >>> paragraphs("**Late** by a week.")
    '<p><b>Late</b> by a week.</p>'
    >>> paragraphs(["- full scope", "- reduced scope"])
    '<ul><li>full scope</li><li>reduced scope</li></ul>'
    """
    lines = text.split("\n") if isinstance(text, str) else "\n\n".join(map(str, text)).split("\n")
    parts: list[tuple[str, list[str]]] = []
    fresh = True
    for line in lines:
        bullet, numbered = _BULLET.match(line), _NUMBERED.match(line)
        kind = "ul" if bullet else "ol" if numbered else "p"
        if not line.strip():
            fresh = True
        elif kind != "p":
            if not parts or parts[-1][0] != kind:
                parts.append((kind, []))
            parts[-1][1].append((bullet or numbered)[1])
            fresh = False
        elif fresh or not parts:
            parts.append(("p", [line.strip()]))
            fresh = False
        else:  # goes on with the paragraph, or with the last item of a list
            parts[-1][1][-1] += " " + line.strip()
    return "".join(_element(kind, items) for kind, items in parts)


def _element(kind: str, items: list[str]) -> str:
    inner = [_BOLD.sub(r"<b>\1</b>", escape(item)) for item in items]
    return f"<p>{inner[0]}</p>" if kind == "p" else f"<{kind}>{''.join(f'<li>{item}</li>' for item in inner)}</{kind}>"

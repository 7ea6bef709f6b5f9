"""A risk register -> risks.

Registers rate: probability 4 of 5, impact High. A rating is no percentage and no money, and turning one into the other would
give a curve of costs that nobody has estimated. So a probability is taken where it is a percentage by its own sign or header,
and a cost where its header or its cells say that it is money; all else stands in `rating`, in words. What a scale means is the
firm's to say, in ``data/firm/imports.yaml``. "0.3" without a sign may be 30 % or a step of a scale: it is a rating too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from acctlib.imports.conventions import Conventions, date_in, number_in
from acctlib.imports.formats import Format
from acctlib.imports.readings import About, Found, Reading, Row
from acctlib.imports.time_reports import is_total
from acctlib.tables.problems import shown

__all__ = ["DATES", "NUMBERS", "money_in", "read"]

DATES = ("review_on",)
NUMBERS = ("impact", "cost", "low", "likely", "high")

#: Signs of money -> the currencies they may mean.
_SIGNS = {
    "£": ("GBP",),
    "€": ("EUR",),
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN"),
    "¥": ("JPY", "CNY"),
}
_CODE = re.compile(r"\b(GBP|EUR|USD|CHF|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|JPY)\b")
_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000, "mio": 1_000_000, "mn": 1_000_000}
_PERCENT = re.compile(r"(\d[\d.,]*)\s*(?:%|percent|per cent|prozent|pour cent)", re.IGNORECASE)
_BELOW = re.compile(r"(legend\w*|key|scales?|skala|skalen|échelle|notes?|notizen|escala|scala|schaal)\s*:?", re.IGNORECASE)
_WORDS = ("probability", "impact", "cost", "score", "priority", "residual")
#: Largest number of a scale: a column of whole numbers that are no larger is a rating, whatever it is called.
_SCALE = 10
#: Characters of a text that are kept.
_LONGEST = 10_000


def read(rows: Sequence[Row], tool: Format, how: Conventions, about: About) -> Reading:
    """Return the risks of a register.

    A risk is met by its number. A register without such a column is met by title, or by description where it has none; in one
    that has the column, a row without a number waits, since a number made up from its position would be another one tomorrow.
    """
    reading = Reading()
    columns = {name: [row[name] for row in rows if row[name]] for name in (*_WORDS, "low", "likely", "high", "risk")}
    money = {name: _is_money(about.names.get(name, ""), columns[name]) for name in ("cost", "impact", "low", "likely", "high")}
    first: dict[tuple[str, str], tuple[int, Mapping[str, str]]] = {}
    below = False
    for row in rows:
        words = row["description"] or row["title"]
        below = below or (bool(_BELOW.fullmatch(row["risk"] or words)) and not row["status"])
        if below or row.blank:
            reading.set_aside[row.at] = "beside or below the register"
        elif is_total(row["risk"] or words):
            reading.set_aside[row.at] = "a total"
        elif not any(row[name] for name in row.cells if name not in ("risk", "unused")):
            reading.set_aside[row.at] = "a number without a risk"
        elif not words:
            reading.waiting[row.at] = "it has no description"
        elif "risk" in row and not row["risk"] and columns["risk"]:
            reading.waiting[row.at] = "it has no number (Risk ID); give it one in the register"
        else:
            found = _risk(row, words, tool, how, money, columns, about, reading)
            if found is None:
                continue
            key = found.cells["risk"]
            earlier = first.setdefault((found.client, key), (row.line, row.cells))
            if earlier[1] is row.cells:
                reading.found.append(found)
            elif earlier[1] == row.cells:
                reading.set_aside[row.at] = "a row that stands there twice"
            else:
                reading.waiting[row.at] = (
                    f"{shown(key)} stands in row {earlier[0]} already, with other words; tell the two apart"
                )
    _note(reading, rows, tool, columns)
    return reading


def money_in(text: str, how: Conventions) -> tuple[float | None, float | None, float | None] | None:
    """Return the low, likely and high amount in a cell; None where there is none.

    >>> money_in("£8k - £30k", Conventions(decimal=".")), money_in("8000/15000/30000", Conventions())
    ((8000.0, None, 30000.0), (8000.0, 15000.0, 30000.0))
    """
    parts = re.split(r"\s*/\s*|\s+(?:to|bis)\s+|(?<=[\dkKmM])\s*[-–—]\s*(?=[^\W_]|[£€$])", text.strip())
    values = []
    for part in parts:
        match = re.fullmatch(r"(.*?\d)\s*(k|m|mio|mn)?\.?\s*([£€$]|[A-Z]{3})?", part.strip(), re.IGNORECASE)
        number = number_in(match[1], how) if match else None
        if number is None or number < 0:
            return None
        values.append(round(number * _THOUSANDS[(match[2] or "").casefold()], 2))
    if values != sorted(values) or len(values) > 3:
        return None
    return {1: (None, values[0], None), 2: (values[0], None, values[-1]), 3: tuple(values)}[len(values)]


def _is_money(header: str, cells: Sequence[str]) -> bool:
    """Return whether a column is money by its header; one whose numbers go from 1 to 10 rates, whatever it is called."""
    named = re.search(r"cost|financ|exposure|kosten|schadenshöhe|coût|coste|costo|custo|[£€$]", header, re.IGNORECASE)
    numbers = [cell for cell in cells if re.fullmatch(r"\d[\d.,]*", cell)]
    scale = all(re.fullmatch(r"\d{1,2}([.,]0)?", cell) and float(cell.replace(",", ".")) <= _SCALE for cell in numbers)
    return bool(named or _CODE.search(header)) and not (scale and any(cell.strip("0.,") for cell in numbers))


def _is_money_itself(cell: str) -> bool:
    return any(sign in cell for sign in _SIGNS) or bool(_CODE.search(cell))


def _risk(
    row: Row,
    words: str,
    tool: Format,
    how: Conventions,
    money: Mapping[str, bool],
    columns: Mapping[str, Sequence[str]],
    about: About,
    reading: Reading,
) -> Found | None:
    cells = {"risk": _one_line(row["risk"] or row["title"] or words)[:80].strip(), "description": _plain(words)}
    if row["title"] and row["description"] and row["title"] != row["risk"] and row["risk"]:
        cells["description"] = _plain(f"{row['title']}: {row['description']}")
    cells |= {name: _plain(row[name]) for name in ("category", "response", "owner") if name in row}
    faults = []
    if "review_on" in row:
        day = date_in(row["review_on"], how) if row["review_on"] else None
        if row["review_on"] and day is None:
            faults.append(f"review date {shown(row['review_on'])} is no date")
        cells["review_on"] = str(day or "")
    if row["status"]:
        cells["status"] = tool.word("status", row["status"])
        if not cells["status"]:
            faults.append(
                f"status {shown(row['status'])} is not known; write into data/firm/imports.yaml: "
                f"{tool.name}: {{values: {{status: {{{row['status']}: open}}}}}}"
            )
    rated = []
    chance = _chance(row["probability"], about.names.get("probability", ""), tool, faults)
    if chance:
        cells["probability"] = chance
    if row["probability"] and not chance:
        rated.append(_rated("probability", row["probability"], columns))
    amounts, currencies = _costs(row, tool, how, money, about, rated, columns, faults)
    cells |= amounts
    rated += [_rated(name, row[name], columns) for name in ("score", "priority", "residual") if row[name]]
    cells["rating"] = _plain(", ".join(rated))
    if faults:
        reading.waiting[row.at] = "; ".join(faults)
        return None
    return Found(row["client"], cells, (row.at,), row["project"], 1.0, currencies=currencies)


def _chance(text: str, header: str, tool: Format, faults: list[str]) -> str:
    """Return a probability in per cent: as the firm translates it, or as it says itself; "" where it is a rating."""
    said = _said(tool, "probability", text)
    if said:
        number = number_in(said.removesuffix("%"), Conventions(decimal="."))
        if number is None or not 0 <= number <= 100:
            faults.append(f"values of probability in imports.yaml must be per cent such as 60, got {shown(said)}")
        return said.removesuffix("%").strip()
    match = _PERCENT.fullmatch(text.strip())
    plain = match[1] if match else text.strip() if "%" in header and re.fullmatch(r"\d{1,3}([.,]\d+)?", text.strip()) else ""
    return plain.replace(",", ".")


def _costs(
    row: Row,
    tool: Format,
    how: Conventions,
    money: Mapping[str, bool],
    about: About,
    rated: list[str],
    columns: Mapping[str, Sequence[str]],
    faults: list[str],
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what it costs if it happens, where that is money, and the currencies it may be in.

    Where the register has no money, nothing is written: what somebody entered here stays.
    """
    cells: dict[str, str] = {}
    currencies: tuple[str, ...] = ()
    for name in ("impact", "cost"):
        text = row[name]
        said = _said(tool, name, text)
        amounts = (
            money_in(said, Conventions(decimal="."))
            if said
            else money_in(text, how)
            if money[name] or _is_money_itself(text)
            else None
        )
        if said and amounts is None:
            faults.append(f"values of {name} in imports.yaml must be money as 8000/15000/30000, got {shown(said)}")
        elif amounts is None and text:
            rated.append(_rated(name, text, columns))
        elif amounts is not None:
            cells |= {part: _amount(value) for part, value in zip(("low", "likely", "high"), amounts, strict=True)}
            currencies = currencies if said else _currencies(f"{text} {about.names.get(name, '')}") or currencies
    for name in ("low", "likely", "high"):
        amounts = money_in(row[name], how) if money[name] or _is_money_itself(row[name]) else None
        if amounts and amounts[1] is not None:
            cells[name] = _amount(amounts[1])
            currencies = _currencies(f"{row[name]} {about.names.get(name, '')}") or currencies
        elif row[name]:
            rated.append(f"{about.names.get(name, name)} {row[name]}")
    return cells, currencies


def _amount(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _currencies(text: str) -> tuple[str, ...]:
    if code := _CODE.search(text):
        return (code[1],)
    return next((codes for sign, codes in _SIGNS.items() if sign in text), ())


def _said(tool: Format, name: str, text: str) -> str:
    """Return what the firm says that a rating means: by the cell's own words, its number, or its word in English."""
    if not text or not tool.values.get(name):
        return ""
    number = re.match(r"(\d+)(?:[.,]0+)?\b(?![.,%]\d)", text.strip())
    word = re.sub(r"^\W*\d*\W*|\W*\d*\W*$", "", text)
    tries = (text, *((number[1],) if number else ()), word, tool.word("scale", text), tool.word("scale", word))
    return next((said for each in tries if each and (said := tool.word(name, each))), "")


def _rated(name: str, text: str, columns: Mapping[str, Sequence[str]]) -> str:
    """Return a rating in words: "probability 4 of 5" where the column's largest number tells the scale."""
    whole = [re.fullmatch(r"\d{1,2}", cell) for cell in columns.get(name, ())]
    largest = max((int(cell[0]) for cell in whole if cell), default=0) if all(whole) else 0
    of = f" of {largest}" if name in ("probability", "impact") and largest in (5, 10) else ""
    return f"{name} {text}{of}"


def _note(reading: Reading, rows: Sequence[Row], tool: Format, columns: Mapping[str, Sequence[str]]) -> None:
    """Say what has no money or chance yet, and what to write so that it has."""
    open_ = [found for found in reading.found if found.cells.get("status") not in ("closed", "occurred")]
    bare = [
        found
        for found in open_
        if not found.cells.get("probability") or not any(found.cells.get(c) for c in ("low", "likely", "high"))
    ]
    if bare:
        at = {found.at[0] for found in bare}
        seen = {
            name: sorted({row[name] for row in rows if row.at in at and row[name]})[:1] for name in ("probability", "impact")
        }
        examples = {"probability": "60", "impact": "8000/15000/30000"}
        said = ", ".join(f'{name}: {{"{words[0]}": "{examples[name]}"}}' for name, words in seen.items() if words)
        how = (
            f"; to say what the scale means, write into data/firm/imports.yaml: {tool.name}: {{values: {{{said}}}}}"
            if said
            else ""
        )
        reading.notes.append(f"risks that have no money or no chance in per cent yet, and stand in no curve: {len(bare)}{how}")
    once = [f for f in open_ if f.cells.get("probability") and f.cells.get("likely") and not f.cells.get("low")]
    if once:
        reading.notes.append(
            f"risks with one cost, where a curve needs low, likely and high: {len(once)}; add low and high to risks"
        )
    if reading.found and not columns["risk"]:
        reading.notes.append(
            "the register has no numbers: its risks are known by title, and one with a new title is a new risk"
        )


def _plain(text: str) -> str:
    """Return a text without what no page can show, and no longer than a cell of our tables may be."""
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", " ", text).strip()


def _one_line(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()

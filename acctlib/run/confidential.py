"""What must not stand on a client's page, and how it is found there.

Two things are confidential: that we work for others, and what our internal tables say. Names are looked for as whole words.
Internal values are looked for as they would be printed, and only where they are distinctive: otherwise every page would be
refused for a "12" or a "design" that happens to stand in a timesheet note as well. Three kinds of values give nothing away
and are left out: those that the client's own tables, profile or commentary hold too; years and dates; and words that the
package is written in (not those of a notebook, where somebody may have typed what he knows).

A page has some ten thousand words and an account some ten thousand internal values, so both are cut into words and numbers
and met in sets; nothing is searched for one by one.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import acctlib
from acctlib.missing import Missing
from acctlib.run.channels import plain
from acctlib.tables.dictionary import TABLES

if TYPE_CHECKING:
    from acctlib.account import Account

__all__ = ["InternalValues", "Phrases", "internal_values", "names_of", "numbers_in", "shared_words", "words_in"]

#: Long texts are cut into overlapping runs of this many words, so that half a note is found too.
RUN = 6
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(
    r"(?P<money>[£€$¥₹] ?|\b[A-Z]{3} )?(?<![\w.,])(?P<digits>\d{1,3}(?:[, ']\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)"
    r"(?: ?(?:(?P<hours>h\b|hours?\b)|(?P<percent>%)))?"
)
_UNITS = ("money", "hours", "percent")
_DATED = re.compile(r"(?:19|20)\d\d(?:[-/ ](?:Q[1-4]|\d\d(?:[-/ ]\d\d)?))?")
_LEGAL_FORMS = frozenset("ltd limited plc inc llc llp gmbh ag sa bv nv oy ab corp co".split())
_NUMERIC = frozenset(("number", "whole", "hours", "money", "percent"))
_WORDED = frozenset(("text", "key", "list"))


def words_in(text: str) -> list[str]:
    """Return the words of a text, as they look.

    >>> words_in("R&D – harbour_foods' plan")
    ['R', 'D', 'harbour', 'foods', 'plan']
    """
    return _WORD.findall(plain(text))


class Prose:
    """Long texts in which runs of words are looked up.

    Examples
    --------
    >>> prose = Prose(["What is left to be spent", "and on what"])
    >>> prose.holds(("left", "to", "be")), prose.holds(("be", "left")), prose.holds(("spent", "and"))
    (True, False, False)
    """

    def __init__(self, texts: Iterable[str]) -> None:
        cut = [words_in(text) for text in texts]
        self.words = frozenset(itertools.chain.from_iterable(cut))
        folded = [[word.casefold() for word in words] for words in cut]
        self.folded = frozenset(itertools.chain.from_iterable(folded))
        self._pairs = frozenset(itertools.chain.from_iterable(map(itertools.pairwise, folded)))
        self._texts = [f" {' '.join(words)} " for words in folded]

    def holds(self, run: Sequence[str]) -> bool:
        """Return whether a run of case-folded words stands in one of the texts."""
        near = self._pairs.issuperset(itertools.pairwise(run)) and self.folded.issuperset(run)  # few get further
        return near and any(f" {' '.join(run)} " in text for text in self._texts)


class Phrases:
    """Texts to be found as whole words, all in one pass.

    A text of one word is found in its own spelling only, for "Grant" is a person and "grant" is a word; unless `any_case`.

    Parameters
    ----------
    any_case : bool, default False
        Find single words of four letters and more in any letter case.

    Examples
    --------
    >>> names = Phrases(any_case=True)
    >>> names.add("Aurora Foods", "the account aurora")
    >>> names.within("prices as for AURORA  foods, please")
    [('AURORA foods', 'the account aurora')]
    """

    def __init__(self, any_case: bool = False) -> None:
        self._any_case = any_case
        self._words: dict[str, str] = {}
        self._runs: dict[tuple[str, ...], str] = {}
        self._lengths: dict[str, set[int]] = {}  # first word -> lengths of the runs that begin with it

    def __len__(self) -> int:
        return len(self._words) + len(self._runs)

    def add(self, text: str, source: str) -> None:
        """Add a text, with what is said of it when it is found."""
        self.add_words(words_in(text), source)

    def add_words(self, words: Sequence[str], source: str) -> None:
        """Add a text that is already cut into words."""
        run = tuple(word.casefold() for word in words)
        if len(run) > 1 or (run and self._any_case and len(run[0]) >= 4):
            self._runs.setdefault(run, source)
            self._lengths.setdefault(run[0], set()).add(len(run))
        elif run:
            self._words.setdefault(words[0], source)

    def matches(self, words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        """Yield first and last position (exclusive) of each text found in a list of words, and its source."""
        folded = [word.casefold() for word in words]
        for i, word in enumerate(words):
            if word in self._words:
                yield i, i + 1, self._words[word]
            for length in self._lengths.get(folded[i], ()):
                source = self._runs.get(tuple(folded[i : i + length]))
                if source is not None:
                    yield i, i + length, source

    def within(self, text: str) -> list[tuple[str, str]]:
        """Return each text found, in the page's own spelling, and its source."""
        words = words_in(text)
        return [(" ".join(words[i:j]), source) for i, j, source in self.matches(words)]

    def without(self, texts: Iterable[Sequence[str]]) -> None:
        """Forget what is found in these texts, each cut into words."""
        for words in texts:
            for i, j, _ in list(self.matches(words)):
                self._runs.pop(tuple(word.casefold() for word in words[i:j]), None)
                if j == i + 1:
                    self._words.pop(words[i], None)

    def without_written(self, prose: Prose) -> None:
        """Forget what is found in a prose; the same as `without`, for a text much longer than all of this."""
        words = prose.words
        self._words = {word: source for word, source in self._words.items() if word not in words}
        self._runs = {run: source for run, source in self._runs.items() if not prose.holds(run)}

    def without_words(self, words: frozenset[str]) -> None:
        """Forget texts that are one of these words, in any letter case, alone or with a short number ("test 11")."""
        self._words = {word: source for word, source in self._words.items() if word.casefold() not in words}
        for run in [run for run in self._runs if len(run) <= 2]:
            named = [word for word in run if not (word.isdigit() and len(word) <= 3)]
            if len(named) <= 1 and words.issuperset(named):
                del self._runs[run]


def names_of(others: Mapping[str, Iterable[str]], own: Iterable[str]) -> tuple[Phrases, Phrases]:
    """Return what the other accounts are called, and what this one is.

    Parameters
    ----------
    others : mapping of str to names
        Account id -> name and aliases.
    own : iterable of str
        The account's own names. Where another's name is part of one of them, it gives nothing away there.
    """
    theirs, ours = Phrases(any_case=True), Phrases(any_case=True)
    for account, names in others.items():
        for name in (account, *names):
            words = words_in(name)
            if name == account and len(words) == 1 and words[0].casefold() in _package().folded:
                continue  # a folder called "delivery": the word would stand on every page, and says no client's name
            short = words[:-1] if len(words) > 1 and words[-1].casefold() in _LEGAL_FORMS else words
            theirs.add_words(short, f"a name of the account {account}")
    for name in own:
        ours.add(name, "")
    return theirs, ours


def numbers_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield each number as bare digits, without trailing zeros, and its unit; years are skipped.

    Parameters
    ----------
    text : str
        As `plain` returns it.

    Yields
    ------
    (str, str)
        The digits, and "money", "hours", "percent" or, where no unit stands beside them, "".

    Examples
    --------
    >>> list(numbers_in("£48,213 for 61.50 h in 2026, 12.5 % of 900"))
    [('48213', 'money'), ('61.5', 'hours'), ('12.5', 'percent'), ('900', '')]
    """
    for found in _NUMBER.finditer(text):
        digits = found["digits"]
        if not re.fullmatch(r"(?:19|20)\d\d", digits):
            unit = next((unit for unit in _UNITS if found[unit]), "")
            yield _bare(re.sub(r"[, ']", "", digits)), unit


def _bare(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _significant(bare: str) -> int:
    digits = bare.replace(".", "").lstrip("0")
    return len(digits if "." in bare else digits.rstrip("0"))


@dataclass
class InternalValues:
    """The distinctive internal values of one account, as they would be printed.

    Parameters
    ----------
    numbers : dict of (digits, unit) to str
        As `numbers_in` yields them -> the column in which the value stands.
    texts : Phrases
        Texts and the columns in which they stand.
    """

    numbers: dict[tuple[str, str], str] = field(default_factory=dict)
    texts: Phrases = field(default_factory=Phrases)

    def add_number(self, value: float, kind: str, source: str) -> None:
        """Add the forms in which a page prints a number: as it is and rounded, with its unit and bare.

        It needs four significant digits, or five where it meets others by chance: where rounding changed it (but not money
        behind its sign, which is mostly printed in whole units), and hours booked in quarters. What carries another unit is
        another number.
        """
        unit = kind if kind in _UNITS else ""
        exact = _bare(f"{value:.6f}")
        common = kind == "hours" and (4 * value).is_integer()
        for form in {exact, *(_bare(f"{value:.{digits}f}") for digits in (0, 1, 2))}:
            enough = 4 if form == exact and not common else 5
            if _significant(form) >= enough:
                self.numbers.setdefault((form, ""), source)
            if _significant(form) >= (4 if kind == "money" else enough):
                self.numbers.setdefault((form, unit), source)

    def add_text(self, text: str, source: str) -> None:
        """Add a text of at least four letters, or four digits that are no date; a long one as overlapping runs of words."""
        if sum(map(str.isalpha, text)) < 4 and (sum(map(str.isdigit, text)) < 4 or _DATED.fullmatch(text)):
            return
        words = words_in(text)
        for i in range(max(1, len(words) - RUN + 1)):
            self.texts.add_words(words[i : i + RUN], source)


def internal_values(internal: Account, client: Account) -> InternalValues:
    """Return what the internal edition of an account knows and the client edition does not.

    Parameters
    ----------
    internal, client : Account
        The same account, read for both audiences.
    """
    found = InternalValues()
    for name, table in _tables(internal):
        _add_table(found, name, table)
    for heading, text in internal.commentary.items():
        found.add_text(text, f'commentary "{heading}"')
    shown_numbers, shown_texts = _shown(client)
    found.numbers = {key: source for key, source in found.numbers.items() if key[0] not in shown_numbers}
    found.texts.without(map(words_in, shown_texts))
    found.texts.without_written(_package())
    found.texts.without_words(_package().folded)
    return found


def _tables(account: Account) -> Iterator[tuple[str, pd.DataFrame]]:
    for name in TABLES:
        table = getattr(account, name)
        if not isinstance(table, Missing):
            yield name, table


def _add_table(found: InternalValues, name: str, table: pd.DataFrame) -> None:
    for column in table.columns:
        kind, source = TABLES[name].column(column).kind, f"{name}.{column}"
        if kind in _NUMERIC:
            for value in _amounts(table[column]) * (100 if kind == "percent" else 1):
                found.add_number(float(value), kind, source)
        elif kind in _WORDED:
            for text in _texts(table[column]):
                found.add_text(text, source)


def _amounts(column: pd.Series) -> np.ndarray:
    """Return the different amounts in a column, without their signs."""
    amounts = np.unique(np.abs(column.to_numpy(float, na_value=np.nan)))
    return amounts[~np.isnan(amounts)]


def _texts(column: pd.Series) -> list[str]:
    """Return the different values of a column as text."""
    return [str(value) for value in dict.fromkeys(column.to_list()) if not pd.isna(value)]


def _shown(client: Account) -> tuple[set[str], set[str]]:
    """Return the numbers and the texts that the client holds in his hands."""
    numbers: set[str] = set()
    texts: set[str] = set(client.commentary.values()) | set(client.commentary)
    for name, table in _tables(client):
        for column in table.columns:
            if TABLES[name].column(column).kind in _NUMERIC:
                amounts = _amounts(table[column]).tolist()
                scaled = (of for amount in amounts for of in (amount, 100 * amount))
                numbers.update(_bare(f"{of:.{digits}f}") for of in scaled for digits in (0, 1, 2, 6))
            else:
                texts.update(_texts(table[column]))
    profile = client.profile
    texts.update((profile.name, *profile.aliases, profile.parent_group, profile.industry, client.firm.name, client.id))
    return numbers, texts


def shared_words() -> None:
    """Read the words that all reports of a process share: those that the package is written in."""
    _package()


@functools.lru_cache(maxsize=1)
def _package() -> Prose:
    folder = Path(acctlib.__file__).parent
    return Prose(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))

"""Names in other tools -> accounts and projects of ours.

A tool says "Kestrel Mutual Assurance" and "Member portal", the workbook `kestrel-mutual` and `member-portal`. A name is met
exactly, but for letter case and blanks: by the account's id, its name or one of its aliases, and by the project's key or its
name. What is not met is never guessed at; it is answered with the nearest name and the line that would settle it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

from acctlib.profile import account_ids, queries_in, read_profile
from acctlib.tables.raw import RawTable, nearest
from acctlib.tables.read import read_table
from acctlib.tables.sql import answer

__all__ = ["Clients", "met"]


#: Blanks, and characters that nobody sees in a name.
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff]+")


@functools.lru_cache(maxsize=100_000)
def met(name: str) -> str:
    """Return a name as it is compared.

    >>> met("Kestrel  MUTUAL ") == met("kestrel mutual")
    True
    """
    return _UNSEEN.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()


class Clients:
    """The accounts of a workbook, by what other tools may call them.

    Parameters
    ----------
    data : Path
        Folder with one folder per account.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.ids = account_ids(data)

    def _table(self, folder: str, name: str) -> RawTable | None:
        """Return a table of an account or of the firm, from its file or from the database behind it."""
        account = next(iter(self.ids), "") if folder == "firm" else folder
        asked = [query for query in queries_in(self.data, account) if query.table == name]
        return answer(asked[0])[0] if asked else read_table(self.data / folder, name)

    @functools.cached_property
    def _names(self) -> dict[str, str]:
        """Every name and alias, as it is compared -> account; read only when an id was not enough."""
        names = {}
        for account in self.ids:
            profile = read_profile(self.data / account / "account.yaml")
            for name in (profile.name, *profile.aliases):
                names.setdefault(met(name), account)
        return names

    def account(self, name: str) -> str:
        """Return the account that a client's name means; "" where none is called so."""
        plain = met(name)
        return plain if plain in self._ids else self._names.get(plain, "")

    @functools.cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(self.ids)

    def near(self, name: str) -> str:
        """Return the account whose name or alias comes nearest to a name; "" where none is near."""
        return self._names.get(found, "") if (found := nearest(met(name), self._names)) else ""

    def project(self, account: str, *names: str) -> str:
        """Return the project that the first known one of these names means; "" where none is called so."""
        known = self._projects(account)
        return next((known[met(name)] for name in names if name and met(name) in known), "")

    def near_project(self, account: str, name: str) -> str:
        """Return the project whose key or name comes nearest; "" where none is near."""
        known = self._projects(account)
        return known.get(nearest(met(name), known), "")

    def projects(self, account: str) -> list[str]:
        """Return the keys of an account's projects."""
        return sorted(set(self._projects(account).values()))

    @functools.cache  # noqa: B019 - lives as long as one import
    def _projects(self, account: str) -> dict[str, str]:
        table = self._table(account, "projects")
        keys, names = column_of(table, "project"), column_of(table, "name")
        return {met(name): key for name, key in (*zip(names, keys, strict=True), *zip(keys, keys, strict=True)) if name}

    @functools.cache  # noqa: B019
    def tasks(self, account: str) -> dict[tuple[str, str], str]:
        """Return the tasks of an account's plan: (project, name as it is compared) -> task."""
        table = self._table(account, "tasks")
        pairs = zip(column_of(table, "project"), column_of(table, "task"), strict=True)
        return {(project, met(task)): task for project, task in pairs}

    @functools.cache  # noqa: B019
    def currency(self, account: str) -> str:
        """Return the currency in which an account is kept."""
        return read_profile(self.data / account / "account.yaml").currency

    @functools.cached_property
    def roles(self) -> dict[str, str]:
        """Return the usual role of each of the firm's people, by name as it is compared."""
        table = self._table("firm", "people")
        return {met(p): role for p, role in zip(column_of(table, "person"), column_of(table, "role"), strict=True)}

    @functools.cached_property
    def rated(self) -> dict[str, str]:
        """Return the roles that the rate card prices, by name as it is compared."""
        return {met(role): role for role in column_of(self._table("firm", "rate_card"), "role")}


def column_of(table: RawTable | None, name: str) -> list[str]:
    """Return the cells of a column without blanks around them; blanks where the table has no such column."""
    if table is None:
        return []
    positions = [at for at, cell in enumerate(table.header) if cell.strip() == name]
    return [cell.strip() for cell in table.columns[positions[0]].to_pylist()] if positions else [""] * len(table)

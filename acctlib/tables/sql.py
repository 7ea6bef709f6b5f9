"""Queries of `account.yaml` and `firm.yaml` -> raw tables, asked of a database that nothing here can change.

A query is text that somebody wrote into a file; an account's id is text that somebody typed. Only the former is ever SQL: the
id is bound by the driver. What a query may do is not judged by reading it, which is how guards are talked round. PostgreSQL
declares it as a cursor in a read-only transaction, so that it is one statement and only reads; SQLite opens the file for
reading and asks before each step whether it is a read. User and password come from the environment, are put into the parsed
address, and stand in no message.

A database returns rows in any order, and the order of rows decides the order on pages and the last digits of sums. So rows are
sorted by their columns from left to right: the same rows give the same page, and row 7 of a message is row 7 of every run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.places import from_root
from acctlib.tables.problems import Problem, TableErrors
from acctlib.tables.queries import ANSWERS, EMBEDDED, Query, interruptible
from acctlib.tables.raw import RawTable

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, TextClause
    from sqlalchemy.engine import URL

__all__ = ["answer", "fingerprint", "kept_answers"]

#: Longest time that a query may take, and that a server may take to answer at all.
SECONDS, CONNECT_SECONDS = 60, 10
_CHUNK = 10_000
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: A port must be a number when an address is parsed, so one from the environment is taken out before.
_VARIABLE_PORT = re.compile(r":\$\{([A-Za-z_][A-Za-z0-9_]*)\}(?=[/?]|$)")
_HOST = re.compile(r"[\w.:-]*|/[\w./-]+")
#: What may stand behind the ? of a PostgreSQL address; a password could stand behind others.
_OPTIONS = ("host", "sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs")
_EXAMPLE = "postgresql://${DB_USER}:${DB_PASSWORD}@db.example.com/agency, or sqlite:///data/agency.sqlite"
_INSTALL = "install it with: pip install 'acctlib[sql]'"
_locks: dict[Path, threading.Lock] = {}
#: Queries that are asked at one time: servers have room for a hundred or so, for all their users.
_few = threading.BoundedSemaphore(4)


class _Refused(Exception):
    """A query that has no answer; holds its problems. No `ValueError`, so that nothing mistakes it for a sentence."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(len(problems))
        self.problems = list(problems)


def answer(query: Query) -> tuple[RawTable | None, list[Problem]]:
    """Return what a query returns, as text, or why there is no answer.

    Parameters
    ----------
    query : Query

    Returns
    -------
    (RawTable or None, list of Problem)
        Rows sorted by their columns from left to right and numbered from 1. No problem holds a user or a password.

    Examples
    --------
    Which hours were booked on the account? The time sheets lie in an SQLite file that another program fills:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with contextlib.closing(sqlite3.connect(Path(folder, "tables.sqlite"))) as book:
    ...         _ = book.execute("CREATE TABLE booked (client, day, project, hours)")
    ...         _ = book.execute("INSERT INTO booked VALUES ('harbour', '2026-07-06', 'site', 7.5), ('bay', '', 'app', 8)")
    ...         book.commit()
    ...     sql = "SELECT day AS date, project, hours FROM booked WHERE client = :account"
    ...     table, problems = answer(Query("time_entries", sql, None, "harbour", Path(folder, "tables.sqlite")))
    >>> table.header, [column.to_pylist() for column in table.columns], problems
    (('date', 'project', 'hours'), [['2026-07-06'], ['site'], ['7.5']], [])
    """
    kept = os.environ.get(ANSWERS)
    if not kept:
        return _asked(query, None)
    path = Path(kept) / _name(query)
    with _locks.setdefault(path, threading.Lock()):  # reports made at one time ask once
        return _kept(query, path)


def fingerprint(query: Query) -> str:
    """Return a fingerprint of what a query returns, the same for the same rows in any order.

    Raises
    ------
    TableErrors
        If there is no answer.
    """
    table, problems = answer(query)
    if table is None:
        raise TableErrors(tuple(problems))
    digest = hashlib.sha256(json.dumps([query.table, table.header, len(table)]).encode())
    for column in table.columns:
        digest.update(pc.binary_length(column).to_numpy().tobytes())
        digest.update("".join(column.to_pylist()).encode())
    return digest.hexdigest()


def kept_answers(queries: Iterable[Query]) -> dict[str, bytes]:
    """Return what this run keeps of queries' answers, by the name of each file; no address and no password is among it."""
    kept = Path(os.environ.get(ANSWERS, ""))
    return {name: (kept / name).read_bytes() for name in map(_name, queries) if (kept / name).is_file()}


def _name(query: Query) -> str:
    said = [query.table, query.sql, query.url, query.account, query.file, query.lines]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _kept(query: Query, path: Path) -> tuple[RawTable | None, list[Problem]]:
    if path.is_file():
        return _unpacked(path.read_bytes())
    with _few:
        table, problems = _asked(query, path.parent)
    part = path.with_suffix(".part")
    part.write_bytes(_packed(table, problems))
    part.replace(path)
    return table, problems


def _packed(table: RawTable | None, problems: list[Problem]) -> bytes:
    columns = () if table is None else table.columns
    said: dict[str, Any] = {"header": None, "problems": [asdict(problem) for problem in problems]}
    if table is not None:
        said |= {"file": table.file, "header": table.header, "rows": len(table)}
    frame = pa.table(list(columns), names=[str(at) for at in range(len(columns))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, frame.schema.with_metadata({"said": json.dumps(said)})) as writer:
        writer.write_table(frame)
    return sink.getvalue().to_pybytes()


def _unpacked(content: bytes) -> tuple[RawTable | None, list[Problem]]:
    # Without threads: reports are made in processes that may be forked.
    frame = pa.ipc.open_file(pa.BufferReader(content), options=pa.ipc.IpcReadOptions(use_threads=False)).read_all()
    said = json.loads(frame.schema.metadata[b"said"])
    problems = [Problem(**problem) for problem in said["problems"]]
    if said["header"] is None:
        return None, problems
    return _table(said["file"], said["header"], frame.columns, said["rows"]), problems


def _table(file: str, header: Sequence[str], columns: Sequence[pa.ChunkedArray], rows: int) -> RawTable:
    return RawTable(file, tuple(header), tuple(columns), np.arange(1, rows + 1), None)


# -- asking -----------------------------------------------------------------------------------------------------------


def _asked(query: Query, kept: Path | None) -> tuple[RawTable | None, list[Problem]]:
    try:
        try:
            import sqlalchemy  # noqa: F401  only accounts with a query need it
        except ImportError:
            raise _Refused(query.url_problem("a table from a database needs SQLAlchemy, which is missing", _INSTALL)) from None
        url = _address(query)
        statement = _statement(query)
        silent = kept and kept / hashlib.sha256(f"server {url!r}".encode()).hexdigest()
        if silent and silent.is_file():  # another account's query has waited for this server already
            raise _Refused(query.url_problem(*json.loads(silent.read_text(encoding="utf-8"))))
        with _connected(query, url, silent) as connection:
            return _read(query, url, statement, connection), []
    except _Refused as refused:
        return None, refused.problems


def _statement(query: Query) -> TextClause:
    """Return the query with its parameters as SQLAlchemy finds them; `:account` is the only one."""
    from sqlalchemy import text

    statement = text(query.sql)
    unknown = [name for name in statement.compile().params if name != "account"]
    if unknown:
        names = ", ".join(f":{name}" for name in unknown)
        what = f"the query has the unknown parameter{'s' if len(unknown) > 1 else ''} {names}"
        write = f"the only one is :account, the account's id; where a colon is part of a text, write \\:{unknown[0]}"
        raise _Refused(query.sql_problem(what, write))
    return statement.bindparams(account=query.account) if statement.compile().params else statement


def _address(query: Query) -> URL:
    """Return where the database is, with what the environment holds put into it."""
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if query.url is None:
        return URL.create("sqlite", database=str(query.embedded))
    port = _VARIABLE_PORT.search(query.url)
    try:
        url = make_url(_VARIABLE_PORT.sub("", query.url, count=1))
        kind = url.get_backend_name()
    except (ArgumentError, ValueError):
        kind = ""
    if kind not in ("postgresql", "sqlite"):
        raise _Refused(query.url_problem("the url is no address of PostgreSQL or SQLite", f"write {_EXAMPLE}"))
    if url.password is not None and not _VARIABLE.fullmatch(url.password):
        write = "write ${DB_PASSWORD} in its place and set DB_PASSWORD in the environment"
        raise _Refused(query.url_problem("the url holds a password as it is", write))
    if not _HOST.fullmatch(_VARIABLE.sub("x", url.host or "")) or (kind == "sqlite" and not url.database):
        raise _Refused(query.url_problem("the url names no host" if url.host else "the url names no file", f"write {_EXAMPLE}"))
    allowed = _OPTIONS if kind == "postgresql" else ()
    if unknown := [name for name in url.query if name not in allowed]:
        may = f"after the ? may stand {', '.join(allowed)}" if allowed else "take away the ? and what follows"
        raise _Refused(query.url_problem(f"the url has the option {unknown[0]!r}, which it may not have", may))
    return _filled(query, url, port[1] if port else "")


def _filled(query: Query, url: URL, port: str) -> URL:
    """Return the address with each ${NAME} replaced; set on its parts, so that any character may stand in a password."""
    unset: list[str] = []

    def value(name: str) -> str:
        if not os.environ.get(name):
            unset.append(name)
        return os.environ.get(name, "")

    def filled(text: str) -> str:
        return _VARIABLE.sub(lambda found: value(found[1]), text)

    parts = {
        part: filled(text) for part in ("username", "password", "host", "database") if (text := getattr(url, part)) is not None
    }
    options = {name: tuple(map(filled, [values] if isinstance(values, str) else values)) for name, values in url.query.items()}
    number = value(port) if port else ""
    if names := list(dict.fromkeys(unset)):
        what, them = ("variables {} are", "them") if len(names) > 1 else ("variable {} is", "it")
        what = f"the environment {what.format(' and '.join(names))} not set"
        raise _Refused(query.url_problem(what, f"set {them} before the command, such as: export {names[0]}=…"))
    if number:
        if not (number.isascii() and number.isdigit() and 0 < int(number) < 65_536):
            raise _Refused(query.url_problem(f"the environment variable {port} is no port", "set it to a number such as 5432"))
        parts["port"] = int(number)
    return url.set(**parts, query=options)


def _place(query: Query, url: URL) -> str:
    """Return an address as it may be shown: without user, password and the folders of this machine."""
    if url.get_backend_name() == "sqlite":
        if query.url is None:
            return EMBEDDED
        path = Path(url.database or "")
        return path.name if path.is_absolute() else path.as_posix()
    host = "" if not url.host or url.host.startswith("/") else url.host
    return f"postgresql://{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


@contextlib.contextmanager
def _connected(query: Query, url: URL, silent: Path | None) -> Iterator[Connection]:
    """Open a connection that can only read, and roll back at its end."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        if url.get_backend_name() == "sqlite":
            path = from_root(url.database or ".")
            if not path.is_file():
                what = f"there is no database {_place(query, url)}"
                where = (
                    f"put it into the folder {query.embedded.parent.name}, or give the entry a url" if query.url is None else ""
                )
                raise _Refused(query.url_problem(what, where or "mend the path, which is meant from the workbook's folder"))
            address = f"file:{quote(str(path.absolute()))}?mode=ro"
            opened = lambda: sqlite3.connect(address, uri=True, timeout=CONNECT_SECONDS)  # noqa: E731
            engine = create_engine("sqlite://", creator=opened, poolclass=NullPool, hide_parameters=True)
        else:
            alive = {
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
            }  # a server that is gone is noticed
            settings = {"connect_timeout": CONNECT_SECONDS, "application_name": "acctlib", **alive}
            engine = create_engine(
                url.set(drivername="postgresql+psycopg"), connect_args=settings, poolclass=NullPool, hide_parameters=True
            )
        connection = engine.connect()
    except ImportError:
        raise _Refused(query.url_problem("a table from PostgreSQL needs psycopg, which is missing", _INSTALL)) from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        said = _unreachable(_place(query, url), error)
        if silent and "too many" not in str(error):  # one that has no room is not silent
            part = silent.with_suffix(f".{os.urandom(4).hex()}.part")
            part.write_text(json.dumps(said), encoding="utf-8")
            part.replace(silent)
        raise _Refused(query.url_problem(*said)) from None
    driver = connection.connection.driver_connection
    try:
        if url.get_backend_name() == "sqlite":
            _guard(driver)
        else:
            connection = connection.execution_options(postgresql_readonly=True)
        with interruptible(driver.interrupt if url.get_backend_name() == "sqlite" else driver.cancel):
            yield connection
    except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
        raise _Refused(_failure(query, url, error)) from None
    finally:
        if url.get_backend_name() == "sqlite":
            driver.set_authorizer(None)
        with contextlib.suppress(SQLAlchemyError):
            connection.rollback()
        connection.close()
        engine.dispose()


def _guard(connection: sqlite3.Connection) -> None:
    """Let an SQLite connection read rows and call functions, for a limited time, and nothing else."""
    may = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
    ends = monotonic() + SECONDS
    connection.execute("PRAGMA query_only = ON")
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in may else sqlite3.SQLITE_DENY)
    connection.set_progress_handler(lambda: monotonic() > ends, 100_000)


def _read(query: Query, url: URL, statement: TextClause, connection: Connection) -> RawTable:
    ends = monotonic() + SECONDS
    if url.get_backend_name() == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(1000 * SECONDS)}")
    # Streamed means a cursor that the server declares, and PostgreSQL declares one for a single SELECT only.
    with contextlib.closing(connection.execute(statement, execution_options={"stream_results": True})) as result:
        return _table_of(query, url, result, ends)


def _table_of(query: Query, url: URL, result: CursorResult, ends: float) -> RawTable:
    if not result.returns_rows or not (header := tuple(result.keys())):
        raise _Refused(query.sql_problem("the query returns no columns", "write one SELECT with the table's columns"))
    file = f"{query.table} (SQL, {_place(query, url)})"
    chunks: list[list[pa.Array]] = []
    wrong: dict[str, Problem] = {}
    for rows in result.partitions(_CHUNK):
        columns = [_texts(cells) for cells in zip(*rows, strict=True)]
        for name, column in zip(header, columns, strict=True):
            if isinstance(column, type):
                what, write = f"holds {column.__name__}, which is no text, number or date", _REMEDIES.get(column, _CAST)
                wrong.setdefault(name, Problem(file, what, write.format(name=name), column=name))
        if wrong:
            raise _Refused(*wrong.values())
        if monotonic() > ends:
            raise _Refused(_too_long(query))
        chunks.append(columns)
    columns = [pa.chunked_array([chunk[at] for chunk in chunks], type=pa.string()) for at in range(len(header))]
    rows = len(columns[0])
    names = [str(at) for at in range(len(header))]
    order = pc.sort_indices(pa.table(columns, names=names), sort_keys=[(name, "ascending") for name in names])
    return _table(file, header, [column.take(order) for column in columns], rows)


_CAST = "cast it in the query: CAST({name} AS text) AS {name}"
_LIST = "make one text of it in the query, with names separated by semicolons"
_REMEDIES: dict[type, str] = {
    list: _LIST,
    dict: _LIST,
    bytes: "select a text instead, or leave the column out",
    memoryview: "select a text instead, or leave the column out",
    timedelta: "write hours as a number: extract(epoch FROM {name}) / 3600 AS {name}",
}


def _texts(cells: Sequence[Any]) -> pa.Array | type:
    """Return the cells of one column as text, "" for none; the type of the first that can be none.

    >>> _texts([None, Decimal("1234.50"), True, 7.0, float("nan"), date(2026, 7, 6), datetime(2026, 7, 6)]).to_pylist()
    ['', '1234.50', 'yes', '7', '', '2026-07-06', '2026-07-06']
    """
    types = {*map(type, cells)}
    kinds = types - {str, type(None)}
    if kinds:
        writers = {kind: _WRITERS.get(kind) for kind in kinds}
        if not all(writers.values()):
            return next(type(cell) for cell in cells if type(cell) in kinds and writers[type(cell)] is None)
        if len(types) == 1:
            cells = [*map(writers[types.pop()], cells)]
        else:
            cells = [write(cell) if (write := writers.get(type(cell))) else cell for cell in cells]
    return pc.fill_null(pa.array(cells, type=pa.string()), "")


def _float(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _moment(value: datetime) -> str:
    # Midnight of some zone is another day in the next; only one without a zone is a date for certain.
    bare = value.tzinfo is None and (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
    return value.date().isoformat() if bare else value.isoformat(" ")


_WRITERS = {
    bool: lambda value: "yes" if value else "no",
    int: str,
    float: _float,
    Decimal: lambda value: "" if value.is_nan() else format(value, "f"),
    date: date.isoformat,
    datetime: _moment,
    time: time.isoformat,
    UUID: str,
}


# -- what went wrong ---------------------------------------------------------------------------------------------------


def _too_long(query: Query) -> Problem:
    write = "ask for fewer rows, such as those of the account: WHERE client = :account"
    return query.sql_problem(f"the query took longer than {SECONDS} seconds and was stopped", write)


def _unreachable(place: str, error: Exception) -> tuple[str, str]:
    """Say why there is no connection. The driver's own words hold the user, so they are read but not repeated."""
    said = str(getattr(error, "orig", None) or error).casefold()
    for part, what, write in (
        ("password", "refused the user and the password", "set the variables that the url names to those of a reader"),
        ("authentication", "refused the user", "set the variables that the url names to those of a reader"),
        ("role ", "refused the user", "set the variables that the url names to those of a reader"),
        ("does not exist", "is not on that server", "mend the name behind the last / of the url"),
        ("resolve host", "has a host that nobody knows", "mend the host in the url"),
        ("translate host", "has a host that nobody knows", "mend the host in the url"),
        ("not a database", "is no SQLite database", "make it again; it may have been cut off"),
    ):
        if part in said:
            return f"the database {place} {what}", write
    return f"the database {place} can't be reached", "check that it runs and that this machine may reach it, then try again"


def _failure(query: Query, url: URL, error: Exception) -> Problem:
    """Say why there are no rows: the database's own words, unless they hold what nobody may read."""
    cause = getattr(error, "orig", None) or error
    diagnosis = getattr(cause, "diag", None)
    said = (getattr(diagnosis, "message_primary", None) or str(cause)).strip().splitlines()
    said = (said[0] if said else type(cause).__name__).rstrip(".")
    user = url.username and re.search(rf"(?<!\w){re.escape(url.username)}(?!\w)", said)
    if user or (url.password and url.password in said):
        said = type(cause).__name__
    one = "write one SELECT, without others before or after it"
    for part, what, write in (
        ("multiple commands", "the query is more than one statement", one),
        ("one statement at a time", "the query is more than one statement", one),
        ("not authorized", "the query does more than read", one),
        ("authorization denied", "the query does more than read", one),
        ("prohibited", "the query reads what it may not", one),
        ("read-only transaction", "the query writes", one),
        ("data-modifying", "the query writes", one),
        ("not a database", f"{_place(query, url)} is no SQLite database", "make it again; it may have been cut off"),
        ("permission denied", said, "let the database's owner grant SELECT, or ask for another table"),
        ("is locked", "the database is being written to", "try again when the other program is done"),
    ):
        if part in said.casefold():
            return query.sql_problem(what, write)
    if getattr(cause, "sqlstate", "") == "42601" or "syntax error" in said:
        return query.sql_problem(f"the database answers: {said}", "write one SELECT; other statements are not taken")
    if "statement timeout" in said or said == "interrupted":
        return _too_long(query)
    return query.sql_problem(f"the database answers: {said}", "mend the query")

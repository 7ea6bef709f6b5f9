"""A typed table beside its text: which rows may be judged, and how a later problem names its cell."""

import pyarrow as pa

from acctlib.tables.dictionary import TABLES
from acctlib.tables.raw import Rows
from acctlib.tables.typed import typed_table


def survey(*rows, torn=()):
    raw = Rows(3)
    for line, row in enumerate(rows, start=2):
        raw.add(list(row), line, line, torn=line in torn)
    return typed_table(TABLES["surveys"], raw.table("surveys.csv", ["score", "date", "kind"]))


def test_a_row_is_judged_only_by_cells_that_could_be_read():
    typed, problems = survey(
        ("9", "2026-07-01", "nps"), ("x", "2026-07-01", "nps"), ("9", "", "nps"), ("", "2026-07-01", "nps")
    )
    assert list(typed.sound()) == [True, True, True, True]
    assert list(typed.sound("score")) == [True, False, True, True]
    assert list(typed.sound("date")) == [True, True, False, True]
    assert list(typed.sound("date", "score")) == [True, False, False, True]
    assert [(problem.row, problem.column) for problem in problems] == [(4, "date"), (3, "score")]


def test_a_torn_row_is_not_judged_and_not_complained_about_again():
    typed, problems = survey(("9", "2026-07-01", "nps"), ("x",), torn={3})
    assert list(typed.sound()) == [True, False]
    assert problems == []


def test_columns_stand_in_the_order_of_the_dictionary_and_keep_their_place_in_the_file():
    typed, _ = survey(("9", "2026-07-01", "nps"))
    assert list(typed.frame) == ["date", "kind", "score"]
    assert typed.positions == {"date": 1, "kind": 2, "score": 0}
    problem = typed.problem(0, "score", "odd", "look")
    assert (problem.row, problem.cell, problem.value) == (2, "A2", "9")


def test_five_thousand_unknown_columns_are_all_named():
    names = [f"column {n}" for n in range(5_000)]
    raw = Rows(5_000).table("surveys.csv", names)
    _, problems = typed_table(TABLES["surveys"], raw)
    assert sum("surveys has no such column" in problem.what for problem in problems) == 5_000
    assert pa.types.is_string(raw.columns[0].type)

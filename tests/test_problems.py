"""The form of a message, and the length of a list of them."""

import pickle

import pytest

from acctlib.tables.problems import Problem, TableErrors, listing, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("7,5", "'7,5'"),
        ("1\xa0234", r"'1\xa0234'"),
        ("\x1b[31mred", r"'\x1b[31mred'"),
        ("two\nlines", r"'two\nlines'"),
        ("\u202egnp.exe", r"'\u202egnp.exe'"),
        ("Zoë 好", "'Zoë 好'"),
        ("x" * 41, "'" + "x" * 39 + "…'"),
    ],
)
def test_a_value_is_shown_in_one_short_visible_line(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem("tasks.csv", "is empty", "restore it"), "tasks.csv: is empty; restore it"),
        (Problem("tasks.csv", "the row has 2 cells", "add one", row=4), "tasks.csv:4: the row has 2 cells; add one"),
        (
            Problem("tasks.parquet", "decimal comma", "write 7.5", row=4, column="low_hours", value="7,5"),
            "tasks.parquet:4: column 'low_hours': got '7,5' (decimal comma); write 7.5",
        ),
        (
            Problem("tables.xlsx, sheet tasks", "odd", "look", row=4, column="task", cell="B4", value="x", severity="warning"),
            "tables.xlsx, sheet tasks:4: warning: column 'task' (cell B4): got 'x' (odd); look",
        ),
    ],
)
def test_a_problem_reads_as_place_fault_remedy(problem, line):
    assert str(problem) == line


def test_twenty_problems_of_a_column_are_printed_and_the_rest_is_counted():
    hours = [Problem("time_entries.csv", "bad", "mend", row=row, column="hours") for row in range(2, 3434)]
    other = [Problem("time_entries.csv", "bad", "mend", row=9, column="date")]
    lines = listing(sorted(hours + other, key=lambda problem: problem.row))
    assert len(lines) == 22
    assert lines[-1] == "time_entries.csv: column 'hours': 3,412 more in rows 22 to 3,433"


def test_the_error_holds_every_problem_and_survives_the_way_between_processes():
    error = TableErrors(tuple(Problem("tasks.csv", "bad", "mend", row=row) for row in range(2, 60)))
    copy = pickle.loads(pickle.dumps(error))
    assert len(copy.problems) == 58
    assert str(copy) == str(error)
    assert str(error).splitlines()[-1] == "tasks.csv: 38 more in rows 22 to 59"

"""Places and names: what a message points to."""

import pytest

from acctlib.tables.dictionary import TABLES
from acctlib.tables.raw import Rows, header_at, letters, nearest


@pytest.mark.parametrize(("position", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (53, "BA"), (703, "AAA")])
def test_columns_are_named_as_in_a_spreadsheet(position, name):
    assert letters(position) == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("time_entrys", "time_entries"),
        ("Time Entries", "time_entries"),
        ("TIME-ENTRIES", "time_entries"),
        ("risk", "risks"),
        ("stakeholder", "stakeholders"),
        ("budget", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_found_or_none(word, name):
    assert nearest(word, TABLES) == name


def test_the_header_is_the_row_with_most_names_and_the_first_unless_two_say_otherwise():
    surveys = TABLES["surveys"]
    assert header_at([["Date", "Kind", "x"], ["2026-07-01", "nps", "date"]], surveys) == (2, 0)
    assert header_at([["Survey"], [], ["date", "kind", "score"]], surveys) == (3, 2)
    assert header_at([["Datum", "Art"], ["2026-07-01", "kind"]], surveys) == (1, 0)
    assert header_at([], surveys) == (0, 0)


def test_rows_beyond_a_chunk_keep_their_order_and_place():
    rows = Rows(2)
    for row in range(45_000):
        rows.add([str(row), "x"], row + 2, row + 2)
    rows.add(["torn"], 50_000, 50_000, torn=True)
    table = rows.table("tasks.csv", ["project", "task"])
    assert len(table) == 45_001
    assert table.columns[0][40_000].as_py() == "40000"
    assert table.place(40_000, 1) == {"row": 40_002, "cell": "B40002"}
    assert table.torn == {45_000}
    assert table.columns[1][45_000].as_py() == ""

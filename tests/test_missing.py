"""Not defined is a value that travels, not an error."""

import pandas as pd

from acctlib.missing import Missing, requires


@requires(projects="project fee cap?")
def capped_fee(projects, factor=1.0):
    return float((projects["fee"].where(projects["cap"].isna(), projects["cap"]) * factor).sum())


def test_a_missing_table_is_passed_on_untouched():
    absent = Missing("no file", "add projects.csv")
    assert capped_fee(absent) is absent


def test_every_absent_column_is_named():
    answer = capped_fee(pd.DataFrame({"cap": [1.0]}))
    assert answer == Missing("projects has no columns project, fee", "add the columns project, fee to projects")


def test_an_optional_column_is_filled_with_blanks_and_the_callers_table_left_alone():
    table = pd.DataFrame({"project": ["a"], "fee": [10.0]})
    assert capped_fee(table, factor=2) == 20.0
    assert list(table.columns) == ["project", "fee"]


def test_missing_is_false_and_says_why():
    assert not Missing("no hours")
    assert str(Missing("no hours")) == "not defined: no hours"

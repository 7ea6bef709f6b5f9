"""Who reports to whom: a tree, or a sentence, and never a loop."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.reporting_lines import reporting_lines
from acctlib.missing import Missing
from acctlib.tables.checks import read_checked
from acctlib.tables.reporting import circles

DAY = date(2026, 9, 30)


def lines(**superiors):
    frame = pd.DataFrame({"name": list(superiors), "reports_to": list(superiors.values())}, dtype="str")
    return reporting_lines(frame, DAY)


def drawn(table):
    return list(zip(table["name"], table["depth"], table["below"], strict=True))


def test_a_tree_is_drawn_from_the_top():
    table = lines(Cat="Ben", Ama=None, Ben="Ama", Dan="Ama", Eve=None)
    assert drawn(table) == [("Ama", 0, 3), ("Ben", 1, 1), ("Cat", 2, 0), ("Dan", 1, 0), ("Eve", 0, 0)]
    assert table["note"].isna().all()


def test_the_more_influential_branch_comes_first():
    frame = pd.DataFrame({"name": ["Ama", "Ben", "Cat"], "reports_to": [None, "Ama", "Ama"], "influence": [3, 1, 5]})
    assert reporting_lines(frame, DAY)["name"].tolist() == ["Ama", "Cat", "Ben"]


def test_who_reports_to_himself_stands_on_top_with_a_sentence():
    table = lines(Ama="Ama", Ben="Ama")
    assert drawn(table) == [("Ama", 0, 1), ("Ben", 1, 0)]
    assert table["note"].tolist()[0] == "Ama is entered as reporting to Ama."


def test_who_reports_in_a_circle_stands_on_top_with_a_sentence_that_names_all():
    table = lines(Cat="Ama", Ama="Ben", Ben="Cat", Dan="Ben").set_index("name")
    assert table["depth"].to_dict() == {"Ama": 0, "Ben": 0, "Cat": 0, "Dan": 1}
    assert set(table["note"].dropna()) == {"Ama reports to Ben, who reports to Cat, who reports to Ama: a circle."}
    assert pd.isna(table.at["Dan", "note"])


def test_who_reports_to_somebody_unknown_or_gone_stands_on_top_with_a_sentence():
    frame = pd.DataFrame(
        {
            "name": ["Ama", "Ben", "Cat"],
            "reports_to": ["Zed", "Cat", None],
            "left_on": pd.to_datetime([None, None, "2026-09-10"]),
        }
    )
    assert reporting_lines(frame, DAY)[["name", "depth", "note"]].values.tolist() == [
        ["Ama", 0, "Ama reports to Zed, who is not among the stakeholders."],
        ["Ben", 0, "Ben reports to Cat, who left on 2026-09-10."],
    ]


def test_a_line_of_three_thousand_is_drawn():
    names = [f"p{i:04}" for i in range(3000)]
    table = lines(**dict(zip(names, [None, *names[:-1]], strict=True)))
    assert drawn(table)[-1] == ("p2999", 2999, 0)
    assert drawn(table)[0] == ("p0000", 0, 2999)


NAMES = "abcdefgh"


@settings(deadline=None, max_examples=80)
@given(st.dictionaries(st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES + "z"), min_size=1))
def test_everybody_is_drawn_once_and_only_cut_lines_have_a_sentence(superiors):
    table = lines(**superiors).set_index("name")
    assert sorted(table.index) == sorted(superiors)
    for name, row in table.iterrows():
        on_top, said = superiors[name] is None, not pd.isna(row["note"])
        assert (row["depth"] == 0) == (on_top or said)
        assert not (on_top and said)
        if row["depth"]:
            assert row["depth"] == table.at[superiors[name], "depth"] + 1
    assert table.loc[table["depth"] == 0, "below"].sum() + (table["depth"] == 0).sum() == len(table)


@settings(deadline=None, max_examples=80)
@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES + "z")))
def test_circles_are_those_who_come_back_to_themselves(superiors):
    def comes_back(name):
        at = superiors.get(name)
        for _ in superiors:
            if at == name:
                return True
            at = superiors.get(at)
        return False

    assert sorted(name for circle in circles(superiors) for name in circle) == sorted(filter(comes_back, superiors))


PROJECTS = "project,name,billing_type,start,end\nsite,Web site,fixed_fee,2026-01-01,2026-06-30\n"


def warnings(tmp_path, stakeholders):
    (tmp_path / "projects.csv").write_text(PROJECTS)
    (tmp_path / "stakeholders.csv").write_text(stakeholders)
    return [str(warning) for warning in read_checked(tmp_path, None).warnings]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("Ama,\nBen,Ama\n", []),
        ("Ama,Zed\n", []),
        (
            "Ama,Ama\n",
            ["stakeholders.csv:2: warning: column 'reports_to' (cell B2): got 'Ama' ('Ama' reports to 'Ama': nobody "
             "is on top); leave reports_to blank for the one on top"],
        ),
        (
            "Cat,\nBen,Ama\nAma,Ben\n",
            ["stakeholders.csv:3: warning: column 'reports_to' (cell B3): got 'Ama' ('Ama' reports to 'Ben' reports to 'Ama' "
             "(rows 3, 4): nobody is on top); leave reports_to blank for the one on top"],
        ),
    ],
)  # fmt: skip
def test_a_circle_is_a_warning_with_its_rows(tmp_path, rows, said):
    assert warnings(tmp_path, "name,reports_to\n" + rows) == said


def test_states_of_different_days_make_no_circle(tmp_path):
    head = "name,reports_to,as_of\n"
    assert warnings(tmp_path, head + "Ama,Ben,2026-01-01\nBen,,2026-01-01\nAma,,2026-06-01\nBen,Ama,2026-06-01\n") == []
    # from 1 June to 1 July each was the other's superior
    slipped = warnings(tmp_path, head + "Ama,Ben,2026-01-01\nBen,Ama,2026-06-01\nAma,,2026-07-01\n")
    assert len(slipped) == 1
    assert "(rows 2, 3)" in slipped[0]
    # the newer row of one closes it, whatever the order of rows
    closed = warnings(tmp_path, head + "Ama,Ben,2026-06-01\nAma,,2026-01-01\nBen,Ama,2026-01-01\n")
    assert len(closed) == 1
    assert "(rows 2, 4)" in closed[0]


def test_no_table_no_lines():
    gone = Missing("there is no file")
    assert reporting_lines(gone, DAY) == gone
    assert reporting_lines(pd.DataFrame({"name": ["Ama"]}), DAY).reason == "stakeholders has no column reports_to"

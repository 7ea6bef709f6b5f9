"""Risk registers: a rating is no money, a risk keeps its number, and nothing imported is shown to a client."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importing_workbook import GOLDEN, data_of, imported, rows, write

from acctlib.account import Account
from acctlib.imports.conventions import Conventions
from acctlib.imports.formats import formats_of
from acctlib.imports.readings import About, Asked, Row
from acctlib.imports.risk_registers import money_in, read
from acctlib.missing import Missing
from acctlib.outlook.risk_register import risk_events
from acctlib.tables.checks import read_checked

HEADER = "Risk ID,Description,Probability,Impact,Owner,Status\n"


@pytest.fixture
def data(tmp_path):
    return data_of(tmp_path)


def risks(data) -> dict[str, dict[str, str]]:
    return {row["risk"]: row for row in rows(data, "risks")}


def test_a_rating_is_never_money_or_a_chance(data):
    register = pd.read_csv(GOLDEN / "risks-english.csv", skiprows=3, skip_blank_lines=False)
    naive = (
        pd.to_numeric(register["Probability"], errors="coerce") / 5 * pd.to_numeric(register["Score"], errors="coerce")
    ).sum()
    assert naive > 30  # an "expected cost" that a reader gets who takes 4 of 5 for 80 % and the score for money
    imported(data, "risks-english.csv")
    for row in rows(data, "risks"):
        assert {row.get(name, "") for name in ("probability", "low", "likely", "high")} == {""}
    found = risk_events(Account.read("aurora", "2026-Q3", data=data).risks)
    assert isinstance(found, Missing)


def test_an_english_register_becomes_these_risks(data):
    right, said = imported(data, "risks-english.csv")
    assert not right
    columns = [
        "risk",
        "project",
        "description",
        "category",
        "response",
        "owner",
        "status",
        "review_on",
        "as_of",
        "rating",
        "imported_from",
    ]
    assert [[row[column] for column in columns] for row in rows(data, "risks")] == [
        ["R-1", "site", "If the supplier leaves, the link is built twice", "Supplier", "Second supplier", "Ana", "open",
         "2026-07-13", "2026-06-30", "probability 4 of 5, impact High, score 12, priority P1", "risks"],
        ["R-2", "", "If rules stay open, the form is reworked", "Client", "Weekly session", "Ben", "open", "2026-07-20",
         "2026-06-30", "probability 5 of 5, impact Very high, score 25, priority P1", "risks"],
        ["R-3", "site", "Key people leave", "Team", "", "Ana", "closed", "",
         "2026-06-30", "probability 1 of 5, impact Low, score 1, priority P3", "risks"],
    ]  # fmt: skip
    for why in (
        "row 8: it has no number (Risk ID); give it one in the register",
        "row 9: 'R-1' stands in row 5 already, with other words",
        "row 10: status 'Parked' is not known; write into data/firm/imports.yaml: risks: {values: {status: {Parked: open}}}",
        "risks that have no money or no chance in per cent yet, and stand in no curve: 2",
        'risks: {values: {probability: {"4": "60"}, impact: {"High": "8000/15000/30000"}}}',
    ):
        assert why in said
    assert (
        "10 rows read = 3 in accounts + 3 waiting + 1 aside (a number without a risk) + 3 aside (beside or below the register)"
        in said
    )
    read_checked(data / "aurora", data / "firm")


def test_a_german_register_in_money_and_per_cent(data):
    (data / "aurora/account.yaml").write_text("name: Aurora Foods\ncurrency: EUR\n")
    right, said = imported(data, "risks-german.csv")
    assert right, said
    found = {
        name: [row[c] for c in ("probability", "low", "likely", "high", "status", "rating")]
        for name, row in risks(data).items()
    }
    assert found == {
        "R1": ["30", "", "8000.5", "", "open", "score 12"],
        "R2": ["12.5", "5000", "", "20000", "occurred", "score 6"],
        "R3": ["", "", "", "", "closed", "probability sehr hoch, cost hoch, score 20"],
    }
    assert "risks with one cost, where a curve needs low, likely and high: 1" in said


def test_money_in_another_currency_than_the_accounts_waits(data):
    right, said = imported(data, "risks-german.csv")  # euros, and the account is kept in pounds
    assert not right
    assert "its money is in EUR, and aurora is kept in GBP; convert it there" in said
    assert list(risks(data)) == ["R3"]


def test_a_fraction_may_be_a_step_of_a_scale_and_costs_of_1_to_5_are_ratings(data):
    right, said = imported(data, "risks-scale.csv")
    assert right
    found = risks(data)
    assert [found["Late content"].get(name, "") for name in ("probability", "likely")] == ["", ""]
    assert found["Late content"]["rating"] == "probability 0.3, cost 3"
    assert 'values: {probability: {"0.1": "60"}}' in said
    assert "the register has no numbers: its risks are known by title" in said


def test_a_firm_says_what_its_scale_means(data):
    (data / "firm/imports.yaml").write_text(
        'risks:\n  values:\n    probability: {"4": "60", "5": 85}\n'
        '    impact: {High: 8000/15000/30000, "very high": 20000/40000/90000}\n    status: {parked: open}\n'
    )
    _, said = imported(data, "risks-english.csv")
    found = risks(data)
    assert [found["R-1"][name] for name in ("probability", "low", "likely", "high")] == ["60", "8000", "15000", "30000"]
    assert found["R-1"]["rating"] == "score 12, priority P1"
    assert [found["R-2"][name] for name in ("probability", "low", "likely", "high")] == ["85", "20000", "40000", "90000"]
    assert found["R-4"]["status"] == "open"
    events = risk_events(Account.read("aurora", "2026-Q3", data=data).risks)
    # 60 % of (8,000 + 15,000 + 30,000) / 3, the mean of a triangle
    assert events[0].mean == pytest.approx(0.6 * 53_000 / 3)
    assert "stand in no curve: 1" in said


def test_a_scale_said_in_english_serves_a_register_in_german(data, tmp_path):
    (data / "firm/imports.yaml").write_text('risks:\n  values:\n    probability: {high: "60"}\n    impact: {high: "5000"}\n')
    text = "Risiko-ID;Beschreibung;Eintrittswahrscheinlichkeit;Auswirkung\nR1;Ausfall;4 - Hoch;hoch (4)\n"
    imported(data, write(tmp_path, "register.csv", text))
    assert [risks(data)["R1"][name] for name in ("probability", "likely")] == ["60", "5000"]


def test_a_scale_that_means_no_money_is_refused_row_by_row(data):
    (data / "firm/imports.yaml").write_text('risks:\n  values:\n    probability: {"4": much}\n    impact: {High: a lot}\n')
    _, said = imported(data, "risks-english.csv")
    assert "values of probability in imports.yaml must be per cent such as 60, got 'much'" in said
    assert "values of impact in imports.yaml must be money as 8000/15000/30000, got 'a lot'" in said


def test_a_misspelt_field_of_a_scale_is_refused(data):
    (data / "firm/imports.yaml").write_text('risks:\n  values:\n    probabilty: {"4": "60"}\n')
    with pytest.raises(
        ValueError, match=r"imports\.yaml:2: risks\.values\.probabilty must be a field.*did you mean probability\?"
    ):
        imported(data, "risks-english.csv")


def test_a_list_of_issues_is_no_register(data, tmp_path):
    with pytest.raises(ValueError, match=r"no row among its first 40 holds|can't be read without"):
        imported(data, write(tmp_path, "issues.csv", "Title,Status,Priority,Assigned To\nBroken link,Open,High,Ana\n"))


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("£8,000", ".", (None, 8000, None)),
        ("8.000,50 €", ",", (None, 8000.5, None)),
        ("5k - 10k", ".", (5000, None, 10000)),
        ("£5,000 – £10,000", ".", (5000, None, 10000)),
        ("1.5m", ".", (None, 1_500_000, None)),
        ("8000/15000/30000", ".", (8000, 15000, 30000)),
        ("GBP 900", ".", (None, 900, None)),
        ("30000/8000", ".", None),
        ("-500", ".", None),
        ("High", ".", None),
        ("", ".", None),
    ],
)
def test_money_by_its_words(text, decimal, expected):
    assert money_in(text, Conventions(decimal=decimal)) == expected


def register(tmp_path, *lines: str):
    return write(tmp_path, "register.csv", HEADER + "".join(f"{line}\n" for line in lines))


def test_a_changed_risk_gets_a_row_of_its_own_on_another_day_and_none_on_the_same(data, tmp_path):
    first = dt.date(2026, 6, 30)
    imported(data, register(tmp_path, "R1,Late content,4,High,Ana,Open", "R2,Fire,1,Low,Ben,Open"), as_of=first)
    _, said = imported(
        data, register(tmp_path, "R1,Late content,5,High,Ana,Open", "R2,Fire,1,Low,Ben,Open"), as_of=dt.date(2026, 7, 31)
    )
    assert "R1: rating probability 4, impact High -> probability 5 of 5, impact High" in said
    state = [(row["risk"], row["as_of"], row["rating"]) for row in rows(data, "risks")]
    assert state == [
        ("R1", "2026-06-30", "probability 4, impact High"),
        ("R2", "2026-06-30", "probability 1, impact Low"),
        ("R1", "2026-07-31", "probability 5 of 5, impact High"),
        ("R2", "2026-07-31", "probability 1 of 5, impact Low"),
    ]
    third = register(tmp_path, "R1,Late content,5,Low,Ana,Open", "R2,Fire,1,Low,Ben,Open")
    imported(data, third, as_of=dt.date(2026, 7, 31))
    state[2] = ("R1", "2026-07-31", "probability 5 of 5, impact Low")
    assert [(row["risk"], row["as_of"], row["rating"]) for row in rows(data, "risks")] == state
    _, said = imported(data, third, as_of=dt.date(2026, 8, 31))
    assert "Nothing had to be changed." in said
    then = Account.read("aurora", "2026-Q3", as_of="2026-07-15", data=data).risks
    assert then["rating"].tolist() == ["probability 4, impact High", "probability 1, impact Low"]


def test_chance_and_money_that_somebody_entered_here_stay(data, tmp_path):
    day = dt.date(2026, 6, 30)
    text = "Risk ID,Description,Probability,Impact,Cost\nR1,Late content,4,High,tbd\n"
    imported(data, write(tmp_path, "register.csv", text), as_of=day)
    table = pd.read_csv(data / "aurora/risks.csv", dtype=str).assign(probability="60", low="8000", likely="15000", high="30000")
    table.to_csv(data / "aurora/risks.csv", index=False)
    imported(data, write(tmp_path, "register.csv", text.replace(",4,", ",5,")), as_of=dt.date(2026, 7, 31))
    assert [row[name] for row in rows(data, "risks")[1:] for name in ("probability", "low", "high")] == ["60", "8000", "30000"]


def test_an_older_register_that_comes_late_speaks_of_its_own_day(data, tmp_path):
    imported(data, register(tmp_path, "R1,Late content,4,High,Ana,Open"), as_of=dt.date(2026, 7, 31))
    imported(data, register(tmp_path, "R1,Late content,2,Low,Ana,Open"), as_of=dt.date(2026, 6, 30))
    assert Account.read("aurora", "2026-Q3", data=data).risks["rating"].tolist() == ["probability 4, impact High"]


def test_nothing_imported_is_shown_to_a_client(data, tmp_path):
    imported(data, "risks-english.csv")
    assert "client_visible" not in rows(data, "risks")[0]
    assert isinstance(Account.read("aurora", "2026-Q3", audience="client", data=data).risks, Missing)


def test_a_risk_that_the_client_reads_is_taken_from_him_when_an_import_changes_its_words(data, tmp_path):
    (data / "aurora/risks.csv").write_text(
        "risk,description,owner,status,client_visible,as_of\n"
        "R1,Late content,Ana,open,yes,2026-06-30\nR2,Fire,Ben,open,yes,2026-06-30\n"
    )
    for day in (dt.date(2026, 6, 30), dt.date(2026, 7, 31)):  # in its own row, and in a new one
        words = f"The client's own fault {day}"
        lines = (f"R1,{words},4,High,Ana,Open", "R2,Fire,1,Low,Ben,Open")
        _, said = imported(data, register(tmp_path, *lines), as_of=day)
        shown = Account.read("aurora", "2026-Q3", audience="client", data=data).risks
        assert shown["risk"].tolist() == ["R2"]  # its rating is ours and new, its words are as they were
        assert "rating" not in shown.columns
        assert ("aurora: 1 of risks say something else than the client could read (R1)" in said) == (day.month == 6)


def test_title_rows_a_matrix_and_other_sheets_of_a_workbook(data, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Register"
    sheet.append(["Risk register of New site"])
    sheet.merge_cells("A1:F1")
    sheet.append([None] * 6 + ["Matrix", "Low", "High"])
    sheet.append(["Risk ID", "Description", "Probability", "Impact", "Status", "Review Date"])
    sheet.append(["R1", "Late content", 0.3, 12000, "Open", dt.datetime(2026, 7, 13), "Likely", 1, 2])
    sheet["C4"].number_format = "0%"
    sheet["D4"].number_format = '"£"#,##0'
    scales = book.create_sheet("Scales")
    scales.append(["Level", "Probability", "Meaning"])
    scales.append([1, "Rare", "under 10 %"])
    other = book.create_sheet("Register 2")
    other.append(["Risk ID", "Description", "Probability", "Impact", "Status"])
    other.append(["R9", "Another", 1, 1, "Open"])
    book.save(tmp_path / "register.xlsx")
    right, said = imported(data, tmp_path / "register.xlsx")
    assert right
    (row,) = rows(data, "risks")
    assert [row[name] for name in ("risk", "probability", "status", "review_on", "rating")] == [
        "R1", "30", "open", "2026-07-13", "impact 12000",
    ]  # fmt: skip
    assert "register.xlsx, sheet Register 2 looks like a table of this tool too, and was not read" in said


def test_hostile_cells_stay_in_their_cells(data, tmp_path):
    words = '"=HYPERLINK(""x"")\x07 ' + "long " * 200_000 + '🗓"'
    right, said = imported(data, register(tmp_path, f"R1,{words},4,High,Ana,Open", "R2,Fire,1,Low,Ben,Open"))
    assert right, said
    description = risks(data)["R1"]["description"]
    assert description.startswith('=HYPERLINK("x")  long')
    assert len(description) == 10_002
    read_checked(data / "aurora", data / "firm")


def test_a_register_of_several_clients_goes_to_each(data, tmp_path):
    text = "Client,Project,Risk ID,Description,Impact\nAurora Foods,New site,R1,One,High\n"
    text += "Borealis Bank,New site,R1,Two,Low\nAurra,,R2,Three,Low\n"
    right, said = imported(data, write(tmp_path, "register.csv", text), account="")
    assert not right
    assert [row["description"] for row in rows(data, "risks")] == ["One"]
    assert [row["description"] for row in rows(data, "risks", "borealis")] == ["Two"]
    assert "client 'Aurra': 1 row" in said


_CELLS = {
    "risk": ["", "R1", "R2", "Total", "Legend", "\x00"],
    "title": ["", "Fire", "Scale:"],
    "description": ["", "If … then …", "Total"],
    "probability": ["", "1", "4", "30 %", "0.3", "High", "120%", "4 - Likely", "≥ 5", "(1)"],
    "impact": ["", "5", "High", "£8,000", "hoch (4)", "-3"],
    "cost": ["", "3", "12000", "5k - 10k", "$1m", "tbd", "9" * 40],
    "low": ["", "5", "100"],
    "status": ["", "Open", "geschlossen", "?"],
    "review_on": ["", "2026-07-01", "soon"],
    "score": ["", "12"],
}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in _CELLS.items()}), max_size=6),
    st.sets(st.sampled_from([name for name in _CELLS if name != "description"])),
)
def test_every_row_of_any_register_has_one_fate_and_no_number_becomes_a_chance_by_itself(cells, absent):
    register = [Row(n, n + 2, {name: cell for name, cell in row.items() if name not in absent}) for n, row in enumerate(cells)]
    tool = formats_of(Path("nowhere"))["risks"]
    reading = read(register, tool, Conventions(decimal="."), About((), "r.csv", Asked(), {"cost": "Cost", "low": "Low Cost"}))
    fates = [*(at for found in reading.found for at in found.at), *reading.waiting, *reading.set_aside]
    assert sorted(fates) == list(range(len(register)))
    for found in reading.found:
        row = register[found.at[0]]
        assert ("%" in row["probability"]) == bool(found.cells.get("probability"))
        assert "client_visible" not in found.cells
        if row["impact"] in ("5", "High", "hoch (4)", "-3"):
            assert f"impact {row['impact']}" in found.cells["rating"]

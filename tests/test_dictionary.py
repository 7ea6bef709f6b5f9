"""The schema agrees with itself: what it names is there, and what must be secret is."""

import pandas as pd
import pytest

from acctlib.tables.dictionary import CLIENT, HOURS, HOURS_AND_RATES, INTERNAL, KINDS, TABLES, markdown

COLUMNS = [(table, column) for table in TABLES.values() for column in table.columns]
NAMED = [pytest.param(table, column, id=f"{table.name}.{column.name}") for table, column in COLUMNS]


def test_the_tables_are_those_of_the_workbook():
    expected = (
        "projects tasks progress time_entries expenses rate_card people bookings invoices contracts opportunities white_space "
        "objectives stakeholders deliverables change_requests risks issues surveys actions history exchange_rates"
    )
    assert list(TABLES) == expected.split()
    firm = [name for name, table in TABLES.items() if table.firm]
    assert firm == ["rate_card", "people", "bookings", "opportunities", "history", "exchange_rates"]


@pytest.mark.parametrize(("table", "column"), NAMED)
def test_a_column_is_complete(table, column):
    assert column.kind in KINDS
    assert column.sees in (CLIENT, HOURS, HOURS_AND_RATES, INTERNAL)
    assert column.meaning
    assert bool(column.choices) == (column.kind == "choice")
    assert column.low is None or column.high is None or column.low < column.high
    assert table.names.count(column.name) == 1


@pytest.mark.parametrize(("table", "column"), [p for p in NAMED if p.values[1].refers])
def test_a_reference_leads_to_columns_that_exist_here_and_there(table, column):
    target, _, path = column.refers.partition(".")
    *parents, field = path.split("+")
    assert {*parents, field} <= {*TABLES[target].names}
    assert {*parents} <= {*table.names}
    assert TABLES[target].firm == table.firm, "each folder is judged by itself"


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_a_table_says_of_its_columns_holds(table):
    named = [*table.key, *(name for ordered in table.ordered for name in ordered)]
    named += [name for date, status, _ in table.settles for name in (date, status) if name]
    named += [table.known_on] if table.known_on else []
    assert {*named} <= {*table.names}
    for ordered in table.ordered:
        assert len({table.column(name).kind for name in ordered}) == 1
    for date, status, before in table.settles:
        assert table.column(date).kind == "date"
        assert before is None or before in table.column(status).choices
    if table.begins:
        date, status, before = table.begins
        assert table.column(date).kind == "date"
        assert before in table.column(status).choices
    assert not table.of_state or "as_of" in table.key


# What a client must never see, by name, whatever table it stands in.
SECRET = "cost_rate budget_cost contingency note person sentiment renewal_call probability residual_probability response"


@pytest.mark.parametrize("name", SECRET.split())
def test_what_never_leaves_the_agency_is_internal(name):
    found = [table.sees == INTERNAL or column.sees == INTERNAL for table, column in COLUMNS if column.name == name]
    assert found
    assert all(found)


def test_hours_and_rates_are_open_book_only():
    sees = {f"{table.name}.{column.name}": column.sees for table, column in COLUMNS}
    for name in ("projects.budget_hours", "tasks.likely_hours", "progress.remaining_hours", "change_requests.hours"):
        assert sees[name] == HOURS, name
    assert sees["rate_card.bill_rate"] == HOURS_AND_RATES


def test_a_row_rule_hides_rows_whose_flag_is_blank():
    table = pd.DataFrame({"client_visible": pd.array([True, False, None], dtype="boolean")})
    assert list(TABLES["risks"].client_rows.test(table)) == [True, False, False]


def test_a_wrong_column_name_is_answered_with_the_right_ones():
    with pytest.raises(KeyError, match="progress has no column percent; it has project, task, as_of, percent_complete"):
        TABLES["progress"].column("percent")


def test_the_readme_section_has_a_row_for_each_column():
    text = markdown()
    assert text.count("\n#### ") + text.startswith("#### ") == len(TABLES)
    assert sum(line.startswith("| ") and "column (* required)" not in line for line in text.splitlines()) == len(COLUMNS)
    assert "| hours* | hours worked that day | hours as 7.5, from 0 to 24 | client |" in text
    assert (
        "| cost | what it cost us | an amount as 1234.50, no currency sign, no thousands separator, at least 0 | internal |"
        in text
    )

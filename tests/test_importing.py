"""One import of things with a number: every row has one fate, two currencies have no sum, and nothing is lost or doubled."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path

import pytest
from thing_imports import GOLDEN, data_of, deals_of, imported, invoices_of, said

from acctlib.imports.command import run_import, undo_import
from acctlib.imports.readings import Asked
from acctlib.tables.problems import TableErrors

_HEADER = "Record ID,Deal Name,Deal Stage,Amount,Currency,Company Name"
_ASKED = asdict(Asked(as_of=dt.date(2026, 11, 24)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_of(tmp_path)


def _deals(data: Path, *rows: str, name: str = "deals.csv", header: str = _HEADER, **asked):
    return imported(data, Path(name), "\n".join([header, *rows]) + "\n", **asked)


def _run(data: Path, *files: Path, dry_run: bool = False, **asked) -> tuple[bool, str]:
    lines: list[str] = []
    right = run_import(data, "auto", files, dry_run, lines.append, **{**_ASKED, **asked})
    return right, "\n".join(lines)


def test_two_currencies_stand_side_by_side_in_all_that_is_said(data: Path) -> None:
    rows = [
        "1,A,Offer,100,EUR,Harbour Foods",
        "2,B,Offer,200,GBP,Harbour Foods",
        "3,C,Offer,5,USD,Nobody",
        "4,D,Offer,6,EUR,Nobody",
    ]
    outcome = _deals(data, *rows)
    printed = said(outcome, data)
    assert "100.00 EUR and 200.00 GBP  2 new" in printed
    assert "client 'Nobody': 2 rows, 6.00 EUR and 5.00 USD" in printed
    assert "300" not in printed


def test_credits_that_outweigh_invoices_are_not_dropped_from_the_sum(data: Path) -> None:
    header = "Date,Transaction Type,Num,Customer,Amount,Open Balance,Currency"
    rows = ["2026-01-15,Credit Memo,1,SHP,-70,0,USD", "2026-01-15,Invoice,2,Harbour Foods,50,0,USD"]
    assert "-20.00 USD in accounts" in said(_deals(data, *rows, header=header), data)


def test_an_unknown_client_is_listed_once_with_the_nearest_account_and_the_line_to_add(data: Path) -> None:
    outcome = _deals(data, "1,A,Offer,100,EUR,Kestrel Mutuals", "2,B,Offer,200,EUR,Kestrel Mutuals")
    line = "client 'Kestrel Mutuals': 2 rows, 300.00 EUR; nearest: kestrel-mutual"
    printed = said(outcome, data)
    assert printed.count(line) == 1
    assert "add 'Kestrel Mutuals' to aliases in data/kestrel-mutual/account.yaml" in printed
    alias = data / "kestrel-mutual" / "account.yaml"
    alias.write_text(alias.read_text(encoding="utf-8").replace("Assurance", "s"), encoding="utf-8")
    alias.write_text(alias.read_text(encoding="utf-8").replace("Mutual s", "Mutuals"), encoding="utf-8")
    outcome = _deals(data, "1,A,Offer,100,EUR,Kestrel Mutuals", "2,B,Offer,200,EUR,Kestrel Mutuals")
    assert outcome.kept == 2
    assert not list((data / "firm" / "imports" / "waiting").glob("*"))


def test_a_file_said_to_be_of_one_account_may_name_it_otherwise(data: Path) -> None:
    outcome = _deals(data, "1,A,Offer,100,EUR,HF Group", "2,B,Offer,200,EUR,HF Group", account="harbour-foods")
    assert outcome.accounts["harbour-foods"][0] == 2


def test_rows_of_others_in_a_file_of_one_account_wait(data: Path) -> None:
    rows = [
        "1,A,Offer,100,EUR,Harbour Foods",
        "2,B,Offer,200,EUR,Kestrel Mutual",
        "3,C,Offer,300,EUR,HF Group",
        "4,D,Offer,400,EUR,",
    ]
    outcome = _deals(data, *rows, account="harbour-foods")
    assert outcome.accounts["harbour-foods"][1] == {"EUR": 500.0}  # its own, and the one that names nobody
    assert {line: why for line, why, _ in outcome.waiting} == {
        3: "it is of kestrel-mutual, not of harbour-foods",
        4: "'HF Group' is not known to be harbour-foods",
    }
    assert [client for client, _ in outcome.unmet] == ["HF Group"]  # Kestrel Mutual is known; it needs no alias


def test_an_export_without_clients_needs_the_account(data: Path) -> None:
    header = "Record ID,Deal Name,Deal Stage,Amount"
    outcome = _deals(data, "1,A,Offer,100", header=header)
    assert "add --account ACCOUNT if all rows are of one" in said(outcome, data)
    assert _deals(data, "1,A,Offer,100", header=header, account="harbour-foods").accounts["harbour-foods"][1] == {"GBP": 100.0}


def test_several_files_are_one_change_and_one_undo(data: Path) -> None:
    right, printed = _run(data, GOLDEN / "pipedrive-en.csv", GOLDEN / "quickbooks-fr.csv", GOLDEN / "pipedrive-fr.csv")
    assert right
    assert len(deals_of(data)) == 5
    assert len(invoices_of(data, "kestrel-mutual")) == 1
    assert "pipedrive-fr.csv: pipedrive (12 of 12 column names are its own, among them 'Affaire - Titre'" in printed
    undo_import(data, lambda line: None)
    assert not (data / "firm" / "opportunities.csv").exists()
    assert not (data / "kestrel-mutual" / "invoices.csv").exists()


def test_a_dry_run_says_the_same_and_changes_nothing(data: Path) -> None:
    before = sorted(path for path in data.rglob("*") if "imports" not in path.parts)
    _, dry = _run(data, GOLDEN / "pipedrive-en.csv", dry_run=True)
    assert sorted(path for path in data.rglob("*") if "imports" not in path.parts) == before
    _, wet = _run(data, GOLDEN / "pipedrive-en.csv")
    assert dry.splitlines()[:-1] == wet.splitlines()[:-1]


def test_an_error_in_the_second_file_leaves_the_first_undone(data: Path) -> None:
    bad = data.parent / "bad.csv"
    bad.write_text(f"{_HEADER},Create Date\n1,A,Offer,100,EUR,Harbour Foods,03/04/2026\n", encoding="utf-8")
    with pytest.raises(TableErrors, match=r"bad\.csv:2: column 'Create Date'.*3 April 2026 or 4 March 2026"):
        _run(data, GOLDEN / "pipedrive-en.csv", bad)
    assert not (data / "firm" / "opportunities.csv").exists()
    assert _run(data, bad, dates="day-first")[0]
    assert deals_of(data).loc["A (1)", "created"] == "2026-04-03"


def test_an_amount_that_may_be_a_thousand_or_one_is_refused(data: Path) -> None:
    with pytest.raises(TableErrors, match=r"may be 1250 or 1\.250"):
        _deals(data, '1,A,Offer,"1,250",EUR,Harbour Foods')
    assert _deals(data, '1,A,Offer,"1,250",EUR,Harbour Foods', decimal="point").accounts["harbour-foods"][1] == {"EUR": 1250.0}


def test_a_file_may_hold_more_accounts_of_one_table_than_it_changes(data: Path) -> None:
    _deals(data, "1,A,Offer,100,EUR,Harbour Foods", "2,B,Offer,200,EUR,Kestrel Mutual")
    outcome = _deals(data, "1,A,Offer,100,EUR,Harbour Foods", "2,B,Offer,250,EUR,Kestrel Mutual")
    assert outcome.accounts["harbour-foods"][2].changed == []
    assert outcome.accounts["kestrel-mutual"][2].changed == [("kestrel-mutual B (2)", "amount", "200", "250")]
    assert deals_of(data)["account"].tolist() == ["harbour-foods", "kestrel-mutual"]


def test_the_same_number_in_two_accounts_is_two_deals(data: Path) -> None:
    outcome = _deals(data, "1,A,Offer,100,EUR,Harbour Foods")
    assert outcome.accounts["harbour-foods"][2].new == 1
    outcome = _deals(data, "1,A,Offer,100,EUR,Kestrel Mutual")
    assert outcome.accounts["kestrel-mutual"][2].new == 1


def test_waiting_rows_are_kept_as_they_were_with_their_lines_and_reasons(data: Path) -> None:
    outcome = _deals(data, '7,"A, ""b""\nc",Offer,,EUR,Harbour Foods', "8,B,Offer,5,EUR,Harbour Foods")
    text = outcome.waiting_file.read_text(encoding="utf-8")
    assert text.startswith("file,line,why it waits,Record ID,Deal Name")
    assert '"A, ""b""\nc"' in text


_TOOLS = ("hubspot", "pipedrive", "salesforce", "xero", "quickbooks")


@pytest.mark.parametrize("file", sorted(path.name for tool in _TOOLS for path in GOLDEN.glob(f"{tool}-*.csv")))
def test_each_golden_export_is_recognised_among_all_formats(data: Path, file: str) -> None:
    outcome = imported(data, file)
    assert outcome.tool == file.split("-")[0]
    assert "column names are its own" in outcome.reason

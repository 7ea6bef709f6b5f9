"""Invoices of two ledgers: a document once, however many lines repeat it, net where the tax is known, in its own currency."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thing_imports import GOLDEN, data_of, imported, invoices_of, said

from acctlib.imports.conventions import Conventions
from acctlib.imports.formats import formats_of
from acctlib.imports.invoices import meet, read
from acctlib.imports.readings import About, Asked, Found, Row
from acctlib.tables.dictionary import TABLES
from acctlib.tables.problems import TableErrors
from acctlib.tables.read import read_table
from acctlib.tables.typed import typed_table

_XERO = (
    "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,LineAmount,TaxAmount,"
    "Currency,Type,Status"
)
_QB = "Date,Transaction Type,Num,Customer,Due Date,Amount,Open Balance,Currency"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_of(tmp_path)


def _made(data: Path, header: str, *rows: str, name: str = "ledger.csv", **asked):
    return imported(data, Path(name), "\n".join([header, *rows]) + "\n", **asked)


# Xero


def test_xero_totals_stand_on_every_line_and_count_once(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "xero-lines.csv")
    assert naive["Total"].sum() == 7583.0  # lines, drafts, bills, credits and two currencies in one sum
    outcome = imported(data, "xero-lines.csv")
    assert outcome.accounts["harbour-foods"][1] == {"GBP": 2800.0}  # 1,000 + 2,000 - 200
    assert outcome.accounts["kestrel-mutual"][1] == {"EUR": 800.0}  # 1,000 - 200
    shop = invoices_of(data, "harbour-foods")
    assert shop.loc["INV-0101", ["project", "issued", "due", "amount", "tax", "paid"]].tolist() == [
        "eshop", "2026-03-25", "2026-04-24", "1000", "200", "1200",
    ]  # fmt: skip


def test_xero_paid_in_part_repeats_too_and_the_day_of_payment_is_not_known(data: Path) -> None:
    assert pd.read_csv(GOLDEN / "xero-lines.csv")["InvoiceAmountPaid"].sum() == 3300.0  # INV-0101 twice
    imported(data, "xero-lines.csv")
    shop = invoices_of(data, "harbour-foods")
    assert shop["paid"].tolist() == ["1200", "900", "0"]
    assert "paid_on" not in shop


def test_xero_credit_notes_are_negative_whatever_sign_the_file_gives_them(data: Path) -> None:
    imported(data, "xero-lines.csv")
    assert invoices_of(data, "harbour-foods").loc["INV-0102 (credit note)", ["kind", "amount", "tax"]].tolist() == [
        "credit_note", "-200", "-40",
    ]  # fmt: skip
    assert invoices_of(data, "kestrel-mutual").loc["CN-7", ["kind", "amount", "tax", "paid"]].tolist() == [
        "credit_note", "-200", "-42", "0",
    ]  # fmt: skip


def test_xero_drafts_voided_bills_and_overpayments_are_aside_and_counted(data: Path) -> None:
    outcome = imported(data, "xero-lines.csv")
    assert outcome.set_aside == {
        "a draft, or not approved yet": 1,
        "voided or deleted": 1,
        "an overpayment: money, not a document": 1,
        "a bill, an expense or a cheque of ours": 1,
    }
    assert [(line, why[:19]) for line, why, _ in outcome.waiting] == [(11, "it has no number; g")]


def test_a_credit_note_set_against_an_invoice_settles_both(data: Path) -> None:
    rows = [
        "Harbour Foods,1,2026-03-25,,120,20,0,0,100,20,GBP,ACCREC,PAID",
        "Harbour Foods,2,2026-03-26,,120,20,0,0,100,20,GBP,ACCRECCREDIT,PAID",
    ]
    _made(data, _XERO, *rows)
    shop = invoices_of(data, "harbour-foods").astype({"amount": float, "tax": float, "paid": float})
    assert (shop["amount"] + shop["tax"] - shop["paid"]).tolist() == [0, 0]


def test_xero_with_semicolons_decimal_commas_and_the_words_of_its_interface(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "xero-semicolon.csv", sep=";", decimal=",", thousands=".", encoding="cp1252")
    assert naive["Total"].sum() == 2499.0
    outcome = imported(data, "xero-semicolon.csv")
    assert outcome.accounts["kestrel-mutual"][1] == {"EUR": 900.0}
    assert invoices_of(data, "kestrel-mutual")["paid"].tolist() == ["0", "-119"]


def test_a_report_with_title_lines_and_a_total_over_two_currencies(data: Path) -> None:
    outcome = imported(data, "xero-report.csv")
    assert outcome.accounts["kestrel-mutual"][1] == {"EUR": 1000.0}
    assert outcome.accounts["harbour-foods"][1] == {"GBP": 1000.0}
    assert outcome.set_aside == {"a total": 1}
    assert "row 8 says 'Total' 2,200.00 over rows of EUR and GBP: two currencies have no sum" in said(outcome, data)
    assert not outcome.wrong_totals


@pytest.mark.parametrize(("lines", "taxes"), [(("600", "400"), ("120", "80")), (("720", "480"), ("120", "80"))])
def test_lines_with_and_without_tax_make_the_same_net(data: Path, lines, taxes) -> None:
    rows = [
        f"Harbour Foods,1,2026-03-25,,1200,200,0,1200,{line},{tax},GBP,ACCREC,PAID"
        for line, tax in zip(lines, taxes, strict=True)
    ]
    outcome = _made(data, _XERO, *rows)
    assert invoices_of(data, "harbour-foods").loc["1", ["amount", "tax"]].tolist() == ["1000", "200"]
    assert "lines make neither" not in said(outcome, data)


def test_lines_that_make_neither_net_nor_total_are_named(data: Path) -> None:
    outcome = _made(data, _XERO, "Harbour Foods,1,2026-03-25,,1200,200,0,1200,600,120,GBP,ACCREC,PAID")
    assert "taken by their totals: 1 (lines 600.00, document 1,000.00 net)" in said(outcome, data)


def test_tax_is_found_from_the_lines_where_the_header_has_none(data: Path) -> None:
    header = "ContactName,InvoiceNumber,InvoiceDate,Total,LineAmount,TaxAmount"
    _made(data, header, "Harbour Foods,1,2026-03-25,1200,600,120", "Harbour Foods,1,2026-03-25,1200,400,80")
    assert invoices_of(data, "harbour-foods").loc["1", ["amount", "tax"]].tolist() == ["1000", "200"]


def test_one_number_on_two_documents_waits_unless_one_is_a_credit_note(data: Path) -> None:
    rows = [
        "Harbour Foods,1,2026-03-25,,120,20,0,120,100,20,GBP,ACCREC,PAID",
        "Harbour Foods,1,2026-03-25,,240,40,0,240,200,40,GBP,ACCREC,PAID",
    ]
    outcome = _made(data, _XERO, *rows)
    assert len(outcome.waiting) == 2
    assert "the rows of '1' say '120' and '240' for its total" in outcome.waiting[0][1]


def test_two_names_of_one_account_with_one_number_wait(data: Path) -> None:
    rows = [f"{name},1,2026-03-25,,120,20,0,120,100,20,GBP,ACCREC,PAID" for name in ("Harbour Foods", "Harbour Foods Ltd")]
    outcome = _made(data, _XERO, *rows)
    assert "2 of them are called '1'" in outcome.waiting[0][1]
    assert outcome.kept == 0


def test_an_invoice_keeps_its_number_whichever_of_the_two_came_first(data: Path) -> None:
    credit = "Harbour Foods,1,2026-03-25,,120,20,0,120,100,20,GBP,ACCRECCREDIT,PAID"
    invoice = "Harbour Foods,1,2026-03-20,,240,40,0,240,200,40,GBP,ACCREC,PAID"
    _made(data, _XERO, credit)
    _made(data, _XERO, invoice, credit)
    assert invoices_of(data, "harbour-foods")["amount"].to_dict() == {"1": "-100", "1 (invoice)": "200"}
    outcome = _made(data, _XERO, invoice, credit)
    assert not outcome.accounts["harbour-foods"][2].differs


_UNREADABLE = {
    "31/02/2026,,120,20,0,120,100,20,GBP": "its date '31/02/2026' is no day of the calendar",
    "25/02/2026,,12x,20,0,120,100,20,GBP": "its total '12x' is no number",
    "25/02/2026,,120,20,0,120,100,20,Quid": "its currency 'Quid' is not known; write its code, as EUR",
    "25/02/2026,01/02/2026,120,20,0,120,100,20,GBP": "due 2026-02-01 is before issued 2026-02-25",
    ",,120,20,0,120,100,20,GBP": "it has no date",
}


@pytest.mark.parametrize("cells", _UNREADABLE)
def test_rows_that_cannot_be_read_wait_with_the_reason(data: Path, cells: str) -> None:
    sound = "Kestrel Mutual,2,25/02/2026,,120,20,0,120,100,20,EUR,ACCREC,PAID"
    outcome = _made(data, _XERO, f"Harbour Foods,1,{cells},ACCREC,PAID", sound)
    assert [(line, reason) for line, reason, _ in outcome.waiting] == [(2, _UNREADABLE[cells])]
    assert outcome.kept == 1


def test_words_that_are_not_known_wait_with_the_line_to_add(data: Path) -> None:
    outcome = _made(data, _XERO, "Harbour Foods,1,2026-02-25,,120,20,0,120,100,20,GBP,Pro forma,PAID")
    why = outcome.waiting[0][1]
    assert why.endswith("write into data/firm/imports.yaml: xero: {values: {type: {'Pro forma': invoice}}}")
    (data / "firm" / "imports.yaml").write_text("xero: {values: {type: {'Pro forma': quote}}}\n", encoding="utf-8")
    outcome = _made(data, _XERO, "Harbour Foods,1,2026-02-25,,120,20,0,120,100,20,GBP,Pro forma,PAID")
    assert outcome.set_aside == {"an estimate, a quote or an order": 1}


# QuickBooks


def test_quickbooks_amounts_add_up_by_line_and_the_open_balance_does_not(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "quickbooks-list.csv", skiprows=4)
    balance = naive["Open Balance"].str.replace(r"[$,)]", "", regex=True).str.replace("(", "-").astype(float)
    assert balance.sum() == pytest.approx(2319.19)  # 1,315 is owed once, not twice
    outcome = imported(data, "quickbooks-list.csv")
    assert outcome.accounts["sorrel-health"][1] == {"USD": pytest.approx(2128.19)}
    assert outcome.accounts["kestrel-mutual"][1] == {"EUR": 395.0}
    clinic = invoices_of(data, "sorrel-health")
    assert clinic.loc["1041", ["project", "amount", "paid", "issued", "due"]].tolist() == [
        "clinic",
        "1315",
        "0",
        "2026-01-15",
        "2026-02-14",
    ]
    assert clinic.loc["1042", ["amount", "paid"]].tolist() == ["1234", "1234"]
    assert clinic.loc["1044", ["kind", "amount", "paid"]].tolist() == ["credit_note", "-420.81", "0"]


def test_quickbooks_amounts_hold_their_tax_and_the_note_says_so(data: Path) -> None:
    outcome = imported(data, "quickbooks-list.csv")
    assert "documents that do not say their tax: 4; their amounts were taken as gross, and tax is left blank" in said(
        outcome, data
    )
    assert "tax" not in invoices_of(data, "sorrel-health")


def test_tax_that_was_typed_here_is_taken_off_the_gross_amount(data: Path) -> None:
    row = "02/25/2026,Invoice,1,Sorrel Health,,120,120,USD"
    _made(data, _QB, row)
    path = data / "sorrel-health" / "invoices.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("amount,", "tax,amount,").replace(",120,", ",20,100,", 1), encoding="utf-8"
    )
    assert not _made(data, _QB, row).accounts["sorrel-health"][2].differs


def test_quickbooks_totals_over_two_currencies_are_not_compared(data: Path) -> None:
    outcome = imported(data, "quickbooks-list.csv")
    assert outcome.set_aside == {"a total": 2}
    assert said(outcome, data).count("over rows of EUR and USD: two currencies have no sum") == 2
    assert (outcome.right_totals, outcome.wrong_totals) == (0, [])


def test_quickbooks_groups_name_the_customer_above_its_rows(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "quickbooks-grouped.csv", skiprows=4)["Amount"]
    assert pd.to_numeric(naive.str.replace(r"[$,)]", "", regex=True).str.replace("(", "-")).sum() == pytest.approx(7303.57)
    outcome = imported(data, "quickbooks-grouped.csv")
    assert outcome.accounts["sorrel-health"][1] == {"USD": pytest.approx(2128.19)}
    assert outcome.accounts["harbour-foods"][1] == {"GBP": 395.0}
    assert (outcome.right_totals, outcome.wrong_totals) == (4, [])
    assert outcome.set_aside == {"a heading or a remark": 4, "a total": 4, "a payment: money, not a document": 1}
    assert invoices_of(data, "sorrel-health")["project"].to_dict() == {"1041": "", "1042": "clinic", "1044": ""}


def test_a_sales_receipt_is_paid_on_its_day(data: Path) -> None:
    imported(data, "quickbooks-grouped.csv")
    row = invoices_of(data, "harbour-foods").loc["1043"]
    assert row[["kind", "amount", "paid", "paid_on"]].tolist() == ["invoice", "395", "395", "2026-02-20"]


def test_quickbooks_groups_without_totals_take_turns(data: Path) -> None:
    header = "Date,Transaction Type,Num,Amount,Open Balance"
    rows = ["Sorrel Health,,,,", "01/15/2026,Invoice,1,10,0", "Harbour Foods,,,,", "01/16/2026,Invoice,2,20,0"]
    _made(data, header, *rows)
    assert invoices_of(data, "sorrel-health").index.tolist() == ["1"]
    assert invoices_of(data, "harbour-foods").index.tolist() == ["2"]


def test_a_total_that_its_rows_do_not_make_is_named(data: Path) -> None:
    header = "Date,Transaction Type,Num,Amount,Open Balance"
    rows = ["Sorrel Health,,,,", "01/15/2026,Invoice,1,10,0", "Total for Sorrel Health,,,25,"]
    outcome = _made(data, header, *rows)
    assert outcome.wrong_totals == ["row 4 says 'Total for Sorrel Health' 25.00 of no stated currency, its rows make 10.00"]


def test_quickbooks_in_french_foots_to_its_total(data: Path) -> None:
    outcome = imported(data, "quickbooks-fr.csv")
    assert outcome.accounts["kestrel-mutual"][1] == {"EUR": 1315.0}
    assert outcome.right_totals == 1
    assert invoices_of(data, "kestrel-mutual").loc["F-1", ["amount", "paid", "currency"]].tolist() == ["1315", "0", "EUR"]


def test_customers_called_total_are_customers(data: Path) -> None:
    outcome = _made(data, _QB, "01/15/2026,Invoice,1,Total Energies,,10,0,USD")
    assert outcome.waiting[0][1] == "no account is called 'Total Energies'"


def test_an_open_balance_for_each_line_is_added(data: Path) -> None:
    _made(data, _QB, "01/15/2026,Invoice,1,SHP,,100,60,USD", "01/15/2026,Invoice,1,SHP,,50,40,USD")
    assert invoices_of(data, "sorrel-health").loc["1", ["amount", "paid"]].tolist() == ["150", "50"]


def test_a_currency_in_the_header_counts_where_rows_name_none(data: Path) -> None:
    header = "Date,Transaction Type,Num,Customer,Due Date,Amount (CAD),Open Balance"
    outcome = _made(data, header, "01/15/2026,Invoice,1,SHP,,100,60")
    assert outcome.accounts["sorrel-health"][1] == {"CAD": 100.0}


def test_a_list_of_open_balances_alone_is_refused_with_what_is_missing(data: Path) -> None:
    with pytest.raises(TableErrors, match="no column is called Amount"):
        _made(data, "Date,Transaction Type,Num,Customer,Due Date,Open Balance", "01/15/2026,Invoice,1,SHP,,60")


# What holds for both


@pytest.mark.parametrize("file", sorted(path.name for path in GOLDEN.glob("*.csv") if path.name[:4] in ("xero", "quic")))
def test_the_same_invoices_twice_change_nothing_and_the_tables_pass_their_checks(data: Path, file: str) -> None:
    imported(data, file)
    tables = {path: path.read_bytes() for path in data.glob("*/invoices.csv")}
    assert tables
    outcome = imported(data, file)
    assert not any(merged.differs for _, _, merged in outcome.accounts.values())
    assert {path: path.read_bytes() for path in tables} == tables
    for path in tables:
        assert typed_table(TABLES["invoices"], read_table(path.parent, "invoices"))[1] == []


def test_a_later_export_writes_what_was_paid_and_leaves_what_was_typed(data: Path) -> None:
    imported(data, "xero-lines.csv")
    path = data / "harbour-foods" / "invoices.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame["pass_through"] = "100"
    frame["paid_on"] = ["2026-04-20", "", ""]
    frame.loc[1, "project"] = "clinic"
    frame.to_csv(path, index=False)
    text = (GOLDEN / "xero-lines.csv").read_text(encoding="utf-8-sig").replace("900.00,1500.00", "2400.00,0.00")
    outcome = imported(data, Path("later.csv"), text)
    assert outcome.accounts["harbour-foods"][2].changed == [("INV-0102", "paid", "900", "2400")]
    after = invoices_of(data, "harbour-foods")
    assert after["pass_through"].tolist() == ["100"] * 3
    assert after.loc["INV-0101", "paid_on"] == "2026-04-20"
    assert after.loc["INV-0102", "project"] == "clinic"


def test_amounts_typed_with_cents_are_the_same_amounts(data: Path) -> None:
    imported(data, "xero-lines.csv")
    path = data / "harbour-foods" / "invoices.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",2000,", ",2000.00,"), encoding="utf-8")
    assert not imported(data, "xero-lines.csv").accounts["harbour-foods"][2].differs


def test_a_deposit_that_was_called_so_here_stays_one(data: Path) -> None:
    row = "Harbour Foods,1,2026-03-25,,120,20,0,120,100,20,GBP,ACCREC,PAID"
    _made(data, _XERO, row)
    path = data / "harbour-foods" / "invoices.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("invoice,2026", "deposit,2026"), encoding="utf-8")
    _made(data, _XERO, row)
    assert invoices_of(data, "harbour-foods").loc["1", "kind"] == "deposit"


def test_a_workbook_of_invoices(data: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Agency Ltd"])
    book.active.append(["Date", "Transaction Type", "Num", "Customer", "Amount", "Open Balance", "Currency"])
    book.active.append([pd.Timestamp("2026-04-03").to_pydatetime(), "Invoice", 1041, "SHP", 1234.5, 0, "USD"])
    book.active.append(["Total", None, None, None, 1234.5, 0, None])
    book.save(data.parent / "list.xlsx")
    outcome = imported(data, data.parent / "list.xlsx")
    assert outcome.right_totals == 1
    assert invoices_of(data, "sorrel-health").loc["1041", ["issued", "amount", "paid"]].tolist() == [
        "2026-04-03",
        "1234.50",
        "1234.50",
    ]


@pytest.mark.parametrize("header", [_XERO, _QB])
def test_a_header_and_a_total_without_documents_are_no_error(data: Path, header: str) -> None:
    total = ",".join(["Total", *([""] * (header.count(",") - 3)), "0", "0", "0"]) if header == _QB else ""
    outcome = imported(data, Path("none.csv"), f"{header}\n{total}\n")
    assert (outcome.kept, outcome.waiting, outcome.wrong_totals) == (0, [], [])


def test_hostile_numbers_and_memos_are_text(data: Path) -> None:
    frame = pd.DataFrame(
        {
            "Date": "01/15/2026",
            "Num": ["=1+1", "'; DROP", "a\nb", "🚀"],
            "Customer": "SHP",
            "Memo": "x" * 100_000,
            "Amount": "1",
            "Open Balance": "0",
        }
    )
    frame.to_csv(data.parent / "h.csv", index=False)
    outcome = imported(data, data.parent / "h.csv")
    assert not outcome.waiting
    assert invoices_of(data, "sorrel-health").index.tolist() == ["=1+1", "'; DROP", "a b", "🚀"]


_CELLS = st.sampled_from(["", "1", "-2.50", "x", "Total", "Total for a", "2026-01-02"])


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(["xero", "quickbooks"]), st.lists(st.tuples(*[_CELLS] * 6), max_size=8))
def test_every_row_is_found_waits_or_is_aside_once(tool: str, cells: list[tuple[str, ...]]) -> None:
    names = ("issued", "number", "amount" if tool == "quickbooks" else "total", "outstanding", "client", "due")
    rows = [Row(n, n + 2, dict(zip(names, row, strict=True)), row) for n, row in enumerate(cells)]
    made = read(rows, formats_of(Path("nowhere"))[tool], Conventions(), About((), "", Asked()))
    ended = [*(at for thing in made.found for at in thing.at), *made.waiting, *made.set_aside]
    assert sorted(ended) == list(range(len(rows)))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-9999, 9999), min_size=1, max_size=6), st.integers(0, 500))
def test_splitting_an_invoice_into_lines_changes_nothing(cents: list[int], tax: int) -> None:
    gross = (sum(cents) + tax) / 100
    head = {"issued": "2026-01-02", "number": "1", "total": f"{gross}", "tax": f"{tax / 100}", "outstanding": f"{gross}"}
    rows = [Row(n, n + 2, {**head, "line_amount": f"{line / 100}", "type": "accrec"}) for n, line in enumerate(cents)]
    tool = formats_of(Path("nowhere"))["xero"]
    whole = read(rows[:1], tool, Conventions(), About((), "", Asked())).found[0].cells
    assert read(rows, tool, Conventions(), About((), "", Asked())).found[0].cells == whole


def test_meeting_leaves_an_invoice_of_its_own_number_alone() -> None:
    thing = Found("", {"invoice": "1", "kind": "invoice", "amount": "5"}, (0,))
    meet([thing], pd.DataFrame({"invoice": ["1"], "kind": ["invoice"]}), Asked())
    assert thing.cells == {"invoice": "1", "kind": "invoice", "amount": "5"}


def test_a_total_of_the_file_counts_each_document_once_too(data: Path) -> None:
    line = "Harbour Foods,1,2026-03-25,,120,20,0,120,50,10,GBP,ACCREC,PAID"
    outcome = _made(
        data, _XERO, line, line, "Harbour Foods,2,2026-03-25,,60,10,0,60,50,10,GBP,ACCREC,PAID", "Total,,,,180,30,0,180"
    )
    assert (outcome.right_totals, outcome.wrong_totals) == (1, [])


@pytest.mark.parametrize("status", ["Overdue 3 days", "Paid", "Partially paid, $20 due", "Due in 5 days", "Open (Sent)"])
def test_a_status_may_be_a_sentence(data: Path, status: str) -> None:
    header = "Date,Type,No.,Customer,Amount,Balance,Currency,Status"
    outcome = _made(data, header, f'01/15/2026,Invoice,1,SHP,100,60,USD,"{status}"')
    assert not outcome.waiting


def test_invoices_with_prices_only_are_worth_quantity_times_price_less_discount(data: Path) -> None:
    header = "*ContactName,*InvoiceNumber,*InvoiceDate,*DueDate,Description,*Quantity,*UnitAmount,Discount,*TaxAmount"
    lines = [
        "Harbour Foods,9,15/06/2026,15/07/2026,Workshop,2,100.00,,40.00",
        "Harbour Foods,9,15/06/2026,15/07/2026,Report,1,50.00,10%,9.00",
    ]
    outcome = _made(data, header, *lines)
    invoice = invoices_of(data, "harbour-foods").loc["9"]
    assert invoice[["issued", "due", "amount", "tax"]].tolist() == [
        "2026-06-15",
        "2026-07-15",
        "245",
        "49",
    ]  # 200 + 45 and 40 + 9
    assert "1 documents have no amounts but prices: quantity x price less discount was taken" in said(outcome, data)


def test_prices_count_for_nothing_where_the_file_says_the_amounts(data: Path) -> None:
    header = "ContactName,InvoiceNumber,InvoiceDate,Quantity,UnitAmount,LineAmount"
    outcome = _made(data, header, "Harbour Foods,9,2026-06-15,two hours,100.00,180.00")
    assert invoices_of(data, "harbour-foods").loc["9", "amount"] == "180"
    assert "prices" not in said(outcome, data)


def test_the_file_by_which_invoices_are_brought_into_quickbooks_is_summed_by_line(data: Path) -> None:
    header = "InvoiceNo,Customer,InvoiceDate,DueDate,Item(Product/Service),ItemQuantity,ItemRate,ItemAmount"
    lines = [
        "7,Harbour Foods,06/15/2026,07/15/2026,Work,2,100.00,200.00",
        "7,Harbour Foods,06/15/2026,07/15/2026,Fee,1,50,50.00",
    ]
    outcome = _made(data, header, *lines)
    assert outcome.tool == "quickbooks"
    assert invoices_of(data, "harbour-foods").loc["7", ["issued", "amount"]].tolist() == ["2026-06-15", "250"]

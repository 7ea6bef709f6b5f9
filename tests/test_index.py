"""The lists of reports: what is there, what failed, escaped, searched without a server; the client's names nobody else."""

from __future__ import annotations

import json
import re

import pytest
from small_workbook import make_workbook

from acctlib.run.index import FAILED, note_failures, read_failures, write_index
from acctlib.run.known_files import sha_of
from acctlib.run.orders import Outcome, Workbook, plan
from acctlib.run.report import publish
from acctlib.run.results import fingerprints
from acctlib.show.text import escape

NASTY = "</script><img src=x onerror=alert(1)>&"


@pytest.fixture
def book(tmp_path):
    root = make_workbook(tmp_path)
    return Workbook(root, root / "data", root / "parameters", root / "outputs")


def made(order, name="Aurora & Co", as_of="2026-09-30", **figures):
    said = {"account": order.account, "audience": order.audience, "notebook": order.name, "period": order.parameters["period"]}
    named = {key: {"value": value, "unit": unit} for key, (value, unit) in figures.items()}
    publish(order, "page", json.dumps({**said, "as_of": as_of, "name": name, "figures": named}))


def made_from_files(order, as_of="2026-09-30", **also):
    """Publish a report that says what it was made from, as a run does."""
    said = {"account": order.account, "audience": order.audience, "notebook": order.name, "period": order.parameters["period"]}
    said |= {"as_of": as_of, "name": order.account.title(), "html_sha256": sha_of("page"), "parameters": dict(order.parameters)}
    publish(order, "page", json.dumps({**said, "made_from": fingerprints(order, as_of) | also}))


def orders_of(book, period="2026-Q3"):
    return plan(book, said={"period": period})[0]


def our_list(book, account=""):
    """Write the lists, and return our list of all accounts or of one."""
    page = write_index(book.out)
    return (page if not account else book.out / "internal" / account / "index.html").read_text(encoding="utf-8")


def test_a_row_has_the_newest_reports_of_an_account_and_its_headline_figures(book):
    for order in orders_of(book, "2026-Q2"):
        made(order, as_of="2026-06-30")
    for order in orders_of(book):
        name = "Aurora & Co" if order.account == "aurora" else "Borealis"
        made(order, name, budget_holds=(0.203, "fraction"), contingency=(30407.5, "GBP"), decisions=(4, ""))
    page = our_list(book)
    assert "8 reports of 2 accounts." in page
    row = re.search(r"<tr><th.*?Aurora.*?</tr>", page)[0]
    assert '<a href="internal/aurora/index.html">Aurora &amp; Co</a>' in row
    assert "2026-Q3 · as of 30\xa0Sep\xa02026" in row
    assert "<a href=internal/aurora/2026-Q3/spend.html>internal</a><a href=client/aurora/2026-Q3/spend.html>client</a>" in row
    assert "<small>budget holds 20\xa0% · reserve £30.4k</small>" in row
    assert "2026-Q2" not in page
    assert page.index("Aurora") < page.index("Borealis")
    assert str(book.root) not in page


def test_a_report_of_another_day_than_the_account_s_others_says_so(book):
    first, second = (order for order in orders_of(book) if order.account == "aurora")
    made(first)
    made(second, as_of="2026-10-05")
    assert re.search(r"<small>2026-Q3, as of (5\xa0Oct|30\xa0Sep)\xa02026</small>", our_list(book))


def test_an_account_s_own_page_has_all_periods_the_newest_first_and_the_way_back(book):
    for period in ("2026-Q2", "2026-Q3"):
        for order in orders_of(book, period):
            made(order, as_of={"2026-Q2": "2026-06-30", "2026-Q3": "2026-09-30"}[period])
    page = our_list(book, "aurora")
    assert '<a href="../../index.html">All accounts</a>' in page
    assert page.index("../../client/aurora/2026-Q3/spend.html") < page.index("../../internal/aurora/2026-Q2/spend.html")
    assert "borealis" not in page.lower()
    assert "<script" not in page


def test_the_client_s_list_names_nobody_else_and_nothing_of_ours(book):
    for order in orders_of(book):
        made(order, "Aurora & Co" if order.account == "aurora" else "Borealis Bank", overdue=(7344.0, "GBP"))
    note_failures(book.out, [Outcome("aurora", "failed", "Borealis Bank has no such invoice")], ["aurora", "borealis"])
    write_index(book.out)
    page = (book.out / "client" / "aurora" / "index.html").read_text(encoding="utf-8")
    assert '<a href="2026-Q3/spend.html">Spend</a>' in page
    for ours in ("borealis", "internal", "7,344", "£7", "failed</b>", "<script", "../", "All accounts"):
        assert ours not in page.lower()
    assert "borealis" in our_list(book)  # else the test would see nothing


def test_what_failed_stands_on_top_with_its_sentence_and_its_row_first(book):
    aurora, borealis = (order for order in orders_of(book) if order.audience == "client")
    made(aurora)
    made(borealis, "Borealis Bank")
    outcomes = [
        Outcome("borealis", "failed", "projects.csv:2: no fee\nprojects.csv:3: no name"),
        Outcome(str(aurora), "failed", 'cell 3 ("Fees"): R&D has no rate', aurora),
        Outcome("corona", "failed", "corona.yaml: period must be given"),
    ]
    note_failures(book.out, outcomes, ["aurora", "borealis", "corona"])
    page = our_list(book)
    assert "2 reports of 2 accounts; 3 accounts with failures." in page
    assert page.index('id="failed"') < page.index('id="a"')
    assert "projects.csv:2: no fee" in page
    assert "and 1 line more; acctlib check borealis says all" in page
    assert "projects.csv:3" not in page
    assert (
        'aurora: Spend 2026-Q3 (client)</span><br><b class="failed">✕ failed</b> cell 3 ("Fees"): R&amp;D has no rate' in page
    )
    assert "<b>corona</b>" in page  # which has no page of its own
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page)
    assert ["✕ failed" in row.split("</th>")[0] for row in rows] == [False, True]
    assert ["✕ failed" in row.split("</th>")[1] for row in rows] == [True, False]
    assert "no fee" in our_list(book, "borealis")
    assert "no fee" not in our_list(book, "aurora")


def test_a_failure_stands_until_the_report_is_made_or_the_account_is_gone(book):
    client, internal = (order for order in orders_of(book) if order.account == "aurora")
    accounts = ["aurora", "borealis"]
    note_failures(book.out, [Outcome(str(client), "failed", "a", client), Outcome("borealis", "failed", "b")], accounts)
    note_failures(book.out, [Outcome(str(internal), "made", "", internal)], accounts)
    assert read_failures(book.out) == {"client/aurora/2026-Q3/spend": "a", "borealis": "b"}
    later = next(order for order in orders_of(book, "2026-Q4") if str(order) == "aurora 2026-Q4 spend (client)")
    note_failures(book.out, [Outcome(str(later), "made", "", later)], accounts)
    assert read_failures(book.out) == {"borealis": "b"}
    note_failures(book.out, [], ["aurora"])
    assert read_failures(book.out) == {}
    assert not (book.out / FAILED).exists()  # as if nothing had failed


def test_an_earlier_quarter_does_not_end_a_failure(book):
    failed, earlier = (orders_of(book, period)[0] for period in ("2026-Q3", "2026-Q2"))
    note_failures(book.out, [Outcome(str(failed), "failed", "a", failed)], ["aurora"])
    note_failures(book.out, [Outcome(str(earlier), "up to date", "", earlier)], ["aurora"])
    assert read_failures(book.out) == {"client/aurora/2026-Q3/spend": "a"}


@pytest.mark.parametrize(
    "odd",
    [
        {"figures": {"contingency": 5}},
        {"figures": ["contingency"]},
        {"figures": {"contingency": {"value": 10**400, "unit": "GBP"}}},
        {"figures": {"contingency": {"value": 5, "unit": ["GBP"]}}},
        {"parameters": "none"},
    ],
)
def test_odd_figures_cost_their_own_line_only(book, odd):
    first, *others = orders_of(book)
    for order in others:
        made(order)
    said = {"account": first.account, "audience": first.audience, "notebook": first.name, "period": "2026-Q3"}
    publish(first, "page", json.dumps({**said, "as_of": "2026-09-30", "name": "Aurora", **odd}))
    assert "3 reports of 2 accounts." in our_list(book)


def test_a_sentence_with_a_name_that_is_not_utf_8_is_kept(book):
    note_failures(book.out, [Outcome("aurora", "failed", "caf\udce9.csv can't be read")], ["aurora"])
    assert read_failures(book.out) == {"aurora": "caf\udce9.csv can't be read"}
    assert "caf\N{REPLACEMENT CHARACTER}.csv can't be read" in our_list(book)


def test_a_whole_account_that_fails_stands_for_its_reports(book):
    client = orders_of(book)[0]
    note_failures(book.out, [Outcome(str(client), "failed", "a", client)], ["aurora"])
    note_failures(book.out, [Outcome("aurora", "failed", "b")], ["aurora"])
    assert read_failures(book.out) == {"aurora": "b"}
    note_failures(book.out, [Outcome(str(client), "failed", "c", client)], ["aurora"])
    assert read_failures(book.out) == {"client/aurora/2026-Q3/spend": "c"}


def _appended(name, text):
    def change(book):
        path = book.root / name
        path.write_text(path.read_text() + text)

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_appended("data/aurora/time_entries.csv", "2026-07-08,site,Ivo Lindqvist,designer,1,yes,x\n"), "changed since: data"),
        (_appended("parameters/aurora.yaml", "seed: 2\n"), "changed since: parameters"),
        (_appended("outputs/client/aurora/2026-Q3/spend.html", "x"), "its page and its figures do not belong together"),
        (_appended("parameters/aurora.yaml", "sead: 2\n"), "its parameters or its files can't be read"),
        (lambda book: (book.parameters / "aurora.yaml").unlink(), "no parameters file any more"),
        (lambda book: (book.root / "notebooks" / "spend.ipynb").unlink(), "its notebook is not there"),
        (_appended("notebooks/spend.ipynb", " "), "changed since: notebook"),
    ],
)
def test_a_report_that_would_come_out_otherwise_is_out_of_date_in_our_lists(book, change, says):
    for order in orders_of(book):
        made_from_files(order)
    write_index(book.out, book=book)
    lists = [book.out / "index.html", *(book.out / audience / "aurora" / "index.html" for audience in ("internal", "client"))]
    before = [path.read_text(encoding="utf-8") for path in lists]
    assert not any("out of date</b>" in page or "out of date." in page for page in before)
    change(book)
    write_index(book.out, book=book)
    ours, account, client = (path.read_text(encoding="utf-8") for path in lists)
    assert client == before[2]
    row = re.search(r"<tr><th.*?Aurora.*?</tr>", ours)[0]
    assert row.count('<b class="old">↻ out of date</b>') == 1  # once in the row, whatever number of its reports it holds for
    assert escape(says) in row
    assert "out of date" in account
    assert escape(says) in account
    assert re.search(r"; \d reports? out of date\.", ours)
    others = re.search(r"<tr><th.*?Borealis.*?</tr>", ours)[0]
    assert ("out of date" in others) == ("notebook" in says)
    write_index(book.out, book=book)
    assert lists[0].read_text(encoding="utf-8") == ours


def test_earlier_quarters_and_other_days_are_records_and_no_database_is_asked(book, monkeypatch):
    for order in orders_of(book, "2026-Q2"):
        made(order, as_of="2026-06-30")
    for order in plan(book, said={"period": "2026-Q3", "as_of": "2026-09-07"})[0]:
        made_from_files(order, "2026-09-07", database="rows of that day")
    with (book.data / "aurora" / "account.yaml").open("a") as profile:
        profile.write("tables:\n  time_entries:\n    sql: SELECT 1\n")
    monkeypatch.setattr("acctlib.run.results._answer", None)
    assert read_by_row(write_index(book.out, book=book)) == {"aurora": "changed since: data", "borealis": ""}


def read_by_row(path):
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", path.read_text(encoding="utf-8"))
    named = {re.search(r"internal/(\w+)/", row)[1]: re.search(r"changed since: [\w ,]+|$", row)[0] for row in rows}
    return {account: named[account] for account in sorted(named)}


def test_what_a_run_made_or_found_up_to_date_is_not_looked_at_again_and_what_failed_says_so_once(book):
    orders = orders_of(book)
    for order in orders:
        made(order)  # of which nobody can tell what it was made from
    outcomes = [Outcome(str(order), "made", order=order) for order in orders[:-1]]
    outcomes.append(Outcome(str(orders[-1]), "failed", "no fee", orders[-1]))
    page = write_index(book.out, book=book, outcomes=outcomes).read_text(encoding="utf-8")
    assert "1 report out of date." in page
    assert "its figures are not there" in page
    note_failures(book.out, outcomes, ["aurora", "borealis"])
    page = write_index(book.out, book=book, outcomes=outcomes).read_text(encoding="utf-8")
    assert "1 account with failures." in page
    assert "out of date</b>" not in page


@pytest.mark.parametrize("text", ["", "[1]", '{"aurora": 1}', '{"a/b": "x"}', "\x00"])
def test_a_file_of_failures_that_can_not_be_read_is_none(book, text):
    book.out.mkdir()
    (book.out / FAILED).write_text(text)
    assert read_failures(book.out) == {}
    assert "No report yet." in our_list(book)


def test_hostile_names_are_shown_as_they_are_and_run_nothing(book, open_page):
    for order in orders_of(book):
        made(order, NASTY if order.account == "aurora" else "Borealis")
    note_failures(book.out, [Outcome("aurora", "failed", NASTY)], ["aurora"])
    opened = open_page(write_index(book.out))
    assert (opened.messages, opened.requests) == ([], [])
    assert opened.page.locator("tbody th a").first.inner_text() == NASTY
    assert NASTY in opened.page.locator("#failed li").inner_text()
    opened = open_page(book.out / "client" / "aurora" / "index.html")
    assert (opened.messages, opened.requests) == ([], [])
    assert opened.page.locator("h1").inner_text() == NASTY


def test_figures_in_the_wrong_place_or_of_no_report_are_left_out(book):
    for order in orders_of(book):
        made(order)
    moved = book.out / "client" / "corona" / "2026-Q3"
    moved.mkdir(parents=True)
    for name in ("spend.html", "spend.json"):
        (moved / name).write_bytes((book.out / "client" / "aurora" / "2026-Q3" / name).read_bytes())
    (book.out / "client" / "aurora" / "2026-Q3" / "other.json").write_text("{}")
    (book.out / "internal" / "aurora" / "2026-Q3" / "spend.json").write_text("[1")
    page = our_list(book)
    assert "3 reports of 2 accounts." in page
    assert "corona" not in page


def test_lists_are_written_only_where_they_change(book):
    for order in orders_of(book):
        made(order)
    write_index(book.out)
    lists = [book.out / "index.html", *sorted(book.out.glob("*/*/index.html"))]
    assert len(lists) == 5
    before = [path.stat().st_mtime_ns for path in lists]
    write_index(book.out)
    assert [path.stat().st_mtime_ns for path in lists] == before
    assert not list(book.out.rglob(".*.tmp"))


def test_an_empty_folder_has_a_list_that_says_so(book):
    assert write_index(book.out).read_text(encoding="utf-8").count("No report yet.") == 1


@pytest.fixture
def listed(book):
    """Return a list of forty accounts, one of which failed."""
    for n in range(40):
        (book.parameters / f"client-{n:02}.yaml").write_text(f'account: client-{n:02}\nperiod: "2026-Q3"\n')
    orders = [order for order in plan(book)[0] if order.account.startswith("client")]
    for order in orders:
        made(order, f"Söder & Co {order.account[-2:]}", fees_in_period=(97402.5, "GBP"))
    note_failures(book.out, [Outcome("client-17", "failed", "projects.csv:2: no fee")], [order.account for order in orders])
    return write_index(book.out)


def test_the_list_is_searched_by_keyboard_and_its_only_script_is_allowed_by_its_hash(listed, open_page):
    opened = open_page(listed)
    page, rows = opened.page, opened.page.locator("tbody tr:visible")
    assert rows.count() == 40
    page.keyboard.press("/")
    page.keyboard.type("soder 07")  # without the accent
    assert rows.count() == 1
    assert page.locator("#n").inner_text() == "1 of 40 accounts"
    assert not page.locator("#failed").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Söder & Co 07"
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    assert page.locator("#failed").is_visible()
    assert rows.count() == 40
    assert page.locator("#n").inner_text() == ""
    page.keyboard.type("failed")
    assert rows.count() == 1
    assert page.locator("#failed li:visible").count() == 1
    assert (opened.messages, opened.requests) == ([], [])
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert re.fullmatch(
        r"default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'",
        policy,
    )


def test_a_script_that_was_not_ours_would_not_run(listed, open_page):
    text = listed.read_text(encoding="utf-8").replace("const all=", "console.log('ran');const all=")
    opened = open_page(text)
    assert "ran" not in opened.messages
    assert not opened.page.locator("[role=search]").is_visible()  # nor is a field shown that would do nothing


@pytest.mark.parametrize("width", [1280, 360])
def test_the_list_fits_the_screen_and_each_link_can_be_hit(listed, open_page, width):
    page = open_page(listed, width).page
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert min(link.bounding_box()["height"] for link in page.locator("td a").all()[:6]) >= 24
    label = page.locator("tbody td").first.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == ('"Spend"' if width == 360 else "none")


def test_every_field_has_a_name_every_heading_its_place_and_text_its_contrast(listed, open_page):
    page = open_page(listed).page
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_label("Find").count() == 1
    assert page.get_by_role("search").count() == 1
    assert [h.evaluate("h => h.tagName") for h in page.locator("h1,h2").all()] == ["H1", "H2", "H2"]
    assert page.locator("tbody tr").count() == page.locator("th[scope=row]").count()
    assert page.locator("a:not([href])").count() == 0
    for what in ("small", ".failed", ".edition", "thead th", "a"):
        assert _contrast(page.locator(what).first) >= 4.5, what


def _contrast(element):
    """Return the WCAG ratio of an element's colour to what lies behind it."""
    ink, paper = element.evaluate("""e => {
      const ink = getComputedStyle(e).color; let under = e;
      while (under && getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
      return [ink, getComputedStyle(under || document.body).backgroundColor] }""")
    light = []
    for colour in (ink, paper):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        light.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_on_paper_the_heads_repeat_and_the_search_is_gone(listed, open_page):
    page = open_page(listed, 688).page
    page.emulate_media(media="print")
    assert not page.locator("[role=search]").is_visible()
    assert page.locator("thead").evaluate("head => getComputedStyle(head).display") == "table-header-group"
    assert page.locator("tbody tr").first.evaluate("row => getComputedStyle(row).breakInside") == "avoid"
    sizes = [
        page.locator(what).first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") for what in ("td small", "td a")
    ]
    assert sizes[0] < sizes[1]  # notes are the smaller print
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_a_thousand_accounts_with_seven_reports_are_less_than_a_megabyte(book):
    from acctlib.run import index

    notebooks = {"account_plan": ["internal"], "budget_risk": ["client", "internal"], "meeting_brief": ["client", "internal"]}
    notebooks["quarterly_business_review"] = ["client", "internal"]
    accounts = {
        f"client-number-{n:04}": [
            index._Report(audience, f"client-number-{n:04}", "2026-Q3", notebook, f"Client of some length {n:04}", "2026-09-30",
                          ("budget holds 20 %", "reserve £30.4k"))
            for notebook, audiences in notebooks.items() for audience in audiences
        ]
        for n in range(1000)
    }  # fmt: skip
    page = index._index(accounts, {})
    assert "7,000 reports of 1,000 accounts" in page
    assert len(page.encode()) < 1_000_000

"""The gate refuses a page for whatever it must not carry, on every channel, and lets a clean one pass."""

from __future__ import annotations

import base64
import html
import json
import random
import time
import zlib
from urllib.parse import quote

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import v4
from small_workbook import make_workbook

from acctlib.account import Account
from acctlib.missing import Missing
from acctlib.run import gate
from acctlib.run.channels import CLIENT_POLICY, PageReader, decodings
from acctlib.run.confidential import InternalValues, Phrases, internal_values, numbers_in
from acctlib.run.gate import GateRefused, examine
from acctlib.show.blocks import Figure, Report
from acctlib.show.page import render

OTHERS = {"borealis": ["Borealis Bank", "BBK"], "orange-labs": ["Orange Labs GmbH", "IT"]}


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    root = make_workbook(tmp_path_factory.mktemp("workbook"))
    return {one: Account.read("aurora", "2026-Q3", "", one, root / "data") for one in ("client", "internal")}


def executed(*blocks):
    """Return a notebook as if its cells had shown these blocks."""
    cells = [
        v4.new_code_cell(
            f"block_{n}",
            execution_count=n,
            outputs=[v4.new_output("execute_result", block._repr_mimebundle_(), execution_count=n)],
        )
        for n, block in enumerate(blocks, start=1)
    ]
    return v4.new_notebook(cells=cells)


def review(account, words="Agreed fee £64,000; by 30 Sep 2026 we had used 100 % of the time.", results=None):
    """Return a whole notebook of a cover, one section of words, figures and the end."""
    report = Report(account, "Spend", "spend")
    return executed(
        report.cover(), report.text(words, section="Fees"), report.results(results or {"fee": 64000.0}), report.end()
    )


def found(views, page=None, notebook=None, others=OTHERS):
    """Return what the gate says about a client page, as text."""
    notebook = notebook or review(views["client"])
    page = render(notebook) if page is None else page
    return [str(f) for f in examine(page, notebook, "client", views["client"], views["internal"], others)]


def with_canary(views, markup):
    """Return a clean page with some markup put into its section."""
    page = render(review(views["client"]))
    assert "</section>" in page
    return page.replace("</section>", markup + "</section>", 1)


def test_a_clean_page_may_be_published_to_the_client(views):
    assert found(views) == []


def test_a_clean_internal_page_may_be_published_to_us(views):
    notebook = review(views["internal"], "Cost £48,213; redone since the sponsor changed his mind again today")
    assert examine(render(notebook), notebook, "internal") == []


CHANNELS = {
    "text": lambda t: f"<p>{t}</p>",
    "words in several elements": lambda t: f"<p><b>{t[:3]}</b><i>{t[3:]}</i></p>",
    "entities": lambda t: "<p>" + "".join(f"&#{ord(c)};" for c in t) + "</p>",
    "entities twice": lambda t: "<p>" + html.escape("".join(f"&#x{ord(c):x};" for c in t)) + "</p>",
    "hidden text": lambda t: f'<div style="display:none">{t}</div>',
    "soft hyphens": lambda t: f"<p>{t[:3]}&shy;{t[3:]}</p>",
    "no-break spaces": lambda t: f"<p>{t.replace(' ', chr(160))}</p>",
    "comment": lambda t: f"<!-- {t} -->",
    "hover text": lambda t: f'<p title="{t}">fee</p>',
    "label of a drawing": lambda t: f'<svg role="img" aria-label="{t}"></svg>',
    "text of a drawing": lambda t: f"<svg><text><tspan>{t[:4]}</tspan><tspan>{t[4:]}</tspan></text></svg>",
    "label in several lines": lambda t: "<svg><text>" + "</text><text>".join(t.split(" ")) + "</text></svg>",
    "title of a drawing": lambda t: f"<svg><title>{t}</title><desc>x</desc></svg>",
    "description of a drawing": lambda t: f"<svg><desc>{t}</desc></svg>",
    "text alternative": lambda t: f'<img alt="{t}" src="data:image/png;base64,AAAA">',
    "data attribute": lambda t: f"<p data-row='{json.dumps({'v': t})}'>fee</p>",
    "JSON escapes": lambda t: "<p data-row='" + "".join(f"\\u{ord(c):04x}" for c in t) + "'>fee</p>",
    "percent signs": lambda t: f'<a href="#{quote(t)}">fee</a>',
    "percent signs for all": lambda t: '<a href="#' + "".join(f"%{ord(c):02X}" for c in t) + '">fee</a>',
    "base64": lambda t: f'<p data-x="{base64.b64encode(t.encode()).decode()}">fee</p>',
    "base64 in JSON in percent signs": lambda t: (
        f"<p data-x='{quote(json.dumps({'x': base64.b64encode(t.encode()).decode()}))}'></p>"
    ),
    "base64 of UTF-16": lambda t: f'<p data-x="{base64.b64encode(t.encode("utf-16-le")).decode()}">fee</p>',
    "embedded drawing": lambda t: (
        f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(f"<svg><text>{t}</text></svg>".encode()).decode()}">'
    ),
    "embedded drawing in percent signs": lambda t: (
        f'<img alt="" src="data:image/svg+xml,{quote(f"<svg><text>{t}</text></svg>")}">'
    ),
    "text chunk of a picture": lambda t: f'<img alt="" src="data:image/png;base64,{base64.b64encode(_png(t)).decode()}">',
    "style sheet": lambda t: f'<style>p::after{{content:"{t}"}}</style>',
    "style sheet escapes": lambda t: '<style>p::after{content:"' + "".join(f"\\{ord(c):x} " for c in t) + '"}</style>',
    "style sheet comment": lambda t: f"<style>/* {t} */</style>",
    "style sheet name": lambda t: "<style>." + t.replace(" ", "_").replace("/", "_") + "{color:red}</style>",
    "address in a style sheet": lambda t: f"<style>p{{background:url(data:image/svg+xml,{quote(t)})}}</style>",
    "style attribute": lambda t: f"<p style=\"--x:'{t}'\">fee</p>",
    "name of an element": lambda t: f'<p id="{t.replace(" ", "_")}">fee</p>',
    "class": lambda t: f'<p class="{t.replace(" ", "-")}">fee</p>',
}


def _png(text):
    def chunk(kind, content):
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(b"tEXt", b"Comment\0" + text.encode()) + chunk(b"IEND", b"")


@pytest.mark.parametrize("channel", CHANNELS)
def test_another_accounts_name_is_found_on_every_channel(views, channel):
    said = found(views, with_canary(views, CHANNELS[channel]("Borealis Bank")))
    assert any("a name of the account borealis" in line for line in said), said


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_internal_text_is_found_on_every_channel(views, channel):
    said = found(views, with_canary(views, CHANNELS[channel]("homepage sketches")))
    assert any("an internal value of time_entries.note" in line for line in said), said


_WITHOUT_FIGURES = ("style attribute", "style sheet name", "text chunk of a picture")


@pytest.mark.parametrize("channel", [one for one in CHANNELS if one not in _WITHOUT_FIGURES])
def test_an_internal_amount_is_found_on_every_channel_that_can_hold_a_figure(views, channel):
    said = found(views, with_canary(views, CHANNELS[channel]("48213.37")))
    assert any("an internal value of projects.budget_cost: 48213.37" in line for line in said), said


@pytest.mark.parametrize("channel", [one for one in CHANNELS if one != "style sheet name"])
def test_a_path_is_found_on_every_channel(views, channel):
    if channel in ("name of an element", "words in several elements", "text of a drawing"):
        text = "/home/director/aurora"
    else:
        text = "/home/director/reports/x y"
    assert any("a path" in line for line in found(views, with_canary(views, CHANNELS[channel](text))))


@pytest.mark.parametrize(
    "text",
    [
        "borealis",
        "BOREALIS BANK",
        "Borealis  Bank's",
        "orange labs",  # the legal form may be left out
        "BBK",
        "(orange-labs)",
    ],
)
def test_names_are_found_as_whole_words_in_any_letter_case(views, text):
    assert found(views, with_canary(views, f"<p>as for {text}.</p>"))


@pytest.mark.parametrize("text", ["borealisation", "Bank", "it is done", "bbk", "orange", "Labs"])
def test_words_that_only_resemble_a_name_pass(views, text):
    assert found(views, with_canary(views, f"<p>{text}</p>")) == []


def test_words_of_the_template_are_no_names(views):
    others = {"band": ["Tiles"], "solo": ["Wrap", "Section"], "item": ["None"]}
    assert found(views, others=others) == []


def test_a_folder_named_by_an_ordinary_word_refuses_no_page_but_its_clients_name_does(views):
    others = {"delivery": ["Parcel Post"]}
    assert found(views, with_canary(views, "<p>on-time delivery</p>"), others=others) == []
    assert found(views, with_canary(views, "<p>as for Parcel Post</p>"), others=others)
    assert found(views, with_canary(views, "<p>as for zephyrine</p>"), others={"zephyrine": ["Parcel Post"]})


def test_the_accounts_own_name_passes_even_where_it_holds_anothers(views):
    assert found(views, others={"foods": ["Foods"]}) == []
    assert found(views, with_canary(views, "<p>Foods</p>"), others={"foods": ["Foods"]})


@pytest.mark.parametrize(
    "text", ["48,213.37", "48213.37", "£48,213", "48 213", "48,213.4", "48213", "(48,213)", "48,213–51,000"]
)
def test_an_internal_amount_is_found_in_every_form_in_which_it_is_printed(views, text):
    assert found(views, with_canary(views, f"<p>Cost {text}</p>"))


@pytest.mark.parametrize(
    "text", ["£64,000", "64000.00", "148,213", "48,213,000", "2026-09-30", "Q3 2026", "100 %", "48", "£48.2k", "7.5 h"]
)
def test_what_is_not_an_internal_value_passes(views, text):
    assert found(views, with_canary(views, f"<p>{text}</p>")) == []


def test_a_drawing_may_have_lines_of_any_length(views):
    assert found(views, with_canary(views, '<svg><path d="M48213.37,1L2,3"/><rect width="48213.37" x="48213"/></svg>')) == []


def test_half_of_a_long_note_is_found(views):
    said = found(views, with_canary(views, "<p>since the sponsor changed his mind, we</p>"))
    assert any("time_entries.note" in line for line in said)


def test_a_person_who_is_internal_is_found_and_one_the_client_knows_passes(views):
    assert any("time_entries.person" in line for line in found(views, with_canary(views, "<p>Ivo Lindqvist</p>")))
    known = views["client"].__class__(**{**vars(views["client"]), "commentary": {"Summary": "Ask Ivo Lindqvist."}})
    notebook = review(known)
    page = render(notebook).replace("</section>", "<p>Ivo Lindqvist</p></section>")
    assert examine(page, notebook, "client", known, views["internal"], OTHERS) == []


def test_the_figures_beside_the_page_are_examined_too(views):
    said = found(views, notebook=review(views["client"], results={"cost": 48213.37}))
    assert said == ["an internal value of projects.budget_cost: 48213.37 (results of cell 3)"]


@pytest.mark.parametrize(
    ("figure", "found_it"),
    [
        (Figure(0.3817, "fraction"), True),
        (Figure(38.17, "h"), False),
        (Figure(1.0, "GBP", {0.8: 48213.37}), True),
        (Figure("homepage sketches"), True),
        (Figure(Missing("as for Borealis Bank")), True),
    ],
)
def test_a_figure_is_examined_with_its_unit(views, figure, found_it):
    risks = {"risks": pd.DataFrame({"risk": ["R1"], "probability": [0.3817]})}
    internal = views["internal"].__class__(**{**vars(views["internal"]), "tables": {**views["internal"].tables, **risks}})
    notebook = review(views["client"], results={"x": figure})
    assert bool(examine(render(notebook), notebook, "client", views["client"], internal, OTHERS)) == found_it


def test_a_finding_names_the_section_it_stands_in(views):
    assert found(views, with_canary(views, "<p>BBK</p>")) == [
        "a name of the account borealis: 'BBK' (text in section \"Fees\")"
    ]


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=x>",
        '<p onclick="x()">fee</p>',
        "<svg onload=x()></svg>",
        '<img alt="" src="https://example.org/x.png">',
        '<img alt="" src="//example.org/x.png">',
        '<img alt="" srcset="x.png 2x">',
        '<a href="https://example.org">site</a>',
        '<a href="javascript:x()">site</a>',
        '<a href="data:text/html,x">site</a>',
        '<iframe srcdoc="x"></iframe>',
        "<object data=x></object>",
        "<embed src=x>",
        '<form action="#"><input></form>',
        '<meta http-equiv="refresh" content="0;url=x">',
        '<link rel="stylesheet" href="x.css">',
        '<base href="/">',
        "<style>@import 'x.css';</style>",
        "<style>p{background:url(https://example.org/x)}</style>",
        '<p style="background:url(x.png)">fee</p>',
        "<svg><foreignObject><p>x</p></foreignObject></svg>",
        '<svg><use href="x.svg#a"/></svg>',
        "<video src=x></video>",
        "<template><p>x</p></template>",
        "<math><mi>x</mi></math>",
        "<!--> <script>alert(1)</script> -->",
    ],
)
def test_whatever_could_run_or_load_is_refused(views, markup):
    assert found(views, with_canary(views, markup))


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page.replace("default-src 'none'; ", ""),
        lambda page: page.replace("style-src 'unsafe-inline'", "style-src 'unsafe-inline'; script-src 'unsafe-inline'"),
        lambda page: page.replace("<head>", "<head><title>first</title>"),
        lambda page: page.replace("<head>", "<body>"),
        lambda page: page.replace('content="default', 'content="default-src *" content="default', 1),
        lambda page: page.replace("<html", "<head></head><html"),
        lambda page: page.replace("Content-Security-Policy", "Content-Security-Policy-Report-Only"),
        lambda page: "<p>no head at all</p>",
    ],
)
def test_a_client_page_without_the_strict_policy_first_in_its_head_is_refused(views, change):
    assert any("Content-Security-Policy" in line for line in found(views, change(render(review(views["client"])))))


def test_the_page_template_and_the_gate_agree_on_the_policy(views):
    assert f'content="{CLIENT_POLICY}"' in render(review(views["client"]))


def test_what_a_cell_printed_is_refused_on_the_page(views):
    notebook = review(views["client"])
    notebook.cells[1].outputs.append(v4.new_output("stream", name="stdout", text="rows read: many\n"))
    assert found(views, notebook=notebook) == []
    page = render(notebook).replace("</section>", "<pre>rows read: many</pre></section>")
    assert found(views, page, notebook) == ["printed text on the page: 'rows read: many' (cell 2)"]


@pytest.mark.parametrize(
    "text",
    ["Traceback (most recent call last):", 'File "spend.py", line 3, in run', "data/aurora/projects.csv", "C:\\reports\\x"],
)
def test_tracebacks_and_files_are_refused(views, text):
    assert found(views, with_canary(views, f"<p>{html.escape(text)}</p>"))


@pytest.mark.parametrize("audience", ["client", "internal"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda nb: nb.cells.pop(), "does not reach its end"),
        (lambda nb: nb.cells[1].__setitem__("execution_count", None), "cell 2 was not run"),
        (lambda nb: nb.cells[1].outputs.append(v4.new_output("error", ename="KeyError", evalue="x", traceback=[])), "an error"),
        (lambda nb: nb.cells[1].outputs.clear(), "blocks"),
    ],
)
def test_a_report_that_is_not_whole_is_published_to_nobody(views, audience, change, says):
    notebook = review(views[audience])
    change(notebook)
    said = [str(f) for f in examine(render(notebook), notebook, audience, views["client"], views["internal"], OTHERS)]
    assert any(says in line for line in said), said


def test_a_block_made_for_us_is_refused_on_a_client_page(views):
    notebook = review(views["client"])
    ours = Report(views["internal"], "Spend", "spend").text("Room to negotiate", section="Fees")
    notebook.cells.insert(2, executed(ours).cells[0])
    assert any("a block made for 'internal'" in line for line in found(views, notebook=notebook))


def test_whatever_goes_wrong_in_the_gate_refuses_the_page(views, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(gate, "internal_values", broken)
    assert found(views) == ["the page could not be examined: ZeroDivisionError: a bug (gate)"]
    monkeypatch.undo()
    notebook = review(views["client"])
    assert examine(render(notebook), notebook, "client")[-1].where == "gate"


def test_a_refusal_lists_what_was_found_where():
    refused = GateRefused([gate.Finding(f"a path {n}", "text") for n in range(25)])
    lines = str(refused).splitlines()
    assert lines[:2] == ["the page must not be published, for it holds:", "a path 0 (text)"]
    assert lines[-2] == "and 5 more"
    assert "take it out of the notebook, commentary or table" in lines[-1]


def test_ten_thousand_internal_values_are_looked_for_in_a_moment(views):
    draw = random.Random(1)
    secret = Phrases()
    for _ in range(10_000):
        secret.add(" ".join(draw.choices("abcdefghij", k=6)) + f" note{draw.random()}", "note")
    page = " ".join(draw.choices("abcdefghij", k=50_000))
    start = time.process_time()
    assert secret.within(page) == []
    assert time.process_time() - start < 5


@given(st.integers(10_000, 9_999_999).map(lambda n: n / 100).filter(lambda v: round(v * 100) % 10))
def test_every_amount_with_cents_is_found_as_it_is_printed(amount):
    secret = InternalValues()
    secret.add_number(amount, "money", "cost")
    for text in (f"{amount:,.2f}", f"{amount:.2f}", f"£{amount:,.2f}", f"EUR {amount:,.2f}"):
        assert [secret.numbers.get(number) for number in numbers_in(text)] == ["cost"]


@pytest.mark.parametrize(
    ("value", "kind", "text", "found"),
    [
        (1386, "money", "£1,386", True),
        (1386, "money", "1,386 h", False),  # hours that happen to be as many
        (1386, "money", "1,386", True),
        (1386.4, "money", "1,386", False),
        (1386.4, "money", "£1,386", True),
        (61.35, "money", "61.35", True),
        (61.35, "money", "61.35 h", False),
        (1240.25, "hours", "1,240.25 h", True),
        (1240.25, "hours", "1,240 h", False),
        (35.25, "hours", "35.25 h", False),
        (35.27, "hours", "35.27 h", True),
        (12345.25, "hours", "12,345 h", True),
        (38.17, "percent", "38.17 %", True),
        (50000, "money", "£50,000", False),
    ],
)
def test_a_number_is_found_with_its_own_unit_or_with_none(value, kind, text, found):
    secret = InternalValues()
    secret.add_number(value, kind, "x")
    assert any(number in secret.numbers for number in numbers_in(text)) == found


@given(st.text(min_size=1, max_size=40))
def test_decodings_begin_with_the_text_itself_and_end(text):
    assert next(decodings(text)) == text
    assert len(list(decodings(text))) < 100


@given(st.text(max_size=200))
def test_any_text_can_be_read_as_a_page(text):
    assert PageReader(text).pieces is not None


def test_common_words_and_short_values_are_no_secrets(views):
    steps = ["risk", "12", "2026-09", "test-11"]
    tables = {"white_space": pd.DataFrame({"service_line": ["media", "Design", "Q3", "Risk"], "next_step": steps})}
    internal = views["internal"].__class__(**{**vars(views["internal"]), "tables": {**views["internal"].tables, **tables}})
    secret = internal_values(internal, views["client"])
    assert secret.texts.within("media design Design Q3 risk 12 2026-09; the user test 11 July") == []

from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from acctlib.show.text import attribute, escape, paragraphs, shorten, visible, wrapped

ANY_TEXT = st.text(st.characters(), max_size=60)  # halves of characters and control characters too


def test_control_characters_become_signs():
    assert visible("a\x00b\x1bc\x7f") == "a␀b␛c␡"


def test_marks_that_turn_the_writing_around_are_dropped():
    assert visible("invoice\u202egnp.exe") == "invoicegnp.exe"


def test_letters_of_every_script_stay():
    assert visible("Łódź 東京 عمان 👩‍👩‍👧") == "Łódź 東京 عمان 👩‍👩‍👧"


def test_per_cent_signs_stay_with_their_number():
    assert escape("80 % of 5 %") == "80\N{NO-BREAK SPACE}% of 5\N{NO-BREAK SPACE}%"


@given(ANY_TEXT)
def test_what_is_escaped_reads_as_it_was_written(text):
    shown = BeautifulSoup(f"<p>{escape(text)}</p>", "html.parser").p.get_text()
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == visible(text).replace("\N{NO-BREAK SPACE}", " ")


@given(ANY_TEXT)
def test_a_parser_writes_text_and_attributes_back_unchanged(text):
    markup = f"<p title={attribute(text)}>{escape(text)}</p>"
    assert str(BeautifulSoup(markup, "html.parser")) == markup


@given(ANY_TEXT, st.integers(1, 30))
def test_shortened_text_is_never_longer_than_asked(text, letters):
    assert len(shorten(text, letters)) <= letters


@given(ANY_TEXT, st.integers(2, 20))
def test_wrapped_text_fits_its_lines(text, letters):
    lines = wrapped(text, letters).split("\n")
    assert len(lines) <= 2
    assert all(len(line) <= letters for line in lines)


def test_lists_and_paragraphs_may_follow_each_other():
    html = paragraphs("Two ways:\n- full\n- reduced\n  within £400k\n\nWe advise the second.")
    assert html == "<p>Two ways:</p><ul><li>full</li><li>reduced within £400k</li></ul><p>We advise the second.</p>"


def test_markup_and_links_in_prose_are_shown_as_letters():
    html = paragraphs("[here](javascript:alert(1)) **<img src=x onerror=alert(1)>**")
    assert html == "<p>[here](javascript:alert(1)) <b>&lt;img src=x onerror=alert(1)&gt;</b></p>"


def test_no_words_give_no_paragraph():
    assert paragraphs("  \n\n ") == ""
    assert paragraphs([]) == ""

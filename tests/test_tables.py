import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acctlib.show.tables import state, table_html

GOLDEN = Path(__file__).parent / "golden" / "table.html"
FRAME = pd.DataFrame(
    {
        "project": ["Site & shop", "<b>Care</b>"],
        "used": [0.861, np.nan],
        "fee": [64000.0, -1250.4],
        "range": [(422e3, 465e3), None],
        "due": pd.to_datetime(["2026-07-08", None]),
        "state": ["at risk", "off track: open 61 days"],
        "cost": [48213.37, 1.0],
    }
)
COLUMNS = {
    "project": ("Project", "text"),
    "used": ("Fee used", "percent"),
    "fee": ("Fee", "money"),
    "hours": ("Hours", "hours"),
    "range": ("Forecast", "range"),
    "due": ("Due", "date"),
    "state": ("State", "state"),
}


def test_the_table_is_the_one_that_was_reviewed():
    """To accept a change: ACCTLIB_UPDATE_GOLDEN=1 pytest tests/test_tables.py, and read the difference."""
    html = table_html(FRAME, COLUMNS, "GBP") + "\n"
    if os.environ.get("ACCTLIB_UPDATE_GOLDEN"):
        GOLDEN.write_text(html, encoding="utf-8")
    assert html == GOLDEN.read_text(encoding="utf-8")


def test_columns_that_are_not_named_are_not_in_the_table():
    assert "48,213" not in table_html(FRAME, COLUMNS, "GBP")


def test_a_named_column_that_the_frame_lacks_is_left_out():
    assert "Hours" not in table_html(FRAME, COLUMNS, "GBP")


def test_a_table_carries_no_id_so_that_two_may_stand_on_a_page():
    assert not re.search(r"\bid=|headers=", table_html(FRAME, COLUMNS, "GBP"))


def test_labels_and_cells_are_escaped():
    hostile = "</td><script>alert(1)</script>\"'&"
    html = table_html(pd.DataFrame({hostile: [hostile]}), {hostile: (hostile, "text")}, "GBP")
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;\"'&amp;") == 2


def test_two_columns_may_have_one_label():
    html = table_html(FRAME, {"fee": ("Amount", "money"), "cost": ("Amount", "money")}, "GBP")
    assert html.count('<th class="right" scope="col">Amount</th>') == 2


def test_a_state_without_a_known_word_is_plain_text():
    assert state("done <8 Jul>") == "done &lt;8 Jul&gt;"


def test_an_unknown_format_names_the_column():
    with pytest.raises(ValueError, match=r"format of column 'Fee' must be one of .*; got 'pounds'"):
        table_html(FRAME, {"fee": ("Fee", "pounds")}, "GBP")

"""What costs more the first time, done once before reports begin.

Altair reads its schema for the first chart, nbformat its own for the first notebook, and the page's script is half a megabyte
to hash. A process from which reports are forked does all that before, so that each report finds it done.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import altair as alt
import nbformat
import pandas as pd

from acctlib.run import channels, confidential, results
from acctlib.show import page
from acctlib.show.blocks import Report
from acctlib.show.drawing import specification
from acctlib.show.tables import table_html

__all__ = ["warm", "warm_for_client"]


def warm() -> None:
    """Draw a chart and a table of nothing, and take the fingerprints and the words that all reports share."""
    frame = pd.DataFrame({"what": ["a", "b"], "share": [0.25, 0.75], "when": pd.to_datetime(["2026-01-01", "2026-02-01"])})
    base = alt.Chart(frame).encode(x=alt.X("when:T", title=None), y=alt.Y("share:Q", axis=alt.Axis(format="~s")))
    specification(alt.layer(base.mark_bar(), base.mark_line(), base.mark_point(), base.mark_text(), base.mark_rule()))
    table_html(frame, {"what": ("What", "text"), "share": ("Share", "percent"), "when": ("When", "date")}, "EUR")
    account = SimpleNamespace(name="-", audience="internal", currency="EUR", as_of=date(2026, 1, 1))
    cells = [{"cell_type": "code", "source": "1", "execution_count": 1, "outputs": []}]
    for block in (Report(account, "-", "-").text("-", section="-"), Report(account, "-", "-").results({"a": 1})):
        cells[0]["outputs"].append({"output_type": "display_data", "data": {block.mime: dict(block.payload)}})
    page.render({"cells": cells})
    page.bundle()
    results.shared_fingerprints()
    channels.shared_words()
    nbformat.validate(nbformat.v4.new_notebook())  # compiles the schema


def warm_for_client() -> None:
    """Read the words that the package is written in; only a page that leaves the house is searched for others."""
    confidential.shared_words()

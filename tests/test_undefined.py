import numpy as np
import pandas as pd
import pytest

from acctlib.measures.undefined import complete, ratio
from acctlib.missing import Missing


def test_a_column_that_is_not_kept_has_the_type_of_its_kind():
    frame = complete(pd.DataFrame({"project": ["app"]}), "tasks", "status done_on baseline_hours")
    assert frame.dtypes.astype(str).to_dict() == {
        "project": "str",
        "status": "str",
        "done_on": "datetime64[us]",
        "baseline_hours": "float64",
    }
    assert frame.loc[0, ["status", "done_on", "baseline_hours"]].isna().all()


def test_a_table_that_is_not_there_has_no_rows_and_can_be_compared():
    frame = complete(Missing("there is no file time_entries"), "time_entries", "date hours billable")
    assert len(frame) == 0
    assert not (frame["date"] <= pd.Timestamp("2026-09-30")).any()


def test_columns_that_are_there_keep_their_values():
    given = pd.DataFrame({"fee": [10.0]})
    assert complete(given, "projects", "fee") is given


@pytest.mark.parametrize("whole", [0, 0.0, float("nan"), np.float64(0)])
def test_a_ratio_without_denominator_is_missing_with_its_reason(whole):
    assert ratio(5.0, whole, "no fee is agreed") == Missing("no fee is agreed")


def test_a_ratio_passes_on_what_is_missing():
    assert ratio(Missing("no cost rate"), 0.0, "no fee") == Missing("no cost rate")
    assert ratio(1.0, Missing("no fee table"), "no fee") == Missing("no fee table")


def test_a_ratio_keeps_its_sign():
    assert ratio(-5, 20, "nothing") == -0.25

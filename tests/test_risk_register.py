import pandas as pd
import pytest

from acctlib.missing import Missing
from acctlib.outlook.distributions import triangular
from acctlib.outlook.risk_register import risk_events, unquantified_risks

REGISTER = pd.DataFrame(
    {
        "risk": ["R1", "R2", "R3", "R4", "R5"],
        "project": ["site", None, "site", "site", "site"],
        "description": ["late content", "key person leaves", "price rise", "old bug", "client's own delay"],
        "bearer": [None, "agency", "agency", "agency", "client"],
        "status": ["open", None, "open", "closed", "open"],
        "probability": [0.3, 0.1, None, 0.9, 0.5],
        "low": [10e3, 1e3, 1e3, 1.0, 1e3],
        "likely": [20e3, 2e3, 2e3, 1.0, 2e3],
        "high": [45e3, 4e3, 4e3, 1.0, 4e3],
        "response_cost": [500.0, None, None, None, None],
        "residual_probability": [0.1, None, None, None, None],
        "residual_low": [None] * 5,
        "residual_likely": [None] * 5,
        "residual_high": [None] * 5,
    }
)


def test_open_quantified_risks_that_we_bear_become_events():
    events = risk_events(REGISTER)
    assert [(event.name, event.project) for event in events] == [("R1", "site"), ("R2", "")]
    # The published case: probability .3, impact 10 000, 20 000, 45 000 has a mean of 7 500.
    assert events[0].mean == pytest.approx(7500)


def test_residual_takes_what_is_blank_from_before_the_response():
    first, second = risk_events(REGISTER)
    assert (first.residual.probability, first.residual.impact, first.response_cost) == (0.1, triangular(10e3, 20e3, 45e3), 500)
    assert second.residual is None


def test_client_bears_its_own_risks():
    assert [event.name for event in risk_events(REGISTER, bearer="client")] == ["R5"]


def test_latest_row_of_a_risk_counts():
    later = REGISTER.iloc[[0]].assign(probability=0.5)
    events = risk_events(pd.concat([REGISTER, later]))
    assert {event.name: event.probability for event in events} == {"R1": 0.5, "R2": 0.1}


def test_risks_outside_the_curve_are_named():
    assert unquantified_risks(REGISTER).to_dict("records") == [{"risk": "R3", "project": "site", "description": "price rise"}]


def test_register_without_odds_is_not_a_register_without_risk():
    bare = REGISTER[["risk", "project", "description"]]
    assert risk_events(bare) == Missing(
        "risks has no columns probability, low, likely, high", "add the columns probability, low, likely, high to risks"
    )
    assert unquantified_risks(bare)["risk"].tolist() == ["R1", "R2", "R3", "R4", "R5"]
    assert risk_events(REGISTER.iloc[[2]]).reason == "no open risk has a probability and a cost"
    nothing = Missing("no file")
    assert risk_events(nothing) is nothing

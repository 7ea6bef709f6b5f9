import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.outlook.distributions import normal, pert, point, triangular
from acctlib.outlook.model import CostModel, Factors, Line, Risk, gaussian_correlation, spearman_correlation

DESIGN = Line("design", pert(80, 100, 150))
BUILD = Line("build", triangular(200, 240, 390))
TEST = Line("test", normal(60, 5))


def test_rank_correlation_to_score_correlation_of_the_published_case():
    assert gaussian_correlation(0.3) == pytest.approx(0.3128689, abs=5e-8)


@given(st.floats(-1, 1))
def test_score_correlation_turns_back_into_the_rank_correlation(spearman):
    assert spearman_correlation(gaussian_correlation(spearman)) == pytest.approx(spearman, abs=1e-9)


def test_risk_is_one_compound_input_of_the_published_case():
    risk = Risk("late content", 0.3, triangular(10_000, 20_000, 45_000))
    assert risk.mean == pytest.approx(7500)
    assert risk.variance**0.5 == pytest.approx(12144.958, abs=5e-4)


def test_model_adds_means_and_likely_values():
    model = CostModel([DESIGN, BUILD, Line("spent", point(50))], [Risk("late", 0.5, point(20))])
    assert model.fixed == 50
    assert model.uncertain == (0, 1)
    assert model.sum_of_likely == pytest.approx(100 + 240 + 50)
    assert model.mean == pytest.approx((80 + 400 + 150) / 6 + 830 / 3 + 50 + 10)


def test_lines_are_correlated_unless_said_otherwise():
    assert CostModel([DESIGN, BUILD]).correlation == 0.25


def test_model_does_not_change():
    model = CostModel([DESIGN, BUILD], correlation=np.eye(2))
    with pytest.raises(AttributeError):
        model.lines = ()
    with pytest.raises(ValueError, match="read-only"):
        model.correlation[0, 1] = 0.5


def test_matrix_that_nearly_can_be_is_mended_and_the_report_is_told():
    matrix = np.array([[1, 0.9, 0.43], [0.9, 1, 0.8], [0.43, 0.8, 1]])
    assert np.linalg.eigvalsh(gaussian_correlation(matrix))[0] < 0
    model = CostModel([DESIGN, BUILD, TEST], correlation=matrix)
    assert np.linalg.eigvalsh(model.gaussian)[0] > -1e-9
    assert np.diag(model.gaussian).tolist() == [1, 1, 1]
    assert model.notes[0].startswith(
        "the correlation matrix cannot be; the nearest valid one was taken, which moves an entry by"
    )


def test_nearest_matrix_is_highams():
    # Higham (2002), "Computing the nearest correlation matrix", IMA J. Numer. Anal. 22, section 4:
    # [[1, 1, 0], [1, 1, 1], [0, 1, 1]] -> .7607 beside the diagonal, .1573 in the corner.
    from acctlib.outlook.model import _nearest_correlation

    nearest = _nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    assert nearest == pytest.approx(np.array([[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]]), abs=5e-5)


def test_valid_matrix_is_left_alone():
    model = CostModel([DESIGN, BUILD, TEST], correlation=[[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]])
    assert model.notes == ()
    assert model.gaussian[0, 1] == pytest.approx(gaussian_correlation(0.5))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: CostModel(), "needs at least one line or risk, got neither; write lines=[Line(name, pert(...))]"),
        (lambda: CostModel([DESIGN, DESIGN]), "2 lines are called 'design'; give each a name of its own"),
        (lambda: CostModel([Line("a", point(1), "x"), Line("a", point(1), "x")]), "2 lines are called 'a' in project 'x'"),
        (lambda: Line("design", 100), "line 'design': cost must be a distribution, got 100; write point(100)"),
        (lambda: Risk("late", 1.2, point(1)), "risk 'late': probability must lie between 0 and 1, got 1.2; write 30 % as 0.3"),
        (lambda: Risk("late", float("nan"), point(1)), "risk 'late': probability must lie between 0 and 1, got nan"),
        (lambda: Risk("late", 0.2, 5000), "risk 'late': impact must be a distribution, got 5000; write point(5000)"),
        (lambda: Risk("late", 0.2, point(1), response_cost=-1), "risk 'late': response_cost must be 0 or more, got -1"),
        (lambda: Factors(project=15), "project factor must lie between 0 and 2, got 15; write 0.15 for about 15 %"),
        (
            lambda: CostModel([DESIGN, BUILD], correlation=1.2),
            "2 lines can have a common rank correlation between -1 and 1, got 1.2",
        ),
        (
            lambda: CostModel([DESIGN, BUILD, TEST], correlation=-0.9),
            "3 lines can have a common rank correlation between -0.483 and 1",
        ),
        (lambda: CostModel([DESIGN, BUILD], correlation=np.eye(3)), "must be 2 by 2, one row a line, got shape (3, 3)"),
        (
            lambda: CostModel([DESIGN, BUILD], correlation=[[1, 0.5], [0.4, 1]]),
            "correlation row 1, column 2 must lie between -1 and 1",
        ),
        (
            lambda: CostModel([DESIGN, BUILD], correlation=[[1, 2], [2, 1]]),
            "row 1, column 2 must lie between -1 and 1 and be the same",
        ),
        (
            lambda: CostModel([DESIGN, BUILD], correlation=[[2, 0], [0, 1]]),
            "row 1, column 1 must be 1, a line with itself, got 2",
        ),
        (
            lambda: CostModel([DESIGN, BUILD, TEST], correlation=[[1, -0.9, -0.9], [-0.9, 1, -0.9], [-0.9, -0.9, 1]]),
            "correlation row 1, column 2 is -0.9 where the nearest possible matrix has -0.48; write that",
        ),
    ],
)
def test_impossible_models_say_where_and_what_to_write(write, message):
    with pytest.raises(ValueError, match=r".") as refused:
        write()
    assert message in str(refused.value)

import numpy as np
import pytest

from acctlib.outlook.sobol import AXES, _directions, scrambled_points


def test_direction_numbers_give_the_published_sequence():
    # Against scipy's generator, which reads the same table (Joe and Kuo 2008) by a program of its own.
    qmc = pytest.importorskip("scipy.stats.qmc")
    theirs = qmc.Sobol(AXES, scramble=False, bits=32).random(256)
    ours = np.zeros((256, AXES), dtype=np.uint32)
    for level in range(8):
        ours[1 << level : 2 << level] = ours[: 1 << level] ^ _directions()[:, level]
    assert (np.sort(ours / 2.0**32, axis=0) == np.sort(theirs, axis=0)).all()
    assert {tuple(point) for point in ours[:, :3] / 2.0**32} == {tuple(point) for point in theirs[:, :3]}


def test_points_lie_inside_and_one_in_each_slice_of_every_axis():
    points = np.concatenate(list(scrambled_points(AXES, 1024, 256, np.random.default_rng(5))), axis=1)
    assert (points > 0).all()
    assert (points < 1).all()
    assert (np.sort(np.floor(points * 1024), axis=1) == np.arange(1024)).all()


def test_first_two_axes_fill_every_box_of_a_chessboard():
    (points,) = scrambled_points(2, 256, 256, np.random.default_rng(5))
    boxes = np.floor(points * 16).astype(int)
    assert len({tuple(box) for box in boxes.T}) == 256


def test_blocks_make_the_same_points():
    whole = np.concatenate(list(scrambled_points(7, 512, 512, np.random.default_rng(3))), axis=1)
    blocks = np.concatenate(list(scrambled_points(7, 512, 64, np.random.default_rng(3))), axis=1)
    assert (whole == blocks).all()


def test_points_of_a_seed_never_change():
    (points,) = scrambled_points(2, 4, 4, np.random.default_rng([1, 0]))
    assert points.tolist() == pytest.approx(np.array(POINTS_OF_SEED_1_0), abs=1e-12)


def test_scramblings_are_independent_and_uniform():
    firsts = np.array([next(scrambled_points(3, 2, 2, np.random.default_rng(seed)))[:, 0] for seed in range(2000)])
    # The mean of 2000 uniform numbers has a standard error of .0065; five of them.
    assert np.abs(firsts.mean(axis=0) - 0.5).max() < 0.033
    assert np.abs(np.corrcoef(firsts.T)[np.triu_indices(3, 1)]).max() < 0.12


def test_axes_beyond_the_table_are_random_and_inside():
    points = np.concatenate(list(scrambled_points(AXES + 3, 4096, 1024, np.random.default_rng(5))), axis=1)
    assert points.shape == (AXES + 3, 4096)
    assert (points[AXES:] > 0).all()
    assert np.abs(points[AXES:].mean(axis=1) - 0.5).max() < 0.025


POINTS_OF_SEED_1_0 = [
    [0.42459960386622697, 0.6233864325331524, 0.12422953208442777, 0.9254349548136815],
    [0.623489755555056, 0.08540063200052828, 0.4238526754779741, 0.9013718048809096],
]

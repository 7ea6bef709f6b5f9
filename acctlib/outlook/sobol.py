"""Points that fill the unit cube evenly, the same ones for ever.

The first 2^m Sobol points put one point into each of 2^m equal slices of every axis, and fill most boxes of two axes
evenly too. A scrambling (a random matrix of bits on each axis, then a random shift) keeps that and makes each point uniform, so
that independent scramblings of the same points give independent, unbiased answers. The points are made here, bit by bit,
because a seed must give the same draws with every version of every library.

Beyond 512 axes the rest is filled with plain random numbers: in a total of that many parts no single one matters.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

__all__ = ["AXES", "scrambled_points"]

BITS = 32
#: Axes for which there are direction numbers.
AXES = 512


def scrambled_points(axes: int, count: int, rows: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield `count` scrambled Sobol points, block by block.

    Parameters
    ----------
    axes : int
        Numbers of a point.
    count, rows : int
        Points in all and points of a block: powers of two, with rows no more than count.
    rng : numpy.random.Generator
        What scrambles.

    Yields
    ------
    array of float, shape (axes, rows)
        Numbers above 0 and below 1; a column a point.

    Examples
    --------
    Of eight points, one lies in each eighth of every axis:

    >>> (block,) = scrambled_points(axes=3, count=8, rows=8, rng=np.random.default_rng(1))
    >>> np.sort(np.floor(block * 8).astype(int), axis=1).tolist()
    [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7]]
    """
    even = min(axes, AXES)
    levels, within = count.bit_length() - 1, rows.bit_length() - 1
    directions = _scrambled(_directions()[:even, :levels], rng)
    first = np.empty((even, rows), dtype=np.uint32)
    first[:, 0] = rng.integers(0, 1 << BITS, even, dtype=np.uint32)
    for level in range(within):
        half = 1 << level
        np.bitwise_xor(first[:, :half], directions[:, level, None], out=first[:, half : 2 * half])
    for block in range(count // rows):
        moved = np.zeros(even, dtype=np.uint32)
        for level in range(within, levels):
            if block >> (level - within) & 1:
                moved ^= directions[:, level]
        points = np.empty((axes, rows))
        # Half a step up, so that no number is 0, whose normal score would be minus infinity.
        points[:even] = first ^ moved[:, None]
        points[:even] += 0.5
        points[:even] *= 1.0 / (1 << BITS)
        if axes > even:
            points[even:] = 1.0 - rng.random((axes - even, rows))
        yield points


def _scrambled(directions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the direction numbers times a random lower triangular matrix of bits for each axis (Matousek 1998)."""
    place = np.arange(BITS, dtype=np.uint64)
    own = (1 << (BITS - 1 - place)).astype(np.uint32)
    above = (((1 << place) - 1) << (BITS - place)).astype(np.uint32)
    rows = rng.integers(0, 1 << BITS, (len(directions), BITS), dtype=np.uint32) & above | own
    scrambled = np.zeros_like(directions)
    for bit in range(BITS):
        odd = np.bitwise_count(directions & rows[:, bit, None]) & 1
        scrambled |= odd.astype(np.uint32) << np.uint32(BITS - 1 - bit)
    return scrambled


@functools.cache
def _directions() -> np.ndarray:
    """Return the direction numbers, shape (AXES, BITS): those of the file, continued by each axis's recurrence."""
    lines = Path(__file__).with_name("sobol_directions.txt").read_text(encoding="ascii").splitlines()
    numbers = [[int(number) for number in line.split()] for line in lines if not line.startswith("#")]
    directions = np.zeros((AXES, BITS), dtype=np.uint32)
    directions[0] = [1 << (BITS - 1 - bit) for bit in range(BITS)]
    for degree in range(1, numbers[-1][0].bit_length()):
        axes = [axis for axis, (polynomial, *_) in enumerate(numbers) if axis and polynomial.bit_length() - 1 == degree]
        polynomials = np.array([numbers[axis][0] for axis in axes], dtype=np.uint32)
        table = np.zeros((len(axes), BITS), dtype=np.uint32)
        table[:, :degree] = [[m << (BITS - 1 - bit) for bit, m in enumerate(numbers[axis][1:])] for axis in axes]
        for bit in range(degree, BITS):
            following = table[:, bit - degree] ^ (table[:, bit - degree] >> np.uint32(degree))
            for back in range(1, degree):
                taken = polynomials >> np.uint32(degree - back) & 1
                following ^= taken * table[:, bit - back]
            table[:, bit] = following
        directions[axes] = table
    return directions

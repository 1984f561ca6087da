"""Numbers the connected regions of a set of boxes, with numpy alone."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def label(boxes: Integers, shape: tuple[int, ...]) -> Integers:
    """Return which region each box is in: those that touch, if only at a corner.

    Args:
        boxes: indices of the boxes, shape (n, dimensions), in ascending order as
            `numpy.argwhere` returns them, each once.
        shape: of the grid or volume.

    Returns:
        The number of each box's region, shape (n,), from 0 in the order of the first
        box of each.
    """
    first, second = _touching(boxes, shape)
    parents = np.arange(len(boxes))
    while first.size:
        # let each root follow the lowest root that it touches, and all others theirs
        roots = parents[first], parents[second]
        lowest = np.minimum(*roots)
        for root in roots:
            np.minimum.at(parents, root, lowest)
        while not np.array_equal(grandparents := parents[parents], parents):
            parents = grandparents
        apart = parents[first] != parents[second]
        first, second = first[apart], second[apart]
    return np.unique(parents, return_inverse=True)[1]


def _touching(boxes: Integers, shape: tuple[int, ...]) -> tuple[Integers, Integers]:
    """Return the pairs of neighbours, as positions in the list of boxes."""
    numbers = np.full([n + 2 for n in shape], -1)  # a margin saves looking for edges
    numbers[tuple((boxes + 1).T)] = np.arange(len(boxes))
    firsts: list[Integers] = []
    seconds: list[Integers] = []
    for step in product((-1, 0, 1), repeat=len(shape)):
        if step > (0,) * len(shape):  # the others are these, seen from the other side
            neighbours = numbers[tuple((boxes + 1 + step).T)]
            firsts.append(np.flatnonzero(neighbours >= 0))
            seconds.append(neighbours[neighbours >= 0])
    return np.concatenate(firsts), np.concatenate(seconds)

"""Where the beam goes in a grid scan: the layout of frames, found in another way."""

from collections.abc import Iterable, Iterator

import numpy as np


def steps_of_the_beam(
    nx: int, ny: int, snaked: bool, along: str
) -> Iterator[tuple[int, int]]:
    """Yield where the beam is, frame by frame, moving it box by box."""
    x = y = 0
    direction = 1
    for _ in range(nx * ny):
        yield x, y
        if along == "horizontal":
            x += direction
            if not 0 <= x < nx:
                y += 1
                x, direction = (x - direction, -direction) if snaked else (0, 1)
        else:
            y += direction
            if not 0 <= y < ny:
                x += 1
                y, direction = (y - direction, -direction) if snaked else (0, 1)


def picture(
    spots: Iterable[int], size: tuple[int, int], snaked: bool, along: str
) -> np.ndarray:
    """Return the spots where the beam was, shape (ny, nx)."""
    nx, ny = size
    rows = np.full((ny, nx), -1)
    path = steps_of_the_beam(nx, ny, snaked, along)
    for count, (x, y) in zip(spots, path, strict=True):
        rows[y, x] = count
    return rows

"""Ranking centres, against a calculation that shares nothing with numpy."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zocalo_ioc.centres import SortKey, best, extent, outlines, rank
from zocalo_ioc.wire import INT32_MAX, Centre

FLOATS = [
    *("x", "y", "z"),
    *("max_count", "total_count"),
]
INTEGERS = [
    *("box_min_x", "box_min_y", "box_min_z"),
    *("box_max_x", "box_max_y", "box_max_z"),
    *("max_voxel_x", "max_voxel_y", "max_voxel_z"),
    *("n_voxels", "sample_id"),
]
BOX_SIZES = ["box_size_x", "box_size_y", "box_size_z"]

Row = dict[str, float]


@st.composite
def centres(draw: st.DrawFn, dimensions: int | None = None) -> Centre:
    """Centres as Zocalo makes them; few distinct counts, so that many are equal."""
    length = dimensions or draw(st.sampled_from((2, 3)))
    counts = st.sampled_from((0.0, 1.0, 2.0, 1e6)) | st.floats(0, 1e12)
    corner = draw(st.lists(st.integers(0, INT32_MAX - 100), min_size=3, max_size=3))
    size = draw(st.lists(st.integers(1, 100), min_size=3, max_size=3))
    opposite = [low + step for low, step in zip(corner, size, strict=True)]
    return Centre(
        centre_of_mass=draw(
            st.lists(
                st.floats(-INT32_MAX, INT32_MAX),
                min_size=length,
                max_size=length,
            )
        ),
        max_voxel=draw(
            st.lists(st.integers(0, INT32_MAX), min_size=length, max_size=length)
        ),
        max_count=draw(counts),
        n_voxels=draw(st.integers(0, 3) | st.integers(0, INT32_MAX)),
        total_count=draw(counts),
        bounding_box=[corner, opposite] if length == 3 else None,
        sample_id=draw(st.none() | st.integers(1, INT32_MAX)),
    )


LISTS = st.lists(centres(), max_size=12)
KEYS = st.sampled_from(SortKey)


def strongest_first(centres: Sequence[Centre], key: SortKey) -> list[Centre]:
    """Take the first of the highest, again and again."""

    def strength(centre: Centre) -> float:
        match key:
            case SortKey.MAX_COUNT:
                return centre.max_count
            case SortKey.TOTAL_COUNT:
                return centre.total_count
            case SortKey.N_VOXELS:
                return centre.n_voxels

    left, taken = list(centres), list[Centre]()
    while left:
        first = 0
        for i, centre in enumerate(left):
            if strength(centre) > strength(left[first]):
                first = i
        taken.append(left.pop(first))
    return taken


def expected_row(centre: Centre) -> Row:
    flat = len(centre.centre_of_mass) == 2
    box = centre.bounding_box
    row: Row = {
        "x": centre.centre_of_mass[0],
        "y": centre.centre_of_mass[1],
        "z": math.nan if flat else centre.centre_of_mass[2],
        "max_voxel_x": centre.max_voxel[0],
        "max_voxel_y": centre.max_voxel[1],
        "max_voxel_z": -1 if flat else centre.max_voxel[2],
        "max_count": centre.max_count,
        "total_count": centre.total_count,
        "n_voxels": centre.n_voxels,
        "sample_id": -1 if centre.sample_id is None else centre.sample_id,
    }
    for i, axis in enumerate("xyz"):
        row[f"box_min_{axis}"] = -1 if box is None else box[0][i]
        row[f"box_max_{axis}"] = -1 if box is None else box[1][i]
    return row


def readable(row: Mapping[str, float]) -> dict[str, object]:
    """Make NaN equal to itself."""
    return {k: "NaN" if math.isnan(v) else v for k, v in row.items()}


def make(centre_of_mass: list[float], sample_id: int, **counts: float) -> Centre:
    return Centre.model_validate(
        {
            "centre_of_mass": centre_of_mass,
            "max_voxel": [int(x) for x in centre_of_mass],
            "max_count": 1,
            "n_voxels": 1,
            "total_count": 1,
            "sample_id": sample_id,
        }
        | counts
    )


@settings(deadline=None, max_examples=300)
@given(LISTS, KEYS)
def test_ranked_columns_agree_with_ranking_the_centres_by_hand(
    given_: list[Centre], key: SortKey
) -> None:
    columns = rank(given_, key)
    rows = [
        readable({name: column[i].item() for name, column in columns.items()})
        for i in range(len(given_))
    ]
    assert rows == [
        readable(expected_row(centre)) for centre in strongest_first(given_, key)
    ]


@settings(deadline=None, max_examples=300)
@given(LISTS.filter(bool), KEYS)
def test_the_best_centre_agrees_with_the_strongest_found_by_hand(
    given_: list[Centre], key: SortKey
) -> None:
    strongest = strongest_first(given_, key)[0]
    expected = expected_row(strongest)
    box = strongest.bounding_box
    for i, axis in enumerate("xyz"):
        expected[f"box_size_{axis}"] = -1 if box is None else box[1][i] - box[0][i]
    assert readable(best(rank(given_, key))) == readable(expected)


@settings(deadline=None)
@given(LISTS, KEYS)
def test_every_column_has_one_element_a_centre(
    given_: list[Centre], key: SortKey
) -> None:
    shapes = {name: column.shape for name, column in rank(given_, key).items()}
    assert shapes == dict.fromkeys(FLOATS + INTEGERS, (len(given_),))


@settings(deadline=None)
@given(LISTS, KEYS)
def test_centres_and_counts_are_doubles_and_the_rest_32_bit_integers(
    given_: list[Centre], key: SortKey
) -> None:
    types = {name: column.dtype for name, column in rank(given_, key).items()}
    assert types == {
        **dict.fromkeys(FLOATS, np.dtype(np.float64)),
        **dict.fromkeys(INTEGERS, np.dtype(np.int32)),
    }


@pytest.mark.parametrize(
    ("key", "order"),
    [
        (SortKey.MAX_COUNT, [1, 2, 3]),
        (SortKey.TOTAL_COUNT, [2, 3, 1]),
        (SortKey.N_VOXELS, [3, 1, 2]),
    ],
)
def test_centres_are_ranked_by_the_chosen_key(key: SortKey, order: list[int]) -> None:
    given_ = [
        make([1, 1, 1], 2, max_count=20, total_count=300, n_voxels=1),
        make([1, 1, 1], 1, max_count=30, total_count=100, n_voxels=2),
        make([1, 1, 1], 3, max_count=10, total_count=200, n_voxels=3),
    ]
    assert rank(given_, key)["sample_id"].tolist() == order


@pytest.mark.parametrize("key", SortKey)
def test_equal_centres_keep_the_order_they_came_in(key: SortKey) -> None:
    given_ = [make([1, 1, 1], sample_id) for sample_id in (5, 3, 9, 1, 7)]
    assert rank(given_, key)["sample_id"].tolist() == [5, 3, 9, 1, 7]


@settings(deadline=None)
@given(LISTS, KEYS)
def test_ranking_leaves_the_given_centres_alone(
    given_: list[Centre], key: SortKey
) -> None:
    before = [centre.model_copy(deep=True) for centre in given_]
    rank(given_, key)
    assert given_ == before


@pytest.mark.parametrize(
    ("column", "missing"),
    [
        ("z", [math.nan]),
        ("max_voxel_z", [-1]),
        *((f"box_{end}_{axis}", [-1]) for end in ("min", "max") for axis in "xyz"),
    ],
)
def test_what_a_2d_centre_lacks_is_padded(column: str, missing: list[float]) -> None:
    columns = rank([make([1.5, 2.5], 7)], SortKey.MAX_COUNT)
    np.testing.assert_array_equal(columns[column], missing)


@pytest.mark.parametrize("name", FLOATS)
def test_a_float_of_the_best_is_nan_when_there_is_no_centre(name: str) -> None:
    assert math.isnan(best(rank([], SortKey.MAX_COUNT))[name])


@pytest.mark.parametrize("name", INTEGERS + BOX_SIZES)
def test_an_integer_of_the_best_is_minus_one_when_there_is_no_centre(name: str) -> None:
    assert best(rank([], SortKey.MAX_COUNT))[name] == -1


def test_the_best_has_the_same_names_with_and_without_a_centre() -> None:
    without = best(rank([], SortKey.MAX_COUNT))
    assert set(best(rank([make([1, 1, 1], 1)], SortKey.MAX_COUNT))) == set(without)


@pytest.mark.parametrize(
    ("axis", "size"), [("x", 1), ("y", 20), ("z", 300)], ids=["x", "y", "z"]
)
def test_the_box_size_is_the_half_open_extent_of_the_box(axis: str, size: int) -> None:
    centre = make([0.5, 10, 150], 1).model_copy(
        update={"bounding_box": [[0, 1, 2], [1, 21, 302]]}
    )
    assert best(rank([centre], SortKey.MAX_COUNT))[f"box_size_{axis}"] == size


@settings(deadline=None)
@given(LISTS, KEYS)
def test_an_outline_goes_round_each_box_in_the_plane_of_its_plot(
    given_: list[Centre], key: SortKey
) -> None:
    lines = outlines(rank(given_, key))
    boxes = [c.bounding_box for c in strongest_first(given_, key) if c.bounding_box]
    for across in ("y", "z"):
        expected: list[tuple[float, float]] = []
        for low, high in boxes:
            x0, x1 = low[0], high[0]
            v0, v1 = low["xyz".index(across)], high["xyz".index(across)]
            expected += [(x0, v0), (x1, v0), (x1, v1), (x0, v1), (x0, v0)]
            expected += [(math.nan, math.nan)]
        found = list(zip(lines["x"], lines[across], strict=True))
        np.testing.assert_array_equal(
            np.array(found).reshape(-1, 2), np.array(expected).reshape(-1, 2)
        )


@settings(deadline=None)
@given(LISTS, KEYS)
def test_a_plot_of_the_extent_holds_every_centre_and_box(
    given_: list[Centre], key: SortKey
) -> None:
    height = extent(rank(given_, key))
    assert height >= 10
    for centre in given_:
        x, *others = centre.centre_of_mass
        assert x <= 2 * height
        assert all(other <= height for other in others)
        if centre.bounding_box:
            x, y, z = centre.bounding_box[1]
            assert x <= 2 * height
            assert max(y, z) <= height


@pytest.mark.parametrize(
    ("corner", "height"),
    [([20, 10, 10], 10), ([21, 1, 1], 20), ([1, 11, 1], 20), ([1, 1, 95], 100)],
)
def test_the_extent_is_no_larger_than_the_next_ten_boxes(
    corner: list[int], height: float
) -> None:
    centre = make([0.5, 0.5, 0.5], 1).model_copy(
        update={"bounding_box": [[0, 0, 0], corner]}
    )
    assert extent(rank([centre], SortKey.MAX_COUNT)) == height


def test_without_a_centre_there_is_no_line_and_a_small_plot() -> None:
    columns = rank([], SortKey.MAX_COUNT)
    assert {axis: line.size for axis, line in outlines(columns).items()} == {
        "x": 0, "y": 0, "z": 0,
    }  # fmt: skip
    assert extent(columns) == 10

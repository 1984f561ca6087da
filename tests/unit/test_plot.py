"""What `simulate --plot` draws."""

from pathlib import Path
from typing import Any

import pytest

from zocalo_ioc.__main__ import main
from zocalo_ioc.errors import SettingsInvalid
from zocalo_simulator.collections_file import CollectionsFile
from zocalo_simulator.plot import draw
from zocalo_simulator.simulation import Options

CRYSTALS: list[dict[str, Any]] = [
    {"at": [3.5, 2.5, 1.5], "strength": 300},
    {"at": [9.5, 4.5, 3.5], "strength": 200},
]
PAIR: dict[str, Any] = {"dcids": [1, 2], "grid": [12, 8, 5], "background": 0}


def drawn(scan: dict[str, Any]) -> Any:
    file = CollectionsFile.model_validate({"scans": [scan]})
    return draw(scan["dcids"][0], Options(collections=file))


def grids(figure: Any) -> list[Any]:
    return [axes for axes in figure.axes if axes.get_title()]


def test_both_grids_are_drawn_to_scale_with_their_axes_in_boxes() -> None:
    figure = drawn(PAIR | {"crystals": CRYSTALS, "step_um": [20, 10, 40]})
    xy, xz = grids(figure)
    assert [axes.get_ylabel() for axes in (xy, xz)] == ["y (boxes)", "z (boxes)"]
    assert [axes.get_ylim() for axes in (xy, xz)] == [(8, 0), (5, 0)]
    assert xy.get_xlim() == (0, 12)
    assert [axes.get_aspect() for axes in (xy, xz)] == [0.5, 2]


def test_each_centre_is_marked_in_both_grids_where_the_crystal_is() -> None:
    figure = drawn(PAIR | {"crystals": CRYSTALS})
    for axes, second in zip(grids(figure), (1, 2), strict=True):
        marks = [
            (line.get_xdata()[0], line.get_ydata()[0])
            for line in axes.lines
            if line.get_marker() == "+"
        ]
        expected = [(c["at"][0], c["at"][second]) for c in CRYSTALS]
        assert marks == [pytest.approx(at, abs=0.3) for at in expected]
        assert [text.get_text() for text in axes.texts] == ["1", "2"]


@pytest.mark.parametrize(
    ("scan", "title"),
    [
        (PAIR | {"trouble": "no-diffraction"}, "no centres"),
        ({"dcids": [1], "crystals": [{"at": [3, 4]}]}, "1 centre "),
        ({"dcids": [1], "trouble": "no-diffraction"}, "no centres"),
        ({"dcids": [1], "grid": [1, 1], "crystals": [{"at": [0.5, 0.5]}]}, "1 centre "),
        ({"dcids": [1], "grid": [500, 1]}, "(CPU), horizontal, snaked"),
        (PAIR | {"source": "gpu", "snaked": False}, "(GPU), horizontal"),
    ],
)
def test_any_scan_can_be_drawn(
    scan: dict[str, Any], title: str, tmp_path: Path
) -> None:
    figure = drawn(scan)
    assert title in figure.get_suptitle()
    figure.savefig(tmp_path / "it.png", dpi=20)


def test_a_rotation_can_not_be_drawn() -> None:
    with pytest.raises(SettingsInvalid, match="is a rotation"):
        drawn({"dcids": [1], "kind": "rotation"})


def test_the_command_writes_the_file_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scan.svg"
    main(["simulate", "--plot", "1234567", "--plot-file", str(file)])
    assert file.read_text().startswith("<?xml")
    assert capsys.readouterr().out == f"Drew DCID 1234567 to {file}\n"

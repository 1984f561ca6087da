"""What `zocalo-ioc submit` refuses without asking any IOC."""

import pytest

from zocalo_ioc.__main__ import main
from zocalo_ioc.settings import SubmitSettings


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "DCIDS"),
        (
            ("71", "--num-frames", "0"),
            "--num-frames: can't use '0'; write a whole number, 1 to",
        ),
        (
            ("0", "--num-frames", "1"),
            "DCIDS: can't use '0'; write a whole number, 1 to",
        ),
        (
            ("71", "--past", "--command", "cancel"),
            "--command: give this or --past, not both",
        ),
        (("1", "--num-frames", "2,3"), "--num-frames has 2 values. Give one"),
        (("1", "--num-frames", "2", "--parameters", "{"), "PARAMETERS is not JSON"),
        (
            ("1", "1", "--num-frames", "2"),
            "DCID 1 is given twice",
        ),
    ],
)
def test_what_can_not_be_submitted_is_refused_at_once(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["submit", "NOBODY", *arguments])
    assert left.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "grids"),
    [
        (("71", "72", "--num-frames", "4"), [(71, 4, 0), (72, 4, 0)]),
        (("71", "72", "--num-frames", "4,5"), [(71, 4, 0), (72, 5, 0)]),
        (
            ("71", "72", "--num-frames", "4", "--num-frames=5", "--dcgid", "7"),
            [(71, 4, 7), (72, 5, 7)],
        ),
    ],
)
def test_values_are_for_all_data_collections_or_for_each(
    arguments: tuple[str, ...], grids: list[tuple[int, int, int]]
) -> None:
    settings = SubmitSettings.load(["P", *arguments])
    found = [(g["dcid"], g["num_frames"], g["dcgid"]) for g in settings.grids]
    assert found == grids


def test_a_variable_that_says_no_to_past_results_forbids_no_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZOCALO_IOC_PAST", "false")
    assert SubmitSettings.load(["P", "71", "--command", "cancel"]).command == "cancel"


def test_whether_a_result_will_come_is_said_of_each_data_collection() -> None:
    for option, expected in (("--expect-result", True), ("--no-expect-result", False)):
        settings = SubmitSettings.load(["P", "71", "72", "--num-frames", "4", option])
        assert [grid["expect_result"] for grid in settings.grids] == [expected] * 2

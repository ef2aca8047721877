"""What counts as a refusal of a damaged bundle."""

from pathlib import Path

import pytest

from bench.experiments.corrupt_bundle import REFUSED, damaged_copy, describe, judge_refusal, list_trials, swap_manifest
from contract.bundle import MANIFEST_NAME, MODEL_NAME, read_bundle, read_manifest
from contract.errors import BundleError


def test_every_trial_damages_the_bundle_and_its_refusal_can_name_the_file(bundle_folder: Path) -> None:
    trials = list(list_trials(bundle_folder, flips=9, cuts=6))
    assert len({trial.kind for trial in trials}) == 3 * 4 + 2
    for trial in trials:
        with damaged_copy(bundle_folder, trial.damage) as folder, pytest.raises(BundleError) as refusal:
            read_bundle(folder)
        assert trial.names in str(refusal.value)


def test_a_swapped_manifest_is_sound_in_itself(bundle_folder: Path) -> None:
    with damaged_copy(bundle_folder, swap_manifest) as folder:
        assert read_manifest(folder).files[MODEL_NAME] != read_manifest(bundle_folder).files[MODEL_NAME]


@pytest.mark.parametrize(
    ("code", "log", "expected"),
    [
        (2, '{"event":"listening"}\nbundle.json was changed\n', REFUSED),
        (2, "something is wrong\n", "one line that does not name bundle.json"),
        (1, "Traceback\n  bundle.json\n", "ended with 1 and 2 lines, not one"),
        (0, "", "ended with 0 and 0 lines, not one"),
        (-11, "", "killed by signal 11"),
    ],
)
def test_only_one_line_that_names_the_file_is_a_refusal(code: int, log: str, expected: str) -> None:
    assert judge_refusal(code, log, MANIFEST_NAME) == expected


def test_one_that_was_ready_or_slow_breaks_the_promise() -> None:
    kept, broken = describe(["a", "b"], [(REFUSED, 1.0), (REFUSED, 2.0)], 5), describe(["a"], [("was ready", 9.0)], 5)
    assert [promise.holds for promise in kept.promises] == [True, True]
    assert [promise.holds for promise in broken.promises] == [False, False]

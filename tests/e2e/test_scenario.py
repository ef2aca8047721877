"""The scenario's frame: what is not as expected ends it, and stands in the table."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.e2e.argo import ArgoCd
from tests.e2e.client import Window, add_lines
from tests.e2e.images import find_digest, flip_bit
from tests.e2e.kubectl import Kubectl
from tests.e2e.options import read_options
from tests.e2e.scenario import Scenario, print_summary
from tests.harness.errors import OutsideError, ScenarioError, UsageError
from tests.harness.programs import run_program
from tests.harness.steps import StepPrinter

OK = '{"outcomes": {"ok": 9}, "versions": {}, "slowest_seconds": 0.001}'
ONE_LOST = '{"outcomes": {"ok": 9, "reset": 1}, "versions": {}, "slowest_seconds": 0.001}'


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    options = read_options(["--push-url", str(tmp_path), "--work", str(tmp_path)])
    kubectl = Kubectl(["kubectl"])
    return Scenario(options, kubectl, ArgoCd(kubectl, ["argocd"]), StepPrinter(Console(file=io.StringIO(), width=140)))


def read_output(scenario: Scenario) -> str:
    assert isinstance(scenario.steps.console.file, io.StringIO)
    return scenario.steps.console.file.getvalue()


def test_a_step_as_expected_is_printed_and_the_scenario_goes_on(scenario: Scenario) -> None:
    scenario.steps.start_section("chapter")
    scenario.expect(True, "step", "found", 1.25)
    scenario.expect_no_loss(add_lines([OK]), "load")
    print_summary(scenario)
    assert [line.is_as_expected for line in scenario.steps.results] == [True, True]
    assert "9 requests, 0 failed" in read_output(scenario)


@pytest.mark.parametrize("window", [add_lines([OK, ONE_LOST]), Window()])
def test_one_lost_request_or_no_load_at_all_ends_the_scenario(scenario: Scenario, window: Window) -> None:
    scenario.steps.start_section("chapter")
    with pytest.raises(ScenarioError, match="chapter: load"):
        scenario.expect_no_loss(window, "load")
    print_summary(scenario)
    assert "✗" in read_output(scenario)


def test_a_wait_that_is_not_met_says_what_was_seen_last(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError, match="the sky: not within 0 s; last seen: grey"):
        scenario.kubectl.wait_until("the sky", lambda: "grey", lambda seen: seen == "blue", 0)


def test_a_repository_that_cannot_be_pushed_anywhere_is_a_mistake_of_usage() -> None:
    with pytest.raises(UsageError, match="--push-url"):
        read_options([])


def test_an_environment_variable_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATHE_E2E_REPOSITORY_COMMAND", "make-repository 'a b'")
    monkeypatch.setenv("LATHE_E2E_RATE", "5")
    options = read_options([])
    assert options.repository_command == ["make-repository", "a b"]
    assert options.rate == 5


def test_a_missing_program_and_a_failing_one_are_told_apart() -> None:
    with pytest.raises(UsageError, match="no such program"):
        run_program(["lathe-has-no-such-program"])
    with pytest.raises(OutsideError, match="exit code 3: why"):
        run_program(["sh", "-c", "echo why >&2; exit 3"])
    with pytest.raises(OutsideError, match="no end after"):
        run_program(["sleep", "5"], seconds=0.1)


def test_a_folder_of_the_path_that_may_not_be_read_hides_no_missing_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lathe-program").write_text("not executable: the kernel answers as for a folder that may not be read")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="no such program"):
        run_program(["lathe-program"])


def test_the_digest_is_the_last_that_a_push_prints() -> None:
    digest = "sha256:" + "b" * 64
    assert find_digest(f"a1b2: Pushed\nv0.1.0: digest: {digest} size: 1234\n") == digest
    with pytest.raises(OutsideError, match="printed no digest"):
        find_digest("Pushed")


def test_exactly_one_bit_is_flipped() -> None:
    content = bytes(range(101))
    flipped = flip_bit(content)
    assert len(flipped) == len(content)
    assert sum((a ^ b).bit_count() for a, b in zip(content, flipped, strict=True)) == 1

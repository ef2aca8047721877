"""`python -m tests.rehearsal`: plays a release whole, from pull request to rollback; 0 if all was as promised.

1 something was not, 2 an option or a program is missing. Nothing leaves the machine but what installs.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from cli.errors import CommandError
from tests.harness.errors import ScenarioError, UsageError
from tests.harness.steps import StepPrinter
from tests.rehearsal.building import prepare_builder
from tests.rehearsal.play import Play
from tests.rehearsal.proofs import PROOFS
from tests.rehearsal.registry import run_registry
from tests.rehearsal.scenario import play_scenario
from tests.rehearsal.signing import make_key
from tests.rehearsal.verbs import expect_verb
from tests.workflows.ruleset import BUTTON, enforce_ruleset
from tests.workflows.stage import Stage, set_stage

WIDTH = 118
NOTE = (
    "Real: Git, the workflows by act, training and gate (small), images, registry, signatures, attestations, every "
    "verb. Played: third-party actions, GitHub's API by a local server, the click at the environment, merges. Signed "
    "with a key made for this run: the keyless service wants a runner of GitHub's."
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description="Plays a release whole.")
    parser.add_argument("--keep", type=Path, help="A new folder for clone, registry and logs; kept at the end")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the registry ends with it
    console = Console(width=WIDTH, highlight=False)
    try:
        if options.keep:
            options.keep.mkdir(parents=True)
            return rehearse(options.keep.resolve(), console)
        with tempfile.TemporaryDirectory(prefix="lathe-rehearsal-") as folder:
            return rehearse(Path(folder), console)
    except FileExistsError:
        console.print(f"error: {options.keep} is there already, expected a new folder")
    except (UsageError, CommandError) as error:  # the latter if no builder of images answers
        console.print(f"error: {error}", markup=False, soft_wrap=True)
    return 2


def rehearse(work: Path, console: Console) -> int:
    """The exit code."""
    started, steps = time.monotonic(), StepPrinter(console)
    try:
        with set_scene(work) as play:
            console.print(f"Set up in {time.monotonic() - started:.0f} s: clone, origin, registry, key, base image.\n")
            play_scenario(play, steps)
            show_end(play, steps)
            prove(play, steps)
    except UsageError:
        raise
    except ScenarioError as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130
    console.print(f"\nAll of it in {time.monotonic() - started:.0f} s. {NOTE}")
    return 0


@contextmanager
def set_scene(work: Path) -> Iterator[Play]:
    """Raises: ScenarioError, UsageError, CommandError without a builder of images."""
    settings = {**make_key(work / "key"), **prepare_builder()}
    with run_registry(work / "registry") as registry, set_stage(work, is_released=False) as stage:
        let_verbs_run(stage)
        enforce_ruleset(stage.repository.origin, BUTTON)
        # whoever sits at this machine commits nothing: a runner of GitHub's knows nobody either
        nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        plain = {"NO_COLOR": "1", "TERM": "dumb"}
        yield Play(stage, {**settings, **nobody, **plain, "LATHE_REGISTRY_MIRROR": registry})


def let_verbs_run(stage: Stage) -> None:
    """The clone as a person's: what is installed, and who commits."""
    repository = stage.repository
    with (repository.folder / ".git" / "info" / "exclude").open("a", encoding="utf-8") as file:
        file.write(".venv\n.tools\n")
    for name in (".venv", ".tools"):
        (repository.folder / name).symlink_to(stage.seed / name)
    repository.git("config", "user.name", "Maintainer")
    repository.git("config", "user.email", "maintainer@example.invalid")


def show_end(play: Play, steps: StepPrinter) -> None:
    """As the verbs print it."""
    play.pull_main()
    with steps.numbered("`make status`, and `make history ENVIRONMENT=prod-eks`"):
        status = expect_verb(play, "status").out
        history = expect_verb(play, "history", "--env", "prod-eks").out
    steps.print_plain(status)
    steps.print_plain(history)


def prove(play: Play, steps: StepPrinter) -> None:
    with steps.numbered("What must hold") as step:
        for proof in PROOFS:
            for line in proof(play):
                step.add(f"✓ {line}", "green")
        if violations := play.stage.github.list_violations():
            raise ScenarioError(f"requests that GitHub would not take: {'; '.join(violations)}")


if __name__ == "__main__":
    sys.exit(main())

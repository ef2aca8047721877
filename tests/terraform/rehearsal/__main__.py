"""`python -m tests.terraform.rehearsal`: a cloud's whole life on this machine; 0 if every step ends as it must.

1 one did not, 2 an option or a program is missing, 4 something beside it did not start. Nothing leaves the machine.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from cli.errors import CommandError
from tests.harness.errors import ScenarioError
from tests.harness.steps import StepPrinter
from tests.terraform.rehearsal.ending import (
    destroy,
    leave_things,
    lift_protection,
    refuse_destroy,
    remove_administrator,
)
from tests.terraform.rehearsal.keeping import drift, hold_lock, restore, restore_learning
from tests.terraform.rehearsal.making import bootstrap, make_cluster, make_state, upgrade, write_kubeconfig
from tests.terraform.rehearsal.world import open_world

WIDTH = 118
CHAPTERS = {
    "remote state": (make_state,),
    "a cluster": (make_cluster, write_kubeconfig, bootstrap),
    "an upgrade": (upgrade,),
    "drift": (drift,),
    "the state's lock": (hold_lock,),
    "lost and restored": (restore, restore_learning),
    "who may come in": (remove_administrator,),
    "a destroy that is refused": (refuse_destroy,),
    "a destroy that ends": (lift_protection, leave_things, destroy),
}
NOTE = (
    "Real: Terraform, the AWS provider, aws, kubectl, etcd, kube-apiserver and its controller manager, every verb. "
    "Played: AWS by moto and what moto lacks of EKS, the check of a token, what the cluster's controllers make."
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.terraform.rehearsal", description="A cloud's whole life.")
    parser.add_argument("--keep", type=Path, help="A new folder for roots, logs and keys; kept at the end")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs beside it ends with it
    console = Console(width=WIDTH, highlight=False)
    try:
        if options.keep:
            options.keep.mkdir(parents=True)
            return rehearse(options.keep.resolve(), console)
        with tempfile.TemporaryDirectory(prefix="lathe-cloud-") as folder:
            return rehearse(Path(folder), console)
    except FileExistsError:
        console.print(f"error: {options.keep} is there already, expected a new folder")
        return 2
    except (ScenarioError, CommandError) as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
        return error.exit_code


def rehearse(folder: Path, console: Console) -> int:
    """The exit code. Raises: ScenarioError where a step does not end as it must."""
    steps = StepPrinter(console)
    with open_world(folder) as world:
        for title, chapters in CHAPTERS.items():
            steps.start_section(title)
            for chapter in chapters:
                chapter(world, steps)
    skipped = sum("skipped:" in step.result for step in steps.results)
    held = f"{len(steps.results) - skipped} steps as expected, {skipped} skipped"
    console.print(f"\n{held}, in {steps.seconds / 60:.0f} min. {NOTE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

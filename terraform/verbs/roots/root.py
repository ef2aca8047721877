"""One root of Terraform in one environment: initialised, read, applied and destroyed, its failures in one line each."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.errors import InputError, OutsideError
from terraform.verbs.program import Terraform, open_terraform
from terraform.verbs.roots.problems import explain_failure
from terraform.verbs.roots.state import TerraformState, parse_state

CLOUDS = ("eks", "gke")
ENVIRONMENTS = ("test", "prod")
ROOTS = Path(__file__).parents[2]
ANY_CODE = range(-64, 256)
RECORDS = ROOTS.parent / "artifacts" / "cloud"  # not in Git: what one run leaves to the next, and Terraform's output


@dataclass(frozen=True)
class Root:
    """`folder` holds the configuration; `terraform` runs there."""

    terraform: Terraform
    cloud: str
    environment: str
    folder: Path
    records: Path

    @property
    def backend_file(self) -> Path:
        return self.folder / "envs" / f"{self.environment}.backend.hcl"

    @property
    def variable_files(self) -> list[Path]:
        """The environment's, then a person's own, which is not in Git and goes before it."""
        names = (f"{self.environment}.tfvars", f"{self.environment}.own.tfvars")
        return [path for name in names if (path := self.folder / "envs" / name).is_file()]

    def initialise(self) -> None:
        """With the environment's own backend, so that no command meets the other environment's state.

        Raises: InputError without one, OutsideError.
        """
        if self.backend_file.is_file():
            self.run("init", "-input=false", "-reconfigure", f"-backend-config={self.backend_file}")
        elif not (self.folder / ".terraform").is_dir():
            raise InputError(
                f"{self.backend_file} is not there, which says where the state is: terraform "
                f"-chdir=terraform/state/{self.cloud} output -raw backend_{self.environment} > {self.backend_file}"
            )

    def read_state(self) -> TerraformState:
        """Raises: OutsideError, InputError if the state is another environment's."""
        state = parse_state(self.run("state", "pull").stdout)
        found = state.get_output("environment")
        if found not in (None, self.environment):
            raise InputError(
                f"the state is of environment {found!r}, expected {self.environment!r}: nothing was done; next: "
                f"terraform -chdir={self.folder} init -reconfigure -backend-config=envs/{self.environment}.backend.hcl"
            )
        return state

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """One command of Terraform; all that it prints is kept beside the records.

        Raises: OutsideError with the line that a person needs and the next command.
        """
        done = self.terraform.run(self.folder, *arguments, expected=ANY_CODE)
        self.keep(arguments[0], f"{done.stdout}{done.stderr}")
        if done.returncode:
            raise OutsideError(
                f"terraform {arguments[0]}: {explain_failure(done.stderr or done.stdout, self.cloud, self.environment)}"
            )
        return done

    def keep(self, name: str, text: str) -> Path:
        """Raises: OSError."""
        path = self.records / f"{self.cloud}-{self.environment}-{name}.log"
        if name != "state":  # which holds what is secret
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return path

    def list_variable_options(self) -> list[str]:
        return [f"-var-file={path}" for path in self.variable_files]


@contextmanager
def open_root(cloud: str, environment: str, root: Path | None = None) -> Iterator[Root]:
    """The root of a cloud, in `root` or in this checkout.

    Raises: InputError for a cloud or an environment that is none, or a folder that is not there.
    """
    check_choice("CLOUD", cloud, CLOUDS)
    check_choice("ENV", environment, ENVIRONMENTS)
    folder = (root or ROOTS / cloud).resolve()
    if not (folder / "versions.tf").is_file():
        raise InputError(f"{folder} is no root of Terraform: it has no versions.tf")
    records = Path(os.environ.get("LATHE_CLOUD_RECORDS") or RECORDS)
    with open_terraform() as terraform:
        yield Root(terraform, cloud, environment, folder, records)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises: InputError."""
    if value not in choices:
        raise InputError(f"{name} is {value!r}, expected one of {', '.join(choices)}")

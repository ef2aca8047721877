"""The programs that a destroy queries: aws, gcloud, kubectl. They take a person's own credentials, whatever kind.

The command lines and no libraries: whoever destroys a cluster has them, since the kubeconfig runs them for each token,
they know single sign-on and profiles, and what is printed as the next command is what was run.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from cli.errors import InputError, OutsideError

SECONDS = 120
GET = {
    "aws": "install the AWS CLI, version 2",
    "gcloud": "install the Google Cloud CLI",
    "kubectl": "install kubectl of the cluster's version",
}


@dataclass(frozen=True)
class ProgramResult:
    """A finished call."""

    code: int
    out: str
    error: str

    @property
    def reason(self) -> str:
        """Its own words, in one line."""
        return " ".join((self.error or self.out or f"exit code {self.code}").split())


def run_program(
    name: str, *arguments: str, environment: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> ProgramResult:
    """One call, whatever comes of it; it asks nobody anything.

    Raises: InputError without the program, OutsideError if it does not end.
    """
    program = shutil.which(name)
    if program is None:
        raise InputError(f"{name} is not on the path: {GET[name]}")
    own = {"AWS_PAGER": "", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - no shell, our own arguments
            [program, *arguments],
            env={**os.environ, **own, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"{name} {' '.join(arguments[:2])}: no end after {seconds:.0f} s") from error
    return ProgramResult(done.returncode, done.stdout, done.stderr)

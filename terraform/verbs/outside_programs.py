"""The clouds' programs: aws, gcloud, kubectl. They take a person's own credentials, whatever kind.

The command lines and no libraries: whoever works on a cluster has them, since the kubeconfig runs them for each token,
they know single sign-on and profiles, and what is printed as the next command is what was run.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from cli.errors import InputError, OutsideError

SECONDS = 120
INSTALL = {
    "aws": "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "kubectl": "https://kubernetes.io/docs/tasks/tools",
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
    name: str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    given: str = "",
    seconds: float = SECONDS,
) -> ProgramResult:
    """One call, whatever comes of it, with `given` on its input; it asks nobody anything.

    Raises: InputError without the program, OutsideError if it does not end.
    """
    own = {"AWS_PAGER": "", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    whole = {**os.environ, **own, **(environment or {})}
    program = shutil.which(name, path=whole.get("PATH", os.defpath))
    if program is None:
        raise InputError(f"{name} is not on the path; install it: {INSTALL[name]}")
    try:
        done = subprocess.run(  # noqa: S603 - no shell, our own arguments
            [program, *arguments],
            env=whole,
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"{name} {' '.join(arguments[:2])}: no end after {seconds:.0f} s") from error
    return ProgramResult(done.returncode, done.stdout, done.stderr)

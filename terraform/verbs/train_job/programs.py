"""gcloud, kubectl and aws: run once, and what they say when they fail, in one line with the next command."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from cli.console import clean_text
from cli.errors import OutsideError

SECONDS = 180
INSTALL = {
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "kubectl": "https://kubernetes.io/docs/tasks/tools",
    "aws": "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
}


@dataclass(frozen=True)
class Failure:
    """By which words a failure is known, what it means, and the next command."""

    pattern: str
    meaning: str
    command: str


FAILURES = (
    Failure(
        r"do not currently have an active account|invalid authentication credentials|Reauthentication|UNAUTHENTICATED"
        r"|Unable to locate credentials|ExpiredToken|must be logged in|Unauthorized|provide credentials",
        "there are no credentials that the cloud takes",
        "{login}",
    ),
    Failure(
        r"\[-?-?region\]|[Ii]nvalid region|not a valid region|Unsupported region|location .* not (?:found|supported)",
        "the region is not one that runs such jobs",
        "take another `region` in envs/*.tfvars, of {regions}",
    ),
    Failure(
        r"RESOURCE_EXHAUSTED|[Qq]uota|exceeded quota",
        "the quota is used up",
        "{quota}; then the same command again",
    ),
    Failure(
        r"[Ii]mage\b.{0,300}(?:not found|not exist)|ErrImagePull|ImagePullBackOff|InvalidImageName|manifest unknown",
        "the image is not there, or the job may not read it",
        "crane manifest {image}",
    ),
    Failure(
        r"\(AlreadyExists\)|ALREADY_EXISTS",
        "the name is taken",
        "another --name, or --follow to wait for the job of that name",
    ),
    Failure(
        r"iam\.serviceAccounts\.actAs|PERMISSION_DENIED|\(Forbidden\)|AccessDenied|403",
        "this identity may not do that",
        "be one of `admins` in envs/*.tfvars and apply",
    ),
    Failure(
        r"[Cc]onnection refused|Unable to connect|no such host|Max retries|Failed to establish|unreachable",
        "the cloud does not answer",
        "look at the network, a proxy or a VPN, then the same command again",
    ),
)


@dataclass(frozen=True)
class Programs:
    """`details` fill the next commands: login, quota, regions, image."""

    environment: Mapping[str, str]
    details: Mapping[str, str]

    def run(self, *command: str, given: str | None = None) -> str:
        """What it prints.

        Raises: OutsideError in one line.
        """
        done = self.try_run(*command, given=given)
        if done.returncode:
            raise self.explain(command[0], done.stderr or done.stdout or f"exit code {done.returncode}")
        return done.stdout

    def try_run(self, *command: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Raises: OutsideError if it is not installed, or not done in time."""
        program = shutil.which(command[0], path=self.environment.get("PATH", os.defpath))
        if program is None:
            raise OutsideError(f"{command[0]} is not on the path; install it: {INSTALL[command[0]]}")
        try:
            return subprocess.run(  # noqa: S603 - no shell, our own arguments
                [program, *command[1:]],
                env=dict(self.environment),
                input=given,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise OutsideError(
                f"{command[0]} {command[1]} was not done after {SECONDS} s; run the same again"
            ) from error

    def explain(self, program: str, text: str) -> OutsideError:
        """One line: what it means, the program's own words, the next command."""
        words = clean_text(re.sub(r"^(ERROR|error): ", "", text.strip()), 400)
        for failure in FAILURES:
            if re.search(failure.pattern, text):
                return OutsideError(f"{failure.meaning}: {words}; next: {failure.command.format(**self.details)}")
        return OutsideError(f"{program}: {words}")

"""gcloud, kubectl and aws: run once, and what they say when they fail, in one line with the next command."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cli.console import clean_text
from cli.errors import OutsideError
from terraform.verbs.outside_programs import ProgramResult, run_program

SECONDS = 180


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

    def run(self, *command: str, given: str = "") -> str:
        """What it prints.

        Raises: InputError if it is not installed, OutsideError in one line.
        """
        done = self.try_run(*command, given=given)
        if done.code:
            raise self.explain(command[0], done.error or done.out or f"exit code {done.code}")
        return done.out

    def try_run(self, *command: str, given: str = "") -> ProgramResult:
        """Raises: InputError if it is not installed, OutsideError if it is not done in time."""
        return run_program(*command, environment=self.environment, given=given, seconds=SECONDS)

    def explain(self, program: str, text: str) -> OutsideError:
        """One line: what it means, the program's own words, the next command."""
        words = clean_text(re.sub(r"^(ERROR|error): ", "", text.strip()), 400)
        for failure in FAILURES:
            if re.search(failure.pattern, text):
                return OutsideError(f"{failure.meaning}: {words}; next: {failure.command.format(**self.details)}")
        return OutsideError(f"{program}: {words}")

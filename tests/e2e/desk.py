"""A person's own clone of the shared repository, where the verbs of a release are typed as docs/releases.md says."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from release.tools import find_tool
from tests.e2e.options import Options
from tests.harness.errors import ScenarioError
from tests.harness.programs import run_program
from tests.harness.verbs import VerbResult

ROOT = Path(__file__).parents[2]
INSTALLED = (".venv", ".tools")  # as `make` would install them there
PASSWORD = "of-a-key-that-this-run-makes"
PEOPLE = {"AUTHOR": ("A developer", "developer@example.org"), "COMMITTER": ("A developer", "developer@example.org")}
VERB_SECONDS = 1800
ANY_CODE = frozenset(range(256))

Settings = Mapping[str, str]
NOTHING: Settings = MappingProxyType({})


class Desk:
    """`log` holds every verb and all that it printed."""

    def __init__(self, options: Options, push_url: str, environment: Mapping[str, str]) -> None:
        self.options = options
        self.folder = options.work / "desk"
        self.log = options.work / "release.txt"
        self.keys = options.work / "keys"
        self._environment = {**leave_runner(), **name_people(), **environment, "COSIGN_PASSWORD": PASSWORD}
        shutil.rmtree(self.folder, ignore_errors=True)
        run_program(["git", "clone", "--quiet", push_url, str(self.folder)], seconds=120)
        self._install()
        self.log.write_text("", encoding="utf-8")

    def _install(self) -> None:
        with (self.folder / ".git" / "info" / "exclude").open("a", encoding="utf-8") as file:
            file.write("".join(f"/{name}\n" for name in INSTALLED))
        for name in INSTALLED:
            (self.folder / name).symlink_to(ROOT / name)

    def make_key(self, name: str) -> tuple[Path, Path]:
        """A signing key of this run's own, as GitHub's identity is not at hand: its secret half and the public one."""
        self.keys.mkdir(parents=True, exist_ok=True)
        secret, public = self.keys / f"{name}.key", self.keys / f"{name}.pub"
        secret.unlink(missing_ok=True)
        command = [find_tool("cosign"), "generate-key-pair", "--output-key-prefix", name]
        run_program(command, folder=self.keys, environment=self._environment)
        return secret, public

    def take_key(self, pair: tuple[Path, Path]) -> None:
        """From now on everything is signed and verified by it."""
        self._environment |= {"LATHE_SIGNING_KEY": str(pair[0]), "LATHE_VERIFYING_KEY": str(pair[1])}

    def type(self, *words: str, is_near: bool = True, settings: Settings = NOTHING) -> VerbResult:
        """`python -m release …`, with the clone's own code; near the cluster, unless it needs the rest of the world."""
        command = [sys.executable, "-m", "release", *words]
        return self.run(command, self.options.run if is_near else (), settings)

    def make(self, verb: str, *given: str) -> VerbResult:
        """`make …`, with what is installed."""
        kept = ("--old-file=.venv/.locked", "--old-file=.tools/bin/kustomize", "--old-file=.tools/bin/cosign")
        return self.run(["make", "--no-print-directory", *kept, verb, *given])

    def run(self, command: Sequence[str], prefix: Sequence[str] = (), settings: Settings = NOTHING) -> VerbResult:
        began = time.monotonic()
        environment = {**self._environment, **settings}
        done = run_program([*prefix, *command], None, VERB_SECONDS, self.folder, environment, ANY_CODE)
        with self.log.open("a", encoding="utf-8") as file:
            took = f"[{done.returncode}, {time.monotonic() - began:.1f} s]"
            file.write(f"$ {shlex.join([Path(command[0]).name, *command[1:]])}\n{done.stdout}{done.stderr}{took}\n\n")
        return VerbResult(done.returncode, done.stdout, done.stderr)

    def must(self, result: VerbResult) -> VerbResult:
        """For what is only on the way to a step.

        Raises: ScenarioError.
        """
        if result.code:
            raise ScenarioError(f"{result.last} (exit code {result.code}); all of it stands in {self.log}")
        return result

    def git(self, *words: str) -> str:
        return self.must(self.run(["git", *words])).out.strip()

    def pull(self) -> str:
        """The newest commit of main, checked out."""
        self.git("fetch", "--quiet", "--prune", "--tags", "origin")
        self.git("checkout", "--quiet", "-B", "main", "origin/main")
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, subject: str) -> str:
        """As GitHub's button does it: one commit on main, with the pull request's title for its message."""
        self.pull()
        self.git("merge", "--quiet", "--squash", f"origin/{branch}")
        self.git("commit", "--quiet", f"--message={subject}")
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
        return self.git("rev-parse", "HEAD")


def leave_runner() -> dict[str, str]:
    """This run's environment without what a job on GitHub has: its identity would sign, its outputs be written."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "ACTIONS_"))}


def name_people() -> dict[str, str]:
    """For Git, whoever runs this."""
    variables: dict[str, str] = {}
    for role, (name, address) in PEOPLE.items():
        variables |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": address}
    return variables

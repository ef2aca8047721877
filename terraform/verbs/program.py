"""Terraform itself: which program runs, where its providers come from, and what it says where it fails.

No verb relies on the machine's own settings: each run gets a CLI configuration that is written for it.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli import console
from cli.errors import InputError, OutsideError

OLDEST, BELOW = (1, 11), (2, 0)  # S3's own lock needs 1.10, the tests' values at plan 1.11
GET_IT = (
    "install it from HashiCorp (apt, brew or the zip file: developer.hashicorp.com/terraform/install; in a workflow "
    "hashicorp/setup-terraform); no package registry serves it, so no verb can install it"
)
MIRROR = "LATHE_TERRAFORM_MIRROR"
# Terraform's own two places, and the one of this project's machines; those that are not there are passed over
MIRRORS = ("/usr/share/terraform/plugins", "~/.terraform.d/plugins", "/opt/tf-plugins")
HOST = "registry.terraform.io"
SECONDS, VERSION_SECONDS = 3600, 60


@dataclass(frozen=True)
class Terraform:
    """A program with its settings; `version` is its own, such as 1.11.4."""

    program: str
    version: str
    settings: Path
    environment: Mapping[str, str]

    def run(
        self, folder: Path, *arguments: str, expected: Sequence[int] = (0,), seconds: float = SECONDS
    ) -> "subprocess.CompletedProcess[str]":
        """One command in a root, never asking a person.

        Raises: OutsideError with what Terraform says, where it ends with another code than `expected`, or not in time.
        """
        command = [self.program, f"-chdir={folder}", *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - the program is Terraform, its arguments are ours
                command, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise OutsideError(
                f"terraform {arguments[0]} in {folder.name} had no end after {seconds:g} s and was killed; "
                "the same again goes on, and names the lock that may be left"
            ) from error
        if done.returncode not in expected:
            raise OutsideError(f"terraform {arguments[0]} in {folder.name}: {read_error(done.stderr or done.stdout)}")
        return done


@contextmanager
def open_terraform(environment: Mapping[str, str] = os.environ) -> Iterator[Terraform]:
    """Terraform, with settings of its own until the block ends.

    Raises: InputError where it is missing, too old or too new, or the named mirror is not there.
    """
    program = find_program(environment)
    version = read_version(program)
    with tempfile.TemporaryDirectory(prefix="lathe-terraform-") as folder:
        settings = Path(folder) / "settings.tfrc"
        settings.write_text(write_settings(list_mirrors(environment)), encoding="utf-8")
        own = {"TF_CLI_CONFIG_FILE": str(settings), "TF_INPUT": "0", "TF_IN_AUTOMATION": "1", "NO_COLOR": "1"}
        kept = {name: value for name, value in environment.items() if not name.startswith(("TF_CLI_ARGS", "TF_LOG"))}
        yield Terraform(program, version, settings, {**kept, **own})


def find_program(environment: Mapping[str, str] = os.environ) -> str:
    """Raises: InputError that says how to get it."""
    found = shutil.which("terraform", path=environment.get("PATH", os.defpath))
    if found is None:
        raise InputError(f"terraform is not on the path: {GET_IT}")
    return found


def read_version(program: str) -> str:
    """Raises: InputError for one that no root takes."""
    quiet = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    command = [program, "version", "-json"]
    try:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=VERSION_SECONDS, check=False)  # noqa: S603 - as above
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{program} does not say its version: {error}; {GET_IT}") from error
    found = re.search(r'"terraform_version":\s*"((\d+)\.(\d+)\.[^"]*)"', done.stdout)
    if found is None:
        raise InputError(f"{program} does not say its version: {console.clean_text(done.stderr, 200)}; {GET_IT}")
    if not OLDEST <= (int(found[2]), int(found[3])) < BELOW:
        oldest, below = (".".join(map(str, one)) for one in (OLDEST, BELOW))
        raise InputError(f"{program} is {found[1]}, expected at least {oldest} and below {below}: {GET_IT}")
    return found[1]


def list_mirrors(environment: Mapping[str, str] = os.environ) -> dict[str, list[str]]:
    """Each folder of providers that is there, and the providers in it, as `registry.terraform.io/hashicorp/aws`.

    Raises: InputError where LATHE_TERRAFORM_MIRROR names none; several are separated as on the PATH.
    """
    named = [one for one in environment.get(MIRROR, "").split(os.pathsep) if one]
    found: dict[str, list[str]] = {}
    for place in (*named, *MIRRORS):
        folder = Path(place).expanduser().resolve()
        held = {path.parent for path in folder.glob("*.*/*/*/*") if path.is_dir() or path.suffix == ".zip"}
        if held:
            found[str(folder)] = sorted(str(path.relative_to(folder)) for path in held)
        elif place in named:
            raise InputError(
                f"{MIRROR}: {place} holds no provider, expected folders such as {HOST}/hashicorp/aws/5.100.0; "
                "`terraform providers mirror FOLDER` makes them"
            )
    return found


def write_settings(mirrors: Mapping[str, Sequence[str]]) -> str:
    """Providers of a mirror come from the first mirror that has them, all others from the registry."""
    lines, taken = ["disable_checkpoint = true", "provider_installation {"], set[str]()
    for folder, providers in mirrors.items():
        if own := [f'"{one}"' for one in providers if one not in taken]:
            lines += ["  filesystem_mirror {", f'    path    = "{folder}"', f"    include = [{', '.join(own)}]", "  }"]
        taken |= set(providers)
    without = ", ".join(f'"{one}"' for one in sorted(taken))
    lines += ["  direct {", *([f"    exclude = [{without}]"] if taken else []), "  }", "}"]
    return "\n".join(lines) + "\n"


def read_error(text: str) -> str:
    """The first error of Terraform's output, in one line without its frame."""
    plain = " ".join(re.sub(r"[│╷╵]", " ", text).split())
    first = plain.partition("Error: ")[2].partition("Error: ")[0] or plain
    return console.clean_text(first, 600)


def show_terraform() -> None:
    """Print which Terraform runs, and which providers come from this machine."""
    with open_terraform() as terraform:
        console.print_done(f"terraform {terraform.version}: {terraform.program}")
    mirrors = list_mirrors()
    for folder, providers in mirrors.items():
        console.print_done(f"providers of {folder}: {', '.join(providers)}")
    if not mirrors:
        console.print_warning(f"no mirror is here ({MIRROR}): every provider is asked of {HOST}")

"""Plans an environment into a folder: the saved plan, and what of it may be shown."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from cli.errors import InputError, OutsideError, RefusedError
from cli.files import write_file
from contract.cloud_plan import ADD, CHANGE, DESTROY, REPLACE, CloudChange, CloudPlan
from terraform.verbs.program import Terraform

FOLDER = Path(__file__).parents[2]
LOCK_SECONDS = 300
ACTIONS = {
    ("create",): ADD,
    ("update",): CHANGE,
    ("delete",): DESTROY,
    ("delete", "create"): REPLACE,
    ("create", "delete"): REPLACE,
}


class ShownChange(msgspec.Struct, frozen=True):
    """As `terraform show -json` has it."""

    actions: list[str]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    after_unknown: dict[str, Any] | bool | None = None


class ShownResource(msgspec.Struct, frozen=True):
    address: str
    mode: str
    change: ShownChange


class ShownPlan(msgspec.Struct, frozen=True):
    resource_changes: list[ShownResource] = []


def initialise(terraform: Terraform, root: Path, state: str) -> None:
    """`state` names the backend's settings as KEY=VALUE, separated by commas, as LATHE_CLOUD_STATE does.

    Raises: InputError, OutsideError.
    """
    settings = [one.strip() for one in state.split(",") if one.strip()]
    if not settings or not all("=" in one for one in settings):
        raise InputError(
            f"LATHE_CLOUD_STATE is {state!r}, expected settings of the backend such as bucket=NAME,key=NAME"
        )
    options = [f"-backend-config={one}" for one in settings]
    terraform.run(root, "init", "-reconfigure", "-no-color", *options)


def save_plan(terraform: Terraform, cloud: str, environment: str, state: str, out: Path, commit: str) -> CloudPlan:
    """The plan of the environment's file, saved in the folder `out` beside what may be shown of it.

    Raises: InputError for an unknown environment, OutsideError if Terraform or the cloud fails.
    """
    root = find_root(cloud, environment)
    initialise(terraform, root, state)
    out.mkdir(parents=True, exist_ok=True)
    saved = locate_saved(out, f"{cloud}-{environment}")
    options = [f"-var-file=envs/{environment}.tfvars", f"-out={saved}", f"-lock-timeout={LOCK_SECONDS}s", "-no-color"]
    terraform.run(root, "plan", *options)
    shown = terraform.run(root, "show", "-json", str(saved)).stdout
    plan = CloudPlan(cloud, environment, commit, digest(saved), read_changes(shown))
    write_file(locate_shown(out, plan.name), msgspec.json.format(msgspec.json.encode(plan)))
    return plan


def locate_saved(out: Path, name: str) -> Path:
    """Terraform's own file, which holds values."""
    return (out / f"{name}.tfplan").resolve()


def locate_shown(out: Path, name: str) -> Path:
    return out / f"{name}.plan.json"


def find_root(cloud: str, environment: str) -> Path:
    """Raises: InputError."""
    if not (FOLDER / cloud / "envs" / f"{environment}.tfvars").is_file():
        raise InputError(f"no environment {environment!r} of {cloud!r}, expected eks or gke, and test or prod")
    return FOLDER / cloud


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_changes(shown: str) -> list[CloudChange]:
    """Every resource that would not stay as it is; what is only read is none."""
    plan = msgspec.json.decode(shown, type=ShownPlan)
    return [
        CloudChange(one.address, ACTIONS[tuple(one.change.actions)], list_attributes(one.change))
        for one in plan.resource_changes
        if one.mode == "managed" and tuple(one.change.actions) in ACTIONS
    ]


def list_attributes(change: ShownChange) -> list[str]:
    """The names of what differs, or will be known only then, of a resource that is there before and after."""
    before, after = change.before, change.after
    if before is None or after is None:
        return []
    unknown = change.after_unknown if isinstance(change.after_unknown, dict) else {}
    names = {*before, *after, *unknown}
    return sorted(name for name in names if unknown.get(name) or before.get(name) != after.get(name))


def apply_plan(terraform: Terraform, cloud: str, environment: str, state: str, out: Path, main: str) -> CloudPlan:
    """The saved plan and nothing else; `main` is the commit that main has now.

    Raises: RefusedError if main went on, the file is another one, or Terraform finds the plan stale; OutsideError.
    """
    name = f"{cloud}-{environment}"
    plan = read_plan(locate_shown(out, name))
    if plan.name != name:
        raise RefusedError(f"{out} holds the plan of {plan.name}, expected {name}: not applied")
    if plan.commit != main:
        raise RefusedError(
            f"{plan.name} was planned at {plan.commit[:12]}, and main is at {main[:12]}: the newer commit's run plans"
        )
    saved = locate_saved(out, name)
    if not saved.is_file() or digest(saved) != plan.sha256:
        raise RefusedError(f"{saved} is not the plan that was shown: run the workflow again")
    root = find_root(cloud, environment)
    initialise(terraform, root, state)
    try:
        terraform.run(root, "apply", f"-lock-timeout={LOCK_SECONDS}s", "-no-color", str(saved))
    except OutsideError as error:
        if "Saved plan is stale" in str(error):
            raise RefusedError(
                f"{plan.name}: the state went on since it was planned: run the workflow again"
            ) from error
        raise
    return plan


def read_plan(path: Path) -> CloudPlan:
    """Raises: InputError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=CloudPlan)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path}: is no plan that `make cloud-plan` has written: {error}") from error


def read_main() -> str:
    """The commit of main at the origin, as it is now.

    Raises: OutsideError.
    """
    git = shutil.which("git") or "git"
    done = subprocess.run(  # noqa: S603 - git with our own arguments
        [git, "ls-remote", "origin", "refs/heads/main"], cwd=FOLDER.parent, capture_output=True, text=True, check=False
    )
    if done.returncode or not done.stdout.strip():
        raise OutsideError(f"git ls-remote origin main: {' '.join(done.stderr.split())[:200] or 'no such branch'}")
    return done.stdout.split()[0]


def read_head() -> str:
    """The commit that is checked out."""
    git = shutil.which("git") or "git"
    done = subprocess.run([git, "rev-parse", "HEAD"], cwd=FOLDER.parent, capture_output=True, text=True, check=True)  # noqa: S603 - as above
    return done.stdout.strip()

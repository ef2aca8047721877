"""What a bundle was made from, by content: the same inputs have the same digests in any folder."""

import hashlib
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

import contract
import training
from contract.bundle import digest_bytes, digest_inputs
from training.data.table import Table
from training.params import Params

LIBRARIES = ("xgboost-cpu", "xgboost", "numpy", "scikit-learn", "onnx")
# what judges, shows and logs a model cannot change it
MAKING_NONE = {
    "contract": ("approval.py", "cloud_costs.py", "cloud_plan.py", "psi.py", "report.py", "wording.py"),
    "training": ("gate", "printing.py", "report", "tracking"),
}
SOURCES = (Path(contract.__path__[0]), Path(training.__path__[0]))


def describe_inputs(table: Table, params: Params) -> dict[str, str]:
    """SHA-256 of each thing that decides what the model becomes."""
    return {
        "data": table.sha256,
        "dataset": digest_bytes(msgspec.json.encode(table.dataset, order="deterministic")),
        "params": digest_bytes(msgspec.json.encode(params, order="deterministic")),
        "code": digest_code(),
        "libraries": digest_bytes(msgspec.json.encode(list_libraries(), order="deterministic")),
    }


def name_version(inputs: dict[str, str]) -> str:
    """A model version: the first 12 hex digits over all inputs."""
    return digest_inputs(inputs)[:12]


@cache  # what this process loaded, not what an editor has saved since
def digest_code() -> str:
    """SHA-256 over the Python files that make a model, by their path within the project."""
    total = hashlib.sha256()
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            if path.relative_to(source).parts[0] in MAKING_NONE[source.name]:
                continue
            total.update(f"{source.name}/{path.relative_to(source)}".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def list_libraries() -> dict[str, str]:
    """Installed versions of the libraries that decide a model's bytes."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except ModuleNotFoundError:  # one of xgboost-cpu and xgboost, by platform
            continue
    return versions


def describe_revision() -> str:
    """The commit that is checked out, with `-dirty` if files differ from it, or `unknown` without Git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        described = subprocess.run(command, cwd=SOURCES[1], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - no shell, our own arguments
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()

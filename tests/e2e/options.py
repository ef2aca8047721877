"""How the scenario reaches a cluster, a Git server and a registry: options, each with an environment variable."""

import argparse
import os
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tests.harness.errors import UsageError
from tests.harness.programs import split_command

PREFIX = "LATHE_E2E_"
REPOSITORY = "https://github.com/lathe-ml/lathe"  # as gitops/argocd says it
IMAGE = "ghcr.io/lathe-ml/lathe-predictor"  # as the overlays say it

# name: (default, help)
TEXTS = {
    "kubectl": ("kubectl", "kubectl, with its context if it needs one"),
    "argocd": ("argocd --core", "the argocd command line, with how it reaches its server; it shows the tree of pods"),
    "push-url": ("", "URL or folder to push the repository to; the branch main is overwritten"),
    "repository": (REPOSITORY, "the same repository, as Argo CD reads it"),
    "repository-command": ("", "instead of --push-url: a command that makes an empty repository and prints its URL"),
    "image": (IMAGE, "name of the predictor's image in the registry, without a tag"),
    "push-image": ("docker push", "command that pushes the image named after it and prints its digest"),
    "run": (
        "",
        "prefix of a command that has to reach registry and cluster, where this machine's own network does not",
    ),
    "builder": ("", "docker, podman or buildah; the first that is found"),
    "base": ("", "base image to build on, instead of the Dockerfile's"),
    "reset-command": (
        "",
        "command that leaves an empty cluster with Argo CD; without it Argo CD's objects and namespaces are deleted",
    ),
    "plant": ("", "a setting for test, to see the scenario fail: LATHE_DRAIN_SECONDS=0 loses requests"),
    "work": ("artifacts/e2e", "folder for bundles, the copy of the repository and the evidence"),
}
NUMBERS = {
    "rate": (160.0, "requests a second while load runs, over all connections"),
    "connections": (32.0, "keep-alive connections"),
    "patience": (1.0, "stretches every wait, for a cluster that is slow or polls Git seldom"),
}


@dataclass(frozen=True)
class Options:
    """Every option, as the command line and the environment gave it."""

    kubectl: list[str]
    argocd: list[str]
    push_url: str
    repository: str
    repository_command: list[str]
    image: str
    push_image: list[str]
    run: list[str]
    builder: str
    base: str
    reset_command: list[str]
    plant: str
    work: Path
    rate: float
    connections: float
    patience: float
    only: tuple[str, ...]
    keep: bool


def read_options(arguments: list[str] | None = None) -> Options:
    """Raises: UsageError if the repository cannot be pushed anywhere."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e",
        description="Lathe's whole scenario on a real cluster with Argo CD; KUBECONFIG says which.",
        epilog=f"Each option is also an environment variable: --push-url is {PREFIX}PUSH_URL.",
    )
    for name, (text, about) in TEXTS.items():
        parser.add_argument(f"--{name}", default=read_variable(name, text), help=f"{about} (default: {text or 'none'})")
    for name, (number, about) in NUMBERS.items():
        default = float(read_variable(name, str(number)))
        parser.add_argument(f"--{name}", type=float, default=default, help=f"{about} (default: {number:g})")
    parser.add_argument("--only", default=read_variable("only", ""), help="chapters to tell after bootstrap, by name")
    parser.add_argument("--keep", action="store_true", help="leave everything in the cluster")
    given: dict[str, Any] = vars(parser.parse_args(arguments))
    if not given["push_url"] and not given["repository_command"]:
        raise UsageError("the repository has to go somewhere: give --push-url or --repository-command")
    given["only"] = tuple(name for name in re.split(r"[,\s]+", given["only"]) if name)
    given["work"] = Path(given["work"]).absolute()
    commands = {field.name for field in fields(Options) if field.type == list[str]}
    values: dict[str, Any] = {key: split_command(text) if key in commands else text for key, text in given.items()}
    return Options(**values)


def read_variable(name: str, default: str) -> str:
    return os.environ.get(PREFIX + name.upper().replace("-", "_")) or default

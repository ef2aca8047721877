"""The Deployment's own security settings as podman's arguments: the image is tried under what it will run under."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.repo.sources import ROOT

BASE = ROOT / "gitops" / "base"


def read_pod(base: Path = BASE) -> dict[str, Any]:
    """The pod's part of the Deployment."""
    document = YAML(typ="safe").load((base / "deployment.yaml").read_text(encoding="utf-8"))
    pod: dict[str, Any] = document["spec"]["template"]["spec"]
    return pod


def translate_security(pod: dict[str, Any]) -> list[str]:
    """User, root file system, capabilities and privileges of the first container, and the pod's scratch volumes."""
    container = pod["containers"][0]
    own, shared = container["securityContext"], pod["securityContext"]
    arguments = [f"--user={shared['runAsUser']}:{shared['runAsGroup']}", "--read-only-tmpfs=false"]
    arguments += [f"--read-only={str(own['readOnlyRootFilesystem']).lower()}"]
    arguments += [f"--cap-drop={name}" for name in own["capabilities"]["drop"]]
    if own["allowPrivilegeEscalation"] is False:
        arguments.append("--security-opt=no-new-privileges")
    folders = {volume["name"]: volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume}
    for mount in container["volumeMounts"]:
        size = folders[mount["name"]]["sizeLimit"].removesuffix("i").lower()
        arguments.append(f"--mount=type=tmpfs,destination={mount['mountPath']},tmpfs-size={size},tmpfs-mode=1777")
    return arguments


def translate_settings(base: Path = BASE) -> list[str]:
    """The ConfigMap's settings."""
    lines = (base / "settings.env").read_text(encoding="utf-8").splitlines()
    return [f"--env={line}" for line in lines if line and not line.startswith("#")]


def translate_limits(pod: dict[str, Any]) -> list[str]:
    """Processors and memory, and the threads that the Deployment takes from them."""
    limits = pod["containers"][0]["resources"]["limits"]
    memory = limits["memory"].removesuffix("i").lower()
    return [f"--cpus={limits['cpu']}", f"--memory={memory}", f"--env=LATHE_THREADS={limits['cpu']}"]

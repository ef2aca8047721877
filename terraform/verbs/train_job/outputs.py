"""What a job needs of Terraform's outputs."""

import json
from collections.abc import Mapping
from pathlib import Path

from cli.errors import InputError
from cli.files import read_file
from terraform.verbs.program import open_terraform

ROOTS = Path(__file__).parents[2]
MAX_BYTES = 1_000_000
NEEDED = ("bundles_bucket", "cluster_name", "kubeconfig", "region", "registry", "training_job_identity")


def read_outputs(cloud: str, path: Path | None) -> Mapping[str, str]:
    """Of `terraform output -json` in the root of the cloud, or of a file that holds what it printed.

    Raises: InputError where an output is missing, OutsideError where Terraform fails.
    """
    if path is not None:
        shown, text = str(path), read_file(path, MAX_BYTES).decode("utf-8", errors="replace")
    else:
        shown = f"terraform -chdir=terraform/{cloud} output -json"
        with open_terraform() as terraform:
            text = terraform.run(ROOTS / cloud, "output", "-json").stdout
    try:
        read = json.loads(text)
        outputs = {name: read[name]["value"] for name in NEEDED if name in read}
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{shown} is not what `terraform output -json` prints: {error}") from error
    if missing := [name for name in NEEDED if not isinstance(outputs.get(name), str)]:
        raise InputError(
            f"{shown} has no {', '.join(missing)}; the environment is not applied, or its state is another's: "
            f"terraform -chdir=terraform/{cloud} init -backend-config=FILE, then apply"
        )
    return outputs

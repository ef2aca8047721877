"""The bucket of Terraform's state at Google, as its provider's schema sees it."""

import json
import shutil
from pathlib import Path

from terraform.verbs.program import Terraform
from tests.repo.sources import ROOT


def test_the_states_bucket_is_versioned_and_never_public_and_its_destroy_is_refused(
    terraform: Terraform, tmp_path: Path
) -> None:
    folder = shutil.copytree(ROOT / "terraform" / "state" / "gke", tmp_path / "state")
    terraform.run(folder, "init", "-no-color")
    terraform.run(folder, "apply", "-auto-approve", "-no-color", "-var=region=europe-west3")
    shown = json.loads(terraform.run(folder, "show", "-json").stdout)["values"]["root_module"]["resources"]
    bucket = next(one["values"] for one in shown if one["type"] == "google_storage_bucket")
    assert bucket["versioning"] == [{"enabled": True}]
    assert bucket["public_access_prevention"] == "enforced"
    assert bucket["force_destroy"] is False
    assert 'prefix = "gke/prod"' in terraform.run(folder, "output", "-raw", "backend_prod").stdout
    refused = terraform.run(folder, "destroy", "-auto-approve", "-no-color", "-var=region=europe-west3", expected=(1,))
    assert "Instance cannot be destroyed" in refused.stderr

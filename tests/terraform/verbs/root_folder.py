"""A root of Terraform that needs no provider: the guard, a few resources, and the outputs that the verbs read."""

import json
import subprocess
from pathlib import Path
from typing import Any

from terraform.verbs.program import open_terraform

GUARD = """
terraform {
  required_version = ">= 1.11"
  backend "local" {}
}
variable "environment" { type = string }
variable "deletion_protection" { type = bool }
variable "outputs" { type = any }

resource "terraform_data" "cluster" { input = "the cluster" }

resource "terraform_data" "guard" {
  input = { protected = var.deletion_protection, name = "lathe" }

  provisioner "local-exec" {
    when        = destroy
    command     = "[ $PROTECTED = false ] || { echo 'error: lathe is protected, nothing was destroyed' >&2; exit 1; }"
    environment = { PROTECTED = self.input.protected }
  }

  depends_on = [terraform_data.cluster]
}
"""


def write_root(folder: Path, environment: str, outputs: dict[str, Any], *, is_protected: bool = False) -> Path:
    """The root's folder, not yet applied; its state is a file in it."""
    (folder / "envs").mkdir(parents=True, exist_ok=True)
    lines = [f'output "{name}" {{ value = var.outputs["{name}"] }}' for name in outputs]
    (folder / "versions.tf").write_text(GUARD + "\n".join(lines) + "\n", encoding="utf-8")
    values = {"environment": environment, "deletion_protection": is_protected, "outputs": outputs}
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
    (folder / "envs" / f"{environment}.tfvars").write_text(text + "\n", encoding="utf-8")
    backend = f'path = "{folder / f"{environment}.tfstate"}"\n'
    (folder / "envs" / f"{environment}.backend.hcl").write_text(backend, encoding="utf-8")
    return folder


def apply_root(folder: Path, environment: str, *options: str) -> "subprocess.CompletedProcess[str]":
    with open_terraform() as terraform:
        terraform.run(folder, "init", "-input=false", f"-backend-config=envs/{environment}.backend.hcl", "-reconfigure")
        return terraform.run(folder, "apply", "-auto-approve", f"-var-file=envs/{environment}.tfvars", *options)

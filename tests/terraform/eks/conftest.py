"""Terraform with the provider for AWS, and a copy of terraform/eks that a test may change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from terraform.verbs.program import Terraform, open_terraform
from tests.terraform.eks.root import ROOT_FOLDER


@pytest.fixture(scope="session")
def terraform() -> Iterator[Terraform]:
    try:
        with open_terraform() as found:
            yield found
    except InputError as error:
        pytest.skip(f"needs Terraform: {error}")


@pytest.fixture(scope="session")
def _initialised(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`terraform init` takes seconds, so one serves all copies."""
    folder = tmp_path_factory.mktemp("initialised") / "eks"
    shutil.copytree(ROOT_FOLDER, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    (folder / "backend.tf").unlink()  # the state lies beside the copy
    try:
        terraform.run(folder, "init", "-no-color")
    except OutsideError as error:
        pytest.skip(f"needs the provider for AWS (LATHE_TERRAFORM_MIRROR names a folder that has it): {error}")
    return folder


@pytest.fixture
def root(_initialised: Path, tmp_path: Path) -> Path:
    """terraform/eks, initialised, without its backend."""
    return Path(shutil.copytree(_initialised, tmp_path / "eks", symlinks=True))

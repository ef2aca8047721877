"""Terraform with Google's provider or its double, and a copy of the root that a test may change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from terraform.verbs.program import Terraform, open_terraform
from tests.terraform.google.double import describe_double
from tests.terraform.google.root import ROOT_FOLDER


@pytest.fixture(scope="session")
def terraform() -> Iterator[Terraform]:
    """With the double."""
    try:
        with open_terraform(describe_double()) as found:
            yield found
    except (InputError, OutsideError) as error:
        pytest.skip(f"needs Terraform and the double of Google's provider: {error}")


@pytest.fixture(scope="session")
def _initialised(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`terraform init` takes seconds, so one serves all copies."""
    folder = tmp_path_factory.mktemp("initialised") / "gke"
    shutil.copytree(ROOT_FOLDER, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    (folder / "backend.tf").unlink()  # the state lies beside the copy
    terraform.run(folder, "init", "-no-color")
    return folder


@pytest.fixture
def root(_initialised: Path, tmp_path: Path) -> Path:
    """terraform/gke, initialised, without its backend."""
    return Path(shutil.copytree(_initialised, tmp_path / "gke", symlinks=True))

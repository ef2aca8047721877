"""The address of a cluster in Argo CD's files: one value changes, every other byte stays."""

import shutil
from pathlib import Path

import pytest
import yaml

from cli.errors import InputError
from terraform.verbs.settings.clusters import ENVIRONMENTS, PROJECT, change_server, write_clusters
from tests.repo.sources import ROOT

SERVER = "https://A1B2.gr7.eu-central-1.eks.amazonaws.com"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for path in (ENVIRONMENTS, PROJECT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


@pytest.mark.parametrize("environment", ["prod-eks", "prod-gke"])
def test_both_files_name_the_cluster_and_nothing_else_changes(checkout: Path, environment: str) -> None:
    assert write_clusters(checkout, environment, SERVER) == [ENVIRONMENTS, PROJECT]
    for path in (ENVIRONMENTS, PROJECT):
        before, after = ((root / path).read_text(encoding="utf-8").splitlines() for root in (ROOT, checkout))
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert len(changed) == 1
        assert SERVER in changed[0][1]
    elements = yaml.safe_load((checkout / ENVIRONMENTS).read_text(encoding="utf-8"))["spec"]["generators"][0]["list"]
    servers = {one["environment"]: one["server"] for one in elements["elements"]}
    assert servers[environment] == SERVER
    assert servers["test"] == "https://kubernetes.default.svc"


def test_a_second_time_nothing_is_written(checkout: Path) -> None:
    write_clusters(checkout, "prod-eks", SERVER)
    assert write_clusters(checkout, "prod-eks", SERVER) == []


def test_an_environment_that_no_file_names_is_refused(checkout: Path) -> None:
    with pytest.raises(InputError, match=r"has 0 entries with environment 'prod-aks' and a server, expected one"):
        write_clusters(checkout, "prod-aks", SERVER)


def test_an_environment_that_is_named_twice_is_refused() -> None:
    text = "a:\n  - {environment: x, server: s}\n  - {environment: x, server: t}\n"
    with pytest.raises(InputError, match="2 entries"):
        change_server(text, "environment", "x", SERVER, "file")


@pytest.mark.parametrize("text", ["a: [", "", "a: {b: *c}"])
def test_what_is_not_yaml_or_empty_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(InputError, match=r"^file "):
        change_server(text, "environment", "x", SERVER, "file")


def test_quotes_stay() -> None:
    text = "- environment: x\n  server: 'old' # why\n"
    assert change_server(text, "environment", "x", "new", "file") == "- environment: x\n  server: 'new' # why\n"

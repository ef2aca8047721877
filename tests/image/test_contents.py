"""What the images hold: what the lock says, and nothing that must stay out."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.image.archive import list_layers
from tests.image.conftest import PLANTED, Gated
from tests.image.containers import name_image, podman, run, run_python
from tests.repo.sources import ROOT

pytestmark = pytest.mark.slow

LIST_INSTALLED = """
import importlib.metadata, json
print(json.dumps([[found.metadata["Name"], found.version] for found in importlib.metadata.distributions()]))
"""
# a folder or file name that has no business in an image's own layers
FORBIDDEN = re.compile(r"(^|/)(\.git|tests|secrets?|artifacts|bench|gitops|\.venv|\.tools|[^/]*\.(pem|key|env))(/|$)")


def read_lock(*groups: str) -> set[tuple[str, str]]:
    """Name and version of each distribution that the lock puts into the groups, on this platform."""
    command = [str(ROOT / ".tools/uv/bin/uv"), "export", "--quiet", "--locked", "--no-hashes", "--no-default-groups"]
    done = run(*command, "--project", str(ROOT), *(f"--group={group}" for group in groups))
    assert done.returncode == 0, done.stderr
    found = [Requirement(line) for line in done.stdout.splitlines() if line and not line.lstrip().startswith("#")]
    wanted = [entry for entry in found if entry.marker is None or entry.marker.evaluate({"python_version": "3.11"})]
    return {(normalise_name(entry.name), str(entry.specifier).removeprefix("==")) for entry in wanted}


def read_installed(image: str) -> set[tuple[str, str]]:
    return {(normalise_name(name), version) for name, version in run_python(image, LIST_INSTALLED)}


def normalise_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def find_forbidden(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if FORBIDDEN.search(name):
            yield name


def test_what_the_predictors_image_holds_is_what_the_lock_says(predictor_image: str) -> None:
    locked = read_lock("predictor")
    assert len(locked) > 20
    assert read_installed(predictor_image) == locked


def test_what_the_training_image_holds_is_what_the_lock_says(training_image: str) -> None:
    locked = read_lock("predictor", "training")
    assert len(locked) > 80
    assert read_installed(training_image) == locked


def test_a_distribution_more_than_the_lock_has_would_be_seen(predictor_image: str, tmp_path: Path) -> None:
    folder = "/opt/venv/lib/python3.11/site-packages/planted-1.0.dist-info"
    (tmp_path / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    tag = name_image("planted")
    (tmp_path / "Containerfile").write_text(f"FROM {predictor_image}\nCOPY METADATA {folder}/METADATA\n")
    assert run("buildah", "build", "--quiet", "--tag", tag, str(tmp_path)).returncode == 0
    more = read_installed(tag) - read_installed(predictor_image)
    run("podman", "rmi", tag)
    assert more == {("planted", "1.0")}


def test_no_secret_no_history_and_no_test_is_in_any_layer(predictor_image: str, checkout: Path) -> None:
    assert all((checkout / name).is_file() for name in PLANTED)
    layers = list_layers(predictor_image)[1:]
    names = [name for layer in layers for name in layer]
    print(f"{len(layers)} layers, {len(names):,} names")
    assert len(layers) == 4
    assert len(names) > 2000
    assert list(find_forbidden(names)) == []
    assert [name for name in names if name.endswith("stale.pyc")] == []
    assert [name for name in names if "/__pycache__/" in name and name.startswith("srv/app/")]
    assert [name for name in names if "/__pycache__/" in name and name.startswith("srv/contract/")]


@pytest.mark.parametrize(
    "name", ["srv/.git/config", "srv/app/tests/test_x.py", "run/secrets/ca", "srv/secret.env", "k.pem"]
)
def test_a_planted_name_is_found(name: str) -> None:
    assert list(find_forbidden(["srv/app/predictor/server/server.py", name])) == [name]


def test_the_labels_say_version_revision_source_and_bundle(predictor_image: str, gated: Gated) -> None:
    labels = {}
    for name in ("title", "version", "revision", "source", "licenses"):
        field = f'{{{{index .Config.Labels "org.opencontainers.image.{name}"}}}}'
        labels[name] = podman("inspect", predictor_image, "--format", field).strip()
    assert labels["revision"]
    assert labels["source"].startswith("https://")
    assert (labels["title"], labels["version"], labels["licenses"]) == ("lathe-predictor", "v0.0.1", "Apache-2.0")

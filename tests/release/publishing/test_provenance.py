"""What provenance says, in SLSA's own fields, and what each reader of it compares."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, RefusedError
from release.publishing.provenance import BUILD_TYPE, ImageOrigin, compose_provenance, find_base
from release.registry.attestations import check_gate, check_provenance, check_sbom
from release.registry.published import PublishedImage
from release.tools import ROOT
from tests.release.shelf import REPOSITORY, SBOM

IMAGE = PublishedImage(REPOSITORY, "v1.2.3", "sha256:" + "1" * 64, "a" * 40, "b" * 64, "c" * 64, "pass", None, "", ())
ORIGIN = ImageOrigin("v1.2.3", "a" * 40, REPOSITORY, "b" * 64, None, ("python:3.11", "sha256:" + "d" * 64), False)
RUN = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "lathe-ml/lathe",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKFLOW_REF": "lathe-ml/lathe/.github/workflows/release.yml@refs/tags/v1.2.3",
}


def test_it_names_tag_commit_bundle_base_builder_and_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in RUN.items():
        monkeypatch.setenv(name, value)
    found = compose_provenance(ORIGIN)
    definition, details = found["buildDefinition"], found["runDetails"]
    assert definition["externalParameters"]["tag"] == "v1.2.3"
    digests = {one["name"]: one.get("digest") for one in definition["resolvedDependencies"]}
    assert digests == {
        "source": {"gitCommit": "a" * 40},
        "bundle": {"latheBundle": "b" * 64},
        "base": {"sha256": "d" * 64},
    }
    assert details["builder"]["id"] == f"https://github.com/{RUN['GITHUB_WORKFLOW_REF']}"
    assert details["metadata"]["invocationId"] == "https://github.com/lathe-ml/lathe/actions/runs/77/attempts/2"
    assert check_provenance(found, IMAGE).startswith("of commit aaaaaaaaaaaa, by https://github.com/")


def test_outside_of_a_job_it_claims_no_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RUN:
        monkeypatch.delenv(name, raising=False)
    found = compose_provenance(replace(ORIGIN, was_there=True, base=("local", None)))
    assert found["runDetails"] == {"builder": {"id": f"{BUILD_TYPE}#built-by-hand"}, "metadata": {}}
    assert found["buildDefinition"]["internalParameters"] == {"image": "pushed by an earlier attempt"}


def test_its_type_leads_to_a_page_that_explains_every_field() -> None:
    page = ROOT / BUILD_TYPE.partition("/blob/main/")[2]
    text = page.read_text(encoding="utf-8")
    assert "## Built by hand" in text
    definition = compose_provenance(ORIGIN)["buildDefinition"]
    names = [*definition["externalParameters"], *definition["internalParameters"]]
    names += [one["name"] for one in definition["resolvedDependencies"]]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "v1.2.4"}, "is of tag v1.2.4"),
        ({"revision": "e" * 40}, "is of commit eeee"),
        ({"bundle_digest": "f" * 64}, "is of bundle ffff"),
        ({"repository": "docker.io/x"}, "is of repository docker.io/x"),
    ],
)
def test_provenance_of_something_else_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        check_provenance(compose_provenance(replace(ORIGIN, **change)), IMAGE)


@pytest.mark.parametrize(
    "predicate", [None, [], {}, {"buildDefinition": []}, {"buildDefinition": {"resolvedDependencies": "x"}}]
)
def test_what_is_no_predicate_of_ours_is_refused(predicate: Any) -> None:
    for check in (check_provenance, check_gate, check_sbom):
        with pytest.raises(RefusedError):
            check(predicate, IMAGE)


def test_a_list_of_nothing_is_no_sbom() -> None:
    assert check_sbom(SBOM, IMAGE) == "2 packages"
    with pytest.raises(RefusedError, match="lists nothing"):
        check_sbom({**SBOM, "components": []}, IMAGE)


def test_the_base_is_the_dockerfiles_unless_another_is_given(tmp_path: Path) -> None:
    name, digest = find_base(ROOT, None)
    assert name.startswith("docker.io/library/python:3.11")
    assert str(digest).startswith("sha256:")
    assert find_base(ROOT, "localhost/lathe-base:latest") == ("localhost/lathe-base:latest", None)
    assert find_base(ROOT, "debian:12@sha256:" + "1" * 64) == ("debian:12", "sha256:" + "1" * 64)
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    with pytest.raises(InputError, match="the base image"):
        find_base(tmp_path, None)

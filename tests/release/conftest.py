"""What tests of releases share: a registry, keys, an approved bundle, projects, places to announce and promote in."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from release.tools import ROOT
from review.approval.record import write_record
from review.github.client import GitHub
from review.github.settings import GitHubSettings
from tests.release.dossiers import OWNER, WRITER, Site
from tests.release.origin import Origin, ask_git
from tests.release.preparing import CHANGELOG, FILES, LOCK, PROJECT, release_first
from tests.release.project import Project, export_sbom
from tests.release.promotions import Place, add_release
from tests.release.registry_server import RegistryServer, run_registry
from tests.release.shelf import PASSWORD, Shelf, approve, write_keys
from tests.review.github_server import run_server
from tests.review.github_state import State
from tests.review.worlds import TREE, report_of


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """One for all tests that only add to it."""
    with run_registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RegistryServer]:
    """One that a test may end or damage."""
    with run_registry(tmp_path / "registry") as found:
        yield found


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def shelf(
    server: RegistryServer,
    keys: tuple[Path, Path],
    bundle_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Shelf:
    """The registry with a clone of its own beside it; whoever signs knows the password."""
    monkeypatch.setenv("COSIGN_PASSWORD", PASSWORD)
    folder = tmp_path / "clone"
    folder.mkdir()
    record = approve(tmp_path / "approved", bundle_folder)
    return Shelf(server, folder, tmp_path / "approved", record, keys)


@pytest.fixture(scope="session")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `make sbom` writes."""
    return export_sbom(tmp_path_factory.mktemp("sbom") / "sbom.cdx.json")


@pytest.fixture
def project(
    own_server: RegistryServer, keys: tuple[Path, Path], bundle_folder: Path, sbom: dict[str, Any], tmp_path: Path
) -> Project:
    """Tagged, approved, and not published yet."""
    return Project(tmp_path, own_server, keys[0], bundle_folder, sbom)


@pytest.fixture
def site(tmp_path: Path, bundle_folder: Path) -> Site:
    found = Site(tmp_path, bundle_folder)
    found.release()
    return found


@pytest.fixture
def state(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    """A GitHub with the site's tags and no release; it must mind nothing at the end."""
    with ExitStack() as stack:
        server, known = stack.enter_context(run_server({"git": str(site.origin)}))
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_TOKEN", WRITER)
        monkeypatch.setenv("GITHUB_REPOSITORY", OWNER)
        for name in ("GITHUB_SERVER_URL", "LATHE_SIGNING_KEY"):
            monkeypatch.delenv(name, raising=False)
        yield known
    assert known.violations == []


@pytest.fixture
def place(tmp_path: Path, bundle_folder: Path) -> Iterator[Place]:
    """Test runs v1.2.3, production nothing yet."""
    origin = Origin(tmp_path)
    (tmp_path / "report.json").write_text(json.dumps(report_of(bundle_folder)), encoding="utf-8")
    record = write_record(
        tmp_path / "report.json",
        bundle_folder,
        tmp_path / "approved",
        tree=TREE,
        number=7,
        run_id=500,
        approved_by=["maintainer", "ops"],
        accepted_by=None,
    )
    with ExitStack() as stack:
        server, state = stack.enter_context(run_server({"git": str(origin.bare)}))
        github = GitHub(GitHubSettings("token-that-writes", "lathe-ml/lathe", server.address), sleep=lambda _: None)
        stack.callback(github.close)
        found = Place(origin, origin.clone("bot"), github, state, bundle_folder, record.report_sha256)
        for version in ("v1.2.3", "v1.3.0"):
            add_release(state, version, tmp_path / "approved")
        found.run_in_test("v1.2.3")
        yield found
    assert state.violations == []


@pytest.fixture(scope="session")
def unreleased_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bare origin, whose main holds a small project, and a person's clone of it."""
    folder = tmp_path_factory.mktemp("unreleased")
    bare, path = folder / "origin.git", folder / "clone"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(bare), str(path)], check=True, capture_output=True)
    for setting, value in {"user.name": "person", "user.email": "p@example.org", "commit.gpgsign": "false"}.items():
        ask_git(path, "config", setting, value)
    shutil.copyfile(ROOT / "cliff.toml", path / "cliff.toml")
    for name, text in zip(FILES, (CHANGELOG, PROJECT, LOCK), strict=True):
        (path / name).write_text(text, encoding="utf-8")
    ask_git(path, "add", "--all")
    ask_git(path, "commit", "--quiet", "--message", "Make a project")
    ask_git(path, "push", "--quiet", "origin", "HEAD:main")
    return folder


@pytest.fixture(scope="session")
def released_project(unreleased_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after its first release and some commits."""
    folder = tmp_path_factory.mktemp("released")
    release_first(copy_project(unreleased_project, folder))
    return folder


@pytest.fixture
def clone(unreleased_project: Path, tmp_path: Path) -> Path:
    """The person's clone; its origin is beside it."""
    return copy_project(unreleased_project, tmp_path)


@pytest.fixture
def released_clone(released_project: Path, tmp_path: Path) -> Path:
    """The same after the first release: v1.0.0."""
    return copy_project(released_project, tmp_path)


def copy_project(made: Path, folder: Path) -> Path:
    """The copied clone, whose remote is the copied origin."""
    for name in ("origin.git", "clone"):
        shutil.copytree(made / name, folder / name, symlinks=True)
    ask_git(folder / "clone", "remote", "set-url", "origin", str(folder / "origin.git"))
    return folder / "clone"

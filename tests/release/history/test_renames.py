"""A registry, an organisation or an overlay gets another name: history, withdrawals and the way back stay right."""

from pathlib import Path

import pytest

from release import console
from release.errors import RefusedError
from release.history.moves import read_all_moves, read_moves
from release.history.timeline import show_history
from release.history.withdrawal import find_withdrawn
from release.manifests.environments import locate_overlay
from release.manifests.recorded import read_recorded
from release.promotion.bump import Bump, bump_environment
from release.promotion.rollback import Rollback, roll_back
from tests.release.history.test_moves import name_moves
from tests.release.history.test_standing import stand
from tests.release.origin import Origin, ask_git, make_digest, make_image, open_remote, push_file

OURS, FORMER = "ghcr.io/lathe-ml/lathe-predictor", "registry.example.org/old/predictor"
PRODUCTION = "prod-eks"


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Three versions ran from another registry, the newest was taken back there; then everything moved to ours."""
    origin = Origin(tmp_path_factory.mktemp("renamed"))
    ada = origin.clone("ada")
    for version in ("v1.0.0", "v1.1.0", "v1.2.0", "v1.1.0"):
        push_line(origin, ada, version, FORMER)
    push_line(origin, ada, "v1.1.0", OURS)
    return origin


@pytest.fixture
def origin(renamed: Origin, tmp_path: Path) -> Origin:
    return renamed.copy(tmp_path / "copy")


@pytest.fixture
def ada(origin: Origin) -> Path:
    return origin.folder / "ada"


def push_line(origin: Origin, clone: Path, version: str, repository: str, environment: str = PRODUCTION) -> None:
    head = origin.read(environment).partition("images:")[0]
    lines = f"    newName: {repository}\n    newTag: {version}\n    digest: {make_digest(version)}\n"
    date = f"2026-03-0{int(version[3]) + 1}T10:00:00Z"
    text = f"{head}images:\n  - name: predictor\n{lines}"
    push_file(clone, locate_overlay(environment), text, f"Run {version} from {repository}", GIT_COMMITTER_DATE=date)


def bump(clone: Path, version: str, environment: str = PRODUCTION) -> None:
    image = make_image(version)
    bump_environment(open_remote(clone), Bump(environment, version, image.digest, image))


def test_history_reads_what_ran_from_the_former_registry(origin: Origin, ada: Path) -> None:
    moves = read_moves(open_remote(ada).clone, origin.head, PRODUCTION)
    assert [" ".join(name.split()[:2]) for name in name_moves(moves)] == [
        "v0.0.0 v1.0.0", "v1.0.0 v1.1.0", "v1.1.0 v1.2.0", "v1.2.0 v1.1.0",
    ]  # fmt: skip
    assert list(find_withdrawn(moves)) == ["v1.2.0"]
    with console.out.capture() as said:
        show_history(open_remote(ada), PRODUCTION, None)
    assert "unreadable" not in said.get()
    assert "v1.2.0" in said.get()


def test_status_knows_since_when_and_what_is_withdrawn(ada: Path) -> None:
    found = stand(ada)[PRODUCTION]
    assert (found.released, found.since is not None) == ("latest\nv1.2.0 withdrawn", True)


def test_a_bump_does_not_bring_back_what_was_withdrawn_before_the_rename(origin: Origin, ada: Path) -> None:
    before = origin.head
    for environment in (PRODUCTION, "prod-gke"):
        with pytest.raises(RefusedError, match=r"v1\.2\.0 was taken back from prod-eks by ada"):
            bump(ada, "v1.2.0", environment)
    assert origin.head == before


def test_a_rollback_goes_back_over_the_rename_and_keeps_todays_registry(origin: Origin, ada: Path) -> None:
    with console.err.capture() as said:
        roll_back(open_remote(ada), Rollback(PRODUCTION, "too many alarms"))
    line = origin.line(PRODUCTION)
    assert (line.tag, line.digest, line.repository) == ("v1.0.0", make_digest("v1.0.0"), OURS)
    assert f"v1.0.0 came from {FORMER} then, and prod-eks pulls from {OURS} now" in said.get().replace("\n", " ")


def rename_production(ada: Path) -> None:
    """Another name for the same place: the folder moves."""
    ask_git(ada, "mv", "gitops/overlays/prod-eks", "gitops/overlays/prod-eu")
    ask_git(ada, "commit", "--quiet", "--message", "Call it prod-eu")
    ask_git(ada, "push", "--quiet", "origin", "HEAD:main")


def test_a_renamed_environment_keeps_its_withdrawals_and_its_history(origin: Origin, ada: Path) -> None:
    rename_production(ada)
    for environment in ("prod-eu", "prod-gke"):
        with pytest.raises(RefusedError, match=r"v1\.2\.0 was taken back from prod-eks by ada"):
            bump(ada, "v1.2.0", environment)
    ask_git(ada, "fetch", "--quiet", "origin")
    with console.out.capture() as said:
        show_history(open_remote(ada), None, "2026-03-02T12:00Z")
    assert "prod-eks" in said.get()
    assert set(read_all_moves(open_remote(ada).clone, origin.head)) >= {"prod-eks", "prod-eu", "test"}


@pytest.mark.parametrize(
    ("settings"),
    [
        ("log.showSignature", "true"),
        ("log.showRoot", "false"),
        ("diff.renames", "copies"),
        ("i18n.logOutputEncoding", "latin1"),
        ("color.ui", "always"),
        ("log.follow", "true"),
        ("core.quotePath", "true"),
        ("log.diffMerges", "off"),
    ],
)
def test_a_persons_own_settings_of_git_change_nothing(origin: Origin, ada: Path, settings: tuple[str, str]) -> None:
    clone = open_remote(ada).clone
    before = read_all_moves(clone, origin.head)
    ask_git(ada, "config", *settings)
    assert read_all_moves(clone, origin.head) == before


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("edge", "newTag 'edge', expected a version"),
        ("v1.2.3-01", "newTag 'v1.2.3-01', expected a version"),  # it has no place in the order of versions
        ("1.5", "newTag '1.5', expected a version"),
    ],
)
def test_a_tag_that_is_no_version_is_said_and_not_compared(tag: str, said: str) -> None:
    found = read_recorded(f"images: [{{name: predictor, newTag: {tag}}}]")
    assert found.line is None
    assert said in found.problem

"""A registry, an organisation or an overlay gets another name: history, withdrawals and the way back stay right."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import console
from cli.errors import InputError, RefusedError
from release.history.moves import read_all_moves, read_moves
from release.history.timeline import show_history
from release.history.withdrawal import find_withdrawn
from release.manifests import recorded
from release.manifests.environments import locate_overlay
from release.manifests.overlays import list_overlays
from release.manifests.recorded import read_recorded
from release.promotion.bump import Bump, bump_environment
from release.promotion.rollback import Rollback, print_rollback, roll_back
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
        "v0.0.0 v1.0.0",
        "v1.0.0 v1.1.0",
        "v1.1.0 v1.2.0",
        "v1.2.0 v1.1.0",
    ]
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
    moves = read_all_moves(open_remote(ada).clone, origin.head)
    assert set(moves) == {"prod-eu", "prod-gke", "test", "minikube"}
    assert [move.environment for move in moves["prod-eu"]] == ["prod-eks"] * 4


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


def take_back(clone: Path, environment: str, to: str | None = None) -> str:
    """What a rollback prints, warnings too, in one line."""
    with console.out.capture() as said, console.err.capture() as warned:
        rollback = Rollback(environment, "too many alarms", to)
        commit = roll_back(open_remote(clone), rollback)
        assert commit
        print_rollback(open_remote(clone), rollback, commit)
    return " ".join((said.get() + warned.get()).split())


def commit_all(clone: Path, message: str) -> None:
    ask_git(clone, "add", "--all")
    ask_git(clone, "commit", "--quiet", "--message", message)
    ask_git(clone, "push", "--quiet", "origin", "HEAD:main")


def test_a_rollback_goes_back_over_a_new_name_of_the_environment(origin: Origin, ada: Path) -> None:
    rename_production(ada)
    said = take_back(ada, "prod-eu")
    assert origin.line("prod-eu").tag == "v1.0.0"
    assert "v1.0.0 ran from gitops/overlays/prod-eks/kustomization.yaml" in said
    assert "could not be compared" not in said
    moves = read_moves(open_remote(ada).clone, origin.head, "prod-eu")
    assert (moves[-1].environment, moves[-1].kind) == ("prod-eu", "rollback")
    assert set(find_withdrawn(moves)) == {"v1.1.0", "v1.2.0"}


def test_a_new_name_that_comes_with_another_version_is_followed(origin: Origin, ada: Path) -> None:
    ask_git(ada, "mv", "gitops/overlays/prod-eks", "gitops/overlays/prod-eu")
    path = ada / locate_overlay("prod-eu")
    text = path.read_text(encoding="utf-8").replace("v1.1.0", "v1.3.0")
    path.write_text(text.replace(make_digest("v1.1.0"), make_digest("v1.3.0")), encoding="utf-8")
    commit_all(ada, "Call it prod-eu and run v1.3.0")
    said = take_back(ada, "prod-eu")
    assert origin.line("prod-eu").tag == "v1.1.0"
    assert "could not be compared" not in said


def test_two_new_names_one_after_the_other_and_a_name_that_is_given_again(origin: Origin, ada: Path) -> None:
    rename_production(ada)
    ask_git(ada, "mv", "gitops/overlays/prod-gke", "gitops/overlays/prod-eks")
    commit_all(ada, "Call the other one prod-eks")
    ask_git(ada, "mv", "gitops/overlays/prod-eu", "gitops/overlays/prod-north")
    commit_all(ada, "Call it prod-north")
    moves = read_all_moves(open_remote(ada).clone, origin.head)
    assert len(moves["prod-north"]) == 4
    assert moves["prod-eks"] == []
    assert "prod-eu" not in moves


def test_two_environments_that_change_their_names_in_one_commit_keep_what_they_ran(origin: Origin, ada: Path) -> None:
    push_line(origin, ada, "v1.0.0", OURS, "prod-gke")
    for old, new in (("prod-eks", "prod-a"), ("prod-gke", "prod-b")):
        ask_git(ada, "mv", f"gitops/overlays/{old}", f"gitops/overlays/{new}")
    commit_all(ada, "Other names")
    moves = read_all_moves(open_remote(ada).clone, origin.head)
    assert [len(moves[name]) for name in ("prod-a", "prod-b")] == [4, 1]


def test_an_overlay_that_came_from_another_folder_brings_its_history(origin: Origin, ada: Path) -> None:
    (ada / "deploy").mkdir()
    ask_git(ada, "mv", "gitops/overlays/prod-eks", "deploy/prod-eks")
    commit_all(ada, "Try another folder")
    moves = read_all_moves(open_remote(ada).clone, origin.head)["prod-eks"]
    assert moves[-1].problem == "the overlay is not there"
    ask_git(ada, "mv", "deploy/prod-eks", "gitops/overlays/prod-eu")
    commit_all(ada, "And back, under a new name")
    take_back(ada, "prod-eu")
    assert origin.line("prod-eu").tag == "v1.0.0"


def test_what_an_overlay_ran_before_it_came_below_overlays_counts(tmp_path: Path) -> None:
    origin = Origin(tmp_path)
    ada = origin.clone("ada")
    good = origin.read(PRODUCTION)
    ask_git(ada, "rm", "--quiet", "-r", "gitops/overlays/prod-eks")
    commit_all(ada, "Another layout")
    for version in ("v1.0.0", "v1.1.0"):
        lines = f"images:\n  - name: predictor\n    newName: {OURS}\n    newTag: {version}\n"
        text = f"{good.partition('images:')[0]}{lines}    digest: {make_digest(version)}\n"
        push_file(ada, "gitops/envs/eu/kustomization.yaml", text, f"Run {version}")
    ask_git(ada, "mv", "gitops/envs/eu", "gitops/overlays/prod-eks")
    commit_all(ada, "The layout of today")
    said = take_back(ada, PRODUCTION)
    assert origin.line(PRODUCTION).tag == "v1.0.0"
    assert "v1.0.0 ran from gitops/envs/eu/kustomization.yaml" in said


@pytest.mark.parametrize("verb", ["history", "rollback", "bump"])
def test_a_former_name_is_answered_with_the_new_one(verb: str, ada: Path) -> None:
    rename_production(ada)
    verbs: dict[str, Callable[[], object]] = {
        "history": lambda: show_history(open_remote(ada), PRODUCTION, None, fetch=True),
        "rollback": lambda: roll_back(open_remote(ada), Rollback(PRODUCTION, "too many alarms")),
        "bump": lambda: bump(ada, "v1.3.0"),
    }
    with pytest.raises(InputError, match=r"no environment 'prod-eks', .*; it is called prod-eu since 20\d\d-"):
        verbs[verb]()


def test_the_table_says_under_which_name_a_version_ran(ada: Path) -> None:
    rename_production(ada)
    with console.out.capture() as said:
        show_history(open_remote(ada), "prod-eu", None, fetch=True)
    assert said.get().count("as prod-eks") == 4


def test_since_when_a_version_runs_does_not_change_with_the_name(ada: Path) -> None:
    before = stand(ada)[PRODUCTION].since
    rename_production(ada)
    assert before is not None
    assert stand(ada)["prod-eu"].since == before


def test_a_copy_whose_original_goes_later_is_no_new_name_and_that_is_said(origin: Origin, ada: Path) -> None:
    shutil.copytree(ada / "gitops/overlays/prod-eks", ada / "gitops/overlays/prod-eu")
    commit_all(ada, "A copy")
    ask_git(ada, "rm", "--quiet", "-r", "gitops/overlays/prod-eks")
    commit_all(ada, "The original goes")
    words = (
        r"nothing lower than v1\.1\.0 .* it ran nothing; its overlay came with commit .* at v1\.1\.0 from the start\. "
    )
    with pytest.raises(RefusedError, match=words + r".*another environment's under a new name, `make history` shows"):
        roll_back(open_remote(ada), Rollback("prod-eu", "too many alarms"))
    with pytest.raises(RefusedError, match=r"v1\.2\.0 was taken back from prod-eks by ada"):
        bump(ada, "v1.2.0", "prod-eu")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
def test_a_kustomization_of_another_name_is_said_and_its_history_goes_on(name: str, origin: Origin, ada: Path) -> None:
    path = locate_overlay(PRODUCTION)
    ask_git(ada, "mv", path, path.replace("kustomization.yaml", name))
    commit_all(ada, "Another name for the file")
    words = f"gitops/overlays/prod-eks has a {name}, expected kustomization.yaml, .*`git mv "
    for ask in (
        lambda: roll_back(open_remote(ada), Rollback(PRODUCTION, "too many alarms")),
        lambda: bump(ada, "v1.3.0"),
        lambda: list_overlays(ada),
    ):
        with pytest.raises(InputError, match=words):
            ask()
    with pytest.raises(RefusedError, match=r"v1\.2\.0 was taken back from prod-eks by ada"):
        bump(ada, "v1.2.0", "prod-gke")
    bump(ada, "v1.3.0", "prod-gke")  # another one's file is in nobody's way
    ask_git(ada, "pull", "--quiet", "--rebase", "origin", "main")
    ask_git(ada, "mv", path.replace("kustomization.yaml", name), path)
    commit_all(ada, "As it was")
    take_back(ada, PRODUCTION)
    assert origin.line(PRODUCTION).tag == "v1.0.0"


def test_a_former_name_of_the_image_is_read_once_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"images: [{{name: scorer, newTag: v1.0.0, digest: '{make_digest('v1.0.0')}'}}]"
    found = read_recorded(text)
    assert found.line is None
    assert found.problem == (
        "it has images 'scorer', expected 'predictor'; if that is a former name of it, add it to FORMER_IMAGES"
    )
    monkeypatch.setattr(recorded, "NAMES", ("predictor", "scorer"))
    assert (read_recorded(text).line or pytest.fail("not read")).tag == "v1.0.0"
    both = text.replace("images: [", "images: [{name: predictor, newTag: v2.0.0}, ")
    assert (read_recorded(both).line or pytest.fail("not read")).tag == "v2.0.0"

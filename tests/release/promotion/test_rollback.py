"""One command and one commit back, to the same bytes; what is left behind is not brought back by any automation."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from cli import console
from cli.errors import CommandError, InputError, RefusedError
from release.git.landing import Draft
from release.git.remote import Remote
from release.history.trailers import read_facts, read_trailers, read_why
from release.manifests.environments import locate_overlay
from release.manifests.rendered_change import prove_return, render_text
from release.promotion.back import take_back
from release.promotion.bump import Bump, bump_environment
from release.promotion.rollback import Rollback, roll_back
from tests.release.origin import BUNDLE, Origin, ask_git, make_digest, make_image, open_remote, push_file, run_release

PRODUCTION = "prod-eks"
REASON = "p99 is 3 s since 02:10"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Where production has run three versions."""
    origin = Origin(tmp_path_factory.mktemp("released"))
    clone = origin.clone("ada")
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        bump(clone, version)
    return origin


@pytest.fixture
def origin(released: Origin, tmp_path: Path) -> Origin:
    return released.copy(tmp_path / "copy")


@pytest.fixture
def ada(origin: Origin) -> Path:
    return origin.folder / "ada"


def bump(clone: Path, version: str, environment: str = PRODUCTION, again: str | None = None) -> None:
    image = make_image(version)
    bump_environment(open_remote(clone), Bump(environment, version, image.digest, image, again))


def back(
    clone: Path, to: str | None = None, *, again: bool = False, dry_run: bool = False, start: str | None = None
) -> str:
    """What was printed, warnings too."""
    with console.out.capture() as said, console.err.capture() as warned:
        take_back(open_remote(clone), Rollback(PRODUCTION, REASON, to, again, start=start), dry_run=dry_run)
    return said.get() + warned.get()


def test_a_rollback_is_one_commit_and_renders_the_same_bytes(origin: Origin, ada: Path) -> None:
    former = origin.git("rev-parse", "main~1")
    before = origin.head
    said = back(ada)
    assert origin.subjects(before) == ["Take prod-eks back to v1.1.0, was v1.2.0"]
    assert origin.git("diff", "--numstat", before, "main").split() == ["2", "2", locate_overlay(PRODUCTION)]
    assert render_text(ada, PRODUCTION, origin.head) == render_text(ada, PRODUCTION, former)
    assert origin.git("diff", former, "main") == ""
    assert f"✓ it renders byte for byte as at {former[:10]}\n" in said
    assert "  then: argocd app sync lathe-prod-eks --prune --async\n" in said


def test_the_commit_says_what_is_known_of_the_version_why_and_what_is_withdrawn(origin: Origin, ada: Path) -> None:
    back(ada)
    message = origin.git("log", "-1", "--format=%B", "main")
    trailers = read_trailers(message)
    assert (trailers["Withdraws"], trailers["Version"]) == ("v1.2.0", "v1.1.0")
    assert trailers["Digest"] == make_digest("v1.1.0")
    assert read_facts(trailers).bundle == BUNDLE
    assert read_why(message) == REASON


def test_no_automation_brings_the_version_back_to_any_production(origin: Origin, ada: Path) -> None:
    back(ada)
    before = origin.head
    for environment in (PRODUCTION, "prod-gke"):
        with pytest.raises(
            RefusedError, match=f"v1.2.0 was taken back from prod-eks by ada .*: {REASON}; give --again"
        ):
            bump(ada, "v1.2.0", environment)
    assert origin.head == before
    bump(ada, "v1.2.1")
    assert origin.line(PRODUCTION).tag == "v1.2.1"


@pytest.mark.slow
def test_the_same_command_given_twice_leaves_the_good_version_alone(origin: Origin, ada: Path) -> None:
    back(ada)
    before = origin.head
    with pytest.raises(RefusedError) as refused:
        back(ada)
    assert str(refused.value) == (
        f"ada took prod-eks back from v1.2.0 to v1.1.0 0 minutes ago (commit {before[:10]}): another rollback would "
        "leave v1.1.0 and withdraw it. If that is meant, say where to with --to; it ran v1.2.0 (withdrawn), v1.0.0"
    )
    assert origin.head == before
    back(ada, "v1.0.0")
    assert origin.line(PRODUCTION).tag == "v1.0.0"


def test_half_an_hour_after_a_revert_by_hand_it_may_go_further_back(
    origin: Origin, ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_git(ada, "pull", "--quiet")
    ask_git(ada, "revert", "--no-edit", "HEAD")
    ask_git(ada, "push", "--quiet", "origin", "main")
    with pytest.raises(RefusedError, match=r"ada took prod-eks back from v1\.2\.0 to v1\.1\.0 0 minutes ago"):
        back(ada)
    monkeypatch.setattr("release.promotion.rollback.PAUSE", timedelta())
    back(ada)
    assert origin.line(PRODUCTION).tag == "v1.0.0"


def test_the_version_that_is_to_be_left_is_checked(origin: Origin, ada: Path) -> None:
    before = origin.head
    with pytest.raises(
        RefusedError, match=r"runs v1\.2\.0, and v1\.1\.0 was to be left \(--from\): nothing was changed"
    ):
        back(ada, start="v1.1.0")
    with pytest.raises(InputError, match="version 'newest' is not usable"):
        back(ada, start="newest")
    assert origin.head == before
    assert "v1.2.0 is left and withdrawn" in back(ada, start="v1.2.0")


def test_what_was_recorded_without_a_usable_digest_is_not_written_again(ada: Path, origin: Origin) -> None:
    """By hand, before there was a rule."""
    path = locate_overlay("prod-gke")
    text = origin.read("prod-gke").replace("v0.0.0 # not released yet", "v1.0.0")
    push_file(ada, path, text, "By hand")
    bump_by_hand = f"{text}    digest: {make_digest('v1.2.0')}\n".replace("v1.0.0", "v1.2.0")
    push_file(ada, path, bump_by_hand, "By hand again")
    with pytest.raises(RefusedError, match=r"prod-gke ran v1\.0\.0 with digest None, expected sha256"):
        roll_back(open_remote(ada), Rollback("prod-gke", REASON))


@pytest.mark.slow
def test_twice_goes_further_back_and_not_to_and_fro(origin: Origin, ada: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("release.promotion.rollback.PAUSE", timedelta())
    back(ada)
    back(ada)
    assert origin.line(PRODUCTION).tag == "v1.0.0"
    with pytest.raises(RefusedError) as refused:
        back(ada)
    assert str(refused.value) == (
        "prod-eks has nothing lower than v1.0.0 to go back to; besides v1.0.0 it ran v1.1.0 (withdrawn), "
        "v1.2.0 (withdrawn)"
    )


@pytest.mark.slow
def test_a_run_of_the_workflow_that_is_started_again_goes_back_once(
    origin: Origin, ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release.promotion.rollback.PAUSE", timedelta())

    def run(number: str) -> str:
        with console.out.capture() as said:
            roll_back(open_remote(ada), Rollback(PRODUCTION, REASON, run=number))
        return said.get()

    assert "v1.2.0" in run("501")
    before = origin.head
    assert "run 501 took prod-eks back already" in run("501")
    assert origin.head == before
    run("502")
    assert origin.subjects(before) == ["Take prod-eks back to v1.0.0, was v1.1.0"]


def test_a_named_version_may_be_further_back_and_is_there_already_the_second_time(origin: Origin, ada: Path) -> None:
    back(ada, "v1.0.0")
    assert origin.line(PRODUCTION).digest == make_digest("v1.0.0")
    before = origin.head
    assert back(ada, "v1.0.0") == "✓ prod-eks has v1.0.0 already\n"
    assert origin.head == before


@pytest.mark.slow
def test_after_a_version_brought_back_by_a_person_a_rollback_takes_it_back_again(origin: Origin, ada: Path) -> None:
    back(ada)
    bump(ada, "v1.2.0", again="it was the sensor")
    back(ada)
    assert origin.line(PRODUCTION).tag == "v1.1.0"


@pytest.mark.parametrize(
    ("to", "kind", "said"),
    [
        ("v1.1.1", RefusedError, "prod-eks never ran v1.1.1; besides v1.2.0 it ran v1.1.0, v1.0.0"),
        ("v2.0.0", RefusedError, "v2.0.0 is higher than v1.2.0, which runs: that way lead `promote` and `bump`"),
        ("before", InputError, "version 'before' is not usable"),
    ],
)
def test_where_there_is_no_way_back_is_said(
    origin: Origin, ada: Path, to: str, kind: type[CommandError], said: str
) -> None:
    before = origin.head
    with pytest.raises(kind) as refused:
        back(ada, to)
    assert said in str(refused.value)
    assert origin.head == before


@pytest.mark.slow
def test_a_version_that_was_taken_back_itself_needs_a_word_more(origin: Origin, ada: Path) -> None:
    back(ada, "v1.0.0")
    bump(ada, "v1.3.0")
    with pytest.raises(RefusedError, match=r"v1\.2\.0 was taken back .* give --again to go there"):
        back(ada, "v1.2.0")
    back(ada, "v1.2.0", again=True)
    assert origin.line(PRODUCTION).tag == "v1.2.0"


def test_the_first_release_and_none_at_all_have_nothing_before_them(tmp_path: Path) -> None:
    bob = Origin(tmp_path).clone("bob")
    with pytest.raises(RefusedError, match="prod-eks runs no release, there is nothing to take back"):
        back(bob)
    bump(bob, "v1.0.0")
    with pytest.raises(
        RefusedError, match=r"nothing lower than v1\.0\.0 to go back to; besides v1\.0\.0 it ran nothing"
    ):
        back(bob)


def test_minikube_and_an_empty_reason_are_refused(ada: Path) -> None:
    with pytest.raises(RefusedError, match="no release goes to minikube"):
        roll_back(open_remote(ada), Rollback("minikube", REASON))
    with pytest.raises(InputError, match="--reason is empty"):
        roll_back(open_remote(ada), Rollback(PRODUCTION, " \n"))


def test_a_dry_run_shows_the_rendered_difference_and_pushes_nothing(origin: Origin, ada: Path) -> None:
    before = origin.head
    assert "v1.2.0 (sha256:000000000000) → v1.1.0 (sha256:000000000000)" in back(ada, dry_run=True)
    assert origin.head == before


@pytest.mark.slow
def test_what_else_changed_since_is_named(origin: Origin, ada: Path) -> None:
    text = origin.git("cat-file", "blob", "main:gitops/base/settings.env")
    push_file(ada, "gitops/base/settings.env", f"{text}\nLATHE_NEW=1\n", "A setting")
    bump(ada, "v1.0.0", "test")
    former = origin.git("rev-parse", "main~3")
    said = back(ada)
    assert (
        f"warning: it does not render as at {former[:10]}, because more changed since: gitops/base/settings.env\n"
        in said
    )
    assert "kustomization.yaml" not in said


def test_a_rollback_without_kustomize_is_done_and_says_what_is_not_proved(
    origin: Origin, ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, head = origin.git("rev-parse", "main~1"), origin.head
    monkeypatch.setattr("release.tools.TOOLS", ada / "nowhere")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with console.err.capture() as said:
        assert prove_return(ada, PRODUCTION, commit, head) is None
    assert "the rollback is pushed, but what it renders to could not be compared: kustomize" in said.get()


def test_an_overlay_that_only_todays_rules_refuse_names_who_changed_it_last(origin: Origin, ada: Path) -> None:
    """The history can be read, so its newest move is not what broke it."""
    text = origin.read(PRODUCTION).replace("ghcr.io/lathe-ml", "ghcr.io/elsewhere")
    commit = push_file(ada, locate_overlay(PRODUCTION), text, "Move half of it")
    with pytest.raises(InputError, match=rf"comes from 'ghcr\.io/elsewhere.*`git revert {commit[:10]}` and push"):
        back(ada)


def test_a_broken_overlay_is_said_to_need_a_revert(ada: Path) -> None:
    commit = push_file(ada, locate_overlay(PRODUCTION), "images: {", "Oops")
    with pytest.raises(InputError, match=rf"is not YAML.*ada left it so: `git revert {commit[:10]}` and push"):
        back(ada)


class Racing(Rollback):
    """Before its first push somebody else does something."""

    def __init__(self, other: Path, deed: str) -> None:
        super().__init__(PRODUCTION, REASON)
        self.other = other
        self.deed: str | None = deed

    def compose(self, remote: Remote, parent: str) -> Draft | None:
        draft = super().compose(remote, parent)
        deed, self.deed = self.deed, None
        if deed == "back":
            back(self.other)
        elif deed:
            bump(self.other, deed, PRODUCTION if deed > "v1.2.0" else "test")
        return draft


def test_two_people_who_roll_back_at_once_go_back_once(origin: Origin, ada: Path) -> None:
    with console.out.capture() as said:
        roll_back(open_remote(ada), Racing(origin.clone("bob"), "back"))
    assert origin.line(PRODUCTION).tag == "v1.1.0"
    assert "✓ meanwhile v1.2.0 was taken back from prod-eks by bob" in said.get()


def test_a_version_that_came_meanwhile_is_not_taken_back_unseen(origin: Origin, ada: Path) -> None:
    with pytest.raises(RefusedError, match=r"prod-eks went from v1\.2\.0 to v1\.3\.0 meanwhile; look again"):
        roll_back(open_remote(ada), Racing(origin.clone("bob"), "v1.3.0"))
    assert origin.line(PRODUCTION).tag == "v1.3.0"


@pytest.mark.slow
def test_a_bump_of_another_environment_meanwhile_is_kept(origin: Origin, ada: Path) -> None:
    before = origin.head
    roll_back(open_remote(ada), Racing(origin.clone("bob"), "v1.0.0"))
    assert [subject.split(",")[0] for subject in origin.subjects(before)] == [
        "Take prod-eks back to v1.1.0",
        "Run v1.0.0 in test",
    ]


@pytest.mark.slow
def test_the_command_needs_only_git_and_says_how_long_it_took(origin: Origin, ada: Path) -> None:
    words = ("rollback", "--env", PRODUCTION, "--reason", REASON)
    code, said = run_release(ada, *words, LATHE_REGISTRY_MIRROR="127.0.0.1:9", KUBECONFIG="/dev/null")
    assert code == 0, said
    lines = io.StringIO(said).readlines()
    assert lines[0].startswith("✓ prod-eks: v1.2.0 (sha256:000000000000) → v1.1.0 (sha256:000000000000); commit ")
    assert lines[-1].startswith("✓ done in ")
    assert origin.line(PRODUCTION).tag == "v1.1.0"

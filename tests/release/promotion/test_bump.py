"""A bump is one commit of two lines, however often it is tried and whoever else pushes at the same time."""

from pathlib import Path

import pytest

from cli import console
from cli.errors import InputError, OutsideError, RefusedError
from release.git.landing import ATTEMPTS, Draft, land_commit
from release.history.trailers import read_trailers, read_why
from release.manifests.environments import locate_overlay
from release.promotion.bump import Bump, bump_environment
from tests.patience import LAST_RESORT_SECONDS
from tests.release.history.test_moves import push_version
from tests.release.origin import (
    Origin,
    ask_git,
    bump_words,
    make_digest,
    make_image,
    open_remote,
    push_file,
    run_release,
    start_release,
)

ROUNDS = 20


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


@pytest.fixture
def ada(origin: Origin) -> Path:
    return origin.clone("ada")


def bump(clone: Path, version: str, environment: str = "test", again: str | None = None, dry_run: bool = False) -> str:
    """What was printed."""
    wanted = Bump(environment, version, make_digest(version), make_image(version), again)
    with console.out.capture() as said:
        bump_environment(open_remote(clone), wanted, dry_run=dry_run)
    return said.get()


def test_a_bump_is_one_commit_of_one_file(origin: Origin, ada: Path) -> None:
    before = origin.head
    said = bump(ada, "v1.2.3")
    assert said == (
        f"✓ test: not released yet → v1.2.3 (sha256:000000000000); commit {origin.head[:10]} is on main of origin\n"
    )
    assert origin.subjects(before) == ["Run v1.2.3 in test, the first release there"]
    assert origin.git("diff", "--name-only", before, "main") == locate_overlay("test")
    assert origin.git("diff", "--numstat", before, "main").split()[:2] == ["2", "1"]
    bump(ada, "v1.2.4")
    assert origin.git("diff", "--numstat", "main^", "main").split()[:2] == ["2", "2"]
    assert read_trailers(origin.git("log", "-1", "--format=%B", "main"))["Version"] == "v1.2.4"


@pytest.mark.slow
def test_a_second_bump_changes_nothing(origin: Origin, ada: Path) -> None:
    bump(ada, "v1.2.3")
    before = origin.head
    assert bump(ada, "v1.2.3") == "✓ test has v1.2.3 already\n"
    assert bump(origin.clone("bob"), "v1.2.3") == "✓ test has v1.2.3 already\n"
    assert origin.head == before


@pytest.mark.slow
def test_a_higher_version_stays_and_that_is_said(origin: Origin, ada: Path) -> None:
    bump(ada, "v1.3.0")
    before = origin.head
    assert bump(ada, "v1.2.3").startswith("✓ test has v1.3.0, which is higher than v1.2.3: it stays")
    assert origin.head == before


@pytest.mark.slow
def test_comments_line_breaks_and_all_else_stay(origin: Origin, ada: Path) -> None:
    text = f"# keep me\n{origin.read('test')}# and me".replace("\n", "\r\n")
    push_file(ada, locate_overlay("test"), text, "An odd editor")
    before = origin.read("test")
    bump(ada, "v1.2.3")
    bump(ada, "v1.2.4")
    after = origin.read("test")
    assert "newTag: v1.2.4" in after
    changed = after.replace("v1.2.4", "v0.0.0").replace(f"\r\n    digest: {make_digest('v1.2.4')}", "")
    assert changed == before.replace(" # not released yet", "")


@pytest.mark.slow
def test_a_dry_run_shows_the_rendered_difference_and_pushes_nothing(origin: Origin, ada: Path) -> None:
    bump(ada, "v1.2.3")
    before = origin.head
    said = bump(ada, "v1.3.0", dry_run=True)
    assert "Deployment predictor" in said
    assert "v1.2.3 (sha256:000000000000) → v1.3.0 (sha256:000000000000)" in said
    assert origin.head == before
    assert bump(ada, "v1.2.3", dry_run=True) == "✓ test has v1.2.3 already\n"


@pytest.mark.slow
def test_a_person_brings_a_withdrawn_version_back_and_the_commit_says_why(origin: Origin, ada: Path) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.0.0"):
        push_version(origin, ada, version)
    before = origin.head
    with pytest.raises(RefusedError, match="give --again REASON"):
        bump(ada, "v1.1.0")
    assert origin.head == before
    bump(ada, "v1.1.0", again="it was the sensor")
    assert read_why(origin.git("log", "-1", "--format=%B", "main")) == "it was the sensor"
    assert origin.line("test").tag == "v1.1.0"


@pytest.mark.slow
def test_a_racing_writer_of_another_file_is_kept(origin: Origin, ada: Path) -> None:
    bob, remote = origin.clone("bob"), open_remote(ada)
    parents = []

    def compose(parent: str) -> Draft | None:
        parents.append(parent)
        if len(parents) < 3:
            push_file(bob, "notes.txt", f"note {len(parents)}", f"Note {len(parents)}")
        return Draft({"mine.txt": "mine"}, "Mine\n", "mine")

    before = origin.head
    assert land_commit(remote, compose) == origin.head
    assert origin.subjects(before) == ["Mine", "Note 2", "Note 1"]
    assert len(set(parents)) == 3


@pytest.mark.slow
def test_somebody_who_is_always_faster_ends_it_without_a_change(
    origin: Origin, ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release.git.landing.LONGEST_WAIT_SECONDS", 0.0)
    bob, count = origin.clone("bob"), 0

    def compose(parent: str) -> Draft | None:
        nonlocal count
        count += 1
        push_file(bob, "notes.txt", f"note {count}", f"Note {count}")
        return Draft({"mine.txt": parent}, "Mine\n", "mine")

    before = origin.head
    with pytest.raises(OutsideError, match=f"{ATTEMPTS} times somebody was faster, nothing was changed; run it again"):
        land_commit(open_remote(ada), compose)
    assert origin.subjects(before) == [f"Note {number}" for number in range(ATTEMPTS, 0, -1)]


@pytest.mark.slow
def test_a_hook_that_rejects_is_quoted_with_the_way_and_ends_with_1(origin: Origin, ada: Path) -> None:
    origin.refuse("main is frozen until Monday")
    before = origin.head
    code, said = run_release(ada, *bump_words("v1.2.3"))
    assert (code, origin.head) == (1, before)
    assert "warning: the registry is not queried" in said
    assert "`gh workflow run release.yml --ref v1.2.3` runs it in test" in said
    assert "error: origin does not take the commit on main: main is frozen until Monday" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_remote_that_is_gone_ends_with_4(origin: Origin, ada: Path) -> None:
    origin.bare.rename(origin.bare.with_name("elsewhere"))
    code, said = run_release(ada, *bump_words("v1.2.3"))
    assert code == 4
    assert "error: origin does not answer: fatal: " in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_shallow_clone_and_a_broken_overlay_are_refused(origin: Origin, ada: Path) -> None:
    push_file(ada, "notes.txt", "x", "A note")
    with pytest.raises(InputError, match="shallow clone"):
        bump(origin.clone("shallow", "--depth=1"), "v1.0.0")
    push_file(ada, locate_overlay("test"), "images: {", "Oops")
    with pytest.raises(InputError, match=r"gitops/overlays/test/kustomization\.yaml is not YAML"):
        bump(ada, "v1.0.0")


@pytest.mark.slow
def test_without_a_registry_the_digest_must_be_told(ada: Path) -> None:
    code, said = run_release(ada, "bump", "--env", "test", "--to", "v1.0.0", "--unverified")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "--unverified needs --digest" in said


@pytest.mark.slow
def test_of_two_releases_at_once_the_higher_wins_and_no_commit_is_lost(origin: Origin) -> None:
    clones = [origin.clone("ada"), origin.clone("bob")]
    for number in range(1, ROUNDS + 1):
        before = origin.head
        versions = [f"v1.{number}.{patch}" for patch in ((0, 1), (1, 0))[number % 2]]
        racers = [start_release(clone, *bump_words(version)) for clone, version in zip(clones, versions, strict=True)]
        said = [racer.communicate(timeout=LAST_RESORT_SECONDS)[0] for racer in racers]
        assert [racer.returncode for racer in racers] == [0, 0], said
        assert origin.line("test").tag == max(versions)
        landed = [text.split("commit ")[1][:10] for text in said if "commit " in text]
        commits = origin.git("log", "--format=%H", f"{before}..main").splitlines()
        assert sorted(landed) == sorted(commit[:10] for commit in commits)
        assert 1 <= len(commits) <= 2
        assert sum("it stays" in text for text in said) == 2 - len(commits)
    assert origin.git("for-each-ref", "--format=%(refname:short)", "refs/heads") == "main"
    assert ask_git(clones[0], "status", "--porcelain") == ""


@pytest.mark.slow
def test_two_of_us_in_one_clone_at_once_both_get_there(origin: Origin, ada: Path) -> None:
    for number in range(1, 6):
        words = (bump_words(f"v1.{number}.0"), bump_words(f"v1.{number}.0", "prod-eks"))
        racers = [start_release(ada, *one) for one in words]
        said = [racer.communicate(timeout=LAST_RESORT_SECONDS) for racer in racers]
        assert [racer.returncode for racer in racers] == [0, 0], said
        assert {origin.line(name).tag for name in ("test", "prod-eks")} == {f"v1.{number}.0"}


@pytest.mark.slow
def test_a_registry_that_is_not_reached_is_never_green(origin: Origin, ada: Path) -> None:
    before = origin.head
    words = ("bump", "--env", "test", "--to", "v1.0.0", "--digest", make_digest("v1.0.0"))
    code, said = run_release(ada, *words, LATHE_REGISTRY_MIRROR="127.0.0.1:9")
    assert (code, origin.head) == (4, before), said
    assert "Traceback" not in said

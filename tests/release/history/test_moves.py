"""What moved, read from real histories: merges, squashes, reverts, wrong clocks, overlays that were broken."""

from pathlib import Path

import pytest

from cli.errors import InputError
from release.history.moves import Move, find_facts, read_all_facts, read_moves
from release.history.trailers import compose_run
from release.history.withdrawal import describe_withdrawal, find_former, find_withdrawn
from release.manifests.environments import locate_overlay
from release.manifests.image_lines import change_images
from tests.release.origin import BUNDLE, Origin, ask_git, make_digest, make_image, open_remote, push_file

TEST = locate_overlay("test")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


def push_version(
    origin: Origin, clone: Path, version: str, message: str = "by hand", environment: str = "test", **date: str
) -> str:
    text = change_images(origin.read(environment), tag=version, digest=make_digest(version))
    return push_file(clone, locate_overlay(environment), text, message, **date)


def compose(origin: Origin, version: str, environment: str = "test") -> str:
    return compose_run(environment, origin.line(environment), version, make_digest(version), make_image(version))


def read(clone: Path, environment: str = "test") -> list[Move]:
    remote = open_remote(clone)
    return read_moves(remote.clone, remote.fetch(), environment)


def name_moves(moves: list[Move]) -> list[str]:
    return [f"{move.old.tag if move.old else '-'} {move.new.tag if move.new else '?'} {move.kind}" for move in moves]


def test_each_move_is_told_with_time_and_person(origin: Origin) -> None:
    ada = origin.clone("ada")
    date = "2026-03-03T23:30:00-01:00"
    commit = push_version(origin, ada, "v1.0.0", compose(origin, "v1.0.0"), GIT_COMMITTER_DATE=date)
    push_version(origin, ada, "v1.1.0")
    first, second = read(ada)
    assert name_moves([first, second]) == ["v0.0.0 v1.0.0 bump", "v1.0.0 v1.1.0 by hand"]
    assert first.commit.when.isoformat() == "2026-03-04T00:30:00+00:00"
    assert (first.commit.name, first.commit.by) == (commit, "ada")


def test_what_changes_no_image_is_no_move(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_file(ada, TEST, f"# a word\n{origin.read('test')}", "A word")
    assert read(ada) == []


def test_a_promotion_that_is_merged_counts_from_the_merge(origin: Origin) -> None:
    ada = origin.clone("ada")
    path = locate_overlay("prod-eks")
    ask_git(ada, "switch", "--quiet", "--create", "promote/prod-eks")
    text = change_images(origin.read("prod-eks"), tag="v1.0.0", digest=make_digest("v1.0.0"))
    (ada / path).write_text(text, encoding="utf-8")
    message = compose(origin, "v1.0.0", "prod-eks")
    ask_git(ada, "commit", "--quiet", "--all", "--message", message, GIT_COMMITTER_DATE="2026-03-01T10:00:00Z")
    ask_git(ada, "switch", "--quiet", "main")
    words = "Merge pull request #1 from lathe-ml/promote/prod-eks"
    merge = ("merge", "--quiet", "--no-ff", "promote/prod-eks", "--message", words)
    ask_git(ada, *merge, GIT_COMMITTER_DATE="2026-03-03T10:00:00Z")
    ask_git(ada, "push", "--quiet", "origin", "main")
    (move,) = read(ada, "prod-eks")
    assert (move.kind, f"{move.commit.when:%m-%d}") == ("promotion", "03-03")
    assert move.commit.name == origin.head
    facts = read_all_facts(open_remote(ada).clone, origin.head)
    assert find_facts(facts, move.new).bundle == BUNDLE


def test_a_squashed_promotion_has_the_facts_of_tests_commit(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0", compose(origin, "v1.0.0"))
    push_version(origin, ada, "v1.0.0", "Run v1.0.0 in prod-eks (#12)", "prod-eks")
    (move,) = read(ada, "prod-eks")
    assert move.kind == "promotion"
    facts = read_all_facts(open_remote(ada).clone, origin.head)
    assert find_facts(facts, move.new).brief == ("PR-AUC 0.941", "F1 0.899")


def test_a_revert_withdraws_and_a_revert_of_it_brings_back(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0")
    push_version(origin, ada, "v1.1.0")
    ask_git(ada, "revert", "--no-edit", "HEAD")
    ask_git(ada, "push", "--quiet", "origin", "main")
    moves = read(ada)
    assert name_moves(moves)[-1] == "v1.1.0 v1.0.0 revert"
    assert list(find_withdrawn(moves)) == ["v1.1.0"]
    ask_git(ada, "revert", "--no-edit", "HEAD")
    ask_git(ada, "push", "--quiet", "origin", "main")
    assert find_withdrawn(read(ada)) == {}


def test_a_lower_version_by_hand_withdraws_the_higher_one(origin: Origin) -> None:
    ada = origin.clone("ada")
    for version in ("v1.0.0", "v1.10.0", "v1.9.0"):
        push_version(origin, ada, version)
    withdrawn = find_withdrawn(read(ada))
    assert list(withdrawn) == ["v1.10.0"]
    said = describe_withdrawal("v1.10.0", withdrawn["v1.10.0"])
    assert said.startswith("v1.10.0 was taken back from test by ada on 20")
    assert f"for v1.9.0 (commit {origin.head[:10]})" in said


def test_a_rollback_that_was_squashed_into_a_later_move_withdraws_by_its_trailer(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0")
    push_version(origin, ada, "v1.2.0", "Two at once (#13)\n\nLathe-Environment: test\nLathe-Withdraws: v1.1.0\n")
    assert list(find_withdrawn(read(ada))) == ["v1.1.0"]


def test_the_way_back_leaves_out_what_was_withdrawn_on_the_way(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0")
    push_version(origin, ada, "v1.1.0")
    push_version(origin, ada, "v1.2.0", "Two at once (#13)\n\nLathe-Withdraws: v1.1.0\n")
    found = find_former(read(ada), origin.line("test")) or pytest.fail("nothing was found")
    assert found.line.tag == "v1.0.0"


def test_a_broken_overlay_is_a_row_and_ends_nothing(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0")
    good = origin.read("test")
    push_file(ada, TEST, "images: {", "Oops")
    push_file(ada, TEST, good, "Mend it")
    push_version(origin, ada, "v1.1.0")
    moves = read(ada)
    assert name_moves(moves) == ["v0.0.0 v1.0.0 by hand", "v1.0.0 ? by hand", "v1.0.0 v1.1.0 by hand"]
    assert moves[1].problem.startswith("it is not YAML")


def test_an_overlay_that_was_taken_out_and_put_back_is_told(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0")
    good = origin.read("test")
    ask_git(ada, "rm", "--quiet", TEST)
    ask_git(ada, "commit", "--quiet", "--message", "Take test out")
    push_file(ada, TEST, good, "Put it back")
    moves = read(ada)
    assert [move.problem for move in moves] == ["", "the overlay is not there"]


def test_a_clock_that_was_ahead_does_not_put_a_move_behind_its_successor(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0", GIT_COMMITTER_DATE="2031-01-01T00:00:00Z")
    push_version(origin, ada, "v1.1.0", GIT_COMMITTER_DATE="2026-03-03T10:00:00Z")
    assert [f"{move.commit.when:%Y-%m-%d}" for move in read(ada)] == ["2026-03-03", "2026-03-03"]


def test_the_former_version_is_the_newest_that_is_lower_and_was_not_taken_back(origin: Origin) -> None:
    ada = origin.clone("ada")
    for version in ("v1.0.0", "v1.1.0", "v1.2.0", "v1.1.0"):
        push_version(origin, ada, version)
    moves = read(ada)
    current = origin.line("test")
    found = find_former(moves, current) or pytest.fail("nothing was found")
    assert (found.line.tag, found.path) == ("v1.0.0", TEST)
    assert "newTag: v1.0.0\n" in open_remote(ada).read(found.commit, TEST)
    assert find_former(moves, current, "v0.9.0") is None
    assert (find_former(moves, current, "v1.2.0") or pytest.fail("nothing was found")).line.tag == "v1.2.0"


def test_a_shallow_clone_is_told_what_to_do(origin: Origin) -> None:
    push_version(origin, origin.clone("ada"), "v1.0.0")
    with pytest.raises(InputError, match="run `git fetch --unshallow`"):
        read(origin.clone("shallow", "--depth=1"))

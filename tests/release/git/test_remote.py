"""The shared branch by plumbing: read to the byte, written without a work tree, pushed only from where it was."""

from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from release.git.clone import clean_words
from release.git.remote import DeclinedError, RacedError, Remote
from tests.release.origin import Origin, ask_git, push_file

NAME = "gitops/overlays/test/kustomization.yaml"


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


def commit_text(remote: Remote, text: str, name: str = NAME) -> tuple[str, str]:
    parent = remote.fetch()
    return parent, remote.commit(parent, {name: text}, f"{text!r} in {name}\n")


def test_a_commit_changes_the_named_files_and_no_other(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    parent = remote.fetch()
    commit = remote.commit(parent, {NAME: "one\r\n", "new/folder/file.txt": "two"}, "Two files\n")
    remote.push(commit, lease=parent)
    assert origin.git("show", "--format=%an %ae %P %s", "--name-status", "main").splitlines() == [
        f"ada ada@example.org {parent} Two files",
        "",
        f"M\t{NAME}",
        "A\tnew/folder/file.txt",
    ]
    assert remote.read(commit, NAME) == "one\r\n"
    assert remote.read(commit, "new/folder/file.txt") == "two"


def test_the_mode_of_a_file_stays(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    _, commit = commit_text(remote, "#!/bin/sh\n", "gitops/argocd/install")
    assert ask_git(remote.clone.folder, "ls-tree", commit, "gitops/argocd/install").startswith("100755 ")


def test_a_dirty_work_tree_on_another_branch_is_not_touched(origin: Origin) -> None:
    clone = origin.clone("ada")
    ask_git(clone, "switch", "--quiet", "--create", "mine")
    (clone / NAME).write_text("half done", encoding="utf-8")
    (clone / "untracked.txt").write_text("mine", encoding="utf-8")
    (clone / "staged.txt").write_text("staged", encoding="utf-8")
    ask_git(clone, "add", "staged.txt")
    before = (ask_git(clone, "status", "--porcelain", "--branch"), ask_git(clone, "rev-parse", "HEAD", "main"))
    remote = Remote(clone)
    parent, commit = commit_text(remote, "done")
    remote.push(commit, lease=parent)
    assert origin.head == commit
    assert (ask_git(clone, "status", "--porcelain", "--branch"), ask_git(clone, "rev-parse", "HEAD", "main")) == before
    assert (clone / NAME).read_text(encoding="utf-8") == "half done"


def test_fetching_brings_what_others_pushed_and_notes_where_the_branch_is(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    pushed = push_file(origin.clone("bob"), "notes.txt", "hello", "A note")
    assert remote.fetch() == pushed
    assert remote.read(pushed, "notes.txt") == "hello"
    assert ask_git(remote.clone.folder, "rev-parse", "origin/main") == pushed


def test_a_branch_that_moved_meanwhile_is_not_overwritten(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    parent, commit = commit_text(remote, "late")
    pushed = push_file(origin.clone("bob"), "notes.txt", "hello", "A note")
    with pytest.raises(RacedError, match="main of origin moved meanwhile"):
        remote.push(commit, lease=parent)
    with pytest.raises(RacedError):
        remote.push(commit)
    assert origin.head == pushed


def test_a_branch_that_was_set_back_is_not_pushed_to_either(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    push_file(origin.clone("bob"), "notes.txt", "hello", "A note")
    parent, commit = commit_text(remote, "on top of what is to go")
    origin.git("update-ref", "refs/heads/main", f"{parent}^")
    with pytest.raises(RacedError):
        remote.push(commit, lease=parent)


def test_a_push_that_would_take_commits_away_is_refused_before_it_is_tried(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    parent, commit = commit_text(remote, "aside")
    newer = push_file(origin.clone("bob"), "notes.txt", "hello", "A note")
    assert remote.fetch() == newer != parent
    with pytest.raises(InputError, match="does not follow"):
        remote.push(commit, lease=newer)
    assert origin.head == newer


def test_another_branch_is_made_moved_and_kept_by_its_lease(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    _, one = commit_text(remote, "one")
    _, two = commit_text(remote, "two")
    remote.push(one, branch="promote/prod-eks", lease="")
    with pytest.raises(RacedError):
        remote.push(two, branch="promote/prod-eks", lease="", force=True)
    remote.push(two, branch="promote/prod-eks", lease=one, force=True)
    assert origin.git("rev-parse", "promote/prod-eks") == two
    assert remote.find_head("promote/prod-eks") == two
    assert remote.find_head("promote/prod-gke") is None


def test_a_hook_that_rejects_is_quoted(origin: Origin) -> None:
    origin.refuse("main is frozen until Monday")
    remote = Remote(origin.clone("ada"))
    parent, commit = commit_text(remote, "one")
    with pytest.raises(DeclinedError) as refused:
        remote.push(commit, lease=parent)
    assert refused.value.exit_code == 1
    said = "origin does not take the commit on main: main is frozen until Monday"
    assert str(refused.value) == f"{said} [remote rejected] (pre-receive hook declined)"
    assert origin.head == parent


def test_a_held_lock_on_the_server_is_a_race_and_not_a_refusal(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    parent, commit = commit_text(remote, "one")
    (origin.bare / "refs/heads/main.lock").touch()
    with pytest.raises(RacedError):
        remote.push(commit, lease=parent)


def test_a_push_whose_answer_is_lost_is_found_to_be_done(origin: Origin) -> None:
    hook = origin.bare / "hooks" / "post-receive"
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n", encoding="utf-8")
    hook.chmod(0o755)
    remote = Remote(origin.clone("ada"))
    parent, commit = commit_text(remote, "one")
    remote.push(commit, lease=parent)
    assert origin.head == commit != parent


def test_a_hook_of_the_clone_has_no_say(origin: Origin) -> None:
    clone = origin.clone("ada")
    hook = clone / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    remote = Remote(clone)
    parent, commit = commit_text(remote, "one")
    remote.push(commit, lease=parent)
    assert origin.head == commit


def test_a_remote_that_is_gone_is_said_to_be(origin: Origin) -> None:
    remote = Remote(origin.clone("ada"))
    parent, commit = commit_text(remote, "one")
    origin.bare.rename(origin.bare.with_name("elsewhere"))
    with pytest.raises(OutsideError, match=r"origin does not answer: fatal: .* does not appear to be a git repository"):
        remote.fetch()
    with pytest.raises(OutsideError, match="origin does not answer"):
        remote.push(commit, lease=parent)


def test_a_password_in_an_address_is_not_repeated(origin: Origin) -> None:
    clone = origin.clone("ada")
    ask_git(clone, "remote", "set-url", "origin", "http://ada:hunter2@127.0.0.1:9/lathe.git")
    with pytest.raises(OutsideError) as refused:
        Remote(clone).fetch()
    assert "127.0.0.1" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    older = b"fatal: unable to access 'https://ada:hunter2@example.org/lathe.git/': refused\n"  # as older gits say it
    assert clean_words(older) == "fatal: unable to access 'https://example.org/lathe.git/': refused"


def test_a_remote_or_branch_of_another_name_is_an_error(origin: Origin) -> None:
    clone = origin.clone("ada")
    with pytest.raises(InputError, match="has no remote 'upstream'; add it with"):
        Remote(clone, "upstream").fetch()
    with pytest.raises(InputError, match="origin has no branch master"):
        Remote(clone, branch="master").fetch()


@pytest.mark.parametrize(
    ("name", "said"), [("gitops/none.yaml", "is not in commit"), ("binary", "is not text in UTF-8")]
)
def test_a_file_that_cannot_be_read_is_an_error(origin: Origin, name: str, said: str) -> None:
    clone = origin.clone("ada")
    (clone / "binary").write_bytes(b"\xff\xfe")
    ask_git(clone, "add", "binary")
    ask_git(clone, "commit", "--quiet", "--message", "binary")
    with pytest.raises(InputError, match=said):
        Remote(clone).read("HEAD", name)


def test_nobody_commits_without_a_name(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(origin.clone("ada"))
    for name in ("name", "email"):
        ask_git(remote.clone.folder, "config", "--unset", f"user.{name}")
    for name in ("GITHUB_ACTOR", "GITHUB_ACTOR_ID", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    with pytest.raises(InputError, match="Git does not know who you are"):
        commit_text(remote, "one")
    monkeypatch.setenv("GITHUB_ACTOR", "grace")
    monkeypatch.setenv("GITHUB_ACTOR_ID", "42")
    _, commit = commit_text(remote, "one")
    who = ask_git(remote.clone.folder, "show", "--no-patch", "--format=%an <%ae>", commit)
    assert who == "grace <42+grace@users.noreply.github.com>"


def test_variables_of_a_hook_that_started_us_lead_nowhere_else(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Remote(origin.clone("ada"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert len(remote.fetch()) == 40
    assert not (tmp_path / "index").exists()


def test_two_in_one_clone_at_once_do_not_stand_in_each_others_way(origin: Origin) -> None:
    clone = origin.clone("ada")
    pushed = push_file(origin.clone("bob"), "notes.txt", "hello", "A note")
    lock = clone / ".git/refs/remotes/origin/main.lock"
    lock.touch()
    (clone / ".git/FETCH_HEAD.lock").touch()
    (clone / ".git/index.lock").touch()
    remote = Remote(clone)
    assert remote.fetch() == pushed
    parent, commit = commit_text(remote, "one")
    remote.push(commit, lease=parent)
    assert origin.head == commit

"""What ran on a day or at a moment, and every move, from Git alone."""

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import console
from cli.errors import InputError
from release.history.history import Window, list_stays, parse_window
from release.history.timeline import show_history
from release.manifests.environments import locate_overlay
from tests.release.history.test_moves import compose, push_version, read
from tests.release.origin import BUNDLE, Origin, ask_git, make_digest, open_remote, push_file, run_release

TEST = locate_overlay("test")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """A spring: two versions, a broken overlay, a rollback by hand, and one more."""
    origin = Origin(tmp_path_factory.mktemp("told"))
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.0.0", compose(origin, "v1.0.0"), GIT_COMMITTER_DATE="2026-03-01T09:00:00Z")
    push_version(origin, ada, "v1.1.0", compose(origin, "v1.1.0"), GIT_COMMITTER_DATE="2026-03-03T14:30:00Z")
    good = origin.read("test")
    push_file(ada, TEST, "images: {", "Oops", GIT_COMMITTER_DATE="2026-03-03T20:00:00Z")
    push_file(ada, TEST, good, "Mend it", GIT_COMMITTER_DATE="2026-03-03T21:00:00Z")
    push_version(origin, ada, "v1.0.0", GIT_COMMITTER_DATE="2026-03-05T00:00:00Z")
    push_version(origin, ada, "v1.2.0", compose(origin, "v1.2.0"), GIT_COMMITTER_DATE="2026-03-06T00:00:00Z")
    push_version(origin, ada, "v1.0.0", environment="prod-eks", GIT_COMMITTER_DATE="2026-03-04T10:00:00+02:00")
    return origin


def show(origin: Origin, environment: str | None = None, on: str | None = None) -> str:
    with console.out.capture() as said:
        show_history(open_remote(origin.folder / "ada"), environment, on)
    return said.get()


def list_running(origin: Origin, on: str, environment: str = "test") -> list[str]:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        show_history(open_remote(origin.folder / "ada"), environment, on, as_json=True)
    stays = json.loads(said.getvalue())
    return [f"{stay['version']} {stay['from'][5:16]} {(stay['until'] or 'now')[5:16]}" for stay in stays]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-03-02", ["v1.0.0 03-01T09:00 03-03T14:30"]),
        ("2026-03-03", ["v1.0.0 03-01T09:00 03-03T14:30", "v1.1.0 03-03T14:30 03-05T00:00"]),
        ("2026-03-03T14:29Z", ["v1.0.0 03-01T09:00 03-03T14:30"]),
        ("2026-03-03T14:30Z", ["v1.1.0 03-03T14:30 03-05T00:00"]),
        ("2026-03-03T14:30", ["v1.1.0 03-03T14:30 03-05T00:00"]),
        ("2026-03-03T15:29+01:00", ["v1.0.0 03-01T09:00 03-03T14:30"]),
        ("2026-03-03T20:30Z", ["v1.1.0 03-03T14:30 03-05T00:00"]),
        ("2026-03-04", ["v1.1.0 03-03T14:30 03-05T00:00"]),
        ("2026-03-05", ["v1.0.0 03-05T00:00 03-06T00:00"]),
        ("2026-03-06", ["v1.2.0 03-06T00:00 "]),
        ("2026-02-28", []),
    ],
)
def test_what_ran_is_everything_that_ran_then(told: Origin, on: str, expected: list[str]) -> None:
    assert list_running(told, on) == expected


def test_an_answer_names_digest_bundle_and_quality(told: Origin) -> None:
    text = show(told, "test", "2026-03-03")
    assert "What ran on 2026-03-03 (UTC)" in text
    assert "v1.1.0" in text
    assert BUNDLE[:12] in text
    assert "PR-AUC 0.941" in text
    assert max(map(len, text.splitlines())) <= console.WIDE_ENOUGH


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (
            "2026-02-28",
            "test ran no release on 2026-02-28 (UTC): its first one, v1.0.0, came on 2026-03-01 09:00 UTC\n",
        ),
        ("2026-03-01T08:59Z", "test ran no release at 2026-03-01 08:59 UTC: its first one, v1.0.0, came on"),
    ],
)
def test_before_the_first_release_there_was_none(told: Origin, on: str, said: str) -> None:
    assert said in show(told, "test", on)
    assert "prod-gke has had no release yet\n" in show(told, None, on)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "3 March", "2026-03-03T25:00", "0000-00-00", "2026-03-03x", "0001-01-01T00:00+14:00"],
)
def test_nonsense_is_no_time(text: str) -> None:
    with pytest.raises(InputError, match="is no time, expected a day as 2026-03-03"):
        parse_window(text, NOON)


@pytest.mark.parametrize("text", ["2026-06-02", "2026-06-01T12:01Z", "9999-12-31", "2026-06-01T14:30+02:00"])
def test_the_future_has_not_been_yet(text: str) -> None:
    with pytest.raises(InputError, match="has not been yet: it is 2026-06-01 12:00 UTC"):
        parse_window(text, NOON)


def test_today_is_a_day_as_well() -> None:
    assert parse_window("2026-06-01", NOON) == Window(
        datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, 23, 59, 59, 999999, tzinfo=UTC)
    )


def test_every_move_is_shown_newest_first_with_how_and_by_whom(told: Origin) -> None:
    text = show(told, "test")
    assert [word for word in text.split() if word.startswith("2026-")] == [
        "2026-03-06",
        "2026-03-05",
        "2026-03-03",
        "2026-03-03",
        "2026-03-01",
    ]
    assert "bump, ada" in text
    assert "by hand, ada" in text
    assert "was v1.1.0" in text
    assert max(map(len, text.splitlines())) <= console.WIDE_ENOUGH


def test_a_broken_overlay_is_a_row_that_says_what_was_wrong(told: Origin) -> None:
    text = " ".join(show(told, "test").replace("│", " ").split())
    assert "unreadable" in text
    assert "what ran before went on" in text
    assert "is not YAML" in text


def test_the_moves_are_there_for_programs(told: Origin) -> None:
    code, said = run_release(told.folder / "ada", "history", "--json")
    assert code == 0
    moves = [move for move in json.loads(said) if move["environment"] == "test"]
    assert [(move["from"], move["to"], move["kind"]) for move in moves] == [
        (None, "v1.0.0", "bump"),
        ("v1.0.0", "v1.1.0", "bump"),
        ("v1.1.0", None, "unreadable"),
        ("v1.1.0", "v1.0.0", "by hand"),
        ("v1.0.0", "v1.2.0", "bump"),
    ]
    assert moves[1]["digest"] == make_digest("v1.1.0")
    assert moves[1]["quality"]["F1"] == "0.899 [0.821, 0.956]"
    assert (moves[3]["bundle"], moves[2]["problem"][:14]) == (BUNDLE, "it is not YAML")


@pytest.mark.slow
def test_where_the_answer_is_from_is_said_and_asked_anew_when_wanted(told: Origin, tmp_path: Path) -> None:
    origin = told.copy(tmp_path / "copy")
    bob = origin.clone("bob")
    push_version(origin, origin.folder / "ada", "v1.3.0")
    old, new = (
        run_release(bob, "history", "--env", "test")[1],
        run_release(bob, "history", "--env", "test", "--fetch")[1],
    )
    assert "v1.3.0" not in old
    assert "from origin/main as last fetched (--fetch asks again), commit" in old
    assert "v1.3.0" in new
    assert f"from origin/main, fetched just now, commit {origin.head[:10]}" in new


def test_without_a_remote_the_checkout_tells(told: Origin, tmp_path: Path) -> None:
    origin = told.copy(tmp_path / "copy")
    ask_git(origin.folder / "ada", "remote", "remove", "origin")
    assert "from this checkout: origin/main was never fetched" in show(origin, "test")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--env", "mars"), 2, "there is no environment 'mars'"),
        (("--env", "minikube"), 1, "no release goes to minikube"),
        (("--on", "2999-01-01"), 2, "has not been yet"),
    ],
)
def test_a_wrong_question_is_one_line(told: Origin, words: tuple[str, ...], code: int, said: str) -> None:
    found, text = run_release(told.folder / "ada", "history", *words)
    assert found == code
    assert said in text
    assert len(text.splitlines()) == 1


def test_a_version_that_was_there_for_no_time_still_ran(tmp_path: Path) -> None:
    origin = Origin(tmp_path)
    ada = origin.clone("ada")
    for version in ("v1.0.0", "v1.1.0"):
        push_version(origin, ada, version, GIT_COMMITTER_DATE="2026-03-03T10:00:00Z")
    day = parse_window("2026-03-03", NOON)
    assert [stay.line.tag for stay in list_stays(read(ada)) if day.meets(stay)] == ["v1.0.0", "v1.1.0"]


def test_a_long_history_shows_the_newest_moves_and_says_how_to_see_the_others(
    told: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release.history.timeline.SHOWN_MOVES", 2)
    text = show(told, "test")
    assert "3 older moves of test are not shown: --all, or --json\n" in text
    assert "Oops" not in text
    with console.out.capture() as said:
        show_history(open_remote(told.folder / "ada"), "test", None, is_whole=True)
    assert "older moves" not in said.get()
    assert said.get().count("v1.0.0") > text.count("v1.0.0")

"""The key file: what a line may say, and that a refusal never repeats one."""

from pathlib import Path

import pytest

from app.predictor.auth.key_file import SCOPES, KeyFileError, find_name, make_key, parse_key_lines, read_key_file

LINE = make_key("press")[1]


def test_a_new_key_matches_its_line_and_no_other() -> None:
    key, line = make_key("press")
    entry = parse_key_lines(line)["press"]
    assert entry.matches(key.encode())
    assert not entry.matches(make_key("press")[0].encode())
    assert not entry.matches(key.encode()[:-1])
    assert find_name(key.encode()) == b"press"
    assert key.split(".")[2] not in line


def test_two_keys_of_a_name_share_nothing() -> None:
    assert len({make_key("a")[0] for _ in range(50)}) == len({make_key("a")[1] for _ in range(50)}) == 50


def test_options_comments_and_blank_lines_are_understood() -> None:
    text = f"# made today\n\n  {LINE} requests_per_second=5 rows_per_second=2.5 allow=predict,feedback \r\n"
    entry = parse_key_lines(text)["press"]
    assert (entry.requests_per_second, entry.rows_per_second) == (5.0, 2.5)
    assert entry.allow == {"predict", "feedback"}
    plain = parse_key_lines(LINE)["press"]
    assert plain.requests_per_second is plain.rows_per_second is None
    assert plain.allow == set(SCOPES)


@pytest.mark.parametrize(
    "line",
    [
        "press",
        "press:secret-2911",
        "press:md5$00$00",
        LINE.replace("press", "Press"),
        LINE.replace("press", "a" * 64),
        LINE[:-1],
        LINE + "0",
        LINE + " rate=2911",
        LINE + " rows_per_second=0",
        LINE + " rows_per_second=-2911",
        LINE + " rows_per_second=nan",
        LINE + " rows_per_second=1e9",
        LINE + " rows_per_second=1 rows_per_second=2",
        LINE + " allow=everything",
        LINE + " allow=",
        LINE + "\n" + LINE,
    ],
)
def test_a_bad_line_is_named_by_its_number_alone(line: str, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# first\n{line}\n")
    with pytest.raises(KeyFileError, match=r"line [23]: ") as told:
        read_key_file(path)
    assert "2911" not in str(told.value)
    assert LINE.split("$")[2] not in str(told.value)


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "no keys"), (b"# none\n", "no keys"), (b"\xff", "UTF-8"), (b"#" * 1_048_577, "larger")]
)
def test_a_file_without_keys_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match=told):
        read_key_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        read_key_file(tmp_path / "none")


@pytest.mark.parametrize("name", ["", "UPPER", "with space", "dot.ted", "a" * 64, "-first", "ü", "a\nb"])
def test_a_name_that_is_no_label_makes_no_key(name: str) -> None:
    with pytest.raises(KeyFileError):
        make_key(name)


@pytest.mark.parametrize("key", [b"", b".", b"lathe.", b"lathe.press", b"press", b"\xff" * 80, b"a" * 100_000])
def test_what_is_no_key_matches_nothing(key: bytes) -> None:
    assert not parse_key_lines(LINE)["press"].matches(key)
    assert isinstance(find_name(key), bytes)

"""What a test needs is looked for by trying it, and what is missing is said with the way to get it."""

from pathlib import Path

import pytest

from tests.needs import EVERY_TEST, explain_refusal, need_namespaces, need_program


@pytest.fixture(autouse=True)
def on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EVERY_TEST, raising=False)
    explain_refusal.cache_clear()


def put_unshare(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """As the only program on the PATH."""
    (folder / "unshare").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_a_machine_that_refuses_namespaces_is_found_by_trying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_unshare(tmp_path, monkeypatch, "echo unshare: write failed: Operation not permitted >&2; exit 1")
    with pytest.raises(pytest.skip.Exception, match=r"refuses .* \(unshare: .*\): .*sudo sysctl"):
        need_namespaces("--net")


def test_a_machine_that_allows_them_gives_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_unshare(tmp_path, monkeypatch, '[ "$1" = --net ] && [ "$2" = true ]')
    assert need_namespaces("--net") == ["unshare", "--net"]


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("promtool", "sudo apt-get install prometheus"),
        ("shellcheck", "sudo apt-get install shellcheck"),
        ("cosign", "make .tools/bin/cosign"),
        ("unshare", "sudo apt-get install util-linux"),
    ],
)
def test_a_program_that_is_missing_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, way: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match=f"needs {name}: {way}"):
        need_namespaces() if name == "unshare" else need_program(name)


def test_where_every_test_is_asked_for_nothing_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EVERY_TEST, "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match="so nothing is skipped"):
        need_program("promtool")


def test_a_program_that_is_there_is_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_unshare(tmp_path, monkeypatch, "exit 0")
    assert need_program("unshare") == str(tmp_path / "unshare")

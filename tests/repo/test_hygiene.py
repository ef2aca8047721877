"""What no tracked file may hold: secrets, paths of one machine, hosts of package registries."""

import re
from pathlib import Path

import pytest

from tests.repo.sources import ROOT, list_files

SECRETS = {
    "private key": r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----",
    "AWS key": r"\bAKIA[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
}
MACHINE_PATHS = r"(?<![\w.])/(?:root|home/\w+|work|Users/\w+)/[\w.]"
REGISTRIES = r"pypi\.(?:org|io)|pythonhosted\.org|registry\.npmjs|proxy\.golang|deb\.debian|crates\.io|repo1?\.maven"
LOCKS = {"uv.lock"}  # uv writes where it found each wheel


def find_matches(pattern: str, files: list[Path]) -> list[str]:
    found = []
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{path.name}:{number}")
    return found


@pytest.fixture(scope="module")
def files() -> list[Path]:
    own = Path(__file__).name
    return [path for path in list_files() if path.name not in LOCKS | {own}]


@pytest.mark.parametrize("kind", SECRETS)
def test_no_file_holds_a_secret(files: list[Path], kind: str) -> None:
    assert len(files) > 100
    assert find_matches(SECRETS[kind], files) == []


def test_no_file_names_a_path_of_one_machine(files: list[Path]) -> None:
    assert find_matches(MACHINE_PATHS, files) == []


def test_no_file_names_the_host_of_a_package_registry(files: list[Path]) -> None:
    assert find_matches(REGISTRIES, files) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (SECRETS["private key"], "-----BEGIN PRIVATE KEY-----"),
        (SECRETS["AWS key"], "AKIA" + "A" * 16),
        (SECRETS["GitHub token"], "ghp_" + "a" * 36),
        (MACHINE_PATHS, "open('/home/someone/rows.csv')"),
        (REGISTRIES, "index-url = https://pypi.org/simple"),
    ],
)
def test_a_planted_line_is_found(tmp_path: Path, pattern: str, line: str) -> None:
    (tmp_path / "file").write_text(line, encoding="utf-8")
    assert find_matches(pattern, [tmp_path / "file"]) == ["file:1"]


def test_every_script_has_its_executable_bit() -> None:
    scripts = [path for path in list_files() if path.read_bytes()[:2] == b"#!" and path.is_relative_to(ROOT)]
    assert scripts
    assert [path.name for path in scripts if not path.stat().st_mode & 0o100] == []


def test_readme_is_read_in_one_sitting() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 200

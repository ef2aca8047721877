"""The worked examples of CONTRIBUTING.md are changes that Git applies to the code as it is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT

EXAMPLE = re.compile(r"^### (.+?)\n.*?^```diff\n(.*?)^```\n.*?^make check TESTS=\"(.+?)\"$", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
TITLES = ["A metric", "A route", "A check of the gate", "A setting", "A dataset", "A workflow"]


def apply(change: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["git", "apply", "-"]
    return subprocess.run(
        command, cwd=folder, input=change, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )


def test_there_is_an_example_of_each_usual_change() -> None:
    assert [title for title, _, _ in EXAMPLES] == TITLES


@pytest.mark.parametrize("title", TITLES)
def test_an_example_applies_to_the_code_as_it_is_and_names_tests_that_are_there(title: str, tmp_path: Path) -> None:
    change, tests = next((change, tests) for name, change, tests in EXAMPLES if name == title)
    for name in re.findall(r"^--- a/(\S+)$", change, re.MULTILINE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    done = apply(change, tmp_path)
    assert done.returncode == 0, f"{title}: {done.stderr}"
    changed = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file())
    added = [line[1:] for line in change.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert [
        line for line in added if f"{line}\n" not in changed
    ] == []  # a hunk's header with too few lines cuts it off
    assert [name for name in tests.split() if not ((ROOT / name).exists() or (tmp_path / name).exists())] == []


def test_an_example_of_code_that_has_changed_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("new\n")
    assert "patch failed" in apply("--- a/file\n+++ b/file\n@@ -1 +1 @@\n-old\n+newer\n", tmp_path).stderr

"""An exception from a rule of the linter or the formatter has its reason on the line."""

import re

from tests.repo.sources import ROOT, list_files

LINTER = re.compile(r"# [n]oqa\b(?!: [A-Z0-9, ]+ - \S)")
FORMATTER = re.compile(r"# [f]mt: (?!skip # \S)")


def list_unexplained(text: str) -> list[int]:
    """The numbers of the lines with an exception that says no reason."""
    return [number for number, line in enumerate(text.splitlines(), 1) if LINTER.search(line) or FORMATTER.search(line)]


def test_each_exception_says_why() -> None:
    found = {path: list_unexplained(path.read_text(encoding="utf-8")) for path in list_files() if path.suffix == ".py"}
    assert {str(path.relative_to(ROOT)): lines for path, lines in found.items() if lines} == {}


def test_an_exception_without_a_reason_is_found() -> None:
    lines = (
        "import a  # no{}",
        "import a  # no{}: F401",
        "x = [1]  # f{}: skip",
        "# f{}: off",
        "x = 1  # no{}: E1 - why",
    )
    plain = ("qa", "qa", "mt", "mt", "qa")
    text = "\n".join(line.format(word) for line, word in zip(lines, plain, strict=True))
    assert list_unexplained(f"{text}\nx = [1]  # fmt: skip # a table") == [1, 2, 3, 4]

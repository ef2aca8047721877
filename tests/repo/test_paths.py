"""Every path and every module that a comment, a docstring or a document names is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests.repo.sources import ROOT, list_files

TOP = (
    "app",
    "bench",
    "cli",
    "contract",
    "docs",
    "gitops",
    "release",
    "review",
    "terraform",
    "tests",
    "training",
    ".ci",
    ".github",
)
SUFFIXES = ("css", "html", "js", "json", "lua", "md", "mk", "mjs", "py", "sh", "toml", "txt", "yaml", "yml")
# neither a part of an address, a pattern or a variable, nor followed by what makes it one
PATH = re.compile(r"(?<![\w./{}$*:@~<>=%-])((?:\.{1,2}/)*[\w.-]+(?:/[\w.-]+)*)/?(?![\w{$*<%])")
MODULE = re.compile(r"(?<![\w./-])((?:app|bench|contract|release|review|tests|training)(?:\.[A-Za-z_]\w*)+)(?![\w/(-])")
# in a tenth of the time that `tokenize` takes
STRING_OR_COMMENT = re.compile(
    r"""("{3}|'{3})(?:\\.|(?!\1).)*\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*""", re.DOTALL
)
HASH_COMMENTS = {".yaml", ".yml", ".mk", ".toml", ".sh", ""}
SLASH_COMMENTS = {".js", ".mjs", ".css"}
HISTORY = {"CHANGELOG.md"}  # it names what was there once
NOT_IN_GIT = {
    "bundle.json": "a bundle has it",
    "report.json": "the gate writes it",
    "approval.json": "a release has it",
    "provenance.json": "a release has it",
    "sbom.cdx.json": "a release has it",
    "results.json": "the benchmark writes it",
    "artifacts/evaluation.json": "`make evaluate` writes it",
    "artifacts/load/index.html": "`make load` writes it",
    "load.json": "`make load` writes it",
    "costs.json": "`make cloud-costs` writes it",
    "terraform/eks/envs/test.backend.hcl": "the reader of the page makes it",
    "quality.html": "`make monitor` writes it",
    "outcomes.html": "`make monitor` writes it",
    "drift.html": "`make monitor` writes it",
    "artifacts/gate/report.html": "the gate writes it",
    "api-keys.json": "a Secret has it",
    "keys.txt": "the reader of the example makes it",
    "promotion-v1.0.0.md": "the reader of the example makes it",
    "promotion-v1.1.0.md": "the reader of the example makes it",
    "tests/training/gate/test_features.py": "the reader of the example makes it",
    "release.txt": "the reader of the example makes it",
}
IN_GIT_LATER = {"training/pins": "a person commits what `make pin` makes"}
BRANCH = re.compile(r"release/v\d+\.\d+\.\d+")
NOT_OURS = {"ruamel.yaml": "a library", "app.kubernetes.io": "a label", "app.kubernetes": "a label"}


@cache
def list_sources() -> tuple[Path, ...]:
    """The files that hold lines for people."""
    kinds = {".py", ".md", *HASH_COMMENTS, *SLASH_COMMENTS}
    left_out = HISTORY | {"LICENSE", Path(__file__).name}
    return tuple(path for path in list_files() if path.suffix in kinds and path.name not in left_out)


@cache
def list_lines(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple(list_comments(path))


def list_comments(path: Path) -> Iterator[tuple[int, str]]:
    """Each line that is written for people, with its number; of a docstring the number of its first line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield from list_document_lines(text)
    elif path.suffix == ".py":
        yield from list_python_comments(text)
    else:
        mark = r"(?:^|\s)#(?!!)(.*)" if path.suffix in HASH_COMMENTS else r"(?:(?:^|\s)//|/?\*)\s(.*)"
        for number, line in enumerate(text.splitlines(), 1):
            if found := re.search(mark, line):
                yield number, found[1]


def list_document_lines(text: str) -> Iterator[tuple[int, str]]:
    """All but the changes that a document shows, whose files may be new."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fence = "" if fence else line
        if fence != "```diff":
            yield number, line


def list_python_comments(text: str) -> Iterator[tuple[int, str]]:
    for found in STRING_OR_COMMENT.finditer(text):
        if found[0].startswith("#"):
            yield text.count("\n", 0, found.start()) + 1, found[0]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            if docstring is not None:
                yield node.body[0].lineno, docstring


@cache
def list_known() -> frozenset[str]:
    """Every tracked path and every part of one: `scoring/model.py` stands for `app/predictor/scoring/model.py`."""
    known = set()
    for path in list_files():
        parts = path.relative_to(ROOT).parts
        known |= {"/".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)}
        known |= {"/".join((*parts[:-1], parts[-1].split("-")[0]))}  # docs/decisions/0007
    return frozenset(known)


def find_missing_paths(text: str, folder: Path) -> Iterator[str]:
    """The paths in `text` that are neither below the project nor below `folder`."""
    for found in PATH.finditer(text):
        name = found[1].rstrip(".")
        in_project = "/" in name and name.split("/")[0] in TOP
        is_file = PurePosixPath(name).suffix.removeprefix(".") in SUFFIXES
        if not (in_project or is_file) or BRANCH.fullmatch(name) or "NAME" in name or name.split("/")[-1] in NOT_IN_GIT:
            continue
        is_known = any(name in names for names in (list_known(), NOT_IN_GIT, IN_GIT_LATER, NOT_OURS))
        if not is_known and not (folder / name).exists():
            yield name


def find_missing_modules(text: str) -> Iterator[str]:
    """The dotted names in `text` that no module or package of the project has."""
    for found in MODULE.finditer(text):
        name = found[1]
        if name not in NOT_OURS and name.rpartition(".")[2] not in SUFFIXES and not has_module(name):
            yield name


def has_module(name: str) -> bool:
    """Whether `name` is a module, a package, or something that one of them defines."""
    place = ROOT
    for part in name.split("."):
        if (place / part).is_dir():
            place /= part
            continue
        if (module := place / f"{part}.py").is_file():
            last = name.rpartition(".")[2]
            return last == part or bool(re.search(rf"\b{last}\b", module.read_text(encoding="utf-8")))
        package = place / "__init__.py"
        return package.is_file() and bool(re.search(rf"\b{part}\b", package.read_text(encoding="utf-8")))
    return True


@pytest.mark.parametrize("top", sorted({path.relative_to(ROOT).parts[0] for path in list_sources()}))
def test_every_path_and_module_that_people_read_of_is_there(top: str) -> None:
    missing = [
        f"{path.relative_to(ROOT)}:{number}: {name}"
        for path in list_sources()
        if path.relative_to(ROOT).parts[0] == top
        for number, text in list_lines(path)
        for name in (*find_missing_paths(text, path.parent), *find_missing_modules(text))
    ]
    assert missing == []


@pytest.mark.parametrize("name", sorted(NOT_IN_GIT))
def test_what_is_excepted_is_still_named_somewhere_and_still_not_in_git(name: str) -> None:
    assert name not in list_known()
    assert any(name in text for path in list_sources() for _, text in list_lines(path))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("see app/predictor/nowhere.py", ["app/predictor/nowhere.py"]),
        ("`nowhere.yaml`, as tests/repo/sources.py says.", ["nowhere.yaml"]),
        ("docs/decisions/0001 and docs/decisions/9999", ["docs/decisions/9999"]),
        ("(tests/nowhere/)", ["tests/nowhere"]),
        ("../CONTRIBUTING.md, ../NOWHERE.md", ["../NOWHERE.md"]),
        ("https://example.org/app/x.py, $HOME/app/y.py, {folder}/z.yaml, *.py", []),
        ("tests.repo.sources.list_files, tests.repo.sources.nothing", ["tests.repo.sources.nothing"]),
        ("python -m tests.nowhere", ["tests.nowhere"]),
    ],
)
def test_what_is_not_there_is_found(text: str, missing: list[str]) -> None:
    assert [*find_missing_paths(text, ROOT / "docs"), *find_missing_modules(text)] == missing


def test_comments_and_docstrings_are_read_and_code_is_not() -> None:
    code = '"""Docstring."""\nurl = "# code"  # a "comment\ndef f() -> None:\n    """Of f."""\n'
    code += '    return "\\\\#" + \'"\'  # "b"\n'
    assert list(list_python_comments(code)) == [(2, '# a "comment'), (5, '# "b"'), (1, "Docstring."), (4, "Of f.")]

"""Mutants are the same for the same seed, tried beside their own tests, and none is accepted without a reason."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.mutants.__main__ import MODULES, find_modules
from tests.mutants.beside import MOST_FILES, find_tests
from tests.mutants.mutations import draw_sample, list_mutants, plant_mutant
from tests.mutants.table import is_good, read_accepted, render_table
from tests.mutants.trial import Book, try_mutants
from tests.mutants.workspace import Runner, Workspace

DECIDE = '''"""Small."""


def is_large(value: int) -> bool:
    return value > 10


def is_odd(value: int) -> bool:
    return value % 2 == 1
'''
NOTICE = """from contract.small import is_large, is_odd


def test_ten_is_not_large_and_eleven_is():
    assert (is_large(10), is_large(11)) == (False, True)


def test_two_is_even():
    assert not is_odd(2)
"""


def test_a_longer_sample_begins_with_a_shorter_and_another_seed_draws_others() -> None:
    mutants = list_mutants(ROOT, [ROOT / "contract" / "soundness.py"])
    assert draw_sample(mutants, 20, 1)[:10] == draw_sample(mutants, 10, 1) != draw_sample(mutants, 10, 2)
    assert sorted(draw_sample(mutants, 10**6, 1)) == mutants


@pytest.mark.slow
def test_every_mutant_is_another_text_that_python_reads() -> None:
    source = (ROOT / "contract" / "psi.py").read_text(encoding="utf-8")
    for mutant in list_mutants(ROOT, [ROOT / "contract" / "psi.py"]):
        changed = plant_mutant(source, mutant)
        compile(changed, mutant.name, "exec")
        assert changed != source


@pytest.mark.slow
def test_every_module_that_decides_has_tests_beside_it() -> None:
    for path in find_modules(ROOT, MODULES):
        tests = find_tests(ROOT, path.relative_to(ROOT).as_posix())
        assert 0 < len(tests) <= MOST_FILES, path
        assert all((ROOT / name).is_file() for name in tests), path


def test_the_file_of_the_modules_name_comes_first() -> None:
    assert find_tests(ROOT, "release/promotion/rollback.py")[0] == "tests/release/promotion/test_rollback.py"


def test_every_accepted_change_still_stands_in_its_file_and_says_why() -> None:
    for (path, old, new), reason in read_accepted().items():
        lines = [line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
        assert old in lines, f"{path} has no line {old!r} any more: take it out of accepted.yaml"
        assert new != old
        assert len(reason.split()) > 3, f"{path}: {old}"


@pytest.mark.slow
def test_a_change_that_a_test_notices_is_killed_another_survives_and_neither_is_tried_twice(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for name, text in {"contract/small.py": DECIDE, "tests/contract/test_small.py": NOTICE}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "tests" / "mutants", root / "tests" / "mutants")
    shutil.copy(ROOT / "tests" / "examples.py", root / "tests" / "examples.py")
    (root / "tests" / "conftest.py").write_text("from tests.examples import register_profiles\nregister_profiles()\n")
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\nmarkers = ["slow"]\n')
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    mutants = list_mutants(root, [root / "contract" / "small.py"])
    runner = Runner(workspace := Workspace(root, tmp_path / "tree"))
    try:
        results = list(try_mutants(root, workspace, runner, mutants, Book(tmp_path / "trials.jsonl")))
    finally:
        runner.close()
    killed = {mutant.operator for mutant, trial in results if "test_ten_is_not_large_and" in trial.killer}
    assert "ReplaceComparisonOperator_Gt_GtE" in killed
    survivors = [mutant for mutant, trial in results if not trial.killer]
    assert {mutant.line for mutant in survivors} == {9}
    assert not is_good(root, results)
    assert "contract/small.py:9 survived" in "\n".join(render_table(root, results, len(mutants), 1))
    again = try_mutants(root, workspace, runner, mutants, Book(tmp_path / "trials.jsonl"))
    assert list(again) == results

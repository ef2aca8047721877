"""The direction of imports, and where the heavy ones may stand: the rules are `tool.importlinter` of pyproject.toml."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT, list_files, list_python

PRODUCT = ("contract", "cli", "app", "training", "review", "release", "terraform")
OURS = (*PRODUCT, "bench", "tests")
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
MOST_IN_A_ROOM = 20


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-logo", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's sources and rules; a test that plants an import takes it out again."""
    root = tmp_path_factory.mktemp("imports")
    for path in list_files():
        name = path.relative_to(ROOT)
        if (name.suffix == ".py" and name.parts[0] in PRODUCT) or name.as_posix() == "pyproject.toml":
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / name)
    return root


def test_every_rule_of_imports_is_kept(copied: Path) -> None:
    done = lint_imports(copied)
    assert done.returncode == 0, done.stdout
    assert "Contracts: 13 kept, 0 broken." in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "code", "rule"),
    [
        ("contract.schema", "import training.model.train", "Imports point to the contract"),
        ("app.predictor.scoring.model", "from training.data.table import Table", "Imports point to the contract"),
        ("training.model.train", "import app.predictor.scoring.model", "Imports point to the contract"),
        ("review.report", "import release.errors", "Imports point to the contract"),
        ("release.image.image", "from app.predictor.settings import Settings", "neither the predictor nor training"),
        (
            "review.comment.text",
            "from training.report.document import build_report",
            "neither the predictor nor training",
        ),
        ("terraform.verbs.cli", "import training.params", "neither the predictor nor training"),
        ("release.versions", "import terraform.verbs.cli", "Imports point to the contract"),
        ("contract.bundle", "import contract.compute.scoring", "The rooms of the contract"),
        ("app.predictor.scoring.model", "import app.predictor.services", "The rooms of the predictor"),
        ("training.model.train", "def f():\n    import training.gate.judge", "The rooms of training"),
        ("review.github.client", "import review.approval.find", "The rooms of review"),
        ("release.history.moves", "def bump():\n    import release.promotion.bump", "The rooms of release"),
        ("app.predictor.inputs.rows", "import app.predictor.inputs.tensors", "beside each other"),
        ("app.predictor.scoring.model", "def load():\n    import pandas", "The predictor is light"),
        ("contract.compute.engine", "import pickle", "The predictor is light"),
        ("app.monitor.reports.guards", "import pandas", "Evidently, and pandas for it"),
        ("training.model.train", "import mlflow", "MLflow is imported by its one adapter"),
        ("app.predictor.routes", "from prometheus_client import Counter", "Prometheus' library"),
    ],
)
def test_a_planted_import_breaks_its_rule(copied: Path, module: str, code: str, rule: str) -> None:
    path = copied.joinpath(*module.split(".")).with_suffix(".py")
    content = path.read_text(encoding="utf-8")
    path.write_text(f"{content}\n{code}\n", encoding="utf-8")
    done = lint_imports(copied)
    path.write_text(content, encoding="utf-8")
    assert done.returncode == 1, done.stdout
    assert [line for line in done.stdout.splitlines() if rule in line and " BROKEN" in line], done.stdout


def test_a_room_that_no_rule_names_is_found(copied: Path) -> None:
    path = copied / "app" / "predictor" / "attic.py"
    path.write_text('"""Nobody placed it."""\n', encoding="utf-8")
    done = lint_imports(copied)
    path.unlink()
    assert done.returncode == 1
    assert "attic" in done.stdout


def find_full_rooms(root: Path) -> list[str]:
    folders = {path.parent for name in OURS[:6] for path in (root / name).rglob("*.py") if path.name != "__init__.py"}
    counts = {folder: len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) for folder in folders}
    return sorted(f"{folder.relative_to(root)}: {count}" for folder, count in counts.items() if count > MOST_IN_A_ROOM)


def test_a_folder_holds_at_most_twenty_modules() -> None:
    assert find_full_rooms(ROOT) == []


def test_a_planted_twenty_first_module_is_found(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    for index in range(21):
        (tmp_path / "app" / f"module_{index}.py").touch()
    assert find_full_rooms(tmp_path) == ["app: 21"]


def find_vague_names(root: Path) -> list[str]:
    return [name for name, _ in list_python(root, *OURS) if name.rpartition(".")[2] in VAGUE_NAMES]


def test_a_file_name_says_what_is_in_it() -> None:
    assert find_vague_names(ROOT) == []


def test_a_planted_vague_name_is_found(tmp_path: Path) -> None:
    path = tmp_path / "training" / "data" / "helpers.py"
    path.parent.mkdir(parents=True)
    path.touch()
    assert find_vague_names(tmp_path) == ["training.data.helpers"]


def test_every_module_says_its_place_in_the_flow() -> None:
    silent = [name for name, tree in list_python(ROOT, *OURS[:7]) if tree.body and not ast.get_docstring(tree)]
    assert silent == []

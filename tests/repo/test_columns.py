"""No column of a dataset is named in Python outside its derivation: the dataset file is the only place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.dataset import Dataset
from tests.repo.sources import ROOT, list_python
from training.data.dataset_file import DATASETS, load_dataset

EVERYDAY = {"type", "Type"}  # words of Python, of every schema and of SVG


def list_names(dataset: Dataset) -> set[str]:
    inputs = {column.name for column in dataset.columns} | {feature.name for feature in dataset.derived}
    return ({*inputs, *dataset.raw_columns, dataset.target.name}) - EVERYDAY


def find_named_columns(root: Path, names: set[str], derivations: set[str]) -> Iterator[str]:
    for module, tree in list_python(root, "contract", "app", "training"):
        if module in derivations:
            continue
        for node in ast.walk(tree):
            words = {
                ast.Constant: lambda n: n.value,
                ast.Name: lambda n: n.id,
                ast.Attribute: lambda n: n.attr,
                ast.arg: lambda n: n.arg,
                ast.keyword: lambda n: n.arg,
                ast.FunctionDef: lambda n: n.name,
                ast.ClassDef: lambda n: n.name,
                ast.alias: lambda n: n.asname or n.name,
            }.get(type(node))
            if words and (word := words(node)) in names and isinstance(word, str):
                yield f"{module}:{getattr(node, 'lineno', 0)} names {word}"


def read_all() -> tuple[set[str], set[str]]:
    datasets = [load_dataset(path.stem) for path in DATASETS.glob("*.yaml")]
    names = set().union(*(list_names(dataset) for dataset in datasets))
    derivations = {f"contract.compute.features.{dataset.derivation}" for dataset in datasets if dataset.derivation}
    return names, derivations


def test_no_python_file_but_the_derivation_names_a_column() -> None:
    names, derivations = read_all()
    assert len(names) > 15
    assert list(find_named_columns(ROOT, names, derivations)) == []


@pytest.mark.parametrize(
    "code", ["row[{0!r}]", "row.{0}", "{0} = 1", "def f({0}): ...", "f({0}=1)", "def {0}(): ...", "import {0}"]
)
def test_a_planted_column_is_found(tmp_path: Path, code: str) -> None:
    names, derivations = read_all()
    name = max(names)
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "train.py").write_text("row = {}\n" + code.format(name), encoding="utf-8")
    assert list(find_named_columns(tmp_path, names, derivations)) == [f"training.train:2 names {name}"]


def test_the_derivation_itself_may_name_them(tmp_path: Path) -> None:
    names, derivations = read_all()
    folder = tmp_path / "contract" / "compute" / "features"
    folder.mkdir(parents=True)
    (folder / "ai4i.py").write_text(f"row[{max(names)!r}]")
    assert list(find_named_columns(tmp_path, names, derivations)) == []


def test_the_page_names_no_column() -> None:
    names, _ = read_all()
    texts = [path for path in (ROOT / "app" / "predictor" / "page").glob("*") if path.suffix in {".js", ".html"}]
    assert texts
    assert not [(path.name, name) for path in texts for name in names if name in path.read_text(encoding="utf-8")]

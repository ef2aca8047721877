"""README's transcript and example agree with the code, the dataset and each other, as far as no data is needed."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.predictor.inputs.rows import RowReader
from contract.dataset import Dataset
from contract.schema import Value
from tests.repo.sources import ROOT
from training.data.dataset_file import load_dataset

README = (ROOT / "README.md").read_text(encoding="utf-8")
CURL = re.compile(r"-d '(\{.*?\})'\n(\{.*\})\n", re.DOTALL)
Example = tuple[dict[str, Value], dict[str, Any]]  # the row and its answer
RENDERED = ("Answers of the running predictor", "Up after", "model card", "Calibration error", "Cost per row")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("ai4i")


@pytest.fixture(scope="module")
def example() -> Example:
    found = CURL.search(README)
    assert found is not None
    return json.loads(found[1]), json.loads(found[2])


def test_the_versions_of_python_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    low, high = re.findall(r"3\.(\d+)", project["requires-python"])
    supported = [f"3.{minor}" for minor in range(int(low), int(high))]
    assert f"Python {', '.join(supported[:-1])} or {supported[-1]}" in README


def test_the_example_is_a_row_that_the_predictor_takes(
    dataset: Dataset, example: tuple[dict[str, Value], object]
) -> None:
    row, _ = example
    reader = RowReader(dataset.schema, max_rows=1)
    values = reader.read_row(msgspec.json.encode(row))
    assert values is not None
    assert reader.settle_row(values) == tuple(row[column.name] for column in dataset.columns)


def test_the_example_s_answer_agrees_with_the_transcript(example: Example) -> None:
    row, answer = example
    (prediction,) = answer["predictions"]
    assert f"version {answer['model']['version']}," in README
    assert prediction["decision"] is (prediction["score"] >= answer["threshold"])
    shown = [line.split("│")[1:-1] for line in README.splitlines() if re.match(r"│ [LMH] ", line)]
    cells = [f"{value:g}" if isinstance(value, float) else str(value) for value in row.values()]
    (line,) = [line for line in shown if [cell.strip() for cell in line[: len(cells)]] == cells]
    assert line[len(cells)].strip() == f"{prediction['score']:.3f}"


def test_the_share_of_positives_is_that_of_its_counts() -> None:
    rows, positives, percent = re.findall(r"✓ ([\d,]+) rows, (\d+) with \w+ \(([\d.]+)%\)", README)[0]
    assert f"{int(positives) / int(rows.replace(',', '')):.2%}" == f"{percent}%"


@pytest.mark.parametrize("text", RENDERED)
def test_what_the_transcript_shows_is_still_what_the_code_prints(text: str) -> None:
    assert text in README
    code = "".join(path.read_text(encoding="utf-8") for path in Path(ROOT / "training").rglob("*.py"))
    assert text in code

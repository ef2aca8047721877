"""Three real runs on the published data, written to tests/review/data as reports and to docs/comments as comments.

Usage: .venv/bin/python -m tests.review.real_reports path/to/ai4i2020.csv
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from contract.dataset import Dataset
from review.comment.text import ReportOrigin, render_comment
from review.report import parse_report
from training.artifacts import Artifacts
from training.data.dataset_file import check_dataset, load_dataset
from training.data.load import load_table
from training.data.table import Table
from training.gate.judge import judge_candidate
from training.gate.policy import load_policy
from training.local.pipeline import make_candidate
from training.local.stages import describe_rerun
from training.params import Params, load_params
from training.report.document import build_report
from training.report.limits import encode_report

ROOT = Path(__file__).parents[2]
REPORTS, COMMENTS = ROOT / "tests" / "review" / "data", ROOT / "docs" / "comments"
ONLY = "tool_wear_min"


def list_candidates(table: Table, params: Params) -> Iterator[tuple[str, Table, Params]]:
    """Ten trees more, the tool's wear alone, a fifth of the trees."""
    yield "good", table, msgspec.structs.replace(params, rounds=params.rounds + 10)
    yield "bad", Table(use_only(table.dataset), table.frame, table.origin, table.sha256), params
    yield "uncertain", table, msgspec.structs.replace(params, rounds=params.rounds // 5)


def use_only(dataset: Dataset) -> Dataset:
    unused = tuple(name for name in dataset.given_features if name != ONLY)
    narrow = msgspec.structs.replace(dataset, unused_features=unused)
    check_dataset(narrow, Path("ai4i.yaml"))
    return narrow


def write_reports(data: Path, scratch: Path) -> None:
    params = load_params()
    with contextlib.chdir(data.parent):  # so that the reports name the file as the docs do
        table = load_table(load_dataset("ai4i"), data.name, scratch / "rejected.csv")
    champion = make_candidate(Artifacts(scratch / "champion"), table, params)
    for name, rows, settings in list_candidates(table, params):
        candidate = make_candidate(Artifacts(scratch / name), rows, settings)
        result = judge_candidate(candidate, champion, rows, load_policy(), settings, seed=settings.seed)
        content = encode_report(build_report(result, describe_rerun(rows, first_run=False)))
        (REPORTS / f"report-{name}.json").write_bytes(content)
        comment = render_comment(parse_report(content, name), ReportOrigin())
        (COMMENTS / f"{name}.md").write_text(comment, encoding="utf-8")
        print(f"{name}: {result.verdict}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        write_reports(Path(sys.argv[1]).resolve(), Path(place))

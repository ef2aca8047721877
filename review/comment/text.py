"""The comment's text: verdict first, then why, then what changed; what does not fit is left out from the end."""

from collections.abc import Iterator
from dataclasses import dataclass

from contract.report import JudgedModel, Report
from contract.wording import MARKS, VERDICTS
from review.comment.markdown import escape, fold, quote_code, write_table
from review.comment.sentences import (
    describe_change,
    describe_results,
    tabulate_accepted,
    tabulate_checks,
    tabulate_drift,
    tabulate_metrics,
    tabulate_slices,
)

MARKER = "<!-- lathe-gate -->"
MAX_BYTES = 65_000  # GitHub takes 65,536 characters
MAX_ROWS = 60  # of a table
FEWER_ROWS = (MAX_ROWS, 20, 5, 1)  # tried in turn, so that what matters most is never left out whole
ESSENTIAL = 3  # parts of the body: why, what is accepted, and the metrics
LEFT_OUT = "_More is in the report: it did not fit into a comment._"
FORK_NOTE = (
    "_This pull request comes from a fork: the numbers are what its own code measured. Read the code before them._"
)


@dataclass(frozen=True)
class ReportOrigin:
    """Where a report comes from; the run's page has bundle and report as artifacts."""

    run_url: str | None = None
    run_id: int | None = None
    is_fork: bool = False


def render_comment(report: Report, origin: ReportOrigin, max_bytes: int = MAX_BYTES) -> str:
    """Markdown with the hidden marker, at most `max_bytes` long, in which nothing of the report is more than text."""
    hidden = MARKER if origin.run_id is None else f"{MARKER}\n{mark_run(origin.run_id)}"
    head = [hidden, *_write_head(report, origin)]
    tail = list(_write_tail(report, origin))
    text = ""
    for rows in FEWER_ROWS:
        body = list(_write_body(report, rows))
        least = ESSENTIAL if rows > FEWER_ROWS[-1] else 0
        text = "\n\n".join([*head, *body, *tail])
        while len(body) > least and len(text.encode()) >= max_bytes:
            body.pop()
            text = "\n\n".join([*head, *body, LEFT_OUT, *tail])
        if len(text.encode()) < max_bytes:
            break
    return text + "\n"


def mark_run(run_id: int) -> str:
    return f"<!-- run {run_id} -->"


def _write_head(report: Report, origin: ReportOrigin) -> Iterator[str]:
    name = f"{escape(report.candidate.name, 80)} {escape(report.candidate.version, 80)}"
    yield f"## {MARKS[report.verdict]} {VERDICTS[report.verdict]}: {name}"
    yield f"**{escape(report.headline)}**"
    if origin.is_fork:
        yield FORK_NOTE
    yield "\n".join(f"- {sentence}" for sentence in [describe_change(report), *describe_results(report)])


def _write_body(report: Report, rows: int) -> Iterator[str]:
    """Most important first, each table with at most as many rows."""
    if troubles := report.list_troubles():
        yield f"### Why\n\n{cut_table(*tabulate_checks(troubles), rows)}"
    if accepted := report.list_accepted():
        yield f"### Accepted by name\n\n{cut_table(*tabulate_accepted(accepted), rows)}"
    if report.metrics:
        yield f"### On {report.holdout_rows:,} rows that were held out\n\n{cut_table(*tabulate_metrics(report), rows)}"
        yield (
            "Each value with its 95 % interval. ↑ more is better, ↓ less is better; "
            "in the difference plus is always better, and bold is more than chance."
        )
    if budgets := [check for check in report.checks if check.group == "budget"]:
        yield fold("Budgets", cut_table(*tabulate_checks(budgets), rows))
    if report.slices:
        yield fold("Slices", cut_table(*tabulate_slices(report), rows))
    if report.drift:
        yield fold("Drift of the training data against the champion's", cut_table(*tabulate_drift(report), rows))
    yield fold("Data and provenance", write_table(["", ""], _list_facts(report)))
    yield fold(f"All {len(report.checks)} checks", cut_table(*tabulate_checks(list(report.checks)), rows))


def _list_facts(report: Report) -> Iterator[list[str]]:
    yield ["Data", f"{escape(report.title)}, {escape(report.origin)}"]
    yield ["Rows", f"{report.rows:,}, of which {report.holdout_rows:,} were held out to judge on"]
    yield ["Data fingerprint", quote_code(report.data_sha256)]
    yield ["Code", quote_code(report.revision)]
    yield ["Candidate", _describe_model(report.candidate)]
    if report.champion is not None:
        same = report.champion.data.sha256 == report.candidate.data.sha256
        yield ["Champion", _describe_model(report.champion)]
        yield [
            "Trained on",
            "the same rows" if same else f"other rows than the champion's {report.champion.data.rows:,}",
        ]
    yield ["Judged", escape(report.created)]


def _describe_model(model: JudgedModel) -> str:
    size = f"{model.size_bytes / 1e6:.2f} MB, {model.data.rows:,} rows"
    return f"{escape(model.name, 80)} {escape(model.version, 80)}, {size}, {quote_code(model.digest)}"


def _write_tail(report: Report, origin: ReportOrigin) -> Iterator[str]:
    if origin.run_url:
        yield f"[Bundle, report with plots, and SBOM]({origin.run_url}#artifacts)"
    yield f"Again, in one command: {quote_code(report.reproduce)}"


def cut_table(header: list[str], rows: list[list[str]], most: int = MAX_ROWS) -> str:
    table = write_table(header, rows[:most])
    return f"{table}\n\n{len(rows) - most:,} more are in the report." if len(rows) > most else table

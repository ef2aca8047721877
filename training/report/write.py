"""The report's three files, each complete or not there at all."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cli.files import write_folder
from contract.report import Report
from contract.wording import MARKS, VERDICTS, write_interval
from training.gate.evidence import fill_frame
from training.gate.judge import GateResult
from training.gate.result import NOT_CHECKED
from training.report import sentences
from training.report.contributions import draw_changes, draw_contributions
from training.report.curves import draw_binary
from training.report.document import build_report
from training.report.drawing import Picture
from training.report.limits import encode_report
from training.report.residuals import draw_regression

TEMPLATES = Path(__file__).parent / "templates"
JSON_NAME, MARKDOWN_NAME, HTML_NAME = "report.json", "report.md", "report.html"


def write_report(
    result: GateResult, folder: Path, *, reproduce: str, seed: int = 0, pictures: Sequence[Picture] | None = None
) -> Report:
    """Replaces `folder` with the report of `result`; `reproduce` is the one command that gives it again.

    `pictures` are those of `draw_pictures`, drawn here unless they are given.

    Raises: InputError if the disk refuses.
    """
    report = build_report(result, reproduce)
    drawn = list(draw_pictures(result, seed) if pictures is None else pictures)
    files = {
        JSON_NAME: encode_report(report),
        MARKDOWN_NAME: render_markdown(report).encode(),
        HTML_NAME: render_html(report, drawn).encode(),
    }
    write_folder(folder, files, last=JSON_NAME)
    return report


def draw_pictures(result: GateResult, seed: int) -> Iterator[Picture]:
    """What changed first, then the scores, then what the candidate goes by."""
    evidence = result.evidence
    judgements = {name: one for name, one in evidence.judgements.items() if np.isfinite(one.scores).all()}
    draw_scores = draw_binary if evidence.dataset.task == "binary" else draw_regression
    model = evidence.candidate.model
    matrix = fill_frame(model, evidence.holdout.frame)
    scored = draw_scores(judgements) if "candidate" in judgements else ()
    return chain(draw_changes(result.metrics), scored, draw_contributions(model, matrix, seed))


def render_markdown(report: Report) -> str:
    """For a step summary or a pull request's comment: nothing in it can mention, link or break a table."""
    environment = _environment(autoescape=False, finalize=escape_markdown)
    environment.filters["code"] = quote_code
    return environment.get_template("report.md").render(_context(report)).strip() + "\n"


def render_html(report: Report, pictures: list[Picture]) -> str:
    """One page without scripts, needing nothing from anywhere."""
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    drawn = [(picture.title, picture.caption, Markup(picture.svg)) for picture in pictures]  # noqa: S704 - drawn here
    template = _environment(autoescape=True).get_template("report.html")
    return template.render(_context(report), style=style, pictures=drawn)


def _environment(**settings: Any) -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(  # noqa: S701 - Markdown has an escape of its own
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **settings
    )


def _context(report: Report) -> dict[str, Any]:
    groups: dict[str, list[Any]] = {}
    for check in report.checks:
        groups.setdefault(sentences.GROUPS[check.group], []).append(check)
    return {
        "report": report,
        "verdict": VERDICTS[report.verdict],
        "verdicts": VERDICTS,
        "marks": MARKS,
        "results": list(sentences.describe_results(report)),
        "change": sentences.describe_change(report),
        "metrics": sentences.tabulate_metrics(report),
        "slices": sentences.tabulate_slices(report),
        "drift": sentences.tabulate_drift(report),
        "facts": sentences.list_facts(report),
        "troubles": report.list_troubles(),
        "accepted": report.list_accepted(),
        "groups": groups,
        "write_interval": write_interval,
        "not_checked": NOT_CHECKED,
    }


def quote_code(value: str) -> Markup:
    """A line of code, its own back quotes left out."""
    return Markup(f"`{' '.join(value.replace('`', '').split())}`")  # noqa: S704 - its back quotes are left out


def escape_markdown(value: object) -> object:
    """Text that stays text in GitHub's Markdown, table cells included; line breaks become spaces."""
    if isinstance(value, Markup):
        return value
    text = " ".join(str(value).split())
    text = re.sub(
        r"([\\`*|<>~$])|(?<=\])([(\[])|\b_|_\b", lambda match: "\\" + match.group(0), text.replace("&", "&amp;")
    )
    return re.sub(r"([@#])(?=\w)", "\\1\u200b", text)  # a zero-width space: no mention, no link to an issue

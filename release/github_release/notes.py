"""The text of a GitHub release: what changed, which bundle and image it is, how good, and how anybody can check it."""

import os
from collections.abc import Iterator

from cli.errors import RefusedError
from contract.wording import MARKS, VERDICTS
from release.github_release.changelog import read_section
from release.github_release.dossier import Dossier
from review.champion import STATED
from review.comment.markdown import escape, quote_code, write_table
from review.comment.sentences import describe_change, describe_results, tabulate_metrics

MAX_BYTES = 120_000  # GitHub takes 125,000 characters
CUT = "\n\n_More stands in CHANGELOG.md: it did not fit._"
ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = ".github/workflows/release.yml"


def write_notes(dossier: Dossier, changelog: str, repository: str, former: str | None) -> str:
    """Markdown, in which the bundle's digest stands once; `former` is the release before this one.

    Raises: RefusedError.
    """
    changes = read_section(changelog, dossier.image.version)
    room = MAX_BYTES - len(_join_parts(dossier, "", repository, former).encode())
    text = _join_parts(dossier, cut_changes(changes, room), repository, former)
    if (stated := set(STATED.findall(text))) != {dossier.bundle.digest}:
        raise RefusedError(
            f"the text of {dossier.image.version} states {len(stated)} bundle digests: "
            "take the line `Bundle digest: …` out of CHANGELOG.md, it is written by the release"
        )
    return text


def cut_changes(changes: str, room: int) -> str:
    """At most `room` bytes, cut at the end of a line and never within a block of code."""
    if len(changes.encode()) <= room:
        return changes
    lines, kept, is_code, size = changes.split("\n"), 0, False, len(CUT.encode())
    for number, line in enumerate(lines):
        size += len(f"{line}\n".encode())
        if size > room:
            break
        is_code ^= line.lstrip().startswith(("```", "~~~"))
        kept = kept if is_code else number + 1
    return "\n".join(lines[:kept]) + CUT


def _join_parts(dossier: Dossier, changes: str, repository: str, former: str | None) -> str:
    return "\n\n".join(_write_parts(dossier, changes, repository, former)) + "\n"


def _write_parts(dossier: Dossier, changes: str, repository: str, former: str | None) -> Iterator[str]:
    image, report = dossier.image, dossier.report
    yield f"**{escape(report.headline)}**"
    yield f"Bundle digest: `{dossier.bundle.digest}`\nImage: `{image.reference}`\nCommit: `{image.revision}`"
    if image.copies:
        yield "The same image, by the same digest: " + ", ".join(quote_code(copy) for copy in image.copies)
    yield "## What changed"
    yield changes
    if former:
        page = f"{server_url()}/{repository}/compare/{former}...{image.version}"
        yield f"[All that changed since {former}]({page})"
    yield "## The model"
    yield "\n".join(f"- {line}" for line in _list_facts(dossier))
    if report.metrics:
        yield write_table(*tabulate_metrics(report))
        yield f"Measured on {report.holdout_rows:,} rows that were held out, each value with its 95 % interval."
    yield "## How to check it"
    yield "\n".join(_write_check(dossier, repository))


def _list_facts(dossier: Dossier) -> Iterator[str]:
    report, record = dossier.report, dossier.record
    yield f"{MARKS[report.verdict]} {VERDICTS[report.verdict]}: {escape(report.candidate.name, 80)} " + escape(
        report.candidate.version, 80
    )
    yield describe_change(report)
    yield from describe_results(report)
    approvers = " and ".join(escape(name, 80) for name in record.approved_by)
    yield f"approved by {approvers} in pull request {record.pull_request}"
    if record.accepted_by:
        yield f"that evidence is lacking was accepted by {escape(record.accepted_by, 80)}"


def _write_check(dossier: Dossier, repository: str) -> Iterator[str]:
    image = dossier.image
    yield "```sh"
    yield f"python -m release verify --image {image.repository}:{image.version}@{image.digest}"
    if image.signed == "key":
        yield f"cosign verify --key cosign.pub --insecure-ignore-tlog=true {image.reference}  # by who released it"
    elif image.signed:
        identity = f"{server_url()}/{repository}/{WORKFLOW}@refs/tags/{image.version}"
        yield f"cosign verify {image.reference} \\"
        yield f"  --certificate-identity {identity} \\"
        yield f"  --certificate-oidc-issuer {ISSUER}"
    yield "```"
    if not image.signed:
        yield "\n**This image is not signed.**"


def server_url() -> str:
    return os.environ.get("GITHUB_SERVER_URL") or "https://github.com"

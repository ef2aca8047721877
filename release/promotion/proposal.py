"""The text of a promotion's pull request: what moves, what it changes, on what grounds, and how to go back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from contract.wording import MARKS, NOTHING, VERDICTS
from release.history.freshness import describe_time
from release.live.live_metrics import list_lines
from release.manifests.diff import ABSENT, Change
from release.manifests.overlays import SHOWN_DIGITS, ImageLine
from release.promotion.evidence import PromotionEvidence
from release.registry.published import PublishedImage
from review.comment.markdown import escape, fold, quote_code, write_table
from review.comment.sentences import describe_change, describe_results, tabulate_metrics

MARKER = "<!-- lathe-promotion -->"
MAX_BYTES = 60_000  # GitHub takes 65,536 characters
MAX_OPEN_LINES = 20
MAX_DIFF_LINES = 400
SIGNS = {"added": "+", "removed": "-", "changed": "~"}
NO_CHECKS = (
    "**Close and reopen this pull request to start its checks**: "
    "GitHub starts none for what a workflow opens with its own token."
)


@dataclass(frozen=True)
class Proposal:
    """A version on its way from `source` to `target`; `image` is None without a look at the registry."""

    source: str
    target: str
    old: ImageLine
    new: ImageLine
    image: PublishedImage | None
    evidence: PromotionEvidence
    changes: tuple[Change, ...]
    again: str | None = None
    starts_checks: bool = True

    @property
    def title(self) -> str:
        return name_title(self.new.tag, self.target)


def name_title(version: str, target: str) -> str:
    return f"Run {version} in {target}"


def write_proposal(proposal: Proposal) -> str:
    """Markdown below GitHub's limit; nothing of it that others wrote is more than text."""
    parts = list(_write_parts(proposal))
    text = "\n\n".join(parts)
    while len(text.encode()) > MAX_BYTES and len(parts) > 3:
        parts.pop()
        text = "\n\n".join([*parts, "_More did not fit; `python -m release diff` shows it._"])
    return text + "\n"


def _write_parts(proposal: Proposal) -> Iterator[str]:
    """Most important first."""
    target = proposal.target
    former = proposal.old.tag if proposal.old.is_released else "nothing that was released"
    yield f"{MARKER}\n**{target} moves from {former} to {proposal.new.tag}.**"
    yield (
        f"A person merges this. Nothing reaches {target} by that alone: somebody syncs it by hand in Argo CD "
        "afterwards, as production always is."
    )
    if not proposal.starts_checks:
        yield NO_CHECKS
    if proposal.again:
        yield f"It was taken back or refused before, and is proposed again: {escape(proposal.again)}"
    if proposal.image is None:
        yield "⚠️ **The registry was not queried** (`--unverified`): digest, bundle and signature are unproven."
    yield write_table(["", "now", "then"], list_moves(proposal))
    yield f"### In {proposal.source}\n\n{_write_stay(proposal)}"
    yield f"### At the gate\n\n{_write_gate(proposal)}"
    yield f"### What changes in the cluster\n\n{_write_changes(proposal.changes)}"
    yield f"### The way back\n\n```sh\npython -m release rollback --env {target} --reason 'what went wrong'\n```"
    yield f"One commit; then sync {target} in Argo CD again."


def list_moves(proposal: Proposal) -> list[list[str]]:
    """What is known of both; the digests in full stand in the commit."""
    old, evidence, image = proposal.old, proposal.evidence, proposal.image
    measures = [f"{name} {value.partition(' ')[0]}" for name, value in image.quality] if image else evidence.known.brief
    return [
        ["version", old.tag if old.is_released else NOTHING, proposal.new.tag],
        ["digest", shorten(old.digest or ""), shorten(proposal.new.digest or "")],
        ["bundle", shorten(evidence.former.bundle), shorten(evidence.bundle)],
        ["at the gate", escape(", ".join(evidence.former.brief)) or NOTHING, escape(", ".join(measures)) or NOTHING],
        ["commit", shorten(evidence.former.revision), shorten(image.revision if image else evidence.known.revision)],
    ]


def shorten(digest: str) -> str:
    """Twelve digits, as everywhere."""
    kind, _, digits = digest.rpartition(":")
    return quote_code(f"{kind}:{digits[:SHOWN_DIGITS]}".lstrip(":")) or NOTHING


def _write_stay(proposal: Proposal) -> str:
    stay, live = proposal.evidence.stay, proposal.evidence.live
    if stay is None:
        since = f"Git does not say since when {proposal.source} runs {proposal.new.tag}."
    else:
        moment = f"{stay.since:%Y-%m-%d %H:%M} UTC"
        lasted = describe_time(stay.lasted)
        since = f"{proposal.new.tag} has run there for **{lasted}**, since {moment} (commit {stay.commit[:10]})."
    if live is None:
        return f"{since}\n\nLive metrics: not queried, `LATHE_PROMETHEUS_URL` is not set."
    lines = list_lines(live, lambda seconds: describe_time(timedelta(seconds=seconds)))
    return f"{since}\n\n" + write_table(["live metric", ""], [[name, escape(value)] for name, value in lines])


def _write_gate(proposal: Proposal) -> str:
    return "\n\n".join(_list_gate(proposal))


def _list_gate(proposal: Proposal) -> Iterator[str]:
    judged, image = proposal.evidence.judged, proposal.image
    if judged is None:
        if image is not None:
            yield f"**{escape(image.headline)}**"
            yield write_table(["Metric", "Value"], [[escape(name), escape(value)] for name, value in image.quality])
            if image.accepted_by:
                yield f"That evidence is lacking was accepted by {escape(image.accepted_by, 80)}."
        yield f"The release's own report could not be read: {escape(proposal.evidence.missing)}"
        return
    report, record = judged.report, judged.record
    yield f"{MARKS[report.verdict]} {VERDICTS[report.verdict]}: **{escape(report.headline)}**"
    yield "\n".join(f"- {line}" for line in [describe_change(report), *describe_results(report)])
    if report.metrics:
        yield write_table(*tabulate_metrics(report))
    approvers = " and ".join(escape(name, 80) for name in record.approved_by)
    accepted = (
        f"; that evidence is lacking was accepted by {escape(record.accepted_by, 80)}" if record.accepted_by else ""
    )
    yield f"Approved by {approvers} in pull request #{record.pull_request}{accepted}. [The release]({judged.page})"


def _write_changes(changes: tuple[Change, ...]) -> str:
    lines = [line for change in changes for line in list_change(change)]
    shown = "\n".join(lines[:MAX_DIFF_LINES])
    if len(lines) > MAX_DIFF_LINES:
        shown += f"\n… and {len(lines) - MAX_DIFF_LINES:,} lines more"
    block = f"```diff\n{shown}\n```" if lines else "Nothing: the rendering is the same."
    return fold(f"{len(changes)} objects", block) if len(lines) > MAX_OPEN_LINES else block


def list_change(change: Change) -> Iterator[str]:
    """As `diff` in a terminal, in the signs that GitHub colours."""
    yield clean_block(f"{SIGNS[change.kind]} {change.subject}" if change.kind != "changed" else f"  {change.subject}")
    for field in change.fields:
        for sign, value in (("-", field.old), ("+", field.new)):
            yield clean_block(f"{sign}   {field.path}: {ABSENT if value is None else value}")


def clean_block(line: str) -> str:
    """One line, which cannot end the block that it stands in."""
    return " ".join(line.splitlines()).replace("```", "'''")[:400]

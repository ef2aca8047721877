"""What the commit of a move says: a subject, sentences, and trailers that `history` and `status` read back."""

import re
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from release.manifests.overlays import ImageLine

if TYPE_CHECKING:  # a rollback needs nothing of the registry, not even its code
    from release.registry.published import PublishedImage

PREFIX = "Lathe-"
TRAILER = re.compile(r"(?P<name>[A-Za-z][A-Za-z-]*): (?P<value>\S.*)")
WHY = "Why: "
QUALITY = re.compile(r"(?P<name>[A-Za-z][^,;\[\]]*?) (?P<value>[\d.]+(?: \[[^\]]*\])?)(?:, |$)")
LINE_WIDTH = 72


@dataclass(frozen=True)
class Facts:
    """What trailers know of one version; empty where they are silent."""

    bundle: str = ""
    verdict: str = ""
    quality: tuple[tuple[str, str], ...] = ()
    revision: str = ""

    @property
    def brief(self) -> tuple[str, ...]:
        """Each measure without its interval: `PR-AUC 0.941`."""
        return tuple(f"{name} {value.partition(' ')[0]}" for name, value in self.quality)


def compose_run(
    environment: str,
    old: ImageLine,
    version: str,
    digest: str,
    image: "PublishedImage | None",
    again: str | None = None,
) -> str:
    """The message of a bump or a promotion."""
    former = f"was {old.tag}" if old.is_released else "the first release there"
    new = replace(old, tag=version, digest=digest)
    first = f"{environment} runs its first release, {new.version}."
    sentences = [f"{environment} moves from {old.version} to {new.version}." if old.is_released else first]
    if image:
        accepted = f", accepted by {image.accepted_by} without enough evidence" if image.accepted_by else ""
        sentences.append(f"The gate on its bundle: {image.headline.rstrip('.')}{accepted}.")
    else:
        sentences.append("Nobody looked into the registry for it (--unverified).")
    trailers = [("Environment", environment), ("Version", version), ("Digest", digest), *describe_image(image)]
    trailers += [("Again", version)] if again else []
    return compose_message(f"Run {version} in {environment}, {former}", " ".join(sentences), again, trailers)


def compose_rollback(
    environment: str, old: ImageLine, target: ImageLine, reason: str, facts: Facts, run: str | None = None
) -> str:
    """The message of a rollback; what is known of the former version comes from its own commit."""
    text = (
        f"{environment} goes back from {old.version} to {target.version}, which ran there before. "
        f"{old.tag} is withdrawn: no bump and no promotion brings it back by itself."
    )
    gate = compose_gate(facts.verdict, facts.quality)
    known = [("Bundle", facts.bundle), ("Gate", gate), ("Revision", facts.revision), ("Run", run or "")]
    trailers = [("Environment", environment), ("Version", target.tag), ("Digest", str(target.digest))]
    trailers += [(name, value) for name, value in known if value] + [("Withdraws", old.tag)]
    return compose_message(f"Take {environment} back to {target.tag}, was {old.tag}", text, reason, trailers)


def compose_message(subject: str, text: str, why: str | None, trailers: list[tuple[str, str]]) -> str:
    """A person's words are indented where they wrap, so that no line of theirs is taken for a trailer."""
    paragraphs = [subject, fill_lines(text)]
    if why:
        paragraphs.append(fill_lines(f"{WHY}{' '.join(why.split())}", indent="  "))
    paragraphs.append("\n".join(f"{PREFIX}{name}: {' '.join(value.split())}" for name, value in trailers))
    return "\n\n".join(paragraphs) + "\n"


def fill_lines(text: str, indent: str = "") -> str:
    return textwrap.fill(text, LINE_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def describe_image(image: "PublishedImage | None") -> list[tuple[str, str]]:
    if image is None:
        return []
    verdict = f"{image.verdict}, accepted by {image.accepted_by}" if image.accepted_by else image.verdict
    gate = compose_gate(verdict, image.quality)
    return [("Bundle", image.bundle_digest), ("Gate", gate), ("Revision", image.revision)]


def compose_gate(verdict: str, quality: tuple[tuple[str, str], ...]) -> str:
    """`pass; PR-AUC 0.941 [0.884, 0.981], F1 0.899 [0.821, 0.956]`."""
    return "; ".join(filter(None, [verdict, ", ".join(f"{name} {value}" for name, value in quality)]))


def read_trailers(message: str) -> dict[str, str]:
    """Ours, from any paragraph that is nothing but trailers: a squash merge puts others' words behind them."""
    trailers: dict[str, str] = {}
    for paragraph in list_paragraphs(message) if PREFIX in message else ():
        matches = [TRAILER.fullmatch(line) for line in paragraph.splitlines()]
        if all(matches):
            trailers |= {match["name"]: match["value"].strip() for match in matches if match}
    return {name.removeprefix(PREFIX): value for name, value in trailers.items() if name.startswith(PREFIX)}


def read_why(message: str) -> str:
    """The reason that a person gave; empty if there is none."""
    reasons = [paragraph for paragraph in list_paragraphs(message) if paragraph.startswith(WHY)]
    return " ".join(reasons[0].removeprefix(WHY).split()) if reasons else ""


def list_paragraphs(message: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n"))]


def read_facts(trailers: dict[str, str]) -> Facts:
    verdict, _, measures = trailers.get("Gate", "").partition("; ")
    quality = tuple((match["name"], match["value"]) for match in QUALITY.finditer(measures))
    return Facts(trailers.get("Bundle", ""), verdict, quality, trailers.get("Revision", ""))

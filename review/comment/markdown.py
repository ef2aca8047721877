"""Text of unknown origin as plain text in GitHub's Markdown, and the little Markdown that we write ourselves."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

CUT = "…"
MAX_CELL = 300
BREAK = "\u200b"  # a zero-width space: what it stands in is no mention, no link, no reference
SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&])")  # the rest means something at the start of a line only
AUTOMATIC = re.compile(r"[@#](?=\w)|:(?=//)|\bwww(?=\.)|\bGH-(?=\d)|\b(?:mailto|xmpp):", re.IGNORECASE)


def clean_line(value: object, limit: int = MAX_CELL) -> str:
    """One line without control or direction-changing characters, cut to `limit`."""
    text = "".join(letter for letter in str(value)[: 10 * limit] if unicodedata.category(letter) != "Cf")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= limit else line[: limit - 1] + CUT


def escape(value: object, limit: int = MAX_CELL) -> str:
    """Text that stays text, wherever on a line of ours: no Markdown, no HTML, no mention, no link, no formula."""
    broken = AUTOMATIC.sub(lambda match: f"{match.group(0)}{BREAK}", clean_line(value, limit))
    return SPECIAL.sub(r"\\\1", broken)


def quote_code(value: object, limit: int = MAX_CELL) -> str:
    """A line of code; its own back quotes and pipes are left out."""
    line = " ".join(re.sub(r"[`|]", "", clean_line(value, limit)).split())
    return f"`{line}`" if line else ""


def write_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def fold(title: str, content: str) -> str:
    """A part that opens on a click; the title is ours."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"

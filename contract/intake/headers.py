"""Why a first line is not the header that is looked for, and the one way out, in words that repeat nothing of it."""

import re
import unicodedata
from collections.abc import Collection, Sequence

MARK = "\ufeff"
BYTE_ORDER_MARK = MARK.encode()
SEPARATOR_LINE, COMMENT = "sep=", "#"
MAX_MARKS = 16  # programs that put one before another's: more is no accident
MAX_LISTED = 3  # columns, so that the way out stays in sight
_BLANKS = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")


def strip_marks(content: bytes) -> bytes:
    """What follows the byte order marks of UTF-8: one program may write its own before another's."""
    for _ in range(MAX_MARKS):
        if not content.startswith(BYTE_ORDER_MARK):
            break
        content = content.removeprefix(BYTE_ORDER_MARK)
    return content


def explain_header(names: Sequence[str], known: Collection[str]) -> str | None:
    """The message behind the file's name where the first line is no header; None if it may be one."""
    first = names[0] if names else ""
    if first.casefold().startswith(SEPARATOR_LINE) and len(names) <= 2:
        return "begins with a line `sep=` for Excel, expected the header there; delete that line"
    if _fold_all(known).isdisjoint(_fold_all(names)):
        if first.startswith(COMMENT):
            return "has a comment (#) in its first line, expected the header there; delete what stands above the header"
        return (
            f"has none of the columns {_list_some(known)} in its first line, expected the header there; "
            "if the header stands lower, delete what is above it, else name the columns so"
        )
    return None


def explain_name(names: Sequence[str], name: str) -> str | None:
    """The message behind the header's place where it has `name` only nearly; None if nothing in it is like it."""
    alike = [one for one in names if _fold(one) == _fold(name)]
    if not alike:
        return None
    how = "with other blanks or signs that look the same, such as a no-break space"
    if name.casefold() in {one.casefold() for one in alike}:
        how = "in other upper and lower case"
    return f"has {name!r} only {how}; write it exactly so"


def _list_some(known: Collection[str]) -> str:
    names = list(known)
    return ", ".join(map(repr, names[:MAX_LISTED])) + (", …" if len(names) > MAX_LISTED else "")


def _fold(name: str) -> str:
    """What is left of a name without case, blanks, signs that nobody sees, and kinds of the same letter."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _fold_all(names: Collection[str]) -> set[str]:
    return set(map(_fold, names))

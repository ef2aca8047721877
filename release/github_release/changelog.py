"""CHANGELOG.md, in the form of Keep a Changelog: a version's section is read, and `Unreleased` becomes one."""

import re

from cli.errors import InputError, RefusedError

NAME = "CHANGELOG.md"
UNRELEASED = "Unreleased"
HEADING = re.compile(r"^## +\[?(?P<title>[^\]\n]+?)\]?(?: +- +(?P<date>\S+))? *$", re.MULTILINE)


def find_section(text: str, title: str) -> str | None:
    """What stands below a heading, None without that heading; title is `1.2.3` or `Unreleased`."""
    for heading, following in list_headings(text):
        if heading["title"] == title:
            return text[heading.end() : following].strip("\r\n")
    return None


def read_section(text: str, version: str) -> str:
    """The section of `v1.2.3`.

    Raises: RefusedError if there is none, or nothing in it.
    """
    section = find_section(text, version.removeprefix("v"))
    if not section:
        found = "nothing in its section" if section == "" else "no section"
        title = version.removeprefix("v")
        raise RefusedError(f"{NAME} has {found} `## {title}`: prepare the release with `make release VERSION={title}`")
    return section


def close_unreleased(text: str, title: str, date: str, commits: str) -> str:
    """The text with `Unreleased` empty again, and below it what it held, then the commits, as the version's section.

    Raises: InputError if there is no `Unreleased`, or the version has a section already.
    """
    if find_section(text, title) is not None:
        raise InputError(f"{NAME} has a section `## {title}` already; remove it, or choose another version")
    for heading, following in list_headings(text):
        if heading["title"] == UNRELEASED:
            held = text[heading.end() : following].strip("\r\n")
            parts = [text[: heading.end()], f"## {title} - {date}", held, commits.strip("\n"), text[following:]]
            newline = "\r\n" if "\r\n" in text else "\n"
            joined = "\n\n".join(part.replace("\r\n", "\n") for part in parts if part.strip())
            return f"{joined.rstrip()}\n".replace("\n", newline)
    raise InputError(f"{NAME} has no heading `## {UNRELEASED}`; add it above the newest version")


def list_headings(text: str) -> list[tuple[re.Match[str], int]]:
    """Each heading of a version, and where the next one begins."""
    headings = list(HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    return list(zip(headings, ends, strict=False))

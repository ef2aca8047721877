"""What `verify` checks: an image by its full name, or the image lines of overlays."""

import re
from collections.abc import Iterator
from pathlib import Path

from cli import console
from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_OUTSIDE, InputError
from release.checks.findings import Findings, Mark
from release.checks.verify import Sources, verify_line
from release.git.clone import Clone
from release.manifests.overlays import REPOSITORIES, ImageLine, list_overlays, read_images
from release.tools import ROOT

REFERENCE = re.compile(r"(?P<repository>[^@\s]+?)(:(?P<tag>[^:/@\s]+))?(@(?P<digest>\S+))?")


def verify_targets(environments: list[str], image: str | None, url: str | None, root: Path = ROOT) -> int:
    """Prints every check of every target; the exit code.

    Raises: InputError for a question that makes no sense.
    """
    if image and environments:
        raise InputError("give either --image or --env")
    sources = Sources(clone=Clone(root), url=url)
    if image:
        everything = [verify_line(parse_reference(image), image, sources)[0]]
    else:
        everything = list(verify_overlays(environments, sources, root))
    for findings in everything:
        findings.print()
    if not everything:
        console.print_warning("nothing is released in any environment, so nothing was verified")
        return EXIT_FAIL
    codes = {findings.exit_code for findings in everything}
    return next((code for code in (EXIT_FAIL, EXIT_OUTSIDE) if code in codes), EXIT_OK)


def verify_overlays(environments: list[str], sources: Sources, root: Path) -> Iterator[Findings]:
    """Without a name every environment that runs a release; one that was named must run one."""
    for name in environments or list_overlays(root):
        if environments and name not in list_overlays(root):
            raise InputError(f"there is no overlay {name!r}, expected one of {', '.join(list_overlays(root))}")
        try:
            lines = read_images(root, name)
        except InputError as error:
            findings = Findings(name)
            findings.note("reference", Mark.FAILS, str(error))
            yield findings
            continue
        for line in lines:
            if line.is_released or environments:
                yield verify_line(line, f"{name}: {line.short_name} {line.version}", sources)[0]


def parse_reference(text: str) -> ImageLine:
    """`NAME:TAG@DIGEST`; what is missing or wrong in it is `verify_line`'s to say.

    Raises: InputError for what is no image's name.
    """
    match = REFERENCE.fullmatch(text)
    if not match:
        raise InputError(f"image {text!r} is no name, expected NAME:vX.Y.Z@sha256:…")
    names = {repository: name for name, repository in REPOSITORIES.items()}
    name = names.get(match["repository"], match["repository"].rpartition("/")[2])
    return ImageLine(name, match["repository"], match["tag"] or "", match["digest"])

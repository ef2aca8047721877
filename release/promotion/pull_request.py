"""Whether a pull request may change what its overlays run: by the rules of `promote`, whoever has written it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cli.errors import InputError, RefusedError
from release.checks.findings import Findings
from release.checks.images import describe_rendered
from release.git.remote import Remote
from release.history.commits import read_commits
from release.history.moves import Move, read_all_moves
from release.history.precedence import MoveOutcome, check_wanted, check_withdrawn, judge_move
from release.history.trailers import read_why
from release.history.withdrawal import describe_withdrawal, find_withdrawn
from release.manifests.environments import (
    LOCAL,
    check_file_names,
    find_other_name,
    is_production,
    locate_overlay,
    read_line,
)
from release.manifests.overlays import KUSTOMIZATIONS, OVERLAYS, ImageLine
from release.manifests.recorded import read_recorded
from release.promotion.evidence import check_subject, read_judged
from release.registry.published import PublishedImage
from review.github.client import GitHub

Verify = Callable[[ImageLine], PublishedImage]
AGAIN = "a commit with the trailer `Lathe-Again: {}` and a paragraph `Why: …`, or `make promote AGAIN='why'`"


@dataclass(frozen=True)
class PullRequest:
    """`head` as it would be merged, `base` where it left main, `main` as it is now, and what main's history knows."""

    remote: Remote
    main: str
    base: str
    head: str
    moves: Mapping[str, Sequence[Move]]

    def read(self, commit: str, environment: str) -> str | None:
        """The overlay's text; None where it is not there."""
        answer = self.remote.clone.run("cat-file", "blob", f"{commit}:{locate_overlay(environment)}")
        return answer.text if answer.code == 0 else None

    def find_again(self, version: str) -> str | None:
        """Why a commit of the pull request brings a withdrawn version back, by name."""
        for commit in read_commits(self.remote.clone, f"{self.base}..{self.head}"):
            if commit.trailers.get("Again") == version:
                return read_why(commit.message) or "no reason given"
        return None


def open_pull_request(remote: Remote, head: str) -> PullRequest:
    """Raises: InputError in a shallow clone or without that commit, OutsideError."""
    clone = remote.clone
    main = remote.fetch()
    clone.check_depth()
    commit = clone.ask("rev-parse", "--verify", "--end-of-options", f"{head}^{{commit}}")
    base = clone.ask("merge-base", main, commit)
    return PullRequest(remote, main, base, commit, read_all_moves(clone, main))


def check_pull(pull: PullRequest, github: GitHub, verify: Verify) -> list[Findings]:
    """Every check of every overlay whose version the pull request changes, and what all of them render.

    Raises: InputError, OutsideError.
    """
    changed = pull.remote.clone.ask("diff", "--name-only", "--no-renames", "-z", pull.base, pull.head, "--", "gitops")
    paths = [path for path in changed.split("\0") if path]
    if not paths:
        return []
    checked = [findings for name in list_changed(paths) if (findings := check_overlay(pull, name, github, verify))]
    rendered = Findings("what the overlays render")
    rendered.attempt("images", lambda: describe_rendered(pull.remote.clone.folder, pull.head))
    return [*checked, rendered]


def list_changed(paths: Sequence[str]) -> Iterable[str]:
    """The environments whose kustomization has changed, by whatever name Kustomize reads it."""
    prefix = f"{OVERLAYS.as_posix()}/"
    inner = [path.removeprefix(prefix).partition("/") for path in paths if path.startswith(prefix)]
    return dict.fromkeys(name for name, _, file in inner if file in KUSTOMIZATIONS)


def check_overlay(pull: PullRequest, environment: str, github: GitHub, verify: Verify) -> Findings | None:
    """None where the version stays what it is."""
    old, new = pull.read(pull.base, environment), pull.read(pull.head, environment)
    if new is None and not find_other_name(pull.remote.clone, pull.head, environment):
        return None  # taken out: nothing runs there by this
    findings = Findings(environment)
    line = findings.attempt("overlay", lambda: read_wanted(pull, environment), lambda one: one.version)
    if line is None or new is None:
        return findings
    former, recorded = read_recorded(old or ""), read_recorded(new)
    if former.line == line and former.is_production == recorded.is_production:
        return None
    if environment in LOCAL or not line.is_released:
        findings.attempt("release", lambda: check_nothing(environment, line, former.line))
        return findings
    is_prod = former.is_production or is_production(new)
    findings.attempt("order", lambda: check_order(pull, environment, line, is_prod))
    if is_prod:
        findings.attempt("tested", lambda: check_tested(pull, line))
    image = findings.attempt("image", lambda: verify(line), lambda one: f"verified: {one.headline}")
    if image is not None:
        findings.attempt("release", partial(check_release, github, line.tag, image))
    return findings


def read_wanted(pull: PullRequest, environment: str) -> ImageLine:
    """Raises: InputError, also for a file that Kustomize would render and a release would not see."""
    check_file_names(pull.remote.clone, pull.head, environment)
    return read_line(pull.read(pull.head, environment) or "", locate_overlay(environment))


def check_nothing(environment: str, line: ImageLine, former: ImageLine | None) -> str:
    """Raises: RefusedError for a release where none goes, or for one that would end without another."""
    if environment in LOCAL and line.is_released:
        raise RefusedError(f"no release goes to {environment}: {LOCAL[environment]}")
    if former and former.is_released:
        raise RefusedError(f"{environment} runs {former.tag}, and would run no release: go to another one")
    return "nothing is released there"


def check_order(pull: PullRequest, environment: str, line: ImageLine, is_prod: bool) -> str:
    """As `promote` and `bump` judge it; down only to what ran there before, as `rollback` does.

    Raises: RefusedError, InputError.
    """
    digest, again = line.digest or "", pull.find_again(line.tag)
    if pull.read(pull.main, environment) is None:
        check_wanted(line.tag, digest)
        if is_prod and not again:
            check_withdrawn(pull.remote, pull.main, environment, line.tag)
        return f"{environment} is new"
    try:
        decision = judge_move(pull.remote, pull.main, environment, line.tag, digest, again)
    except RefusedError as error:
        here = f"; in a pull request: {AGAIN.format(line.tag)}" if "--again" in str(error) else ""
        raise RefusedError(f"{error}{here}") from error
    if decision.outcome is not MoveOutcome.LOWER:
        return f"{decision.text}{f', again: {again}' if again else ''}"
    moves = pull.moves.get(environment, ())
    if not any(move.new and move.new.is_same(line) for move in moves):
        if again:  # as where a folder has a new name, and its history another
            return f"back from {decision.old.tag} to {line.tag}, which never ran there, by a person's word: {again}"
        raise RefusedError(f"{environment} runs {decision.old.tag} and never ran {line.tag} with this digest")
    if (move := find_withdrawn(moves).get(line.tag)) and not again:
        raise RefusedError(f"{describe_withdrawal(line.tag, move)}; it needs {AGAIN.format(line.tag)}")
    return f"back from {decision.old.tag}, which is withdrawn by that, to {line.tag}, which ran there before"


def check_tested(pull: PullRequest, line: ImageLine) -> str:
    """Some environment that is no production ran the same bytes before, and did not take them back.

    Raises: RefusedError.
    """
    refused = ""
    for name, moves in pull.moves.items():
        ran = [move for move in moves if move.new and move.new.is_same(line) and not move.is_production]
        if not ran or name in LOCAL:
            continue
        if move := find_withdrawn(moves).get(line.tag):
            refused = f"; {describe_withdrawal(line.tag, move)}"
            continue
        return f"{name} has run it since {ran[-1].commit.when:%Y-%m-%d %H:%M} UTC (commit {ran[-1].commit.name[:10]})"
    if pull.find_again(line.tag) and refused:
        return f"by a person's word{refused}"
    raise RefusedError(f"no environment before production runs {line.tag} with this digest{refused}")


def check_release(github: GitHub, version: str, image: PublishedImage) -> str:
    """The release at GitHub is public, and its report and approval are of the image's bundle.

    Raises: RefusedError, OutsideError.
    """
    judged = read_judged(github, version)
    check_subject(judged, version, image.bundle_digest, image.report_sha256)
    return f"{version} is public, approved by {' and '.join(judged.record.approved_by)}"


def read_revision(text: str) -> str:
    """Raises: InputError for an option in a revision's place."""
    if text.startswith("-"):
        raise InputError(f"revision {text!r} is not usable, expected a commit or a branch")
    return text

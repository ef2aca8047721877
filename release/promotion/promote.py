"""Towards production: a branch with the two lines, and the one pull request that a person merges or closes."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from cli import console
from cli.errors import OutsideError, RefusedError
from release.git.remote import Remote
from release.history.precedence import MoveDecision, MoveOutcome, judge_move
from release.history.tracks import check_known
from release.history.trailers import compose_run
from release.live.prometheus import Prometheus
from release.manifests.compared_sides import compare_overlays
from release.manifests.diff import Change
from release.manifests.environments import is_production, locate_overlay, read_line
from release.manifests.image_lines import change_images
from release.manifests.overlays import ImageLine
from release.manifests.render import open_revision
from release.promotion.evidence import collect_evidence
from release.promotion.proposal import Proposal, name_title, write_proposal
from release.registry.published import PublishedImage
from review.github.client import GitHub
from review.github.types import Pull
from review.retrain import find_open, is_ours

ALREADY_THERE = 422

Verify = Callable[[ImageLine], PublishedImage | None]


@dataclass(frozen=True)
class Promotion:
    """`again` is a person's reason to propose what was taken back or closed before."""

    source: str
    target: str
    again: str | None = None

    @property
    def branch(self) -> str:
        return f"promote/{self.target}"


def promote(
    remote: Remote, github: GitHub, promotion: Promotion, verify: Verify, prometheus: Prometheus | None
) -> Pull | None:
    """Opens or updates the pull request; None, with a word on why, if there is nothing to propose.

    Raises: RefusedError, InputError, OutsideError.
    """
    head = remote.fetch()
    line = read_source(remote, head, promotion)
    digest = line.digest or ""
    decision = judge_move(remote, head, promotion.target, line.tag, digest, promotion.again)
    if decision.outcome is not MoveOutcome.MOVE:
        console.print_done(decision.text)
        return None
    pulls = list_pulls(github, promotion.branch, remote.branch)
    if (refused := find_refused(pulls, name_title(line.tag, promotion.target))) and not promotion.again:
        console.print_done(
            f"{line.tag} was proposed for {promotion.target} and closed without a merge ({refused.html_url}): "
            "a person's word stands; give --again REASON to propose it anew"
        )
        return None
    image = verify(line)
    commit = write_commit(remote, head, decision, line, image, promotion)
    evidence = collect_evidence(remote.clone, head, promotion.source, line, decision.old, image, github, prometheus)
    proposal = Proposal(
        promotion.source,
        promotion.target,
        decision.old,
        line,
        image,
        evidence,
        render_changes(remote, promotion.target, head, commit),
        promotion.again,
        starts_checks(),
    )
    push_branch(remote, commit, promotion.branch, head)
    return open_pull(github, promotion.branch, remote.branch, proposal)


def read_source(remote: Remote, head: str, promotion: Promotion) -> ImageLine:
    """What the source runs on the shared branch.

    Raises: RefusedError if it runs no release, or the target is no production; InputError.
    """
    for name in (promotion.source, promotion.target):
        check_known(remote.clone, head, name)
    if promotion.source == promotion.target:
        raise RefusedError(f"{promotion.source} cannot be promoted to itself; name another environment with --to")
    if not is_production(remote.read(head, locate_overlay(promotion.target))):
        raise RefusedError(f"{promotion.target} is not production: `python -m release bump --env {promotion.target}`")
    path = locate_overlay(promotion.source)
    line = read_line(remote.read(head, path), path)
    if not line.is_released:
        raise RefusedError(f"{promotion.source} runs no release yet: there is nothing to promote")
    return line


def list_pulls(github: GitHub, branch: str, base: str) -> list[Pull]:
    """Every one that the branch ever had, newest first; a fork's branch of that name is another."""
    settings = github.settings
    query = {"state": "all", "head": f"{settings.owner}:{branch}", "base": base}
    listed = [pull for page in github.pages("/pulls", list[Pull], **query) for pull in page]
    return sorted((one for one in listed if is_ours(one, settings.repository, branch)), key=lambda one: -one.number)


def find_refused(pulls: list[Pull], title: str) -> Pull | None:
    """The last word on this version, if it was to close the pull request without a merge."""
    last = next((pull for pull in pulls if pull.title == title), None)
    has_open = any(pull.state == "open" for pull in pulls)
    return last if last and last.state == "closed" and last.merged_at is None and not has_open else None


def write_commit(
    remote: Remote,
    head: str,
    decision: MoveDecision,
    line: ImageLine,
    image: PublishedImage | None,
    promotion: Promotion,
) -> str:
    """The two lines on top of the shared branch; nothing names the commit yet."""
    path, digest = locate_overlay(promotion.target), line.digest or ""
    text = change_images(decision.overlay, tag=line.tag, digest=digest)
    message = compose_run(promotion.target, decision.old, line.tag, digest, image, promotion.again)
    return remote.commit(head, {path: text}, message)


def push_branch(remote: Remote, commit: str, branch: str, head: str) -> None:
    """Leaves the branch alone if it says the same on the same ground: a push takes reviews away and starts checks.

    Raises: OutsideError.
    """
    former = remote.find_head(branch)
    if former and is_equal(remote, former, commit, branch):
        console.print_done(f"{branch} is as it must be, on top of {head[:10]}")
        return
    remote.push(commit, branch=branch, lease=former or "", force=True)
    console.print_done(f"{branch} is at {commit[:10]}, one commit on top of {head[:10]}")


def is_equal(remote: Remote, former: str, commit: str, branch: str) -> bool:
    """Whether two commits have the same files, parents and words."""
    clone = remote.clone
    if not clone.has(former):
        clone.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote.name, f"refs/heads/{branch}")
    form = "--format=%T %P%n%B"
    logged = clone.run("log", "-1", form, former, "--")
    return logged.code == 0 and logged.text == clone.run("log", "-1", form, commit, "--").text


def render_changes(remote: Remote, environment: str, old: str, new: str) -> tuple[Change, ...]:
    """The rendered manifests before and after.

    Raises: InputError, OutsideError.
    """
    root = remote.clone.folder
    with open_revision(old, root) as before, open_revision(new, root) as after:
        return tuple(compare_overlays((environment, before), (environment, after), environment).changes or ())


def open_pull(github: GitHub, branch: str, base: str, proposal: Proposal) -> Pull:
    """The branch's open pull request with today's title and text, new or not."""
    title, body = proposal.title, write_proposal(proposal)
    former_pull = find_open(github, branch, base)
    if former_pull is None:
        try:
            new = {"title": title, "head": branch, "base": base, "body": body, "maintainer_can_modify": False}
            pull = github.post("/pulls", new, Pull)
        except OutsideError as error:
            former_pull = find_open(github, branch, base) if error.status == ALREADY_THERE else None
            if former_pull is None:  # nobody else was faster
                raise
        else:
            console.print_done(f"{title}: proposed in {pull.html_url}")
            return pull
    pull = github.patch(f"/pulls/{former_pull.number}", {"title": title, "body": body}, Pull)
    console.print_done(f"{title}: {pull.html_url} is up to date")
    return pull


def starts_checks() -> bool:
    """What a workflow opens with its own token starts none; an App's does, and the workflow says so."""
    return os.environ.get("GITHUB_ACTIONS") != "true" or os.environ.get("STARTS_CHECKS") == "true"

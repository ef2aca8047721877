"""What a release needs before its tag: a reason in the changelog, the prepared version on main, an approved bundle."""

import re
from pathlib import Path

from review.approval.record import write_record
from tests.e2e.desk import Desk

APPROVED = Path("artifacts/approved")
PULL, RUN = 1, 1  # of the pull request that the approval was given on, which is played
REVIEWER = "reviewer"
UNRELEASED = re.compile(r"^## Unreleased\n", re.MULTILINE)


def change_model(desk: Desk, sentence: str) -> None:
    """A merged change that the release is made for."""
    desk.pull()
    path = desk.folder / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(UNRELEASED.sub(f"## Unreleased\n\n- {sentence}\n", text, count=1), encoding="utf-8")
    desk.git("commit", "--quiet", "--all", f"--message={sentence}")
    desk.git("push", "--quiet", "origin", "HEAD:refs/heads/main")


def tag_release(desk: Desk, version: str) -> str:
    """Prepared by the verb, merged and tagged by a person; the tag's commit."""
    desk.pull()
    desk.must(desk.type("prepare", version.removeprefix("v"), is_near=False))
    branch = f"release/{version}"
    desk.git("push", "--quiet", "origin", f"{branch}:refs/heads/{branch}")
    commit = desk.merge(branch, f"Release {version}")
    desk.git("tag", "--annotate", version, f"--message={version}", commit)
    desk.git("push", "--quiet", "origin", f"refs/tags/{version}")
    return commit


def approve_bundle(desk: Desk, made: Path) -> None:
    """As `make approved` leaves it: bundle, report and record, bound to each other by digest."""
    folder = desk.folder / APPROVED
    tree = desk.git("rev-parse", "HEAD^{tree}")
    write_record(
        made / "gate" / "report.json",
        made / "candidate",
        folder,
        tree=tree,
        number=PULL,
        run_id=RUN,
        approved_by=[REVIEWER],
        accepted_by=None,
    )

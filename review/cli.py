"""`python -m review`: one verb a step of a workflow, errors in one line, exit codes that mean something.

0 done or go on, 1 refused, 2 bad input or usage, 3 not enough evidence, 4 GitHub did not answer as it should.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import console
from cli.errors import InputError
from cli.main import run_app
from review.github.job_outputs import write_outputs, write_summary

if TYPE_CHECKING:
    from review.github.client import GitHub

PROGRAM = "python -m review"
HELP = "What a pull request sees of the gate: champion, comment, decision, approval, retraining."
REPORT = Path("artifacts/gate/report.json")

ReportFile = Annotated[Path, typer.Option("--report", help="The gate's report.json.")]
Number = Annotated[int | None, typer.Option("--number", min=1, help="The pull request's number.")]

app = typer.Typer(name=PROGRAM, help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """Runs the command line; what goes wrong ends in one line on standard error, never in a traceback."""
    run_app(app, console.print_error)


def open_github() -> "AbstractContextManager[GitHub]":
    """The client for this job, from its environment."""
    from review.github import connection  # `--help` needs no HTTP

    return connection.open_github()


@app.command()
def champion(
    out: Annotated[Path, typer.Option("--out", help="Where the bundle goes.")] = Path("artifacts/champion"),
    source: Annotated[str, typer.Option("--source", help="Only `release`; MLflow's is training's.")] = "release",
) -> None:
    """Fetch and verify the latest release's bundle; sets the outputs first-run, release and digest."""
    from review.champion import fetch_champion, refuse_source

    refuse_source(source)
    with open_github() as github:
        fetched = fetch_champion(github, out)
    if fetched is None:
        console.print_done("nothing was released yet: this is a first run, judged by the policy's floors alone")
        write_outputs(first_run="true")
        return
    console.print_done(f"bundle {fetched.bundle.digest[:12]} of release {fetched.release} is verified and in {out}")
    write_outputs(first_run="false", release=fetched.release, digest=fetched.bundle.digest)


@app.command()
def comment(
    report: ReportFile = REPORT,
    number: Number = None,
    run_id: Annotated[int | None, typer.Option("--run-id", min=1, help="A run, whose artifact is read.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="To the job's summary; needs no token.")] = False,
) -> None:
    """Post the gate's report on the pull request, as one comment that is updated, or in the job's summary."""
    from review.comment.publishing import publish_report, publish_run, render_local

    if run_id is None and number is None and not summary:
        raise InputError("say where to: --number for a pull request, --run-id for a run's, or --summary")
    if summary:
        write_summary(render_local(report))
    if run_id is not None or number is not None:
        with open_github() as github:
            done = publish_run(github, run_id) if run_id is not None else publish_report(github, report, number or 0)
        console.print_done(done)


CloudFolder = Annotated[Path, typer.Option("--folder", help="Where the jobs left plans and costs.")]
CLOUD = Path("artifacts/cloud")


@app.command("cloud-comment")
def cloud_comment(folder: CloudFolder = CLOUD, number: Number = None) -> None:
    """Post plans and costs of the clouds as one comment that is updated; without --number to the job's summary."""
    from review.cloud.reading import read_costs, read_plans
    from review.cloud.text import PLANS, render_plans
    from review.comment.posting import post_comment
    from review.github.settings import find_run_id

    text = render_plans(read_plans(folder), read_costs(folder), find_run_id())
    if number is None:
        write_summary(text)
        return
    with open_github() as github:
        console.print_done(post_comment(github, number, text, PLANS))


@app.command("cloud-drift")
def cloud_drift(folder: CloudFolder = CLOUD) -> None:
    """Open, update or close the one issue on what in the clouds differs from main."""
    from review.cloud.drift import report_drift
    from review.cloud.reading import read_plans
    from review.github.settings import find_run_url

    plans = read_plans(folder)
    with open_github() as github:
        console.print_done(report_drift(github, plans, find_run_url()))


@app.command()
def decide(report: ReportFile = REPORT, number: Number = None) -> None:
    """Go on (0), stop (1), or stop until somebody accepts by name that evidence is lacking (3)."""
    from review.approval.decision import decide as decide_report
    from review.report import read_report

    judged, _ = read_report(report)
    if judged.verdict == "not_enough_evidence" and number is not None:
        with open_github() as github:
            decision = decide_report(judged, github, number)
    else:
        decision = decide_report(judged, None, number)
    write_outputs(verdict=judged.verdict, accepted_by=decision.accepted_by or "")
    (console.print_error if decision.exit_code else console.print_done)(decision.text)
    raise typer.Exit(decision.exit_code)


@app.command()
def record(
    number: Annotated[int, typer.Option("--number", min=1, help="The pull request's number.")],
    report: ReportFile = REPORT,
    bundle: Annotated[Path, typer.Option("--bundle", help="The bundle it judges.")] = Path("artifacts/candidate"),
    out: Annotated[Path, typer.Option("--out", help="The folder to upload.")] = Path("artifacts/approved"),
    tree: Annotated[str | None, typer.Option("--tree", help="Git's tree. Default: what is checked out.")] = None,
) -> None:
    """Bind what was approved: tree, bundle, report and names, in one folder; sets the output artifact."""
    from review.approval.recording import record_approval

    with open_github() as github:
        done = record_approval(github, report, bundle, out, tree=tree, number=number)
    console.print_done(
        f"bundle {done.bundle_digest[:12]} is bound to tree {done.tree[:12]}, approved by {', '.join(done.approved_by)}"
    )
    write_outputs(artifact=f"approved-{done.tree}", digest=done.bundle_digest)


@app.command("find-approved")
def find_approved(
    out: Annotated[Path, typer.Option("--out", help="Where bundle, report and record go.")],
    commit: Annotated[str | None, typer.Option("--commit", help="A commit on main.")] = None,
    tree: Annotated[str | None, typer.Option("--tree", help="A tree, in place of a commit.")] = None,
    inputs: Annotated[
        str | None, typer.Option("--inputs", help="SHA-256 of what a model would be made from today.")
    ] = None,
) -> None:
    """Fetch the bundle that was approved for a commit or tree, and no other; sets the output digest."""
    from review.approval.find import fetch_approved

    with open_github() as github:
        approved = fetch_approved(github, out, commit=commit, tree=tree, inputs=inputs)
    approvers = ", ".join(approved.approved_by)
    console.print_done(
        f"bundle {approved.bundle_digest[:12]} of #{approved.pull_request}, approved by {approvers}: {out}"
    )
    write_outputs(digest=approved.bundle_digest, pull_request=str(approved.pull_request))


@app.command("read-dispatch")
def read_dispatch(
    event: Annotated[Path, typer.Option("--event", envvar="GITHUB_EVENT_PATH", help="What GitHub's runner left.")],
    name: Annotated[str, typer.Option("--name", envvar="GITHUB_EVENT_NAME", help="The event's name.")],
) -> None:
    """Check what asks for a retraining before anything is done; sets the outputs reason and fingerprint."""
    from review.retrain_request import read_request

    request = read_request(name, event)
    console.print_done(request.describe())
    write_outputs(reason=request.reason, fingerprint=request.fingerprint or "")


@app.command("retrain-pull")
def retrain_pull(
    branch: Annotated[str, typer.Option("--branch", help="retrain/NAME, pushed already.")],
    title: Annotated[str, typer.Option("--title", help="The pull request's title.")],
    body_file: Annotated[Path, typer.Option("--body-file", help="Its text, as Markdown.")],
    report: Annotated[Path | None, typer.Option("--report", help="The gate's report.json, shown below it.")] = None,
    base: Annotated[str, typer.Option("--base", help="The branch it is for.")] = "main",
) -> None:
    """Open or update the one pull request of a retraining; it merges nothing. Sets the output number."""
    from review.comment.publishing import append_report
    from review.retrain import open_pull, read_body

    text = read_body(body_file)
    body = append_report(text, report) if report else text
    with open_github() as github:
        pull, is_new = open_pull(github, branch=branch, base=base, title=title, body=body)
    console.print_done(f"{'opened' if is_new else 'updated'} {pull.html_url}")
    write_outputs(number=str(pull.number))

"""The scenario: a model is proposed, released, promoted, released again, and production taken back."""

import re
from typing import Any

from tests.harness.errors import ScenarioError
from tests.harness.steps import StepDetails, StepPrinter
from tests.patience import wait_until
from tests.rehearsal.commits import show_commits
from tests.rehearsal.play import Play
from tests.rehearsal.verbs import end_verb, expect_verb, start_verb
from tests.workflows.act import Outcome
from tests.workflows.expectations import expect, expect_comment, expect_jobs, read_member
from tests.workflows.stage import ROUNDS, change_params

FIRST, SECOND = "v1.0.0", "v1.1.0"
PRODUCTION = ("prod-eks", "prod-gke")
GREEN = {"check": "success", "image": "success", "announce": "success", "bump": "success", "promote": "success"}
REASON = "false alarms on line 3 since the morning"


def play_scenario(play: Play, steps: StepPrinter) -> None:
    """Raises: ScenarioError."""
    release_first(play, steps)
    release_second(play, steps)
    take_back(play, steps)


def release_first(play: Play, steps: StepPrinter) -> None:
    propose_model(play, steps, "Train a first model", rounds=ROUNDS + 2)
    prepare(play, steps, FIRST)
    with steps.numbered(f"The tag {FIRST} is pushed", "release.yml") as step:
        outcome = play.run_release(FIRST)
        expect_released(play, step, outcome, FIRST)
        show_rendered(play, step, "test", FIRST)
    for environment in PRODUCTION:
        promote(play, steps, environment, FIRST)


def release_second(play: Play, steps: StepPrinter) -> None:
    """GitHub answers 503 in the middle: test stays as it was, and the same run again finishes."""
    propose_model(play, steps, "Train a little longer", rounds=ROUNDS + 4)
    prepare(play, steps, SECOND)
    with steps.numbered(f"The tag {SECOND} is pushed, and GitHub takes no release", "release.yml") as step:
        before, plants = play.head, play.stage.github.state.plants
        play.stage.github.state.plant("POST", "/releases$", status=503, times=50)
        outcome = play.run_release(SECOND)
        plants.clear()
        expect_jobs(
            outcome,
            False,
            check="success",
            image="success",
            announce="failure",
            bump="absent",
            promote="absent",
            release_checks_pass="failure",
        )
        expect(play.head == before, "main as it was", outcome)
        step.add(outcome.describe_jobs())
        step.add(quote(outcome, "error: "), "red")
        step.add("main is untouched: the image is pushed and signed, and nothing names it", "green")
    with steps.numbered(f"`gh workflow run release.yml --ref {SECOND}` finishes it", "release.yml") as step:
        outcome = play.run_release(SECOND)
        step.add(quote(outcome, "is in the registry already"))
        expect_released(play, step, outcome, SECOND)
    with steps.numbered("And once more, to see that it changes nothing", "release.yml") as step:
        again(play, step)
    promote(play, steps, "prod-eks", SECOND)


def quote(outcome: Outcome, fragment: str) -> str:
    """The first line of the log that holds it, as the verb printed it.

    Raises: ScenarioError.
    """
    found = next((line for line in outcome.log.splitlines() if fragment in line), None)
    if found is None:
        raise ScenarioError(f"{outcome.order.workflow} (run {outcome.order.run_id}) never says {fragment!r}")
    return found.partition("] ")[2]


def propose_model(play: Play, steps: StepPrinter, title: str, rounds: int) -> None:
    """Pull request, gate, approval, merge."""
    stage = play.stage
    with steps.numbered("A pull request proposes a model", "model.yml") as step:
        play.pull_main()
        branch = re.sub(r"\W+", "-", title.lower())
        stage.repository.start_branch(branch)
        change_params(stage.repository, rounds=rounds)
        stage.repository.commit(title)
        pull, hosted = play.propose(branch)
        outcome = stage.run_model(pull, hosted)
        expect_jobs(outcome, True, judge="success", decide="success", approve="success", model_checks_pass="success")
        step.add(f"#{pull.number} {title}: {expect_comment(stage.github, pull.number, 'Pass', outcome)}")
        step.add(f"{outcome.describe_jobs()}; the environment is opened by reviewer (played)")
    merge(play, steps, hosted, "It is merged; main keeps the bundle that was approved")


def merge(play: Play, steps: StepPrinter, hosted: dict[str, Any], title: str) -> None:
    with steps.numbered(title, "main.yml") as step:
        commit = play.merge(hosted)
        outcome = play.run_main(commit)
        expect_jobs(outcome, True, approved="success")
        show_commits(step, play.list_landed())


def prepare(play: Play, steps: StepPrinter, version: str) -> None:
    """`make release`, a pull request that touches no model, the merge, the tag."""
    with steps.numbered(f"`make release VERSION={version[1:]}`, as a pull request", "model.yml") as step:
        play.pull_main()
        step.add(expect_verb(play, "prepare", version[1:]).out.splitlines()[0])
        pull, hosted = play.propose(f"release/{version}")
        outcome = play.stage.run_model(pull, hosted)
        expect_jobs(outcome, True, changes="success", judge="absent", approve="absent", model_checks_pass="success")
        step.add(f"{outcome.describe_jobs()}: nothing is trained for a version's number")
    merge(play, steps, hosted, "It is merged, and its commit gets the tag")
    play.pull_main()
    play.push_tag(version, find_tagged(expect_verb(play, "prepare", version[1:]).out, version))


def find_tagged(output: str, version: str) -> str:
    """The commit of the command that `make release` says to type, once its pull request is merged."""
    found = re.search(rf"git tag -a {re.escape(version)} -m .*? ([0-9a-f]{{7,40}}) &&", output)
    if found is None:
        raise ScenarioError(f"`release prepare` says no commit to tag: {output}")
    return found[1]


def expect_released(play: Play, step: StepDetails, outcome: Outcome, version: str) -> None:
    """Image, release, one commit, two pull requests."""
    expect_jobs(outcome, True, **GREEN, release_checks_pass="success")
    step.add(outcome.describe_jobs())
    releases = play.stage.github.state.data["releases"]
    release = next((one for one in releases if one["tag_name"] == version and not one.get("draft")), None)
    expect(release is not None, f"a release {version}", outcome)
    record = read_record(play, outcome, version)
    step.add(f"image    {record['repository']}:{version}@{record['digest'][:19]}…, signed with the rehearsal's key")
    names = ", ".join(asset["name"] for asset in (release or {})["assets"])
    step.add(f"release  {version}: {names}")
    landed = play.list_landed()
    expect([one.environments for one in landed] == [("test",)], "one commit, of test's overlay", outcome)
    show_commits(step, landed)
    for environment in PRODUCTION:
        pull = play.find_pull(environment)
        step.add(f"#{pull['number']}  {pull['title']}", "cyan")


def read_record(play: Play, outcome: Outcome, version: str) -> dict[str, str]:
    """What `publish` wrote down, as the run's artifact has it."""
    return read_member(play.stage.work, outcome.order.run_id, "published", f"release/{version}.json")


def again(play: Play, step: StepDetails) -> None:
    """A release that is complete, run again: no commit, no release, no pull request, and green."""
    state = play.stage.github.state
    before = (play.head, len(state.data["releases"]), len(state.data["pulls"]))
    outcome = play.run_release(SECOND)
    expect_jobs(outcome, True, **GREEN, release_checks_pass="success")
    after = (play.head, len(state.data["releases"]), len(state.data["pulls"]))
    expect(after == before, f"{before}, found {after}", outcome)
    step.add("no commit, no release, no pull request more", "green")


def promote(play: Play, steps: StepPrinter, environment: str, version: str) -> None:
    with steps.numbered(f"The promotion to {environment} is merged") as step:
        pull = play.find_pull(environment)
        show_proposal(step, pull)
        step.add(check_overlays(play, pull), "green")
        play.merge(pull)
        landed = play.list_landed()
        if [one.environments for one in landed] != [(environment,)]:
            raise ScenarioError(f"expected one commit, of {environment}'s overlay, found {landed}")
        show_commits(step, landed)
        show_rendered(play, step, environment, version)


def show_proposal(step: StepDetails, pull: dict[str, Any]) -> None:
    """What the pull request says would change in the cluster."""
    difference = str(pull["body"]).partition("```diff\n")[2].partition("\n```")[0]
    if ".image:" not in difference:
        raise ScenarioError(f"#{pull['number']} does not show which image would change: {pull['body']}")
    step.add(f"#{pull['number']}  {pull['title']}, which changes in the cluster", "cyan")
    for line in difference.splitlines():
        step.add(f"    {line}", {"-": "red", "+": "green"}.get(line[:1], ""))


def check_overlays(play: Play, pull: dict[str, Any], *, succeeded: bool = True) -> str:
    """What the required check of a pull request that moves a version says."""
    outcome = play.run_overlays(pull)
    result = "success" if succeeded else "failure"
    expect_jobs(outcome, succeeded, check_pull=result, overlay_checks_pass=result)
    return f"overlays.yml: {quote(outcome, '✓ tested' if succeeded else '✗ ').strip()}"


def take_back(play: Play, steps: StepPrinter) -> None:
    """One command, which starts the workflow, as only the App may push; the former YAML is back to the byte."""
    former = play.rendered["prod-eks", FIRST]
    still_open = play.find_pull("prod-gke")
    with steps.numbered(f"`make rollback ENVIRONMENT=prod-eks REASON='{REASON}'`", "rollback.yml") as step:
        words = ("rollback", "--env", "prod-eks", "--from", SECOND, "--reason", REASON)
        play.pull_main()
        process = start_verb(play, *words)
        wait_until(lambda: bool(play.stage.github.state.data["dispatches"]) or process.poll() is not None)
        outcome = play.run_dispatched()
        result = end_verb(process)
        if outcome is None or result.code:
            raise ScenarioError(f"`release {' '.join(words)}` ended with {result.code}: {result.out}{result.error}")
        expect_jobs(outcome, True, rollback="success")
        for line in result.out.splitlines():
            step.add(line)
        landed = play.list_landed()
        expect([one.environments for one in landed] == [("prod-eks",)], "one commit, of prod-eks' overlay", outcome)
        show_commits(step, landed)
        show_rendered(play, step, "prod-eks", FIRST)
        expect(play.rendered["prod-eks", FIRST] == former, "the former YAML, to the byte", outcome)
        step.add(f"its {len(former.encode()):,} bytes of YAML are those that ran before", "green")
    with steps.numbered(
        f"What was still open for {SECOND} is closed, and reopened it is refused", "overlays.yml"
    ) as step:
        expect(still_open["state"] == "closed", f"#{still_open['number']} closed by the rollback", outcome)
        step.add(f"#{still_open['number']}  {still_open['title']}: closed", "cyan")
        still_open["state"] = "open"
        step.add(check_overlays(play, still_open, succeeded=False), "red")
        still_open["state"] = "closed"


def show_rendered(play: Play, step: StepDetails, environment: str, version: str) -> None:
    """The one image line of all that Kubernetes would get."""
    play.pull_main()
    text = expect_verb(play, "render", environment, "--yaml").out
    images = sorted(set(re.findall(r"^\s*(?:- )?image: (\S+)$", text, re.MULTILINE)))
    if len(images) != 1 or f":{version}@sha256:" not in images[0]:
        raise ScenarioError(f"{environment} renders {images}, expected one image of {version} by its digest")
    play.rendered[environment, version] = text
    step.add(f"{environment} renders  image: {images[0][:79]}…", "cyan")

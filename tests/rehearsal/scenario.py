"""The scenario: a model is proposed, released, promoted, released again, and production taken back."""

import re
from typing import Any

from tests.harness.errors import ScenarioError
from tests.patience import wait_until
from tests.rehearsal.play import Play
from tests.rehearsal.telling import Step, Teller
from tests.rehearsal.verbs import end_verb, expect_verb, start_verb
from tests.workflows.act import Outcome
from tests.workflows.expectations import expect, expect_comment, expect_jobs, read_member
from tests.workflows.stage import ROUNDS, change_params

FIRST, SECOND = "v1.0.0", "v1.1.0"
PRODUCTION = ("prod-eks", "prod-gke")
GREEN = {"check": "success", "image": "success", "announce": "success", "bump": "success", "promote": "success"}
REASON = "false alarms on line 3 since the morning"


def play_scenario(play: Play, tell: Teller) -> None:
    """Raises: ScenarioError."""
    release_first(play, tell)
    release_second(play, tell)
    take_back(play, tell)


def release_first(play: Play, tell: Teller) -> None:
    propose_model(play, tell, "Train a first model", rounds=ROUNDS + 2)
    prepare(play, tell, FIRST)
    with tell.step(f"The tag {FIRST} is pushed", "release.yml") as step:
        outcome = play.run_release(FIRST)
        expect_released(play, step, outcome, FIRST)
        show_rendered(play, step, "test", FIRST)
    for environment in PRODUCTION:
        promote(play, tell, environment, FIRST)


def release_second(play: Play, tell: Teller) -> None:
    """GitHub answers 503 in the middle: test stays as it was, and the same run again finishes."""
    propose_model(play, tell, "Train a little longer", rounds=ROUNDS + 4)
    prepare(play, tell, SECOND)
    with tell.step(f"The tag {SECOND} is pushed, and GitHub takes no release", "release.yml") as step:
        before, plants = play.head, play.stage.hub.state.plants
        play.stage.hub.state.plant("POST", "/releases$", status=503, times=50)
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
        step.say(outcome.describe_jobs())
        step.say(quote(outcome, "error: "), "red")
        step.say("main is untouched: the image is pushed and signed, and nothing names it", "green")
    with tell.step(f"`gh workflow run release.yml --ref {SECOND}` finishes it", "release.yml") as step:
        outcome = play.run_release(SECOND)
        step.say(quote(outcome, "is in the registry already"))
        expect_released(play, step, outcome, SECOND)
    with tell.step("And once more, to see that it changes nothing", "release.yml") as step:
        again(play, step)
    promote(play, tell, "prod-eks", SECOND)


def quote(outcome: Outcome, fragment: str) -> str:
    """The first line of the log that holds it, as the verb printed it.

    Raises: ScenarioError.
    """
    found = next((line for line in outcome.log.splitlines() if fragment in line), None)
    if found is None:
        raise ScenarioError(f"{outcome.order.workflow} (run {outcome.order.run_id}) never says {fragment!r}")
    return found.partition("] ")[2]


def propose_model(play: Play, tell: Teller, title: str, rounds: int) -> None:
    """Pull request, gate, approval, merge."""
    stage = play.stage
    with tell.step("A pull request proposes a model", "model.yml") as step:
        play.pull_main()
        branch = re.sub(r"\W+", "-", title.lower())
        stage.repository.start_branch(branch)
        change_params(stage.repository, rounds=rounds)
        stage.repository.commit(title)
        pull, hosted = play.propose(branch)
        outcome = stage.run_model(pull, hosted)
        expect_jobs(outcome, True, judge="success", decide="success", approve="success", model_checks_pass="success")
        step.say(f"#{pull.number} {title}: {expect_comment(stage.hub, pull.number, 'Pass', outcome)}")
        step.say(f"{outcome.describe_jobs()}; the environment is opened by reviewer (played)")
    merge(play, tell, hosted, "It is merged; main keeps the bundle that was approved")


def merge(play: Play, tell: Teller, hosted: dict[str, Any], title: str) -> None:
    with tell.step(title, "main.yml") as step:
        commit = play.merge(hosted)
        outcome = play.run_main(commit)
        expect_jobs(outcome, True, approved="success")
        step.show(play.list_landed())


def prepare(play: Play, tell: Teller, version: str) -> None:
    """`make release`, a pull request that touches no model, the merge, the tag."""
    with tell.step(f"`make release VERSION={version[1:]}`, as a pull request", "model.yml") as step:
        play.pull_main()
        step.say(expect_verb(play, "prepare", version[1:]).out.splitlines()[0])
        pull, hosted = play.propose(f"release/{version}")
        outcome = play.stage.run_model(pull, hosted)
        expect_jobs(outcome, True, changes="success", judge="absent", approve="absent", model_checks_pass="success")
        step.say(f"{outcome.describe_jobs()}: nothing is trained for a version's number")
    merge(play, tell, hosted, "It is merged, and its commit gets the tag")
    play.pull_main()
    play.push_tag(version, find_tagged(expect_verb(play, "prepare", version[1:]).out, version))


def find_tagged(told: str, version: str) -> str:
    """The commit of the command that `make release` says to type, once its pull request is merged."""
    found = re.search(rf"git tag -a {re.escape(version)} -m .*? ([0-9a-f]{{7,40}}) &&", told)
    if found is None:
        raise ScenarioError(f"`release prepare` says no commit to tag: {told}")
    return found[1]


def expect_released(play: Play, step: Step, outcome: Outcome, version: str) -> None:
    """Image, release, one commit, two pull requests."""
    expect_jobs(outcome, True, **GREEN, release_checks_pass="success")
    step.say(outcome.describe_jobs())
    releases = play.stage.hub.state.data["releases"]
    release = next((one for one in releases if one["tag_name"] == version and not one.get("draft")), None)
    expect(release is not None, f"a release {version}", outcome)
    record = read_record(play, outcome, version)
    step.say(f"image    {record['repository']}:{version}@{record['digest'][:19]}…, signed with the rehearsal's key")
    names = ", ".join(asset["name"] for asset in (release or {})["assets"])
    step.say(f"release  {version}: {names}")
    landed = play.list_landed()
    expect([one.environments for one in landed] == [("test",)], "one commit, of test's overlay", outcome)
    step.show(landed)
    for environment in PRODUCTION:
        pull = play.find_pull(environment)
        step.say(f"#{pull['number']}  {pull['title']}", "cyan")


def read_record(play: Play, outcome: Outcome, version: str) -> dict[str, str]:
    """What `publish` wrote down, as the run's artifact has it."""
    return read_member(play.stage.hub, outcome.order.run_id, "published", f"release/{version}.json")


def again(play: Play, step: Step) -> None:
    """A release that is complete, run again: no commit, no release, no pull request, and green."""
    state = play.stage.hub.state
    before = (play.head, len(state.data["releases"]), len(state.data["pulls"]))
    outcome = play.run_release(SECOND)
    expect_jobs(outcome, True, **GREEN, release_checks_pass="success")
    after = (play.head, len(state.data["releases"]), len(state.data["pulls"]))
    expect(after == before, f"{before}, found {after}", outcome)
    step.say("no commit, no release, no pull request more", "green")


def promote(play: Play, tell: Teller, environment: str, version: str) -> None:
    with tell.step(f"The promotion to {environment} is merged") as step:
        pull = play.find_pull(environment)
        show_proposal(step, pull)
        step.say(check_overlays(play, pull), "green")
        play.merge(pull)
        landed = play.list_landed()
        if [one.environments for one in landed] != [(environment,)]:
            raise ScenarioError(f"expected one commit, of {environment}'s overlay, found {landed}")
        step.show(landed)
        show_rendered(play, step, environment, version)


def show_proposal(step: Step, pull: dict[str, Any]) -> None:
    """What the pull request says would change in the cluster."""
    told = str(pull["body"]).partition("```diff\n")[2].partition("\n```")[0]
    if ".image:" not in told:
        raise ScenarioError(f"#{pull['number']} does not show which image would change: {pull['body']}")
    step.say(f"#{pull['number']}  {pull['title']}, which changes in the cluster", "cyan")
    for line in told.splitlines():
        step.say(f"    {line}", {"-": "red", "+": "green"}.get(line[:1], ""))


def check_overlays(play: Play, pull: dict[str, Any], *, succeeded: bool = True) -> str:
    """What the required check of a pull request that moves a version says."""
    outcome = play.run_overlays(pull)
    result = "success" if succeeded else "failure"
    expect_jobs(outcome, succeeded, check_pull=result, overlay_checks_pass=result)
    return f"overlays.yml: {quote(outcome, '✓ tested' if succeeded else '✗ ').strip()}"


def take_back(play: Play, tell: Teller) -> None:
    """One command, which starts the workflow, as only the App may push; the former YAML is back to the byte."""
    former = play.rendered["prod-eks", FIRST]
    still_open = play.find_pull("prod-gke")
    with tell.step(f"`make rollback ENVIRONMENT=prod-eks REASON='{REASON}'`", "rollback.yml") as step:
        words = ("rollback", "--env", "prod-eks", "--from", SECOND, "--reason", REASON)
        play.pull_main()
        process = start_verb(play, *words)
        wait_until(lambda: bool(play.stage.hub.state.data["dispatches"]) or process.poll() is not None)
        outcome = play.run_dispatched()
        said = end_verb(process)
        if outcome is None or said.code:
            raise ScenarioError(f"`release {' '.join(words)}` ended with {said.code}: {said.out}{said.error}")
        expect_jobs(outcome, True, rollback="success")
        for line in said.out.splitlines():
            step.say(line)
        landed = play.list_landed()
        expect([one.environments for one in landed] == [("prod-eks",)], "one commit, of prod-eks' overlay", outcome)
        step.show(landed)
        show_rendered(play, step, "prod-eks", FIRST)
        expect(play.rendered["prod-eks", FIRST] == former, "the former YAML, to the byte", outcome)
        step.say(f"its {len(former.encode()):,} bytes of YAML are those that ran before", "green")
    with tell.step(f"What was still open for {SECOND} is closed, and reopened it is refused", "overlays.yml") as step:
        expect(still_open["state"] == "closed", f"#{still_open['number']} closed by the rollback", outcome)
        step.say(f"#{still_open['number']}  {still_open['title']}: closed", "cyan")
        still_open["state"] = "open"
        step.say(check_overlays(play, still_open, succeeded=False), "red")
        still_open["state"] = "closed"


def show_rendered(play: Play, step: Step, environment: str, version: str) -> None:
    """The one image line of all that Kubernetes would get."""
    play.pull_main()
    text = expect_verb(play, "render", environment, "--yaml").out
    images = sorted(set(re.findall(r"^\s*(?:- )?image: (\S+)$", text, re.MULTILINE)))
    if len(images) != 1 or f":{version}@sha256:" not in images[0]:
        raise ScenarioError(f"{environment} renders {images}, expected one image of {version} by its digest")
    play.rendered[environment, version] = text
    step.say(f"{environment} renders  image: {images[0][:79]}…", "cyan")

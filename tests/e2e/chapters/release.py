"""Two releases travel by the verbs alone: tag, image, test by itself, production by a pull request, and back again."""

from datetime import UTC, datetime
from typing import Any

from release.versions import is_version, parse_version
from tests.e2e.chapters.production import find_digests
from tests.e2e.chapters.rollout import wait_one_image
from tests.e2e.desk import Desk
from tests.e2e.publication import publish_version, refuse_stranger
from tests.e2e.records import compare_history, compare_with_cluster
from tests.e2e.scenario import Scenario
from tests.e2e.travel import PRODUCTION, REFUSED, Travel, Version, expect_running, expect_two_lines
from tests.harness.github_process import start_github

TITLE = "a release"
REASON = "Scores too low for quality L"


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    with start_github(scenario.options.run, scenario.repository.push_url) as github:
        desk = Desk(scenario.options, scenario.repository.push_url, github.environment)
        desk.take_key(desk.make_key("release"))
        travel = Travel(scenario, desk, github)
        versions = choose_versions(desk.git("tag", "--list").split())
        in_test = scenario.client.mark()
        first = publish_version(travel, versions[0], 0)
        refuse_stranger(travel, first)
        run_in_test(travel, first)
        promote(travel, first)
        rendered = render(travel)
        start_load(travel, first)
        in_production = scenario.production.mark()
        second = publish_version(travel, versions[1], 1)
        run_in_test(travel, second)
        promote(travel, second)
        moment = datetime.now(UTC)
        expect_running(travel, PRODUCTION, second)
        roll_back(travel, first, rendered)
        refuse_withdrawn(travel, first, second)
        compare_with_cluster(travel, {"test": second, PRODUCTION: first})
        compare_history(travel, [first, second, first], moment)
        for name, client, mark in (
            ("test", scenario.client, in_test),
            (PRODUCTION, scenario.production, in_production),
        ):
            window = client.since(mark)
            models = ", ".join(sorted(window.versions))
            scenario.expect_no_loss(window, f"{name}: load throughout, {window.seconds} s, by models {models}")
        violations: list[str] = github.call("list_violations")
        scenario.expect(not violations, "requests to GitHub", "; ".join(violations) or "in order")
    scenario.production.stop()


def choose_versions(tags: list[str]) -> tuple[str, str]:
    """A major version of its own: a repository and a registry that remember an earlier run are no hindrance."""
    majors = [parse_version(tag).major for tag in tags if is_version(tag)]
    major = max(majors, default=0) + 1
    return f"v{major}.0.0", f"v{major}.1.0"


def run_in_test(travel: Travel, version: Version) -> None:
    """One commit; Argo CD does the rest by itself."""
    scenario, desk = travel.scenario, travel.desk
    before = desk.pull()
    travel.verb(f"{version.tag} to test", "bump", "--env", "test", "--to", version.tag)
    revision = desk.pull()
    expect_two_lines(travel, before, revision, "test")
    waited = scenario.argo.wait_settled("lathe-test", revision)
    scenario.steps.add("test: Synced and Healthy, nobody synced", f"at {revision[:8]}", waited)
    wait_one_image(scenario, "test")
    expect_running(travel, "test", version)
    travel.verb(f"{version.tag} to test, again", "bump", "--env", "test", "--to", version.tag, part="already")
    scenario.expect(desk.pull() == revision, "a bump that is done already", "no second commit")


def promote(travel: Travel, version: Version) -> None:
    """A pull request, merged by a person (played), and a sync by hand."""
    scenario, desk = travel.scenario, travel.desk
    before = desk.pull()
    travel.verb(f"{version.tag} proposed for {PRODUCTION}", "promote", "--from", "test", "--to", PRODUCTION)
    scenario.expect(desk.pull() == before, "main until somebody merges", f"as it was, {before[:8]}")
    pull = expect_one_pull(travel, version)
    revision = desk.merge(pull["head"]["ref"], f"{pull['title']} (#{pull['number']})")
    travel.github.call("merge_pull", pull["number"], revision)
    expect_two_lines(travel, before, revision, PRODUCTION)
    sync_by_hand(scenario, revision)


def expect_one_pull(travel: Travel, version: Version) -> dict[str, Any]:
    """Raises: ScenarioError."""
    pulls: list[dict[str, Any]] = travel.github.call("list_pulls")
    titles = "; ".join(f"#{pull['number']} {pull['title']}" for pull in pulls)
    is_so = len(pulls) == 1 and version.tag in pulls[0]["title"] and version.digest[7:19] in pulls[0]["body"]
    path = travel.scenario.options.work / f"promotion-{version.tag}.md"
    if pulls:
        path.write_text(pulls[0]["body"], encoding="utf-8")
    travel.scenario.expect(is_so, "the pull request", f"{titles}, its text in {path.name}")
    return pulls[0]


def sync_by_hand(scenario: Scenario, revision: str) -> None:
    """As operate.md says it; until the last pod of the former version is gone."""
    application, running = f"lathe-{PRODUCTION}", find_digests(scenario, PRODUCTION)
    waited = scenario.argo.wait(application, revision, "OutOfSync", "")
    still = min(running, default="nothing")[:19]
    is_same = find_digests(scenario, PRODUCTION) == running and len(running) < 2
    scenario.expect(is_same, f"{PRODUCTION}: waits for a person", f"OutOfSync at {revision[:8]}, runs {still}", waited)
    code, output = scenario.argo.sync_by_hand(application)
    last = "argocd app sync" if code == 0 else output.strip()[-200:]
    scenario.expect(code == 0, f"{PRODUCTION}: synced by hand", last)
    waited = scenario.argo.wait_settled(application, revision)
    scenario.steps.add(f"{PRODUCTION}: Synced and Healthy", f"at {revision[:8]}", waited)
    if running:
        wait_one_image(scenario, PRODUCTION)


def start_load(travel: Travel, version: Version) -> None:
    """Production's own, from its first answer on: a pod is ready a moment before every node knows its address."""
    scenario = travel.scenario
    scenario.production.start(scenario.options.rate / 4, scenario.options.connections)
    answer, waited = scenario.kubectl.wait_until(
        "production answers", scenario.production.ask_once, lambda answer: answer["outcome"] == "ok", 30
    )
    scenario.steps.add(f"{PRODUCTION}: the first prediction", f"by model {answer['version']}", waited)
    expect_running(travel, PRODUCTION, version)


def render(travel: Travel) -> str:
    """Production's YAML, by kubectl's own kustomize: as the newest commit has it."""
    travel.desk.pull()
    return travel.scenario.kubectl.run("kustomize", str(travel.desk.folder / "gitops" / "overlays" / PRODUCTION))


def roll_back(travel: Travel, first: Version, rendered: str) -> None:
    """One command and one commit, which renders as it did; a sync by hand, and the former version answers."""
    scenario, desk = travel.scenario, travel.desk
    before = desk.pull()
    travel.verb(f"{PRODUCTION}: rollback", "rollback", "--env", PRODUCTION, "--reason", REASON, part="byte for byte")
    is_same, size = render(travel) == rendered, f"{len(rendered.encode()):,} bytes"
    scenario.expect(is_same, "the rendered YAML", f"the {size} of the former release" if is_same else "another one")
    revision = desk.pull()
    expect_two_lines(travel, before, revision, PRODUCTION)
    sync_by_hand(scenario, revision)
    expect_running(travel, PRODUCTION, first)


def refuse_withdrawn(travel: Travel, first: Version, second: Version) -> None:
    """No automation brings back what was taken back, and all that answers is the former version."""
    scenario, desk = travel.scenario, travel.desk
    revision, mark = desk.pull(), scenario.production.mark()
    again = ("promote", "--from", "test", "--to", PRODUCTION)
    travel.verb(f"{second.tag} proposed again", *again, code=REFUSED, part="taken back")
    forced = ("bump", "--env", PRODUCTION, "--to", second.tag)
    travel.verb(f"{second.tag} bumped again", *forced, code=REFUSED, part="taken back")
    scenario.expect(desk.pull() == revision, "main after both", f"as it was, {revision[:8]}")
    answered = scenario.production.since(mark).versions
    found = ", ".join(f"{count:,} times model {model}" for model, count in answered.items())
    scenario.expect(set(answered) == {first.model}, f"{PRODUCTION}: who answers meanwhile", found)

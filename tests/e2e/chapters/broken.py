"""A broken bundle in test and a broken setting in production, at once: both stop, and the old pods go on serving."""

from tests.e2e.chapters import production
from tests.e2e.scenario import Scenario

TITLE = "broken releases"
SETTING = "LATHE_GRACE_SECONDS=soon"
DEADLINE_SECONDS = 240  # the Deployment's own deadline is 120
CAUSES = {"lathe-test": "model.ubj has SHA-256", "lathe-prod-eks": "setting LATHE_GRACE_SECONDS is 'soon'"}


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    broken = scenario.releases[2]
    scenario.production.start(scenario.options.rate / 4, scenario.options.connections)
    wait_quiet(scenario)
    marks = scenario.client.mark(), scenario.production.mark()
    before = {name: scenario.find_pods(name) for name in ("test", "prod-eks")}
    scenario.repository.set_image("test", broken.tag, broken.digest)
    scenario.repository.add_setting("prod-eks", SETTING)
    revision = scenario.repository.push("A flipped bit to test, a wrong setting to prod-eks")
    scenario.argo.wait(production.APPLICATION, revision, "OutOfSync", "")
    code, said = scenario.argo.sync_by_hand(production.APPLICATION)
    scenario.expect(
        code == 0, "released both", f"{broken.tag} to test, {SETTING} to prod-eks" if code == 0 else said[-200:]
    )
    for application in CAUSES:
        waited = scenario.argo.wait(application, revision, "", "Degraded", DEADLINE_SECONDS)
        scenario.steps.add(f"{application} Degraded", str(scenario.argo.look(application)), waited)
        expect_cause(scenario, application)
    for name, pods in before.items():
        still = sorted(set(pods) & set(scenario.find_pods(name)))
        scenario.expect(
            still == pods, f"{name}: the old pods", f"{len(still)} of {len(pods)} still serve, none was touched"
        )
    scenario.expect_no_loss(scenario.client.since(marks[0]), "test: load meanwhile")
    scenario.expect_no_loss(scenario.production.since(marks[1]), "prod-eks: load meanwhile")
    mend(scenario)


def wait_quiet(scenario: Scenario) -> None:
    """Production's own load begins before it is counted."""
    scenario.kubectl.wait_until(
        "production answers", scenario.production.ask_once, lambda answer: answer["outcome"] == "ok", 30
    )


def expect_cause(scenario: Scenario, application: str) -> None:
    """The one line of the pod that ended, in Argo CD's tree.

    Raises: ScenarioError.
    """
    tree, waited = scenario.kubectl.wait_until(
        f"{application}: the cause in Argo CD's tree",
        lambda: scenario.argo.show_tree(application),
        lambda tree: CAUSES[application] in tree,
        30,
    )
    line = next(line for line in tree.splitlines() if CAUSES[application] in line)
    scenario.steps.add(f"{application}: Argo CD's reason", line.partition("Degraded")[2] or line, waited)


def mend(scenario: Scenario) -> None:
    """One revert; production by hand, as everything there."""
    marks = scenario.client.mark(), scenario.production.mark()
    revision = scenario.repository.revert()
    waited = scenario.argo.wait_settled("lathe-test", revision)
    scenario.steps.add("reverted: test", "Synced and Healthy", waited)
    scenario.argo.wait(production.APPLICATION, revision, "OutOfSync", "")
    if scenario.argo.end_operation(production.APPLICATION):
        scenario.steps.add("the broken sync ended by hand", "argocd app terminate-op")
    production.sync(scenario)
    scenario.expect_no_loss(scenario.client.since(marks[0]), "test: load while it is mended")
    scenario.expect_no_loss(scenario.production.since(marks[1]), "prod-eks: load while it is mended")
    scenario.production.stop()

"""A broken bundle in test and a broken setting in production, at once: both stop, and the old pods go on serving."""

from tests.e2e.chapters import production
from tests.e2e.story import Story

TITLE = "broken releases"
SETTING = "LATHE_GRACE_SECONDS=soon"
DEADLINE_SECONDS = 240  # the Deployment's own deadline is 120
CAUSES = {"lathe-test": "model.ubj has SHA-256", "lathe-prod-eks": "setting LATHE_GRACE_SECONDS is 'soon'"}


def tell(story: Story) -> None:
    story.begin(TITLE)
    broken = story.releases[2]
    story.production.start(story.options.rate / 4, story.options.connections)
    wait_quiet(story)
    marks = story.client.mark(), story.production.mark()
    before = {name: story.find_pods(name) for name in ("test", "prod-eks")}
    story.repository.set_image("test", broken.tag, broken.digest)
    story.repository.add_setting("prod-eks", SETTING)
    revision = story.repository.push("A flipped bit to test, a wrong setting to prod-eks")
    story.argo.wait(production.APPLICATION, revision, "OutOfSync", "")
    code, said = story.argo.sync_by_hand(production.APPLICATION)
    story.expect(
        code == 0, "released both", f"{broken.tag} to test, {SETTING} to prod-eks" if code == 0 else said[-200:]
    )
    for application in CAUSES:
        waited = story.argo.wait(application, revision, "", "Degraded", DEADLINE_SECONDS)
        story.tell(f"{application} Degraded", str(story.argo.look(application)), waited)
        expect_cause(story, application)
    for name, pods in before.items():
        still = sorted(set(pods) & set(story.find_pods(name)))
        story.expect(
            still == pods, f"{name}: the old pods", f"{len(still)} of {len(pods)} still serve, none was touched"
        )
    story.expect_no_loss(story.client.since(marks[0]), "test: load meanwhile")
    story.expect_no_loss(story.production.since(marks[1]), "prod-eks: load meanwhile")
    mend(story)


def wait_quiet(story: Story) -> None:
    """Production's own load begins before it is counted."""
    story.kubectl.wait_until(
        "production answers", story.production.ask_once, lambda answer: answer["outcome"] == "ok", 30
    )


def expect_cause(story: Story, application: str) -> None:
    """The one line of the pod that ended, in Argo CD's tree.

    Raises: StoryError.
    """
    tree, waited = story.kubectl.wait_until(
        f"{application}: the cause in Argo CD's tree",
        lambda: story.argo.show_tree(application),
        lambda tree: CAUSES[application] in tree,
        30,
    )
    line = next(line for line in tree.splitlines() if CAUSES[application] in line)
    story.tell(f"{application}: Argo CD's reason", line.partition("Degraded")[2] or line, waited)


def mend(story: Story) -> None:
    """One revert; production by hand, as everything there."""
    marks = story.client.mark(), story.production.mark()
    revision = story.repository.revert()
    waited = story.argo.wait_settled("lathe-test", revision)
    story.tell("reverted: test", "Synced and Healthy", waited)
    story.argo.wait(production.APPLICATION, revision, "OutOfSync", "")
    if story.argo.end_operation(production.APPLICATION):
        story.tell("the broken sync ended by hand", "argocd app terminate-op")
    production.sync(story)
    story.expect_no_loss(story.client.since(marks[0]), "test: load while it is mended")
    story.expect_no_loss(story.production.since(marks[1]), "prod-eks: load while it is mended")
    story.production.stop()

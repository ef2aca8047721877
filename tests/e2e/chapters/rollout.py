"""A new version by one commit: synced by itself, rolled out under load, nothing lost."""

from typing import Any

from tests.e2e.story import Story

TITLE = "a new version"


def tell(story: Story) -> None:
    story.begin(TITLE)
    second = story.releases[1]
    mark = story.client.mark()
    story.repository.set_image("test", second.tag, second.digest)
    revision = story.repository.push(f"Release {second.tag} to test")
    story.tell("one commit, two lines", f"{second.tag} {second.digest[:19]}")
    _, waited = story.kubectl.wait_until(
        "the new version answers",
        lambda: story.client.since(mark).versions,
        lambda versions: versions[second.version] > 0,
        120,
    )
    story.tell("the new version's first answer", f"model {second.version}, nobody synced", waited)
    waited = story.argo.wait_settled("lathe-test", revision)
    story.tell("Synced and Healthy", f"at {revision[:8]}", waited)
    wait_one_image(story, "test")
    window = story.client.since(mark)
    story.expect_no_loss(window, f"load during the rollout, {window.seconds} s")
    answer = story.client.ask_once()
    story.expect(answer["version"] == second.version, "who answers now", f"model {answer['version']}")


def wait_one_image(story: Story, environment: str) -> None:
    """Until the last old pod is gone, so that its draining is under load too."""
    place = (f"lathe-{environment}", "app.kubernetes.io/name=predictor")
    _, waited = story.kubectl.wait_until(
        "the old pods gone", lambda: list_images(story.kubectl.list("pods", *place)), lambda seen: len(seen) == 1, 90
    )
    story.tell("the last old pod gone", "after its drain", waited)


def list_images(pods: list[dict[str, Any]]) -> set[str]:
    return {container["image"] for pod in pods for container in pod["spec"]["containers"]}

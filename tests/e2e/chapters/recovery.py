"""What is lost comes back from Git: a namespace, then everything the cluster knew."""

import time

from tests.e2e import cleanup
from tests.e2e.chapters import bootstrap
from tests.e2e.errors import StoryError
from tests.e2e.programs import run_program
from tests.e2e.story import Story

TITLE = "recovery"
RESET_SECONDS = 600


def tell(story: Story) -> None:
    story.begin(TITLE)
    lose_namespace(story)
    lose_everything(story)


def lose_namespace(story: Story) -> None:
    mark = story.client.mark()
    revision = story.argo.look("lathe-test").revision
    story.kubectl.delete("namespace", "lathe-test", wait=False)
    began = time.monotonic()
    story.kubectl.wait_until(
        "the namespace gone", lambda: story.kubectl.find("namespace", "lathe-test"), is_new_or_gone, 120
    )
    gone = time.monotonic() - began
    _, waited = story.kubectl.wait_until(
        "predictions again", story.client.ask_once, lambda answer: answer["outcome"] == "ok", 120
    )
    story.argo.wait_settled("lathe-test", revision)
    window = story.client.since(mark)
    found = f"gone after {gone:.1f} s, predictions again {waited:.1f} s later; {window.describe()}"
    story.tell("the namespace deleted", found)


def is_new_or_gone(namespace: object) -> bool:
    return not isinstance(namespace, dict) or "deletionTimestamp" not in namespace["metadata"]


def lose_everything(story: Story) -> None:
    """The Git server and the registry outlive a real cluster; where the reset takes them too, they are filled first."""
    if story.options.reset_command:
        run_program(story.options.reset_command, seconds=RESET_SECONDS)
        if not story.options.push_url:
            story.repository.push_url = bootstrap.make_repository(story)
        pushed = tuple(story.images.push(release) for release in story.releases)
        if pushed != story.releases:
            raise StoryError(f"the registry gave other digests than Git names: {pushed}, expected {story.releases}")
        story.tell("the cluster's state lost", " ".join(story.options.reset_command))
    else:
        cleanup.remove_all(story.kubectl)
        story.tell("everything of ours deleted", "applications, projects, namespaces")
    revision = story.repository.push("Nothing new: what Git says is enough")
    began = time.monotonic()
    bootstrap.start_argo(story, revision)
    bootstrap.start_client(story, story.releases[1])
    story.tell(
        "from the bootstrap's first command to a prediction",
        f"{time.monotonic() - began:.1f} s",
        time.monotonic() - began,
    )

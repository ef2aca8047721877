"""What builds the images: Docker where it answers, else podman or buildah with a base made of Debian's packages."""

from release.image.builders import find_builder
from tests.harness.errors import ScenarioError
from tests.image.base import BUILD_SECONDS, LOCAL_BASE, one_at_a_time
from tests.image.containers import list_settings, run
from tests.workflows.files import ROOT


def prepare_builder() -> dict[str, str]:
    """The settings of a build; IMAGE_BASE names a base where images can be pulled and Docker is not there.

    Raises: ScenarioError if no base can be made.
    """
    builder = find_builder(None)
    if builder == "docker":
        return {"IMAGE_BUILDER": builder}
    settings = {**list_settings(), "IMAGE_BUILDER": builder}
    return {**settings, "BASE_IMAGE": make_base()}


def make_base() -> str:
    with one_at_a_time("base"):
        done = run(str(ROOT / "tests" / "image" / "make-base"), LOCAL_BASE, timeout=BUILD_SECONDS)
    if done.returncode:
        raise ScenarioError(f"no base image could be made: {done.stderr.strip()}")
    return LOCAL_BASE

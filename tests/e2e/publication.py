"""From a merged change to a signed image under a version, and what is refused on the way."""

import json

from tests.e2e import papers
from tests.e2e.scenario import Scenario
from tests.e2e.travel import REFUSED, Travel, Version

STRANGER = "stranger"


def publish_version(travel: Travel, tag: str, number: int) -> Version:
    """Every verb as the workflow `release` types it, with the model of the numbered bundle."""
    scenario, desk = travel.scenario, travel.desk
    made = scenario.images.bundles[number]
    papers.change_model(desk, f"A model of data set {number + 1}.")
    commit = papers.tag_release(desk, tag)
    travel.github.call("add_tag", tag, commit, desk.git("rev-parse", f"refs/tags/{tag}"))
    scenario.steps.add(f"{tag} prepared, merged and tagged", f"commit {commit[:10]}")
    papers.approve_bundle(desk, made)
    travel.verb(f"{tag}: the tag", "check-tag", tag, part="commit=")
    desk.must(desk.make("sbom"))
    warm_builder(travel, tag)
    travel.verb(f"{tag}: the image", "publish", tag, *list_build_options(scenario), part="is signed")
    told = json.loads((desk.folder / "artifacts" / "release" / f"{tag}.json").read_bytes())
    manifest = json.loads((made / "candidate" / "bundle.json").read_bytes())
    found = f"{told['digest'][:19]}, bundle {told['bundle'][:12]} of model {manifest['version']}"
    scenario.expect(told["bundle"] == manifest["digest"], f"{tag}: in the registry", found)
    travel.verb(f"{tag}: for everybody to see", "announce", tag, part="is announced")
    return Version(tag, told["digest"], told["bundle"], manifest["version"])


def list_build_options(scenario: Scenario) -> list[str]:
    base = ["--base", scenario.options.base] if scenario.options.base else []
    return [*base, "--builder", scenario.images.builder]


def warm_builder(travel: Travel, tag: str) -> None:
    """Where the cluster's network leads nowhere, the layers that need packages are built before, by `release image`."""
    scenario, desk = travel.scenario, travel.desk
    if not scenario.options.run:
        return
    folder = desk.folder / papers.APPROVED
    given = ["--bundle", str(folder / "bundle"), "--report", str(folder / "report.json"), "--version", tag]
    desk.must(desk.type("image", *given, *list_build_options(scenario), is_near=False))
    scenario.steps.add(f"{tag}: layers built where there is a network", "release image")


def refuse_stranger(travel: Travel, version: Version) -> None:
    """An image that somebody else signed reaches no environment: here all keys but one are somebody else's."""
    desk = travel.desk
    before = desk.pull()
    other = {"LATHE_VERIFYING_KEY": str(desk.make_key(STRANGER)[1])}
    bump = ("bump", "--env", "test", "--to", version.tag)
    travel.verb(f"{version.tag} to test, by another key", *bump, code=REFUSED, settings=other)
    travel.scenario.expect(desk.pull() == before, "main after that", f"as it was, {before[:8]}")

"""One release on its way: the verbs that move it, and what must be so after each move."""

from dataclasses import dataclass

from tests.e2e.chapters.production import find_digests
from tests.e2e.desk import NOTHING, Desk, Settings
from tests.e2e.forward import forward_service
from tests.e2e.scenario import Scenario
from tests.harness.github_process import GitHubProcess
from tests.harness.verbs import VerbResult

PRODUCTION = "prod-eks"
REFUSED = 1  # a verb's exit code


@dataclass(frozen=True)
class Version:
    """A release: what the registry says of it, and which model is in it."""

    tag: str
    digest: str
    bundle: str
    model: str


@dataclass
class Travel:
    """The scenario with what this chapter adds to it."""

    scenario: Scenario
    desk: Desk
    github: GitHubProcess

    def verb(self, step: str, *words: str, code: int = 0, part: str = "", settings: Settings = NOTHING) -> VerbResult:
        """Types it; the step's result is the last line that it printed, or the one with `part`.

        Raises: ScenarioError if it ends with another exit code, or no line holds `part`.
        """
        result = self.desk.type(*words, settings=settings)
        line = result.find(part) if part and result.code == code else result.last
        self.scenario.expect(result.code == code and part in line, step, line)
        return result


def expect_two_lines(travel: Travel, before: str, after: str, environment: str) -> None:
    """One commit, one file, and nothing in it but tag and digest."""
    desk = travel.desk
    count = desk.git("rev-list", "--count", f"{before}..{after}")
    changed = desk.git("diff", "--unified=0", before, after).splitlines()
    added = [line[1:].split(":")[0].strip() for line in changed if line.startswith("+") and not line.startswith("+++")]
    files = desk.git("diff", "--name-only", before, after).splitlines()
    is_so = count == "1" and files == [f"gitops/overlays/{environment}/kustomization.yaml"]
    found = f"{count} commit, {len(files)} file, {' and '.join(added)}: {desk.git('log', '-1', '--format=%s', after)}"
    travel.scenario.expect(is_so and sorted(added) == ["digest", "newTag"], f"{environment}: what moved in Git", found)


def expect_running(travel: Travel, environment: str, version: Version) -> None:
    """By the node, by an answer through the Service, and by everything that `verify` compares."""
    scenario, desk = travel.scenario, travel.desk
    client = scenario.client if environment == "test" else scenario.production
    digests, model = find_digests(scenario, environment), client.ask_once()["version"]
    found = f"{version.tag} {min(digests, default='nothing')[:19]}, model {model} answers"
    scenario.expect(digests == {version.digest} and model == version.model, f"{environment}: runs", found)
    with forward_service(scenario.kubectl.command, environment) as url:
        verified = desk.type("verify", "--env", environment, "--url", url)
    last = verified.last
    is_so = verified.code == 0 and f"serves {version.bundle[:12]}" in last
    found = f"{len(verified.lines) - 1} findings hold, /readyz {last.partition('/readyz ')[2]}" if is_so else last
    scenario.expect(is_so, f"{environment}: verified", found)

"""The checks of what is rendered, as a table: row of the requirements, name, promise, how it is found."""

from dataclasses import dataclass

from tests.gitops import availability, network, pods, projects, references, validity, whitelist
from tests.gitops.findings import Find
from tests.gitops.scenes import Scene


@dataclass(frozen=True)
class Check:
    row: str
    name: str
    promise: str
    find: Find


@dataclass(frozen=True)
class Result:
    """What a check looked at, and what it found: the scene, the thing, the problem."""

    scanned: int
    problems: list[str]


CHECKS = (
    Check("K2", "schema", "Every object is valid, strictly, by Kubernetes or its CRD", validity.find_invalid),
    Check("K1", "restricted", "Every pod keeps the Pod Security Standard “restricted”", pods.find_unrestricted),
    Check("K1", "enforced", "Every namespace has it enforced by the API server", pods.find_unenforced),
    Check("K8", "no-token", "No token, no `*` in RBAC, no path of the node", pods.find_tokens),
    Check("K7", "bounded", "Every container has requests, limits and a read-only root", pods.find_unbounded),
    Check("K4", "reachability", "Who reaches whom is the table in reachability.yaml", network.find_unintended),
    Check("K5", "roll-out", "No pod goes before its successor is ready", availability.find_rollout),
    Check("K5", "spread", "Pods spread over zones and nodes, in production by force", availability.find_spread),
    Check("K5", "budget", "One pod at a time may be evicted", availability.find_budget),
    Check("K5", "scaling", "Exactly one autoscaler, two pods at least", availability.find_scaling),
    Check(
        "K5",
        "time-to-end",
        "A pod may take longer to end than drain, last scrape and grace together",
        availability.find_hurry,
    ),
    Check("—", "labels", "Every object has the recommended labels", references.find_unlabelled),
    Check("—", "references", "Selectors, ports and names lead to what is there", references.find_misdirected),
    Check("—", "settings", "Every variable is a setting, and together they are a start", references.find_bad_settings),
    Check("—", "placeholders", "Nothing waits to be replaced", references.find_placeholders),
    Check("G7", "projects", "AppProjects name sources, places and kinds, without `*`", projects.find_open_projects),
    Check("G7", "same-kinds", "Production takes the kinds that test takes", projects.find_unequal_kinds),
    Check("G7", "taken", "Every kind and namespace that is rendered is in its project", whitelist.find_refused),
    Check("G7", "automation", "Production is never automatic; elsewhere allowEmpty is false", projects.find_automation),
    Check("—", "argocd-settings", "Argo CD still finds its own settings", projects.find_lost_settings),
)


def run_check(check: Check, scenes: list[Scene]) -> Result:
    """The check over every scene."""
    findings = [(scene.name, *finding) for scene in scenes for finding in check.find(scene)]
    return Result(len(findings), [f"{scene}: {thing}: {text}" for scene, thing, texts in findings for text in texts])

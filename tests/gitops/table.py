"""docs/manifest-checks.md, written from the checks: what each promises, what it scanned, what turns it red."""

from collections import Counter

from release.tools import ROOT
from tests.gitops.checks import CHECKS, run_check
from tests.gitops.scenes import Scene
from tests.gitops.validity import VERSIONS
from tests.gitops.violations import read_violations

PAGE = ROOT / "docs" / "manifest-checks.md"
HEAD = """# What is checked of the manifests

Written by `python -m tests.gitops`; a test fails where it is not up to date. The checks run over {scenes} renderings:
each overlay as it stands, components switched on as their READMEs say, and what Argo CD itself is told
(`tests/gitops/scenes.yaml`). Kubernetes versions: {versions}. Each planted violation
(`tests/gitops/violations.yaml`) turns its check red in a test.

| row | check | promise | scanned | found | planted violations |
|---|---|---|---:|---:|---|
"""
KINDS = """
## What was scanned

{objects} objects: {kinds}.

"""
BESIDE = """## Checked with the thing itself running

| row | what | where |
|---|---|---|
| G5 | every overlay renders in a network namespace without an interface | `tests/gitops/test_offline.py` |
| G2 | `latest`, a bare tag, an unknown repository are refused | `tests/release/manifests/test_overlays.py` |
| K3 | checkov over every rendering: 0 failed, each skip with its reason | `tests/gitops/test_checkov.py` |
| K6 | every probe, scrape and public path answers in a real predictor | `tests/gitops/test_probes.py` |
| K7 | the memory limit is more than 1.3 times what a real predictor takes under load | `tests/gitops/test_memory.py` |
| — | the analysis queries, asked of a real Prometheus that scrapes a real predictor | `tests/gitops/test_analysis.py` |
"""


def write_page(scenes: list[Scene]) -> str:
    """The whole page."""
    page = HEAD.format(scenes=len(scenes), versions=", ".join(VERSIONS))
    for check in CHECKS:
        result = run_check(check, scenes)
        planted = "; ".join(violation.says for violation in read_violations() if violation.check == check.name)
        cells = (check.row, check.name, check.promise, str(result.scanned), str(len(result.problems)), planted)
        page += f"| {' | '.join(cells)} |\n"
    kinds = Counter(found["kind"] for scene in scenes for found in scene.objects)
    named = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    return page + KINDS.format(objects=kinds.total(), kinds=named) + BESIDE

"""Where the dashboards' files are, and in which order a person is shown them."""

from pathlib import Path

FOLDER = Path("gitops/components/monitoring/dashboards")
ORDER = ("lathe-fleet", "lathe-model", "lathe-release", "lathe-loop")

"""Where the benchmark reads and writes; environments and results are never committed."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "bench" / "peers"
ENVIRONMENTS = ROOT / ".tools" / "bench"
ARTIFACTS = ROOT / "artifacts" / "bench"
BUNDLE = ARTIFACTS / "bundle"
TRAINED = ARTIFACTS / "trained"  # with the parameters that training uses
LOGS = ARTIFACTS / "logs"
WORK = ARTIFACTS / "work"  # the servers' working directory

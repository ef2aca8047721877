"""`python -m tests.mutants`: plants mutants in the code that decides, and shows which of them no test notices."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.mutations import draw_sample, list_mutants
from tests.mutants.table import is_good, render_table
from tests.mutants.trial import Book, try_mutants
from tests.mutants.workspace import Runner, Workspace

ROOT = Path(__file__).parents[2]
FOLDER = Path("artifacts/mutants")
MODULES = (
    "contract/**/*.py",
    "training/gate/**/*.py",
    "release/git/*.py",
    "release/history/*.py",
    "release/promotion/*.py",
    "app/predictor/inputs/*.py",
)
SAMPLE, SEED = 400, 18


def find_modules(root: Path, patterns: Sequence[str]) -> list[Path]:
    """Raises: SystemExit if a pattern names no module."""
    found = {path for pattern in patterns for path in root.glob(pattern) if path.stat().st_size}
    for pattern in patterns:
        if not list(root.glob(pattern)):
            sys.exit(f"error: {pattern} names no module; give paths such as contract/bundle.py or training/gate/*.py")
    return sorted(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if few enough survived, each with a reason; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES, help="paths or patterns; all that decide by default")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="how many mutants; 0 is all of them")
    parser.add_argument("--seed", type=int, default=SEED, help="which mutants")
    options = parser.parse_args(arguments)
    mutants = list_mutants(ROOT, find_modules(ROOT, options.modules))
    drawn = draw_sample(mutants, options.sample or len(mutants), options.seed)
    workspace = Workspace(ROOT, ROOT / FOLDER / "tree")
    runner, results = Runner(workspace), []
    try:
        for number, (mutant, trial) in enumerate(
            try_mutants(ROOT, workspace, runner, drawn, Book(ROOT / FOLDER / "trials.jsonl")), start=1
        ):
            results.append((mutant, trial))
            print(f"{number}/{len(drawn)} {mutant.name}: {trial.killer or 'SURVIVED'}", file=sys.stderr, flush=True)
    finally:
        runner.close()
    print("\n".join(render_table(ROOT, results, len(mutants), options.seed)))
    return 0 if is_good(ROOT, results) else 1


if __name__ == "__main__":
    sys.exit(main())

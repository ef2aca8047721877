"""A process of its own that loads a bundle's models, scores a row, and prints by how many bytes it grew.

It imports what a serving process would and no more. Usage: python -m training.gate.weigh WARM_FOLDER BUNDLE_FOLDER
"""

import re
import resource
import sys
from pathlib import Path

import numpy as np

from contract.bundle import INFERENCE_NAME, MODEL_NAME

ABSENT = ("sklearn", "pandas")  # XGBoost imports them where they are, and the serving image has neither
STATUS = Path("/proc/self/status")


def load_models(folder: Path) -> tuple[object, object]:
    """Both forms of the model after one scored row; whoever keeps them keeps their memory."""
    import xgboost  # noqa: PLC0415 - not before ABSENT is barred

    from contract.compute.engine import OnnxRows, open_session  # noqa: PLC0415 - it imports xgboost

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray((folder / MODEL_NAME).read_bytes()))
    row = np.zeros((1, booster.num_features()), dtype=np.float32)
    booster.inplace_predict(row)
    artifact = folder / INFERENCE_NAME
    if not artifact.exists():
        return booster, None
    rows = OnnxRows(open_session(artifact.read_bytes(), row.shape[1]), row.shape[1])
    rows.compute_margins([row.tobytes()])
    return booster, rows


def resident_bytes() -> int:
    """What the system holds for this process now; on macOS the most it ever held, in bytes there."""
    if STATUS.exists():
        match = re.search(r"VmRSS:\s+(\d+) kB", STATUS.read_text(encoding="ascii"))
        return int(match.group(1)) * 1024 if match else 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def print_growth(warm: Path, bundle: Path) -> None:
    """The first folder's models warm the libraries, the second's are weighed."""
    kept = load_models(warm)
    before = resident_bytes()
    weighed = load_models(bundle)
    print(max(resident_bytes() - before, 0))
    del kept, weighed


if __name__ == "__main__":
    sys.modules.update(dict.fromkeys(ABSENT))  # type: ignore[arg-type]
    print_growth(Path(sys.argv[1]), Path(sys.argv[2]))

"""What a bundle weighs: bytes on disk, and resident memory after loading and scoring in a process of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import training
from contract.bundle import INFERENCE_NAME, MODEL_NAME, Bundle
from contract.report import Check
from training.gate.latency import fit_reference
from training.gate.policy import Budgets
from training.gate.result import choose_verdict
from training.packaging.onnx_export import convert_booster

DEADLINE_SECONDS = 120
MEGABYTE = 1e6


def check_size(bundle: Bundle, budgets: Budgets) -> Check:
    size = bundle_size(bundle)
    passes = size <= budgets.size_bytes
    return Check(
        name="budget/size",
        verdict=choose_verdict(passes),
        found=f"{size / MEGABYTE:.2f} MB",
        expected=f"at most {budgets.size_bytes / MEGABYTE:g} MB",
        reason=f"The bundle's model files are {'within' if passes else 'over'} the size that every image must carry.",
    )


def bundle_size(bundle: Bundle) -> int:
    """Bytes of all files that the manifest lists."""
    return sum(len(content) for content in bundle.files.values())


def check_memory(bundle: Bundle, budgets: Budgets) -> tuple[int | None, Check]:
    """The memory found, in bytes, and its check; what cannot be measured fails."""
    expected = f"at most {budgets.memory_bytes / MEGABYTE:g} MB"
    try:
        used = measure_memory(bundle)
    except (subprocess.SubprocessError, ValueError) as error:
        reason = f"The process that loads the bundle did not finish: {type(error).__name__}."
        return None, Check(name="budget/memory", verdict="fail", found="unknown", expected=expected, reason=reason)
    passes = used <= budgets.memory_bytes
    return used, Check(
        name="budget/memory",
        verdict=choose_verdict(passes),
        found=f"{used / MEGABYTE:.1f} MB",
        expected=expected,
        reason=f"A fresh process grew by {used / MEGABYTE:.1f} MB when it loaded the model and scored a row, "
        f"{'within' if passes else 'over'} the budget.",
    )


def measure_memory(bundle: Bundle) -> int:
    """Growth in bytes of a fresh process, whose libraries a small model has warmed before.

    Raises: subprocess.SubprocessError or ValueError if it crashes, hangs or prints no number.
    """
    small = fit_reference()
    warm = {MODEL_NAME: bytes(small.save_raw("ubj")), INFERENCE_NAME: convert_booster(small)}
    with tempfile.TemporaryDirectory() as place:
        folders = [_write_files(Path(place) / "warm", warm), _write_files(Path(place) / "bundle", bundle.files)]
        done = subprocess.run(  # noqa: S603 - no shell, our own arguments
            [sys.executable, "-m", "training.gate.weigh", *folders],
            env={**os.environ, "PYTHONPATH": str(Path(training.__path__[0]).parent)},
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=True,
        )
    return int(done.stdout)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> str:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)

import subprocess
import sys
from pathlib import Path

import pytest

from contract.bundle import INFERENCE_NAME
from tests import planted
from training.gate.weigh import ABSENT, load_models


def write_models(folder: Path, *without: str) -> Path:
    folder.mkdir()
    for name, content in planted.candidate().files.items():
        if name not in without:
            (folder / name).write_bytes(content)
    return folder


def run_lines(*lines: str) -> list[str]:
    command = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd()).stdout.splitlines()


def test_resident_memory_grows_with_what_is_kept() -> None:
    (growth,) = run_lines(
        "from training.gate.weigh import resident_bytes",
        "before = resident_bytes()",
        "kept = bytearray(b'x' * 40_000_000)",
        "print(resident_bytes() - before)",
    )
    assert int(growth) > 35_000_000


def test_model_without_an_inference_artifact_is_loaded_alone(tmp_path: Path) -> None:
    both = load_models(write_models(tmp_path / "both"))
    alone = load_models(write_models(tmp_path / "alone", INFERENCE_NAME))
    assert None not in both
    assert alone[0] is not None
    assert alone[1] is None


@pytest.mark.slow
def test_process_prints_a_number_and_never_imports_what_serving_has_not(tmp_path: Path) -> None:
    folder = write_models(tmp_path / "models")
    growth, imported = run_lines(
        "import runpy, sys",
        f"sys.argv = ['weigh', {str(folder)!r}, {str(folder)!r}]",
        "runpy.run_module('training.gate.weigh', run_name='__main__')",
        f"print([name for name in {ABSENT!r} if sys.modules.get(name)])",
    )
    assert int(growth) >= 0
    assert imported == "[]"

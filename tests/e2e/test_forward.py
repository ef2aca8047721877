"""The way to a Service, with a program in kubectl's place that says what kubectl says."""

from pathlib import Path

import pytest

from tests.e2e.forward import forward_service
from tests.harness.errors import OutsideError


def write_program(folder: Path, line: str) -> list[str]:
    path = folder / "kubectl"
    path.write_text(f'#!/bin/sh\necho "$@" >"{folder}/given"\n{line}\n', encoding="utf-8")
    path.chmod(0o755)
    return [str(path), "--context", "one"]


def test_the_address_is_what_kubectl_says_and_it_ends_with_the_block(tmp_path: Path) -> None:
    line = f'echo $$ >"{tmp_path}/pid"; echo "Forwarding from 127.0.0.1:43210 -> 8080"; exec sleep 60'
    with forward_service(write_program(tmp_path, line), "test") as url:
        assert url == "http://127.0.0.1:43210"
    given = (tmp_path / "given").read_text(encoding="utf-8").split()
    assert given == ["--context", "one", "port-forward", "--namespace", "lathe-test", "service/predictor", ":80"]
    assert not is_running((tmp_path / "pid").read_text(encoding="utf-8").strip())


def test_what_kubectl_cannot_forward_is_said_in_its_words(tmp_path: Path) -> None:
    program = write_program(tmp_path, "echo 'error: no running pod'")
    with pytest.raises(OutsideError, match="error: no running pod"), forward_service(program, "test"):
        pytest.fail("there is nothing to forward to")


def is_running(pid: str) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False

"""The registry of a rehearsal is a real one, and is gone when it is over."""

from pathlib import Path

import httpx
import pytest

from tests.harness.errors import UsageError
from tests.needs import need_program
from tests.rehearsal import registry
from tests.rehearsal.registry import run_registry


def test_it_answers_while_it_is_needed_and_no_longer(tmp_path: Path) -> None:
    need_program(registry.PROGRAM)
    with run_registry(tmp_path / "registry") as host:
        assert httpx.get(f"http://{host}/v2/_catalog", trust_env=False).json() == {"repositories": []}
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{host}/v2/", trust_env=False)


def test_without_the_program_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PROGRAM", "no-such-registry")
    with pytest.raises(UsageError, match="make release-rehearsal"), run_registry(tmp_path / "registry"):
        pass

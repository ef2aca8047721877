"""`make security` says how much it looked at, and nothing looked at is no result."""

import pytest

from tests.harness.errors import UsageError
from tests.workflows import security
from tests.workflows.linters import Linted


@pytest.mark.parametrize(
    ("linted", "code", "told"),
    [
        (Linted(3, []), 0, "3 things"),
        (Linted(3, ["a hole"]), 1, "planted: a hole"),
        (Linted(0, []), 2, "looked at no things"),
    ],
)
def test_the_exit_code_is_the_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], linted: Linted, code: int, told: str
) -> None:
    monkeypatch.setattr(security, "CHECKS", {"planted": (lambda: linted, "things")})
    assert security.main() == code
    assert told in capsys.readouterr().out


def test_a_program_that_is_not_there_is_no_clean_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def miss() -> Linted:
        raise UsageError("gitleaks is not installed: run `make security`")

    monkeypatch.setattr(security, "CHECKS", {"planted": (miss, "things")})
    assert security.main() == 2
    assert "gitleaks is not installed" in capsys.readouterr().out

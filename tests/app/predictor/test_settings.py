"""The settings: their table in the docs, their bounds, and the cores a pod may use."""

from pathlib import Path

import pytest

from app.predictor.settings import ENV_PREFIX, Settings, SettingsError, count_cores, read_settings
from tests.app.predictor.running import ROOT


def test_the_docs_show_every_setting_and_nothing_else() -> None:
    predictor, _, _ = (ROOT / "docs/settings.md").read_text().partition("\n# Settings of releases and pull requests\n")
    shown = [line for line in predictor.splitlines() if line.startswith("| `")]
    expected = [
        f"| `{ENV_PREFIX}{name.upper()}` | `{field.default}` | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    assert shown == expected


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATHE_PORT", "1234")
    assert read_settings().port == 1234
    assert read_settings(port=99, host=None).port == 99


@pytest.mark.parametrize(("name", "value"), [("port", -1), ("max_rows", 0), ("grace_seconds", "soon"), ("strange", 1)])
def test_a_bad_value_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"LATHE_{name.upper()}"):
        read_settings(**{name: value})


def test_the_bytes_in_flight_hold_at_least_one_body() -> None:
    assert read_settings(max_body_bytes=4096, max_bytes_in_flight=4096).max_bytes_in_flight == 4096
    with pytest.raises(
        SettingsError, match=r"LATHE_MAX_BYTES_IN_FLIGHT is 4095: .*at least the 4096 bytes of one body"
    ):
        read_settings(max_body_bytes=4096, max_bytes_in_flight=4095)


@pytest.mark.parametrize(
    ("content", "cores"), [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1), ("broken", None)]
)
def test_a_pods_cpu_limit_cuts_the_cores(tmp_path: Path, content: str, cores: int | None) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(content)
    assert count_cores(quota) == (cores or count_cores(tmp_path / "none"))


@pytest.mark.parametrize(
    ("content", "cores"),
    [("150000 100000", 1), ("199999 100000", 1), ("350000 100000", 3), ("1000 100000", 1), ("900000 100000", 8)],
)
def test_a_cpu_limit_between_two_cores_is_the_lower_one_and_never_more_than_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, cores: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(content)
    assert count_cores(quota) == cores


def test_an_address_that_is_refused_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATHE_PROMETHEUS_URL", "htp://user:secret@prometheus")
    with pytest.raises(SettingsError, match="setting LATHE_PROMETHEUS_URL is not usable: ") as error:
        read_settings()
    assert "secret" not in str(error.value)

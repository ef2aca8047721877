"""The environment of a job, and each thing that can be wrong with it."""

import pytest

from cli.errors import InputError
from review.github.settings import find_run_id, find_run_url, read_settings

GOOD = {"GITHUB_TOKEN": "token", "GITHUB_REPOSITORY": "lathe-ml/lathe"}


def give(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in {**GOOD, **variables}.items():
        monkeypatch.setenv(name, value)


def test_a_job_needs_a_token_and_a_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    settings = read_settings()
    assert (settings.api, settings.repository, settings.owner) == (
        "https://api.github.com",
        "lathe-ml/lathe",
        "lathe-ml",
    )


@pytest.mark.parametrize("api", ["https://github.example.com/api/v3/", "http://127.0.0.1:8000"])
def test_another_api_may_be_given(monkeypatch: pytest.MonkeyPatch, api: str) -> None:
    give(monkeypatch, GITHUB_API_URL=api)
    assert read_settings().api == api.rstrip("/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_TOKEN", ""),
        ("GITHUB_TOKEN", "two\nlines"),
        ("GITHUB_TOKEN", "schlüssel"),
        ("GITHUB_REPOSITORY", ""),
        ("GITHUB_REPOSITORY", "lathe"),
        ("GITHUB_REPOSITORY", "lathe-ml/lathe/../other"),
        ("GITHUB_API_URL", "http://api.github.com"),
        ("GITHUB_API_URL", "file:///etc"),
        ("GITHUB_API_URL", "api.github.com"),
        ("LATHE_MAX_WAIT_SECONDS", "-1"),
        ("LATHE_MAX_WAIT_SECONDS", "ten"),
    ],
)
def test_a_wrong_variable_is_named_and_a_token_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    give(monkeypatch, **{name: value})
    with pytest.raises(InputError, match=name) as raised:
        read_settings()
    assert name != "GITHUB_TOKEN" or not value or value not in str(raised.value)


def test_the_page_of_the_run_is_known_in_a_job_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (find_run_url(), find_run_id()) == (None, None)
    give(monkeypatch, GITHUB_SERVER_URL="https://github.com", GITHUB_RUN_ID="42")
    assert (find_run_url(), find_run_id()) == ("https://github.com/lathe-ml/lathe/actions/runs/42", 42)

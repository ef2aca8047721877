"""Since when a version runs is since it came there last, not since it ever did."""

from pathlib import Path

import pytest

from release.promotion.evidence import find_stay
from tests.release.history.test_moves import push_version
from tests.release.origin import Origin, open_remote


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


def test_a_version_that_came_back_has_run_since_it_came_back(origin: Origin) -> None:
    ada = origin.clone("ada")
    commits = [
        push_version(origin, ada, version, GIT_COMMITTER_DATE=f"2026-03-0{day}T10:00:00Z")
        for day, version in enumerate(("v1.2.3", "v1.3.0", "v1.2.3"), start=1)
    ]
    stay = find_stay(open_remote(ada).clone, origin.head, "test", origin.line("test")) or pytest.fail("nothing")
    assert (stay.environment, f"{stay.since:%Y-%m-%d}", stay.commit) == ("test", "2026-03-03", commits[2])


def test_a_version_that_never_ran_there_has_no_time(origin: Origin) -> None:
    ada = origin.clone("ada")
    push_version(origin, ada, "v1.2.3")
    assert find_stay(open_remote(ada).clone, origin.head, "prod-eks", origin.line("test")) is None

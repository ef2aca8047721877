"""A version's section is found, and `Unreleased` becomes one."""

import pytest

from cli.errors import RefusedError
from release.github_release.changelog import read_section


def test_a_section_ends_where_the_next_begins() -> None:
    text = "# Changelog\n\n## Unreleased\n\n## [1.2.3] - 2026-01-01\n\n### Added\n\n- One\n\n## 1.2.2\n\n- Two\n"
    assert read_section(text, "v1.2.3") == "### Added\n\n- One"
    assert read_section(text, "v1.2.2") == "- Two"
    with pytest.raises(RefusedError, match=r"no section `## 1\.2`"):
        read_section(text, "v1.2")

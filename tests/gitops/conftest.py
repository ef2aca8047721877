"""Every scene, rendered once a session."""

import pytest

from tests.gitops.scenes import Scene, make_scenes, read_recipes


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> list[Scene]:
    return make_scenes(tmp_path_factory.mktemp("scenes"), read_recipes())

"""The predictor lives through hostile bodies in the memory its Deployment allows."""

import os
from pathlib import Path

import pytest

from bench import servers
from bench.errors import UnfitSystemError
from bench.experiments import hostile_memory
from bench.experiments.hostile import shapes
from bench.experiments.hostile.memory_group import MemoryGroup
from bench.experiments.hostile.shapes import list_bodies, list_uploads
from bench.experiments.hostile_memory import LIMIT_BYTES
from bench.model import load_model
from bench.systems import list_systems
from tests.app.predictor.running import ROOT


@pytest.mark.slow
def test_every_shape_is_as_large_as_it_says() -> None:
    bodies = list_bodies(b'{"a":1}')
    assert len(bodies) >= 20
    short = {name for name, body in bodies.items() if len(body) < shapes.BODY_BYTES * 0.99}
    assert short == {"a shape that lies"}
    assert all(len(body) <= shapes.UPLOAD_BYTES for _, body in list_uploads().values())


@pytest.mark.slow
def test_it_lives_in_its_memory_and_answers_good_rows(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        MemoryGroup(LIMIT_BYTES).close()
    except UnfitSystemError as error:
        pytest.skip(str(error))
    (tmp_path / "lathe").symlink_to(ROOT / ".venv")
    monkeypatch.setattr(servers, "ENVIRONMENTS", tmp_path)
    cores = os.sched_getaffinity(0)
    model = load_model(bundle_folder)
    outcome = hostile_memory.measure(list_systems(model.name)[0], model, 1)
    assert os.sched_getaffinity(0) == cores
    lives, _, rows, *_ = outcome.promises  # how soon health is answered is for the experiment: a test asserts no time
    assert lives.holds, outcome.details
    assert rows.holds, outcome.details

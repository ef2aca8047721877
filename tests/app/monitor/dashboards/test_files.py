"""The checked-in dashboards are what the code writes, and the sidecar is given them."""

import json
from pathlib import Path

import pytest

from app.monitor.dashboards.files import list_changed, render_dashboards, write_dashboards
from app.monitor.dashboards.place import FOLDER, ORDER
from release.manifests.render import Object
from tests.app.predictor.running import ROOT
from tests.gitops.scenes import Recipe, make_scene
from tests.needs import need_program

MOST_BYTES = 1024 * 1024  # of a ConfigMap; and a quarter of that where kubectl notes the last one applied


def test_the_checked_in_dashboards_are_what_the_code_writes() -> None:
    assert list_changed(ROOT / FOLDER) == []
    assert sorted(path.stem for path in (ROOT / FOLDER).glob("*.json")) == sorted(ORDER)


def test_a_dashboard_is_written_alike_each_time_and_only_where_it_differs(tmp_path: Path) -> None:
    assert write_dashboards(tmp_path) == list(render_dashboards())
    assert write_dashboards(tmp_path) == []
    (tmp_path / "lathe-loop.json").write_text("{}", encoding="utf-8")
    assert list_changed(tmp_path) == ["lathe-loop.json"]
    assert write_dashboards(tmp_path) == ["lathe-loop.json"]


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    need_program("kustomize", str(ROOT / ".tools" / "bin"))
    scene = make_scene(Recipe("test", ("monitoring",)), tmp_path_factory.mktemp("scene") / "scene")
    return [found for found in scene.pick("ConfigMap") if "dashboard" in found["metadata"]["name"]]


def test_the_sidecar_finds_each_dashboard_by_its_label(maps: list[Object]) -> None:
    assert sorted(found["metadata"]["name"] for found in maps) == sorted(f"{name}-dashboard" for name in ORDER)
    for found in maps:
        assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert found["metadata"]["namespace"] == "lathe-test"
        ((name, text),) = found["data"].items()
        assert json.loads(text) == json.loads((ROOT / FOLDER / name).read_text(encoding="utf-8"))
        assert len(text.encode()) < MOST_BYTES / 4

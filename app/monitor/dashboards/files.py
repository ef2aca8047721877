"""The dashboards as files: written for the sidecar, or held against what is written."""

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from app.monitor.dashboards.assembly import assemble
from app.monitor.dashboards.fleet import make_fleet
from app.monitor.dashboards.loop import make_loop
from app.monitor.dashboards.model import make_model
from app.monitor.dashboards.release import make_release
from cli.files import write_file

MAKERS = (make_fleet, make_model, make_release, make_loop)


def render_dashboards() -> dict[str, str]:
    """The text of each file by its name; the same at every run."""
    encoder = JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False)
    found = [make() for make in MAKERS]
    return {f"{parts.uid}.json": encoder.encode(assemble(parts)) + "\n" for parts in found}


def write_dashboards(folder: Path) -> list[str]:
    """The names of the files that were new or different.

    Raises: InputError if one cannot be written.
    """
    changed = list_changed(folder)
    for name, text in render_dashboards().items():
        if name in changed:
            write_file(folder / name, text.encode())
    return changed


def list_changed(folder: Path) -> list[str]:
    """The names of the files that are not as they would be written."""
    return [name for name, text in render_dashboards().items() if _read(folder / name) != text]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""

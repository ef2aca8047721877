"""What the stand-in of upload-artifact does: files and folders into the run's own zip archive."""

import os
import sys
import zipfile
from pathlib import Path


def list_files(source: Path) -> list[Path]:
    return [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]


def find_root(sources: list[Path]) -> Path:
    """What the names in the archive are relative to: of several paths the deepest folder that holds them all."""
    if len(sources) > 1:
        return Path(os.path.commonpath(sources))
    return sources[0].parent if sources[0].is_file() else sources[0]


def main() -> None:
    name, sources = os.environ["NAME"], [Path(line) for line in os.environ["FROM"].splitlines() if line]
    files = sorted(path for source in sources for path in list_files(source))
    root = find_root(sources)
    if not name or set(name) & set('\\/:*?"<>|'):
        sys.exit(f"error: artifact name {name!r} is not one that GitHub takes")
    if not files:
        sys.exit(f"error: nothing at {', '.join(map(str, sources))}" if os.environ["IF_NONE"] == "error" else 0)
    target = Path(os.environ["LATHE_ARTIFACTS"], os.environ["GITHUB_RUN_ID"], f"{name}.zip")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:  # GitHub refuses a name twice, too
        for path in files:
            archive.write(path, path.relative_to(root))
    print(f"artifact {name}: {len(files)} files, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

"""What the stand-in of upload-artifact does: a folder's files, or one file, into the run's own zip archive."""

import os
import sys
import zipfile
from pathlib import Path


def main() -> None:
    name, source = os.environ["NAME"], Path(os.environ["FROM"])
    files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    root = source.parent if source.is_file() else source
    if not name or set(name) & set('\\/:*?"<>|'):
        sys.exit(f"error: artifact name {name!r} is not one that GitHub takes")
    if not files:
        sys.exit(f"error: nothing at {source}" if os.environ["IF_NONE"] == "error" else 0)
    target = Path(os.environ["LATHE_ARTIFACTS"], os.environ["GITHUB_RUN_ID"], f"{name}.zip")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:  # GitHub refuses a name twice, too
        for path in files:
            archive.write(path, path.relative_to(root))
    print(f"artifact {name}: {len(files)} files, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

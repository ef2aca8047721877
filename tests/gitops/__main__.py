"""`python -m tests.gitops`: writes docs/manifest-checks.md anew and prints it."""

import sys
import tempfile
from pathlib import Path

from tests.gitops.scenes import make_scenes, read_recipes
from tests.gitops.table import PAGE, write_page

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="lathe-scenes-") as folder:
        page = write_page(make_scenes(Path(folder), read_recipes()))
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)

"""The training image, run as a job in the cluster would be: read-only, without privileges, one folder to write in."""

import pytest

from tests.image.containers import run, run_python
from tests.image.deployment import read_pod, translate_security

pytestmark = pytest.mark.slow

WORK = "--mount=type=tmpfs,destination=/work,tmpfs-mode=1777"

IMPORT_ALL = """
import importlib, json, os, pkgutil, sys
sys.path.insert(0, "/srv")
import training
names, missing = [found.name for found in pkgutil.walk_packages(training.__path__, "training.")], []
for name in names:
    try:
        name.endswith("__main__") or importlib.import_module(name)
    except ImportError as error:
        missing.append(f"{name}: {error}")
print(json.dumps([len(names), missing]))
"""


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (("--help",), "From machine data to a gated bundle."),
        (("data", "--data", "generator", "--rows", "500"), "500 rows"),
        (("train", "--data", "generator", "--rows", "1500"), "✓ bundle "),
    ],
)
def test_a_verb_runs(training_image: str, verb: tuple[str, ...], said: str) -> None:
    security = translate_security(read_pod())
    done = run("podman", "run", "--rm", "--network=none", *security, WORK, training_image, *verb, timeout=300)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_every_module_finds_what_it_imports(training_image: str) -> None:
    tried, missing = run_python(training_image, IMPORT_ALL)
    assert tried > 40
    assert missing == []


def test_a_mistake_is_one_line_and_exit_code_2(training_image: str) -> None:
    done = run("podman", "run", "--rm", "--read-only", training_image, "inspect", "nowhere")
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("error: nowhere")]
